//! What is measured between two steps: on the validation side, and on the control set.

use super::TrainingLoop;
use super::checkpoint::{Checkpoint, best_file};
use crate::clip::write_flats;
use crate::evaluation::{self, mean};
use crate::fine_tune::context::{Context, accuracy, cosines};
use crate::fine_tune::methods::{Learner, log_loss};
use crate::fine_tune::run::events::{Flip, RunEvent};
use crate::fine_tune::run::watch::{answers_before, board_pairs, board_set, flips};
use crate::fine_tune::{PictureSet, Result};

/// What every validation of a run shows beside its numbers.
pub(super) struct Shown {
    board: PictureSet,
    /// The zero-shot answers to the validation side, which tell what changed.
    before: Vec<usize>,
}

impl Shown {
    pub(super) fn of(context: &Context) -> Result<Self> {
        Ok(Self {
            board: board_set(&context.validation),
            before: answers_before(context)?,
        })
    }
}

/// What was measured on the validation side.
struct Validation {
    /// Of classes; of captions the mean of both recalls.
    accuracy: Option<f32>,
    recall: Option<(f32, f32)>,
    /// By which the best of equals is chosen.
    loss: Option<f32>,
    /// The method's own loss where it has one, else the same.
    shown_loss: Option<f32>,
    flips: Vec<Flip>,
}

impl TrainingLoop<'_, '_> {
    /// Measures what was learnt so far, keeps it where it is the best, and tells.
    pub(super) fn validate(
        &mut self,
        context: &Context,
        method: &dyn Learner,
        checkpoint: &mut Checkpoint,
        shown: &Shown,
    ) -> Result<()> {
        let measured = validation(context, method, &shown.before)?;
        let best = checkpoint.is_better(measured.accuracy, measured.loss);
        if best {
            checkpoint.best = measured.accuracy;
            checkpoint.best_loss = measured.loss;
            checkpoint.best_step = checkpoint.step;
            checkpoint.since_best = 0;
            write_flats(&self.folder.file(&best_file(checkpoint.step)), &method.state()?)?;
        } else {
            checkpoint.since_best += 1;
        }
        let cells = method.pairs(context, &shown.board)?;
        let cells = cells.map(|(images, texts)| cosines(&images, &texts));
        let pairs = cells.as_ref().map(|_| board_pairs(&shown.board, &context.classes));
        self.tell(RunEvent::Validation {
            run: self.record.run.clone(),
            step: checkpoint.step,
            loss: measured.shown_loss,
            accuracy: measured.accuracy,
            control: control_accuracy(context, method)?,
            recall: measured.recall,
            board: cells,
            board_pairs: pairs.unwrap_or_default(),
            flips: measured.flips,
            best,
            trial: method.trial(),
        })
    }
}

fn validation(context: &Context, method: &dyn Learner, before: &[usize]) -> Result<Validation> {
    let set = &context.validation;
    let own_loss = method.validation_loss(context)?;
    if context.classes.is_empty() {
        let recall = recall(context, method, set)?;
        return Ok(Validation {
            accuracy: recall_share(recall),
            recall,
            loss: own_loss,
            shown_loss: own_loss,
            flips: Vec::new(),
        });
    }
    let rows = method.logits(context, set)?;
    let loss = log_loss(&rows, &set.labels);
    Ok(Validation {
        accuracy: accuracy(&rows, &set.labels),
        recall: None,
        loss,
        shown_loss: own_loss.or(loss),
        flips: flips(context, &rows, before),
    })
}

pub(super) fn control_accuracy(context: &Context, method: &dyn Learner) -> Result<Option<f32>> {
    if context.control.is_empty() {
        return Ok(None);
    }
    Ok(mean(&method.control_answers(context)?))
}

/// The mean of both recalls on the validation side; none where it is empty.
pub(super) fn validation_recall(context: &Context, method: &dyn Learner) -> Result<Option<f32>> {
    Ok(recall_share(recall(context, method, &context.validation)?))
}

/// Recall both ways; none on no pictures.
fn recall(context: &Context, method: &dyn Learner, set: &PictureSet) -> Result<Option<(f32, f32)>> {
    if set.is_empty() {
        return Ok(None);
    }
    let pairs = method.pairs(context, set)?;
    let keys: Vec<&String> = set.captions.iter().filter_map(|captions| captions.first()).collect();
    Ok(pairs.map(|(images, texts)| evaluation::recall_at_1(&images, &texts, &keys)))
}

/// The mean of both recalls.
fn recall_share(recall: Option<(f32, f32)>) -> Option<f32> {
    recall.map(|(to_texts, to_images)| (to_texts + to_images) / 2.0)
}
