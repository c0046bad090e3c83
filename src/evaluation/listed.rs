//! An evaluation as a line of a list.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::interval::Interval;
use super::out::Row;
use super::record::Evaluation;
use crate::lossless::Lossless;

/// A line of a list of evaluations.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// What it is found by.
    pub id: String,
    pub name: String,
    pub note: String,
    pub model: String,
    #[serde_as(as = "Lossless")]
    pub folder: PathBuf,
    /// A hash of what was measured on: two with the same one can be compared.
    pub data: String,
    /// When it was measured, as `2026-11-26T17:05:00Z`.
    pub date: String,
    /// Pictures that were measured by.
    pub count: usize,
    /// Accuracy; of pictures with captions the share that finds one of theirs.
    pub top1: Interval,
    #[serde(default)]
    pub of_captions: bool,
    /// Its line in a table.
    #[serde(default)]
    pub row: Option<Row>,
}

impl Evaluation {
    /// The line of this evaluation in a list.
    pub fn listed(&self) -> Listed {
        Listed {
            id: self.id.clone(),
            name: self.name.clone(),
            note: self.note.clone(),
            model: self.setup.model.name.clone(),
            folder: self.setup.folder.clone(),
            data: self.setup.data.clone(),
            date: self.setup.date.clone(),
            count: self.measures.count,
            top1: self.measures.top1,
            of_captions: self.is_of_captions(),
            row: Some(Row::of(self)),
        }
    }
}
