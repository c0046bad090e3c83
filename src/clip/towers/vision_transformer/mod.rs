//! The Vision Transformer (Hugging Face `CLIPVisionTransformer` with `visual_projection`, and
//! `SiglipVisionTransformer`).
//!
//! Key map: `vision_model.embeddings.{patch_embedding, position_embedding.weight}`, `vision_model.encoder.layers.N` (see
//! [`super::block`]), `vision_model.post_layernorm`. CLIP adds `vision_model.embeddings.class_embedding`,
//! `vision_model.pre_layrnorm` (the key is really spelt so) and `visual_projection.weight` `[out, in]`, with a bias in
//! some of timm's towers alone; SigLIP a bias of the patch embedding and the head of [`super::attention_head`].

mod open;
mod positions;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};

use super::attention_head::AttentionHead;
use super::block::{Block, BlockShape};
use super::fused::{Way, through};
use super::norm::{Norm, layer_norm};
use crate::clip::config::{VisionPooling, VitConfig};
use crate::clip::kernels::convolution::convolve;
use crate::clip::kernels::dense::Dense;
use crate::clip::kernels::elementwise::Same;
use crate::clip::kernels::gpu::add_norm::add_norm;
use crate::clip::kernels::gpu::tokens::{Made, tokens};
use crate::clip::{Checkpoint, Result};

pub use open::{GatheringAttention, VisionDense};

/// An image tower of patches.
#[derive(Module, Debug)]
pub struct VisionTransformer {
    /// CLIP's; SigLIP has none.
    class_embedding: Option<Param<Tensor<1>>>,
    patch_embedding: Conv2d,
    /// The same as one product, `[3 * patch * patch, width]`; none as loaded.
    patch_product: Option<Dense>,
    position_embedding: Param<Tensor<2>>,
    pre_norm: Option<Norm>,
    earlier_blocks: Vec<Block>,
    last_block: Block,
    post_norm: Norm,
    pooling: Pooling,
    /// Rows, and columns, of the patches that have positions of their own.
    #[module(skip)]
    grid: usize,
}

#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one a model, and modules of Burn cannot be boxed"
)]
enum Pooling {
    ClassToken(Linear),
    AttentionHead(AttentionHead),
}

impl VisionTransformer {
    /// Loads the tower.
    ///
    /// # Errors
    /// The file cannot be read; missing tensors are named by [`Checkpoint::finish`].
    pub fn load(weights: &mut Checkpoint, config: &VitConfig, projection_dim: usize) -> Result<Self> {
        let width = config.hidden_size;
        let grid = config.image_size / config.patch_size;
        let shape = BlockShape {
            width,
            hidden: config.intermediate_size,
            heads: config.num_attention_heads,
            epsilon: config.layer_norm_eps,
            activation: config.hidden_act,
        };
        let root = "vision_model";
        let mut block = |n: usize| Block::load(weights, &format!("{root}.encoder.layers.{n}"), &shape);
        let last = config.num_hidden_layers - 1;
        let earlier_blocks = (0..last).map(&mut block).collect::<Result<_>>()?;
        let last_block = block(last)?;
        let with_class = config.pooling == VisionPooling::ClassToken;
        Ok(Self {
            class_embedding: if with_class {
                Some(weights.param(&format!("{root}.embeddings.class_embedding"), [width])?)
            } else {
                None
            },
            patch_embedding: patch_embedding(weights, config)?,
            patch_product: None,
            position_embedding: weights.param(
                &format!("{root}.embeddings.position_embedding.weight"),
                [grid * grid + usize::from(with_class), width],
            )?,
            pre_norm: if config.pre_norm {
                Some(layer_norm(
                    weights,
                    &format!("{root}.pre_layrnorm"),
                    width,
                    config.layer_norm_eps,
                )?)
            } else {
                None
            },
            earlier_blocks,
            last_block,
            post_norm: layer_norm(weights, &format!("{root}.post_layernorm"), width, config.layer_norm_eps)?,
            pooling: if with_class {
                Pooling::ClassToken(Linear {
                    weight: weights.linear_weight("visual_projection.weight", width, projection_dim)?,
                    bias: if config.projection_bias {
                        Some(weights.param("visual_projection.bias", [projection_dim])?)
                    } else {
                        None
                    },
                })
            } else {
                Pooling::AttentionHead(AttentionHead::load(weights, config)?)
            },
            grid,
        })
    }

    /// The same tower, laid out for a GPU: queries, keys and values by one product, patches by another.
    pub fn put_together(mut self) -> Self {
        self.earlier_blocks = self.earlier_blocks.into_iter().map(Block::put_together).collect();
        self.last_block = self.last_block.put_together();
        let kernels = self.patch_embedding.weight.val();
        let [width, channels, height, across] = kernels.dims();
        let of_patch = channels * height * across;
        let kernels = kernels
            .reshape([width, of_patch])
            .swap_dims(0, 1)
            .reshape([of_patch, 1, width]);
        let bias = match &self.patch_embedding.bias {
            Some(bias) => bias.val(),
            None => self
                .position_embedding
                .val()
                .narrow(0, 0, 1)
                .reshape([width])
                .zeros_like(),
        };
        self.patch_product = Some(Dense::of(kernels, bias));
        self
    }

