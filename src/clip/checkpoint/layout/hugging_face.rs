//! Hugging Face's layout: `CLIPModel`, `MetaClip2Model`, `SiglipModel`, `Siglip2Model` (NaFlex, at each picture's aspect
//! ratio), and the starter, which borrows it. The reference is transformers.
//!
//! The weights are `model.safetensors`, or shards that `model.safetensors.index.json` lists, or `pytorch_model.bin`.
//!
//! `CLIPModel` pools text at the largest id where `eos_token_id` is 2 (the one that OpenAI's first conversions carry by
//! mistake) and at the first end token otherwise; MetaCLIP 2's end token really is 2. SigLIP's text tower is bidirectional, always runs at its full
//! length, pools at the last token, and projects with `text_model.head`; its preprocessing squashes the picture.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::clip::checkpoint::layout::{
    HF_CONFIG, Padding, Parts, TOKENIZER, TOKENIZER_CONFIG, TextFiles, TextParts, layout_error, parse_json,
    read_optional, read_required, twins, with_defaults,
};
use crate::clip::checkpoint::weights::KeyMap;
use crate::clip::config::{TextConfig, TextPooling, TextProjection, VisionPooling, VitConfig};
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::{Checkpoint, Error, ModelConfig, Preprocessing, Result, VisionConfig};

const WEIGHTS: &str = "model.safetensors";
const SHARDS: &str = "model.safetensors.index.json";
const TORCH_WEIGHTS: &str = "pytorch_model.bin";
const PREPROCESSOR: &str = "preprocessor_config.json";
const LEGACY_EOS: u64 = 2;
/// Far more shards than any published model has.
const MAX_SHARDS: usize = 1_000;

/// The weights' files in a folder.
///
/// # Errors
/// None are there, or the list of shards is damaged.
pub fn weights(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.join(WEIGHTS).is_file() {
        return Ok(vec![folder.join(WEIGHTS)]);
    }
    if let Some(index) = read_optional(folder, SHARDS)? {
        return shards(folder, &index);
    }
    if folder.join(TORCH_WEIGHTS).is_file() {
        return Ok(vec![folder.join(TORCH_WEIGHTS)]);
    }
    Err(layout_error(
        folder,
        &format!("{WEIGHTS} is missing (or {TORCH_WEIGHTS})"),
    ))
}

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: std::collections::BTreeMap<String, String>,
}

fn shards(folder: &Path, index: &[u8]) -> Result<Vec<PathBuf>> {
    let index: ShardIndex = parse_json(SHARDS, index)?;
    let mut names: Vec<String> = index.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    let inside = |name: &String| Path::new(name).file_name().is_some_and(|file| file == name.as_str());
    if names.is_empty() || names.len() > MAX_SHARDS || !names.iter().all(inside) {
        return Err(Error::config(SHARDS, "it does not list files of its own folder"));
    }
    match names.iter().find(|name| !folder.join(name).is_file()) {
        Some(missing) => Err(layout_error(folder, &format!("the shard {missing} is missing"))),
        None => Ok(names.into_iter().map(|name| folder.join(name)).collect()),
    }
}

/// Whether a folder's `config.json` is of a family that can be opened.
pub fn is_known(folder: &Path) -> bool {
    let config = read_required(folder, HF_CONFIG).and_then(|json| Family::of(&parse_json(HF_CONFIG, &json)?));
    config.is_ok()
}

/// Reads everything but the weights.
///
/// # Errors
/// A file is missing, damaged, or says something that cannot be.
pub fn open(folder: &Path, weights: Checkpoint) -> Result<Parts> {
    let (config, preprocessor, text) = small_files(folder)?;
    parts(&config, &preprocessor, text, weights)
}

/// Reads the small files and refuses what cannot be computed, whatever the weights are.
///
/// # Errors
/// As [`open`].
pub fn check(folder: &Path) -> Result<()> {
    let (config, preprocessor, text) = small_files(folder)?;
    let (family, parsed) = Family::parse(&config)?;
    family.preprocessing(&preprocessor, &parsed)?;
    family.text(text)?;
    Ok(())
}

fn small_files(folder: &Path) -> Result<(Vec<u8>, Vec<u8>, TextFiles)> {
    let config = read_required(folder, HF_CONFIG)?;
    let preprocessor = read_required(folder, PREPROCESSOR)?;
    let text = TextFiles::read(folder)?.ok_or_else(|| layout_error(folder, &format!("{TOKENIZER} is missing")))?;
    Ok((config, preprocessor, text))
}

