//! One folder a class: the folder's name is the class, as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Reasons, Side};
use crate::library::is_system_folder;

/// Where pictures lie that belong together: the folder itself, or one of its folders `train`, `val` and `test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub folder: PathBuf,
    pub side: Option<Side>,
}

/// The folder of a class that a picture below a part lies in: the first one on the way, or one further down.
pub fn class_of(part: &Part, picture: &Path, level: usize) -> Option<String> {
    let mut inside = picture.strip_prefix(&part.folder).ok()?.components().skip(level);
    let class = inside.next()?.as_os_str().to_string_lossy().into_owned();
    inside.next().map(|_| class)
}

/// The visible folders in a folder, by name.
pub fn folders_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    let mut folders: Vec<_> = named
        .filter(|(name, path)| path.is_dir() && !is_system_folder(name))
        .collect();
    folders.sort();
    folders
}

/// The folder itself, or its `train`, `val` and `test` where it is split by such folders, and what is then left aside.
///
/// A class may be called `train`: folders are sides only where every folder is called like one, or where several of them
/// hold the same classes.
pub fn parts(root: &Path) -> (Vec<Part>, Reasons) {
    let all = folders_in(root);
    let (sides, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(name, _)| Side::of_folder(name).is_some());
    let whole = vec![Part {
        folder: root.to_path_buf(),
        side: None,
    }];
    let classes = |path: &PathBuf| {
        folders_in(path)
            .into_iter()
            .map(|(name, _)| name)
            .collect::<BTreeSet<_>>()
    };
    let of_sides: Vec<BTreeSet<String>> = sides.iter().map(|(_, path)| classes(path)).collect();
    let share_classes = of_sides
        .iter()
        .enumerate()
        .any(|(n, a)| of_sides[..n].iter().any(|b| a.intersection(b).count() > 0));
    if sides.is_empty() || !(others.is_empty() || share_classes) {
        return (whole, Vec::new());
    }
    let parts: Vec<Part> = sides
        .into_iter()
        .map(|(name, folder)| Part {
            folder,
            side: Side::of_folder(&name),
        })
        .collect();
    let aside = others
        .into_iter()
        .map(|(_, path)| (path, "it lies beside train and test".to_string()));
    (parts, aside.collect())
}

/// Why there is nothing to learn from: there are sides, and no folder called train.
pub fn untaught(root: &Path, parts: &[Part]) -> Option<String> {
    let sides = parts.iter().filter(|part| part.side.is_some());
    let names: Vec<String> = sides
        .clone()
        .map(|part| {
            part.folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let taught = sides.clone().any(|part| part.side == Some(Side::Train));
    (!names.is_empty() && !taught).then(|| {
        format!(
            "{} holds {}, and no folder called train: there is nothing to learn from",
            root.display(),
            names.join(" and ")
        )
    })
}

/// Pictures by class, and what lies in no class.
#[derive(Debug, Default)]
pub struct Classes {
    pub of: BTreeMap<PathBuf, String>,
    pub names: BTreeSet<String>,
    pub loose: Vec<PathBuf>,
    /// Folders without any picture.
    pub empty: Vec<PathBuf>,
}

/// Sorts pictures by the folders in which they lie; `unreadable` ones make their folder a class, too.
pub fn classes(parts: &[Part], pictures: &[PathBuf], unreadable: &[PathBuf], level: usize) -> Classes {
    let mut classes = Classes::default();
    let part_of = |path: &PathBuf| parts.iter().find(|part| path.starts_with(&part.folder));
    for path in pictures {
        match part_of(path).and_then(|part| class_of(part, path, level)) {
            Some(name) => {
                classes.names.insert(name.clone());
                classes.of.insert(path.clone(), name);
            }
            None => classes.loose.push(path.clone()),
        }
    }
    let broken = unreadable.iter().filter(|path| !path.is_dir());
    classes
        .names
        .extend(broken.filter_map(|path| class_of(part_of(path)?, path, level)));
    for part in parts.iter().filter(|_| level == 0) {
        for (name, path) in folders_in(&part.folder) {
            let holds = |list: &[PathBuf]| list.iter().any(|picture| picture.starts_with(&path));
            if !(classes.names.contains(&name) && (holds(pictures) || holds(unreadable))) {
                classes.empty.push(path);
            }
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let mut pictures = Vec::new();
        for name in names {
            let path = folder.path().join(name);
            if name.ends_with('/') {
                std::fs::create_dir_all(path).unwrap();
                continue;
            }
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, b"x").unwrap();
            pictures.push(path);
        }
        pictures.sort();
        (folder, pictures)
    }

    #[test]
    fn folders_are_classes_by_their_own_names() {
        let names = [
            "Cat/1.jpg",
            "cat/1.jpg",
            "golden_apple/deep/2.png",
            "a-1/1.jpg",
            "a_1/1.jpg",
            "---/1.jpg",
            "loose.jpg",
            "none/",
        ];
        let (root, pictures) = folder(&names);
        let (parts, _) = parts(root.path());
        let found = classes(&parts, &pictures, &[], 0);
        let expected = ["---", "Cat", "a-1", "a_1", "cat", "golden_apple"];
        assert_eq!(
            found.names.iter().collect::<Vec<_>>(),
            expected.iter().collect::<Vec<_>>()
        );
        assert_eq!((found.loose.len(), found.empty.len()), (1, 1));
    }

    #[test]
    fn train_and_test_are_sides_unless_they_are_classes() {
        let sides = |names: &[&str]| {
            let (root, _) = folder(names);
            let (parts, aside) = parts(root.path());
            (parts.iter().map(|part| part.side).collect::<Vec<_>>(), aside.len())
        };
        use Side::{Test, Train, Validation};
        let some = |sides: &[Side]| sides.iter().map(|side| Some(*side)).collect::<Vec<_>>();
        assert_eq!(sides(&["train/a/1.jpg", "test/a/1.jpg"]), (some(&[Test, Train]), 0));
        assert_eq!(
            sides(&["Train/a/1.jpg", "valid/a/1.jpg", "x/1.jpg"]),
            (some(&[Train, Validation]), 1)
        );
        assert_eq!(sides(&["train/1.jpg"]), (some(&[Train]), 0));
        assert_eq!(sides(&["train/1.jpg", "car/1.jpg", "bus/1.jpg"]), (vec![None], 0));
        let (root, _) = folder(&["val/a/1.jpg", "test/a/1.jpg"]);
        let (found, _) = parts(root.path());
        assert_eq!(found.len(), 2);
        assert!(
            untaught(root.path(), &found)
                .unwrap()
                .contains("no folder called train")
        );
    }

    #[test]
    fn a_class_may_be_named_further_down() {
        let (root, pictures) = folder(&["fruit/apple/1.jpg", "fruit/pear/1.jpg", "drinks/milk/big/1.jpg"]);
        let (parts, _) = parts(root.path());
        let found = classes(&parts, &pictures, &[], 1);
        assert_eq!(found.names.into_iter().collect::<Vec<_>>(), ["apple", "milk", "pear"]);
    }
}
