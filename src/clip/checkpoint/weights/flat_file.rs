//! Tensors of our own in a safetensors file: adapters, checkpoints of runs, tuned models.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};

use super::safetensors_file::read_header;
use super::tensor_file::{Source, StoredType};
use crate::clip::checkpoint::mistaken::{START_BYTES, mistaken};
use crate::clip::{Error, Result};
use crate::files::{self, open_file};
use crate::memory::machine_bytes;

/// More than any model that is taught has, where the system does not tell its memory.
const MAX_BYTES: u64 = 32 << 30;

/// A tensor in f32, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flat {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// Tensors by name.
pub type Flats = BTreeMap<String, Flat>;

/// Writes tensors, all or nothing: a reader, or a process that comes after a crash, sees the old file or the new one.
///
/// # Errors
/// The file cannot be written (a full disk, for one).
pub fn write_flats(path: &Path, tensors: &Flats) -> Result<()> {
    let bytes: Vec<(&String, &Flat, Vec<u8>)> = tensors
        .iter()
        .map(|(name, flat)| (name, flat, flat.values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let damaged = |e: safetensors::SafeTensorError| Error::Checkpoint {
        file: path.display().to_string(),
        reason: e.to_string(),
    };
    let views = bytes
        .iter()
        .map(|(name, flat, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, flat.shape.clone(), bytes)?)))
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(damaged)?;
    // What transformers expects to find.
    let metadata = [("format".to_string(), "pt".to_string())].into_iter().collect();
    write_whole(path, &serialize(views, Some(metadata)).map_err(damaged)?)
}

/// Writes a file, all or nothing.
///
/// # Errors
/// It cannot be written.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    files::write_whole(path, content).map_err(|source| Error::Write {
        path: path.to_path_buf(),
        source,
    })
}

/// Reads what [`write_flats`] wrote, where half of this machine's memory holds it.
///
/// # Errors
/// The file is missing, damaged or larger, or holds other types.
pub fn read_flats(path: &Path) -> Result<Flats> {
    read_flats_within(path, machine_bytes().map_or(MAX_BYTES, |bytes| bytes / 2))
}

/// The same of at most so many bytes.
///
/// # Errors
/// The same.
pub fn read_flats_within(path: &Path, most: u64) -> Result<Flats> {
    let unreadable = |source| Error::Read {
        path: path.to_path_buf(),
        source,
    };
    let damaged = |reason: String| Error::Checkpoint {
        file: path.display().to_string(),
        reason,
    };
    let mut file = open_file(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let mut start = Vec::new();
    let most_of_start = START_BYTES as u64;
    file.by_ref()
        .take(most_of_start)
        .read_to_end(&mut start)
        .map_err(unreadable)?;
    if let Some(what) = mistaken(&start) {
        return Err(damaged(what));
    }
    let mut source = Source::File(file);
    let tensors = read_header(&mut source, length, 0).map_err(damaged)?;
    // Before anything of it is read: a file can be long and hold nothing.
    if length > most {
        return Err(damaged(format!(
            "it holds {} MiB, and no more than {} MiB can be meant here: it belongs to another model, or is damaged",
            length >> 20,
            most >> 20
        )));
    }
    tensors
        .into_iter()
        .map(|(name, tensor)| {
            if tensor.stored_type != StoredType::F32 {
                return Err(damaged(format!("{name} is not stored as f32")));
            }
            let rows = tensor.shape.first().copied().unwrap_or(1);
            let values = tensor.read_rows(&mut source, 0..rows).map_err(unreadable)?;
            let shape = tensor.shape;
            Ok((name, Flat { shape, values }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_long_and_holds_nothing_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("adapter.safetensors");
        let length: u64 = 20 << 30;
        let hole = |header: &str| {
            let start = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
            std::fs::write(&path, &start).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_len(start.len() as u64 + length).unwrap();
            read_flats_within(&path, 1 << 30).unwrap_err().to_string()
        };
        assert!(hole("").contains("header"));
        let count = length / 4;
        let header = format!(r#"{{"weight":{{"dtype":"F32","shape":[{count}],"data_offsets":[0,{length}]}}}}"#);
        assert!(hole(&header).contains("no more than 1024 MiB"));
        let (shape, values) = (vec![2, 1], vec![1.0, 2.0]);
        let flats: Flats = [("a".to_string(), Flat { shape, values })].into_iter().collect();
        write_flats(&path, &flats).unwrap();
        assert_eq!(read_flats(&path).unwrap(), flats);
    }
}
