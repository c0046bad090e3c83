//! A run's folder: everything about it, and nothing elsewhere.
//!
//! `run.json` ([`RunRecord`]); `data.json`, what it learns from as it was split; `metrics.jsonl`, its events;
//! `checkpoint.json` with the file that holds the last state, `best.safetensors` the best; `learnt/`, what was learnt as an
//! adapter; `model/`, standard files where the whole model was trained. A process that works on a run holds a lock on
//! `lock`: a run that says it is running and is not locked was interrupted.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::events::RunEvent;
use super::prepared::DataReport;
use super::tested::Tested;
use crate::clip::{AdapterConfig, is_adapter, is_model_folder, write_whole};
use crate::evaluation::{Comparison, Interval, share_interval};
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::{Error, Result};

const RECORD: &str = "run.json";
const METRICS: &str = "metrics.jsonl";
const LOCK: &str = "lock";
const TRASH: &str = ".trash";
/// How often, and how long after each other, a run is tried that seems to be at work.
const LOOKS: usize = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Tells when a run was put aside.
const DELETED: &str = "deleted";
/// What was put aside can be brought back at least so long.
const TRASH_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// What was learnt, as an adapter.
pub const LEARNT: &str = "learnt";
/// Standard files, where the whole model was trained.
pub const MODEL: &str = "model";

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It goes on, or waits to be told to go on.
    Running,
    /// Its process ended without finishing it: it can be resumed.
    Interrupted,
    /// The user stopped it, and what was learnt is kept; it can be resumed.
    Stopped,
    /// It is finished.
    Done,
    /// It failed; it can be resumed from its last checkpoint.
    Failed,
}

impl RunState {
    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// Everything about a run but its curves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name on the command line, the folder's name.
    pub run: String,
    /// Its name for people.
    pub name: String,
    /// What the user wrote about it.
    pub note: String,
    /// What was asked for.
    pub config: RunConfig,
    /// Where it stands.
    pub state: RunState,
    /// The name of the model that it learns from.
    pub base_name: String,
    /// That model's identity.
    pub base_identity: String,
    /// A hash of what it learns from: paths, sizes, captions, split.
    pub data_hash: String,
    /// Where it computes.
    pub device: String,
    /// When it began, in seconds since 1970.
    pub started_s: u64,
    /// Seconds that it has worked.
    pub worked_s: f64,
    /// Steps that are done.
    pub step: usize,
    /// Steps altogether.
    pub steps: usize,
    /// The classes that are learnt.
    pub classes: Vec<String>,
    /// Pictures to learn from.
    pub n_train: usize,
    /// Pictures to measure with.
    pub n_test: usize,
    /// Accuracy on the test side before the run.
    pub zero_shot_accuracy: Option<f32>,
    /// The same of the run's model, at its blend.
    pub accuracy: Option<f32>,
    /// The answers on the test side, picture by picture; none of runs of before they were kept.
    #[serde(default)]
    pub tested: Option<Tested>,
    /// What they say: both accuracies with their intervals, and their difference.
    #[serde(default)]
    pub compared: Option<Comparison>,
    /// Accuracy on the control set before the run, and of its model.
    pub control: Option<(f32, f32)>,
    /// What the run's model is, from what it started from (0) to what was learnt (1).
    #[serde(default = "whole")]
    pub blend: f32,
    /// Both with their intervals, and their difference.
    #[serde(default)]
    pub control_compared: Option<Comparison>,
    /// What of its folder it does not learn from.
    #[serde(default)]
    pub data: DataReport,
    /// What was chosen on the validation side.
    #[serde(default)]
    pub chosen: Vec<(String, f64)>,
    /// The model's folder, once there is one.
    pub model: Option<PathBuf>,
    /// Why it failed.
    pub error: Option<String>,
}

/// The blend of a run that was never blended.
fn whole() -> f32 {
    1.0
}

impl RunRecord {
    /// The interval of its accuracy; of runs of before answers were kept, from the count of pictures.
    pub fn accuracy_interval(&self) -> Option<Interval> {
        let kept = self.compared.map(|compared| compared.after);
        kept.or_else(|| self.counted(self.accuracy?))
    }

    /// The interval of the accuracy before it.
    pub fn zero_shot_interval(&self) -> Option<Interval> {
        let kept = self.compared.map(|compared| compared.before);
        kept.or_else(|| self.counted(self.zero_shot_accuracy?))
    }

