//! The image towers of the family under one name.

use burn::tensor::Tensor;

use super::{
    Checkpoint, EfficientNetLite, ModelConfig, ModifiedResNet, Result, TowerKind, VisionConfig, VisionTransformer,
};

/// A model's image tower.
pub enum ImageTower {
    /// A Vision Transformer.
    Vit(Box<VisionTransformer>),
    /// The paper's modified ResNet.
    ModifiedResNet(Box<ModifiedResNet>),
    /// The starter's.
    EfficientNetLite(Box<EfficientNetLite>),
}

impl ImageTower {
    /// Loads the tower that the configuration names.
    ///
    /// # Errors
    /// The file cannot be read; missing tensors are named by [`Checkpoint::finish`].
    pub fn load(weights: &mut Checkpoint, config: &ModelConfig) -> Result<Self> {
        let dim = config.projection_dim;
        Ok(match &config.vision {
            VisionConfig::Vit(vit) => Self::Vit(Box::new(VisionTransformer::load(weights, vit, dim)?)),
            VisionConfig::ModifiedResNet(net) => {
                Self::ModifiedResNet(Box::new(ModifiedResNet::load(weights, net, dim)?))
            }
            VisionConfig::EfficientNetLite(net) => {
                Self::EfficientNetLite(Box::new(EfficientNetLite::load(weights, net, dim)?))
            }
        })
    }

    /// Which tower it is.
    pub fn kind(&self) -> TowerKind {
        match self {
            Self::Vit(_) => TowerKind::Vit,
            Self::ModifiedResNet(_) => TowerKind::ModifiedResNet,
            Self::EfficientNetLite(_) => TowerKind::EfficientNetLite,
        }
    }

    /// Pixels `[batch, 3, side, side]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Vit(tower) => tower.forward(pixels),
            Self::ModifiedResNet(tower) => tower.forward(pixels),
            Self::EfficientNetLite(tower) => tower.forward(pixels),
        }
    }
}
