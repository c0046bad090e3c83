//! `config.json` of the layouts that are understood: Hugging Face's `CLIPModel` and the embedded starter.
//!
//! Defaults are those of transformers' `CLIPTextConfig` and `CLIPVisionConfig`: a checkpoint's file names only what
//! differs. Sizes are bounded before anything is allocated, so that a damaged file is an error and not a crash.

use serde::Deserialize;

use super::{Error, Result};

const FILE: &str = "config.json";
/// Larger than any published member of the family; a config beyond it is damaged or hostile.
const MAX_WIDTH: usize = 16_384;
const MAX_LAYERS: usize = 256;
const MAX_IMAGE_SIZE: usize = 2_048;
const MAX_VOCABULARY: usize = 2_000_000;
const MAX_CONTEXT: usize = 8_192;

/// The activation between the two linear layers of a feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`, of OpenAI's checkpoints.
    #[serde(rename = "quick_gelu")]
    QuickGelu,
    /// The exact GELU.
    #[serde(rename = "gelu")]
    Gelu,
    /// GELU by its tanh approximation.
    #[serde(rename = "gelu_pytorch_tanh", alias = "gelu_new")]
    GeluTanh,
}

/// The text tower's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct TextConfig {
    /// Entries of the token embedding.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width inside the feed-forward block.
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Heads of every attention.
    pub num_attention_heads: usize,
    /// Context length in tokens.
    pub max_position_embeddings: usize,
    /// Activation of the feed-forward block.
    pub hidden_act: Activation,
    /// Epsilon of every LayerNorm.
    pub layer_norm_eps: f64,
    /// The end token; 2 selects the old rule of pooling (see [`super::TextTransformer`]).
    pub eos_token_id: u32,
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49_408,
            hidden_size: 512,
            intermediate_size: 2_048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
            eos_token_id: 49_407,
        }
    }
}

/// A Vision Transformer's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct VitConfig {
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width inside the feed-forward block.
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Heads of every attention.
    pub num_attention_heads: usize,
    /// Channels of the picture; 3.
    pub num_channels: usize,
    /// Side of the input square, in pixels.
    pub image_size: usize,
    /// Side of a patch, in pixels.
    pub patch_size: usize,
    /// Activation of the feed-forward block.
    pub hidden_act: Activation,
    /// Epsilon of every LayerNorm.
    pub layer_norm_eps: f64,
}

impl Default for VitConfig {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3_072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 224,
            patch_size: 32,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
        }
    }
}

/// One block of an EfficientNet: expand, depthwise, project.
#[derive(Debug, Clone, Deserialize)]
pub struct MobileBlockConfig {
    /// Channels that come in.
    pub in_channels: usize,
    /// Channels of the depthwise convolution.
    pub expanded_channels: usize,
    /// Channels that go out.
    pub out_channels: usize,
    /// Side of the depthwise kernel.
    pub kernel_size: usize,
    /// Stride of the depthwise convolution.
    pub stride: usize,
}

/// The configuration of the starter's image tower.
#[derive(Debug, Clone, Deserialize)]
pub struct EfficientNetConfig {
    /// Side of the input square, in pixels.
    pub image_size: usize,
    /// Channels after the first convolution.
    pub stem_channels: usize,
    /// The blocks, in order.
    pub blocks: Vec<MobileBlockConfig>,
    /// Features before the classifier.
    pub feature_dim: usize,
    /// Classes whose probabilities mix their text embeddings.
    pub num_classes: usize,
    /// Temperature of that softmax.
    pub softmax_temperature: f64,
}

/// The image tower's configuration.
#[derive(Debug, Clone)]
pub enum VisionConfig {
    /// A Vision Transformer.
    Vit(VitConfig),
    /// The starter's EfficientNet-Lite0.
    EfficientNetLite(EfficientNetConfig),
}

impl VisionConfig {
    /// Side of the input square, in pixels.
    pub fn image_size(&self) -> usize {
        match self {
            Self::Vit(config) => config.image_size,
            Self::EfficientNetLite(config) => config.image_size,
        }
    }
}

/// A whole model's configuration.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// Width of the shared space.
    pub projection_dim: usize,
    /// The image tower.
    pub vision: VisionConfig,
    /// The text tower.
    pub text: TextConfig,
}

#[derive(Deserialize)]
struct RawConfig {
    model_type: Option<String>,
    #[serde(default = "default_projection_dim")]
    projection_dim: usize,
    #[serde(default)]
    text_config: Option<TextConfig>,
    #[serde(default)]
    vision_config: Option<serde_json::Value>,
}

fn default_projection_dim() -> usize {
    512
}

