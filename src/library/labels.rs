//! What a picture shows, by the name of its folder or by its own.

use std::path::{Path, PathBuf};

/// Each picture's label in words: its folder's name where `folder` has so many folders or more, else its own name without
/// the number at its end (`dress-2.jpg` is a `dress`).
pub fn labels_of(folder: &Path, pictures: &[PathBuf], least_folders: usize) -> Vec<(PathBuf, String)> {
    let by_folder = |path: &PathBuf| {
        let inside = path.strip_prefix(folder).ok()?.components();
        let first = inside.clone().next()?.as_os_str().to_string_lossy().into_owned();
        (inside.count() > 1).then_some(first)
    };
    let mut folders: Vec<String> = pictures.iter().filter_map(by_folder).collect();
    folders.sort();
    folders.dedup();
    let by_name = folders.len() < least_folders;
    let labelled = pictures.iter().filter_map(|path| {
        let label = if by_name {
            path.file_stem()?.to_string_lossy().into_owned()
        } else {
            by_folder(path)?
        };
        let without_number = label.trim_end_matches(|c: char| c.is_ascii_digit());
        Some((path.clone(), in_words(without_number)))
    });
    labelled.collect()
}

/// `bell_peppers` and `Bell-Peppers` as words.
pub fn in_words(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_labels_where_there_are_enough_of_them() {
        let paths = |names: &[&str]| -> Vec<PathBuf> { names.iter().map(PathBuf::from).collect() };
        let labels = |paths: &[PathBuf]| -> Vec<String> {
            let labelled = labels_of(Path::new("d"), paths, 4).into_iter();
            labelled.map(|(_, label)| label).collect()
        };
        let folders = paths(&["d/a/1.jpg", "d/b_c/1.jpg", "d/e/1.jpg", "d/f/1.jpg", "d/loose.jpg"]);
        assert_eq!(labels(&folders), ["a", "b c", "e", "f"]);
        let names = paths(&["d/x/dress-1.jpg", "d/x/dress-2.jpg", "d/bell-peppers.jpg"]);
        assert_eq!(labels(&names), ["dress", "dress", "bell peppers"]);
    }
}
