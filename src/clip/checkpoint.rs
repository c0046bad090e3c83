//! Weights on disk: a safetensors file, read tensor by tensor and never as a whole.
//!
//! A tower asks for each of its tensors by name and shape. Shapes are compared before anything is allocated; at the
//! end [`Checkpoint::finish`] names every tensor that was missing, left over, or of another shape. Only buffers that
//! the reference implementations store beside the weights may be left over.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::{Error, Result};

/// Buffers that reference implementations store and that hold no weight.
const KNOWN_BUFFERS: [&str; 3] = ["position_ids", "num_batches_tracked", "attn_mask"];
/// The format's own limit on its header.
const MAX_HEADER_BYTES: u64 = 100_000_000;
const LENGTH_BYTES: u64 = 8;
/// Names listed in one error message.
const MAX_NAMES: usize = 8;

enum Source {
    Bytes(&'static [u8]),
    File(File),
}

/// A safetensors file that is being turned into a model.
pub struct Checkpoint {
    file: String,
    source: Source,
    data_start: u64,
    metadata: Metadata,
    device: Device,
    left_over: BTreeSet<String>,
    problems: Vec<String>,
    parameters: usize,
    dtypes: BTreeSet<&'static str>,
}

impl Checkpoint {
    /// Opens a file; tensors will be made on `device`.
    ///
    /// # Errors
    /// The file cannot be read, is truncated, or its header is damaged.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let read_error = |source| Error::Read {
            path: path.to_path_buf(),
            source,
        };
        let file = File::open(path).map_err(read_error)?;
        let length = file.metadata().map_err(read_error)?.len();
        Self::new(path.display().to_string(), Source::File(file), length, device)
    }

    /// Reads weights that are compiled into the binary.
    ///
    /// # Errors
    /// The header is damaged.
    pub fn from_static(name: &str, bytes: &'static [u8], device: &Device) -> Result<Self> {
        Self::new(name.into(), Source::Bytes(bytes), bytes.len() as u64, device)
    }

    fn new(file: String, mut source: Source, length: u64, device: &Device) -> Result<Self> {
        let damaged = |reason: String| Error::Checkpoint {
            file: file.clone(),
            reason,
        };
        if length < LENGTH_BYTES {
            return Err(damaged(format!("{length} bytes are too few for a safetensors file")));
        }
        let prefix = source
            .read(0, LENGTH_BYTES as usize)
            .map_err(|e| damaged(e.to_string()))?;
        let header_bytes = u64::from_le_bytes(prefix.try_into().map_err(|_| damaged("no header".into()))?);
        if header_bytes > MAX_HEADER_BYTES || header_bytes > length - LENGTH_BYTES {
            return Err(damaged(format!(
                "the header claims {header_bytes} bytes of a file of {length}: this is no safetensors file, or it is cut"
            )));
        }
        let header = source
            .read(LENGTH_BYTES, header_bytes as usize)
            .map_err(|e| damaged(e.to_string()))?;
        let metadata: Metadata =
            serde_json::from_slice(&header).map_err(|e| damaged(format!("the header is damaged: {e}")))?;
        let data_start = LENGTH_BYTES + header_bytes;
        let expected = data_start + metadata.data_len() as u64;
        if expected != length {
            return Err(damaged(format!(
                "the file has {length} bytes, but its header describes {expected}: the download or copy broke off"
            )));
        }
        Ok(Self {
            left_over: metadata.offset_keys().into_iter().collect(),
            file,
            source,
            data_start,
            metadata,
            device: device.clone(),
            problems: Vec::new(),
            parameters: 0,
            dtypes: BTreeSet::new(),
        })
    }

    /// Whether a tensor of this name exists.
    pub fn contains(&self, name: &str) -> bool {
        self.metadata.info(name).is_some()
    }

    /// The device on which tensors are made.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Takes a tensor of exactly this shape, as f32.
    ///
    /// A missing or different tensor is noted and a placeholder returned: [`Self::finish`] turns what was noted into
    /// one error that names them all.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn take<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Tensor<D>> {
        match self.read_f32(name, &shape)? {
            Some(values) => Ok(Tensor::from_data(TensorData::new(values, shape), &self.device)),
            None => Ok(Tensor::zeros([1; D], &self.device)),
        }
    }

    /// [`Self::take`] as a parameter of a module.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn param<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Param<Tensor<D>>> {
        Ok(Param::from_tensor(self.take(name, shape)?))
    }

    /// Takes a PyTorch linear weight `[out, in]` as Burn keeps it, `[in, out]`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn linear_weight(&mut self, name: &str, d_input: usize, d_output: usize) -> Result<Param<Tensor<2>>> {
        let values = match self.read_f32(name, &[d_output, d_input])? {
            Some(values) => TensorData::new(transposed(&values, d_output, d_input), [d_input, d_output]),
            None => TensorData::new(vec![0.0f32], [1, 1]),
        };
        Ok(Param::from_tensor(Tensor::from_data(values, &self.device)))
    }

    /// Takes a single number, stored as `[]` or `[1]`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn scalar(&mut self, name: &str) -> Result<f32> {
        let shape: &[usize] = match self.metadata.info(name) {
            Some(info) if info.shape == [1] => &[1],
            _ => &[],
        };
        Ok(self.read_f32(name, shape)?.map_or(0.0, |values| values[0]))
    }

    /// Closes the file: everything asked for was there, and nothing but known buffers is left.
    ///
    /// # Errors
    /// Names the tensors that were missing, different or left over.
    pub fn finish(mut self) -> Result<CheckpointSummary> {
        let left_over: Vec<String> = std::mem::take(&mut self.left_over)
            .into_iter()
            .filter(|name| !KNOWN_BUFFERS.iter().any(|buffer| name.ends_with(buffer)))
            .collect();
        if !left_over.is_empty() {
            self.problems
                .push(format!("not part of this model: {}", listed(&left_over)));
        }
        if self.problems.is_empty() {
            return Ok(CheckpointSummary {
                parameters: self.parameters,
                dtype: self.dtypes.into_iter().collect::<Vec<_>>().join(", "),
            });
        }
        let shown: Vec<String> = self.problems.iter().take(MAX_NAMES).cloned().collect();
        let more = self.problems.len() - shown.len();
        let rest = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        Err(Error::Checkpoint {
            file: self.file,
            reason: format!("{}{rest}", shown.join("; ")),
        })
    }

    fn read_f32(&mut self, name: &str, shape: &[usize]) -> Result<Option<Vec<f32>>> {
        let Some(info) = self.metadata.info(name) else {
            self.problems.push(format!("{name} is missing"));
            return Ok(None);
        };
        let (dtype, found, (start, end)) = (info.dtype, info.shape.clone(), info.data_offsets);
        self.left_over.remove(name);
        if found != shape {
            self.problems
                .push(format!("{name} has shape {found:?}, expected {shape:?}"));
            return Ok(None);
        }
        if !matches!(dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            self.problems.push(format!(
                "{name} is stored as {dtype:?}; f32, f16 and bf16 are understood"
            ));
            return Ok(None);
        }
        let bytes = self
            .source
            .read(self.data_start + start as u64, end - start)
            .map_err(|e| Error::Checkpoint {
                file: self.file.clone(),
                reason: format!("{name}: {e}"),
            })?;
        self.parameters += shape.iter().product::<usize>();
        self.dtypes.insert(match dtype {
            Dtype::F16 => "f16",
            Dtype::BF16 => "bf16",
            _ => "f32",
        });
        Ok(Some(to_f32(&bytes, dtype)))
    }
}

