//! What is shown of a run beside its numbers: a board, answers that changed, its pace.

use std::path::PathBuf;
use std::time::Instant;

use super::events::Flip;
use crate::evaluation;
use crate::fine_tune::context::{Context, cosines};
use crate::fine_tune::{PictureSet, Result};

/// Pictures on the board.
const BOARD: usize = 8;
/// Flips that are told.
const MAX_FLIPS: usize = 8;

/// The zero-shot answers to the validation side.
pub fn answers_before(context: &Context) -> Result<Vec<usize>> {
    if context.classes.is_empty() {
        return Ok(Vec::new());
    }
    let rows = cosines(
        &context.validation.embeddings,
        &context.class_embeddings(&context.classes)?,
    );
    Ok(rows.iter().map(|row| evaluation::best(row).unwrap_or(0)).collect())
}

/// A few pictures of different classes, or with different captions.
pub fn board_set(set: &PictureSet) -> PictureSet {
    let mut places: Vec<usize> = Vec::new();
    for place in 0..set.len() {
        let differs = |other: &usize| match (set.labels.get(place), set.labels.get(*other)) {
            (Some(a), Some(b)) => a != b,
            _ => set.captions.get(place) != set.captions.get(*other),
        };
        if places.len() < BOARD && places.iter().all(differs) {
            places.push(place);
        }
    }
    set.picked(&places)
}

/// The pictures of a board and their texts, in a word each: the class, or the first caption.
pub fn board_pairs(set: &PictureSet, classes: &[String]) -> Vec<(PathBuf, String)> {
    let text = |place: usize| match set.labels.get(place) {
        Some(class) => classes.get(*class).cloned(),
        None => set.captions.get(place).and_then(|captions| captions.first().cloned()),
    };
    let pairs = set.paths.iter().enumerate();
    pairs
        .map(|(place, path)| (path.clone(), text(place).unwrap_or_default()))
        .collect()
}

/// Pictures of the validation side that are answered otherwise than before.
pub fn flips(context: &Context, rows: &[Vec<f32>], before: &[usize]) -> Vec<Flip> {
    let set = &context.validation;
    let name = |class: usize| context.classes.get(class).cloned().unwrap_or_default();
    // In turns, as the validation side lies: a few of every class, not the first ones.
    let changed = rows
        .iter()
        .zip(before)
        .enumerate()
        .filter_map(|(place, (row, before))| {
            let after = evaluation::best(row)?;
            (after != *before).then(|| Flip {
                path: set.paths[place].clone(),
                class: name(set.labels[place]),
                before: name(*before),
                after: name(after),
            })
        });
    changed.take(MAX_FLIPS).collect()
}

/// Pictures per second, and what is left.
pub struct Speed {
    begun: Instant,
    first: usize,
    pictures: usize,
}

impl Speed {
    /// From a step on.
    pub fn new(step: usize) -> Self {
        Self {
            begun: Instant::now(),
            first: step,
            pictures: 0,
        }
    }

    /// Counts the pictures of a step; pictures per second, and seconds left.
    pub fn count(&mut self, pictures: usize, step: usize, steps: usize) -> (f32, f32) {
        self.pictures += pictures;
        let seconds = self.begun.elapsed().as_secs_f32().max(1e-6);
        let each = seconds / (step - self.first).max(1) as f32;
        (self.pictures as f32 / seconds, each * (steps - step) as f32)
    }
}
