//! The sample pictures, which are in the binary too: an installed program has no `assets/`.

use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};

use super::data_dir::{make_private, make_private_folder};
use crate::files::write_whole;

/// What their folder is called in the data folder.
pub const SAMPLES_FOLDER: &str = "samples";

static SAMPLES: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets/samples");

/// Writes the samples into `data_dir/samples`, unless they are there, and returns that folder.
///
/// # Errors
/// The folder cannot be written.
pub fn unpack_samples(data_dir: &Path) -> std::io::Result<PathBuf> {
    let target = data_dir.join(SAMPLES_FOLDER);
    unpack(&SAMPLES, &target)?;
    Ok(target)
}

fn unpack(dir: &Dir, root: &Path) -> std::io::Result<()> {
    make_private_folder(&root.join(dir.path()))?;
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) => unpack(inner, root)?,
            DirEntry::File(file) => {
                let path = root.join(file.path());
                let there = std::fs::metadata(&path).is_ok_and(|m| m.len() == file.contents().len() as u64);
                if !there {
                    write_whole(&path, file.contents())?;
                    make_private(&path);
                }
            }
        }
    }
    Ok(())
}
