//! The starter's image tower: EfficientNet-Lite0, and class embeddings mixed by its class probabilities.
//!
//! Key map: `vision_model.stem`, `vision_model.blocks.N.{expand, depthwise, project}` (`expand` is absent where the
//! block does not widen), `vision_model.head`, `vision_model.classifier`, each with `weight` and `bias`, BatchNorm
//! folded in; and `visual_projection.weight` `[projection_dim, classes]`, whose columns are the text embeddings of the
//! class names. ReLU6 after everything but `project`; TensorFlow's SAME padding.
//!
//! The embedding is a convex combination of semantic embeddings (Norouzi et al. 2013, arXiv 1312.5650):
//! `visual_projection softmax(classifier(mean of features) / softmax_temperature)`.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, PaddingConfig2d};
use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use crate::clip::config::{EfficientNetConfig, MobileBlockConfig};
use crate::clip::kernels::convolution::convolve;
use crate::clip::kernels::dense::Dense;
use crate::clip::kernels::elementwise::{Relu6, Same, apply};
use crate::clip::{Checkpoint, Result};

/// One inverted bottleneck.
#[derive(Module, Debug)]
struct MobileBlock {
    expand: Option<Conv2d>,
    depthwise: Conv2d,
    project: Conv2d,
    #[module(skip)]
    residual: bool,
}

/// The starter's image tower.
#[derive(Module, Debug)]
pub struct EfficientNetLite {
    stem: Conv2d,
    blocks: Vec<MobileBlock>,
    head: Conv2d,
    classifier: Dense,
    projection: Linear,
    #[module(skip)]
    softmax_temperature: f64,
}

/// The tower's features per cell, for heatmaps and for methods that learn on features.
pub struct EfficientNetDense {
    /// Features per cell, `[batch, rows, columns, feature_dim]`.
    pub features: Tensor<4>,
    /// Class logits per cell, `[batch, rows, columns, classes]`.
    pub logits: Tensor<4>,
    /// The picture's embedding, not normalised, `[batch, projection_dim]`.
    pub embedding: Tensor<2>,
}

impl EfficientNetLite {
    /// Loads the tower.
    ///
    /// # Errors
    /// The file cannot be read; missing tensors are named by [`Checkpoint::finish`].
    pub fn load(weights: &mut Checkpoint, config: &EfficientNetConfig, projection_dim: usize) -> Result<Self> {
        let root = "vision_model";
        let blocks = config
            .blocks
            .iter()
            .enumerate()
            .map(|(n, block)| MobileBlock::load(weights, &format!("{root}.blocks.{n}"), block))
            .collect::<Result<_>>()?;
        let last_channels = config.blocks.last().map_or(config.stem_channels, |b| b.out_channels);
        let stem = ConvolutionShape::dense(3, config.stem_channels, 3, 2);
        let head = ConvolutionShape::dense(last_channels, config.feature_dim, 1, 1);
        Ok(Self {
            stem: stem.load(weights, &format!("{root}.stem"))?,
            blocks,
            head: head.load(weights, &format!("{root}.head"))?,
            classifier: Dense::load(
                weights,
                &format!("{root}.classifier"),
                config.feature_dim,
                config.num_classes,
            )?,
            projection: Linear {
                weight: weights.linear_weight("visual_projection.weight", config.num_classes, projection_dim)?,
                bias: None,
            },
            softmax_temperature: config.softmax_temperature,
        })
    }

