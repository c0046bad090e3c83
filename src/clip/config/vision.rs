//! The image towers.

use serde::Deserialize;

use super::Activation;

/// A ResNet's last stage has one cell for so many pixels, and so many times the width of its first.
pub const RESNET_STRIDE: usize = 32;

#[derive(Debug, Clone)]
pub enum VisionConfig {
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

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct VitConfig {
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width inside the feed-forward block.
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
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

/// How a Vision Transformer's tokens become one embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VisionPooling {
    /// A class token among the patches, projected: CLIP.
    #[default]
    ClassToken,
    /// A probe that attends to the patches: SigLIP.
    AttentionHead,
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
    pub in_channels: usize,
    /// Channels of the depthwise convolution.
    pub expanded_channels: usize,
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
    pub blocks: Vec<MobileBlockConfig>,
    /// Features before the classifier.
    pub feature_dim: usize,
    /// Classes whose probabilities mix their text embeddings.
    pub num_classes: usize,
    pub softmax_temperature: f64,
}
