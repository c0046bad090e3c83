//! Whether a folder says itself what its pictures show, by lists or by texts beside them.

use std::path::{Path, PathBuf};

use super::folders_in;

/// Where data sets keep their lists.
pub fn is_list_folder(name: &str) -> bool {
    ["annotations", "captions"].contains(&name.to_lowercase().as_str())
}

/// Whether a folder says of its pictures what they show: by a list in it, or by texts beside them.
pub(super) fn is_said(folder: &Path) -> bool {
    let beside = |text: &PathBuf| {
        let of_text = text
            .extension()
            .is_some_and(|ending| ending == "txt" || ending == "caption");
        of_text
            && ["jpg", "jpeg", "png", "webp"]
                .iter()
                .any(|ending| text.with_extension(ending).is_file())
    };
    files_in(folder).any(|file| is_list(&file) || beside(&file))
}

/// Whether there are lists in a folder, or in the one beside the pictures where lists are kept.
pub(super) fn has_list(root: &Path) -> bool {
    let kept = folders_in(root).into_iter().filter(|(name, _)| is_list_folder(name));
    let mut places = kept.map(|(_, path)| path).chain([root.to_path_buf()]);
    places.any(|place| files_in(&place).any(|file| is_list(&file)))
}

/// Whether a file looks like a list, by its name.
pub fn is_list(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    match ending.as_str() {
        "csv" | "tsv" | "jsonl" | "ndjson" => true,
        "json" => ["annotation", "caption", "label", "metadata", "coco", "instances"]
            .iter()
            .any(|word| stem.contains(word)),
        _ => false,
    }
}

fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file())
}
