//! Plain patch similarity: `map_i = cos(proj(ln_post(z_i)), t)` with the last block's own tokens.
//!
//! What people tried first. It often marks the background: the tokens were never trained for it, and collect what the
//! whole picture needs (CLIP Surgery, Li et al. 2023, arXiv 2304.05653).

use image::RgbImage;

use super::similarity::CellTokens;
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, vit};
use crate::clip::{Model, Result};
use crate::heatmap::HeatmapMethod;

pub struct Patch;

impl Method for Patch {
    fn card(&self) -> Card {
        Card {
            title: "Patch similarity",
            shows: Shows::Historical,
            computes: "How close each cell's last token is to the label, as a cosine.",
            cannot_tell: "Where the label is: it often shows the opposite. Kept to compare with.",
            source: "the problem is described in Li et al. 2023, arXiv 2304.05653",
            neutral: Neutral::Mean,
            cost: Cost::OnePass,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let tower = vit(model).ok_or_else(|| does_not_fit(model, HeatmapMethod::Patch))?;
        let dense = tower.forward_dense(pixels_of(model, view));
        Ok(Box::new(CellTokens::new(tower.final_patches(&dense), dense.grid)))
    }
}
