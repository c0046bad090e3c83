//! What a model is made of, whatever layout its files came in (see [`super::checkpoint::layout`]).
//!
//! Defaults are those of transformers' `CLIPTextConfig` and `CLIPVisionConfig`: a checkpoint's file names only what
//! differs. Sizes are bounded before anything is allocated, so that a damaged file is an error and not a crash.

mod check;
mod text;
mod vision;

use serde::Deserialize;

use super::Result;

pub use text::{TextConfig, TextPooling, TextProjection};
pub use vision::{
    EfficientNetConfig, MobileBlockConfig, RESNET_STRIDE, ResNetConfig, VisionConfig, VisionPooling, VitConfig,
};

/// The activation between the two linear layers of a feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`, of OpenAI's checkpoints.
    #[serde(rename = "quick_gelu")]
    QuickGelu,
    #[serde(rename = "gelu", alias = "gelu_python")]
    Gelu,
    /// GELU by its tanh approximation, of which transformers has four versions that differ by rounding.
    #[serde(
        rename = "gelu_pytorch_tanh",
        alias = "gelu_new",
        alias = "gelu_fast",
        alias = "gelu_accurate"
    )]
    GeluTanh,
}

#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// Width of the shared space.
    pub projection_dim: usize,
    pub vision: VisionConfig,
    pub text: TextConfig,
}

impl ModelConfig {
    /// Refuses sizes that cannot be, before anything is allocated.
    ///
    /// # Errors
    /// Names the field.
    pub fn checked(self) -> Result<Self> {
        check::check(&self)?;
        Ok(self)
    }
}
