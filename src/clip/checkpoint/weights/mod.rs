//! Weights on disk: safetensors files, whole or sharded, and PyTorch's own, read tensor by tensor and never as a whole.
//!
//! A tower asks for each of its tensors by name and shape, whatever the layout ([`KeyMap`]). Shapes are compared before
//! anything is allocated; at the end [`Checkpoint::finish`] names every tensor that was missing, left over, or of
//! another shape. Only buffers that the reference implementations store beside the weights may be left over.

mod flat_file;
mod key_map;
mod pickle;
mod safetensors_file;
mod tensor_file;
mod torch_archive;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use burn::module::{Param, ParamId};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rayon::prelude::*;

use crate::clip::checkpoint::mistaken::{START_BYTES, mistaken};
use crate::clip::{Error, Precision, Result, all_finite};
use tensor_file::{Source, StoredTensor};

pub use flat_file::{Flat, Flats, read_flats, read_flats_within, write_flats, write_whole};
pub use key_map::{ImageNames, KeyMap, View};

/// Buffers that reference implementations store and that hold no weight.
const KNOWN_BUFFERS: [&str; 3] = ["position_ids", "num_batches_tracked", "attn_mask"];
/// Numbers that OpenAI's archives carry at the top.
const KNOWN_NUMBERS: [&str; 3] = ["input_resolution", "context_length", "vocab_size"];
/// Epsilon of every batch normalisation in the family (PyTorch's default).
pub const BATCH_NORM_EPSILON: f32 = 1e-5;
/// What is said of a tensor that is not all numbers.
pub const NOT_FINITE: &str = "holds NaN or infinity: these weights are broken, as training in half precision can leave \
                          them; take an earlier checkpoint, or save it again in f32";
/// Names listed in one error message.
const MAX_NAMES: usize = 8;

/// Weights that are being turned into a model.
pub struct Checkpoint {
    file: String,
    /// The files' names, in the order of `sources`.
    files: Vec<String>,
    sources: Vec<Source>,
    tensors: BTreeMap<String, StoredTensor>,
    key_map: KeyMap,
    device: Device,
    precision: Precision,
    parameters_asked: Vec<Parameter>,
    left_over: BTreeSet<String>,
    problems: Vec<String>,
    /// Types that hold no weights here, and how many tensors are stored so.
    foreign: BTreeMap<&'static str, usize>,
    parameters: usize,
    types: BTreeSet<&'static str>,
}

impl Checkpoint {
    /// Opens the files that together hold the weights; tensors will be made on `device`.
    ///
    /// # Errors
    /// A file cannot be read, is truncated, damaged, or wants more than weights need.
    pub fn open(paths: &[PathBuf], device: &Device) -> Result<Self> {
        let mut sources = Vec::new();
        let mut tensors = BTreeMap::new();
        for path in paths {
            let (source, found) = open_file(path, sources.len())?;
            sources.push(source);
            for (name, tensor) in found {
                if tensors.insert(name.clone(), tensor).is_some() {
                    return Err(damaged(path, format!("{name} is in more than one of the files")));
                }
            }
        }
        let files = paths.iter().map(|path| path.display().to_string()).collect();
        Ok(Self::new(files, sources, tensors, device))
    }

    /// Reads weights that are in memory, as one safetensors file.
    ///
    /// # Errors
    /// The header is damaged.
    pub fn from_bytes(name: &str, bytes: Vec<u8>, device: &Device) -> Result<Self> {
        let length = bytes.len() as u64;
        let mut source = Source::Bytes(bytes);
        let tensors =
            safetensors_file::read_header(&mut source, length, 0).map_err(|reason| damaged(Path::new(name), reason))?;
        Ok(Self::new(vec![name.into()], vec![source], tensors, device))
    }

    fn new(files: Vec<String>, sources: Vec<Source>, tensors: BTreeMap<String, StoredTensor>, device: &Device) -> Self {
        Self {
            left_over: tensors.keys().cloned().collect(),
            file: files.first().cloned().unwrap_or_default(),
            files,
            sources,
            tensors,
            key_map: KeyMap::HuggingFace { linear_patches: false },
            device: device.clone(),
            precision: Precision::Full,
            parameters_asked: Vec::new(),
            problems: Vec::new(),
            foreign: BTreeMap::new(),
            parameters: 0,
            types: BTreeSet::new(),
        }
    }

    /// Reads by another layout's names from now on.
    pub fn with_key_map(mut self, key_map: KeyMap) -> Self {
        self.key_map = key_map;
        self
    }

