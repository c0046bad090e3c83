//! Evaluations as they are kept: a file each, and a short one beside it for lists.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::checked::check;
use super::record::{Evaluation, FORMAT, Listed};
use crate::files::read_at_most;
use crate::library::write_output;

/// An evaluation of a million pictures.
const MAX_BYTES: u64 = 1 << 30;
/// A line of a list.
const MAX_SHORT_BYTES: u64 = 1 << 20;

const FOLDER: &str = "evaluations";
const TRASH: &str = "trash";
const WHOLE: &str = "json";
const SHORT: &str = "summary.json";

/// The folder of the evaluations.
#[derive(Debug, Clone)]
pub struct Books {
    folder: PathBuf,
}

impl Books {
    /// In the data folder.
    pub fn at(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.join(FOLDER),
        }
    }

    fn file(&self, id: &str, ending: &str) -> Result<PathBuf, String> {
        // What it is found by comes from files, too, and must not lead elsewhere.
        let plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        plain
            .then(|| self.folder.join(format!("{id}.{ending}")))
            .ok_or_else(|| format!("there is no evaluation {id}"))
    }

    /// All of them, the newest first; what cannot be read is left out.
    pub fn list(&self) -> Vec<Listed> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let short = entries
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with(SHORT));
        let read = |path: PathBuf| serde_json::from_slice(&read_at_most(&path, MAX_SHORT_BYTES).ok()?).ok();
        let mut listed: Vec<Listed> = short.filter_map(read).collect();
        listed.sort_by(|a, b| b.date.cmp(&a.date).then(b.id.cmp(&a.id)));
        listed
    }

    /// Keeps one, in place of what it was before.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn save(&self, evaluation: &Evaluation) -> Result<(), String> {
        let write = |ending: &str, text: Result<Vec<u8>, String>| {
            let path = self.file(&evaluation.id, ending)?;
            write_output(&path, &text?, true).map_err(|error| error.to_string())
        };
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| format!("cannot make {}: {error}", self.folder.display()))?;
        write(WHOLE, written(evaluation))?;
        write(
            SHORT,
            serde_json::to_vec(&evaluation.listed()).map_err(|error| error.to_string()),
        )
    }

    /// Whether one of this name is kept.
    pub fn has(&self, id: &str) -> bool {
        self.file(id, WHOLE).is_ok_and(|file| file.is_file())
    }

    /// Opens one.
    ///
    /// # Errors
    /// It is not there, or damaged.
    pub fn open(&self, id: &str) -> Result<Evaluation, String> {
        read(&self.file(id, WHOLE)?)
    }

    /// Puts one aside.
    ///
    /// # Errors
    /// Why it stays.
    pub fn delete(&self, id: &str) -> Result<(), String> {
        let trash = self.folder.join(TRASH);
        std::fs::create_dir_all(&trash).map_err(|error| error.to_string())?;
        self.moved(id, |name| (self.folder.join(name), trash.join(name)))
    }

    /// Brings one back.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn restore(&self, id: &str) -> Result<(), String> {
        self.moved(id, |name| (self.folder.join(TRASH).join(name), self.folder.join(name)))
    }

    fn moved(&self, id: &str, ends: impl Fn(&str) -> (PathBuf, PathBuf)) -> Result<(), String> {
        self.file(id, WHOLE)?;
        for ending in [SHORT, WHOLE] {
            let (from, to) = ends(&format!("{id}.{ending}"));
            std::fs::rename(&from, to).map_err(|error| format!("{}: {error}", from.display()))?;
        }
        Ok(())
    }
}

/// An evaluation as a file holds it.
///
/// # Errors
/// It is too large to be read again.
pub fn written(evaluation: &Evaluation) -> Result<Vec<u8>, String> {
    let text = serde_json::to_vec(evaluation).map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_BYTES {
        let (count, most) = (evaluation.pictures.len(), MAX_BYTES >> 20);
        return Err(format!(
            "{count} pictures are more than the {most} MiB of a file can hold: measure a part of them"
        ));
    }
    Ok(text)
}

/// The one thing that is read first: which version wrote it.
#[derive(Deserialize)]
struct Version {
    format: Option<u32>,
}

/// Reads an evaluation from a file, of this machine or another.
///
/// # Errors
/// It cannot be read, or is no evaluation that this version knows.
pub fn read(path: &Path) -> Result<Evaluation, String> {
    let failed = |reason: String| format!("{} cannot be opened: {reason}", path.display());
    let bytes = read_at_most(path, MAX_BYTES).map_err(|error| failed(error.to_string()))?;
    let none = || failed("it is no evaluation".into());
    let version: Version = serde_json::from_slice(&bytes).map_err(|_| none())?;
    if version.format.ok_or_else(none)? > FORMAT {
        return Err(failed("a newer version of Clipsight wrote it".into()));
    }
    let evaluation: Evaluation = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
    check(&evaluation).map_err(failed)?;
    Ok(evaluation)
}
