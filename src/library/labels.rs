//! What a picture shows, by the name of its folder or by its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each picture's label: its folder's name as it is, where `folder` has so many folders or more, else its own name in
/// words, without the number at its end (`dress-2.jpg` is a `dress`).
pub fn labels_of(folder: &Path, pictures: &[PathBuf], least_folders: usize) -> Vec<(PathBuf, String)> {
    let by_folder = |path: &PathBuf| {
        let inside = path.strip_prefix(folder).ok()?.components();
        let first = inside.clone().next()?.as_os_str().to_string_lossy().into_owned();
        (inside.count() > 1).then_some(first)
    };
    let folders: BTreeSet<String> = pictures.iter().filter_map(by_folder).collect();
    let by_name = folders.len() < least_folders;
    let labelled = pictures.iter().filter_map(|path| {
        let label = if by_name {
            let name = path.file_stem()?.to_string_lossy().into_owned();
            let without_number = name.trim_end_matches(|c: char| c.is_ascii_digit());
            // A name that is a number is all there is.
            in_words(if without_number.is_empty() {
                &name
            } else {
                without_number
            })
        } else {
            by_folder(path)?
        };
        Some((path.clone(), label))
    });
    labelled.collect()
}

/// The words that a class's name is spoken with: `bell_peppers` and `Bell-Peppers` become `bell peppers`. Two names can
/// have the same words, so a class is known by its name. A name without words stays as it is.
pub fn in_words(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if words.is_empty() {
        name.trim().to_string()
    } else {
        words
    }
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
        assert_eq!(labels(&folders), ["a", "b_c", "e", "f"]);
        let names = paths(&["d/x/dress-1.jpg", "d/x/dress-2.jpg", "d/bell-peppers.jpg"]);
        assert_eq!(labels(&names), ["dress", "dress", "bell peppers"]);
        assert_eq!(labels(&paths(&["d/7.jpg", "d/8.jpg"])), ["7", "8"]);
    }

    #[test]
    fn names_that_fall_together_in_words_stay_apart() {
        let paths = [
            "d/Polish/1.jpg",
            "d/polish/1.jpg",
            "d/series-737/1.jpg",
            "d/series-747/1.jpg",
            "d/---/1.jpg",
        ];
        let labels = labels_of(Path::new("d"), &paths.map(PathBuf::from), 4);
        let labels: Vec<&str> = labels.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["Polish", "polish", "series-737", "series-747", "---"]);
        assert_eq!(
            ["Polish", "a_1", "series-737", "---", " 7 "].map(in_words),
            ["polish", "a 1", "series 737", "---", "7"]
        );
    }
}
