//! Where seeds come from, and where a changed file lies.

use std::path::{Path, PathBuf};

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The files of a folder of fixtures that end so and are no longer than this.
pub fn read_all(folder: &str, endings: &[&str], most: u64) -> Vec<Vec<u8>> {
    let entries = walk(&fixtures().join(folder));
    let fits = |path: &PathBuf| {
        let name = path.to_string_lossy();
        endings.iter().any(|ending| name.ends_with(ending)) && path.metadata().unwrap().len() <= most
    };
    entries
        .iter()
        .filter(|path| fits(path))
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(walk(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// A folder in which one file changes.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn of_fixture(name: &str, files: &[&str]) -> Self {
        let place = Self::new();
        for file in files {
            std::fs::copy(fixtures().join(name).join(file), place.path().join(file)).unwrap();
        }
        place
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn with(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}