    /// Pixels `[batch, 3, side, side]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.embed(self.feature_map(pixels))
    }

    /// The embedding with the features and class logits of every cell.
    pub fn forward_dense(&self, pixels: Tensor<4>) -> EfficientNetDense {
        let map = self.feature_map(pixels);
        let embedding = self.embed(map.clone());
        // [batch, features, rows, columns] -> [batch, rows, columns, features]
        let features = map.permute([0, 2, 3, 1]);
        EfficientNetDense {
            logits: self.classifier.forward(features.clone()),
            features,
            embedding,
        }
    }

    /// The class embeddings, `[classes, projection_dim]`.
    pub fn class_embeddings(&self) -> Tensor<2> {
        self.projection.weight.val()
    }

    /// The temperature at which class logits become probabilities.
    pub fn softmax_temperature(&self) -> f64 {
        self.softmax_temperature
    }

    fn feature_map(&self, pixels: Tensor<4>) -> Tensor<4> {
        let x = apply(self.stem.forward(pixels), Relu6);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        convolve(&self.head, x, Relu6)
    }

    fn embed(&self, map: Tensor<4>) -> Tensor<2> {
        self.project(pooled(map))
    }

    /// Pixels to features before the classifier, `[batch, feature_dim]`.
    pub fn features(&self, pixels: Tensor<4>) -> Tensor<2> {
        pooled(self.feature_map(pixels))
    }

    /// Features `[batch, feature_dim]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn project(&self, features: Tensor<2>) -> Tensor<2> {
        // [batch, feature_dim] -> [batch, classes] -> [batch, projection_dim]
        let logits = self.classifier.forward(features).div_scalar(self.softmax_temperature);
        self.projection.forward(softmax(logits, 1))
    }
}

impl MobileBlock {
    fn load(weights: &mut Checkpoint, prefix: &str, config: &MobileBlockConfig) -> Result<Self> {
        let expanded = config.expanded_channels;
        let expand_name = format!("{prefix}.expand");
        let expand = if expanded == config.in_channels && !weights.contains(&format!("{expand_name}.weight")) {
            None
        } else {
            Some(ConvolutionShape::dense(config.in_channels, expanded, 1, 1).load(weights, &expand_name)?)
        };
        let depthwise = ConvolutionShape {
            input: expanded,
            output: expanded,
            kernel: config.kernel_size,
            stride: config.stride,
            groups: expanded,
        };
        let project = ConvolutionShape::dense(expanded, config.out_channels, 1, 1);
        Ok(Self {
            expand,
            depthwise: depthwise.load(weights, &format!("{prefix}.depthwise"))?,
            project: project.load(weights, &format!("{prefix}.project"))?,
            residual: config.stride == 1 && config.in_channels == config.out_channels,
        })
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let expanded = match &self.expand {
            Some(expand) => convolve(expand, x.clone(), Relu6),
            None => x.clone(),
        };
        let y = convolve(&self.project, apply(self.depthwise.forward(expanded), Relu6), Same);
        if self.residual { x + y } else { y }
    }
}

struct ConvolutionShape {
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    groups: usize,
}

impl ConvolutionShape {
    fn dense(input: usize, output: usize, kernel: usize, stride: usize) -> Self {
        Self {
            input,
            output,
            kernel,
            stride,
            groups: 1,
        }
    }

    fn load(&self, weights: &mut Checkpoint, prefix: &str) -> Result<Conv2d> {
        let mut convolution = Conv2dConfig::new([self.input, self.output], [self.kernel, self.kernel])
            .with_stride([self.stride, self.stride])
            .with_groups(self.groups)
            // Burn's `Same` is TensorFlow's: the smaller half comes first.
            .with_padding(PaddingConfig2d::Same)
            .init(weights.device());
        convolution.weight = weights.param(
            &format!("{prefix}.weight"),
            [self.output, self.input / self.groups, self.kernel, self.kernel],
        )?;
        convolution.bias = Some(weights.param(&format!("{prefix}.bias"), [self.output])?);
        Ok(convolution)
    }
}

/// The mean over the cells: `[batch, features, rows, columns]` to `[batch, features]`.
fn pooled(map: Tensor<4>) -> Tensor<2> {
    let [batch, features, _, _] = map.dims();
    map.flatten::<3>(2, 3).mean_dim(2).reshape([batch, features])
}
