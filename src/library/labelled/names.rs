//! Finds the pictures that a list names, however it spells their paths.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use super::Side;
use super::folders::SideFolder;
use crate::files::names_another_machine;

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The picture. The name may be another machine's: then it was found by the end of its path.
    Picture { path: PathBuf, moved: bool },
    /// A file that cannot be used, or nothing, with the reason.
    Nothing(String),
}

/// The pictures below a folder by their names, in one form: composed accents, slashes, relative to the folder.
pub struct Names {
    root: PathBuf,
    by_path: HashMap<String, PathBuf>,
    /// The only picture of this path whatever its capitals; none where there are several.
    by_lower: HashMap<String, Option<PathBuf>>,
    /// The pictures of this name, in any folder, with and without what follows its last dot.
    by_name: HashMap<String, Vec<PathBuf>>,
    unreadable: HashMap<String, String>,
    /// The folders of the sides: a list of one side means the pictures there first.
    sides: Vec<(PathBuf, Side)>,
    /// What the folder itself is called.
    own: String,
}

/// A name in one form, however its accents are stored.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

fn only(map: &mut HashMap<String, Option<PathBuf>>, key: String, path: &Path) {
    map.entry(key)
        .and_modify(|there| {
            if there.as_deref() != Some(path) {
                *there = None;
            }
        })
        .or_insert_with(|| Some(path.to_path_buf()));
}

