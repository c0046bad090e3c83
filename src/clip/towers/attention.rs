//! Multi-head self-attention (Hugging Face `CLIPAttention`), and what is inside of it, laid open for heatmaps.
//!
//! Key map, below a prefix such as `vision_model.encoder.layers.0.self_attn`: `{q,k,v,out}_proj`, each with `weight`,
//! `[out, in]` on disk, and `bias`.

use std::borrow::Cow;

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, DType, Tensor};

use crate::clip::kernels::dense::Dense;
use crate::clip::{Checkpoint, Result};

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

    /// Tokens `[batch, tokens, width]` attend to each other; `causal` hides later ones.
    pub(super) fn forward(&self, x: Tensor<3>, causal: bool) -> Tensor<3> {
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
        self.gather_but(asking, tokens, None)
    }

    /// The same without the tokens that are hidden, `[batch, 1, tokens]`.
    pub(super) fn gather_but(
        &self,
        asking: Tensor<3>,
        tokens: Tensor<3>,
        hidden: Option<Tensor<3, Bool>>,
    ) -> Tensor<3> {
        let [batch, _, width] = asking.dims();
        let (heads, head_dim) = (self.heads, width / self.heads);
        let query = self.query().forward(asking).div_scalar((head_dim as f64).sqrt());
        let query = query.reshape([batch, heads, head_dim]).swap_dims(0, 1);
        // [heads, batch, head_dim] by [heads, head_dim, width]
        let asked = query.matmul(self.key().of_heads(heads).swap_dims(1, 2)).swap_dims(0, 1);
        // [batch, heads, width] by [batch, width, tokens], and by [batch, tokens, width] after it
        let mut logits = asked.matmul(tokens.clone().swap_dims(1, 2));
        if let Some(hidden) = hidden {
            let shape = logits.dims();
            logits = logits.mask_fill(hidden.expand(shape), f32::NEG_INFINITY);
        }
        let weights = softmax(logits, 2);
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

/// The gradient of scores by attention weights, `[heads, scores, asking, tokens]`, from that by what was gathered,
/// `[scores, asking, width]`, and the values, `[1, heads, tokens, head_dim]`, which are the same for all scores.
pub fn by_weights(by_gathered: Tensor<3>, value: Tensor<4>) -> Tensor<4> {
    let [scores, asking, _] = by_gathered.dims();
    let [_, heads, tokens, head_dim] = value.dims();
    // A weight's share in what was gathered is its token's value. One product a head for the rows of all scores.
    let rows = by_gathered.reshape([scores * asking, heads, head_dim]).swap_dims(0, 1);
    let values = value.squeeze_dim::<3>(0).swap_dims(1, 2);
    rows.matmul(values).reshape([heads, scores, asking, tokens])
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
