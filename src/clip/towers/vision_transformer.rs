//! The Vision Transformer (Hugging Face `CLIPVisionTransformer` with `visual_projection`, and
//! `SiglipVisionTransformer`).
//!
//! Key map: `vision_model.embeddings.{patch_embedding, position_embedding.weight}`, `vision_model.encoder.layers.N` (see
//! [`super::attention`]), `vision_model.post_layernorm`. CLIP adds `vision_model.embeddings.class_embedding`,
//! `vision_model.pre_layrnorm` (the key is really spelt so) and `visual_projection.weight` `[out, in]`, with a bias in
//! some of timm's towers alone; SigLIP a bias of the patch embedding and the head of [`super::attention_head`].

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};

use super::attention::{AttentionParts, Block, BlockShape, Norm, layer_norm, merge_heads};
use super::attention_head::AttentionHead;
use super::fused::{Way, through};
use super::mappers::in_full;
use crate::clip::config::{VisionPooling, VitConfig};
use crate::clip::kernels::convolution::convolve;
use crate::clip::kernels::dense::Dense;
use crate::clip::kernels::elementwise::Same;
use crate::clip::kernels::gpu::add_norm::add_norm;
use crate::clip::kernels::gpu::tokens::{Made, tokens};
use crate::clip::{Checkpoint, Result, full};

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

/// Blocks at the end of the tower that are laid open for heatmaps.
const OPEN_BLOCKS: usize = 2;

/// The end of a Vision Transformer's pass over one picture, laid open for heatmaps.
pub struct VisionDense {
    /// The inputs of the last blocks, in order, each `[1, tokens, width]`; the last `rows * columns` tokens are the patches.
    pub inputs: Vec<Tensor<3>>,
    /// What the last block's attention did.
    pub attention: AttentionParts,
    /// The tokens after the last block, `[1, tokens, width]`.
    pub tokens: Tensor<3>,
    /// The picture's embedding, not normalised, `[1, projection_dim]`.
    pub embedding: Tensor<2>,
    /// Rows and columns of patches.
    pub grid: [usize; 2],
}

/// The attention that gathers a picture into one vector: the class token's in the last block, or the probe's in SigLIP's
/// head. All heads side by side, before the output projection.
pub struct GatheringAttention {
    /// What asks, `[1, width]`.
    pub query: Tensor<2>,
    /// The patches' keys, `[patches, width]`.
    pub keys: Tensor<2>,
    /// The patches' values, `[patches, width]`.
    pub values: Tensor<2>,
    /// What was gathered, `[1, width]`.
    pub gathered: Tensor<2>,
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

    /// The same tower, with the end that heatmaps take apart in f32: differences, small gradients, and logits of large
    /// keys leave the range of half precision. What comes before computes as it is.
    pub fn open_in_full(&self) -> Self {
        let mut tower = self.clone();
        let open = tower.earlier_blocks.split_off(self.closed_blocks());
        tower.earlier_blocks.extend(open.into_iter().map(in_full));
        tower.last_block = in_full(tower.last_block);
        tower.pooling = in_full(tower.pooling);
        tower
    }

    /// Blocks before those that are laid open.
    fn closed_blocks(&self) -> usize {
        self.earlier_blocks.len().saturating_sub(OPEN_BLOCKS - 1)
    }

    /// The same for one picture, by the explicit path in the last block, with everything that heatmaps need.
    pub fn forward_dense(&self, pixels: Tensor<4>) -> VisionDense {
        let (closed, open) = self.earlier_blocks.split_at(self.closed_blocks());
        let (tokens, grid) = self.embed_patches(pixels);
        let mut x = closed.iter().fold(tokens, |x, block| block.forward(x, false));
        if self.last_block.attention().dtype() == DType::F32 {
            x = full(x);
        }
        let mut inputs = vec![x.clone()];
        for block in open {
            x = block.forward(x, false);
            inputs.push(x.clone());
        }
        let attention = self.last_block.parts(x.clone());
        let gathered = merge_heads(attention.weights.clone().matmul(attention.value.clone()));
        let tokens = self.last_block.after_attention(x, gathered);
        VisionDense {
            inputs,
            attention,
            embedding: self.pool(tokens.clone()),
            tokens,
            grid,
        }
    }

