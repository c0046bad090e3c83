//! Which blobs of the cache were hashed: once each, and again when they are not the same file any more.
//!
//! A blob is known by its place on the disk, its length and its times. What is remembered lies beside the model's blobs, and
//! is worth nothing elsewhere.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{Error, ErrorKind};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::{MAX_SMALL_BYTES, read_at_most, write_whole};

const FILE: &str = ".clipsight-verified.json";

/// What a file is recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    bytes: u64,
    modified_ns: u128,
    /// Inode, and when that was changed; 0 where the system does not tell.
    place: u64,
    changed_ns: i128,
}

impl Mark {
    fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        let since = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let (place, changed_ns) = place_of(metadata);
        Self {
            bytes: metadata.len(),
            modified_ns: since.map_or(0, |since| since.as_nanos()),
            place,
            changed_ns,
        }
    }
}

#[cfg(unix)]
fn place_of(metadata: &Metadata) -> (u64, i128) {
    use std::os::unix::fs::MetadataExt;
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    (metadata.ino(), changed)
}

#[cfg(not(unix))]
fn place_of(_: &Metadata) -> (u64, i128) {
    (0, 0)
}

/// Whether a blob was hashed and found right, and is still that file.
pub fn is_known(blob: &Path) -> bool {
    let mark = blob.symlink_metadata().ok().filter(Metadata::is_file);
    mark.is_some_and(|metadata| marks(blob).get(&name(blob)) == Some(&Mark::of(&metadata)))
}

/// Remembers that a blob was hashed and found right.
///
/// # Errors
/// It cannot be remembered.
pub fn remember(blob: &Path) -> std::io::Result<()> {
    let metadata = blob.symlink_metadata()?;
    let mut marks = marks(blob);
    marks.insert(name(blob), Mark::of(&metadata));
    let json = serde_json::to_vec(&marks).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
    write_whole(&file(blob), &json)
}

fn marks(blob: &Path) -> BTreeMap<String, Mark> {
    let json = read_at_most(&file(blob), MAX_SMALL_BYTES).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

/// Beside the folder of blobs.
fn file(blob: &Path) -> std::path::PathBuf {
    let root = blob.parent().and_then(Path::parent);
    root.unwrap_or(Path::new(".")).join(FILE)
}

fn name(blob: &Path) -> String {
    blob.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_known_until_it_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = folder.path().join("blobs");
        std::fs::create_dir(&blobs).unwrap();
        let blob = blobs.join("abc");
        std::fs::write(&blob, b"content").unwrap();
        assert!(!is_known(&blob));
        remember(&blob).unwrap();
        assert!(is_known(&blob));
        // The same length, and the same time as far as a program can set it.
        let modified = blob.metadata().unwrap().modified().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        std::fs::write(&blob, b"CONTENT").unwrap();
        std::fs::File::options()
            .write(true)
            .open(&blob)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        assert_eq!(is_known(&blob), !cfg!(unix));
    }
}
