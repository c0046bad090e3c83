//! LeGrad (Bousselham et al. 2024, arXiv 2404.03214): which attention, had it been stronger, would have raised the score.
//!
//! For each of the last two blocks: `s = cos(t, proj(ln_post(mean of the block's tokens)))`, and the map is the mean over
//! heads and asking tokens of `ReLU(ds / dA)`, patches only; the blocks' maps are added. SigLIP's tokens are pooled by
//! its own head instead of the mean.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use image::RgbImage;

use super::gradient::of_cosines;
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, vit};
use crate::clip::{Model, Result, VisionDense, VisionTransformer};
use crate::heatmap::HeatmapMethod;

/// Labels in one pass back; more would only take memory.
const LABELS_AT_ONCE: usize = 4;

pub struct LeGrad;

struct OpenBlocks {
    dense: VisionDense,
}

impl Method for LeGrad {
    fn card(&self) -> Card {
        Card {
            title: "LeGrad",
            shows: Shows::Why,
            computes: "How much more attention to each cell, in the last two blocks, would raise the score.",
            cannot_tell: "It explains the mean of the patches, which is near the score that is shown, but not it.",
            source: "Bousselham et al. 2024, arXiv 2404.03214",
            neutral: Neutral::Zero,
            cost: Cost::PassPerLabel,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let tower = vit(model).ok_or_else(|| does_not_fit(model, HeatmapMethod::LeGrad))?;
        Ok(Box::new(OpenBlocks {
            dense: tower.forward_dense(pixels_of(model, view)),
        }))
    }
}

impl Evidence for OpenBlocks {
    fn maps(&self, model: &Model, texts: Tensor<2>) -> Tensor<2> {
        let labels = texts.dims()[0];
        let Some(tower) = vit(model) else {
            return Tensor::zeros([labels, self.grid().iter().product()], model.device());
        };
        let maps = (0..labels).step_by(LABELS_AT_ONCE).map(|first| {
            let count = LABELS_AT_ONCE.min(labels - first);
            self.some_maps(tower, texts.clone().narrow(0, first, count))
        });
        Tensor::cat(maps.collect(), 0)
    }

    fn grid(&self) -> [usize; 2] {
        self.dense.grid
    }
}

impl OpenBlocks {
    fn some_maps(&self, tower: &VisionTransformer, texts: Tensor<2>) -> Tensor<2> {
        let of = |block: usize| self.block_maps(tower, block, texts.clone());
        (1..self.dense.inputs.len()).fold(of(0), |sum, block| sum + of(block))
    }

    fn block_maps(&self, tower: &VisionTransformer, block: usize, texts: Tensor<2>) -> Tensor<2> {
        let labels = texts.dims()[0];
        let parts = tower.open_attention(&self.dense, block);
        let [_, heads, tokens, _] = parts.weights.dims();
        let start = parts.weights.expand([labels, heads, tokens, tokens]);
        let gradient = of_cosines(start, texts, |weights| {
            tower.embed_reweighted(&self.dense, block, weights, parts.value)
        });
        // [labels, heads, asking, tokens] -> [labels, tokens] -> [labels, cells]
        let means = relu(gradient).mean_dim(1).mean_dim(2).reshape([labels, tokens]);
        let [rows, columns] = self.dense.grid;
        let cells = rows * columns;
        means.narrow(1, tokens - cells, cells)
    }
}
