//! A run's folder: everything about it, and nothing elsewhere.
//!
//! `run.json` ([`RunRecord`]); `data.json`, what it learns from as it was split; `metrics.jsonl`, its events;
//! `checkpoint.json` with the file that holds the last state, `best-STEP.safetensors` the best; `learnt/`, what was learnt as an
//! adapter; `model/`, standard files where the whole model was trained. A process that works on a run holds a lock on
//! `lock`: a run that says it is running and is not locked was interrupted. A folder may come from somebody else: what it
//! says is checked when it is read, and nothing is written through links in it.

mod curves;
mod lock;
mod record;
mod runs;
#[cfg(test)]
mod tests;
mod trash;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::clip::{AdapterConfig, is_adapter, write_whole};
use crate::escape::shortened;
use crate::files::{MAX_SMALL_BYTES, json_values, read_at_most};
use crate::fine_tune::{Error, Result};
use crate::library::make_private;

pub use record::{RunRecord, RunState};
pub use runs::{DamagedRun, Runs};

const RECORD: &str = "run.json";
/// `data.json` of a million pictures with captions.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// Values in it; each takes more memory than the few bytes that write it.
const MAX_VALUES: usize = 4_000_000;
/// The adapter's folder: what was learnt.
pub const LEARNT: &str = "learnt";
/// Standard files, where the whole model was trained.
pub const MODEL: &str = "model";

/// One run's folder, `DATA/runs/METHOD-NUMBER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder(PathBuf);

/// Of a file of a run that is at work.
fn write_error(path: &Path, source: std::io::Error) -> Error {
    Error::Write {
        path: path.to_path_buf(),
        source,
    }
}

/// Of what is written where no run is at work: there may be no checkpoint to go on from.
fn folders_error(path: &Path, source: std::io::Error) -> Error {
    Error::Folders {
        path: path.to_path_buf(),
        source,
    }
}

impl RunFolder {
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The data folder that it is in.
    pub fn data_dir(&self) -> Option<&Path> {
        self.0.parent()?.parent()
    }

    /// The run's name on the command line: the folder's.
    pub fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The path of one of its files, which may not be there.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Removes the files whose names begin so, but for one.
    pub fn forget_files(&self, begin: &str, kept: &str) {
        for entry in std::fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name != kept && name.to_string_lossy().starts_with(begin) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// What is known about it; a run whose process is gone is interrupted.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn record(&self) -> Result<RunRecord> {
        let mut record: RunRecord = self.read(RECORD)?;
        record
            .check()
            .map_err(|reason| Error::Run(format!("{} is damaged: {reason}", self.file(RECORD).display())))?;
        record.error = record.error.map(|error| shortened(&error).into_owned());
        // Its folder is what it is called, and found, by.
        record.run = self.name();
        if record.state == RunState::Running && self.try_lock().is_ok() {
            record.state = RunState::Interrupted;
        }
        Ok(record)
    }

    /// Writes `run.json`, and leaves the whole folder to its owner alone.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, record: &RunRecord) -> Result<()> {
        self.write(RECORD, record)?;
        self.make_private();
        Ok(())
    }

    /// Leaves all that is written so far to its owner alone.
    fn make_private(&self) {
        let entries = walkdir::WalkDir::new(&self.0).into_iter().flatten();
        let own = entries.filter(|entry| !entry.path_is_symlink());
        own.for_each(|entry| make_private(entry.path()));
    }

    /// Gives it another name and note; its model has the same name.
    ///
    /// # Errors
    /// It is at work (whoever works on it would write the old name over this one), or it cannot be written.
    pub fn describe(&self, name: String, note: String) -> Result<()> {
        let _lock = self.lock()?;
        let mut record = self.record()?;
        record.name = name;
        record.note = note;
        record.check().map_err(Error::Run)?;
        let learnt = self.file(LEARNT);
        if is_adapter(&learnt) {
            let mut adapter = AdapterConfig::read(&learnt)?;
            adapter.name.clone_from(&record.name);
            adapter.write(&learnt)?;
        }
        self.keep(&record)
    }

    /// Reads one of its JSON files, no larger than any of ours.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn read<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T> {
        let path = self.file(name);
        let damaged = |reason: String| Error::Run(format!("{} is damaged: {reason}", path.display()));
        let most = if name == RECORD {
            MAX_SMALL_BYTES
        } else {
            MAX_FILE_BYTES
        };
        let json = read_at_most(&path, most).map_err(|e| damaged(e.to_string()))?;
        if json_values(&json) > MAX_VALUES {
            return Err(damaged(format!("it holds more than {MAX_VALUES} values")));
        }
        serde_json::from_slice(&json).map_err(|e| damaged(e.to_string()))
    }

    /// Writes one of its JSON files, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let json = serde_json::to_vec(value).map_err(|e| Error::Run(e.to_string()))?;
        Ok(write_whole(&self.file(name), &json)?)
    }
}
