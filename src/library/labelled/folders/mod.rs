//! One folder a class: the folder's name is the class, as it is.

mod layout;
mod said;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Side;
use super::names::composed;
use crate::library::is_system_folder;

pub use layout::{Layout, layout};
pub use said::{is_list, is_list_folder};
pub use tree::Tree;

/// Where pictures lie that belong together: the folder itself, or one of its folders `train`, `val` and `test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideFolder {
    pub folder: PathBuf,
    /// The side of all its pictures.
    pub side: Option<Side>,
    /// Where each class is split by folders in it: their names, and the sides that these mean.
    pub in_classes: BTreeMap<String, Side>,
}

impl SideFolder {
    /// A folder whose pictures are all on one side, or on none that is given.
    pub fn new(folder: PathBuf, side: Option<Side>) -> Self {
        Self {
            folder,
            side,
            in_classes: BTreeMap::new(),
        }
    }

    /// The side of a picture, or of a folder, below this one.
    pub fn side_of(&self, path: &Path) -> Option<Side> {
        let in_class = || {
            let mut inside = path.strip_prefix(&self.folder).ok()?.components().skip(1);
            let name = composed(&inside.next()?.as_os_str().to_string_lossy());
            self.in_classes.get(&name).copied()
        };
        self.side.or_else(in_class)
    }
}

/// The folder of a class that a picture below a part lies in: the first one on the way, or one further down.
pub fn class_of(part: &SideFolder, picture: &Path, level: usize) -> Option<String> {
    let mut inside = picture.strip_prefix(&part.folder).ok()?.components().skip(level);
    let class = composed(&inside.next()?.as_os_str().to_string_lossy());
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

/// Why there is nothing to learn from: there are sides, and no folder called train.
pub fn untaught(root: &Path, parts: &[SideFolder]) -> Option<String> {
    let name = |part: &SideFolder| {
        let name = part.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let outer = parts.iter().filter_map(|part| Some((name(part), part.side?)));
    let inner = parts.iter().flat_map(|part| part.in_classes.clone());
    let (names, sides): (Vec<String>, Vec<Side>) = outer.chain(inner).unzip();
    (!names.is_empty() && !sides.contains(&Side::Train)).then(|| {
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
pub fn classes(parts: &[SideFolder], pictures: &[PathBuf], unreadable: &[PathBuf], level: usize) -> Classes {
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
            if !(classes.names.contains(&composed(&name)) && (holds(pictures) || holds(unreadable))) {
                classes.empty.push(path);
            }
        }
    }
    classes
}
