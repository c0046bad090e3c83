//! Points in the shared space, and tensors as numbers.

use burn::tensor::{DType, FloatDType, Tensor};

use super::{Error, Result};

/// A point in the space that pictures and texts share.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// Unit length, `[projection_dim]`.
    pub vector: Vec<f32>,
    /// The length before normalising.
    pub norm: f32,
}

/// Rows of unit length, `[rows, dim]`, in f32.
pub fn unit(rows: Tensor<2>) -> Tensor<2> {
    let rows = full(rows);
    let norms = rows.clone().powi_scalar(2).sum_dim(1).sqrt();
    rows / norms.clamp_min(f32::MIN_POSITIVE)
}

/// A tensor in f32, whatever the model's precision.
pub fn full<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.dtype() == DType::F32 {
        tensor
    } else {
        tensor.cast(FloatDType::F32)
    }
}

/// A tensor's numbers, row by row, in f32.
///
/// # Errors
/// The device failed.
pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    full(tensor)
        .try_into_data()
        .map_err(|e| Error::Device(format!("{e:?}")))?
        .try_to_vec()
        .map_err(|e| Error::Device(format!("{e:?}")))
}

/// A tensor's rows, in f32.
///
/// # Errors
/// The device failed.
pub fn rows_of(tensor: Tensor<2>) -> Result<Vec<Vec<f32>>> {
    let [_, width] = tensor.dims();
    Ok(numbers(tensor)?.chunks_exact(width).map(<[f32]>::to_vec).collect())
}

/// `[n, dim]` to unit vectors and their former lengths.
///
/// # Errors
/// The device failed.
pub fn to_embeddings(tensor: Tensor<2>) -> Result<Vec<Embedding>> {
    Ok(rows_of(tensor)?.iter().map(|row| normalised(row)).collect())
}

fn normalised(values: &[f32]) -> Embedding {
    let norm = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt() as f32;
    let divisor = norm.max(f32::MIN_POSITIVE);
    Embedding {
        vector: values.iter().map(|v| v / divisor).collect(),
        norm,
    }
}
