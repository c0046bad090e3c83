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

/// Makes the data folder, for its owner alone. One that was there under a name of the user's may be shared with others, and
/// stays as it is; what is written into it is its owner's alone all the same.
///
/// # Errors
/// It cannot be made.
pub fn make_data_dir(folder: &Path) -> std::io::Result<()> {
    let named = std::env::var_os(DATA_DIR_VARIABLE).is_some_and(|name| Path::new(&name) == folder);
    if named && folder.is_dir() {
        return Ok(());
    }
    make_private_folder(folder)
}

/// Makes a folder of our own, for its owner alone.
///
/// # Errors
/// It cannot be made.
pub fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    make_private(folder);
    Ok(())
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
