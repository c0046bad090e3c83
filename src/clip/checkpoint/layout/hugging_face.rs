//! Hugging Face's layout: `CLIPModel`, `MetaClip2Model`, `SiglipModel`, `Siglip2Model` (NaFlex, at each picture's aspect
//! ratio), and the starter, which borrows it. The reference is transformers.

use std::path::Path;

use super::family::Family;
use super::{
    Description, HF_CONFIG, TOKENIZER, TOKENIZER_CONFIG, TextParts, layout_error, pictures, read_required, siglip_text,
    text_files,
};
use crate::clip::checkpoint::weights::KeyMap;
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::{Error, ModelConfig, Result};
use pictures::PictureFile;
use siglip_text::siglip_text;
use text_files::TextFiles;

/// CLIP's vocabulary.
const CLIP_WORDS: usize = 49_408;

/// Whether a folder's `config.json` is of a family that can be opened.
///
/// # Errors
/// Why not.
pub fn check_family(folder: &Path) -> Result<()> {
    Family::and_config(&read_required(folder, HF_CONFIG)?).map(drop)
}

/// The same, and whether there is a tokenizer.
///
/// # Errors
/// Why not.
pub fn check_family_and_words(folder: &Path) -> Result<()> {
    let (family, config) = Family::and_config(&read_required(folder, HF_CONFIG)?)?;
    if text_files::are_here(folder) || family.has_clips_words(&config) {
        Ok(())
    } else {
        Err(no_tokenizer(folder))
    }
}

fn no_tokenizer(folder: &Path) -> Error {
    let reason = format!("{TOKENIZER} is missing (or vocab.json with merges.txt, or spiece.model)");
    layout_error(folder, &reason)
}

/// Reads everything but the weights.
///
/// # Errors
/// A file is missing, damaged, or says something that cannot be.
pub fn describe(folder: &Path) -> Result<Description> {
    let config = read_required(folder, HF_CONFIG)?;
    let text = TextFiles::read(folder)?;
    description(&config, PictureFile::read(folder)?, text).map_err(|error| match error {
        Error::Layout { reason, .. } => layout_error(folder, &reason),
        other => other,
    })
}

/// The description of a model from its files' contents.
///
/// # Errors
/// A file is damaged, or says something that cannot be.
pub fn description(config: &[u8], pictures: Option<PictureFile>, text: Option<TextFiles>) -> Result<Description> {
    let (family, parsed) = Family::and_config(config)?;
    let mut notes = Vec::new();
    let preprocessing = family.preprocessing(pictures.as_ref(), &parsed.vision, &mut notes)?;
    let text = match text {
        Some(text) => text,
        None if family.has_clips_words(&parsed) => {
            notes.push(format!(
                "the folder has no {TOKENIZER}: texts are read by CLIP's own, whose vocabulary it has"
            ));
            TextFiles::clips_own()
        }
        None => return Err(no_tokenizer(Path::new(HF_CONFIG))),
    };
    let mut identity = vec![(HF_CONFIG, config.to_vec())];
    identity.extend(pictures.map(|file| (file.name, file.bytes)));
    identity.push((TOKENIZER, text.tokenizer.clone()));
    identity.push((TOKENIZER_CONFIG, text.identity.clone()));
    Ok(Description {
        config: parsed,
        key_map: KeyMap::HuggingFace {
            linear_patches: family == Family::Siglip2,
        },
        preprocessing,
        text: family.text(text)?,
        identity,
        notes,
    })
}

impl Family {
    /// Whether its texts can be those of CLIP's own tokenizer.
    fn has_clips_words(self, config: &ModelConfig) -> bool {
        self == Self::Clip && config.text.vocab_size == CLIP_WORDS
    }

    fn text(self, files: TextFiles) -> Result<TextParts> {
        match self {
            Self::Clip | Self::MetaClip2 | Self::Starter => Ok(TextParts {
                tokenizer: files.tokenizer,
                cleaning: Cleaning::None,
                padding: None,
            }),
            Self::Siglip | Self::Siglip2 => siglip_text(files),
        }
    }
}
