//! A run's folder: everything about it, and nothing elsewhere.
//!
//! `run.json` ([`RunRecord`]); `data.json`, what it learns from as it was split; `metrics.jsonl`, its events;
//! `checkpoint.json` with the file that holds the last state, `best-STEP.safetensors` the best; `learnt/`, what was learnt as an
//! adapter; `model/`, standard files where the whole model was trained. A process that works on a run holds a lock on
//! `lock`: a run that says it is running and is not locked was interrupted. A folder may come from somebody else: what it
//! says is checked when it is read, and nothing is written through links in it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::events::RunEvent;
use super::prepared::DataReport;
use super::tested::Tested;
use crate::clip::{AdapterConfig, is_adapter, is_model_folder, write_whole};
use crate::escape::{MAX_NOTE_CHARACTERS, check_classes, check_length, check_name, shortened};
use crate::evaluation::{Comparison, Interval, share_interval};
use crate::files::{MAX_SMALL_BYTES, append_to, check_local, file_or_nothing, open_file, read_at_most};
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::{Error, Result};
use crate::library::{make_private, make_private_folder};
use crate::lossless::Lossless;

const RECORD: &str = "run.json";
const METRICS: &str = "metrics.jsonl";
const LOCK: &str = "lock";
const TRASH: &str = ".trash";
/// `data.json` of a million pictures with captions.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// Values in it; each takes more memory than the few bytes that write it.
const MAX_VALUES: usize = 16_000_000;
/// Events that are shown: those of a million steps, or of so many bytes.
const MAX_EVENTS: usize = 1_000_000;
const MAX_EVENTS_BYTES: u64 = 64 << 20;
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
#[serde_with::serde_as]
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
    #[serde_as(as = "Option<Lossless>")]
    pub model: Option<PathBuf>,
    /// Why it failed.
    pub error: Option<String>,
}

/// The blend of a run that was never blended.
fn whole() -> f32 {
    1.0
}

impl RunRecord {
    /// What cannot be, in words.
    fn check(&self) -> std::result::Result<(), String> {
        self.config.check().map_err(|error| error.to_string())?;
        if !(0.0..=1.0).contains(&self.blend) {
            return Err(format!("its blend is {}, but must lie from 0 to 1", self.blend));
        }
        self.model.as_deref().map_or(Ok(()), check_local)?;
        for (what, name) in [
            ("its name", &self.name),
            ("its model", &self.base_name),
            ("its device", &self.device),
        ] {
            check_name(what, name)?;
        }
        check_length("its note", &self.note, MAX_NOTE_CHARACTERS)?;
        check_classes(&self.classes)?;
        match &self.tested {
            Some(tested) if !tested.is_sound() => {
                Err("its answers before and after are not of the same pictures".into())
            }
            _ => Ok(()),
        }
    }

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

/// A run of which too little is there, or too much is wrong, to show it; it can be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedRun {
    /// Its folder's name.
    pub run: String,
    /// What is wrong.
    pub reason: String,
}

/// The folder of all runs.
#[derive(Debug, Clone)]
pub struct Runs(PathBuf);

fn write_error(path: &Path, source: std::io::Error) -> Error {
    Error::Write {
        path: path.to_path_buf(),
        source,
    }
}