    /// A share of the test pictures; recall is the mean of two.
    fn counted(&self, share: f32) -> Option<Interval> {
        let hits = (f64::from(share) * self.n_test as f64).round();
        (!self.classes.is_empty() && share.is_finite()).then(|| share_interval(hits as usize, self.n_test))?
    }

    /// Whether its model is a blend with what it started from.
    pub fn is_blend(&self) -> bool {
        self.blend < 1.0
    }

    /// What its model is a blend of.
    pub fn mixture(&self) -> String {
        let learnt = 100.0 * self.blend;
        if self.is_blend() {
            format!("a blend: {learnt:.0} % fine-tuned, {:.0} % original", 100.0 - learnt)
        } else {
            "what was learnt, unblended".into()
        }
    }
}

/// A run's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder(PathBuf);

/// The folder of all runs.
#[derive(Debug, Clone)]
pub struct Runs(PathBuf);

fn write_error(path: &Path, source: std::io::Error) -> Error {
    Error::Write {
        path: path.to_path_buf(),
        source,
    }
}

impl Runs {
    /// The runs in a data folder.
    pub fn at(data_dir: &Path) -> Self {
        Self(data_dir.join("runs"))
    }

    /// Makes a folder for a new run, `METHOD-NUMBER`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(&self, method: &str) -> Result<RunFolder> {
        std::fs::create_dir_all(&self.0).map_err(|e| write_error(&self.0, e))?;
        for number in 1.. {
            let path = self.0.join(format!("{method}-{number}"));
            let trashed = self.0.join(TRASH).join(format!("{method}-{number}"));
            if trashed.exists() {
                continue;
            }
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(RunFolder(path)),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(write_error(&path, e)),
            }
        }
        Err(Error::Run("there are too many runs".into()))
    }

    /// The folder of a run.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn find(&self, run: &str) -> Result<RunFolder> {
        let plain = Path::new(run).components().count() == 1 && !run.starts_with('.');
        let folder = RunFolder(self.0.join(run));
        if plain && folder.0.join(RECORD).is_file() {
            Ok(folder)
        } else {
            Err(Error::Run(format!(
                "there is no run \"{run}\": `clipsight runs list` shows them"
            )))
        }
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
        let mut records: Vec<RunRecord> = entries
            .filter_map(|entry| RunFolder(entry.ok()?.path()).record().ok())
            .collect();
        records.sort_by(|a, b| b.started_s.cmp(&a.started_s).then(a.run.cmp(&b.run)));
        records
    }

    /// Puts a run aside; [`Self::restore`] brings it back.
    ///
    /// # Errors
    /// It is running, or cannot be moved.
    pub fn delete(&self, run: &str) -> Result<()> {
        let folder = self.find(run)?;
        drop(folder.lock()?);
        let trash = self.0.join(TRASH);
        std::fs::create_dir_all(&trash).map_err(|e| write_error(&trash, e))?;
        let deleted = folder.0.join(DELETED);
        std::fs::write(&deleted, "").map_err(|e| write_error(&deleted, e))?;
        std::fs::rename(&folder.0, trash.join(run)).map_err(|e| write_error(&folder.0, e))
    }

    /// Brings a deleted run back.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn restore(&self, run: &str) -> Result<()> {
        let (from, to) = (self.0.join(TRASH).join(run), self.0.join(run));
        std::fs::rename(from, &to).map_err(|e| write_error(&to, e))?;
        // Without it, the run would be taken for one that was deleted then, the next time.
        match std::fs::remove_file(to.join(DELETED)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(write_error(&to, error)),
            _ => Ok(()),
        }
    }

    /// Deletes a run that was put aside, for good.
    ///
    /// # Errors
    /// It is still there.
    pub fn purge(&self, run: &str) -> Result<()> {
        let folder = self.0.join(TRASH).join(run);
        std::fs::remove_dir_all(&folder).map_err(|e| write_error(&folder, e))
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

impl RunFolder {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The data folder that it is in.
    pub fn data_dir(&self) -> Option<&Path> {
        self.0.parent()?.parent()
    }

    /// The run's name.
    pub fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A file of it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What is known about it; a run whose process is gone is interrupted.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn record(&self) -> Result<RunRecord> {
        let mut record: RunRecord = self.read(RECORD)?;
        if record.state == RunState::Running && self.try_lock().is_ok() {
            record.state = RunState::Interrupted;
        }
        Ok(record)
    }

    /// Keeps what is known about it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, record: &RunRecord) -> Result<()> {
        self.write(RECORD, record)
    }

    /// Gives it another name and note; its model has the same name.
    ///
    /// # Errors
    /// It is at work (whoever works on it would write the old name over this one), or it cannot be written.
    pub fn describe(&self, name: String, note: String) -> Result<()> {
        let _lock = self.lock()?;
        let mut record = self.record()?;
        let learnt = self.file(LEARNT);
        if is_adapter(&learnt) {
            let mut adapter = AdapterConfig::read(&learnt)?;
            adapter.name.clone_from(&name);
            adapter.write(&learnt)?;
        }
        record.name = name;
        record.note = note;
        self.keep(&record)
    }

    /// Reads one of its files.
    ///
    /// # Errors
    /// The file is missing or damaged.
    pub fn read<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T> {
        let path = self.file(name);
        let damaged = |reason: String| Error::Run(format!("{} is damaged: {reason}", path.display()));
        let json = std::fs::read(&path).map_err(|e| damaged(e.to_string()))?;
        serde_json::from_slice(&json).map_err(|e| damaged(e.to_string()))
    }

    /// Writes one of its files, all or nothing.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let json = serde_json::to_vec(value).map_err(|e| Error::Run(e.to_string()))?;
        Ok(write_whole(&self.file(name), &json)?)
    }

    /// Claims the run for this process, as long as what is returned lives.
    ///
    /// # Errors
    /// Another process works on it.
    pub fn lock(&self) -> Result<File> {
        // Somebody who only looks whether it is at work has it for a moment.
        for _ in 0..LOOKS {
            if let Ok(lock) = self.try_lock() {
                return Ok(lock);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        self.try_lock()
    }

    fn try_lock(&self) -> Result<File> {
        let path = self.file(LOCK);
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| write_error(&path, e))?;
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Run(format!(
                "{} is at work, in a window or a command; stop it there first",
                self.name()
            ))),
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Adds an event to its curves.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn append(&self, event: &RunEvent) -> Result<()> {
        let path = self.file(METRICS);
        let line = serde_json::to_string(event).map_err(|e| Error::Run(e.to_string()))?;
        let written = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{line}"));
        written.map_err(|e| write_error(&path, e))
    }

    /// Its events; a line that was cut is left out.
    pub fn events(&self) -> Vec<RunEvent> {
        let Ok(file) = File::open(self.file(METRICS)) else {
            return Vec::new();
        };
        let lines = BufReader::new(file).lines().map_while(std::io::Result::ok);
        lines.filter_map(|line| serde_json::from_str(&line).ok()).collect()
    }

    /// Forgets the events after a step, to which the run goes back.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn forget_after(&self, step: usize) -> Result<()> {
        let kept = self
            .events()
            .into_iter()
            .filter(|event| event.step().is_none_or(|at| at <= step));
        let kept = kept.filter(|event| !matches!(event, RunEvent::Done { .. } | RunEvent::Failed { .. }));
        let lines: Vec<String> = kept.filter_map(|event| serde_json::to_string(&event).ok()).collect();
        let mut text = lines.join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        Ok(write_whole(&self.file(METRICS), text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_at_a_run_does_not_keep_another_from_going_on_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder(folder.path().into());
        let glance = run.try_lock().unwrap();
        assert!(run.try_lock().is_err());
        std::thread::spawn(move || {
            std::thread::sleep(2 * LOOK_AGAIN);
            drop(glance);
        });
        run.lock().unwrap();
    }

    #[test]
    fn the_trash_of_another_run_is_left_alone_and_what_was_deleted_lately_stays() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        for run in ["a-1", "b-1", "c-1"] {
            std::fs::create_dir_all(folder.path().join("runs").join(run)).unwrap();
            std::fs::write(folder.path().join("runs").join(run).join(RECORD), "{}").unwrap();
            runs.delete(run).unwrap();
        }
        runs.purge("b-1").unwrap();
        assert!(runs.restore("b-1").is_err());
        runs.restore("a-1").unwrap();
        assert!(runs.find("a-1").is_ok() && !runs.find("a-1").unwrap().file(DELETED).exists());
        // A second window starts.
        runs.forget_trash();
        runs.restore("c-1").unwrap();
        runs.delete("c-1").unwrap();
        let marker = File::options()
            .write(true)
            .open(folder.path().join("runs/.trash/c-1").join(DELETED))
            .unwrap();
        marker
            .set_modified(std::time::SystemTime::now() - 2 * TRASH_KEPT)
            .unwrap();
        runs.forget_trash();
        assert!(runs.restore("c-1").is_err(), "it was deleted two days ago");
    }
}
