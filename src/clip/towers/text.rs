//! The text transformer (Hugging Face `CLIPTextTransformer` and `SiglipTextTransformer`, with their projections).
//!
//! Key map: `text_model.embeddings.{token_embedding, position_embedding}.weight`, `text_model.encoder.layers.N` (see
//! [`super::block`]), `text_model.final_layer_norm`, and the projection, `text_projection.weight` `[out, in]` for
//! CLIP, `text_model.head` with a bias for SigLIP; a few towers have none.
//!
//! Where attention is causal, tokens after the pooled one change nothing: on the processor texts run at their true length,
//! in batches of similar length; on a GPU at the next of a few lengths, for which its kernels are compiled beforehand. A
//! bidirectional tower gets its texts at the full length, as they were padded.

use burn::module::{Module, Param};
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::{Int, Tensor, TensorData};

use super::block::{Block, BlockShape, states_at};
use super::fused::{Way, through};
use super::norm::{Norm, layer_norm};
use crate::clip::config::{TextConfig, TextPooling};
use crate::clip::kernels::elementwise::on_processor;
use crate::clip::kernels::on_gpu::on_gpu;
use crate::clip::{Checkpoint, Result};

/// Texts in one pass.
pub const TEXT_BATCH: usize = 32;

/// Lengths at which a GPU runs causal towers, but for the full one: a short prompt, and a long one.
const LENGTHS: [usize; 2] = [16, 32];

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

    /// Which texts go into a pass together, by their places: at most [`TEXT_BATCH`], of similar length, and on a GPU of those
    /// that run at one length.
    pub fn batches(&self, texts: &[&[u32]]) -> Vec<Vec<usize>> {
        let lengths: Vec<usize> = texts.iter().map(|ids| self.needs(ids)).collect();
        let runs_at = |needed: usize| match self.runs_at_few() {
            true => self.length(needed),
            false => 0,
        };
        grouped(&lengths, runs_at)
    }

    /// Whether it runs at a few lengths only: causal, on a GPU.
    fn runs_at_few(&self) -> bool {
        self.causal && on_gpu(&self.some_weight())
    }

    /// How many of a text's tokens its embedding depends on.
    fn needs(&self, ids: &[u32]) -> usize {
        match self.causal {
            true => self.pooled_position(ids) + 1,
            false => ids.len(),
        }
    }

    /// The length at which a text that needs so many tokens runs.
    fn length(&self, needed: usize) -> usize {
        match self.runs_at_few() {
            true => next_length(needed, self.position_embedding.dims()[0]),
            false => needed,
        }
    }

    /// Token ids of one or more texts to embeddings `[texts, projection_dim]`, not normalised.
    ///
    /// Texts of different lengths are padded on the right to the longest; causal attention never looks there, and a
    /// tower without it gets texts of one length.
    pub fn forward(&self, texts: &[&[u32]]) -> Tensor<2> {
        let needed = texts.iter().map(|ids| self.needs(ids)).max().unwrap_or(1);
        self.forward_at(texts, self.length(needed))
    }

    /// The same with all texts padded or cut to one length.
    fn forward_at(&self, texts: &[&[u32]], longest: usize) -> Tensor<2> {
        let device = self.token_embedding.weight.device();
        let pooled: Vec<usize> = texts.iter().map(|ids| self.pooled_position(ids)).collect();
        let mut ids = Vec::with_capacity(texts.len() * longest);
        for (row, text) in texts.iter().enumerate() {
            ids.extend(text.iter().take(longest).map(|&id| i64::from(id)));
            ids.resize((row + 1) * longest, 0);
        }
        let ids: Tensor<2, Int> = Tensor::from_data(TensorData::new(ids, [texts.len(), longest]), &device);
        // [texts, longest] -> [texts, longest, width]
        let positions = self.position_embedding.val().narrow(0, 0, longest);
        let embedded = self.token_embedding.forward(ids) + positions.unsqueeze();
        self.projected(match self.normed_by_kernels(&embedded) {
            Some(normed) => states_at(normed, &pooled),
            None => self.final_norm.forward(self.pooled_states(embedded, &pooled)),
        })
    }

    /// Embedded tokens `[texts, longest, width]` through all blocks, and what is pooled of them, `[texts, width]`. On the
    /// processor only that goes through the last block; elsewhere, fewer rows save less than more launches cost.
    fn pooled_states(&self, embedded: Tensor<3>, pooled: &[usize]) -> Tensor<2> {
        let Some((last, earlier)) = self.blocks.split_last() else {
            return states_at(embedded, pooled);
        };
        let tokens = earlier.iter().fold(embedded, |x, block| block.forward(x, self.causal));
        match on_processor(&tokens) {
            true => last.forward_at(tokens, pooled, self.causal),
            false => states_at(last.forward(tokens, self.causal), pooled),
        }
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

/// The first of the few lengths that holds so many tokens; the whole context where none does.
fn next_length(needed: usize, context: usize) -> usize {
    let fits = LENGTHS.into_iter().find(|&length| needed <= length);
    fits.unwrap_or(context).min(context)
}

/// Places of texts, the shortest first, in groups of at most [`TEXT_BATCH`] of which all run at the same length.
fn grouped(needed: &[usize], runs_at: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..needed.len()).collect();
    order.sort_by_key(|&text| needed[text]);
    let alike = order.chunk_by(|&a, &b| runs_at(needed[a]) == runs_at(needed[b]));
    alike
        .flat_map(|texts| texts.chunks(TEXT_BATCH))
        .map(<[usize]>::to_vec)
        .collect()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::clip::{Model, rows_of, unit};

    #[test]
    fn a_few_lengths_hold_every_text() {
        let lengths = [1, 16, 17, 32, 33, 77].map(|needed| next_length(needed, 77));
        assert_eq!(lengths, [16, 16, 32, 32, 77, 77]);
        assert_eq!(next_length(9, 12), 12, "no longer than the context");
        assert_eq!(next_length(18, 20), 20);
    }

    #[test]
    fn texts_go_together_that_run_at_one_length() {
        let needed = [40, 5, 17, 8, 16];
        let groups = grouped(&needed, |needed| next_length(needed, 77));
        assert_eq!(groups, [vec![1, 3, 4], vec![2], vec![0]]);
        let groups = grouped(&needed, |_| 0);
        assert_eq!(groups, [vec![1, 3, 4, 2, 0]], "by their length, all in one");
        let sizes: Vec<usize> = grouped(&[7; 70], |_| 0).iter().map(Vec::len).collect();
        assert_eq!(sizes, [TEXT_BATCH, TEXT_BATCH, 6]);
    }

    #[test]
    fn one_token_through_the_last_block_is_that_token_of_all() {
        const TOLERANCE: f32 = 2e-5;
        let device = Device::flex();
        device.seed(6);
        for (name, causal) in [("clip-f32", true), ("clip-f16", true), ("siglip", false)] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
            let open = || Model::open(&path, &device).unwrap();
            for model in [open(), open().laid_out()] {
                let tower = &model.towers().text;
                assert_eq!(tower.causal, causal, "{name}");
                let width = tower.position_embedding.dims()[1];
                let embedded = Tensor::random([3, 9, width], Distribution::Normal(0.0, 1.0), &device);
                let pooled = [8, 0, 5];
                let found = tower.pooled_states(embedded.clone(), &pooled);
                let all = tower.blocks.iter().fold(embedded, |x, block| block.forward(x, causal));
                let expected = states_at(all, &pooled);
                let largest = expected.clone().abs().max().into_scalar::<f32>();
                let difference = (found - expected).abs().max().into_scalar::<f32>();
                assert!(difference <= TOLERANCE * largest, "{name}: {difference} of {largest}");
            }
        }
    }

    #[test]
    fn a_causal_tower_gives_at_any_length_what_it_gives_at_the_full_one() {
        const TOLERANCE: f32 = 5e-6;
        let device = Device::flex();
        for name in ["clip-f32", "clip-f16", "openclip-vit", "metaclip2"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
            let model = Model::open(&path, &device).unwrap().laid_out();
            let tower = &model.towers().text;
            assert!(tower.causal, "{name} hides later tokens");
            let context = tower.position_embedding.dims()[0];
            let tokens = ["cat", "a photo of a dog", "", "42 lemons"].map(|text| model.tokenize(text).unwrap().ids);
            let texts: Vec<&[u32]> = tokens.iter().map(Vec::as_slice).collect();
            let longest = texts.iter().map(|ids| tower.needs(ids)).max().unwrap();
            let rows = |found: Tensor<2>| rows_of(unit(found)).unwrap();
            let full = rows(tower.forward_at(&texts, context));
            for length in [longest, next_length(longest, context)] {
                let found = rows(tower.forward_at(&texts, length));
                for (found, full) in found.iter().flatten().zip(full.iter().flatten()) {
                    let difference = (found - full).abs();
                    assert!(difference < TOLERANCE, "{name} at {length} of {context}: {difference}");
                }
            }
        }
    }
}
