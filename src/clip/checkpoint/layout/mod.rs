//! From a folder or a file to everything a model is built from, whatever layout it came in.
//!
//! A layout is recognised by its files: OpenCLIP by `open_clip_config.json`, Hugging Face by `config.json`, OpenAI's
//! archives by being one file without either. Where a folder holds both configurations, one whose weights are there and
//! that is not refused wins, OpenCLIP's first (timm's repositories carry a `config.json` of their own beside it). Each
//! layout parses its own configuration into the one [`ModelConfig`], names its tensors through a
//! [`KeyMap`](super::weights::KeyMap), and says how it wants text and pictures, after its own reference implementation.
//! All of that is in small files ([`Description`]): what cannot be opened is known before any weights are read, or
//! fetched.

mod config_json;
mod family;
mod find;
mod hugging_face;
pub mod json;
mod open_clip;
mod openai;
mod parts;
mod pictures;
mod read;
mod shards;
mod siglip_text;
mod text_files;
mod timm;
mod twins;

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use crate::clip::{Checkpoint, Result};
use parts::Description;
use read::{layout_error, read_optional, read_required, with_defaults};
use text_files::TextFiles;

pub use find::{FIRST_PART, find, is_model_folder, model_root};
pub use parts::{Padding, Parts, TextParts};
pub use twins::instead_of;

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
    pub layout: Layout,
    /// The folder they lie in.
    pub folder: PathBuf,
    pub weights: Vec<PathBuf>,
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
            _ => Ok(hugging_face::describe(&self.folder)?.with_weights(weights()?)),
        }
    }

    /// The weights' size on disk, in bytes.
    pub fn size_bytes(&self) -> u64 {
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.weights.iter().map(size).sum()
    }
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
    Ok(hugging_face::description(config, Some(pictures), text)?.with_weights(weights))
}
