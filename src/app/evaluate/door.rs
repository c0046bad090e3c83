//! A door: from a number to the pictures that it counts.

use std::path::PathBuf;
use std::sync::Arc;

/// Some of an evaluation's pictures, and what they have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Door {
    /// In words, for the chip over the gallery.
    pub words: String,
    /// Their places in the evaluation.
    pub places: Vec<usize>,
    /// By what the places are ordered, in words; none where they follow the gallery's order.
    pub order: Option<&'static str>,
    /// The class whose pictures these are, which may be renamed behind it.
    pub class: Option<usize>,
    /// Files that are no pictures of the evaluation, such as negatives: the gallery shows these instead.
    pub files: Vec<PathBuf>,
}

impl Door {
    /// To these pictures, in the gallery's order.
    pub fn new(words: impl Into<String>, places: Vec<usize>) -> Arc<Self> {
        Arc::new(Self {
            words: words.into(),
            places,
            ..Self::default()
        })
    }

    /// To these pictures, as they come.
    pub fn ordered(words: impl Into<String>, places: Vec<usize>, order: &'static str) -> Arc<Self> {
        Arc::new(Self {
            words: words.into(),
            places,
            order: Some(order),
            ..Self::default()
        })
    }

    /// To all pictures of a class, which is called so.
    pub fn of_class(class: usize, title: &str, places: Vec<usize>) -> Arc<Self> {
        Arc::new(Self {
            words: format!("pictures of {title}"),
            places,
            class: Some(class),
            ..Self::default()
        })
    }

    /// To files that are no pictures of the evaluation.
    pub fn of_files(words: impl Into<String>, files: Vec<PathBuf>) -> Arc<Self> {
        Arc::new(Self {
            words: words.into(),
            files,
            ..Self::default()
        })
    }

    /// The same in the gallery's order.
    pub fn in_any_order(&self) -> Arc<Self> {
        Arc::new(Self {
            order: None,
            ..self.clone()
        })
    }
}
