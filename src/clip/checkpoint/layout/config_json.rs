//! `config.json` of Hugging Face's layout, with the defaults of transformers' classes.
//!
//! `CLIPModel` pools text at the largest id where `eos_token_id` is 2 (the one that OpenAI's first conversions carry by
//! mistake) and at the first end token otherwise; MetaCLIP 2's end token really is 2. SigLIP's text tower is
//! bidirectional, always runs at its full length, pools at the last token, and projects with `text_model.head`; its
//! preprocessing squashes the picture.

use serde::Deserialize;
use serde_json::{Value, json};

use super::family::Family;
use super::{HF_CONFIG, json, with_defaults};
use crate::clip::config::{TextConfig, TextPooling, TextProjection, VisionPooling, VitConfig};
use crate::clip::{Error, ModelConfig, Result, VisionConfig};

const LEGACY_EOS: u64 = 2;
/// The end token of CLIP's own vocabulary.
const CLIP_END: u32 = 49_407;
const CLIP_DIM: usize = 512;

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

impl Family {
    /// A `config.json` understood.
    pub fn and_config(config: &[u8]) -> Result<(Self, ModelConfig)> {
        let family = Self::of(&json::value(HF_CONFIG, config)?)?;
        let parsed = family.config(json::parse(HF_CONFIG, config)?)?.checked()?;
        Ok((family, parsed))
    }

    fn config(self, mut raw: RawConfig) -> Result<ModelConfig> {
        if matches!(self, Self::Clip | Self::MetaClip2) {
            raw.text_config = raw.text_config_dict.take().unwrap_or(raw.text_config);
            raw.vision_config = raw.vision_config_dict.take().unwrap_or(raw.vision_config);
        }
        raw.vision_config = with_one_side(raw.vision_config);
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
}

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

/// A side may be written as height and width; where both are the same, it is one number.
fn with_one_side(mut vision: Value) -> Value {
    for name in ["image_size", "patch_size"] {
        let side = match vision[name].as_array().map(Vec::as_slice) {
            Some([height, width]) if height == width => height.clone(),
            _ => continue,
        };
        vision[name] = side;
    }
    vision
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
    fn a_side_is_one_number_or_twice_the_same() {
        let config =
            parse(br#"{"model_type": "clip", "vision_config": {"image_size": [336, 336], "patch_size": [14, 14]}}"#);
        assert_eq!(config.unwrap().vision.image_size(), 336);
        let patches = parse(br#"{"model_type": "siglip2", "vision_config": {"patch_size": [16, 16]}}"#);
        assert_eq!(patches.unwrap().vision.image_size(), 256);
        let oblong = parse(br#"{"model_type": "clip", "vision_config": {"image_size": [224, 336]}}"#);
        assert!(oblong.unwrap_err().to_string().contains("vision_config"));
    }

    #[test]
    fn activations_are_known_by_every_name_that_transformers_has_for_them() {
        use crate::clip::Activation;
        for (name, expected) in [
            ("gelu", Activation::Gelu),
            ("gelu_python", Activation::Gelu),
            ("gelu_new", Activation::GeluTanh),
            ("gelu_fast", Activation::GeluTanh),
            ("gelu_accurate", Activation::GeluTanh),
            ("gelu_pytorch_tanh", Activation::GeluTanh),
            ("quick_gelu", Activation::QuickGelu),
        ] {
            let json = json!({"model_type": "clip", "text_config": {"hidden_act": name}});
            let config = parse(json.to_string().as_bytes()).unwrap();
            assert_eq!(config.text.hidden_act, expected, "{name}");
        }
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
