//! Hugging Face's layout: `CLIPModel`, `MetaClip2Model`, `SiglipModel`, `Siglip2Model` (NaFlex, at each picture's aspect
//! ratio), and the starter, which borrows it. The reference is transformers.
//!
//! `CLIPModel` pools text at the largest id where `eos_token_id` is 2 (the one that OpenAI's first conversions carry by
//! mistake) and at the first end token otherwise; MetaCLIP 2's end token really is 2. SigLIP's text tower is
//! bidirectional, always runs at its full length, pools at the last token, and projects with `text_model.head`; its
//! preprocessing squashes the picture.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::clip::checkpoint::layout::{
    Description, HF_CONFIG, TOKENIZER, TOKENIZER_CONFIG, TextParts, json, layout_error, pictures, read_required,
    siglip_text, text_files, twins, with_defaults,
};
use crate::clip::checkpoint::weights::KeyMap;
use crate::clip::config::{TextConfig, TextPooling, TextProjection, VisionPooling, VitConfig};
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::{Error, ModelConfig, Result, VisionConfig};
use pictures::PictureFile;
use siglip_text::siglip_text;
use text_files::TextFiles;

const LEGACY_EOS: u64 = 2;

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

/// A family of models, by `model_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Clip,
    MetaClip2,
    Siglip,
    Siglip2,
    Starter,
}

#[derive(Deserialize)]
struct RawConfig {
    projection_dim: Option<usize>,
    #[serde(default)]
    text_config: Value,
    #[serde(default)]
    vision_config: Value,
    /// Of early files; where it is given it replaces the other, defaults included, as in transformers.
    text_config_dict: Option<Value>,
    /// The same for pictures.
    vision_config_dict: Option<Value>,
}

/// transformers' classes, and the types that newer files give beside them.
const CLASSES: [(&str, &str); 4] = [
    ("CLIPModel", "clip"),
    ("MetaClip2Model", "metaclip_2"),
    ("SiglipModel", "siglip"),
    ("Siglip2Model", "siglip2"),
];

impl Family {
    /// A `config.json` understood.
    fn and_config(config: &[u8]) -> Result<(Self, ModelConfig)> {
        let family = Self::of(&json::value(HF_CONFIG, config)?)?;
        let parsed = family.config(json::parse(HF_CONFIG, config)?)?.checked()?;
        Ok((family, parsed))
    }

    fn of(config: &Value) -> Result<Self> {
        // Files of early versions name only the class.
        let class = config["architectures"][0].as_str().unwrap_or_default();
        let by_class = CLASSES
            .iter()
            .find(|(name, _)| *name == class)
            .map(|(_, model_type)| *model_type);
        match config["model_type"].as_str().or(by_class) {
            Some("clip") => Ok(Self::Clip),
            Some("metaclip_2") => Ok(Self::MetaClip2),
            Some("siglip") => Ok(Self::Siglip),
            Some("siglip2") => Ok(Self::Siglip2),
            Some("clipsight_starter") => Ok(Self::Starter),
            other => Err(Error::config(
                HF_CONFIG,
                format!(
                    "model_type is {}; \"clip\", \"metaclip_2\", \"siglip\" and \"siglip2\" can be opened{}",
                    other.map_or("missing".into(), |name| format!("\"{name}\"")),
                    other
                        .and_then(twins::instead_of)
                        .map_or(String::new(), |opens| format!("; {opens}")),
                ),
            )),
        }
    }

