//! Value attention (CLIP Surgery, Li et al. 2023, arXiv 2304.05653), for a ResNet's attention pool.
//!
//! Every cell attends to the cells whose values point where its own does, per head `A = softmax(8 U U^T / sqrt(d))` with
//! `U` the values at unit length, as the authors' code has it for ResNets, and what it gathers, `A V`, goes through the
//! pool's output projection: `map_i = cos(c_proj(A V)_i, t)`. The paper's second step, which takes away what all labels
//! have in common, is left out: a map would depend on the other labels.

use image::RgbImage;

use super::similarity::CellTokens;
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, resnet};
use crate::clip::{Model, Result, full};
use crate::heatmap::HeatmapMethod;

pub struct ValueAttention;

impl Method for ValueAttention {
    fn card(&self) -> Card {
        Card {
            title: "Value attention",
            shows: Shows::Where,
            computes: "Each cell gathers from cells like it; shown is how close that is to the label, as a cosine.",
            cannot_tell: "Not why; and a ResNet's cells are coarse. What all labels have in common is left in.",
            source: "the attention of CLIP Surgery for ResNets, Li et al. 2023, arXiv 2304.05653",
            neutral: Neutral::Mean,
            cost: Cost::OnePass,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let tower = resnet(model).ok_or_else(|| does_not_fit(model, HeatmapMethod::ValueAttention))?;
        let cells = full(tower.cells(pixels_of(model, view)));
        let side = cells.dims()[3];
        Ok(Box::new(CellTokens::new(tower.value_tokens(cells), [side; 2])))
    }
}
