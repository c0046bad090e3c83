//! Finds the pictures that a list names, however it spells their paths.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

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
    /// The only picture of this name, in any folder, with and without what follows its last dot.
    by_name: HashMap<String, Option<PathBuf>>,
    unreadable: HashMap<String, String>,
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
        };
        for path in pictures {
            let name = names.relative(path);
            only(&mut names.by_lower, name.to_lowercase(), path);
            let file = name.rsplit('/').next().unwrap_or(&name).to_lowercase();
            if let Some((stem, _)) = file.rsplit_once('.') {
                only(&mut names.by_name, stem.to_string(), path);
            }
            only(&mut names.by_name, file, path);
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

    /// What a list that lies in `base` means by a name.
    pub fn find(&self, base: &Path, name: &str) -> Named {
        let name = composed(&name.trim().replace('\\', "/"));
        if name.contains("://") {
            return Named::Nothing("it is an address, not a file in this folder".into());
        }
        if is_absolute(&name) {
            return self.find_absolute(&name);
        }
        let base = self.relative(base);
        for start in [base.as_str(), ""] {
            let Some(path) = plain_path(start, &name) else {
                if start.is_empty() || base.is_empty() {
                    return Named::Nothing("it lies outside the folder".into());
                }
                continue;
            };
            if let Some(found) = self.at(&path) {
                return found;
            }
        }
        // COCO and others give the file's name alone, and keep pictures in a folder of their own.
        let last = name.rsplit('/').next().unwrap_or(&name).to_lowercase();
        if !name.trim_start_matches("./").contains('/')
            && let Some(found) = self.by_name.get(&last)
        {
            return match found {
                Some(path) => Named::Picture {
                    path: path.clone(),
                    moved: false,
                },
                None => Named::Nothing("several pictures have this name; give its folder, too".into()),
            };
        }
        Named::Nothing("the list names it, but it is not there".into())
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
    fn find_absolute(&self, name: &str) -> Named {
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
                return self
                    .at(&path)
                    .unwrap_or_else(|| Named::Nothing("the list names it, but it is not there".into()));
            }
        }
        if !names_another_machine(Path::new(name)) && Path::new(name).exists() {
            return Named::Nothing("it lies outside the folder: copy it in, or choose the folder above both".into());
        }
        let mut rest = name.trim_start_matches('/');
        while let Some((_, end)) = rest.split_once('/') {
            if let Some(Named::Picture { path, .. }) = self.at(end) {
                return Named::Picture { path, moved: true };
            }
            rest = end;
        }
        match self.by_name.get(&rest.to_lowercase()) {
            Some(Some(path)) => Named::Picture {
                path: path.clone(),
                moved: true,
            },
            _ => Named::Nothing("the list names it, but it is not there".into()),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> (tempfile::TempDir, Names) {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = paths.iter().map(|path| folder.path().join(path)).collect();
        let names = Names::of(folder.path(), paths.iter().map(PathBuf::as_path), std::iter::empty());
        (folder, names)
    }

    #[test]
    fn every_spelling_of_a_path_leads_to_the_picture() {
        let (folder, names) = names(&["a.jpg", "images/été.jpg", "images/deep/b.jpg"]);
        let root = folder.path();
        let absolute = root.join("images/deep/b.jpg").to_string_lossy().into_owned();
        let cases = [
            ("a.jpg", "a.jpg"),
            ("./a.jpg", "a.jpg"),
            ("images/../a.jpg", "a.jpg"),
            ("A.JPG", "a.jpg"),
            ("images\\deep\\b.jpg", "images/deep/b.jpg"),
            ("images/e\u{301}te\u{301}.jpg", "images/été.jpg"),
            ("b.jpg", "images/deep/b.jpg"),
            ("b", "images/deep/b.jpg"),
            (&absolute, "images/deep/b.jpg"),
        ];
        for (name, path) in cases {
            let picture = Named::Picture {
                path: root.join(path),
                moved: false,
            };
            assert_eq!(names.find(root, name), picture, "{name}");
        }
        let moved = names.find(root, "D:\\data\\set\\images\\deep\\b.jpg");
        assert_eq!(
            moved,
            Named::Picture {
                path: root.join("images/deep/b.jpg"),
                moved: true
            }
        );
        let beside = names.find(&root.join("images"), "../a.jpg");
        assert!(matches!(beside, Named::Picture { .. }));
    }

    #[test]
    fn what_is_elsewhere_or_ambiguous_is_named() {
        let (folder, names) = names(&["x/a.jpg", "y/a.jpg"]);
        let reason = |name: &str| match names.find(folder.path(), name) {
            Named::Nothing(reason) => reason,
            Named::Picture { path, .. } => panic!("{}", path.display()),
        };
        assert!(reason("a.jpg").contains("several"));
        assert!(reason("../a.jpg").contains("outside"));
        assert!(reason("gone.jpg").contains("not there"));
        assert!(reason("https://example.org/a.jpg").contains("address"));
        let outside = std::env::current_dir().unwrap().join("Cargo.toml");
        assert!(reason(&outside.to_string_lossy()).contains("outside"));
    }
}
