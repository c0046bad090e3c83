//! A door: from a number to the pictures that it counts.

use std::sync::Arc;

/// Some of an evaluation's pictures, and what they have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// In words, for the chip over the gallery.
    pub words: String,
    /// Their places in the evaluation.
    pub places: Vec<usize>,
    /// By what the places are ordered, in words; none where they follow the gallery's order.
    pub order: Option<&'static str>,
}

impl Door {
    /// To these pictures, in the gallery's order.
    pub fn new(words: impl Into<String>, places: Vec<usize>) -> Arc<Self> {
        Arc::new(Self {
            words: words.into(),
            places,
            order: None,
        })
    }

    /// To these pictures, as they come.
    pub fn ordered(words: impl Into<String>, places: Vec<usize>, order: &'static str) -> Arc<Self> {
        Arc::new(Self {
            words: words.into(),
            places,
            order: Some(order),
        })
    }

    /// The same in the gallery's order.
    pub fn in_any_order(&self) -> Arc<Self> {
        Self::new(self.words.clone(), self.places.clone())
    }
}