/// What a finished checkpoint held.
pub struct CheckpointSummary {
    /// Number of weights.
    pub parameters: usize,
    /// The types on disk, e.g. `f16`.
    pub dtype: String,
}

impl Source {
    fn read(&mut self, start: u64, length: usize) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => bytes
                .get(start as usize..start as usize + length)
                .map(<[u8]>::to_vec)
                .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into()),
            Self::File(file) => {
                file.seek(SeekFrom::Start(start))?;
                let mut buffer = vec![0; length];
                file.read_exact(&mut buffer)?;
                Ok(buffer)
            }
        }
    }
}

fn to_f32(bytes: &[u8], dtype: Dtype) -> Vec<f32> {
    match dtype {
        Dtype::F16 => {
            let halves: Vec<f16> = bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b)).collect();
            halves.to_f32_vec()
        }
        Dtype::BF16 => {
            let halves: Vec<bf16> = bytes.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b)).collect();
            halves.to_f32_vec()
        }
        _ => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
    }
}

/// Transposes a row-major matrix in blocks that stay in the cache.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    const BLOCK: usize = 32;
    let mut out = vec![0.0; values.len()];
    for row_start in (0..rows).step_by(BLOCK) {
        for column_start in (0..columns).step_by(BLOCK) {
            for row in row_start..(row_start + BLOCK).min(rows) {
                for column in column_start..(column_start + BLOCK).min(columns) {
                    out[column * rows + row] = values[row * columns + column];
                }
            }
        }
    }
    out
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MAX_NAMES).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
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
