//! The Vision Transformer (Hugging Face `CLIPVisionTransformer` with `visual_projection`, and
//! `SiglipVisionTransformer`).
//!
//! Key map: `vision_model.embeddings.{patch_embedding, position_embedding.weight}`, `vision_model.encoder.layers.N` (see
//! [`super::attention`]), `vision_model.post_layernorm`. CLIP adds `vision_model.embeddings.class_embedding`,
//! `vision_model.pre_layrnorm` (the key is really spelt so) and `visual_projection.weight` `[out, in]`, without a bias;
//! SigLIP a bias of the patch embedding and the head of [`super::attention_head`].

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor};

use super::attention::{AttentionParts, Block, BlockShape, attention_weights, layer_norm};
use super::attention_head::AttentionHead;
use super::config::{VisionPooling, VitConfig};
use super::{Checkpoint, Result};

/// An image tower of patches.
#[derive(Module, Debug)]
pub struct VisionTransformer {
    /// CLIP's; SigLIP has none.
    class_embedding: Option<Param<Tensor<1>>>,
    patch_embedding: Conv2d,
    position_embedding: Param<Tensor<2>>,
    pre_norm: Option<LayerNorm>,
    earlier_blocks: Vec<Block>,
    last_block: Block,
    post_norm: LayerNorm,
    pooling: Pooling,
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

/// The last block of a Vision Transformer, laid open for heatmaps.
pub struct VisionDense {
    /// What the last block's attention did.
    pub attention: AttentionParts,
    /// The tokens after the last block, `[batch, tokens, width]`; the last `grid * grid` are the patches.
    pub tokens: Tensor<3>,
    /// The picture's embedding, not normalised, `[batch, projection_dim]`.
    pub embedding: Tensor<2>,
    /// Patches along each side of the input square.
    pub grid: usize,
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
                    bias: None,
                })
            } else {
                Pooling::AttentionHead(AttentionHead::load(weights, config)?)
            },
            grid,
        })
    }

    /// Pixels `[batch, 3, side, side]` to embeddings `[batch, projection_dim]`, not normalised.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.pool(self.last_block.forward(self.run_earlier_blocks(pixels), false))
    }

    /// The same by the explicit path in the last block, with everything that heatmaps need.
    pub fn forward_dense(&self, pixels: Tensor<4>) -> VisionDense {
        let (tokens, attention) = self.last_block.forward_with_parts(self.run_earlier_blocks(pixels));
        VisionDense {
            attention,
            embedding: self.pool(tokens.clone()),
            tokens,
            grid: self.grid,
        }
    }

    /// ClearCLIP's dense output (arXiv 2407.12442): the last attention with `softmax(Q Q^T / sqrt(d))` in place of
    /// its weights, without residual and feed-forward, taken into the shared space: `[batch, patches, projection_dim]`.
    ///
    /// SigLIP has no projection, but a head: each token takes its own way through it.
    pub fn query_query_tokens(&self, dense: &VisionDense) -> Tensor<3> {
        let query = dense.attention.query.clone();
        let weights = attention_weights(query.clone(), query);
        let tokens = self
            .last_block
            .attention()
            .apply_weights(weights, dense.attention.value.clone());
        let class_tokens = tokens.dims()[1] - self.grid * self.grid;
        let patches = self
            .post_norm
            .forward(tokens.narrow(1, class_tokens, self.grid * self.grid));
        match &self.pooling {
            Pooling::ClassToken(projection) => projection.forward(patches),
            Pooling::AttentionHead(head) => head.forward_each(patches),
        }
    }

    fn run_earlier_blocks(&self, pixels: Tensor<4>) -> Tensor<3> {
        self.earlier_blocks
            .iter()
            .fold(self.embed_patches(pixels), |x, block| block.forward(x, false))
    }

    fn embed_patches(&self, pixels: Tensor<4>) -> Tensor<3> {
        let [batch, _, _, _] = pixels.dims();
        // [batch, 3, side, side] -> [batch, width, grid, grid] -> [batch, grid * grid, width]
        let patches = self.patch_embedding.forward(pixels).flatten::<3>(2, 3).swap_dims(1, 2);
        let width = patches.dims()[2];
        let tokens = match &self.class_embedding {
            Some(class) => {
                let class = class.val().reshape([1, 1, width]).expand([batch, 1, width]);
                Tensor::cat(vec![class, patches], 1)
            }
            None => patches,
        };
        let tokens = tokens + self.position_embedding.val().unsqueeze();
        match &self.pre_norm {
            Some(norm) => norm.forward(tokens),
            None => tokens,
        }
    }

    fn pool(&self, tokens: Tensor<3>) -> Tensor<2> {
        let [batch, _, width] = tokens.dims();
        match &self.pooling {
            // [batch, tokens, width] -> [batch, width] -> [batch, projection_dim]
            Pooling::ClassToken(projection) => {
                let class = tokens.narrow(1, 0, 1).reshape([batch, width]);
                projection.forward(self.post_norm.forward(class))
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
    if config.pooling == VisionPooling::AttentionHead {
        convolution.bias = Some(weights.param(&format!("{name}.bias"), [width])?);
    }
    Ok(convolution)
}
