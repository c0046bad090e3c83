//! PyTorch's own files: a zip archive of a pickle and raw storages (`torch.save`), or the same inside a TorchScript
//! archive, as OpenAI published its models.
//!
//! Entries are stored uncompressed, so a tensor is a stretch of the file like any other and nothing is unpacked.
//! The tensors' names are the keys of the state dictionary, or the path of attributes through a TorchScript module. A
//! training checkpoint is looked into (`state_dict`).

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;

use zip::{CompressionMethod, ZipArchive};

use super::pickle::{self, Id, Value, Values};
use super::tensor_file::{StoredTensor, StoredType};

/// What every zip archive starts with.
pub const MAGIC: &[u8; 4] = b"PK\x03\x04";
/// The pickle of the largest published model is below 1 MiB.
const MAX_PICKLE_BYTES: u64 = 16 << 20;
/// Modules inside modules; the deepest published model has about ten.
const MAX_DEPTH: usize = 64;
/// Far more values than any published model has.
const MAX_VISITED: usize = 1_000_000;
/// The longest name of a tensor, in bytes.
const MAX_PATH_BYTES: usize = 4_096;
/// The names of all tensors together, in bytes; a few bytes of a pickle can refer to a long one again and again.
const MAX_NAMED_BYTES: usize = 64 << 20;
/// Where training checkpoints keep the model, the most usual first.
const TRAINING_STATES: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// Every tensor of an archive.
///
/// # Errors
/// The archive is damaged or compressed, or its pickle wants more than weights need; in words.
pub fn read_tensors(file: &File, number: usize) -> Result<BTreeMap<String, StoredTensor>, String> {
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let file = file.try_clone().map_err(|e| e.to_string())?;
    let mut archive = ZipArchive::new(file).map_err(|e| format!("the archive is damaged or cut: {e}"))?;
    let (prefix, values) = read_pickle(&mut archive)?;
    let storages = storages(&mut archive, &prefix, length)?;
    let mut search = Search::default();
    search.below(&values, state(&values), 0)?;
    let mut tensors = BTreeMap::new();
    for (name, id) in search.found {
        let tensor = stored_tensor(values.get(id), &storages, number).map_err(|reason| format!("{name}: {reason}"))?;
        tensors.insert(name, tensor);
    }
    if tensors.is_empty() {
        return Err("it holds no tensors".into());
    }
    Ok(tensors)
}

/// The archive's pickle and the folder that everything lies in.
fn read_pickle(archive: &mut ZipArchive<File>) -> Result<(String, Values), String> {
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|name| name.ends_with("/data.pkl"))
        .map(std::borrow::Cow::into_owned)
        .ok_or("it is an archive, but none that PyTorch writes (no data.pkl)")?;
    let entry = archive.by_name(&name).map_err(|e| e.to_string())?;
    if entry.size() > MAX_PICKLE_BYTES {
        return Err(format!(
            "its data.pkl claims {} bytes; weights need no such pickle",
            entry.size()
        ));
    }
    let mut bytes = Vec::new();
    entry
        .take(MAX_PICKLE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|e| format!("data.pkl: {e}"))?;
    let values = pickle::read(&bytes).map_err(|reason| format!("data.pkl: {reason}"))?;
    Ok((name.trim_end_matches("data.pkl").to_string(), values))
}

/// Where each storage starts in the file, and its length.
fn storages(archive: &mut ZipArchive<File>, prefix: &str, length: u64) -> Result<HashMap<String, (u64, u64)>, String> {
    let folder = format!("{prefix}data/");
    let mut storages = HashMap::new();
    for i in 0..archive.len() {
        let mut entry = archive.by_index_raw(i).map_err(|e| e.to_string())?;
        let name = entry.name().map_err(|e| e.to_string())?.into_owned();
        if name == format!("{prefix}byteorder") {
            let mut order = String::new();
            entry
                .by_ref()
                .take(16)
                .read_to_string(&mut order)
                .map_err(|e| e.to_string())?;
            if order.trim() != "little" {
                return Err(format!(
                    "its numbers are stored {order}-endian; save it on another machine"
                ));
            }
        }
        let Some(key) = name.strip_prefix(&folder) else {
            continue;
        };
        if entry.compression() != CompressionMethod::Stored {
            return Err(format!("{name} is compressed; PyTorch stores tensors as they are"));
        }
        let start = entry
            .data_start()
            .ok_or_else(|| format!("{name} has no place in the archive"))?;
        if start.checked_add(entry.size()).is_none_or(|end| end > length) {
            return Err(format!(
                "{name} reaches beyond the end of the file: the download or copy broke off"
            ));
        }
        storages.insert(key.to_string(), (start, entry.size()));
    }
    Ok(storages)
}