    /// The last attention's values mixed by other weights `[1, heads, tokens, tokens]`, without residual and feed-forward,
    /// each patch taken into the shared space: `[1, patches, projection_dim]`.
    pub fn remixed_patches(&self, dense: &VisionDense, weights: Tensor<4>) -> Tensor<3> {
        let values = dense.attention.value.clone();
        self.patches_in_shared_space(self.last_block.attention().apply_weights(weights, values))
    }

    /// The tower's own last tokens, each patch taken into the shared space: `[1, patches, projection_dim]`.
    pub fn final_patches(&self, dense: &VisionDense) -> Tensor<3> {
        self.patches_in_shared_space(dense.tokens.clone())
    }

    /// SigLIP has no projection, but a head: each token takes its own way through it.
    fn patches_in_shared_space(&self, tokens: Tensor<3>) -> Tensor<3> {
        let normed = self.post_norm.forward(self.only_patches(tokens));
        match &self.pooling {
            Pooling::ClassToken(projection) => projection.forward(normed),
            Pooling::AttentionHead(head) => head.forward_each(normed),
        }
    }

    /// Leaves out the class token, if there is one.
    fn only_patches(&self, tokens: Tensor<3>) -> Tensor<3> {
        let class_tokens = usize::from(self.class_embedding.is_some());
        let patches = tokens.dims()[1] - class_tokens;
        tokens.narrow(1, class_tokens, patches)
    }

    /// The attention that gathers the picture into one vector.
    pub fn gathering_attention(&self, dense: &VisionDense) -> GatheringAttention {
        let parts = match &self.pooling {
            Pooling::ClassToken(_) => dense.attention.clone(),
            Pooling::AttentionHead(head) => head.parts(self.post_norm.forward(dense.tokens.clone())),
        };
        let first = |x: Tensor<3>| x.narrow(1, 0, 1).squeeze_dim::<2>(0);
        let patches = |x: Tensor<4>| self.only_patches(merge_heads(x)).squeeze_dim::<2>(0);
        GatheringAttention {
            query: first(merge_heads(parts.query)),
            gathered: first(merge_heads(parts.weights.matmul(parts.value.clone()))),
            keys: patches(parts.key),
            values: patches(parts.value),
        }
    }

    /// The output projection of that attention, bias included: `[n, width]` to the same.
    pub fn project_gathered(&self, x: Tensor<2>) -> Tensor<2> {
        let x = x.unsqueeze_dim::<3>(1);
        let projected = match &self.pooling {
            Pooling::ClassToken(_) => self.last_block.attention().project(x),
            Pooling::AttentionHead(head) => head.project(x),
        };
        projected.squeeze_dim(1)
    }

    /// The tower's pass from there on: `[n, width]`, gathered, to embeddings `[n, projection_dim]`, not normalised.
    pub fn embed_gathered(&self, dense: &VisionDense, gathered: Tensor<2>) -> Tensor<2> {
        let [n, width] = gathered.dims();
        let gathered = gathered.unsqueeze_dim::<3>(1);
        match (&self.pooling, dense.inputs.last()) {
            (Pooling::ClassToken(_), Some(input)) => {
                let class = input.clone().narrow(1, 0, 1).expand([n, 1, width]);
                self.pool(self.last_block.after_attention(class, gathered))
            }
            (Pooling::AttentionHead(head), _) => head.after_attention(gathered),
            (Pooling::ClassToken(_), None) => unreachable!("forward_dense keeps the last block's input"),
        }
    }

    /// What the attention of an open block does; `block` counts through [`VisionDense::inputs`].
    pub fn open_attention(&self, dense: &VisionDense, block: usize) -> AttentionParts {
        self.open_block(dense, block).parts(dense.inputs[block].clone())
    }

