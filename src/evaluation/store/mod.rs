//! Evaluations as they are kept: a file each, and short ones beside it: its line of the list, its marks, its slices.
//!
//! Answers are written once, and are tens of megabytes for tens of thousands of pictures; a mark is a click, and so is a slice
//! that is kept. So what people add has files of its own, each written whole. Where such a file is there it counts, and what
//! the large one says of the same does not: an evaluation of before these files has all in the large one. The name and the
//! note are those of the line of the list.

mod given;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::listed::Listed;
use super::marks::Marked;
use super::record::{Evaluation, KeptSlice};
use crate::files::read_at_most;
use crate::library::{make_private, make_private_folder, write_output};
use whole::{MAX_BYTES, few_values, parsed};

pub use given::GivenLabel;
pub use whole::{read, written};

/// A line of a list.
const MAX_SHORT_BYTES: u64 = 1 << 20;

const FOLDER: &str = "evaluations";
const TRASH: &str = "trash";
const WHOLE: &str = "json";
const SHORT: &str = "summary.json";
const MARKS: &str = "marks.json";
const SLICES: &str = "slices.json";

/// What was changed of an evaluation, and is written without the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The name and the note.
    Name,
    Marks,
    Slices,
    /// Anything else.
    All,
}

/// The folder of the evaluations.
#[derive(Debug, Clone)]
pub struct EvaluationStore {
    folder: PathBuf,
}

