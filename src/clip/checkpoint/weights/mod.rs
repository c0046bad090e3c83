//! Weights on disk: safetensors files, whole or sharded, and PyTorch's own, read tensor by tensor and never as a whole.
//!
//! A tower asks for each of its tensors by name and shape, whatever the layout ([`KeyMap`]). Shapes are compared before
//! anything is allocated; at the end [`Checkpoint::finish`] names every tensor that was missing, left over, or of
//! another shape. Only buffers that the reference implementations store beside the weights may be left over.

mod finish;
mod flat_file;
mod key_map;
mod open;
mod parameter;
mod pickle;
mod read;
mod safetensors_file;
mod tensor_file;
mod torch_archive;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use crate::clip::{Error, Precision, Result};
use crate::memory::machine_bytes;
use open::{check_length, open_file};
use tensor_file::{Source, StoredTensor};

pub use flat_file::{Flat, Flats, read_flats, read_flats_within, write_flats, write_whole};
pub use key_map::{ImageNames, KeyMap, View};
pub use parameter::{Parameter, Stored, parameter_id};
pub use read::transposed;

/// Buffers that reference implementations store and that hold no weight.
const KNOWN_BUFFERS: [&str; 3] = ["position_ids", "num_batches_tracked", "attn_mask"];
/// What stands before every name where a model was saved inside another: by parallel training, by `torch.compile`, and by
/// Lightning and others that call it their model.
const WRAPPERS: [&str; 3] = ["module.", "_orig_mod.", "model."];
/// Epsilon of every batch normalisation in the family (PyTorch's default).
pub const BATCH_NORM_EPSILON: f32 = 1e-5;
/// What is said of a tensor that is not all numbers.
pub const NOT_FINITE: &str = "holds NaN or infinity: these weights are broken, as training in half precision can leave \
                          them; take an earlier checkpoint, or save it again in f32";

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
    /// A file cannot be read, is truncated, damaged, or wants more than weights need, or than this machine has.
    pub fn open(paths: &[PathBuf], device: &Device) -> Result<Self> {
        check_length(paths, machine_bytes())?;
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
        Ok(Self::new(files, sources, unwrapped(tensors), device))
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

    pub fn stored_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The device on which tensors are made.
    pub fn device(&self) -> &Device {
        &self.device
    }
}

/// Without what programs that train put before every name.
fn unwrapped(mut tensors: BTreeMap<String, StoredTensor>) -> BTreeMap<String, StoredTensor> {
    let before_all = |tensors: &BTreeMap<String, StoredTensor>, wrapper: &str| {
        !tensors.is_empty() && tensors.keys().all(|name| name.starts_with(wrapper))
    };
    while let Some(wrapper) = WRAPPERS.into_iter().find(|wrapper| before_all(&tensors, wrapper)) {
        let named = tensors.into_iter();
        tensors = named
            .map(|(name, tensor)| (name[wrapper.len()..].to_string(), tensor))
            .collect();
    }
    tensors
}

fn damaged(file: &Path, reason: String) -> Error {
    Error::Checkpoint {
        file: file.display().to_string(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use safetensors::Dtype;
    use safetensors::tensor::{TensorView, serialize};

    use super::*;

    #[test]
    fn what_training_puts_before_every_name_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let names_of = |names: &[&str]| -> Vec<String> {
            let zero = [0; 4];
            let view = || TensorView::new(Dtype::F32, vec![1], &zero).unwrap();
            let bytes = serialize(names.iter().map(|name| (*name, view())), None).unwrap();
            let path = folder.path().join("model.safetensors");
            std::fs::write(&path, bytes).unwrap();
            let checkpoint = Checkpoint::open(&[path], &Device::flex()).unwrap();
            checkpoint.stored_names().map(String::from).collect()
        };
        assert_eq!(names_of(&["module.a", "module.b.module.c"]), ["a", "b.module.c"]);
        assert_eq!(names_of(&["module._orig_mod.a"]), ["a"]);
        assert_eq!(names_of(&["model.logit_scale", "model.proj"]), ["logit_scale", "proj"]);
        assert_eq!(names_of(&["logit_scale", "model.a"]), ["logit_scale", "model.a"]);
    }
}
