//! Which file of a folder holds the weights.

use std::path::{Path, PathBuf};

use crate::clip::Result;
use crate::clip::checkpoint::layout::{HF_CONFIG, layout_error};

const WEIGHTS: [&str; 2] = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];
/// Checkpoints of OpenCLIP's training: `epoch_3.pt`, `epoch_latest.pt`.
const EPOCH: &str = "epoch_";
const ENDINGS: [&str; 4] = ["safetensors", "bin", "pt", "pth"];

/// The weights' file in a folder: under its own name, the last epoch of a training, or the only one that there is.
///
/// # Errors
/// None is there.
pub fn weights(folder: &Path) -> Result<Vec<PathBuf>> {
    if let Some(path) = WEIGHTS.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
        return Ok(vec![path]);
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let ending = path
                .extension()
                .unwrap_or_default()
                .to_string_lossy()
                .to_ascii_lowercase();
            ENDINGS.contains(&ending.as_str()) && path.is_file()
        })
        .collect();
    let epochs = files.iter().filter_map(|path| Some((epoch(path)?, path)));
    if let Some((_, last)) = epochs.max() {
        return Ok(vec![last.clone()]);
    }
    // In a folder of two layouts the other file belongs to the other one.
    if files.len() == 1 && !folder.join(HF_CONFIG).is_file() {
        return Ok(vec![files.swap_remove(0)]);
    }
    Err(layout_error(
        folder,
        &format!("{} is missing (or {}, or epoch_N.pt)", WEIGHTS[0], WEIGHTS[1]),
    ))
}

/// The number of a training's checkpoint; its latest comes after all numbers.
fn epoch(path: &Path) -> Option<u64> {
    match path.file_stem()?.to_str()?.strip_prefix(EPOCH)? {
        "latest" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}