    /// Makes the weights of this precision from now on.
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// The first of the files, as messages name it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether a tensor of this name exists.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(&self.key_map.stored(name).0)
    }

    /// The shape of a tensor by its stored name.
    pub fn stored_shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.tensors.get(name)?.shape)
    }

    /// How many different numbers follow a prefix among the stored names: blocks, as a rule.
    pub fn numbers_after(&self, prefix: &str) -> usize {
        let names = self.stored_names().filter_map(|name| name.strip_prefix(prefix));
        let numbers: BTreeSet<&str> = names.filter_map(|rest| rest.split('.').next()).collect();
        numbers.len()
    }

    /// How a tower's name is stored.
    pub fn stored_as(&self, name: &str) -> (String, View) {
        self.key_map.stored(name)
    }

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

    /// Every stored name.
    pub fn stored_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The device on which tensors are made.
    pub fn device(&self) -> &Device {
        &self.device
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

    /// Closes the files: everything asked for was there, and nothing but known buffers is left.
    ///
    /// # Errors
    /// Names the tensors that were missing, different or left over.
    pub fn finish(mut self) -> Result<CheckpointSummary> {
        // What is stored in eight bits has scales beside it, and names of its own: the type says it all.
        if !self.foreign.is_empty() {
            return Err(damaged(Path::new(&self.file), foreign(&self.foreign)));
        }
        let left_over: Vec<String> = std::mem::take(&mut self.left_over)
            .into_iter()
            .filter(|name| !KNOWN_BUFFERS.iter().any(|buffer| name.ends_with(buffer)))
            .filter(|name| !KNOWN_NUMBERS.contains(&name.as_str()))
            .collect();
        if !left_over.is_empty() {
            self.problems
                .push(format!("not part of this model: {}", listed(&left_over)));
        }
        if self.problems.is_empty() {
            return Ok(CheckpointSummary {
                asked: self.parameters_asked,
                parameters: self.parameters,
                dtype: self.types.into_iter().collect::<Vec<_>>().join(", "),
            });
        }
        let shown: Vec<String> = self.problems.iter().take(MAX_NAMES).cloned().collect();
        let more = self.problems.len() - shown.len();
        let rest = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        Err(damaged(Path::new(&self.file), format!("{}{rest}", shown.join("; "))))
    }

    /// Reads rows of a tensor by its stored name, once its type and whole shape are what they should be.
    fn read(&mut self, name: &str, shape: &[usize], rows: std::ops::Range<usize>) -> Result<Option<Vec<f32>>> {
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

/// A parameter of a model, by the name under which its tower asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its shape in the module.
    pub shape: Vec<usize>,
    /// How it comes from what is stored.
    pub stored: Stored,
}

/// How a parameter comes from what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// As it is.
    Same,
    /// A linear weight, stored `[out, in]`.
    Transposed,
    /// A convolution's weight, with the scale of the batch normalisation of this name folded in.
    FoldedWeight {
        /// The normalisation.
        norm: String,
    },
    /// A convolution's bias, made of the shift of the batch normalisation of this name.
    FoldedBias {
        /// The normalisation.
        norm: String,
    },
}

/// The id of a parameter in a module, the same in every process.
pub fn parameter_id(name: &str) -> ParamId {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish().into()
}

/// What a finished checkpoint held.
pub struct CheckpointSummary {
    /// Every parameter that was asked for, in order.
    pub asked: Vec<Parameter>,
    /// Number of weights.
    pub parameters: usize,
    /// The types on disk, e.g. `f16`.
    pub dtype: String,
}

/// One sentence about weights in types that are not understood.
fn foreign(types: &BTreeMap<&'static str, usize>) -> String {
    let each = types.iter().map(|(name, count)| match count {
        1 => format!("{name} (one tensor)"),
        count => format!("{name} ({count} tensors)"),
    });
    format!(
        "its weights are stored as {}, but f32, f16 and bf16 are understood: take the original, or convert it \
         (in PyTorch, `tensor.half()`)",
        each.collect::<Vec<_>>().join(" and ")
    )
}

fn damaged(file: &Path, reason: String) -> Error {
    Error::Checkpoint {
        file: file.display().to_string(),
        reason,
    }
}

/// What a file says it holds, by what it starts with and not by its name.
fn open_file(path: &Path, number: usize) -> Result<(Source, BTreeMap<String, StoredTensor>)> {
    let read_error = |source| Error::Read {
        path: path.to_path_buf(),
        source,
    };
    let mut file = crate::files::open_file(path).map_err(read_error)?;
    let length = file.metadata().map_err(read_error)?.len();
    let mut start = Vec::new();
    let most = START_BYTES as u64;
    file.by_ref().take(most).read_to_end(&mut start).map_err(read_error)?;
    if length == 0 {
        return Err(damaged(path, "it is empty: download or copy it anew".into()));
    }
    if let Some(what) = mistaken(&start) {
        return Err(damaged(path, what));
    }
    if start.starts_with(torch_archive::MAGIC) {
        let tensors = torch_archive::read_tensors(&file, number).map_err(|reason| damaged(path, reason))?;
        return Ok((Source::File(file), tensors));
    }
    if start.starts_with(OLD_PICKLE) {
        let reason = "it is in PyTorch's format from before 2020; open it in PyTorch and save it again";
        return Err(damaged(path, reason.into()));
    }
    let mut source = Source::File(file);
    let tensors = safetensors_file::read_header(&mut source, length, number).map_err(|reason| damaged(path, reason))?;
    Ok((source, tensors))
}

/// The start of a bare pickle: its protocol, and the first of PyTorch's magic numbers.
const OLD_PICKLE: &[u8] = b"\x80\x02\x8a\x0a";

/// Transposes a row-major matrix in blocks that stay in the cache, on all cores.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
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
