//! What is evaluated, and as what it is written.

use std::path::PathBuf;

use super::{Class, Part, TemplateSet, Wanted};
use crate::engine::choice::ModelChoice;

/// What to evaluate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EvaluationConfig {
    /// A folder, or a list.
    pub folder: PathBuf,
    pub wanted: Wanted,
    pub part: Part,
    /// The classes as they were edited, by their folders; those that are not there are called as their folder is.
    pub classes: Vec<Class>,
    pub templates: Option<TemplateSet>,
    /// The published set whose names and templates are used.
    pub preset: Option<String>,
    pub model: ModelChoice,
    /// A name for people; one is made where it is empty.
    pub name: String,
}

/// As what an evaluation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportKind {
    /// One page that needs no other file; its pictures in it, or not.
    Html {
        /// Small versions of the pictures are in the page.
        pictures: bool,
    },
    /// A line a picture.
    Csv,
    /// An object a picture.
    JsonLines,
    /// A table for a paper.
    Latex,
    /// A table for a page.
    Markdown,
    /// A table for a paper of every evaluation that is kept: models against sets.
    LatexOfAll,
    /// The same for a page.
    MarkdownOfAll,
    /// As CLIP_benchmark writes its results.
    ClipBenchmark,
    /// A row a picture with its place on the map.
    Parquet,
    /// The whole evaluation, to be opened on another machine.
    Evaluation,
}
