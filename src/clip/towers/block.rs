//! The transformer block that both towers share (pre-norm, as in CLIP; Hugging Face `CLIPEncoderLayer`).
//!
//! Key map, below a prefix such as `vision_model.encoder.layers.0`: `layer_norm1`, `self_attn` (see [`super::attention`]),
//! `layer_norm2`, `mlp.fc1`, `mlp.fc2`, each with `weight` and `bias`. Linear weights are `[out, in]` on disk.

use burn::module::Module;
use burn::tensor::{Bool, Int, Tensor, TensorData};

use super::attention::{AttentionParts, SelfAttention};
use super::norm::{Norm, layer_norm};
use crate::clip::kernels::dense::Dense;
use crate::clip::kernels::elementwise::{Same, apply_to_sums};
use crate::clip::{Activation, Checkpoint, Result};

/// One pre-norm block: attention and a feed-forward network, each with a residual.
#[derive(Module, Debug)]
pub struct Block {
    pub(super) norm_1: Norm,
    pub(super) attention: SelfAttention,
    pub(super) norm_2: Norm,
    pub(super) feed_forward: FeedForward,
}

/// Two linear layers with an activation between them.
#[derive(Module, Debug)]
pub struct FeedForward {
    pub(super) mlp_in: Dense,
    pub(super) mlp_out: Dense,
    #[module(skip)]
    pub(super) activation: Activation,
}

impl FeedForward {
    /// Loads `fc1` and `fc2` from below `prefix`.
    pub fn load(
        weights: &mut Checkpoint,
        prefix: &str,
        width: usize,
        hidden: usize,
        activation: Activation,
    ) -> Result<Self> {
        Ok(Self {
            mlp_in: Dense::load(weights, &format!("{prefix}.fc1"), width, hidden)?,
            mlp_out: Dense::load(weights, &format!("{prefix}.fc2"), hidden, width)?,
            activation,
        })
    }

    /// `[batch, tokens, width]` to the same, without a residual.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.mlp_out.forward(self.mlp_in.activated(x, self.activation))
    }
}

/// The sizes of a block.
pub struct BlockShape {
    /// Width of the residual stream.
    pub width: usize,
    /// Width inside the feed-forward network.
    pub hidden: usize,
    /// Heads of the attention.
    pub heads: usize,
    /// Epsilon of both LayerNorms.
    pub epsilon: f64,
    /// The activation of the feed-forward network.
    pub activation: Activation,
}

impl Block {
    /// Loads a block from below `prefix`.
    pub fn load(weights: &mut Checkpoint, prefix: &str, shape: &BlockShape) -> Result<Self> {
        let (width, hidden) = (shape.width, shape.hidden);
        Ok(Self {
            norm_1: layer_norm(weights, &format!("{prefix}.layer_norm1"), width, shape.epsilon)?,
            attention: SelfAttention::load(weights, &format!("{prefix}.self_attn"), width, shape.heads)?,
            norm_2: layer_norm(weights, &format!("{prefix}.layer_norm2"), width, shape.epsilon)?,
            feed_forward: FeedForward::load(weights, &format!("{prefix}.mlp"), width, hidden, shape.activation)?,
        })
    }

    /// The same, laid out for a GPU.
    pub fn put_together(mut self) -> Self {
        self.attention = self.attention.put_together();
        self
    }

    /// `[batch, tokens, width]` to the same; `causal` hides later tokens.
    pub fn forward(&self, x: Tensor<3>, causal: bool) -> Tensor<3> {
        let attended = self.attention.forward(self.norm_1.forward(x.clone()), causal);
        self.with_feed_forward(apply_to_sums(attended, x, Same))
    }

    /// The first token's way through the block, without a mask: `[batch, tokens, width]` to `[batch, 1, width]`. The other
    /// tokens are only attended to.
    pub fn forward_first(&self, x: Tensor<3>) -> Tensor<3> {
        let normed = self.norm_1.forward(x.clone());
        let attended = self.attention.attend(normed.clone().narrow(1, 0, 1), normed);
        self.with_feed_forward(attended + x.narrow(1, 0, 1))
    }

    /// The way through the block of one token of each sequence, by its place: `[batch, tokens, width]` to `[batch, width]`;
    /// `causal` hides later tokens. The others are only attended to.
    pub fn forward_at(&self, x: Tensor<3>, places: &[usize], causal: bool) -> Tensor<2> {
        let normed = self.norm_1.forward(x.clone());
        let hidden = causal.then(|| after(places, &normed));
        let asking = states_at(normed.clone(), places).unsqueeze_dim::<3>(1);
        let attended = self
            .attention
            .project(self.attention.gather_but(asking, normed, hidden));
        let stream = states_at(x, places).unsqueeze_dim::<3>(1);
        self.with_feed_forward(attended + stream).squeeze_dim(1)
    }

    /// What the attention does with the block's input, by the explicit path.
    pub fn parts(&self, x: Tensor<3>) -> AttentionParts {
        let normed = self.norm_1.forward(x);
        self.attention.parts(normed.clone(), normed)
    }

    /// The rest of the block: input `[batch, tokens, width]` and what the attention gathered for these tokens, before its
    /// output projection, to the block's output.
    pub fn after_attention(&self, x: Tensor<3>, gathered: Tensor<3>) -> Tensor<3> {
        self.with_feed_forward(x + self.attention.project(gathered))
    }

    /// The block's attention.
    pub fn attention(&self) -> &SelfAttention {
        &self.attention
    }

    fn with_feed_forward(&self, x: Tensor<3>) -> Tensor<3> {
        let fed = self.feed_forward.forward(self.norm_2.forward(x.clone()));
        apply_to_sums(fed, x, Same)
    }
}

/// `[batch, tokens, width]` to the states at one place of each sequence, `[batch, width]`.
pub fn states_at(tokens: Tensor<3>, places: &[usize]) -> Tensor<2> {
    let [batch, length, width] = tokens.dims();
    let rows = places.iter().enumerate();
    let rows: Vec<i64> = rows.map(|(n, place)| (n * length + place) as i64).collect();
    let rows: Tensor<1, Int> = Tensor::from_data(TensorData::new(rows, [batch]), &tokens.device());
    tokens.reshape([batch * length, width]).select(0, rows)
}

/// Which tokens of `[batch, tokens, width]` come after one place of each sequence, `[batch, 1, tokens]`.
fn after(places: &[usize], tokens: &Tensor<3>) -> Tensor<3, Bool> {
    let [batch, length, _] = tokens.dims();
    let later: Vec<bool> = places
        .iter()
        .flat_map(|&place| (0..length).map(move |token| token > place))
        .collect();
    Tensor::from_data(TensorData::new(later, [batch, 1, length]), &tokens.device())
}
