//! NACLIP (Hajimiri et al. 2024, arXiv 2404.08181): like ClearCLIP, with keys and a preference for near patches.
//!
//! `A = softmax(K K^T / sqrt(d) + w)` with `w_ij = exp(-|i - j|^2 / 2 s^2)` and s = 5 cells; the class token is near to
//! nothing.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

use super::similarity::CellTokens;
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, vit};
use crate::clip::{Model, Result, attention_logits, full};
use crate::heatmap::HeatmapMethod;

/// Standard deviation of nearness, in cells.
const NEARNESS: f32 = 5.0;

pub struct NaClip;

impl Method for NaClip {
    fn card(&self) -> Card {
        Card {
            title: "NACLIP",
            shows: Shows::Where,
            computes: "How close each cell and its neighbourhood are to the label, as a cosine.",
            cannot_tell: "Not why; and small things blur into what surrounds them.",
            source: "Hajimiri et al. 2024, arXiv 2404.08181",
            neutral: Neutral::Mean,
            cost: Cost::OnePass,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let tower = vit(model).ok_or_else(|| does_not_fit(model, HeatmapMethod::NaClip))?;
        let dense = tower.forward_dense(pixels_of(model, view));
        let key = dense.attention.key.clone();
        let tokens = key.dims()[2];
        // Both in f32, whatever the model computes in: nearness is made so.
        let logits = full(attention_logits(key.clone(), key)) + nearness(dense.grid, tokens, model.device());
        let patches = tower.remixed_patches(&dense, softmax(logits, 3));
        Ok(Box::new(CellTokens::new(patches, dense.grid)))
    }
}

/// `w`, `[1, 1, tokens, tokens]`; zero for tokens that are no patch.
fn nearness([rows, columns]: [usize; 2], tokens: usize, device: &Device) -> Tensor<4> {
    let first = tokens - rows * columns;
    let place = |token: usize| {
        let patch = token.checked_sub(first)?;
        Some(((patch / columns) as f32, (patch % columns) as f32))
    };
    let mut values = vec![0.0f32; tokens * tokens];
    for (i, value) in values.iter_mut().enumerate() {
        if let (Some((y, x)), Some((v, u))) = (place(i / tokens), place(i % tokens)) {
            let distance = (y - v).powi(2) + (x - u).powi(2);
            *value = (-distance / (2.0 * NEARNESS * NEARNESS)).exp();
        }
    }
    Tensor::from_data(TensorData::new(values, [1, 1, tokens, tokens]), device)
}
