//! SigLIP's attention pooling head (Hugging Face `SiglipMultiheadAttentionPoolingHead`): a learned probe attends to the
//! patches, and a feed-forward network with a residual follows.
//!
//! Key map, under `vision_model.head`: `probe`; `attention.{q,k,v}_proj` (stored as one `in_proj_{weight, bias}`) and
//! `attention.out_proj`; `layernorm`; `mlp.{fc1, fc2}`.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::attention::{AttentionParts, SelfAttention};
use super::block::FeedForward;
use super::norm::{Norm, layer_norm};
use crate::clip::config::VitConfig;
use crate::clip::{Checkpoint, Result};

const PREFIX: &str = "vision_model.head";

/// The pooling head.
#[derive(Module, Debug)]
pub struct AttentionHead {
    probe: Param<Tensor<3>>,
    attention: SelfAttention,
    norm: Norm,
    feed_forward: FeedForward,
}

impl AttentionHead {
    /// Loads the head.
    pub fn load(weights: &mut Checkpoint, config: &VitConfig) -> Result<Self> {
        let width = config.hidden_size;
        let (attention, mlp) = (format!("{PREFIX}.attention"), format!("{PREFIX}.mlp"));
        Ok(Self {
            probe: weights.param(&format!("{PREFIX}.probe"), [1, 1, width])?,
            attention: SelfAttention::load(weights, &attention, width, config.num_attention_heads)?,
            norm: layer_norm(weights, &format!("{PREFIX}.layernorm"), width, config.layer_norm_eps)?,
            feed_forward: FeedForward::load(weights, &mlp, width, config.intermediate_size, config.hidden_act)?,
        })
    }

    /// Tokens `[batch, tokens, width]` to one state a picture, `[batch, width]`.
    pub fn forward(&self, tokens: Tensor<3>) -> Tensor<2> {
        let [batch, _, width] = tokens.dims();
        let probe = self.probe.val().expand([batch, 1, width]);
        let pooled = self.attention.attend(probe, tokens);
        self.finish(pooled).reshape([batch, width])
    }

    /// What the probe's attention to tokens `[1, tokens, width]` does.
    pub fn parts(&self, tokens: Tensor<3>) -> AttentionParts {
        self.attention.parts(self.probe.val(), tokens)
    }

    /// From what the probe gathered, `[batch, 1, width]` before the output projection, to one state a picture.
    pub fn after_attention(&self, gathered: Tensor<3>) -> Tensor<2> {
        self.finish(self.project(gathered)).squeeze_dim(1)
    }

    /// The attention's output projection.
    pub fn project(&self, gathered: Tensor<3>) -> Tensor<3> {
        self.attention.project(gathered)
    }

    /// What the head would answer if the probe saw one token alone, for every token: `[batch, tokens, width]`.
    ///
    /// The way of a token into the embedding, since attention to a single token passes its value on as it is.
    pub fn forward_each(&self, tokens: Tensor<3>) -> Tensor<3> {
        self.finish(self.attention.value_path(tokens))
    }

    fn finish(&self, pooled: Tensor<3>) -> Tensor<3> {
        pooled.clone() + self.feed_forward.forward(self.norm.forward(pooled))
    }
}