impl ModelConfig {
    /// Parses `config.json`.
    ///
    /// # Errors
    /// Another family of models, a field of the wrong type, or a size that cannot be.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let raw: RawConfig = serde_json::from_slice(json).map_err(|e| Error::config(FILE, e.to_string()))?;
        let vision_json = raw.vision_config.unwrap_or_else(|| serde_json::json!({}));
        let vision = match raw.model_type.as_deref() {
            Some("clip") => VisionConfig::Vit(parse_part("vision_config", vision_json)?),
            Some("clipsight_starter") => VisionConfig::EfficientNetLite(parse_part("vision_config", vision_json)?),
            other => {
                return Err(Error::config(
                    FILE,
                    format!(
                        "model_type is {}; this version opens \"clip\" (Hugging Face CLIPModel)",
                        other.map_or("missing".into(), |name| format!("\"{name}\""))
                    ),
                ));
            }
        };
        let config = Self {
            projection_dim: raw.projection_dim,
            vision,
            text: raw.text_config.unwrap_or_default(),
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        within("projection_dim", self.projection_dim, MAX_WIDTH)?;
        check_text(&self.text)?;
        match &self.vision {
            VisionConfig::Vit(config) => check_vit(config),
            VisionConfig::EfficientNetLite(config) => check_efficientnet(config),
        }
    }
}

fn parse_part<T: serde::de::DeserializeOwned>(name: &str, value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|e| Error::config(FILE, format!("{name}: {e}")))
}

fn within(name: &str, value: usize, max: usize) -> Result<()> {
    if (1..=max).contains(&value) {
        Ok(())
    } else {
        Err(Error::config(
            FILE,
            format!("{name} is {value}, but must lie in 1..={max}"),
        ))
    }
}

fn heads_divide(part: &str, width: usize, heads: usize) -> Result<()> {
    within(&format!("{part}.num_attention_heads"), heads, width)?;
    if width.is_multiple_of(heads) {
        Ok(())
    } else {
        Err(Error::config(
            FILE,
            format!("{part}: {heads} heads do not divide a width of {width}"),
        ))
    }
}

fn check_text(text: &TextConfig) -> Result<()> {
    within("text_config.vocab_size", text.vocab_size, MAX_VOCABULARY)?;
    within("text_config.hidden_size", text.hidden_size, MAX_WIDTH)?;
    within("text_config.intermediate_size", text.intermediate_size, 4 * MAX_WIDTH)?;
    within("text_config.num_hidden_layers", text.num_hidden_layers, MAX_LAYERS)?;
    within(
        "text_config.max_position_embeddings",
        text.max_position_embeddings,
        MAX_CONTEXT,
    )?;
    heads_divide("text_config", text.hidden_size, text.num_attention_heads)
}

fn check_vit(vit: &VitConfig) -> Result<()> {
    within("vision_config.hidden_size", vit.hidden_size, MAX_WIDTH)?;
    within("vision_config.intermediate_size", vit.intermediate_size, 4 * MAX_WIDTH)?;
    within("vision_config.num_hidden_layers", vit.num_hidden_layers, MAX_LAYERS)?;
    within("vision_config.image_size", vit.image_size, MAX_IMAGE_SIZE)?;
    within("vision_config.patch_size", vit.patch_size, vit.image_size)?;
    if vit.num_channels != 3 {
        return Err(Error::config(
            FILE,
            format!(
                "vision_config.num_channels is {}, but pictures have 3",
                vit.num_channels
            ),
        ));
    }
    heads_divide("vision_config", vit.hidden_size, vit.num_attention_heads)
}

fn check_efficientnet(net: &EfficientNetConfig) -> Result<()> {
    within("vision_config.image_size", net.image_size, MAX_IMAGE_SIZE)?;
    within("vision_config.stem_channels", net.stem_channels, MAX_WIDTH)?;
    within("vision_config.blocks", net.blocks.len(), MAX_LAYERS)?;
    within("vision_config.feature_dim", net.feature_dim, MAX_WIDTH)?;
    within("vision_config.num_classes", net.num_classes, MAX_VOCABULARY)?;
    for block in &net.blocks {
        within("in_channels", block.in_channels, MAX_WIDTH)?;
        within("expanded_channels", block.expanded_channels, MAX_WIDTH)?;
        within("out_channels", block.out_channels, MAX_WIDTH)?;
        within("kernel_size", block.kernel_size, 31)?;
        within("stride", block.stride, 8)?;
    }
    if net.softmax_temperature > 0.0 {
        Ok(())
    } else {
        Err(Error::config(FILE, "softmax_temperature must be above 0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_clip_config_has_the_reference_defaults() {
        let config = ModelConfig::parse(br#"{"model_type": "clip"}"#).unwrap();
        assert_eq!(config.projection_dim, 512);
        assert_eq!(config.text.max_position_embeddings, 77);
        assert_eq!(config.vision.image_size(), 224);
    }

    #[test]
    fn other_families_and_impossible_sizes_are_named() {
        let message = |json: &[u8]| ModelConfig::parse(json).unwrap_err().to_string();
        assert!(message(br#"{"model_type": "bert"}"#).contains("bert"));
        assert!(message(br#"{}"#).contains("missing"));
        let huge = br#"{"model_type": "clip", "text_config": {"hidden_size": 99999999999}}"#;
        assert!(message(huge).contains("hidden_size"));
        let uneven = br#"{"model_type": "clip", "vision_config": {"hidden_size": 100, "num_attention_heads": 7}}"#;
        assert!(message(uneven).contains("7 heads"));
    }
}
