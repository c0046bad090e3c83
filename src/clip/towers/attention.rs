//! The transformer block that both towers share (pre-norm, as in CLIP; Hugging Face `CLIPEncoderLayer`).
//!
//! Key map, below a prefix such as `vision_model.encoder.layers.0`:
//! `layer_norm1`, `self_attn.{q,k,v,out}_proj`, `layer_norm2`, `mlp.fc1`, `mlp.fc2`, each with `weight` and `bias`.
//! Linear weights are `[out, in]` on disk.

use std::borrow::Cow;

use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::activation::softmax;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{DType, FloatDType, Tensor};

use crate::clip::kernels::dense::Dense;
use crate::clip::kernels::elementwise::{Same, apply_to_sums};
use crate::clip::kernels::gpu::add_norm::Scale;
use crate::clip::{Activation, Checkpoint, Result};

/// Multi-head self-attention.
#[derive(Module, Debug)]
pub struct SelfAttention {
    projections: Projections,
    pub(super) output: Dense,
    #[module(skip)]
    pub(super) heads: usize,
}

/// What makes queries, keys and values of tokens.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "modules of Burn cannot be boxed, and the larger one is the usual one"
)]
enum Projections {
    /// A layer each, as loaded.
    Apart(Apart),
    /// One layer whose outputs lie side by side: on a GPU one product costs less than three.
    Together(Dense),
}

#[derive(Module, Debug)]
struct Apart {
    query: Dense,
    key: Dense,
    value: Dense,
}

/// What happened inside an attention: what heatmaps need and the fused path hides.
#[derive(Clone)]
pub struct AttentionParts {
    /// Queries, `[batch, heads, tokens, head_dim]`.
    pub query: Tensor<4>,
    /// Keys, same shape.
    pub key: Tensor<4>,
    /// Values, same shape.
    pub value: Tensor<4>,
    /// Attention weights, `[batch, heads, tokens, tokens]`; rows sum to 1.
    pub weights: Tensor<4>,
}

impl SelfAttention {
    /// Loads `{q,k,v,out}_proj` from below `prefix`.
    pub fn load(weights: &mut Checkpoint, prefix: &str, width: usize, heads: usize) -> Result<Self> {
        Self::load_into(weights, prefix, width, heads, ("out_proj", width))
    }

    /// The same with an output projection of another name and width.
    pub fn load_into(
        weights: &mut Checkpoint,
        prefix: &str,
        width: usize,
        heads: usize,
        (output, output_width): (&str, usize),
    ) -> Result<Self> {
        let mut projection = |name: &str, out: usize| Dense::load(weights, &format!("{prefix}.{name}"), width, out);
        Ok(Self {
            projections: Projections::Apart(Apart {
                query: projection("q_proj", width)?,
                key: projection("k_proj", width)?,
                value: projection("v_proj", width)?,
            }),
            output: projection(output, output_width)?,
            heads,
        })
    }

    /// The same, laid out for a GPU: queries, keys and values by one product. It has no parameters of the former three.
    pub fn put_together(mut self) -> Self {
        if let Projections::Apart(Apart { query, key, value }) = &self.projections {
            self.projections = Projections::Together(Dense::side_by_side(&[query, key, value]));
        }
        self
    }

    /// The one layer that makes queries, keys and values, in this order; none as loaded.
    pub(super) fn together(&self) -> Option<&Dense> {
        match &self.projections {
            Projections::Apart(_) => None,
            Projections::Together(all) => Some(all),
        }
    }

