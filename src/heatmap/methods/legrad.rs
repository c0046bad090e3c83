//! LeGrad (Bousselham et al. 2024, arXiv 2404.03214): which attention, had it been stronger, would have raised the score.
//!
//! For each of the last two blocks, after the authors' code. CLIP: `s = cos(t, proj(ln_post(mean of the block's tokens)))`,
//! and the map is the mean over heads and asking tokens of `ReLU(ds / dA)` with `A` the block's attention, patches only.
//! SigLIP: `s = cos(t, head(the block's tokens))`, and the map is the mean over heads of `ReLU(ds / dA)` with `A` the row
//! of the pooling head's attention by which the probe asks; the tokens go into the head as they leave the block, without
//! the tower's last normalisation. The blocks' maps are added. Where SigLIP's map of a text that names nothing exceeds
//! 0.8 of its range, the maps of all labels are 0.

use burn::tensor::Tensor;
use image::RgbImage;

use super::gradient::{of_cosines, raising};
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, vit};
use crate::clip::{AttentionParts, Model, Result, VisionDense, VisionTransformer};
use crate::heatmap::HeatmapMethod;

/// Labels in one pass back; more would only take memory.
const LABELS_AT_ONCE: usize = 4;
/// The text that names nothing.
const EMPTY_PROMPT: &str = "a photo of a";
/// From this share of its map's range on, what it marks is left out.
const EMPTY_SHARE: f32 = 0.8;

pub struct LeGrad;

struct OpenBlocks {
    tower: VisionTransformer,
    dense: VisionDense,
}

/// What a pooling head does with the tokens of the last blocks.
struct OpenHead {
    tower: VisionTransformer,
    blocks: Vec<AttentionParts>,
    grid: [usize; 2],
    /// The map of the text that names nothing, from 0 to 1, `[1, cells]`.
    empty: Tensor<2>,
}

impl Method for LeGrad {
    fn card(&self) -> Card {
        Card {
            title: "LeGrad",
            shows: Shows::Why,
            computes: "How much more attention to each cell would raise the score: in the last two blocks, or in SigLIP's \
                       pooling head over them.",
            cannot_tell: "It explains the mean of the last tokens (SigLIP: what the head makes of the last two blocks), \
                          which is near the score that is shown, but not it.",
            source: "Bousselham et al. 2024, arXiv 2404.03214, with the authors' correction for SigLIP",
            neutral: Neutral::Zero,
            cost: Cost::PassPerLabel,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let tower = vit(model).ok_or_else(|| does_not_fit(model, HeatmapMethod::LeGrad))?;
        let dense = tower.forward_dense(pixels_of(model, view));
        // What leaves the last blocks: the inputs of those after them, and the last tokens.
        let outputs = dense.inputs[1..].iter().chain([&dense.tokens]).cloned();
        let blocks: Option<Vec<_>> = outputs.map(|tokens| tower.head_attention(tokens)).collect();
        let Some(blocks) = blocks else {
            return Ok(Box::new(OpenBlocks { tower, dense }));
        };
        let embedded = model.embed_texts(&[model.tokenize(EMPTY_PROMPT)?])?;
        let empty: Vec<f32> = embedded.into_iter().flat_map(|one| one.vector).collect();
        let mut open = OpenHead {
            grid: dense.grid,
            empty: Tensor::zeros([1, dense.grid.iter().product()], model.device()),
            tower,
            blocks,
        };
        let text = Tensor::<1>::from_floats(empty.as_slice(), model.device()).unsqueeze();
        open.empty = stretched(open.some_maps(text));
        Ok(Box::new(open))
    }
}

impl Evidence for OpenBlocks {
    fn maps(&self, _model: &Model, texts: Tensor<2>) -> Tensor<2> {
        a_few_at_once(texts, |texts| {
            let of = |block: usize| self.block_maps(block, texts.clone());
            (1..self.dense.inputs.len()).fold(of(0), |sum, block| sum + of(block))
        })
    }

    fn grid(&self) -> [usize; 2] {
        self.dense.grid
    }
}

impl OpenBlocks {
    fn block_maps(&self, block: usize, texts: Tensor<2>) -> Tensor<2> {
        let labels = texts.dims()[0];
        let parts = self.tower.open_attention(&self.dense, block);
        let [_, heads, tokens, _] = parts.weights.dims();
        let start = parts.weights.expand([labels, heads, tokens, tokens]);
        let gradient = of_cosines(start, texts, |weights| {
            self.tower.embed_reweighted(&self.dense, block, weights, parts.value)
        });
        // [labels, heads, asking, tokens] -> [labels, tokens] -> [labels, cells]
        let means = raising(gradient).mean_dim(1).mean_dim(2).reshape([labels, tokens]);
        let [rows, columns] = self.dense.grid;
        let cells = rows * columns;
        means.narrow(1, tokens - cells, cells)
    }
}

impl Evidence for OpenHead {
    fn maps(&self, _model: &Model, texts: Tensor<2>) -> Tensor<2> {
        let maps = a_few_at_once(texts, |texts| self.some_maps(texts));
        let says_nothing = self.empty.clone().greater_elem(EMPTY_SHARE).expand(maps.dims());
        maps.mask_fill(says_nothing, 0.0)
    }

    fn grid(&self) -> [usize; 2] {
        self.grid
    }
}

impl OpenHead {
    fn some_maps(&self, texts: Tensor<2>) -> Tensor<2> {
        let [labels, _] = texts.dims();
        let of = |parts: &AttentionParts| {
            let [_, heads, _, tokens] = parts.weights.dims();
            let start = parts.weights.clone().expand([labels, heads, 1, tokens]);
            let gradient = of_cosines(start, texts.clone(), |weights| {
                let embedded = self.tower.embed_by_head(weights, parts.value.clone());
                embedded.unwrap_or_else(|| texts.zeros_like())
            });
            // [labels, heads, 1, tokens] -> [labels, cells]
            raising(gradient).mean_dim(1).reshape([labels, tokens])
        };
        let cells = [labels, self.grid.iter().product()];
        let nothing = Tensor::zeros(cells, &texts.device());
        self.blocks.iter().fold(nothing, |sum, parts| sum + of(parts))
    }
}

/// The maps of a few labels after the other.
fn a_few_at_once(texts: Tensor<2>, maps: impl Fn(Tensor<2>) -> Tensor<2>) -> Tensor<2> {
    let labels = texts.dims()[0];
    let each = (0..labels).step_by(LABELS_AT_ONCE).map(|first| {
        let count = LABELS_AT_ONCE.min(labels - first);
        maps(texts.clone().narrow(0, first, count))
    });
    Tensor::cat(each.collect(), 0)
}

/// From the lowest to the highest of a row as 0 to 1.
fn stretched(rows: Tensor<2>) -> Tensor<2> {
    let (low, high) = (rows.clone().min_dim(1), rows.clone().max_dim(1));
    (rows - low.clone()) / (high - low).clamp_min(f32::MIN_POSITIVE)
}
