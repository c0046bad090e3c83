//! The text transformer (Hugging Face `CLIPTextTransformer` and `SiglipTextTransformer`, with their projections).
//!
//! Key map: `text_model.embeddings.{token_embedding, position_embedding}.weight`, `text_model.encoder.layers.N` (see
//! [`super::attention`]), `text_model.final_layer_norm`, and the projection, `text_projection.weight` `[out, in]` for
//! CLIP, `text_model.head` with a bias for SigLIP; a few towers have none.
//!
//! Where attention is causal, tokens after the pooled one change nothing: texts run at their true length, in batches
//! of similar length. A bidirectional tower gets its texts at the full length, as they were padded.

use burn::module::{Module, Param};
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::{Int, Tensor, TensorData};

use super::attention::{Block, BlockShape, Norm, layer_norm};
use super::fused::{Way, through};
use crate::clip::config::{TextConfig, TextPooling};
use crate::clip::{Checkpoint, Result};

/// The text tower.
#[derive(Module, Debug)]
pub struct TextTransformer {
    token_embedding: Embedding,
    position_embedding: Param<Tensor<2>>,
    blocks: Vec<Block>,
    final_norm: Norm,
    projection: Option<Linear>,
    #[module(skip)]
    pooling: TextPooling,
    #[module(skip)]
    causal: bool,
}

impl TextTransformer {
    /// Loads the tower.
    ///
    /// # Errors
    /// The file cannot be read; missing tensors are named by [`Checkpoint::finish`].
    pub fn load(weights: &mut Checkpoint, config: &TextConfig, projection_dim: usize) -> Result<Self> {
        let width = config.hidden_size;
        let shape = BlockShape {
            width,
            hidden: config.intermediate_size,
            heads: config.num_attention_heads,
            epsilon: config.layer_norm_eps,
            activation: config.hidden_act,
        };
        let mut token_embedding = EmbeddingConfig::new(1, 1).init(weights.device());
        token_embedding.weight = weights.param(
            "text_model.embeddings.token_embedding.weight",
            [config.vocab_size, width],
        )?;
        let blocks = (0..config.num_hidden_layers)
            .map(|n| Block::load(weights, &format!("text_model.encoder.layers.{n}"), &shape))
            .collect::<Result<_>>()?;
        Ok(Self {
            token_embedding,
            position_embedding: weights.param(
                "text_model.embeddings.position_embedding.weight",
                [config.max_position_embeddings, width],
            )?,
            blocks,
            final_norm: layer_norm(weights, "text_model.final_layer_norm", width, config.layer_norm_eps)?,
            projection: match config.projected {
                true => Some(projection(weights, config, projection_dim)?),
                false => None,
            },
            pooling: config.pooling,
            causal: config.causal,
        })
    }

    /// One of its weights, to see where it computes.
    pub(super) fn some_weight(&self) -> Tensor<2> {
        self.position_embedding.val()
    }

    /// The same tower, laid out for a GPU: queries, keys and values by one product.
    pub fn put_together(mut self) -> Self {
        self.blocks = self.blocks.into_iter().map(Block::put_together).collect();
        self
    }

    /// The position whose state becomes the embedding.
    pub fn pooled_position(&self, ids: &[u32]) -> usize {
        let place = match self.pooling {
            TextPooling::LargestId => {
                let largest = ids.iter().max();
                ids.iter().position(|id| Some(id) == largest)
            }
            TextPooling::FirstEnd(end) => ids.iter().position(|&id| id == end),
            TextPooling::Last => ids.len().checked_sub(1),
        };
        place.unwrap_or(0)
    }

    /// Token ids of one or more texts to embeddings `[texts, projection_dim]`, not normalised.
    ///
    /// Texts of different lengths are padded on the right to the longest; causal attention never looks there, and a
    /// tower without it gets texts of one length.
    pub fn forward(&self, texts: &[&[u32]]) -> Tensor<2> {
        let device = self.token_embedding.weight.device();
        let pooled: Vec<usize> = texts.iter().map(|ids| self.pooled_position(ids)).collect();
        let longest = if self.causal {
            pooled.iter().max().map_or(1, |&position| position + 1)
        } else {
            texts.iter().map(|ids| ids.len()).max().unwrap_or(1)
        };
        let mut ids = Vec::with_capacity(texts.len() * longest);
        for (row, text) in texts.iter().enumerate() {
            ids.extend(text.iter().take(longest).map(|&id| i64::from(id)));
            ids.resize((row + 1) * longest, 0);
        }
        let ids: Tensor<2, Int> = Tensor::from_data(TensorData::new(ids, [texts.len(), longest]), &device);
        // [texts, longest] -> [texts, longest, width]
        let positions = self.position_embedding.val().narrow(0, 0, longest);
        let embedded = self.token_embedding.forward(ids) + positions.unsqueeze();
        if let Some(normed) = self.normed_by_kernels(&embedded) {
            return self.projected(pool(normed, &pooled));
        }
        let tokens = self
            .blocks
            .iter()
            .fold(embedded, |x, block| block.forward(x, self.causal));
        self.projected(self.final_norm.forward(pool(tokens, &pooled)))
    }

    /// Embedded tokens `[texts, longest, width]` through all blocks and the norm at the end, by kernels of our own; none
    /// where they do not take the numbers.
    fn normed_by_kernels(&self, embedded: &Tensor<3>) -> Option<Tensor<3>> {
        let [texts, longest, width] = embedded.dims();
        let blocks: Vec<&Block> = self.blocks.iter().collect();
        let way = Way {
            batch: texts,
            causal: self.causal,
            only_first: false,
        };
        let tokens = embedded.clone().reshape([1, texts * longest, width]);
        let normed = through(&blocks, tokens, way, &self.final_norm)?;
        Some(normed.reshape([texts, longest, width]))
    }

    fn projected(&self, states: Tensor<2>) -> Tensor<2> {
        match &self.projection {
            Some(projection) => projection.forward(states),
            None => states,
        }
    }
}

/// `[texts, longest, width]` to the states at these positions, `[texts, width]`.
fn pool(tokens: Tensor<3>, pooled: &[usize]) -> Tensor<2> {
    let [texts, longest, width] = tokens.dims();
    let rows: Vec<i64> = pooled
        .iter()
        .enumerate()
        .map(|(text, position)| (text * longest + position) as i64)
        .collect();
    let rows: Tensor<1, Int> = Tensor::from_data(TensorData::new(rows, [texts]), &tokens.device());
    tokens.reshape([texts * longest, width]).select(0, rows)
}

fn projection(weights: &mut Checkpoint, config: &TextConfig, projection_dim: usize) -> Result<Linear> {
    let name = config.projection.name;
    Ok(Linear {
        weight: weights.linear_weight(&format!("{name}.weight"), config.hidden_size, projection_dim)?,
        bias: if config.projection.bias {
            Some(weights.param(&format!("{name}.bias"), [projection_dim])?)
        } else {
            None
        },
    })
}