impl Names {
    /// Of the pictures that were found below a folder, and of those that cannot be read.
    pub fn of<'a>(
        root: &Path,
        pictures: impl Iterator<Item = &'a Path>,
        unreadable: impl Iterator<Item = (&'a Path, &'a str)>,
    ) -> Self {
        let mut names = Self {
            root: root.to_path_buf(),
            by_path: HashMap::new(),
            by_lower: HashMap::new(),
            by_name: HashMap::new(),
            unreadable: HashMap::new(),
            sides: Vec::new(),
            own: own_name(root),
        };
        for path in pictures {
            let name = names.relative(path);
            only(&mut names.by_lower, name.to_lowercase(), path);
            let file = name.rsplit('/').next().unwrap_or(&name).to_lowercase();
            if let Some((stem, _)) = file.rsplit_once('.') {
                names.by_name.entry(stem.to_string()).or_default().push(path.into());
            }
            names.by_name.entry(file).or_default().push(path.into());
            names.by_path.insert(name, path.to_path_buf());
        }
        for (path, reason) in unreadable {
            let name = names.relative(path).to_lowercase();
            names.unreadable.insert(name, reason.to_string());
        }
        names
    }

    fn relative(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<String> = inside.iter().map(|part| composed(&part.to_string_lossy())).collect();
        parts.join("/")
    }

    /// The same with the folders in which each side lies.
    pub fn split_by(mut self, parts: &[SideFolder]) -> Self {
        let sides = parts.iter().filter_map(|part| Some((part.folder.clone(), part.side?)));
        self.sides = sides.collect();
        self
    }

    /// What a list that lies in `base` means by a name, in a row of this side.
    pub fn find(&self, base: &Path, name: &str, side: Option<Side>) -> Named {
        let name = composed(&name.trim().replace('\\', "/"));
        if name.contains("://") {
            return Named::Nothing("it is an address, not a file in this folder".into());
        }
        if is_absolute(&name) {
            return self.find_absolute(&name, side);
        }
        let base = self.relative(base);
        let own = self.folders_of(side).filter(|_| !name.starts_with(".."));
        let own: Vec<String> = own.map(|folder| self.relative(folder)).collect();
        let starts = || own.iter().map(String::as_str).chain([base.as_str(), ""]);
        if let Some(found) = starts().find_map(|start| self.at(&plain_path(start, &name)?)) {
            return found;
        }
        if starts().all(|start| plain_path(start, &name).is_none()) {
            return Named::Nothing("it lies outside the folder".into());
        }
        let plain = name.trim_start_matches("./");
        match plain.contains('/') {
            true => self.by_end(plain, &base).unwrap_or_else(not_there),
            // COCO and others give the file's name alone, and keep pictures in a folder of their own.
            false => self.by_name(plain, side, false),
        }
    }

    /// The folders where the pictures of a side lie.
    fn folders_of(&self, side: Option<Side>) -> impl Iterator<Item = &PathBuf> {
        let own = self.sides.iter().filter(move |(_, own)| side == Some(*own));
        own.map(|(folder, _)| folder)
    }

    /// The picture of this name, wherever it lies; of several, the only one on the side.
    fn by_name(&self, name: &str, side: Option<Side>, moved: bool) -> Named {
        let all = self.by_name.get(&name.to_lowercase()).map_or(&[][..], Vec::as_slice);
        let on_side = |path: &&PathBuf| self.folders_of(side).any(|folder| path.starts_with(folder));
        let own: Vec<&PathBuf> = all.iter().filter(on_side).collect();
        let only = match (all, own.as_slice()) {
            ([only], _) => only,
            (_, [only]) => *only,
            ([], _) => return not_there(),
            _ => return Named::Nothing("several pictures have this name; give its folder, too".into()),
        };
        Named::Picture {
            path: only.clone(),
            moved,
        }
    }

    /// What lies at the end of a path that begins above this folder, or elsewhere. The file's name alone is enough only
    /// behind this folder's own: `cats/1.jpg` is not the `1.jpg` that lies beside `cats`.
    fn by_end(&self, name: &str, base: &str) -> Option<Named> {
        let mut rest = name;
        while let Some((dropped, end)) = rest.split_once('/') {
            rest = end;
            if !end.contains('/') && dropped != self.own {
                return None;
            }
            let found = [base, ""].iter().find_map(|start| self.at(&plain_path(start, end)?));
            if let Some(found) = found {
                return Some(moved(found));
            }
        }
        None
    }

    fn at(&self, path: &str) -> Option<Named> {
        let found = self.by_path.get(path).cloned();
        let lower = path.to_lowercase();
        // Systems that do not tell capitals apart wrote the list.
        let found = found.or_else(|| self.by_lower.get(&lower).cloned().flatten());
        let picture = found.map(|path| Named::Picture { path, moved: false });
        picture.or_else(|| self.unreadable.get(&lower).map(|reason| Named::Nothing(reason.clone())))
    }

    /// A path of this machine into the folder; or of another, where the folder lay elsewhere.
    fn find_absolute(&self, name: &str, side: Option<Side>) -> Named {
        let roots = [
            Some(self.root.clone()),
            std::path::absolute(&self.root).ok(),
            self.root.canonicalize().ok(),
        ];
        for root in roots.iter().flatten() {
            let root = composed(&root.to_string_lossy().replace('\\', "/"));
            let inside = name
                .strip_prefix(root.trim_end_matches('/'))
                .and_then(|rest| rest.strip_prefix('/'));
            if let Some(path) = inside.and_then(|inside| plain_path("", inside)) {
                return self.at(&path).unwrap_or_else(not_there);
            }
        }
        if !names_another_machine(Path::new(name)) && Path::new(name).exists() {
            return Named::Nothing("it lies outside the folder: copy it in, or choose the folder above both".into());
        }
        let mut rest = name.trim_start_matches('/');
        while let Some((_, end)) = rest.split_once('/') {
            if let Some(found) = self.at(end) {
                return moved(found);
            }
            rest = end;
        }
        match self.by_name(rest, side, true) {
            Named::Nothing(_) => not_there(),
            found => found,
        }
    }
}

/// What a folder is called, whatever it is reached by.
fn own_name(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    composed(&folder.file_name().unwrap_or_default().to_string_lossy())
}

fn moved(found: Named) -> Named {
    match found {
        Named::Picture { path, .. } => Named::Picture { path, moved: true },
        nothing => nothing,
    }
}

fn not_there() -> Named {
    Named::Nothing("the list names it, but it is not there".into())
}

/// Paths of Unix and of Windows, with a drive or a server.
fn is_absolute(name: &str) -> bool {
    let bytes = name.as_bytes();
    name.starts_with('/') || (bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'/')
}

/// A path below the folder without `.` and `..`; none where it leads out.
fn plain_path(start: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
