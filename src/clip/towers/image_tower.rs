//! The image towers of the family under one name, and both towers as one module.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{DType, FloatDType, Tensor};

use crate::clip::kernels::dense::{in_panels, take_panels_as_they_lie};
use crate::clip::kernels::elementwise::{numbers, on_processor};
use crate::clip::kernels::on_gpu::on_gpu;
use crate::clip::kernels::winograd;
use crate::clip::{
    Checkpoint, EfficientNetLite, ModelConfig, ModifiedResNet, Precision, Result, TextTransformer, TowerKind,
    VisionConfig, VisionTransformer, full,
};

/// A model's image tower.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one a model, and modules of Burn cannot be boxed"
)]
pub enum ImageTower {
    /// A Vision Transformer.
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

    /// Which tower it is.
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

/// Both towers.
#[derive(Module, Debug)]
pub struct Towers {
    /// Pictures.
    pub image: ImageTower,
    /// Texts.
    pub text: TextTransformer,
    /// In which numbers they compute.
    #[module(skip)]
    pub precision: Precision,
}

impl Towers {
    /// The same towers with some parameters exchanged: by id, row by row. The new values may be part of a graph, so that
    /// gradients reach what they were made of; all others are constants.
    pub fn with(&self, values: &HashMap<ParamId, Tensor<1>>) -> Self {
        self.clone().map(&mut Change::new(To::Values(values)))
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
        self.map(&mut Change::new(To::LaidOut))
    }

    /// The same towers, computing in f16.
    pub fn in_half(&self) -> Self {
        let mut towers = self.clone().map(&mut Change::new(To::Half));
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

/// The same module, computing in f32.
pub(super) fn in_full<M: Module>(module: M) -> M {
    module.map(&mut Change::new(To::Full))
}

/// What becomes of every parameter. One mapper for all: each would be compiled anew for every module.
struct Change<'a> {
    to: To<'a>,
    /// Modules that the mapper is inside of.
    norms: usize,
    linears: usize,
    resnets: usize,
}

#[derive(Clone, Copy)]
enum To<'a> {
    /// Other values, by id, row by row.
    Values(&'a HashMap<ParamId, Tensor<1>>),
    /// f16, but for normalisation, which computes in f32.
    Half,
    /// f32.
    Full,
    /// What is fast where the processor computes.
    LaidOut,
}

impl<'a> Change<'a> {
    fn new(to: To<'a>) -> Self {
        Self {
            to,
            norms: 0,
            linears: 0,
            resnets: 0,
        }
    }

    fn depth(&mut self, container: &str) -> Option<&mut usize> {
        match container {
            "Struct:LayerNorm" => Some(&mut self.norms),
            "Struct:Dense" => Some(&mut self.linears),
            "Struct:ModifiedResNet" => Some(&mut self.resnets),
            _ => None,
        }
    }

    fn laid_out<const D: usize>(&self, value: Tensor<D>) -> Tensor<D> {
        let shape = value.dims();
        match *shape.as_slice() {
            _ if !on_processor(&value) => value,
            [d_input, _, _] if self.linears > 0 => match in_panels(numbers(&value.clone().into_data()), d_input) {
                Some(panels) => Tensor::from_data(panels, &value.device()).swap_dims(0, 1),
                None => value,
            },
            // All but the first, which has steps of two.
            [output, input, 3, 3] if self.resnets > 0 && input > 3 => {
                let kernels = numbers(&value.clone().into_data()).to_vec();
                let kernels = Tensor::from_data(winograd::transformed(kernels, output, input), &value.device());
                kernels.swap_dims(0, 2).swap_dims(1, 3)
            }
            _ => value,
        }
    }
}

impl ModuleMapper for Change<'_> {
    fn enter_module(&mut self, _name: &str, container: &str) {
        if let Some(depth) = self.depth(container) {
            *depth += 1;
        }
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        if let Some(depth) = self.depth(container) {
            *depth -= 1;
        }
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, value, _) = param.consume();
        let value = match self.to {
            To::Values(values) => match values.get(&id) {
                // In the numbers of what it replaces.
                Some(other) if value.dtype() == DType::F16 => other.clone().reshape(value.dims()).cast(FloatDType::F16),
                Some(other) => other.clone().reshape(value.dims()),
                None => value,
            },
            To::Half if self.norms == 0 => value.cast(FloatDType::F16),
            To::Half => value,
            To::Full => full(value),
            To::LaidOut => self.laid_out(value),
        };
        Param::initialized(id, value)
    }
}
