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

impl Embedding {
    /// Whether it can be what a model made: of its width, and of unit length. What a damaged store holds is neither.
    pub fn is_sound(&self, dim: usize) -> bool {
        self.vector.len() == dim && self.is_finite() && (length(&self.vector) - 1.0).abs() < 1e-3
    }

    /// Whether it is all numbers.
    pub(super) fn is_finite(&self) -> bool {
        self.norm.is_finite() && all_finite(&self.vector)
    }
}

/// Whether all of these are numbers, neither NaN nor infinity; quick, since every weight is asked.
pub fn all_finite(values: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    let block_is_finite = |block: &[f32]| {
        let not_finite = |value: &f32| u32::from(value.to_bits() & EXPONENT == EXPONENT);
        block.iter().map(not_finite).fold(0, |any, one| any | one) == 0
    };
    values.chunks(4_096).all(block_is_finite)
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

/// The same for rows of two kinds beside each other; the first is so wide.
///
/// # Errors
/// The device failed.
pub fn to_embeddings_of(tensor: Tensor<2>, first: usize) -> Result<[Vec<Embedding>; 2]> {
    let rows = rows_of(tensor)?;
    let (firsts, seconds) = rows
        .iter()
        .map(|row| row.split_at(first))
        .map(|(first, second)| (normalised(first), normalised(second)))
        .unzip();
    Ok([firsts, seconds])
}

fn length(values: &[f32]) -> f32 {
    values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt() as f32
}

fn normalised(values: &[f32]) -> Embedding {
    let norm = length(values);
    let divisor = norm.max(f32::MIN_POSITIVE);
    Embedding {
        vector: values.iter().map(|v| v / divisor).collect(),
        norm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_that_is_no_number_is_found_wherever_it_stands() {
        let values: Vec<f32> = (0..10_000).map(|n| (n as f32 - 5_000.0) * 1e30).collect();
        assert!(all_finite(&values) && all_finite(&[]) && all_finite(&[f32::MAX, f32::MIN, f32::from_bits(1)]));
        for place in [0, 4_095, 4_096, 9_999] {
            for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut values = values.clone();
                values[place] = bad;
                assert!(!all_finite(&values), "{bad} at {place}");
            }
        }
    }

    #[test]
    fn what_no_model_can_have_made_is_not_sound() {
        let sound = normalised(&[3.0, 4.0]);
        assert!(sound.is_sound(2) && !sound.is_sound(3));
        let with = |vector: [f32; 2], norm: f32| Embedding {
            vector: vector.to_vec(),
            norm,
        };
        for unsound in [
            with([f32::NAN, 1.0], 5.0),
            with([0.6, f32::INFINITY], 5.0),
            with([0.6, 0.8], f32::NAN),
            with([0.6, 0.9], 5.0),
            with([2.7e31, 0.0], 5.0),
        ] {
            assert!(!unsound.is_sound(2), "{unsound:?}");
        }
    }
}