impl EvaluationStore {
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
        let mut listed: Vec<Listed> = short.filter_map(|path| read_line(&path)).collect();
        listed.sort_by(|a, b| b.date.cmp(&a.date).then(b.id.cmp(&a.id)));
        listed
    }

    /// Keeps one, in place of what it was before.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn save(&self, evaluation: &Evaluation) -> Result<(), String> {
        let id = &evaluation.id;
        self.make_folder()?;
        // First, as they count: whatever happens in between, no older ones stand beside what is written next.
        if !evaluation.marks.is_empty() || self.file(id, MARKS)?.exists() {
            self.write(id, MARKS, &json(&evaluation.marks)?)?;
        }
        if !evaluation.slices.is_empty() || self.file(id, SLICES)?.exists() {
            self.write(id, SLICES, &json(&evaluation.slices)?)?;
        }
        self.write(id, WHOLE, &written(evaluation)?)?;
        self.write(id, SHORT, &json(&evaluation.listed())?)
    }

    /// Keeps what was changed of one, and writes nothing else, unless it is not kept yet.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn save_changed(&self, evaluation: &Evaluation, changed: Changed) -> Result<(), String> {
        let id = &evaluation.id;
        match changed {
            Changed::Name if self.has(id) => self.write(id, SHORT, &json(&evaluation.listed())?),
            Changed::Marks if self.has(id) => self.write(id, MARKS, &json(&evaluation.marks)?),
            Changed::Slices if self.has(id) => self.write(id, SLICES, &json(&evaluation.slices)?),
            _ => self.save(evaluation),
        }
    }

    /// Makes the folder, which is its owner's alone: paths, notes and labels are in it.
    fn make_folder(&self) -> Result<(), String> {
        make_private_folder(&self.folder).map_err(|error| format!("cannot make {}: {error}", self.folder.display()))
    }

    fn write(&self, id: &str, ending: &str, content: &[u8]) -> Result<(), String> {
        let file = self.file(id, ending)?;
        write_output(&file, content, true).map_err(|error| error.to_string())?;
        make_private(&file);
        Ok(())
    }

    /// Whether one of this name is kept.
    pub fn has(&self, id: &str) -> bool {
        self.file(id, WHOLE).is_ok_and(|file| file.is_file())
    }

    /// Opens one, with what was added to it.
    ///
    /// # Errors
    /// It is not there, or one of its files is damaged.
    pub fn open(&self, id: &str) -> Result<Evaluation, String> {
        let mut evaluation = parsed(&self.file(id, WHOLE)?)?;
        self.renew(&mut evaluation)?;
        Ok(evaluation)
    }

    /// Takes on what was added to one since it was opened, perhaps by another window: its marks, its slices, its name and
    /// its note.
    ///
    /// # Errors
    /// A file of it is damaged: what is written next would replace it.
    pub fn renew(&self, evaluation: &mut Evaluation) -> Result<(), String> {
        let id = evaluation.id.clone();
        if let Some(marks) = read_marks(&self.file(&id, MARKS)?, evaluation.pictures.len())? {
            evaluation.marks = marks;
        }
        if let Some(slices) = read_beside::<Vec<KeptSlice>>(&self.file(&id, SLICES)?)? {
            evaluation.slices = slices;
        }
        if let Some(line) = read_line(&self.file(&id, SHORT)?).filter(|line| line.id == id) {
            (evaluation.name, evaluation.note) = (line.name, line.note);
        }
        Ok(())
    }

    /// Puts one aside.
    ///
    /// # Errors
    /// Why it stays.
    pub fn delete(&self, id: &str) -> Result<(), String> {
        let trash = self.trash();
        trash.make_folder()?;
        // What another one of this name left there would be taken for its own once it is brought back.
        for left in [trash.file(id, MARKS)?, trash.file(id, SLICES)?] {
            match std::fs::remove_file(&left) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(format!("{}: {error}", left.display()));
                }
                _ => {}
            }
        }
        // What is not listed is not opened: wherever this ends early, nobody sees it without what was added to it.
        self.moved_to(&trash, id, [SHORT, WHOLE, MARKS, SLICES])
    }

    /// Brings one back.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn restore(&self, id: &str) -> Result<(), String> {
        self.trash().moved_to(self, id, [SLICES, MARKS, WHOLE, SHORT])
    }

    fn trash(&self) -> Self {
        Self {
            folder: self.folder.join(TRASH),
        }
    }

    /// Moves the files of one, in this order; where nothing was ever added there are only two.
    fn moved_to(&self, other: &Self, id: &str, endings: [&str; 4]) -> Result<(), String> {
        for ending in endings {
            let (from, to) = (self.file(id, ending)?, other.file(id, ending)?);
            match std::fs::rename(&from, to) {
                Err(error) if [MARKS, SLICES].contains(&ending) && error.kind() == ErrorKind::NotFound => {}
                moved => moved.map_err(|error| format!("{}: {error}", from.display()))?,
            }
        }
        Ok(())
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

/// A line of the list; none where it cannot be read: it says nothing that is nowhere else, but for a new name.
fn read_line(path: &Path) -> Option<Listed> {
    serde_json::from_slice(&read_at_most(path, MAX_SHORT_BYTES).ok()?).ok()
}

/// The marks of an evaluation of `count` pictures; none where they have no file.
fn read_marks(path: &Path, count: usize) -> Result<Option<BTreeMap<usize, Marked>>, String> {
    let marks: Option<BTreeMap<usize, Marked>> = read_beside(path)?;
    let last = marks.as_ref().and_then(|marks| marks.keys().next_back().copied());
    if last.is_some_and(|place| place >= count) {
        return Err(not_opened(path, "a mark is on no picture"));
    }
    Ok(marks)
}

/// What people added to an evaluation; none where it has no file. What is damaged is not passed over: the next change would
/// replace it.
fn read_beside<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let bytes = match read_at_most(path, MAX_BYTES) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| not_opened(path, &error.to_string()))?,
    };
    few_values(&bytes).map_err(|reason| not_opened(path, &reason))?;
    let found = serde_json::from_slice(&bytes).map_err(|error| not_opened(path, &error.to_string()))?;
    Ok(Some(found))
}

fn not_opened(path: &Path, reason: &str) -> String {
    format!(
        "{} cannot be opened: {reason}; move it away, and the evaluation opens without it",
        path.display()
    )
}