    /// What the pooling head's attention does with tokens `[1, tokens, width]`; none where there is no head.
    pub fn head_attention(&self, tokens: Tensor<3>) -> Option<AttentionParts> {
        match &self.pooling {
            Pooling::ClassToken(_) => None,
            Pooling::AttentionHead(head) => Some(head.parts(tokens)),
        }
    }

    /// What the head makes of values `[1, heads, tokens, head_dim]` under other weights `[n, heads, 1, tokens]`:
    /// `[n, projection_dim]`; none where there is no head.
    pub fn embed_by_head(&self, weights: Tensor<4>, values: Tensor<4>) -> Option<Tensor<2>> {
        let [n, heads, _, tokens] = weights.dims();
        let head_dim = values.dims()[3];
        match &self.pooling {
            Pooling::ClassToken(_) => None,
            Pooling::AttentionHead(head) => {
                let gathered = weights.matmul(values.expand([n, heads, tokens, head_dim]));
                Some(head.after_attention(merge_heads(gathered)))
            }
        }
    }

    /// The tokens after an open block under other weights `[n, heads, tokens, tokens]`, pooled into the shared space:
    /// `[n, projection_dim]`. CLIP's tokens are pooled by their mean, as LeGrad does.
    pub fn embed_reweighted(
        &self,
        dense: &VisionDense,
        block: usize,
        weights: Tensor<4>,
        values: Tensor<4>,
    ) -> Tensor<2> {
        let [n, heads, tokens, _] = weights.dims();
        let head_dim = values.dims()[3];
        let input = dense.inputs[block].clone().expand([n, tokens, heads * head_dim]);
        let gathered = merge_heads(weights.matmul(values.expand([n, heads, tokens, head_dim])));
        let z = self.open_block(dense, block).after_attention(input, gathered);
        match &self.pooling {
            Pooling::ClassToken(projection) => {
                projection.forward(self.post_norm.forward(z.mean_dim(1).squeeze_dim::<2>(1)))
            }
            Pooling::AttentionHead(_) => self.pool(z),
        }
    }

    /// An open block by its place in [`VisionDense::inputs`].
    fn open_block(&self, dense: &VisionDense, block: usize) -> &Block {
        let from_end = dense.inputs.len() - 1 - block;
        match from_end {
            0 => &self.last_block,
            _ => &self.earlier_blocks[self.earlier_blocks.len() - from_end],
        }
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

    /// The positions of a grid, `[tokens, width]`: the tower's own, or resized to it.
    fn positions(&self, [rows, columns]: [usize; 2]) -> Tensor<2> {
        let own = self.position_embedding.val();
        if [rows, columns] == [self.grid; 2] || self.class_embedding.is_some() {
            return own;
        }
        let (down, across) = (bilinear(self.grid, rows), bilinear(self.grid, columns));
        let mut weights = Vec::with_capacity(rows * columns * self.grid * self.grid);
        for row in &down {
            for column in &across {
                weights.extend(row.iter().flat_map(|y| column.iter().map(move |x| y * x)));
            }
        }
        let weights = TensorData::new(weights, [rows * columns, self.grid * self.grid]);
        let (weights, dtype) = (Tensor::<2>::from_data(weights, &own.device()), own.dtype());
        let resized = weights.matmul(full(own));
        if dtype == DType::F16 {
            resized.cast(FloatDType::F16)
        } else {
            resized
        }
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

/// How much each of `from` places counts in each of `to`, as PyTorch resizes bilinearly with antialiasing.
fn bilinear(from: usize, to: usize) -> Vec<Vec<f32>> {
    let scale = from as f32 / to as f32;
    let support = scale.max(1.0);
    let row = |place: usize| {
        let centre = (place as f32 + 0.5) * scale - 0.5;
        let weight = |source: usize| (1.0 - (source as f32 - centre).abs() / support).max(0.0);
        let weights: Vec<f32> = (0..from).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    };
    (0..to).map(row).collect()
}
