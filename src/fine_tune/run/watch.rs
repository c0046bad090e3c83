//! What is shown of a run beside its numbers: a board, answers that changed, its pace.

use std::path::PathBuf;
use std::time::Instant;

use super::events::Flip;
use crate::evaluation;
use crate::fine_tune::context::{Context, cosines};
use crate::fine_tune::{PictureSet, Result};

/// Pictures on the board: as many as are told apart at a glance.
const BOARD: usize = 8;
/// Changed answers that a validation tells of.
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
    // The validation side lies in turns of its classes (`subsample`): those that come first are of as many as there can be.
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
    /// From now on, with so many steps done before.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::many_classes::{ManyClasses, distinct};

    #[test]
    fn a_board_and_what_changed_show_as_many_classes_as_pictures() {
        // Of the first class alone there are more pictures than either has room for.
        let many = ManyClasses::new(40, 10);
        let context = many.context(&many.split);
        let board = board_set(&context.validation);
        assert_eq!((board.len(), distinct(&board.labels)), (BOARD, BOARD));
        let pairs = board_pairs(&board, &context.classes);
        let named = board.labels.iter().map(|class| context.classes[*class].clone());
        assert_eq!(
            pairs.into_iter().map(|(_, text)| text).collect::<Vec<_>>(),
            named.collect::<Vec<_>>()
        );

        // Every picture was taken for the first class, and is now for the second.
        let mut row = vec![0.0; 40];
        row[1] = 1.0;
        let count = context.validation.len();
        let changed = flips(&context, &vec![row; count], &vec![0; count]);
        let mut classes: Vec<&str> = changed.iter().map(|flip| flip.class.as_str()).collect();
        classes.sort();
        classes.dedup();
        assert_eq!((changed.len(), classes.len()), (MAX_FLIPS, MAX_FLIPS));
    }

    #[test]
    fn a_board_of_captions_has_none_twice() {
        let captions = ["a cat", "a cat", "a dog", "a horse"].map(|caption| vec![caption.to_string()]);
        let set = PictureSet {
            paths: (0..4).map(|n| PathBuf::from(format!("{n}.png"))).collect(),
            captions: captions.to_vec(),
            ..PictureSet::default()
        };
        let texts: Vec<String> = board_pairs(&board_set(&set), &[])
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(texts, ["a cat", "a dog", "a horse"]);
    }
}
