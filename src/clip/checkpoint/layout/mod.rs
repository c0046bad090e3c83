//! From a folder or a file to everything a model is built from, whatever layout it came in.
//!
//! A layout is recognised by its files: OpenCLIP by `open_clip_config.json`, Hugging Face by `config.json`, OpenAI's
//! archives by being one file without either. Where a folder holds both configurations, one whose weights are there and
//! that is not refused wins, OpenCLIP's first (timm's repositories carry a `config.json` of their own beside it). Each
//! layout parses its own configuration into the one [`ModelConfig`], names its tensors through a
//! [`KeyMap`](super::weights::KeyMap), and says how it wants text and pictures, after its own reference implementation.
//! All of that is in small files ([`Description`]): what cannot be opened is known before any weights are read, or
//! fetched.

mod hugging_face;
pub mod json;
mod open_clip;
mod openai;
mod pictures;
mod shards;
mod siglip_text;
mod text_files;
mod timm;
mod twins;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde_json::Value;

use super::weights::KeyMap;
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::{Checkpoint, Error, ModelConfig, Preprocessing, Result};
use crate::files::{MAX_SMALL_BYTES, read_at_most};
use text_files::TextFiles;

const HF_CONFIG: &str = "config.json";
const OPEN_CLIP_CONFIG: &str = "open_clip_config.json";
const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
/// A published list of 256,000 tokens takes 34 MB; all other small files are far below their limit.
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;
/// Where sentence-transformers keeps the first of a model's parts: `0_CLIPModel`, `0_Transformer`.
pub const FIRST_PART: &str = "0_";

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
    /// What was decided for want of a file, in sentences.
    pub notes: Vec<String>,
}

