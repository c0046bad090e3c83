//! Where Clipsight keeps what it writes.

use std::path::{Path, PathBuf};

/// Moves the data folder; tests use it.
pub const DATA_DIR_VARIABLE: &str = "CLIPSIGHT_DATA_DIR";

/// `CLIPSIGHT_DATA_DIR`, or the platform's folder for application data.
pub fn data_dir() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(DATA_DIR_VARIABLE).filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(folder));
    }
    directories::ProjectDirs::from("", "", "clipsight").map(|dirs| dirs.data_dir().to_path_buf())
}

/// Leaves a folder or file to its owner alone. Where that cannot be done, as on a disk without owners, it stays as it is.
pub fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(metadata) = path.metadata() else { return };
        let mode = if metadata.is_dir() { 0o700 } else { 0o600 };
        if metadata.permissions().mode() & 0o777 != mode {
            let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}
