//! The end of the tower laid open, for methods that say where and why a score comes about.

use burn::tensor::{DType, Tensor};

use super::{Pooling, VisionTransformer};
use crate::clip::full;
use crate::clip::towers::attention::{AttentionParts, merge_heads};
use crate::clip::towers::block::Block;
use crate::clip::towers::block_gradient::BlockGradient;
use crate::clip::towers::mappers::in_full;

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

    /// What the pooling head's attention does with tokens `[1, tokens, width]`; none where there is no head.
    pub fn head_attention(&self, tokens: Tensor<3>) -> Option<AttentionParts> {
        match &self.pooling {
            Pooling::ClassToken(_) => None,
            Pooling::AttentionHead(head) => Some(head.parts(tokens)),
        }
    }

    /// What the head makes of what its probe gathered, `[n, 1, width]`: `[n, projection_dim]`; none where there is no head.
    pub fn embed_by_head(&self, gathered: Tensor<3>) -> Option<Tensor<2>> {
        match &self.pooling {
            Pooling::ClassToken(_) => None,
            Pooling::AttentionHead(head) => Some(head.after_attention(gathered)),
        }
    }

    /// The mean of the tokens that leave an open block, `[1, width]`.
    pub fn open_mean(&self, dense: &VisionDense, block: usize) -> Tensor<2> {
        let output = dense.inputs.get(block + 1).unwrap_or(&dense.tokens);
        output.clone().mean_dim(1).squeeze_dim(1)
    }

    /// How scores of that mean depend on the block's attention.
    pub fn open_gradient(&self, dense: &VisionDense, block: usize) -> BlockGradient {
        let (open, input) = (self.open_block(dense, block), dense.inputs[block].clone());
        let attention = match block + 1 == dense.inputs.len() {
            true => dense.attention.clone(),
            false => open.parts(input.clone()),
        };
        BlockGradient::new(open, input, attention)
    }

    /// Means of tokens `[n, width]` in the shared space, `[n, projection_dim]`, as LeGrad pools; none where a head does.
    pub fn embed_mean(&self, means: Tensor<2>) -> Option<Tensor<2>> {
        match &self.pooling {
            Pooling::ClassToken(projection) => Some(projection.forward(self.post_norm.forward(means))),
            Pooling::AttentionHead(_) => None,
        }
    }

    /// An open block by its place in [`VisionDense::inputs`].
    pub(in crate::clip::towers) fn open_block(&self, dense: &VisionDense, block: usize) -> &Block {
        let from_end = dense.inputs.len() - 1 - block;
        match from_end {
            0 => &self.last_block,
            _ => &self.earlier_blocks[self.earlier_blocks.len() - from_end],
        }
    }
}
