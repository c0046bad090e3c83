//! What a model is made of, whatever layout its files came in (see [`super::checkpoint::layout`]).
//!
//! Defaults are those of transformers' `CLIPTextConfig` and `CLIPVisionConfig`: a checkpoint's file names only what
//! differs. Sizes are bounded before anything is allocated, so that a damaged file is an error and not a crash.

use serde::Deserialize;

use super::{Error, Result};

const FILE: &str = "the model's configuration";
/// Larger than any published member of the family; a config beyond it is damaged or hostile.
const MAX_WIDTH: usize = 16_384;
const MAX_LAYERS: usize = 256;
const MAX_IMAGE_SIZE: usize = 2_048;
const MAX_VOCABULARY: usize = 2_000_000;
const MAX_CONTEXT: usize = 8_192;
/// A ResNet's last stage has one cell for so many pixels, and so many times the width of its first.
pub const RESNET_STRIDE: usize = 32;

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
    /// Which token's state becomes the embedding.
    #[serde(skip)]
    pub pooling: TextPooling,
    /// Whether later tokens are hidden from earlier ones.
    #[serde(skip)]
    pub causal: bool,
    /// Whether every text fills the context, as SigLIP was trained.
    #[serde(skip)]
    pub padded: bool,
    /// Whether a projection leads into the shared space; without one the pooled state lies there.
    #[serde(skip)]
    pub projected: bool,
    /// Where that projection lies, and whether it has a bias.
    #[serde(skip)]
    pub projection: TextProjection,
}

impl TextConfig {
    /// The tower in a few words.
    pub fn summary(&self) -> String {
        let attention = if self.causal { "causal" } else { "bidirectional" };
        format!(
            "Transformer, {} blocks of {}, {attention}, {} tokens known",
            self.num_hidden_layers, self.hidden_size, self.vocab_size
        )
    }
}

/// Which token's state becomes a text's embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextPooling {
    /// The first of the largest id, which is CLIP's end token.
    #[default]
    LargestId,
    /// The first end token of this id.
    FirstEnd(u32),
    /// The last of the context.
    Last,
}

/// The projection of the text tower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextProjection {
    /// Its name before `.weight` and `.bias`.
    pub name: &'static str,
    /// Whether it has a bias.
    pub bias: bool,
}

impl Default for TextProjection {
    fn default() -> Self {
        Self {
            name: "text_projection",
            bias: false,
        }
    }
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
            pooling: TextPooling::default(),
            causal: true,
            padded: false,
            projected: true,
            projection: TextProjection::default(),
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
    /// Whether a LayerNorm comes before the blocks.
    #[serde(skip)]
    pub pre_norm: bool,
    /// Whether the patch embedding has a bias.
    #[serde(skip)]
    pub patch_bias: bool,
    /// Whether the projection of the class token has a bias.
    #[serde(skip)]
    pub projection_bias: bool,
    /// How the patches become one embedding.
    #[serde(skip)]
    pub pooling: VisionPooling,
    /// Whether pictures keep their aspect ratio: `image_size` is then the side of the square of as many patches.
    #[serde(skip)]
    pub any_aspect: bool,
}

/// How a Vision Transformer's tokens become one embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VisionPooling {
    /// A class token among the patches, projected: CLIP.
    #[default]
    ClassToken,
    /// A probe that attends to the patches: SigLIP.
    AttentionHead,
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
            pre_norm: true,
            patch_bias: false,
            projection_bias: false,
            pooling: VisionPooling::default(),
            any_aspect: false,
        }
    }
}

/// The configuration of the paper's modified ResNet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResNetConfig {
    /// Bottlenecks of each of the four stages.
    pub layers: [usize; 4],
    /// Channels of the first stage's bottlenecks.
    pub width: usize,
    /// Heads of the attention pool.
    pub heads: usize,
    /// Side of the input square, in pixels; a multiple of 32.
    pub image_size: usize,
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
    /// The paper's modified ResNet.
    ModifiedResNet(ResNetConfig),
    /// The starter's EfficientNet-Lite0.
    EfficientNetLite(EfficientNetConfig),
}

