//! Who works on a run holds its lock.

use std::fs::File;
use std::time::Duration;

use super::{RunFolder, folders_error};
use crate::files::file_or_nothing;
use crate::fine_tune::{Error, Result};

pub(super) const LOCK: &str = "lock";
/// How often, and how long after each other, a run is tried that seems to be at work.
const LOOKS: usize = 10;
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl RunFolder {
    /// Claims the run for this process, as long as what is returned lives.
    ///
    /// # Errors
    /// Another process works on it, or it holds links, which would be written through.
    pub fn lock(&self) -> Result<File> {
        self.refuse_links()?;
        // Somebody who only looks whether it is at work has it for a moment.
        for _ in 0..LOOKS {
            if let Ok(lock) = self.try_lock() {
                return Ok(lock);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        self.try_lock()
    }

    /// Nothing of our own is a link, at whatever depth.
    fn refuse_links(&self) -> Result<()> {
        let entries = walkdir::WalkDir::new(&self.0).min_depth(1).into_iter().flatten();
        match entries.into_iter().find(walkdir::DirEntry::path_is_symlink) {
            None => Ok(()),
            Some(link) => Err(Error::Run(format!(
                "{} is a link: nothing is written through it. Remove it, or put what it leads to in its place",
                link.path().display()
            ))),
        }
    }

    pub(super) fn try_lock(&self) -> Result<File> {
        let path = self.file(LOCK);
        file_or_nothing(&path).map_err(|e| folders_error(&path, e))?;
        // To write, which Windows wants of whoever locks; nothing is written.
        let file = File::options().create(true).write(true).truncate(false).open(&path);
        let file = file.map_err(|e| folders_error(&path, e))?;
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Run(format!(
                "{} is running, in a window or a command; stop it there first",
                self.name()
            ))),
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => Ok(file),
        }
    }
}
