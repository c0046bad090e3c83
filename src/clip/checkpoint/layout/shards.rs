//! The weights of Hugging Face's layout: in one file, or in shards that a list names.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{json, layout_error, read_optional};
use crate::clip::{Error, Result};

const WEIGHTS: &str = "model.safetensors";
const SHARDS: &str = "model.safetensors.index.json";
const TORCH_WEIGHTS: &str = "pytorch_model.bin";
const TORCH_SHARDS: &str = "pytorch_model.bin.index.json";
/// What PEFT saves: what was learnt, without the model that it was learnt from.
const PEFT: &str = "adapter_config.json";
const PEFT_ALONE: &str = "it holds an adapter of PEFT's, which is no model by itself: merge it into its base in Python \
                              (`merge_and_unload`) and save that";
/// Safetensors files that hold something else than a model of this layout.
const OTHERS_WEIGHTS: [&str; 2] = ["open_clip_model.safetensors", "adapter_model.safetensors"];
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
    if let Some(only) = only_one(folder) {
        return Ok(vec![only]);
    }
    let adapter = if folder.join(PEFT).is_file() {
        format!("; {PEFT_ALONE}")
    } else {
        String::new()
    };
    Err(layout_error(
        folder,
        &format!("{WEIGHTS} is missing (or {TORCH_WEIGHTS}){adapter}"),
    ))
}

/// The one safetensors file of a folder, under a name of its own, as a checkpoint that was downloaded by itself has it.
fn only_one(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut named = files.filter(|path| {
        let ending = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("safetensors"));
        let known = path
            .file_name()
            .is_some_and(|name| OTHERS_WEIGHTS.iter().any(|other| name == *other));
        ending && !known && path.is_file()
    });
    let first = named.next()?;
    named.next().is_none().then_some(first)
}

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: std::collections::BTreeMap<String, String>,
}

/// Whether a file of a folder is one of several that hold its weights together.
pub fn is_shard(folder: &Path, name: &str) -> bool {
    [SHARDS, TORCH_SHARDS].into_iter().any(|list| {
        let index = read_optional(folder, list).ok().flatten();
        let parsed = index.and_then(|index| json::parse::<ShardIndex>(list, &index).ok());
        parsed.is_some_and(|index| index.weight_map.values().any(|shard| shard == name))
    })
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

    #[test]
    fn a_shard_is_known_by_the_list_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let shard = "model-00001-of-00002.safetensors";
        assert!(!is_shard(folder.path(), shard));
        let list = json!({"metadata": null, "weight_map": {"a": shard, "b": "model-00002-of-00002.safetensors"}});
        std::fs::write(folder.path().join(SHARDS), list.to_string()).unwrap();
        assert!(is_shard(folder.path(), shard));
        assert!(!is_shard(folder.path(), "model.safetensors"));
    }

    #[test]
    fn weights_under_a_name_of_their_own_are_taken_where_there_is_no_choice() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| std::fs::write(folder.path().join(name), "x").unwrap();
        let found = || weights(folder.path()).map(|files| files[0].file_name().unwrap().to_owned());
        put("adapter_config.json");
        put("adapter_model.safetensors");
        put("open_clip_model.safetensors");
        let error = found().unwrap_err().to_string();
        assert!(error.contains("merge_and_unload"), "{error}");
        put("ViT-L-14-detail-improved.safetensors");
        assert_eq!(found().unwrap(), "ViT-L-14-detail-improved.safetensors");
        put("another.safetensors");
        assert!(found().is_err());
        put("model.safetensors");
        assert_eq!(found().unwrap(), "model.safetensors");
    }
}
