//! From a folder or a file to everything a model is built from, whatever layout it came in.
//!
//! A layout is recognised by its files: OpenCLIP by `open_clip_config.json`, Hugging Face by `config.json`, OpenAI's
//! archives by being one file without either. Where a folder holds both configurations, the one whose weights are
//! there wins, OpenCLIP's first (timm's repositories carry a `config.json` of their own beside it). Each layout parses
//! its own configuration into the one [`ModelConfig`], names its tensors through a
//! [`KeyMap`](super::weights::KeyMap), and says how it wants text and pictures, after its own reference implementation.

mod hugging_face;
mod open_clip;
mod openai;
mod timm;
mod twins;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde_json::Value;

use super::embedded;
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::{Checkpoint, Error, ModelConfig, Preprocessing, Result};

const HF_CONFIG: &str = "config.json";
const OPEN_CLIP_CONFIG: &str = "open_clip_config.json";
const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// A way in which a model's files are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `config.json` with `model.safetensors`, its shards, or `pytorch_model.bin`.
    HuggingFace,
    /// `open_clip_config.json` with `open_clip_model.safetensors` or `open_clip_pytorch_model.bin`.
    OpenClip,
    /// One TorchScript archive, as OpenAI published them.
    OpenAi,
    /// What a run learnt, beside the model that it learnt from.
    Adapter,
    /// The one in the binary.
    Starter,
}

impl Layout {
    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::HuggingFace => "Hugging Face",
            Self::OpenClip => "OpenCLIP",
            Self::OpenAi => "OpenAI archive",
            Self::Adapter => "Clipsight adapter",
            Self::Starter => "Clipsight starter",
        }
    }
}

/// A model's files, found and not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFiles {
    /// Their layout.
    pub layout: Layout,
    /// The folder they lie in.
    pub folder: PathBuf,
    /// The weights, in order.
    pub weights: Vec<PathBuf>,
}

/// What every layout comes down to.
pub struct Parts {
    /// What the model is made of.
    pub config: ModelConfig,
    /// The weights, under the towers' names.
    pub weights: Checkpoint,
    /// How it wants its pictures.
    pub preprocessing: Preprocessing,
    /// How it wants its texts.
    pub text: TextParts,
    /// Everything but the weights that shapes an embedding, by name, for the identity.
    pub identity: Vec<(&'static str, Vec<u8>)>,
}

/// How a layout wants its texts.
pub struct TextParts {
    /// A `tokenizer.json`.
    pub tokenizer: Vec<u8>,
    /// What happens to a text before it.
    pub cleaning: Cleaning,
    /// The token that fills the context, and whether it comes before the text.
    pub padding: Option<Padding>,
}

/// How a text fills the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Padding {
    /// The token.
    pub id: u32,
    /// Before the text instead of after it.
    pub left: bool,
}

/// Finds the model in a folder, or the one that a file belongs to.
///
/// # Errors
/// Nothing here is a model; the message says what was looked for.
pub fn find(path: &Path) -> Result<ModelFiles> {
    let path = std::path::absolute(path).map_err(|source| Error::Read {
        path: path.to_path_buf(),
        source,
    })?;
    if path.is_dir() {
        return find_in_folder(&path);
    }
    match path.parent() {
        Some(folder) if path.is_file() => find_by_file(&path, folder),
        _ => Err(layout_error(&path, "there is no such folder or file")),
    }
}

/// Whether a folder holds a model by the look of its files; nothing but small ones is read.
pub fn is_model_folder(folder: &Path) -> bool {
    if super::adapter::is_adapter(folder) {
        return true;
    }
    match find_in_folder(folder) {
        Ok(files) if files.layout == Layout::HuggingFace => hugging_face::is_known(folder),
        found => found.is_ok(),
    }
}

