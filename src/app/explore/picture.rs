//! A picture of the gallery, and which of them are shown.

use std::sync::Arc;

use crate::engine::protocol::{PictureFile, Scores};

/// A picture of the gallery.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The file.
    pub file: PictureFile,
    /// What the model says; of an older question until the newest is answered.
    pub scores: Option<Arc<Scores>>,
    /// Why it cannot be used.
    pub skipped: Option<String>,
}

impl Picture {
    /// The file's name.
    pub fn name(&self) -> String {
        self.file.path.file_name().map_or_else(
            || self.file.path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        )
    }
}

/// Which pictures the gallery shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Part of the name, in lower case.
    pub name: String,
    /// The best label; `None` inside is "none of these".
    pub label: Option<Option<usize>>,
    /// The least score, in the measure shown.
    pub score: f32,
}

impl Filter {
    /// Whether everything passes.
    pub fn is_off(&self) -> bool {
        self.name.is_empty() && self.label.is_none() && self.score <= 0.0
    }
}