    fn config(self, mut raw: RawConfig) -> Result<ModelConfig> {
        if matches!(self, Self::Clip | Self::MetaClip2) {
            raw.text_config = raw.text_config_dict.take().unwrap_or(raw.text_config);
            raw.vision_config = raw.vision_config_dict.take().unwrap_or(raw.vision_config);
        }
        match self {
            Self::Clip | Self::MetaClip2 => clip_config(raw, self == Self::Clip),
            Self::Siglip | Self::Siglip2 => siglip_config(raw, self == Self::Siglip2),
            Self::Starter => Ok(ModelConfig {
                projection_dim: raw.projection_dim.unwrap_or(CLIP_DIM),
                vision: VisionConfig::EfficientNetLite(parse_part("vision_config", raw.vision_config)?),
                text: clip_text(raw.text_config, true)?,
            }),
        }
    }

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

/// CLIP's vocabulary.
const CLIP_WORDS: usize = 49_408;
const CLIP_DIM: usize = 512;

fn clip_config(raw: RawConfig, legacy_eos: bool) -> Result<ModelConfig> {
    Ok(ModelConfig {
        projection_dim: raw.projection_dim.unwrap_or(CLIP_DIM),
        vision: VisionConfig::Vit(parse_part("vision_config", raw.vision_config)?),
        text: clip_text(raw.text_config, legacy_eos)?,
    })
}

/// `legacy_eos`: whether an end token of 2 is OpenAI's mistake; MetaCLIP 2's really is 2.
fn clip_text(raw: Value, legacy_eos: bool) -> Result<TextConfig> {
    // Generation takes a list of end tokens; a list of one says the same as the one.
    let end = match &raw["eos_token_id"] {
        Value::Array(ids) if ids.len() == 1 => &ids[0],
        id => id,
    };
    let pooling = match (end.as_u64(), end) {
        (Some(LEGACY_EOS), _) if legacy_eos => TextPooling::LargestId,
        (Some(id), _) => TextPooling::FirstEnd(u32::try_from(id).unwrap_or(u32::MAX)),
        (None, Value::Null) => TextPooling::FirstEnd(CLIP_END),
        (None, other) => {
            let reason = format!("text_config.eos_token_id is {other}, which is no token");
            return Err(Error::config(HF_CONFIG, reason));
        }
    };
    Ok(TextConfig {
        pooling,
        ..parse_part("text_config", raw)?
    })
}

const CLIP_END: u32 = 49_407;

/// Defaults of transformers' `SiglipTextConfig` and `SiglipVisionConfig`.
fn siglip_config(raw: RawConfig, by_patches: bool) -> Result<ModelConfig> {
    let shared = json!({
        "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6,
    });
    let text = with_defaults(raw.text_config, shared.clone());
    let text = with_defaults(text, json!({"vocab_size": 32_000, "max_position_embeddings": 64}));
    let mut vision = with_defaults(raw.vision_config, shared);
    vision = with_defaults(vision, json!({"patch_size": 16}));
    let defaults = if by_patches {
        json!({"num_patches": 256})
    } else {
        json!({"image_size": 224})
    };
    vision = with_defaults(vision, defaults);
    if by_patches {
        vision["image_size"] = json!(side_of_patches(&vision)?);
    }
    let projection_dim = text["projection_size"].as_u64().or(text["hidden_size"].as_u64());
    Ok(ModelConfig {
        projection_dim: projection_dim.unwrap_or_default() as usize,
        vision: VisionConfig::Vit(VitConfig {
            pre_norm: false,
            patch_bias: true,
            pooling: VisionPooling::AttentionHead,
            any_aspect: by_patches,
            ..parse_part("vision_config", vision)?
        }),
        text: TextConfig {
            pooling: TextPooling::Last,
            causal: false,
            padded: true,
            projection: TextProjection {
                name: "text_model.head",
                bias: true,
            },
            ..parse_part("text_config", text)?
        },
    })
}

/// The square of a model that is configured by its number of patches.
fn side_of_patches(vision: &Value) -> Result<u64> {
    let (patches, size) = (vision["num_patches"].as_u64(), vision["patch_size"].as_u64());
    let side = patches.map(u64::isqrt).filter(|side| Some(side * side) == patches);
    side.zip(size)
        .and_then(|(side, size)| side.checked_mul(size))
        .ok_or_else(|| Error::config(HF_CONFIG, "vision_config.num_patches is no square number"))
}

fn parse_part<T: serde::de::DeserializeOwned>(name: &str, value: Value) -> Result<T> {
    let value = if value.is_null() { json!({}) } else { value };
    serde_json::from_value(value).map_err(|e| Error::config(HF_CONFIG, format!("{name}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &[u8]) -> Result<ModelConfig> {
        Ok(Family::and_config(json)?.1)
    }

    #[test]
    fn empty_configs_have_the_references_defaults() {
        let config = parse(br#"{"model_type": "clip"}"#).unwrap();
        assert_eq!(config.projection_dim, 512);
        assert_eq!(config.text.max_position_embeddings, 77);
        assert_eq!(config.vision.image_size(), 224);
        assert!(parse(br#"{"architectures": ["CLIPModel"]}"#).is_ok());
        let config = parse(br#"{"model_type": "siglip2"}"#).unwrap();
        assert_eq!(config.projection_dim, 768);
        assert_eq!(config.text.max_position_embeddings, 64);
        assert_eq!(config.vision.image_size(), 256);
    }

    #[test]
    fn other_families_and_impossible_sizes_are_named() {
        let message = |json: &[u8]| parse(json).unwrap_err().to_string();
        assert!(message(br#"{"model_type": "bert"}"#).contains("bert"));
        assert!(message(br#"{}"#).contains("missing"));
        let huge = br#"{"model_type": "clip", "text_config": {"hidden_size": 99999999999}}"#;
        assert!(message(huge).contains("hidden_size"));
        let uneven = br#"{"model_type": "clip", "vision_config": {"hidden_size": 100, "num_attention_heads": 7}}"#;
        assert!(message(uneven).contains("7 heads"));
        let odd = br#"{"model_type": "siglip2", "vision_config": {"num_patches": 250}}"#;
        assert!(message(odd).contains("num_patches"));
    }
}