/// Reads the small files of a folder, and says in which layout the model can be computed; the weights need not be there.
///
/// # Errors
/// In none: names the reason, and what opens instead where something does.
pub fn check_small_files(folder: &Path) -> Result<Layout> {
    let checks: [(Layout, &str, fn(&Path) -> Result<()>); 2] = [
        (Layout::OpenClip, OPEN_CLIP_CONFIG, open_clip::check),
        (Layout::HuggingFace, HF_CONFIG, hugging_face::check),
    ];
    let mut first_error = None;
    for (layout, config, check) in checks {
        if !folder.join(config).is_file() {
            continue;
        }
        match check(folder) {
            Ok(()) => return Ok(layout),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    let nothing = || layout_error(folder, &format!("{OPEN_CLIP_CONFIG} and {HF_CONFIG} are missing"));
    Err(first_error.unwrap_or_else(nothing))
}

fn find_in_folder(folder: &Path) -> Result<ModelFiles> {
    let mut reasons = Vec::new();
    for (layout, config, weights) in [
        (
            Layout::OpenClip,
            OPEN_CLIP_CONFIG,
            open_clip::weights as fn(&Path) -> Result<_>,
        ),
        (Layout::HuggingFace, HF_CONFIG, hugging_face::weights),
    ] {
        if !folder.join(config).is_file() {
            reasons.push(format!("{config} is missing"));
            continue;
        }
        match weights(folder) {
            Ok(weights) => {
                return Ok(ModelFiles {
                    layout,
                    folder: folder.to_path_buf(),
                    weights,
                });
            }
            Err(Error::Layout { reason, .. }) => reasons.push(reason),
            Err(error) => return Err(error),
        }
    }
    Err(layout_error(folder, &reasons.join(", and ")))
}

fn find_by_file(file: &Path, folder: &Path) -> Result<ModelFiles> {
    let named = |name: &str| folder.join(name).is_file();
    let file_name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_config = file_name.ends_with(".json");
    if is_config {
        return find_in_folder(folder);
    }
    let layout = match (named(HF_CONFIG), named(OPEN_CLIP_CONFIG)) {
        (_, true) if file_name.starts_with("open_clip") => Layout::OpenClip,
        (true, _) => Layout::HuggingFace,
        (false, true) => Layout::OpenClip,
        (false, false) => Layout::OpenAi,
    };
    Ok(ModelFiles {
        layout,
        folder: folder.to_path_buf(),
        weights: vec![file.to_path_buf()],
    })
}

impl ModelFiles {
    /// Reads everything but the weights, whose headers are checked.
    ///
    /// # Errors
    /// A file is missing, damaged, or says something that cannot be; the message names it.
    pub fn open(&self, device: &Device) -> Result<Parts> {
        let weights = Checkpoint::open(&self.weights, device)?;
        match self.layout {
            Layout::HuggingFace | Layout::Starter | Layout::Adapter => hugging_face::open(&self.folder, weights),
            Layout::OpenClip => open_clip::open(&self.folder, weights),
            Layout::OpenAi => openai::open(&self.folder, weights),
        }
    }

    /// The weights' size on disk, in bytes.
    pub fn size_bytes(&self) -> u64 {
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.weights.iter().map(size).sum()
    }
}

/// The embedded starter's files as parts.
///
/// # Errors
/// Only if the binary is damaged.
pub fn starter_parts(config: &[u8], preprocessor: &[u8], tokenizer: Vec<u8>, weights: Checkpoint) -> Result<Parts> {
    hugging_face::parts(config, preprocessor, TextFiles::plain(tokenizer), weights)
}

/// A tokenizer as found in a folder.
struct TextFiles {
    tokenizer: Vec<u8>,
    config: Value,
}

impl TextFiles {
    fn plain(tokenizer: Vec<u8>) -> Self {
        Self {
            tokenizer,
            config: Value::Null,
        }
    }

    /// `tokenizer.json`, and `tokenizer_config.json` where there is one.
    fn read(folder: &Path) -> Result<Option<Self>> {
        let Some(tokenizer) = read_optional(folder, TOKENIZER)? else {
            return Ok(None);
        };
        let config = match read_optional(folder, TOKENIZER_CONFIG)? {
            Some(json) => parse_json(TOKENIZER_CONFIG, &json)?,
            None => Value::Null,
        };
        Ok(Some(Self { tokenizer, config }))
    }

    /// CLIP's own, cleaned as OpenCLIP and OpenAI clean, for folders with or without a tokenizer.
    fn for_open_clip(folder: &Path) -> Result<TextParts> {
        let found = Self::read(folder)?;
        Ok(TextParts {
            tokenizer: match found {
                Some(files) => files.tokenizer,
                None => embedded::CLIP_TOKENIZER.to_vec(),
            },
            cleaning: Cleaning::OpenClip,
            padding: None,
        })
    }
}

fn layout_error(path: &Path, reason: &str) -> Error {
    Error::Layout {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}

fn read_optional(folder: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    }
}

fn read_required(folder: &Path, name: &str) -> Result<Vec<u8>> {
    read_optional(folder, name)?.ok_or_else(|| layout_error(folder, &format!("{name} is missing")))
}

fn parse_json<T: serde::de::DeserializeOwned>(name: &str, json: &[u8]) -> Result<T> {
    serde_json::from_slice(json).map_err(|e| Error::config(name, e.to_string()))
}

/// Fills what a file leaves out, object by object.
fn with_defaults(file: Value, defaults: Value) -> Value {
    match (file, defaults) {
        (Value::Object(mut file), Value::Object(defaults)) => {
            for (key, default) in defaults {
                let value = file.remove(&key).unwrap_or(Value::Null);
                file.insert(key, with_defaults(value, default));
            }
            Value::Object(file)
        }
        (Value::Null, default) => default,
        (file, _) => file,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_fill_only_what_is_left_out() {
        let filled = with_defaults(
            json!({"a": {"b": 1}, "c": null}),
            json!({"a": {"b": 2, "d": 3}, "c": 4}),
        );
        assert_eq!(filled, json!({"a": {"b": 1, "d": 3}, "c": 4}));
    }

    /// The ids are from open_clip's tokenizer (`tests/reference/make_layouts.py`).
    #[test]
    fn the_embedded_tokenizer_equals_open_clips() {
        let expected: Value = serde_json::from_str(include_str!("../../../../tests/fixtures/clip-ids.json")).unwrap();
        let nowhere = tempfile::tempdir().unwrap();
        let parts = TextFiles::for_open_clip(nowhere.path()).unwrap();
        let tokenizer = crate::clip::Tokenizer::new(&parts, &Default::default()).unwrap();
        let texts: Vec<String> = serde_json::from_value(expected["texts"].clone()).unwrap();
        let ids: Vec<Vec<u32>> = serde_json::from_value(expected["ids"].clone()).unwrap();
        for (text, ids) in texts.iter().zip(ids) {
            assert_eq!(tokenizer.encode(text).unwrap().ids, ids, "{text}");
        }
    }

    #[test]
    fn layouts_are_told_apart_by_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let touch = |name: &str| std::fs::write(folder.path().join(name), "{}").unwrap();
        let layout = |name: &str| find(&folder.path().join(name)).map(|files| files.layout);
        touch("ViT-B-32.pt");
        assert!(matches!(layout("ViT-B-32.pt"), Ok(Layout::OpenAi)));
        assert!(layout("").unwrap_err().to_string().contains("config.json is missing"));
        touch("config.json");
        touch("pytorch_model.bin");
        touch("open_clip_config.json");
        assert!(matches!(layout(""), Ok(Layout::HuggingFace)));
        touch("open_clip_model.safetensors");
        assert!(matches!(layout(""), Ok(Layout::OpenClip)));
        assert!(matches!(layout("open_clip_model.safetensors"), Ok(Layout::OpenClip)));
        assert!(matches!(layout("pytorch_model.bin"), Ok(Layout::HuggingFace)));
        assert!(matches!(layout("config.json"), Ok(Layout::OpenClip)));
    }
}
