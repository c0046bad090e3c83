//! One folder a class: the folder's name is the class.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Dataset, Example};
use crate::library::{in_words, scan};

/// Every picture below `folder` with the name of the first folder on its way.
pub fn read(folder: &Path) -> Dataset {
    let found = scan(folder, || true);
    let named: Vec<_> = found
        .pictures
        .into_iter()
        .filter_map(|picture| {
            let inside = picture.path.strip_prefix(folder).ok()?;
            let mut parts = inside.components();
            let first = parts.next()?.as_os_str().to_string_lossy().into_owned();
            // A picture that lies in no class says nothing.
            parts.next()?;
            Some((picture.path, in_words(&first)))
        })
        .collect();
    let classes: Vec<String> = named
        .iter()
        .map(|(_, class)| class.clone())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let examples = named.into_iter().map(|(path, class)| Example {
        class: classes.binary_search(&class).ok(),
        path,
        captions: Vec::new(),
    });
    Dataset {
        examples: examples.collect(),
        classes,
        problems: found.unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_classes_and_loose_pictures_are_none() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Cat/1.jpg", "golden_apple/deep/2.png", "loose.jpg", "Cat/notes.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"x").unwrap();
        }
        let dataset = read(folder.path());
        assert_eq!(dataset.classes, ["cat", "golden apple"]);
        let classes: Vec<_> = dataset.examples.iter().map(|example| example.class).collect();
        assert_eq!(classes, [Some(0), Some(1)]);
    }
}