/// About how many values a JSON text holds: commas outside of its texts.
fn values(json: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b',' if !in_text => count += 1,
            _ => {}
        }
    }
    count
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
        make_private_folder(&self.0).map_err(|e| write_error(&self.0, e))?;
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
        self.folder_of(run)
            .filter(|folder| folder.file(RECORD).is_file())
            .ok_or_else(|| Error::Run(format!("there is no run \"{run}\": `clipsight runs list` shows them")))
    }

    /// The folder of this name, whatever is in it.
    fn folder_of(&self, run: &str) -> Option<RunFolder> {
        let mut parts = Path::new(run).components();
        let plain = matches!(
            (parts.next(), parts.next()),
            (Some(std::path::Component::Normal(_)), None)
        );
        let path = self.0.join(run);
        let is_folder = || path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        (plain && !run.starts_with('.') && is_folder()).then(|| RunFolder(path.clone()))
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

    /// Puts a run aside, damaged or not; [`Self::restore`] brings it back.
    ///
    /// # Errors
    /// It is running, or cannot be moved.
    pub fn delete(&self, run: &str) -> Result<()> {
        let folder = self.folder_of(run).map_or_else(|| self.find(run), Ok)?;
        drop(folder.lock()?);
        let trash = self.0.join(TRASH);
        make_private_folder(&trash).map_err(|e| write_error(&trash, e))?;
        let deleted = folder.0.join(DELETED);
        // Whatever is there under this name is replaced, not written to.
        crate::files::write_whole(&deleted, b"").map_err(|e| write_error(&deleted, e))?;
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

    /// Keeps what is known about it.
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

    /// Reads one of its files.
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
        if values(&json) > MAX_VALUES {
            return Err(damaged(format!("it holds more than {MAX_VALUES} values")));
        }
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

    fn try_lock(&self) -> Result<File> {
        let path = self.file(LOCK);
        file_or_nothing(&path).map_err(|e| write_error(&path, e))?;
        // To write, which Windows wants of whoever locks; nothing is written.
        let file = File::options().create(true).write(true).truncate(false).open(&path);
        let file = file.map_err(|e| write_error(&path, e))?;
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Run(format!(
                "{} is running, in a window or a command; stop it there first",
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
        let written = append_to(&path).and_then(|mut file| writeln!(file, "{line}"));
        written.map_err(|e| write_error(&path, e))
    }

    /// Its events; a line that was cut is left out.
    pub fn events(&self) -> Vec<RunEvent> {
        let lines = self.lines(MAX_EVENTS_BYTES).take(MAX_EVENTS);
        lines.filter_map(|line| serde_json::from_slice(&line).ok()).collect()
    }

    /// The lines of its curves, one after the other; what is longer than an event can be is left out.
    fn lines(&self, most: u64) -> impl Iterator<Item = Vec<u8>> {
        let file = open_file(&self.file(METRICS)).ok();
        let bytes = file.into_iter().map(move |file| BufReader::new(file.take(most)));
        let lines = bytes.flat_map(|bytes| bytes.split(b'\n').map_while(std::io::Result::ok));
        lines.filter(|line| !line.is_empty() && line.len() as u64 <= MAX_SMALL_BYTES)
    }

    /// Forgets the events after a step, to which the run goes back.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn forget_after(&self, step: usize) -> Result<()> {
        let before = |event: &RunEvent| {
            let over = matches!(event, RunEvent::Done { .. } | RunEvent::Failed { .. });
            !over && event.step().is_none_or(|at| at <= step)
        };
        // As they were written, to the last digit.
        let kept = self
            .lines(MAX_FILE_BYTES)
            .filter(|line| serde_json::from_slice(line).is_ok_and(|event| before(&event)));
        let mut text = Vec::new();
        for line in kept {
            text.extend(line);
            text.push(b'\n');
        }
        Ok(write_whole(&self.file(METRICS), &text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::FineTuneMethod;

    /// A run that was never measured.
    fn record(run: &str) -> RunRecord {
        RunRecord {
            run: run.into(),
            name: run.into(),
            note: String::new(),
            config: RunConfig::new(FineTuneMethod::LinearProbe, "x".into()),
            state: RunState::Stopped,
            base_name: "Starter".into(),
            base_identity: String::new(),
            data_hash: String::new(),
            device: "cpu".into(),
            started_s: 1,
            worked_s: 1.0,
            step: 0,
            steps: 1,
            classes: vec!["a".into(), "b".into()],
            n_train: 2,
            n_test: 2,
            zero_shot_accuracy: None,
            accuracy: None,
            tested: None,
            compared: None,
            control: None,
            blend: 1.0,
            control_compared: None,
            data: DataReport::default(),
            chosen: Vec::new(),
            model: None,
            error: None,
        }
    }

    #[test]
    fn what_is_damaged_is_listed_as_damaged_and_can_be_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        let good = runs.create("probe").unwrap();
        good.keep(&record("probe-1")).unwrap();
        // Killed before it began.
        let early = runs.create("probe").unwrap();
        std::fs::write(early.file("data.json"), "{}").unwrap();
        let cut = runs.create("probe").unwrap();
        std::fs::write(cut.file(RECORD), "{\"run\": ").unwrap();
        let mut beyond = record("probe-4");
        beyond.config.hyper.epochs = 1_000_000_000_000_000;
        runs.create("probe").unwrap().keep(&beyond).unwrap();
        let listed: Vec<String> = runs.list().into_iter().map(|record| record.run).collect();
        assert_eq!(listed, ["probe-1"]);
        let damaged = runs.damaged();
        let names: Vec<&str> = damaged.iter().map(|run| run.run.as_str()).collect();
        assert_eq!(names, ["probe-2", "probe-3", "probe-4"]);
        assert!(damaged[0].reason.contains("before it began"), "{damaged:?}");
        assert!(damaged[2].reason.contains("epochs is 1000000000000000"), "{damaged:?}");
        // While one is prepared it is neither.
        let lock = early.lock().unwrap();
        assert_eq!(runs.damaged().len(), 2);
        assert!(runs.delete("probe-2").is_err());
        drop(lock);
        for run in names {
            runs.delete(run).unwrap();
        }
        assert!(runs.damaged().is_empty());
        for outside in ["..", ".", "", "../x", ".trash", "/etc"] {
            assert!(runs.delete(outside).is_err(), "{outside}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_of_a_run_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let run = Runs::at(folder.path()).create("probe").unwrap();
        run.append(&RunEvent::Paused { run: "probe-1".into() }).unwrap();
        std::fs::create_dir(run.file(LEARNT)).unwrap();
        std::fs::write(run.file(LEARNT).join("adapter.json"), "{}").unwrap();
        run.keep(&record("probe-1")).unwrap();
        for entry in walkdir::WalkDir::new(folder.path().join("runs")) {
            let entry = entry.unwrap();
            let others = entry.metadata().unwrap().permissions().mode() & 0o077;
            assert_eq!(others, 0, "{}", entry.path().display());
        }
    }

    #[test]
    fn curves_are_kept_to_the_last_digit_when_a_run_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder(folder.path().into());
        let line = |step: usize| {
            format!(
                "{{\"event\":\"step\",\"run\":\"a\",\"step\":{step},\"steps\":9,\"loss\":0.5,\"learning_rate\":\
                 1.0129602041783015,\"logit_scale\":null,\"gradient_norm\":null,\"pictures_per_s\":1.0,\"seconds_left\":1.0}}"
            )
        };
        let events = [line(1), line(2), line(3)].map(|line| line + "\n").concat();
        std::fs::write(run.file(METRICS), &events).unwrap();
        assert_eq!(run.events().len(), 3, "{events}");
        run.forget_after(2).unwrap();
        let kept = std::fs::read_to_string(run.file(METRICS)).unwrap();
        assert_eq!(kept, format!("{}\n{}\n", line(1), line(2)));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_links_in_a_runs_folder() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        let run = runs.create("probe").unwrap();
        run.keep(&record("probe-1")).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), run.file(LEARNT)).unwrap();
        let refused = run.lock().unwrap_err().to_string();
        assert!(refused.contains("learnt is a link"), "{refused}");
        std::fs::remove_file(run.file(LEARNT)).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("x"), run.file(LOCK)).unwrap();
        assert!(run.lock().is_err() && run.try_lock().is_err());
        std::os::unix::fs::symlink(run.path(), folder.path().join("runs/linked")).unwrap();
        let listed: Vec<String> = runs.list().into_iter().map(|record| record.run).collect();
        assert_eq!(listed, ["probe-1"], "what is listed can be shown and deleted");
        assert!(runs.find("linked").is_err());
        assert!(!elsewhere.path().join("x").exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_waits_for_a_pipe_in_a_runs_folder() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        let run = runs.create("probe").unwrap();
        let mut at_work = record("probe-1");
        at_work.state = RunState::Running;
        run.keep(&at_work).unwrap();
        for name in [LOCK, METRICS] {
            let made = std::process::Command::new("mkfifo")
                .arg(run.file(name))
                .status()
                .unwrap();
            assert!(made.success());
        }
        assert_eq!(runs.list().len(), 1);
        assert!(run.events().is_empty());
        let event = RunEvent::Paused { run: "probe-1".into() };
        assert!(run.append(&event).unwrap_err().to_string().contains("no file"));
        assert!(runs.delete("probe-1").unwrap_err().to_string().contains("no file"));
    }

    #[test]
    fn lines_and_values_of_a_stranger_are_counted_before_they_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder(folder.path().into());
        let event = "{\"event\":\"paused\",\"run\":\"a\"}\n";
        let long = format!("{{\"event\":\"paused\",\"run\":\"{}\"}}\n", "a".repeat(17 << 20));
        let text = ["\n".repeat(1 << 20), long, event.repeat(3), "{".into()].concat();
        std::fs::write(run.file(METRICS), text).unwrap();
        assert_eq!(run.events().len(), 3);
        std::fs::write(run.file("data.json"), format!("[{}0]", "0,".repeat(MAX_VALUES + 1))).unwrap();
        let refused = run.read::<serde::de::IgnoredAny>("data.json").unwrap_err().to_string();
        assert!(refused.contains("more than"), "{refused}");
        assert_eq!(values(br#"["a,b\",c", 1, {"a": 2, "b": 3}]"#), 3);
    }

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
