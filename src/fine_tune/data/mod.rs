//! What is learnt from: pictures with classes or captions.

mod beside;
mod folders;
mod listed;
mod lists;
mod look;
mod names;
mod preview;
mod read;
mod split;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Error, Result};

pub use look::{Looked, look_through};
pub use preview::{ClassCount, Contradiction, Preview};
pub use split::{Side, Split, split};

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The file.
    pub path: PathBuf,
    /// Its class, where pictures have classes.
    pub class: Option<usize>,
    /// What is said about it, where pictures have captions.
    pub captions: Vec<String>,
}

/// Files that are not used, each with the reason.
pub type Reasons = Vec<(PathBuf, String)>;

/// Pictures to learn from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// The classes' names, as their folders are named; empty where pictures have captions.
    pub classes: Vec<String>,
    /// The pictures, sorted by path.
    pub examples: Vec<Example>,
    /// Pictures, and rows of lists, that were meant to be used and cannot be.
    pub problems: Reasons,
    /// What lies in the folder and is not what is learnt from: texts, lists, loose pictures, empty folders.
    #[serde(default)]
    pub left_aside: Reasons,
    /// What else there is to know about how the folder was read.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The sides that folders or lists give pictures.
    #[serde(skip)]
    pub given: BTreeMap<PathBuf, Side>,
}

impl Dataset {
    /// Reads a folder: pictures with captions where there are some (lists, or a text beside each picture), else one folder
    /// a class, both perhaps in folders `train`, `val` and `test`.
    ///
    /// # Errors
    /// Nothing here can be learnt from, or it is not clear what is meant; the message says why.
    pub fn read(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(Error::Data(format!("{} is no folder", folder.display())));
        }
        read::read(folder)
    }

    /// Whether pictures have classes.
    pub fn has_classes(&self) -> bool {
        !self.classes.is_empty()
    }

    /// Refuses what would be learnt from by halves: a class of which no picture can be read.
    ///
    /// # Errors
    /// Names the classes, and what is wrong with their pictures.
    pub fn check(&self) -> Result<()> {
        let mut counts = vec![0usize; self.classes.len()];
        self.examples
            .iter()
            .filter_map(|example| example.class)
            .for_each(|class| counts[class] += 1);
        let empty = self.classes.iter().zip(counts).filter(|(_, count)| *count == 0);
        let names: Vec<&str> = empty.map(|(class, _)| class.as_str()).collect();
        let Some(first) = names.first() else {
            return Ok(());
        };
        let why = self
            .problems
            .iter()
            .find(|(path, _)| path.iter().any(|part| part == *first));
        let why = why.map_or(String::new(), |(path, reason)| {
            format!(" ({}: {reason})", path.display())
        });
        Err(Error::Data(format!(
            "no picture of {} can be read{why}: mend the pictures, or take the class away; --preview lists them",
            few(&names)
        )))
    }
}

/// A few names, and how many more there are.
pub fn few(names: &[impl AsRef<str>]) -> String {
    const FEW: usize = 5;
    let shown = names.iter().take(FEW).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(FEW) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
