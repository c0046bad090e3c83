//! Tensors read by name and shape, as the modules of a tower keep them.

use std::ops::Range;
use std::path::Path;

use burn::module::Param;
use burn::tensor::{FloatDType, Tensor, TensorData};
use rayon::prelude::*;

use super::{Checkpoint, Flat, Flats, KNOWN_BUFFERS, NOT_FINITE, Parameter, Stored, View, damaged, parameter_id};
use crate::clip::{Precision, Result, all_finite};

impl Checkpoint {
    /// Every tensor of floats by its stored name, whole.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn all_floats(&mut self) -> Result<Flats> {
        let mut all = Flats::new();
        for (name, tensor) in &self.tensors {
            let buffer = KNOWN_BUFFERS.iter().any(|buffer| name.ends_with(buffer));
            if !tensor.stored_type.is_float() || buffer {
                continue;
            }
            let rows = tensor.shape.first().copied().unwrap_or(1);
            let values = tensor
                .read_rows(&mut self.sources[tensor.file], 0..rows)
                .map_err(|e| damaged(Path::new(&self.file), format!("{name}: {e}")))?;
            let shape = tensor.shape.clone();
            all.insert(name.clone(), Flat { shape, values });
        }
        Ok(all)
    }

    /// Takes a tensor of exactly this shape as a parameter of a module, in the model's precision.
    ///
    /// A missing or different tensor is noted and a placeholder returned: [`Self::finish`] turns what was noted into
    /// one error that names them all.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn param<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Param<Tensor<D>>> {
        let values = self.values(name, &shape)?;
        Ok(self.parameter(name, values, shape, Stored::Same))
    }

    /// The same in f32, whatever the model's precision: for normalisation, which needs the range.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn full_param<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Param<Tensor<D>>> {
        let precision = std::mem::replace(&mut self.precision, Precision::Full);
        let param = self.param(name, shape);
        self.precision = precision;
        param
    }

    /// A parameter from values that were read, or a placeholder where they were not.
    pub fn parameter<const D: usize>(
        &mut self,
        name: &str,
        values: Option<Vec<f32>>,
        shape: [usize; D],
        stored: Stored,
    ) -> Param<Tensor<D>> {
        self.parameters_asked.push(Parameter {
            name: name.into(),
            shape: shape.to_vec(),
            stored,
        });
        let tensor: Tensor<D> = match values {
            Some(values) => Tensor::from_data(TensorData::new(values, shape), &self.device),
            None => Tensor::zeros([1; D], &self.device),
        };
        let tensor = match self.precision {
            Precision::Full => tensor,
            Precision::Half => tensor.cast(FloatDType::F16),
        };
        Param::initialized(parameter_id(name), tensor)
    }

    /// Takes a linear weight, `[out, in]` by PyTorch's convention, as Burn keeps it, `[in, out]`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn linear_weight(&mut self, name: &str, d_input: usize, d_output: usize) -> Result<Param<Tensor<2>>> {
        let (stored, view) = self.key_map.stored(name);
        let values = if view == View::Transposed {
            self.read(&stored, &[d_input, d_output], 0..d_input)?
        } else {
            self.values(name, &[d_output, d_input])?
                .map(|values| transposed(&values, d_output, d_input))
        };
        Ok(self.parameter(name, values, [d_input, d_output], Stored::Transposed))
    }

    /// Takes a single number, stored as `[]` or `[1]`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn scalar(&mut self, name: &str) -> Result<f32> {
        let shape: &[usize] = match self.stored_shape(name) {
            Some([1]) => &[1],
            _ => &[],
        };
        Ok(self.values(name, shape)?.map_or(0.0, |values| values[0]))
    }

    /// Takes a tensor's numbers, row by row; none where it is missing or of another shape, which is noted.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn values(&mut self, name: &str, shape: &[usize]) -> Result<Option<Vec<f32>>> {
        let (stored, view) = self.key_map.stored(name);
        let rows = shape.first().copied().unwrap_or(1);
        match view {
            View::Whole => self.read(&stored, shape, 0..rows),
            View::Part(part, of) => {
                let whole: Vec<usize> = [of * rows].iter().chain(&shape[1..]).copied().collect();
                self.read(&stored, &whole, part * rows..(part + 1) * rows)
            }
            View::Inside(outer) => {
                let whole: Vec<usize> = std::iter::repeat_n(1, outer).chain(shape.iter().copied()).collect();
                self.read(&stored, &whole, 0..1)
            }
            View::Transposed => {
                let (columns, other) = (shape[1], [shape[1], shape[0]]);
                let values = self.read(&stored, &other, 0..columns)?;
                Ok(values.map(|values| transposed(&values, columns, rows)))
            }
            View::PatchRows => {
                let (channels, area) = (shape[1], shape[2] * shape[3]);
                let values = self.read(&stored, &[rows, area * channels], 0..rows)?;
                Ok(values.map(|values| {
                    let each = values.chunks_exact(area * channels);
                    each.flat_map(|patch| transposed(patch, area, channels)).collect()
                }))
            }
        }
    }

    /// Reads rows of a tensor by its stored name, once its type and whole shape are what they should be.
    fn read(&mut self, name: &str, shape: &[usize], rows: Range<usize>) -> Result<Option<Vec<f32>>> {
        let Some(tensor) = self.tensors.get(name) else {
            self.problems.push(format!("{name} is missing"));
            return Ok(None);
        };
        self.left_over.remove(name);
        if !tensor.stored_type.is_float() {
            *self.foreign.entry(tensor.stored_type.name()).or_default() += 1;
            return Ok(None);
        }
        if tensor.shape != shape {
            self.problems
                .push(format!("{name} has shape {:?}, expected {shape:?}", tensor.shape));
            return Ok(None);
        }
        let values = tensor
            .read_rows(&mut self.sources[tensor.file], rows)
            .map_err(|e| damaged(Path::new(&self.file), format!("{name}: {e}")))?;
        if !values.par_chunks(1 << 18).all(all_finite) {
            let file = self.files.get(tensor.file).unwrap_or(&self.file);
            return Err(damaged(Path::new(file), format!("{name} {NOT_FINITE}")));
        }
        self.parameters += values.len();
        self.types.insert(tensor.stored_type.name());
        Ok(Some(values))
    }
}

/// Transposes a row-major matrix in blocks that stay in the cache, on all cores.
pub fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    const BLOCK: usize = 32;
    let mut out = vec![0.0; values.len()];
    out.par_chunks_mut((BLOCK * rows).max(1))
        .enumerate()
        .for_each(|(band, out)| {
            for row_start in (0..rows).step_by(BLOCK) {
                let block_rows = BLOCK.min(rows - row_start);
                for (column, out) in out.chunks_mut(rows).enumerate() {
                    let column = band * BLOCK + column;
                    for (row, out) in out[row_start..][..block_rows].iter_mut().enumerate() {
                        *out = values[(row_start + row) * columns + column];
                    }
                }
            }
        });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_swaps_rows_and_columns() {
        let values: Vec<f32> = (0..35 * 70).map(|v| v as f32).collect();
        let out = transposed(&values, 35, 70);
        assert_eq!(out[69 * 35 + 34], values[34 * 70 + 69]);
        assert_eq!(transposed(&out, 70, 35), values);
    }
}
