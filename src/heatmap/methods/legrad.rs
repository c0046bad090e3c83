//! LeGrad (Bousselham et al. 2024, arXiv 2404.03214): which attention, had it been stronger, would have raised the score.
//!
//! For each of the last two blocks, after the authors' code. CLIP: `s = cos(t, proj(ln_post(mean of the block's tokens)))`,
//! and the map is the mean over heads and asking tokens of `ReLU(ds / dA)` with `A` the block's attention, patches only.
//! SigLIP: `s = cos(t, head(the block's tokens))`, and the map is the mean over heads of `ReLU(ds / dA)` with `A` the row
//! of the pooling head's attention by which the probe asks; the tokens go into the head as they leave the block, without
//! the tower's last normalisation. The blocks' maps are added. Where SigLIP's map of a text that names nothing exceeds
//! 0.8 of its range, the maps of all labels are 0.
//!
//! No pass back through a block is needed: its score reads the mean of its own tokens, so the gradient by its attention has
//! a closed form ([`BlockGradient`]), and what all labels share is computed once a picture. A head's score reads what one
//! token gathered, and the gradient by that is a row a label.

use burn::tensor::Tensor;
use image::RgbImage;

use super::gradient::{of_cosines, raising};
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, vit};
use crate::clip::{BlockGradient, Model, Result, VisionDense, VisionTransformer, by_weights, merge_heads};
use crate::heatmap::HeatmapMethod;

/// Labels at once; more would only take memory.
const LABELS_AT_ONCE: usize = 4;
/// The text that names nothing.
const EMPTY_PROMPT: &str = "a photo of a";
/// From this share of its map's range on, what it marks is left out.
const EMPTY_SHARE: f32 = 0.8;

pub struct LeGrad;

struct OpenBlocks {
    tower: VisionTransformer,
    blocks: Vec<OpenBlock>,
    grid: [usize; 2],
}

struct OpenBlock {
    /// The mean of its last tokens, `[1, width]`.
    mean: Tensor<2>,
    gradient: BlockGradient,
}

/// What a pooling head does with the tokens of the last blocks.
struct OpenHead {
    tower: VisionTransformer,
    blocks: Vec<Probed>,
    grid: [usize; 2],
    /// The map of the text that names nothing, from 0 to 1, `[1, cells]`.
    empty: Tensor<2>,
}

struct Probed {
    /// What the probe gathered, `[1, 1, width]`.
    gathered: Tensor<3>,
    /// What it could gather, `[1, heads, tokens, head_dim]`.
    value: Tensor<4>,
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
        match probed(&tower, &dense) {
            Some(blocks) => Ok(Box::new(OpenHead::new(model, tower, blocks, dense.grid)?)),
            None => Ok(Box::new(OpenBlocks::new(tower, &dense))),
        }
    }
}

/// What a pooling head's probe gathers from the tokens that leave the last blocks; none where there is no head.
fn probed(tower: &VisionTransformer, dense: &VisionDense) -> Option<Vec<Probed>> {
    // What leaves the last blocks: the inputs of those after them, and the last tokens.
    let outputs = dense.inputs[1..].iter().chain([&dense.tokens]).cloned();
    let each = outputs.map(|tokens| {
        let parts = tower.head_attention(tokens)?;
        Some(Probed {
            gathered: merge_heads(parts.weights.matmul(parts.value.clone())),
            value: parts.value,
        })
    });
    each.collect()
}

impl OpenBlocks {
    fn new(tower: VisionTransformer, dense: &VisionDense) -> Self {
        let open = |block| OpenBlock {
            mean: tower.open_mean(dense, block),
            gradient: tower.open_gradient(dense, block),
        };
        Self {
            blocks: (0..dense.inputs.len()).map(open).collect(),
            grid: dense.grid,
            tower,
        }
    }

    fn block_maps(&self, block: &OpenBlock, texts: Tensor<2>) -> Tensor<2> {
        let labels = texts.dims()[0];
        let width = block.mean.dims()[1];
        let start = block.mean.clone().expand([labels, width]);
        let by_mean = of_cosines(start, texts.clone(), |means| {
            let embedded = self.tower.embed_mean(means);
            embedded.unwrap_or_else(|| texts.zeros_like())
        });
        let gradient = block.gradient.by_weights(by_mean);
        let tokens = gradient.dims()[3];
        // [heads, labels, asking, tokens] -> [labels, tokens] -> [labels, cells]
        let means = raising(gradient).mean_dim(0).mean_dim(2).reshape([labels, tokens]);
        let cells: usize = self.grid.iter().product();
        means.narrow(1, tokens - cells, cells)
    }
}

impl Evidence for OpenBlocks {
    fn maps(&self, _model: &Model, texts: Tensor<2>) -> Tensor<2> {
        a_few_at_once(texts, |texts| {
            let of = |block: &OpenBlock| self.block_maps(block, texts.clone());
            summed(self.blocks.iter().map(of), &texts, self.grid)
        })
    }

    fn grid(&self) -> [usize; 2] {
        self.grid
    }
}

impl OpenHead {
    fn new(model: &Model, tower: VisionTransformer, blocks: Vec<Probed>, grid: [usize; 2]) -> Result<Self> {
        let embedded = model.embed_texts(&[model.tokenize(EMPTY_PROMPT)?])?;
        let empty: Vec<f32> = embedded.into_iter().flat_map(|one| one.vector).collect();
        let mut open = Self {
            tower,
            blocks,
            grid,
            empty: Tensor::zeros([1, grid.iter().product()], model.device()),
        };
        let text = Tensor::<1>::from_floats(empty.as_slice(), model.device()).unsqueeze();
        open.empty = stretched(open.some_maps(text));
        Ok(open)
    }

    fn some_maps(&self, texts: Tensor<2>) -> Tensor<2> {
        let labels = texts.dims()[0];
        let of = |probed: &Probed| {
            let width = probed.gathered.dims()[2];
            let start = probed.gathered.clone().expand([labels, 1, width]);
            let by_gathered = of_cosines(start, texts.clone(), |gathered| {
                let embedded = self.tower.embed_by_head(gathered);
                embedded.unwrap_or_else(|| texts.zeros_like())
            });
            let gradient = by_weights(by_gathered, probed.value.clone());
            let tokens = gradient.dims()[3];
            // [heads, labels, 1, tokens] -> [labels, cells]
            raising(gradient).mean_dim(0).reshape([labels, tokens])
        };
        summed(self.blocks.iter().map(of), &texts, self.grid)
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

/// The sum of the blocks' maps, `[labels, cells]`.
fn summed(maps: impl Iterator<Item = Tensor<2>>, texts: &Tensor<2>, grid: [usize; 2]) -> Tensor<2> {
    let cells = [texts.dims()[0], grid.iter().product()];
    maps.fold(Tensor::zeros(cells, &texts.device()), |sum, map| sum + map)
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
