//! Positions of patches, on grids other than the tower's own.

use burn::tensor::{DType, FloatDType, Tensor, TensorData};

use super::VisionTransformer;
use crate::clip::full;

impl VisionTransformer {
    /// The positions of a grid, `[tokens, width]`: the tower's own, or resized to it.
    pub(super) fn positions(&self, [rows, columns]: [usize; 2]) -> Tensor<2> {
        let own = self.position_embedding.val();
        if [rows, columns] == [self.grid; 2] || self.class_embedding.is_some() {
            return own;
        }
        let (down, across) = (bilinear(self.grid, rows), bilinear(self.grid, columns));
        let mut weights = Vec::with_capacity(rows * columns * self.grid * self.grid);
        for row in &down {
            for column in &across {
                weights.extend(row.iter().flat_map(|y| column.iter().map(move |x| y * x)));
            }
        }
        let weights = TensorData::new(weights, [rows * columns, self.grid * self.grid]);
        let (weights, dtype) = (Tensor::<2>::from_data(weights, &own.device()), own.dtype());
        let resized = weights.matmul(full(own));
        if dtype == DType::F16 {
            resized.cast(FloatDType::F16)
        } else {
            resized
        }
    }
}

/// How much each of `from` places counts in each of `to`, as PyTorch resizes bilinearly with antialiasing.
fn bilinear(from: usize, to: usize) -> Vec<Vec<f32>> {
    let scale = from as f32 / to as f32;
    let support = scale.max(1.0);
    let row = |place: usize| {
        let centre = (place as f32 + 0.5) * scale - 0.5;
        let weight = |source: usize| (1.0 - (source as f32 - centre).abs() / support).max(0.0);
        let weights: Vec<f32> = (0..from).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    };
    (0..to).map(row).collect()
}
