//! Tensors of our own in a safetensors file: adapters, checkpoints of runs, tuned models.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::{SafeTensors, TensorView, serialize};

use crate::clip::checkpoint::mistaken::mistaken;
use crate::clip::{Error, Result};
use crate::files;

/// More than any model that is taught has; a device without end, or a file with a hole in it, is not read for ever.
const MAX_BYTES: u64 = 32 << 30;

/// A tensor in f32, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flat {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers.
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

/// Reads what [`write_flats`] wrote.
///
/// # Errors
/// The file is missing or damaged, or holds other types.
pub fn read_flats(path: &Path) -> Result<Flats> {
    let bytes = files::read_at_most(path, MAX_BYTES).map_err(|source| Error::Read {
        path: path.to_path_buf(),
        source,
    })?;
    let damaged = |reason: String| Error::Checkpoint {
        file: path.display().to_string(),
        reason,
    };
    if let Some(what) = mistaken(&bytes) {
        return Err(damaged(what));
    }
    let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
    tensors
        .iter()
        .map(|(name, view)| {
            if view.dtype() != Dtype::F32 {
                return Err(damaged(format!("{name} is not stored as f32")));
            }
            let values = view
                .data()
                .as_chunks()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect();
            let shape = view.shape().to_vec();
            Ok((name.to_string(), Flat { shape, values }))
        })
        .collect()
}
