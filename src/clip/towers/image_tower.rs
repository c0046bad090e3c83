//! The image towers of the family under one name, and both towers as one module.

use std::collections::HashMap;

use burn::module::{Module, ParamId};
use burn::tensor::{FloatDType, Tensor};

use super::mappers::{in_half, laid_out, with_values};
use crate::clip::kernels::dense::take_panels_as_they_lie;
use crate::clip::kernels::on_gpu::on_gpu;
use crate::clip::{
    Checkpoint, EfficientNetLite, ModelConfig, ModifiedResNet, Precision, Result, TextTransformer, TowerKind,
    VisionConfig, VisionTransformer,
};

/// A model's image tower.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one a model, and modules of Burn cannot be boxed"
)]
pub enum ImageTower {
    Vit(VisionTransformer),
    /// The paper's modified ResNet.
    ModifiedResNet(ModifiedResNet),
    /// The starter's.
    EfficientNetLite(EfficientNetLite),
}

impl ImageTower {
    /// Loads the tower that the configuration names.
    ///
    /// # Errors
    /// The file cannot be read; missing tensors are named by [`Checkpoint::finish`].
    pub fn load(weights: &mut Checkpoint, config: &ModelConfig) -> Result<Self> {
        let dim = config.projection_dim;
        Ok(match &config.vision {
            VisionConfig::Vit(vit) => Self::Vit(VisionTransformer::load(weights, vit, dim)?),
            VisionConfig::ModifiedResNet(net) => Self::ModifiedResNet(ModifiedResNet::load(weights, net, dim)?),
            VisionConfig::EfficientNetLite(net) => Self::EfficientNetLite(EfficientNetLite::load(weights, net, dim)?),
        })
    }

    /// The same tower, laid out for a GPU.
    fn put_together(self) -> Self {
        match self {
            Self::Vit(tower) => Self::Vit(tower.put_together()),
            other => other,
        }
    }

    pub fn kind(&self) -> TowerKind {
        match self {
            Self::Vit(tower) if tower.has_projection() => TowerKind::Vit,
            Self::Vit(_) => TowerKind::VitWithHead,
            Self::ModifiedResNet(_) => TowerKind::ModifiedResNet,
            Self::EfficientNetLite(_) => TowerKind::EfficientNetLite,
        }
    }

    /// Pixels `[batch, 3, side, side]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.project(self.features(pixels))
    }

    /// Pixels `[batch, 3, side, side]` to features before the projection, `[batch, features]`.
    pub fn features(&self, pixels: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Vit(tower) => tower.features(pixels),
            Self::ModifiedResNet(tower) => tower.features(pixels),
            Self::EfficientNetLite(tower) => tower.features(pixels),
        }
    }

    /// Features `[batch, features]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn project(&self, features: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Vit(tower) => tower.project(features),
            Self::ModifiedResNet(tower) => tower.project(features),
            Self::EfficientNetLite(tower) => tower.project(features),
        }
    }
}

#[derive(Module, Debug)]
pub struct Towers {
    pub image: ImageTower,
    pub text: TextTransformer,
    /// The precision in which they compute.
    #[module(skip)]
    pub precision: Precision,
}

impl Towers {
    /// The same towers with some parameters exchanged: by id, row by row. The new values may be part of a graph, so that
    /// gradients reach what they were made of; all others are constants.
    pub fn with(&self, values: &HashMap<ParamId, Tensor<1>>) -> Self {
        with_values(self.clone(), values)
    }

    /// The same towers, laid out to answer fast. Where the processor computes: the weights of linear layers in panels,
    /// kernels of 3 x 3 transformed. On a GPU: what is computed from the same numbers by one product. It takes the towers
    /// whole, so that no weight is in memory twice.
    pub fn laid_out(self) -> Self {
        if on_gpu(&self.text.some_weight()) {
            return Self {
                image: self.image.put_together(),
                text: self.text.put_together(),
                precision: self.precision,
            };
        }
        take_panels_as_they_lie();
        laid_out(self)
    }

    /// The same towers, computing in f16.
    pub fn in_half(&self) -> Self {
        let mut towers = in_half(self.clone());
        towers.precision = Precision::Half;
        towers
    }

    /// What goes into the towers, in the numbers in which they compute.
    pub fn input<const D: usize>(&self, values: Tensor<D>) -> Tensor<D> {
        match self.precision {
            Precision::Full => values,
            Precision::Half => values.cast(FloatDType::F16),
        }
    }
}
