//! Folders to lists of pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::decode::{PictureError, is_pipe, not_a_file};
use super::kinds::{Looks, UnreadKind, is_picture, looks};
use super::stamp::Stamp;
use crate::progress::Progress;

/// Folders that systems make beside pictures, and that hold none of their own.
const SYSTEM_FOLDERS: [&str; 4] = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"];

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
    /// Pictures that are not read, and paths that could not be looked at, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
    /// How many of those are pictures of each kind that is not read.
    pub unread_kinds: BTreeMap<UnreadKind, usize>,
}

impl Scan {
    /// How many pictures are of kinds that are not read, in words; none where there are none.
    pub fn unread_in_words(&self) -> Option<String> {
        let total: usize = self.unread_kinds.values().sum();
        let kinds = self
            .unread_kinds
            .iter()
            .map(|(kind, count)| format!("{count} {}", kind.name()));
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        match total {
            0 => None,
            1 => Some(format!("1 picture is of a kind that is not read: {kinds}")),
            _ => Some(format!("{total} pictures are of kinds that are not read: {kinds}")),
        }
    }
}

/// Whether a folder is one of the system's, or hidden.
pub fn is_system_folder(name: &str) -> bool {
    name.starts_with('.') || SYSTEM_FOLDERS.contains(&name)
}

/// Lists the pictures in a folder and its subfolders, hidden ones left out; a file or a pipe is a list of itself.
///
/// What is a picture by name or by content and is not read is named. The scan ends early where it is called
/// off. Loops of links are not followed, and are no failure.
pub fn scan(root: &Path, progress: &dyn Progress) -> Scan {
    walk(root, progress, |_| {})
}

/// The same; after every entry `take` may take pictures that were found, which then are not in the end's list.
pub fn walk(root: &Path, progress: &dyn Progress, mut take: impl FnMut(&mut Vec<Found>)) -> Scan {
    let mut scan = Scan::default();
    let name = |entry: &DirEntry| entry.file_name().to_string_lossy().into_owned();
    let visible = |entry: &DirEntry| entry.depth() == 0 || !is_system_folder(&name(entry));
    let walk = WalkDir::new(root).follow_links(true).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(visible) {
        if progress.cancelled() {
            break;
        }
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if entry.file_type().is_file() => scan.file(entry),
            Ok(entry) => scan.other(entry),
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().unwrap_or(root).to_path_buf();
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                scan.unreadable.push((path, format!("cannot be read: {reason}")));
            }
        }
        take(&mut scan.pictures);
    }
    scan
}

impl Scan {
    fn file(&mut self, entry: DirEntry) {
        match looks(entry.path()) {
            // What was asked for by name is tried: its content decides.
            _ if entry.depth() == 0 => self.add(entry),
            Looks::Picture => self.add(entry),
            Looks::Other => {}
            Looks::Unread(kind) => {
                *self.unread_kinds.entry(kind).or_default() += 1;
                let reason = PictureError::Kind(kind).to_string();
                self.unreadable.push((entry.into_path(), reason));
            }
        }
    }

    fn add(&mut self, entry: DirEntry) {
        match entry.metadata() {
            Ok(metadata) => self.pictures.push(Found {
                stamp: Stamp::of(&metadata),
                path: entry.into_path(),
            }),
            Err(error) => {
                let reason = format!("cannot be read: {error}");
                self.unreadable.push((entry.into_path(), reason));
            }
        }
    }

    /// A pipe is read where it was asked for; in a folder it would be waited for, perhaps for ever.
    fn other(&mut self, entry: DirEntry) {
        let asked = entry.depth() == 0;
        let metadata = entry.metadata();
        let pipe = metadata.as_ref().is_ok_and(is_pipe);
        let reason = match metadata {
            Ok(_) if pipe && asked => return self.add(entry),
            _ if !asked && !is_picture(entry.path()) => return,
            Ok(_) if pipe => "it is a pipe: name it itself to read it",
            Ok(metadata) => not_a_file(&metadata),
            Err(_) => "it cannot be looked at",
        };
        self.unreadable
            .push((entry.into_path(), format!("cannot be read: {reason}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Unheard;

    #[test]
    fn subfolders_are_searched_and_hidden_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/2.png", "a.jpg", "notes.txt", ".git/x.png"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"x").unwrap();
        }
        let found = scan(folder.path(), &Unheard);
        let names: Vec<_> = found
            .pictures
            .iter()
            .map(|f| f.path.strip_prefix(folder.path()).unwrap())
            .collect();
        assert_eq!(names, [Path::new("a.jpg"), Path::new("b/2.png")]);
    }

    #[test]
    fn a_missing_folder_is_unreadable_and_not_empty() {
        let found = scan(Path::new("/no/such/folder"), &Unheard);
        assert_eq!(found.unreadable.len(), 1);
    }

    #[test]
    fn what_is_not_read_is_named_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["1.HEIC", "2.heic", "a.avif", "b.jxl", "c.dng", "notes.md"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        std::fs::write(folder.path().join("d"), b"\xFF\xD8\xFF\xE0\0\x10JFIF\0").unwrap();
        let found = scan(folder.path(), &Unheard);
        assert_eq!((found.pictures.len(), found.unreadable.len()), (1, 5));
        let words = "5 pictures are of kinds that are not read: 2 HEIC, 1 AVIF, 1 JPEG XL, 1 camera RAW";
        assert_eq!(found.unread_in_words().unwrap(), words);
        assert!(
            found
                .unreadable
                .iter()
                .all(|(_, reason)| reason.contains("is not read: "))
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_is_no_failure_and_a_device_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.jpg"), b"x").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        let found = scan(folder.path(), &Unheard);
        assert_eq!((found.pictures.len(), found.unreadable.len()), (1, 0));
        let null = scan(Path::new("/dev/null"), &Unheard);
        assert!(null.pictures.is_empty() && null.unreadable[0].1.contains("device"));
    }
}
