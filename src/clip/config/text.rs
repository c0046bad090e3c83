//! The text tower.

use serde::Deserialize;

use super::Activation;

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct TextConfig {
    /// Entries of the token embedding.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width inside the feed-forward block.
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    /// Context length in tokens.
    pub max_position_embeddings: usize,
    /// Activation of the feed-forward block.
    pub hidden_act: Activation,
    /// Epsilon of every LayerNorm.
    pub layer_norm_eps: f64,
    /// Which token's state becomes the embedding.
    #[serde(skip)]
    pub pooling: TextPooling,
    /// Whether later tokens are hidden from earlier ones.
    #[serde(skip)]
    pub causal: bool,
    /// Whether every text fills the context, as SigLIP was trained.
    #[serde(skip)]
    pub padded: bool,
    /// Whether a projection leads into the shared space; without one the pooled state lies there.
    #[serde(skip)]
    pub projected: bool,
    /// Where that projection lies, and whether it has a bias.
    #[serde(skip)]
    pub projection: TextProjection,
}

impl TextConfig {
    /// The tower in a few words.
    pub fn summary(&self) -> String {
        let attention = if self.causal { "causal" } else { "bidirectional" };
        format!(
            "Transformer, {} blocks of {}, {attention}, {} tokens known",
            self.num_hidden_layers, self.hidden_size, self.vocab_size
        )
    }
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49_408,
            hidden_size: 512,
            intermediate_size: 2_048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
            pooling: TextPooling::default(),
            causal: true,
            padded: false,
            projected: true,
            projection: TextProjection::default(),
        }
    }
}

/// Which token's state becomes a text's embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextPooling {
    /// The first of the largest id, which is CLIP's end token.
    #[default]
    LargestId,
    /// The first end token of this id.
    FirstEnd(u32),
    /// The last of the context.
    Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextProjection {
    /// Its name before `.weight` and `.bias`.
    pub name: &'static str,
    /// Whether it has a bias.
    pub bias: bool,
}

impl Default for TextProjection {
    fn default() -> Self {
        Self {
            name: "text_projection",
            bias: false,
        }
    }
}
