//! The paper's first image encoder: a ResNet with three changes (`ModifiedResNet` of the paper's code).
//!
//! A stem of three convolutions and an average pool; strides as average pools, so that nothing aliases; and attention
//! in place of the global average pool: the mean cell asks, all cells and itself answer.
//!
//! Key map, under `visual.`: `conv1..3` with `bn1..3`; `layerS.B.{conv1..3, bn1..3}` and, where a stage begins,
//! `layerS.B.downsample.{0, 1}`; `attnpool.{positional_embedding, q_proj, k_proj, v_proj, c_proj}`. Batch normalisation
//! uses its stored statistics, so it is folded into the convolution before it.

use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::Tensor;

use super::attention::SelfAttention;
use super::mappers::in_full;
use crate::clip::checkpoint::weights::{BATCH_NORM_EPSILON, Stored};
use crate::clip::config::{RESNET_STRIDE, ResNetConfig};
use crate::clip::kernels::convolution::{average_squares, convolve};
use crate::clip::kernels::elementwise::{Relu, Same, apply_to_sums};
use crate::clip::kernels::winograd::convolve_3_by_3;
use crate::clip::{Checkpoint, Result};

/// A bottleneck's output has so many times the channels of its inside.
const EXPANSION: usize = 4;

/// The image tower of a CLIP with a ResNet.
#[derive(Module, Debug)]
pub struct ModifiedResNet {
    stem: Vec<Conv2d>,
    bottlenecks: Vec<Bottleneck>,
    pool: AttentionPool,
}

#[derive(Module, Debug)]
struct Bottleneck {
    reduce: Conv2d,
    middle: Conv2d,
    expand: Conv2d,
    downsample: Option<Conv2d>,
    #[module(skip)]
    stride: usize,
}

#[derive(Module, Debug)]
struct AttentionPool {
    position_embedding: Param<Tensor<2>>,
    attention: SelfAttention,
}

impl ModifiedResNet {
    /// Loads the tower.
    ///
    /// # Errors
    /// The file cannot be read; missing tensors are named by [`Checkpoint::finish`].
    pub fn load(weights: &mut Checkpoint, config: &ResNetConfig, projection_dim: usize) -> Result<Self> {
        let width = config.width;
        let half = width / 2;
        let stem = [(3, half, 2), (half, half, 1), (half, width, 1)]
            .into_iter()
            .enumerate()
            .map(|(i, (input, output, stride))| {
                let (name, norm) = (format!("visual.conv{}", i + 1), format!("visual.bn{}", i + 1));
                convolution(weights, &name, &norm, [output, input, 3, 3], stride)
            })
            .collect::<Result<_>>()?;
        let mut bottlenecks = Vec::new();
        let mut input = width;
        for (stage, &count) in config.layers.iter().enumerate() {
            let inner = width << stage;
            for n in 0..count {
                let stride = if stage > 0 && n == 0 { 2 } else { 1 };
                let prefix = format!("visual.layer{}.{n}", stage + 1);
                bottlenecks.push(Bottleneck::load(weights, &prefix, input, inner, stride)?);
                input = inner * EXPANSION;
            }
        }
        Ok(Self {
            stem,
            bottlenecks,
            pool: AttentionPool::load(weights, config, projection_dim)?,
        })
    }

    /// Pixels `[batch, 3, side, side]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.embed_cells(self.cells(pixels))
    }

    /// The attention pool: cells `[batch, width, rows, columns]` to embeddings `[batch, projection_dim]`.
    pub fn embed_cells(&self, cells: Tensor<4>) -> Tensor<2> {
        self.project(self.pool.features(cells))
    }

    /// Pixels to features before the projection, `[batch, width]`.
    pub fn features(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.pool.features(self.cells(pixels))
    }

    /// Features `[batch, width]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn project(&self, features: Tensor<2>) -> Tensor<2> {
        self.pool
            .attention
            .project(features.unsqueeze_dim::<3>(1))
            .squeeze_dim(1)
    }

    /// The same tower, with the pool, which heatmaps take apart, in f32; the stages compute as they are.
    pub fn open_in_full(&self) -> Self {
        let mut tower = self.clone();
        tower.pool = in_full(tower.pool);
        tower
    }

    /// Value-value attention in the pool (CLIP Surgery): every cell's own answer, `[batch, cells, projection_dim]`.
    pub fn value_tokens(&self, cells: Tensor<4>) -> Tensor<3> {
        let answers = self.pool.value_tokens(cells);
        // The first is that of the mean.
        let count = answers.dims()[1] - 1;
        answers.narrow(1, 1, count)
    }

    /// Pixels to the last stage's cells, `[batch, width, rows, columns]`.
    pub fn cells(&self, pixels: Tensor<4>) -> Tensor<4> {
        let (first, others) = (&self.stem[0], &self.stem[1..]);
        let stem = others
            .iter()
            .fold(convolve(first, pixels, Relu), |x, layer| convolve_3_by_3(layer, x));
        self.bottlenecks
            .iter()
            .fold(halved(stem, 2), |x, bottleneck| bottleneck.forward(x))
    }
}

