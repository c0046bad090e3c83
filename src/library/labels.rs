//! What a picture shows by its own name, and how names are spoken.

use std::path::PathBuf;

/// Each picture's label: its own name in words, without the number at its end (`dress-2.jpg` is a `dress`).
pub fn labels_by_name(pictures: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let labelled = pictures.iter().filter_map(|path| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        let without_number = name.trim_end_matches(|c: char| c.is_ascii_digit());
        // A name that is a number is all there is.
        let label = in_words(if without_number.is_empty() {
            &name
        } else {
            without_number
        });
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
    fn pictures_side_by_side_are_what_they_are_called() {
        let labels = |names: &[&str]| -> Vec<String> {
            let paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
            labels_by_name(&paths).into_iter().map(|(_, label)| label).collect()
        };
        let names = ["d/x/dress-1.jpg", "d/x/dress-2.jpg", "d/bell-peppers.jpg"];
        assert_eq!(labels(&names), ["dress", "dress", "bell peppers"]);
        assert_eq!(labels(&["d/7.jpg", "d/8.jpg"]), ["7", "8"]);
    }

    #[test]
    fn classes_are_spoken_of_in_words() {
        assert_eq!(
            ["Polish", "a_1", "series-737", "---", " 7 "].map(in_words),
            ["polish", "a 1", "series 737", "---", "7"]
        );
    }
}
