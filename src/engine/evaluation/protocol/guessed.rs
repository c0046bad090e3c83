//! Answers to pictures of which nobody knows what they show.

use std::path::PathBuf;

use super::GivenLabel;

/// What a model answers to pictures of which nobody knows what they show.
#[derive(Debug, Clone, PartialEq)]
pub struct Guessed {
    pub folder: PathBuf,
    pub labels: Vec<String>,
    pub pictures: Vec<Guess>,
    /// What was said of its pictures before, with these labels.
    pub given: Vec<GivenLabel>,
    /// Pictures that cannot be read.
    pub unreadable: usize,
}

/// An answer to such a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    pub path: PathBuf,
    /// The five best labels with their probabilities, the best first.
    pub best: Vec<(usize, f32)>,
}

impl Guess {
    /// The label that is answered.
    pub fn answered(&self) -> Option<usize> {
        self.best.first().map(|(label, _)| *label)
    }

    /// Its probability.
    pub fn confidence(&self) -> f32 {
        self.best.first().map_or(0.0, |(_, probability)| *probability)
    }
}
