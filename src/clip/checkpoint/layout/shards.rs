//! The weights of Hugging Face's layout: in one file, or in shards that a list names.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{json, layout_error, read_optional};
use crate::clip::{Error, Result};

const WEIGHTS: &str = "model.safetensors";
const SHARDS: &str = "model.safetensors.index.json";
const TORCH_WEIGHTS: &str = "pytorch_model.bin";
const TORCH_SHARDS: &str = "pytorch_model.bin.index.json";
/// Far more shards than any published model has.
const MAX_SHARDS: usize = 1_000;

/// The weights' files in a folder.
///
/// # Errors
/// None are there, or the list of shards is damaged.
pub fn weights(folder: &Path) -> Result<Vec<PathBuf>> {
    for (whole, index) in [(WEIGHTS, SHARDS), (TORCH_WEIGHTS, TORCH_SHARDS)] {
        if folder.join(whole).is_file() {
            return Ok(vec![folder.join(whole)]);
        }
        if let Some(list) = read_optional(folder, index)? {
            return shards(folder, index, &list);
        }
    }
    Err(layout_error(
        folder,
        &format!("{WEIGHTS} is missing (or {TORCH_WEIGHTS})"),
    ))
}

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: std::collections::BTreeMap<String, String>,
}

fn shards(folder: &Path, list: &str, index: &[u8]) -> Result<Vec<PathBuf>> {
    let index: ShardIndex = json::parse(list, index)?;
    let mut names: Vec<String> = index.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    let inside = |name: &String| {
        let plain = !name.chars().any(|c| c.is_control() || "\\/:".contains(c));
        plain && Path::new(name).file_name().is_some_and(|file| file == name.as_str())
    };
    if names.is_empty() || names.len() > MAX_SHARDS || !names.iter().all(inside) {
        return Err(Error::config(list, "it does not list files of its own folder"));
    }
    match names.iter().find(|name| !folder.join(name).is_file()) {
        Some(missing) => Err(layout_error(folder, &format!("the shard {missing} is missing"))),
        None => Ok(names.into_iter().map(|name| folder.join(name)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shards_stay_in_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let list = |name: &str| json!({"weight_map": {"a": name}}).to_string().into_bytes();
        let shards = |name: &str| shards(folder.path(), SHARDS, &list(name));
        let outside = [
            "../a.safetensors",
            "/etc/passwd",
            "sub/a.safetensors",
            "..",
            r"..\a.safetensors",
            "C:a",
            "a\u{1b}[2J",
        ];
        for outside in outside {
            let error = shards(outside).unwrap_err().to_string();
            assert!(error.contains("its own folder"), "{outside}: {error}");
        }
        let error = shards("a.safetensors").unwrap_err().to_string();
        assert!(error.contains("a.safetensors is missing"), "{error}");
    }
}
