//! Folders to lists of pictures.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use image::ImageFormat;
use walkdir::WalkDir;

/// What tells whether a file changed since it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Size of the file.
    pub size_bytes: u64,
    /// Time of the last change, in nanoseconds since 1970.
    pub modified_ns: i64,
}

/// A picture file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As found: below the folder as it was given.
    pub path: PathBuf,
    /// Its size and time.
    pub stamp: Stamp,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Scan {
    /// Picture files, sorted by path.
    pub pictures: Vec<Found>,
    /// Paths that could not be looked at, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// Size and time of a file.
///
/// # Errors
/// The file cannot be looked at.
pub fn stamp(path: &Path) -> std::io::Result<Stamp> {
    Ok(stamp_of(&std::fs::metadata(path)?))
}

fn stamp_of(metadata: &std::fs::Metadata) -> Stamp {
    let since = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    Stamp {
        size_bytes: metadata.len(),
        modified_ns: since.map_or(0, |d| d.as_nanos() as i64),
    }
}

/// Whether a file's name says that it is a picture of a kind that can be read.
pub fn is_picture(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !hidden && ImageFormat::from_path(path).is_ok_and(|format| format.reading_enabled())
}

/// Lists the pictures in a folder and its subfolders, hidden ones left out; a file is a list of itself.
///
/// `keep_going` is asked for every entry; the scan ends early where it says no. Loops of links are not followed.
pub fn scan(root: &Path, mut keep_going: impl FnMut() -> bool) -> Scan {
    let mut scan = Scan::default();
    let visible =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    for entry in WalkDir::new(root)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(visible)
    {
        if !keep_going() {
            break;
        }
        match entry {
            Ok(entry) if entry.file_type().is_file() && (entry.depth() == 0 || is_picture(entry.path())) => {
                add(&mut scan, entry);
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(root).to_path_buf();
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                scan.unreadable.push((path, format!("cannot be read: {reason}")));
            }
        }
    }
    scan
}

fn add(scan: &mut Scan, entry: walkdir::DirEntry) {
    match entry.metadata() {
        Ok(metadata) => scan.pictures.push(Found {
            stamp: stamp_of(&metadata),
            path: entry.into_path(),
        }),
        Err(error) => scan
            .unreadable
            .push((entry.into_path(), format!("cannot be read: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_names() {
        for name in ["a.jpg", "B.JPEG", "c.png", "d.webp", "e.gif", "f.bmp", "g.tiff"] {
            assert!(is_picture(Path::new(name)), "{name}");
        }
        for name in ["a.txt", ".hidden.jpg", "noextension", "a.jpg.part"] {
            assert!(!is_picture(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn subfolders_are_searched_and_hidden_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/2.png", "a.jpg", "notes.txt", ".git/x.png"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"x").unwrap();
        }
        let found = scan(folder.path(), || true);
        let names: Vec<_> = found
            .pictures
            .iter()
            .map(|f| f.path.strip_prefix(folder.path()).unwrap())
            .collect();
        assert_eq!(names, [Path::new("a.jpg"), Path::new("b/2.png")]);
    }

    #[test]
    fn a_missing_folder_is_unreadable_and_not_empty() {
        let found = scan(Path::new("/no/such/folder"), || true);
        assert_eq!(found.unreadable.len(), 1);
    }
}
