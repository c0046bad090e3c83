//! A door: from a number to the pictures that it counts.

use std::sync::Arc;

/// Some of an evaluation's pictures, and what they have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// In words, for the chip over the gallery.
    pub words: String,
    /// Their places in the evaluation.
    pub places: Vec<usize>,
}

impl Door {
    /// To these pictures.
    pub fn new(words: impl Into<String>, places: Vec<usize>) -> Arc<Self> {
        Arc::new(Self {
            words: words.into(),
            places,
        })
    }
}