/// The state dictionary: the root itself, or where a training checkpoint keeps it.
fn state(values: &Values) -> Id {
    let Value::Dict(items) = values.get(values.root()) else {
        return values.root();
    };
    let under = |name: &&str| {
        let (_, state) = items
            .iter()
            .find(|(key, _)| values.get(*key) == &Value::Text((*name).into()))?;
        matches!(values.get(*state), Value::Dict(_)).then_some(*state)
    };
    TRAINING_STATES.iter().find_map(under).unwrap_or(values.root())
}

/// A walk through modules that collects the names of all tensors.
#[derive(Default)]
struct Search {
    path: String,
    found: Vec<(String, Id)>,
    /// The bytes of all names in `found`.
    named_bytes: usize,
    visited: usize,
}

impl Search {
    fn below(&mut self, values: &Values, id: Id, depth: usize) -> Result<(), String> {
        self.visited += 1;
        // A few bytes of a pickle can refer to each other so often that no walk ends.
        if depth > MAX_DEPTH || self.visited > MAX_VISITED {
            return Err("its modules are nested without end".into());
        }
        match values.get(id) {
            Value::Tensor { .. } => {
                self.named_bytes += self.path.len();
                if self.named_bytes > MAX_NAMED_BYTES {
                    return Err(format!(
                        "its tensors have names of more than {} MiB",
                        MAX_NAMED_BYTES >> 20
                    ));
                }
                self.found.push((self.path.clone(), id));
            }
            Value::Object(Some(attributes)) => self.below(values, *attributes, depth + 1)?,
            Value::Dict(items) => {
                for (key, item) in items {
                    let Value::Text(key) = values.get(*key) else { continue };
                    let length = self.path.len();
                    if length > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(key);
                    if self.path.len() > MAX_PATH_BYTES {
                        return Err(format!(
                            "a name of more than {MAX_PATH_BYTES} bytes stands for a tensor"
                        ));
                    }
                    self.below(values, *item, depth + 1)?;
                    self.path.truncate(length);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn stored_tensor(value: &Value, storages: &HashMap<String, (u64, u64)>, file: usize) -> Result<StoredTensor, String> {
    let Value::Tensor {
        class,
        key,
        offset,
        shape,
        strides,
    } = value
    else {
        return Err("it is no tensor".into());
    };
    let stored_type = storage_type(class);
    let &(start, length) = storages
        .get(key)
        .ok_or_else(|| format!("its storage {key} is missing"))?;
    if strides.len() != shape.len() {
        return Err("its strides do not fit its shape".into());
    }
    let mut tensor = StoredTensor {
        file,
        start,
        stored_type,
        shape: shape.clone(),
        strides: (*strides != row_by_row(shape)).then(|| strides.clone()),
    };
    let first = offset.checked_mul(stored_type.bytes());
    let end = tensor
        .count()
        .and(tensor.span())
        .and_then(|span| span.checked_add(*offset))
        .and_then(|numbers| numbers.checked_mul(stored_type.bytes()));
    match (first, end) {
        (Some(first), Some(end)) if end as u64 <= length => tensor.start += first as u64,
        _ => {
            return Err(format!(
                "its storage of {length} bytes is too short for shape {shape:?}"
            ));
        }
    }
    // A stretch of one number can claim any shape through strides of 0.
    if tensor.count() > tensor.span() {
        return Err("its shape repeats its numbers; weights do not".into());
    }
    Ok(tensor)
}

fn row_by_row(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i].saturating_mul(shape[i]);
    }
    strides
}

fn storage_type(class: &str) -> StoredType {
    let (name, bytes) = match class {
        "FloatStorage" => return StoredType::F32,
        "HalfStorage" => return StoredType::F16,
        "BFloat16Storage" => return StoredType::BF16,
        "DoubleStorage" => ("f64", 8),
        "LongStorage" => ("int64", 8),
        "IntStorage" => ("int32", 4),
        "ShortStorage" => ("int16", 2),
        "CharStorage" => ("int8", 1),
        "ByteStorage" => ("uint8", 1),
        "BoolStorage" => ("bool", 1),
        _ => ("bytes", 1),
    };
    StoredType::Other(name, bytes)
}
