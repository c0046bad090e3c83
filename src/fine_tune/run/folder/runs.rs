//! The folder of all runs: a new one, one by its name, all of them, and those that are damaged.

use std::path::{Path, PathBuf};

use super::trash::TRASH;
use super::{LEARNT, MODEL, RECORD, RunFolder, RunRecord, folders_error};
use crate::clip::is_model_folder;
use crate::fine_tune::{Error, Result};
use crate::library::{make_private, make_private_folder};

/// A run of which too little is there, or too much is wrong, to show it; it can be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedRun {
    pub run: String,
    /// What is wrong, in a sentence.
    pub reason: String,
}

/// The folder that every run has its folder in: `runs` of the data folder.
#[derive(Debug, Clone)]
pub struct Runs(pub(super) PathBuf);

impl Runs {
    pub fn at(data_dir: &Path) -> Self {
        Self(data_dir.join("runs"))
    }

    /// Makes a folder for a new run, `METHOD-NUMBER`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(&self, method: &str) -> Result<RunFolder> {
        make_private_folder(&self.0).map_err(|e| folders_error(&self.0, e))?;
        for number in 1.. {
            let path = self.0.join(format!("{method}-{number}"));
            let trashed = self.0.join(TRASH).join(format!("{method}-{number}"));
            if trashed.exists() {
                continue;
            }
            match std::fs::create_dir(&path) {
                Ok(()) => {
                    make_private(&path);
                    return Ok(RunFolder(path));
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(folders_error(&path, e)),
            }
        }
        Err(Error::Run("there are too many runs".into()))
    }

    /// The folder of a run that has begun.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn find(&self, run: &str) -> Result<RunFolder> {
        self.folder_of(run)
            .filter(|folder| folder.file(RECORD).is_file())
            .ok_or_else(|| Error::Run(format!("there is no run \"{run}\": `clipsight runs list` shows them")))
    }

    /// The folder of this name, whatever is in it.
    pub(super) fn folder_of(&self, run: &str) -> Option<RunFolder> {
        let path = self.0.join(run);
        let is_folder = || path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        (is_plain(run) && is_folder()).then(|| RunFolder(path.clone()))
    }

    /// The model of a run: standard files, or an adapter; none where there is no such run, or nothing learnt yet.
    pub fn model(&self, run: &str) -> Option<PathBuf> {
        let folder = self.find(run).ok()?;
        let models = [MODEL, LEARNT].map(|name| folder.file(name));
        models.into_iter().find(|folder| is_model_folder(folder))
    }

    /// Every run that can be read, the newest first.
    pub fn list(&self) -> Vec<RunRecord> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten();
        // As they are found by their names: a link to a folder is none.
        let mut records: Vec<RunRecord> = entries
            .filter_map(|entry| self.folder_of(entry.ok()?.file_name().to_str()?)?.record().ok())
            .collect();
        records.sort_by(|a, b| b.started_s.cmp(&a.started_s).then(a.run.cmp(&b.run)));
        records
    }

    /// Runs that were killed before they began, and those whose record cannot be read, by name.
    pub fn damaged(&self) -> Vec<DamagedRun> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten();
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
        let damaged = names.filter_map(|run| {
            let folder = self.folder_of(&run)?;
            let reason = if folder.file(RECORD).is_file() {
                folder.record().err()?.to_string()
            } else {
                // One that is just being prepared is at work.
                folder.try_lock().ok()?;
                "it was ended before it began".into()
            };
            Some(DamagedRun { run, reason })
        });
        let mut damaged: Vec<DamagedRun> = damaged.collect();
        damaged.sort_by(|a, b| a.run.cmp(&b.run));
        damaged
    }
}

/// Whether a name is that of a folder right here: what a run is called comes from files and commands, too.
pub(super) fn is_plain(run: &str) -> bool {
    let mut parts = Path::new(run).components();
    let one = matches!(
        (parts.next(), parts.next()),
        (Some(std::path::Component::Normal(_)), None)
    );
    one && !run.starts_with('.')
}