impl Bottleneck {
    fn load(weights: &mut Checkpoint, prefix: &str, input: usize, inner: usize, stride: usize) -> Result<Self> {
        let output = inner * EXPANSION;
        let mut conv = |n: usize, shape: [usize; 4]| {
            convolution(
                weights,
                &format!("{prefix}.conv{n}"),
                &format!("{prefix}.bn{n}"),
                shape,
                1,
            )
        };
        Ok(Self {
            reduce: conv(1, [inner, input, 1, 1])?,
            middle: conv(2, [inner, inner, 3, 3])?,
            expand: conv(3, [output, inner, 1, 1])?,
            downsample: if stride > 1 || input != output {
                let (name, norm) = (format!("{prefix}.downsample.0"), format!("{prefix}.downsample.1"));
                Some(convolution(weights, &name, &norm, [output, input, 1, 1], 1)?)
            } else {
                None
            },
            stride,
        })
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = convolve_3_by_3(&self.middle, convolve(&self.reduce, x.clone(), Relu));
        let out = convolve(&self.expand, halved(inner, self.stride), Same);
        let identity = match &self.downsample {
            Some(downsample) => convolve(downsample, halved(x, self.stride), Same),
            None => x,
        };
        apply_to_sums(out, identity, Relu)
    }
}

impl AttentionPool {
    fn load(weights: &mut Checkpoint, config: &ResNetConfig, projection_dim: usize) -> Result<Self> {
        let (width, grid) = (config.width * RESNET_STRIDE, config.image_size / RESNET_STRIDE);
        let prefix = "visual.attnpool";
        let positions = [grid * grid + 1, width];
        Ok(Self {
            position_embedding: weights.param(&format!("{prefix}.positional_embedding"), positions)?,
            attention: SelfAttention::load_into(weights, prefix, width, config.heads, ("c_proj", projection_dim))?,
        })
    }

    /// What the mean gathers from the cells, before the output projection: `[batch, width]`.
    fn features(&self, cells: Tensor<4>) -> Tensor<2> {
        let tokens = self.tokens(cells);
        let mean = tokens.clone().narrow(1, 0, 1);
        // [batch, 1, width] -> [batch, width]
        self.attention.gather(mean, tokens).squeeze_dim(1)
    }

    fn value_tokens(&self, cells: Tensor<4>) -> Tensor<3> {
        self.attention.attend_by_value(self.tokens(cells))
    }

    /// Cells `[batch, width, rows, columns]` as tokens `[batch, 1 + rows * columns, width]`, their mean first.
    fn tokens(&self, cells: Tensor<4>) -> Tensor<3> {
        let cells = cells.flatten::<3>(2, 3).swap_dims(1, 2);
        let mean = cells.clone().mean_dim(1);
        Tensor::cat(vec![mean, cells], 1) + self.position_embedding.val().unsqueeze()
    }
}

/// The averages of squares of cells, as in the reference; a square of one is the cell.
fn halved(x: Tensor<4>, stride: usize) -> Tensor<4> {
    if stride == 1 { x } else { average_squares(x, stride) }
}

/// A convolution `[out, in, rows, columns]` without a bias, with the batch normalisation after it folded in.
fn convolution(weights: &mut Checkpoint, name: &str, norm: &str, shape: [usize; 4], stride: usize) -> Result<Conv2d> {
    let [output, input, kernel, _] = shape;
    let mut folded = weights.values(&format!("{name}.weight"), &shape)?;
    let mut statistics = |part: &str| weights.values(&format!("{norm}.{part}"), &[output]);
    let parts = (
        statistics("weight")?,
        statistics("bias")?,
        statistics("running_mean")?,
        statistics("running_var")?,
    );
    let mut bias = vec![0.0; output];
    if let (Some(values), (Some(gamma), Some(beta), Some(mean), Some(variance))) = (&mut folded, parts) {
        for (channel, kernel) in values.chunks_exact_mut(shape[1..].iter().product()).enumerate() {
            let scale = gamma[channel] / (variance[channel] + BATCH_NORM_EPSILON).sqrt();
            kernel.iter_mut().for_each(|value| *value *= scale);
            bias[channel] = beta[channel] - mean[channel] * scale;
        }
    }
    let padding = kernel / 2;
    // The layer is made at its smallest; its real weights follow.
    let mut convolution = Conv2dConfig::new([1, 1], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .init(weights.device());
    let of_norm = || norm.to_string();
    let shape = [output, input, kernel, kernel];
    let (weight_name, bias_name) = (format!("{name}.weight"), format!("{norm}.bias"));
    convolution.weight = weights.parameter(&weight_name, folded, shape, Stored::FoldedWeight { norm: of_norm() });
    convolution.bias =
        Some(weights.parameter(&bias_name, Some(bias), [output], Stored::FoldedBias { norm: of_norm() }));
    Ok(convolution)
}
