//! The folders that hold pictures, by what lies in each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::folders_in;
use crate::library::labelled::Side;
use crate::library::labelled::names::composed;

/// The folders below one that hold pictures, readable or not: by the name of each, what lies in it.
pub struct Tree {
    pub(super) root: PathBuf,
    inside: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Folders with pictures of their own.
    direct: BTreeSet<PathBuf>,
}

impl Tree {
    pub fn of<'a>(root: &Path, pictures: impl Iterator<Item = &'a PathBuf>) -> Self {
        let mut tree = Self {
            root: root.to_path_buf(),
            inside: BTreeMap::new(),
            direct: BTreeSet::new(),
        };
        for picture in pictures {
            let mut folder = picture.parent();
            if let Some(own) = folder.filter(|own| !tree.direct.contains(*own)) {
                tree.direct.insert(own.to_path_buf());
            } else {
                continue;
            }
            while let Some(below) = folder.filter(|below| *below != root && below.starts_with(root)) {
                let (Some(above), Some(name)) = (below.parent(), below.file_name()) else {
                    break;
                };
                let name = composed(&name.to_string_lossy());
                if !tree.inside.entry(above.to_path_buf()).or_default().insert(name) {
                    break;
                }
                folder = Some(above);
            }
        }
        tree
    }

    /// Every folder that holds pictures itself.
    pub fn with_pictures(&self) -> impl Iterator<Item = &PathBuf> {
        self.direct.iter()
    }

    pub(super) fn inside(&self, folder: &Path) -> BTreeSet<String> {
        self.inside.get(folder).cloned().unwrap_or_default()
    }

    /// Whether pictures lie in the folder itself.
    pub(super) fn has_own_pictures(&self, folder: &Path) -> bool {
        self.direct.contains(folder)
    }

    pub(super) fn holds_pictures(&self, folder: &Path) -> bool {
        self.direct.contains(folder) || self.inside.contains_key(folder)
    }

    /// The folder, or the one in it that holds the classes, where nothing but this one is there (`archive/archive/cats`). A
    /// side is nothing to be unwrapped of a whole.
    pub(super) fn unwrapped(&self, folder: &Path, of_side: bool) -> PathBuf {
        let mut inner = folder.to_path_buf();
        loop {
            let inside = self.inside(&inner);
            match (self.direct.contains(&inner), inside.len()) {
                (false, 1) => {
                    let only = folders_in(&inner)
                        .into_iter()
                        .find(|(name, _)| inside.contains(&composed(name)));
                    match only {
                        Some((name, _)) if !of_side && Side::in_words(&name).is_some() => return inner,
                        Some((_, path)) => inner = path,
                        None => return folder.to_path_buf(),
                    }
                }
                (_, 2..) => return inner,
                _ => return folder.to_path_buf(),
            }
        }
    }
}