/// What the small files of a folder say.
pub struct Description {
    config: ModelConfig,
    key_map: KeyMap,
    preprocessing: Preprocessing,
    text: TextParts,
    identity: Vec<(&'static str, Vec<u8>)>,
    notes: Vec<String>,
}

impl Description {
    fn with(self, weights: Checkpoint) -> Parts {
        Parts {
            config: self.config,
            weights: weights.with_key_map(self.key_map),
            preprocessing: self.preprocessing,
            text: self.text,
            identity: self.identity,
            notes: self.notes,
        }
    }
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
    let folder = model_root(folder);
    let opens = |files: &ModelFiles| match files.layout {
        Layout::OpenClip => open_clip::check_family(&folder).is_ok(),
        _ => hugging_face::check_family_and_words(&folder).is_ok(),
    };
    candidates(&folder).0.iter().any(opens)
}

/// Whether a folder's configuration is one that can be opened in this layout; the weights need not be there.
///
/// # Errors
/// Why not.
pub fn check_family(folder: &Path, layout: Layout) -> Result<()> {
    match layout {
        Layout::OpenClip => open_clip::check_family(folder),
        _ => hugging_face::check_family(folder),
    }
}

/// Whether all small files of a folder are there and right for this layout; the weights need not be there.
///
/// # Errors
/// Why not, and what opens instead where something does.
pub fn check_layout(folder: &Path, layout: Layout) -> Result<()> {
    match layout {
        Layout::OpenClip => open_clip::check(folder),
        _ => hugging_face::describe(folder).map(drop),
    }
}

/// Reads the small files of a folder, and says in which layout the model can be computed; the weights need not be there.
///
/// # Errors
/// In none: names the reason, and what opens instead where something does.
pub fn check_small_files(folder: &Path) -> Result<Layout> {
    let mut refused = None;
    for (layout, config) in [(Layout::OpenClip, OPEN_CLIP_CONFIG), (Layout::HuggingFace, HF_CONFIG)] {
        if !folder.join(config).is_file() {
            continue;
        }
        match check_layout(folder, layout) {
            Ok(()) => return Ok(layout),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let nothing = || layout_error(folder, &format!("{OPEN_CLIP_CONFIG} and {HF_CONFIG} are missing"));
    Err(refused.unwrap_or_else(nothing))
}

/// The folder that holds a model's files: the newest snapshot in a repository of the Hub's cache, the first part of a
/// model of sentence-transformers, or the folder itself.
pub fn model_root(folder: &Path) -> PathBuf {
    let is_root = |folder: &Path| {
        [HF_CONFIG, OPEN_CLIP_CONFIG]
            .iter()
            .any(|name| folder.join(name).is_file())
    };
    let mut root = folder.to_path_buf();
    if !is_root(&root)
        && let Some(snapshot) = snapshot(&root)
    {
        root = snapshot;
    }
    if !is_root(&root) {
        let named = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(FIRST_PART))
        };
        let part = subfolders(&root).into_iter().find(|path| named(path) && is_root(path));
        root = part.unwrap_or(root);
    }
    root
}

/// The snapshot that `main` names, else the one that was changed last.
fn snapshot(repository: &Path) -> Option<PathBuf> {
    let snapshots = repository.join("snapshots");
    let commit = read_at_most(&repository.join("refs").join("main"), MAX_SMALL_BYTES).unwrap_or_default();
    let commit = String::from_utf8_lossy(&commit);
    // Anything else could lead out of the folder, or to another machine.
    let is_commit = !commit.trim().is_empty() && commit.trim().chars().all(|c| c.is_ascii_hexdigit());
    let main = snapshots.join(commit.trim());
    if is_commit && main.is_dir() {
        return Some(main);
    }
    let changed = |folder: &PathBuf| std::fs::metadata(folder).and_then(|metadata| metadata.modified()).ok();
    subfolders(&snapshots).into_iter().max_by_key(changed)
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn find_in_folder(folder: &Path) -> Result<ModelFiles> {
    let folder = &model_root(folder);
    let (mut found, mut reasons) = candidates(folder);
    // One of two layouts may be that of a model that cannot be computed, while the other one's weights can.
    let opens = |files: &ModelFiles| found.len() == 1 || check_layout(folder, files.layout).is_ok();
    let first = found.iter().position(opens).unwrap_or(0);
    if first < found.len() {
        return Ok(found.swap_remove(first));
    }
    // Weights that are there, but damaged, say more than a configuration that is not.
    if let Some(at) = reasons
        .iter()
        .position(|reason| !matches!(reason, Error::Layout { .. }))
    {
        return Err(reasons.swap_remove(at));
    }
    let mut reasons: Vec<String> = reasons
        .into_iter()
        .map(|reason| match reason {
            Error::Layout { reason, .. } => reason,
            other => other.to_string(),
        })
        .collect();
    if let Some(archive) = archive_in(folder) {
        reasons.push(format!(
            "an archive of OpenAI's is opened by its own name: give {}",
            archive.display()
        ));
    }
    Err(layout_error(folder, &reasons.join(", and ")))
}

/// A `.pt` file, if there is one.
fn archive_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pt")))
}

/// Every layout whose configuration and weights are in a folder, and why others are not.
fn candidates(folder: &Path) -> (Vec<ModelFiles>, Vec<Error>) {
    let mut found = Vec::new();
    let mut reasons = Vec::new();
    for (layout, config, weights) in [
        (
            Layout::OpenClip,
            OPEN_CLIP_CONFIG,
            open_clip::weights as fn(&Path) -> Result<_>,
        ),
        (Layout::HuggingFace, HF_CONFIG, shards::weights),
    ] {
        if !folder.join(config).is_file() {
            reasons.push(layout_error(folder, &format!("{config} is missing")));
            continue;
        }
        match weights(folder) {
            Ok(weights) => found.push(ModelFiles {
                layout,
                folder: folder.to_path_buf(),
                weights,
            }),
            Err(reason) => reasons.push(reason),
        }
    }
    (found, reasons)
}

fn find_by_file(file: &Path, folder: &Path) -> Result<ModelFiles> {
    let named = |name: &str| folder.join(name).is_file();
    let file_name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_config = file_name.ends_with(".json");
    if is_config {
        return find_in_folder(folder);
    }
    let layout = match (named(HF_CONFIG), named(OPEN_CLIP_CONFIG)) {
        (_, true) if file_name.starts_with("open_clip") || file_name.starts_with("epoch_") => Layout::OpenClip,
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
        let weights = || Checkpoint::open(&self.weights, device);
        match self.layout {
            Layout::OpenAi => openai::open(&self.folder, weights()?),
            Layout::OpenClip => {
                // What is refused is refused before its weights are looked at.
                open_clip::check(&self.folder)?;
                open_clip::open(&self.folder, weights()?)
            }
            _ => Ok(hugging_face::describe(&self.folder)?.with(weights()?)),
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
    let text = Some(TextFiles::plain(tokenizer));
    let pictures = pictures::PictureFile {
        name: pictures::PREPROCESSOR,
        bytes: preprocessor.to_vec(),
    };
    Ok(hugging_face::description(config, Some(pictures), text)?.with(weights))
}

fn layout_error(path: &Path, reason: &str) -> Error {
    Error::Layout {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}

fn read_optional(folder: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    let path = folder.join(name);
    let most = match name {
        TOKENIZER => MAX_TOKENIZER_BYTES,
        _ => MAX_SMALL_BYTES,
    };
    match read_at_most(&path, most) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    }
}

fn read_required(folder: &Path, name: &str) -> Result<Vec<u8>> {
    read_optional(folder, name)?.ok_or_else(|| layout_error(folder, &format!("{name} is missing")))
}

/// Sizes of pictures have several forms, one of which alone is meant: a default's form is no part of a file's.
const WHOLE: [&str; 2] = ["size", "crop_size"];

/// Fills what a file leaves out, object by object.
fn with_defaults(file: Value, defaults: Value) -> Value {
    match (file, defaults) {
        (Value::Object(mut file), Value::Object(defaults)) => {
            for (key, default) in defaults {
                let value = file.remove(&key).unwrap_or(Value::Null);
                let whole = WHOLE.contains(&key.as_str()) && !value.is_null();
                file.insert(key, if whole { value } else { with_defaults(value, default) });
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
        let exact = json!({"size": {"height": 2, "width": 2}, "crop_size": null});
        let default = json!({"size": {"shortest_edge": 1}, "crop_size": {"height": 1, "width": 1}});
        assert_eq!(
            with_defaults(exact, default),
            json!({"size": {"height": 2, "width": 2}, "crop_size": {"height": 1, "width": 1}})
        );
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
