//! Rows of numbers: as adapters and checkpoints keep them, and as tensors.

use burn::tensor::{Device, Tensor, TensorData};

use crate::clip::Flat;

/// `[values]`.
pub fn vector(values: Vec<f32>) -> Flat {
    Flat {
        shape: vec![values.len()],
        values,
    }
}

/// `[rows, width]`; all rows are as long as the first.
pub fn matrix(rows: &[Vec<f32>]) -> Flat {
    Flat {
        shape: vec![rows.len(), width(rows)],
        values: rows.iter().flatten().copied().collect(),
    }
}

/// `[rows, width]` on a device.
pub fn tensor(rows: &[Vec<f32>], device: &Device) -> Tensor<2> {
    let values: Vec<f32> = rows.iter().flatten().copied().collect();
    Tensor::from_data(TensorData::new(values, [rows.len(), width(rows)]), device)
}

fn width(rows: &[Vec<f32>]) -> usize {
    rows.first().map_or(0, Vec::len)
}
