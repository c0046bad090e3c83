//! What is learnt from: pictures with classes or captions.

mod captions;
mod duplicates;
mod folders;
mod preview;
mod split;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Error, Result};

pub use duplicates::{Looked, look_through};
pub use preview::{ClassCount, Preview};
pub use split::{Split, split};

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

/// Pictures to learn from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// The classes' names; empty where pictures have captions.
    pub classes: Vec<String>,
    /// The pictures, sorted by path.
    pub examples: Vec<Example>,
    /// What could not be used, with the reason.
    pub problems: Vec<(PathBuf, String)>,
}

impl Dataset {
    /// Reads a folder: captions where there are some (`captions.jsonl`, CSV, TSV, COCO's JSON, or `name.txt` beside
    /// `name.jpg`), else one folder a class.
    ///
    /// # Errors
    /// Nothing here can be learnt from; the message says what was looked for.
    pub fn read(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(Error::Data(format!("{} is no folder", folder.display())));
        }
        let dataset = match captions::read(folder)? {
            Some(pairs) => pairs,
            None => folders::read(folder),
        };
        if dataset.examples.is_empty() {
            return Err(Error::Data(format!(
                "{} holds nothing to learn from: give one folder a class, or pictures with captions (name.txt beside \
                 name.jpg, or a captions.jsonl, .csv or .tsv)",
                folder.display()
            )));
        }
        Ok(dataset)
    }

    /// Whether pictures have classes.
    pub fn has_classes(&self) -> bool {
        !self.classes.is_empty()
    }
}