    /// Pixels `[batch, 3, height, width]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.project(self.features(pixels))
    }

    /// [`Self::features`] by kernels of our own; none where they do not take the numbers.
    fn features_by_kernels(&self, pixels: &Tensor<4>) -> Option<Tensor<2>> {
        let [batch, ..] = pixels.dims();
        let tokens = self.tokens_by_kernels(pixels)?;
        let [_, rows, width] = tokens.dims();
        let blocks: Vec<&Block> = self.earlier_blocks.iter().chain([&self.last_block]).collect();
        let way = Way {
            batch,
            causal: false,
            only_first: matches!(self.pooling, Pooling::ClassToken(_)),
        };
        let normed = through(&blocks, tokens, way, &self.post_norm)?;
        Some(match &self.pooling {
            Pooling::ClassToken(_) => normed.squeeze_dim(0),
            Pooling::AttentionHead(head) => head.forward(normed.reshape([batch, rows / batch, width])),
        })
    }

    /// Pixels to the tokens that the first block takes, `[1, batch * tokens, width]`.
    fn tokens_by_kernels(&self, pixels: &Tensor<4>) -> Option<Tensor<3>> {
        let product = self.patch_product.as_ref()?;
        let [batch, channels, height, across] = pixels.dims();
        let [side, _] = self.patch_embedding.kernel_size;
        let (rows, columns) = (height / side, across / side);
        let whole = pixels.clone().narrow(2, 0, rows * side).narrow(3, 0, columns * side);
        // [batch, channels, rows, side, columns, side] -> [batch, rows, columns, channels, side, side]
        let patches = whole
            .reshape([batch, channels, rows, side, columns, side])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([1, batch * rows * columns, channels * side * side]);
        let parts = product.parts(patches);
        let made = Made {
            patches: parts.products,
            bias: parts.bias,
            class: self.class_embedding.as_ref().map(Param::val),
            positions: self.positions([rows, columns]),
        };
        let tokens = tokens(&made)?;
        match &self.pre_norm {
            Some(norm) => add_norm(&tokens, None, &norm.scale()?, 1).map(|[_, normed]| normed),
            None => Some(tokens),
        }
    }

    fn run_earlier_blocks(&self, pixels: Tensor<4>) -> Tensor<3> {
        let (tokens, _) = self.embed_patches(pixels);
        self.earlier_blocks
            .iter()
            .fold(tokens, |x, block| block.forward(x, false))
    }

    /// The tokens, and rows and columns of the patches among them.
    fn embed_patches(&self, pixels: Tensor<4>) -> (Tensor<3>, [usize; 2]) {
        // [batch, 3, height, width] -> [batch, width, rows, columns] -> [batch, rows * columns, width]
        let patches = convolve(&self.patch_embedding, pixels, Same);
        let [batch, _, rows, columns] = patches.dims();
        let patches = patches.flatten::<3>(2, 3).swap_dims(1, 2);
        let width = patches.dims()[2];
        let tokens = match &self.class_embedding {
            Some(class) => {
                let class = class.val().reshape([1, 1, width]).expand([batch, 1, width]);
                Tensor::cat(vec![class, patches], 1)
            }
            None => patches,
        };
        let tokens = tokens + self.positions([rows, columns]).unsqueeze();
        let tokens = match &self.pre_norm {
            Some(norm) => norm.forward(tokens),
            None => tokens,
        };
        (tokens, [rows, columns])
    }

    /// Pixels to features before the projection, `[batch, width]`; SigLIP's are its embeddings.
    pub fn features(&self, pixels: Tensor<4>) -> Tensor<2> {
        if let Some(features) = self.features_by_kernels(&pixels) {
            return features;
        }
        let tokens = self.run_earlier_blocks(pixels);
        self.pool_features(match &self.pooling {
            Pooling::ClassToken(_) => self.last_block.forward_first(tokens),
            Pooling::AttentionHead(_) => self.last_block.forward(tokens, false),
        })
    }

    /// Features `[batch, width]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn project(&self, features: Tensor<2>) -> Tensor<2> {
        match &self.pooling {
            Pooling::ClassToken(projection) => projection.forward(features),
            Pooling::AttentionHead(_) => features,
        }
    }

    /// Whether a projection follows the features.
    pub fn has_projection(&self) -> bool {
        matches!(self.pooling, Pooling::ClassToken(_))
    }

    fn pool(&self, tokens: Tensor<3>) -> Tensor<2> {
        self.project(self.pool_features(tokens))
    }

    /// `[batch, tokens, width]` to `[batch, width]`.
    fn pool_features(&self, tokens: Tensor<3>) -> Tensor<2> {
        let [batch, _, width] = tokens.dims();
        match &self.pooling {
            Pooling::ClassToken(_) => {
                let class = tokens.narrow(1, 0, 1).reshape([batch, width]);
                self.post_norm.forward(class)
            }
            Pooling::AttentionHead(head) => head.forward(self.post_norm.forward(tokens)),
        }
    }
}

fn patch_embedding(weights: &mut Checkpoint, config: &VitConfig) -> Result<Conv2d> {
    let (width, patch) = (config.hidden_size, config.patch_size);
    let device: Device = weights.device().clone();
    let mut convolution = Conv2dConfig::new([config.num_channels, width], [patch, patch])
        .with_stride([patch, patch])
        .with_bias(false)
        .init(&device);
    let name = "vision_model.embeddings.patch_embedding";
    convolution.weight = weights.param(&format!("{name}.weight"), [width, config.num_channels, patch, patch])?;
    if config.patch_bias {
        convolution.bias = Some(weights.param(&format!("{name}.bias"), [width])?);
    }
    Ok(convolution)
}