/// The parts of a model from its files' contents.
///
/// # Errors
/// A file is damaged, or says something that cannot be.
pub fn parts(config: &[u8], preprocessor: &[u8], text: TextFiles, weights: Checkpoint) -> Result<Parts> {
    let (family, parsed) = Family::parse(config)?;
    let preprocessing = family.preprocessing(preprocessor, &parsed)?;
    let identity = vec![
        (HF_CONFIG, config.to_vec()),
        (PREPROCESSOR, preprocessor.to_vec()),
        (TOKENIZER, text.tokenizer.clone()),
        (TOKENIZER_CONFIG, text.config.to_string().into_bytes()),
    ];
    let weights = weights.with_key_map(KeyMap::HuggingFace {
        linear_patches: family == Family::Siglip2,
    });
    Ok(Parts {
        config: parsed,
        weights,
        preprocessing,
        text: family.text(text)?,
        identity,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
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
}

impl Family {
    fn of(config: &Value) -> Result<Self> {
        match config["model_type"].as_str() {
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

    fn parse(config: &[u8]) -> Result<(Self, ModelConfig)> {
        let family = Self::of(&parse_json(HF_CONFIG, config)?)?;
        Ok((family, family.config(parse_json(HF_CONFIG, config)?)?.checked()?))
    }

    fn preprocessing(self, preprocessor: &[u8], config: &ModelConfig) -> Result<Preprocessing> {
        let settings = with_defaults(parse_json(PREPROCESSOR, preprocessor)?, self.preprocessing_defaults());
        match &config.vision {
            VisionConfig::Vit(vit) if vit.any_aspect => Preprocessing::for_any_aspect(settings, vit.patch_size),
            vision => Preprocessing::from_hugging_face(settings, vision.image_size()),
        }
    }

    fn config(self, raw: RawConfig) -> Result<ModelConfig> {
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

    fn preprocessing_defaults(self) -> Value {
        match self {
            Self::Clip | Self::MetaClip2 | Self::Starter => json!({}),
            Self::Siglip => json!({
                "do_center_crop": false,
                "size": {"height": 224, "width": 224},
                "image_mean": [0.5, 0.5, 0.5],
                "image_std": [0.5, 0.5, 0.5],
            }),
            Self::Siglip2 => json!({
                "resample": 2,
                "max_num_patches": 256,
                "image_mean": [0.5, 0.5, 0.5],
                "image_std": [0.5, 0.5, 0.5],
            }),
        }
    }

    fn text(self, files: TextFiles) -> Result<TextParts> {
        let (cleaning, padding) = match self {
            Self::Clip | Self::MetaClip2 | Self::Starter => (Cleaning::None, None),
            Self::Siglip | Self::Siglip2 => siglip_text(&files)?,
        };
        Ok(TextParts {
            tokenizer: files.tokenizer,
            cleaning,
            padding,
        })
    }
}

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
    let pooling = match raw["eos_token_id"].as_u64() {
        Some(LEGACY_EOS) if legacy_eos => TextPooling::LargestId,
        Some(id) => TextPooling::FirstEnd(id as u32),
        None => TextPooling::FirstEnd(CLIP_END),
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

/// SigLIP's tokenizer drops case and punctuation, SigLIP2's only case; both fill the context.
fn siglip_text(files: &TextFiles) -> Result<(Cleaning, Option<Padding>)> {
    let class = files.config["tokenizer_class"].as_str().unwrap_or_default();
    let cleaning = if class.contains("Gemma") || class.contains("Siglip2") {
        Cleaning::LowerCase
    } else {
        Cleaning::Siglip
    };
    Ok((cleaning, Some(padding(files)?)))
}

/// How a tokenizer of the Hub fills the context.
///
/// # Errors
/// The tokenizer is damaged.
pub fn padding(files: &TextFiles) -> Result<Padding> {
    let tokenizer: Value = parse_json(TOKENIZER, &files.tokenizer)?;
    let pad = &files.config["pad_token"];
    let pad = pad.as_str().or(pad["content"].as_str());
    let id = match pad {
        Some(pad) => token_id(&tokenizer, pad),
        None => tokenizer["padding"]["pad_id"].as_u64(),
    };
    let id = id.unwrap_or(SIGLIP_PAD) as u32;
    let left = files.config["padding_side"] == "left";
    Ok(Padding { id, left })
}

/// The pad token of `SiglipTextConfig`.
const SIGLIP_PAD: u64 = 1;

fn token_id(tokenizer: &Value, token: &str) -> Option<u64> {
    let added = tokenizer["added_tokens"].as_array()?;
    added.iter().find(|entry| entry["content"] == token)?["id"].as_u64()
}

fn parse_part<T: serde::de::DeserializeOwned>(name: &str, value: Value) -> Result<T> {
    let value = if value.is_null() { json!({}) } else { value };
    serde_json::from_value(value).map_err(|e| Error::config(HF_CONFIG, format!("{name}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &[u8]) -> Result<ModelConfig> {
        let family = Family::of(&parse_json(HF_CONFIG, json)?)?;
        family.config(parse_json(HF_CONFIG, json)?)?.checked()
    }

    #[test]
    fn empty_configs_have_the_references_defaults() {
        let config = parse(br#"{"model_type": "clip"}"#).unwrap();
        assert_eq!(config.projection_dim, 512);
        assert_eq!(config.text.max_position_embeddings, 77);
        assert_eq!(config.vision.image_size(), 224);
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

    #[test]
    fn shards_stay_in_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let list = |name: &str| json!({"weight_map": {"a": name}}).to_string().into_bytes();
        for outside in ["../a.safetensors", "/etc/passwd", "sub/a.safetensors", ".."] {
            let error = shards(folder.path(), &list(outside)).unwrap_err().to_string();
            assert!(error.contains("its own folder"), "{outside}: {error}");
        }
        let error = shards(folder.path(), &list("a.safetensors")).unwrap_err().to_string();
        assert!(error.contains("a.safetensors is missing"), "{error}");
    }
}
