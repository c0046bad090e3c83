//! Heatmaps: where a score comes from, by the model's own dense features.
//!
//! A new method is a file here, a row in [`crate::clip::HeatmapMethod`], and what it needs in the tower's dense
//! output.

mod class_activation;
mod clearclip;
mod overlay;
mod ramp;
mod value_attention;

use burn::tensor::Tensor;

use crate::clip::{Dense, Error, HeatmapMethod, Result};

pub use overlay::{Overlay, side_by_side};
pub use ramp::Ramp;

/// One map over the model's input square.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// How it was made.
    pub method: HeatmapMethod,
    /// Cells from top to bottom.
    pub rows: usize,
    /// Cells from left to right.
    pub columns: usize,
    /// Row by row; what a value means depends on the method (a cosine for ClearCLIP).
    pub values: Vec<f32>,
}

impl HeatMap {
    /// Smallest and largest value.
    pub fn range(&self) -> (f32, f32) {
        self.values
            .iter()
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| {
                (low.min(v), high.max(v))
            })
    }

    /// The map interpolated between cell centres, at `x` and `y` in 0..1 of the input square.
    pub fn sample(&self, x: f32, y: f32) -> f32 {
        let axis = |position: f32, cells: usize| {
            let at = (position * cells as f32 - 0.5).clamp(0.0, (cells - 1) as f32);
            let low = at.floor();
            (low as usize, (low as usize + 1).min(cells - 1), at - low)
        };
        let (left, right, u) = axis(x, self.columns);
        let (top, bottom, v) = axis(y, self.rows);
        let at = |row: usize, column: usize| self.values[row * self.columns + column];
        let upper = at(top, left) * (1.0 - u) + at(top, right) * u;
        let lower = at(bottom, left) * (1.0 - u) + at(bottom, right) * u;
        upper * (1.0 - v) + lower * v
    }
}

/// One map a text, all from one pass of the image tower.
///
/// `texts` are unit vectors, `[texts, dim]` row by row.
///
/// # Errors
/// The device failed.
pub fn heat_maps(dense: &Dense, texts: &[f32], dim: usize) -> Result<Vec<HeatMap>> {
    let count = texts.len() / dim.max(1);
    if count == 0 {
        return Ok(Vec::new());
    }
    match dense {
        Dense::Vit {
            query_query_tokens,
            block,
        } => {
            let maps = clearclip::maps(
                query_query_tokens.clone(),
                texts_on(texts, dim, query_query_tokens.device()),
            );
            split(maps, HeatmapMethod::ClearClip, block.grid, block.grid)
        }
        Dense::ModifiedResNet(dense) => {
            let tokens = dense.value_tokens.clone();
            let texts = texts_on(texts, dim, tokens.device());
            split(
                value_attention::maps(tokens, texts),
                HeatmapMethod::ValueAttention,
                dense.grid,
                dense.grid,
            )
        }
        Dense::EfficientNetLite {
            cells,
            class_embeddings,
            softmax_temperature,
        } => {
            let [_, rows, columns, _] = cells.logits.dims();
            let texts = texts_on(texts, dim, class_embeddings.device());
            let maps = class_activation::maps(
                cells.logits.clone(),
                class_embeddings.clone(),
                *softmax_temperature,
                texts,
            );
            split(maps, HeatmapMethod::ClassActivation, rows, columns)
        }
    }
}

fn texts_on(texts: &[f32], dim: usize, device: burn::tensor::Device) -> Tensor<2> {
    let data = burn::tensor::TensorData::new(texts.to_vec(), [texts.len() / dim, dim]);
    Tensor::from_data(data, &device)
}

/// `[texts, cells]` to one map a text.
fn split(maps: Tensor<2>, method: HeatmapMethod, rows: usize, columns: usize) -> Result<Vec<HeatMap>> {
    let failed = |e: String| Error::Device(e);
    let values: Vec<f32> = maps
        .try_into_data()
        .map_err(|e| failed(format!("{e:?}")))?
        .try_to_vec()
        .map_err(|e| failed(format!("{e:?}")))?;
    Ok(values
        .chunks_exact(rows * columns)
        .map(|values| HeatMap {
            method,
            rows,
            columns,
            values: values.to_vec(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_meets_the_cells_at_their_centres() {
        let map = HeatMap {
            method: HeatmapMethod::ClearClip,
            rows: 2,
            columns: 2,
            values: vec![0.0, 1.0, 2.0, 3.0],
        };
        assert_eq!(map.sample(0.25, 0.25), 0.0);
        assert_eq!(map.sample(0.75, 0.75), 3.0);
        assert_eq!(map.sample(0.5, 0.25), 0.5);
        assert_eq!(map.sample(0.0, 0.0), 0.0);
        assert_eq!(map.range(), (0.0, 3.0));
    }
}