    fn query(&self) -> Cow<'_, Dense> {
        self.projection(|apart| &apart.query, 0)
    }

    fn key(&self) -> Cow<'_, Dense> {
        self.projection(|apart| &apart.key, 1)
    }

    fn value(&self) -> Cow<'_, Dense> {
        self.projection(|apart| &apart.value, 2)
    }

    fn projection(&self, one: impl FnOnce(&Apart) -> &Dense, number: usize) -> Cow<'_, Dense> {
        match &self.projections {
            Projections::Apart(apart) => Cow::Borrowed(one(apart)),
            Projections::Together(all) => Cow::Owned(all.part(number, 3)),
        }
    }

    fn split(&self, x: Tensor<3>) -> Tensor<4> {
        let [batch, tokens, width] = x.dims();
        // [batch, tokens, width] -> [batch, heads, tokens, head_dim]
        x.reshape([batch, tokens, self.heads, width / self.heads])
            .swap_dims(1, 2)
    }

    fn forward(&self, x: Tensor<3>, causal: bool) -> Tensor<3> {
        let options = AttentionModuleOptions {
            is_causal: causal,
            ..Default::default()
        };
        let [query, key, value] = match &self.projections {
            Projections::Apart(apart) => [
                apart.query.forward(x.clone()),
                apart.key.forward(x.clone()),
                apart.value.forward(x),
            ],
            Projections::Together(all) => {
                let all = all.forward(x);
                let width = all.dims()[2] / 3;
                [0, 1, 2].map(|number| all.clone().narrow(2, number * width, width))
            }
        }
        .map(|x| self.split(x));
        self.project(merge_heads(attention(query, key, value, None, None, options)))
    }

    /// Lets one token `[batch, 1, width]` attend to others `[batch, tokens, width]`: `[batch, 1, output width]`.
    pub fn attend(&self, asking: Tensor<3>, tokens: Tensor<3>) -> Tensor<3> {
        self.project(self.gather(asking, tokens))
    }

    /// The same before the output projection: all heads side by side.
    ///
    /// Where one token asks, the others need neither keys nor values: a query's product with the key `W x + b` is that of
    /// `W^T query` with `x`, but for what is the same for all tokens, and the mean of values is the value of the mean.
    pub fn gather(&self, asking: Tensor<3>, tokens: Tensor<3>) -> Tensor<3> {
        let [batch, _, width] = asking.dims();
        let (heads, head_dim) = (self.heads, width / self.heads);
        let query = self.query().forward(asking).div_scalar((head_dim as f64).sqrt());
        let query = query.reshape([batch, heads, head_dim]).swap_dims(0, 1);
        // [heads, batch, head_dim] by [heads, head_dim, width]
        let asked = query.matmul(self.key().of_heads(heads).swap_dims(1, 2)).swap_dims(0, 1);
        // [batch, heads, width] by [batch, width, tokens], and by [batch, tokens, width] after it
        let weights = softmax(asked.matmul(tokens.clone().swap_dims(1, 2)), 2);
        let mean = weights.matmul(tokens).swap_dims(0, 1);
        // [heads, batch, width] by [heads, width, head_dim]
        let values = mean.matmul(self.value().of_heads(heads)).swap_dims(0, 1);
        values.reshape([batch, 1, width]) + self.value().bias().unsqueeze()
    }

    /// Lets every token attend to the tokens whose values point where its own does: `[batch, tokens, width]`.
    ///
    /// CLIP Surgery's form for ResNets: values of unit length are compared, at eight times the usual scale, so that cells
    /// with long values do not draw all attention to themselves.
    pub fn attend_by_value(&self, tokens: Tensor<3>) -> Tensor<3> {
        const SCALE: f64 = 8.0;
        /// Added to a length before it divides, as the authors' code does.
        const EPSILON: f32 = 1e-6;
        let value = self.split(self.value().forward(tokens));
        let length = value.clone().powi_scalar(2).sum_dim(3).sqrt();
        let direction = value.clone() / (length + EPSILON);
        let logits = attention_logits(direction.clone(), direction) * SCALE;
        self.apply_weights(softmax(logits, 3), value)
    }

    /// The type of the numbers that it computes in.
    pub fn dtype(&self) -> DType {
        self.output.bias().dtype()
    }

    /// What every token passes on: its value through the output projection, `[batch, tokens, width]`.
    pub fn value_path(&self, tokens: Tensor<3>) -> Tensor<3> {
        self.project(self.value().forward(tokens))
    }

    /// The output projection, `[batch, tokens, width]` to `[batch, tokens, output width]`.
    pub fn project(&self, gathered: Tensor<3>) -> Tensor<3> {
        self.output.forward(gathered)
    }

    /// The explicit path, without a mask: tokens `[batch, asking, width]` attend to others `[batch, tokens, width]`.
    pub fn parts(&self, asking: Tensor<3>, tokens: Tensor<3>) -> AttentionParts {
        let query = self.split(self.query().forward(asking));
        let key = self.split(self.key().forward(tokens.clone()));
        let value = self.split(self.value().forward(tokens));
        let weights = attention_weights(query.clone(), key.clone());
        AttentionParts {
            query,
            key,
            value,
            weights,
        }
    }

    /// Applies attention weights `[batch, heads, tokens, tokens]` to values and the output projection:
    /// `[batch, tokens, width]`.
    pub fn apply_weights(&self, weights: Tensor<4>, value: Tensor<4>) -> Tensor<3> {
        self.project(merge_heads(weights.matmul(value)))
    }
}

/// `softmax(a b^T / sqrt(head_dim))` over the last dimension.
pub fn attention_weights(a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    softmax(attention_logits(a, b), 3)
}

/// `a b^T / sqrt(head_dim)`, `[batch, heads, tokens of a, tokens of b]`.
pub fn attention_logits(a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    let head_dim = a.dims()[3] as f64;
    a.matmul(b.swap_dims(2, 3)).div_scalar(head_dim.sqrt())
}

/// `[batch, heads, tokens, head_dim]` to `[batch, tokens, heads * head_dim]`.
pub fn merge_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, heads, tokens, head_dim] = x.dims();
    x.swap_dims(1, 2).reshape([batch, tokens, heads * head_dim])
}

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

/// A LayerNorm that computes in f32 whatever comes in, as the paper's code does: the squares of half-precision numbers
/// leave their range.
#[derive(Module, Debug)]
pub struct Norm {
    inner: LayerNorm,
    #[module(skip)]
    epsilon: f64,
}

impl Norm {
    /// `[.., width]` to the same, in the type that came in.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if x.dtype() == DType::F16 {
            self.inner.forward(x.cast(FloatDType::F32)).cast(FloatDType::F16)
        } else {
            self.inner.forward(x)
        }
    }

    /// What it multiplies by and adds; none without an offset.
    pub(super) fn scale(&self) -> Option<Scale> {
        Some(Scale {
            gamma: self.inner.gamma.val(),
            beta: self.inner.beta.as_ref()?.val(),
            epsilon: self.epsilon,
        })
    }
}

/// Loads a LayerNorm's `{prefix}.weight` and `{prefix}.bias`.
pub fn layer_norm(weights: &mut Checkpoint, prefix: &str, width: usize, epsilon: f64) -> Result<Norm> {
    let mut norm = LayerNormConfig::new(width).with_epsilon(epsilon).init(weights.device());
    norm.gamma = weights.full_param(&format!("{prefix}.weight"), [width])?;
    norm.beta = Some(weights.full_param(&format!("{prefix}.bias"), [width])?);
    Ok(Norm { inner: norm, epsilon })
}
