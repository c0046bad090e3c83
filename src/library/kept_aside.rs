//! What is about to be replaced and cannot be understood, or is somebody else's, is kept as a file first.

use std::path::{Path, PathBuf};

use super::content::Content;
use super::data_dir::{make_private, make_private_folder};
use super::output::write_output;

/// Where, in the data folder.
pub(super) const FOLDER: &str = "kept-aside";

/// Writes it down, once for each content; where it is.
///
/// # Errors
/// It cannot be written.
pub(super) fn keep(folder: &Path, name: &str, value: &[u8]) -> Result<PathBuf, String> {
    make_private_folder(folder).map_err(|error| error.to_string())?;
    // The name of a setting may be damaged, too.
    let plain: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .take(40)
        .collect();
    let file = folder.join(format!("{plain}-{:?}.json", Content::of(value)));
    if !file.exists() {
        write_output(&file, value, true).map_err(|error| error.to_string())?;
        make_private(&file);
    }
    Ok(file)
}
