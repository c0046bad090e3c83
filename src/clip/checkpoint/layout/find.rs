//! Where a model's files lie, from a folder or from one of them.

use std::path::{Path, PathBuf};

use super::{
    HF_CONFIG, Layout, ModelFiles, OPEN_CLIP_CONFIG, check_layout, hugging_face, layout_error, open_clip, shards,
};
use crate::clip::checkpoint::adapter::is_adapter;
use crate::clip::{Error, Result};
use crate::files::{MAX_SMALL_BYTES, read_at_most};

/// Where sentence-transformers keeps the first of a model's parts: `0_CLIPModel`, `0_Transformer`.
pub const FIRST_PART: &str = "0_";

/// Finds the model in a folder, or the one that a file belongs to.
///
/// # Errors
/// Nothing here is a model; the message says what was looked for.
pub fn find(path: &Path) -> Result<ModelFiles> {
    let path = std::path::absolute(path).map_err(|source| Error::Read {
        path: path.to_path_buf(),
        source,
    })?;
    if path.is_dir() {
        return find_in_folder(&path);
    }
    match path.parent() {
        Some(folder) if path.is_file() => find_by_file(&path, folder),
        _ => Err(layout_error(&path, "there is no such folder or file")),
    }
}

/// Whether a folder holds a model by the look of its files; nothing but small ones is read.
pub fn is_model_folder(folder: &Path) -> bool {
    if is_adapter(folder) {
        return true;
    }
    let folder = model_root(folder);
    let opens = |files: &ModelFiles| match files.layout {
        Layout::OpenClip => open_clip::check_family(&folder).is_ok(),
        _ => hugging_face::check_family_and_words(&folder).is_ok(),
    };
    candidates(&folder).0.iter().any(opens)
}

/// The folder that holds a model's files: the newest snapshot in a repository of the Hub's cache, the first part of a
/// model of sentence-transformers, or the folder itself.
pub fn model_root(folder: &Path) -> PathBuf {
    let is_root = |folder: &Path| {
        [HF_CONFIG, OPEN_CLIP_CONFIG]
            .iter()
            .any(|name| folder.join(name).is_file())
    };
    let mut root = folder.to_path_buf();
    if !is_root(&root)
        && let Some(snapshot) = snapshot(&root)
    {
        root = snapshot;
    }
    if !is_root(&root) {
        let named = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(FIRST_PART))
        };
        let part = subfolders(&root).into_iter().find(|path| named(path) && is_root(path));
        root = part.unwrap_or(root);
    }
    root
}

/// The snapshot that `main` names, else the one that was changed last.
fn snapshot(repository: &Path) -> Option<PathBuf> {
    let snapshots = repository.join("snapshots");
    let commit = read_at_most(&repository.join("refs").join("main"), MAX_SMALL_BYTES).unwrap_or_default();
    let commit = String::from_utf8_lossy(&commit);
    // Anything else could lead out of the folder, or to another machine.
    let is_commit = !commit.trim().is_empty() && commit.trim().chars().all(|c| c.is_ascii_hexdigit());
    let main = snapshots.join(commit.trim());
    if is_commit && main.is_dir() {
        return Some(main);
    }
    let changed = |folder: &PathBuf| std::fs::metadata(folder).and_then(|metadata| metadata.modified()).ok();
    subfolders(&snapshots).into_iter().max_by_key(changed)
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn find_in_folder(folder: &Path) -> Result<ModelFiles> {
    let folder = &model_root(folder);
    let (mut found, mut reasons) = candidates(folder);
    // One of two layouts may be that of a model that cannot be computed, while the other one's weights can.
    let opens = |files: &ModelFiles| found.len() == 1 || check_layout(folder, files.layout).is_ok();
    let first = found.iter().position(opens).unwrap_or(0);
    if first < found.len() {
        return Ok(found.swap_remove(first));
    }
    // Weights that are there, but damaged, say more than a configuration that is not.
    if let Some(at) = reasons
        .iter()
        .position(|reason| !matches!(reason, Error::Layout { .. }))
    {
        return Err(reasons.swap_remove(at));
    }
    let mut reasons: Vec<String> = reasons
        .into_iter()
        .map(|reason| match reason {
            Error::Layout { reason, .. } => reason,
            other => other.to_string(),
        })
        .collect();
    if let Some(archive) = archive_in(folder) {
        reasons.push(format!(
            "an archive of OpenAI's is opened by its own name: give {}",
            archive.display()
        ));
    }
    Err(layout_error(folder, &reasons.join(", and ")))
}

/// A `.pt` file, if there is one.
fn archive_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pt")))
}

/// Every layout whose configuration and weights are in a folder, and why others are not.
fn candidates(folder: &Path) -> (Vec<ModelFiles>, Vec<Error>) {
    let mut found = Vec::new();
    let mut reasons = Vec::new();
    for (layout, config, weights) in [
        (
            Layout::OpenClip,
            OPEN_CLIP_CONFIG,
            open_clip::weights as fn(&Path) -> Result<_>,
        ),
        (Layout::HuggingFace, HF_CONFIG, shards::weights),
    ] {
        if !folder.join(config).is_file() {
            reasons.push(layout_error(folder, &format!("{config} is missing")));
            continue;
        }
        match weights(folder) {
            Ok(weights) => found.push(ModelFiles {
                layout,
                folder: folder.to_path_buf(),
                weights,
            }),
            Err(reason) => reasons.push(reason),
        }
    }
    (found, reasons)
}

fn find_by_file(file: &Path, folder: &Path) -> Result<ModelFiles> {
    let named = |name: &str| folder.join(name).is_file();
    let file_name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_config = file_name.ends_with(".json");
    // One shard alone is no model.
    if is_config || shards::is_shard(folder, &file_name) {
        return find_in_folder(folder);
    }
    let layout = match (named(HF_CONFIG), named(OPEN_CLIP_CONFIG)) {
        (_, true) if file_name.starts_with("open_clip") || file_name.starts_with("epoch_") => Layout::OpenClip,
        (true, _) => Layout::HuggingFace,
        (false, true) => Layout::OpenClip,
        (false, false) => Layout::OpenAi,
    };
    Ok(ModelFiles {
        layout,
        folder: folder.to_path_buf(),
        weights: vec![file.to_path_buf()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_told_apart_by_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let touch = |name: &str| std::fs::write(folder.path().join(name), "{}").unwrap();
        let layout = |name: &str| find(&folder.path().join(name)).map(|files| files.layout);
        touch("ViT-B-32.pt");
        assert!(matches!(layout("ViT-B-32.pt"), Ok(Layout::OpenAi)));
        assert!(layout("").unwrap_err().to_string().contains("config.json is missing"));
        touch("config.json");
        touch("pytorch_model.bin");
        touch("open_clip_config.json");
        assert!(matches!(layout(""), Ok(Layout::HuggingFace)));
        touch("open_clip_model.safetensors");
        assert!(matches!(layout(""), Ok(Layout::OpenClip)));
        assert!(matches!(layout("open_clip_model.safetensors"), Ok(Layout::OpenClip)));
        assert!(matches!(layout("pytorch_model.bin"), Ok(Layout::HuggingFace)));
        assert!(matches!(layout("config.json"), Ok(Layout::OpenClip)));
    }
}
