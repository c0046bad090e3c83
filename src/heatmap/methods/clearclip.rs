//! ClearCLIP (Lan et al. 2024, arXiv 2407.12442): cosine of each patch's query-query token with the text.
//!
//! In the last block, `A = softmax(Q Q^T / sqrt(d))` per head replaces the attention's weights, and residual and
//! feed-forward are left out: `map_i = cos(proj(ln_post(W_o (A V)_i)), t)`.

use image::RgbImage;

use super::similarity::CellTokens;
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, vit};
use crate::clip::{Model, Result, attention_weights};
use crate::heatmap::HeatmapMethod;

pub struct ClearClip;

impl Method for ClearClip {
    fn card(&self) -> Card {
        Card {
            title: "ClearCLIP",
            shows: Shows::Where,
            computes: "How close each cell's own features are to the label, as a cosine.",
            cannot_tell: "Not why: a cell can match the label without having moved the score.",
            source: "Lan et al. 2024, arXiv 2407.12442",
            neutral: Neutral::Mean,
            cost: Cost::OnePass,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let tower = vit(model).ok_or_else(|| does_not_fit(model, HeatmapMethod::ClearClip))?;
        let dense = tower.forward_dense(pixels_of(model, view));
        let query = dense.attention.query.clone();
        let tokens = tower.remixed_patches(&dense, attention_weights(query.clone(), query));
        Ok(Box::new(CellTokens::new(tokens, dense.grid)))
    }
}
