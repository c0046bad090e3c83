//! Grad-ECLIP (Zhao et al., ICML 2024; arXiv 2502.18816, 2025): which values the picture's vector was gathered from, and to what end.
//!
//! With `o` what the gathering attention gathered, all heads side by side, before its output projection `W_o`:
//! `g = d cos / d o`; `l_i` = cosine of `W_o q + b` and `W_o k_i + b`, stretched to 0..1 over the cells (the bias belongs
//! to the authors' code); `map_i = ReLU(sum_c g_c v_ic l_i)`. The model's own heads are kept, so that the score that is
//! explained is the score that is shown. The gathering attention is the class token's in the last block; in SigLIP,
//! which has none, the probe's in the pooling head.

use burn::tensor::Tensor;
use image::RgbImage;

use super::gradient::{of_cosines, raising};
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, vit};
use crate::clip::{GatheringAttention, Model, Result, VisionDense, VisionTransformer, full, unit};
use crate::heatmap::HeatmapMethod;

pub struct GradEclip;

struct Gathered {
    tower: VisionTransformer,
    dense: VisionDense,
    attention: GatheringAttention,
    /// `l`, `[1, cells]`.
    looseness: Tensor<2>,
}

impl Method for GradEclip {
    fn card(&self) -> Card {
        Card {
            title: "Grad-ECLIP",
            shows: Shows::Why,
            computes: "How much the value that each cell passed on raised the score.",
            cannot_tell: "What lowered the score: only what raised it is kept. It looks at the last attention alone.",
            source: "Zhao et al., ICML 2024; longer as arXiv 2502.18816, 2025",
            neutral: Neutral::Zero,
            cost: Cost::OnePass,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let tower = vit(model).ok_or_else(|| does_not_fit(model, HeatmapMethod::GradEclip))?;
        let dense = tower.forward_dense(pixels_of(model, view));
        let attention = tower.gathering_attention(&dense);
        let query = unit(tower.project_gathered(attention.query.clone()));
        let keys = unit(tower.project_gathered(attention.keys.clone()));
        // [1, width] x [width, cells]
        let likeness = query.matmul(keys.transpose());
        let (low, high) = (likeness.clone().min_dim(1), likeness.clone().max_dim(1));
        let span = (high - low.clone()).clamp_min(f32::MIN_POSITIVE);
        Ok(Box::new(Gathered {
            looseness: (likeness - low) / span,
            attention,
            dense,
            tower,
        }))
    }
}

impl Evidence for Gathered {
    fn maps(&self, _model: &Model, texts: Tensor<2>) -> Tensor<2> {
        let labels = texts.dims()[0];
        let width = self.attention.gathered.dims()[1];
        let start = self.attention.gathered.clone().expand([labels, width]);
        let gradient = of_cosines(start, texts, |gathered| {
            self.tower.embed_gathered(&self.dense, gathered)
        });
        // [labels, width] x [width, cells]
        raising(full(gradient.matmul(self.attention.values.clone().transpose())) * self.looseness.clone())
    }

    fn grid(&self) -> [usize; 2] {
        self.dense.grid
    }
}
