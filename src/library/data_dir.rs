//! Where Clipsight keeps what it writes.

use std::path::PathBuf;

/// Moves the data folder; tests use it.
pub const DATA_DIR_VARIABLE: &str = "CLIPSIGHT_DATA_DIR";

/// `CLIPSIGHT_DATA_DIR`, or the platform's folder for application data.
pub fn data_dir() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(DATA_DIR_VARIABLE).filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(folder));
    }
    directories::ProjectDirs::from("", "", "clipsight").map(|dirs| dirs.data_dir().to_path_buf())
}
