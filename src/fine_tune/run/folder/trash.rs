//! Runs that were deleted are put aside first, and can be brought back for a while.

use std::path::PathBuf;
use std::time::Duration;

use super::runs::is_plain;
use super::{Runs, folders_error};
use crate::fine_tune::{Error, Result};
use crate::library::make_private_folder;

pub(super) const TRASH: &str = ".trash";
/// Tells when a run was put aside.
pub(super) const DELETED: &str = "deleted";
/// What was put aside can be brought back at least so long.
pub(super) const TRASH_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

impl Runs {
    /// Puts a run aside, damaged or not; [`Self::restore`] brings it back.
    ///
    /// # Errors
    /// It is running, or cannot be moved.
    pub fn delete(&self, run: &str) -> Result<()> {
        let folder = self.folder_of(run).map_or_else(|| self.find(run), Ok)?;
        drop(folder.lock()?);
        let trash = self.0.join(TRASH);
        make_private_folder(&trash).map_err(|e| folders_error(&trash, e))?;
        let deleted = folder.0.join(DELETED);
        // Whatever is there under this name is replaced, not written to.
        crate::files::write_whole(&deleted, b"").map_err(|e| folders_error(&deleted, e))?;
        std::fs::rename(&folder.0, trash.join(run)).map_err(|e| folders_error(&folder.0, e))
    }

    /// Brings back what [`Self::delete`] put aside.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn restore(&self, run: &str) -> Result<()> {
        let (from, to) = (self.trashed(run)?, self.0.join(run));
        std::fs::rename(from, &to).map_err(|e| folders_error(&to, e))?;
        // Without it, the run would be taken for one that was deleted then, the next time.
        match std::fs::remove_file(to.join(DELETED)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(folders_error(&to, error)),
            _ => Ok(()),
        }
    }

    /// Deletes a run that was put aside, for good.
    ///
    /// # Errors
    /// It is still there.
    pub fn purge(&self, run: &str) -> Result<()> {
        let folder = self.trashed(run)?;
        std::fs::remove_dir_all(&folder).map_err(|e| folders_error(&folder, e))
    }

    /// Where a run lies that was put aside.
    fn trashed(&self, run: &str) -> Result<PathBuf> {
        let there = is_plain(run).then(|| self.0.join(TRASH).join(run));
        there.ok_or_else(|| Error::Run(format!("no run \"{run}\" was put aside")))
    }

    /// Deletes for good what was put aside long ago; what was deleted lately can still be brought back, perhaps by another
    /// window.
    pub fn forget_trash(&self) {
        let entries = std::fs::read_dir(self.0.join(TRASH)).into_iter().flatten();
        for folder in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let deleted = std::fs::metadata(folder.join(DELETED)).and_then(|marker| marker.modified());
            let lately = deleted.is_ok_and(|at| at.elapsed().unwrap_or_default() < TRASH_KEPT);
            if !lately && let Err(error) = std::fs::remove_dir_all(&folder) {
                tracing::warn!("{} stays: {error}", folder.display());
            }
        }
    }
}