impl VisionConfig {
    /// The tower in a few words.
    pub fn summary(&self) -> String {
        match self {
            Self::Vit(vit) => {
                let pooling = match vit.pooling {
                    VisionPooling::ClassToken => "class token",
                    VisionPooling::AttentionHead => "attention pooling",
                };
                format!(
                    "Vision Transformer, {} blocks of {}, patches of {} pixels, {pooling}",
                    vit.num_hidden_layers, vit.hidden_size, vit.patch_size
                )
            }
            Self::ModifiedResNet(net) => {
                let [a, b, c, d] = net.layers;
                format!(
                    "Modified ResNet, {a} + {b} + {c} + {d} bottlenecks, width {}",
                    net.width
                )
            }
            Self::EfficientNetLite(net) => format!("EfficientNet-Lite0, {} blocks", net.blocks.len()),
        }
    }

    /// What the tower sees of a picture, in a few words.
    pub fn sees(&self) -> String {
        let side = self.image_size();
        match self {
            Self::Vit(vit) if vit.any_aspect => {
                let patches = (side / vit.patch_size).pow(2);
                format!(
                    "about {patches} patches of {} pixels, at its own aspect ratio",
                    vit.patch_size
                )
            }
            _ => format!("{side} x {side} pixels"),
        }
    }

    /// Side of the input square, in pixels.
    pub fn image_size(&self) -> usize {
        match self {
            Self::Vit(config) => config.image_size,
            Self::ModifiedResNet(config) => config.image_size,
            Self::EfficientNetLite(config) => config.image_size,
        }
    }

    /// The share of the input square's sides that whole patches cover: what is left of the side after the last patch is
    /// seen by no token.
    pub fn patches_cover(&self) -> f32 {
        match self {
            // It is resized to whole patches.
            Self::Vit(config) if config.any_aspect => 1.0,
            Self::Vit(config) => {
                let patches = config.image_size / config.patch_size;
                (patches * config.patch_size) as f32 / config.image_size as f32
            }
            Self::ModifiedResNet(_) | Self::EfficientNetLite(_) => 1.0,
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

impl ModelConfig {
    /// Refuses sizes that cannot be, before anything is allocated.
    ///
    /// # Errors
    /// Names the field.
    pub fn checked(self) -> Result<Self> {
        self.check()?;
        Ok(self)
    }

    fn check(&self) -> Result<()> {
        within("projection_dim", self.projection_dim, MAX_WIDTH)?;
        check_text(&self.text)?;
        if !self.text.projected && self.text.hidden_size != self.projection_dim {
            let (width, dim) = (self.text.hidden_size, self.projection_dim);
            let reason = format!("texts have no projection, but a width of {width} in a shared space of {dim}");
            return Err(Error::config(FILE, reason));
        }
        match &self.vision {
            VisionConfig::Vit(config) => check_vit(config),
            VisionConfig::ModifiedResNet(config) => check_resnet(config),
            VisionConfig::EfficientNetLite(config) => check_efficientnet(config),
        }
    }
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

fn check_resnet(net: &ResNetConfig) -> Result<()> {
    for layers in net.layers {
        within("vision layers", layers, MAX_LAYERS)?;
    }
    within("vision width", net.width, MAX_WIDTH / 32)?;
    within("vision image_size", net.image_size, MAX_IMAGE_SIZE)?;
    if !net.image_size.is_multiple_of(RESNET_STRIDE) {
        return Err(Error::config(
            FILE,
            format!(
                "a ResNet's image_size must be a multiple of {RESNET_STRIDE}, but is {}",
                net.image_size
            ),
        ));
    }
    heads_divide("vision", net.width * RESNET_STRIDE, net.heads)
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
