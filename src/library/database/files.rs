//! The files of a database, and those that are named after it.

use std::path::{Path, PathBuf};

use super::StoreError;

/// A file beside another one, named after it.
pub fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{what}"));
    path.with_file_name(name)
}

/// What belongs to a database: itself, its log, and the log's index.
pub fn files_of(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| {
        let mut name = path.as_os_str().to_os_string();
        name.push(ending);
        PathBuf::from(name)
    })
}

/// Removes a file that may be there.
pub fn removed(file: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Failed {
            file: file.to_path_buf(),
            reason: format!("it cannot be removed: {error}"),
        }),
        _ => Ok(()),
    }
}
