//! The loop around a method, from the last checkpoint to the end.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::blend::finish_model;
use super::drive::{Control, Start, preparing};
use super::events::RunEvent;
use super::folder::{LEARNT, RunFolder, RunRecord, RunState};
use super::prepared::{Prepared, same_base_of};
use super::tested::{Tested, found};
use super::watch::{Speed, answers_before, board_pairs, board_set, flips};
use crate::clip::{Adapter, AdapterConfig, read_flats, write_flats};
use crate::evaluation::{self, Comparison, mean};
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::context::{Context, accuracy, cosines};
use crate::fine_tune::methods::{Learner, learner, log_loss};
use crate::fine_tune::{Error, PictureSet, Result};
use crate::library::Store;
use crate::progress::heard;

const CHECKPOINT: &str = "checkpoint.json";
/// The best state so far is `best-STEP.safetensors`: which step that is, the checkpoint says.
const BEST: &str = "best-";
/// The window or another user of the device goes first; how long a step waits for it at most.
const COURTESY: Duration = Duration::from_millis(400);
const LOOK: Duration = Duration::from_millis(20);
/// Checkpoints are written at validations, and no more often than this, but for the last.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);
/// So much work is lost at most where validations are far apart.
const CHECKPOINT_AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// Where a run was when it was last kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Checkpoint {
    /// The file with the method's state.
    file: String,
    step: usize,
    best: Option<f32>,
    /// The loss of the best: among equals the smaller one wins.
    #[serde(default)]
    best_loss: Option<f32>,
    best_step: usize,
    since_best: usize,
    zero_shot: Option<f32>,
    control: Option<f32>,
    worked_s: f64,
}

impl Checkpoint {
    /// Whether a validation is the best so far: by accuracy, then by loss. Where nothing can be measured, the last is.
    fn is_better(&self, accuracy: Option<f32>, loss: Option<f32>) -> bool {
        let (Some(accuracy), Some(best)) = (accuracy, self.best) else {
            return true;
        };
        let closer = loss.zip(self.best_loss).is_some_and(|(loss, best)| loss < best);
        accuracy > best || accuracy == best && closer
    }

    /// Gives a trial up after so many validations without improvement; each trial has its own patience.
    fn lose_patience(&mut self, method: &dyn Learner, patience: usize) {
        let next = method.next_trial(self.step);
        if next == self.step || patience > 0 && self.since_best >= patience {
            self.step = next;
            self.since_best = 0;
        }
    }
}

/// A run at work.
pub struct Work<'a, 'b> {
    /// Its folder.
    pub folder: &'a RunFolder,
    /// What is known about it.
    pub record: RunRecord,
    /// Where it works.
    pub start: &'a Start<'b>,
    /// How it is told what to do.
    pub control: &'a Control,
    /// Hears what it has to say.
    pub report: &'a mut dyn FnMut(&RunEvent),
}

impl Work<'_, '_> {
    fn tell(&mut self, event: RunEvent) -> Result<()> {
        self.folder.append(&event)?;
        (self.report)(&event);
        Ok(())
    }

    /// Works until it is over.
    ///
    /// # Errors
    /// What went wrong, or that it was stopped before its first step.
    pub fn go(&mut self) -> Result<()> {
        let begun = Instant::now();
        let config = self.record.config.clone();
        let run = self.record.run.clone();
        let prepared = Prepared::read(self.folder)?;
        let base = same_base_of(self.folder, &self.record, self.start.device)?;
        let report = RefCell::new(&mut self.report);
        let embedding = heard(
            |step| report.borrow_mut()(&preparing(&run, "Embedding the pictures", step.share())),
            || !self.control.stop.load(Ordering::Relaxed),
        );
        let control_set = prepared.control(&config, self.start.samples, &embedding)?;
        let mut store = Store::keeper(self.folder.data_dir());
        let (dataset, split) = (&prepared.dataset, &prepared.split);
        let context = Context::beside(
            &mut store,
            base,
            dataset,
            split,
            &config,
            Some(&control_set),
            &embedding,
        )?;
        for note in store.notes() {
            tracing::warn!("{note}");
        }
        drop(store);
        let mut method = learner(&config, &context)?;
        let mut checkpoint = self.restore(&context, method.as_mut())?;
        let earlier_s = checkpoint.worked_s;
        let board = board_set(&context.validation);
        let before = answers_before(&context)?;
        if checkpoint.step == 0 {
            checkpoint.zero_shot = if context.classes.is_empty() {
                recall_share(self.recall(&context, method.as_ref(), &context.validation)?)
            } else {
                context.zero_shot_accuracy(&context.validation, &context.classes)?
            };
            checkpoint.control = self.control_accuracy(&context, method.as_ref())?;
        }
        self.record.steps = method.steps();
        self.tell(RunEvent::Started {
            run: run.clone(),
            steps: method.steps(),
            step: checkpoint.step + 1,
            n_train: context.train.len(),
            n_validation: context.validation.len(),
            n_test: context.test.len(),
            zero_shot: checkpoint.zero_shot,
            control: checkpoint.control,
        })?;
        let mut speed = Speed::new(checkpoint.step);
        let mut kept = Instant::now();
        let mut stopped = false;
        while checkpoint.step < method.steps() {
            if self.wait()? {
                stopped = true;
                break;
            }
            let report = match method.step(&context, checkpoint.step) {
                Ok(report) => report,
                Err(error) => {
                    checkpoint.step = self.after_failing(method.as_ref(), &checkpoint, error)?;
                    continue;
                }
            };
            checkpoint.step += 1;
            checkpoint.worked_s = earlier_s + begun.elapsed().as_secs_f64();
            let (pictures_per_s, seconds_left) = speed.count(report.pictures, checkpoint.step, method.steps());
            self.record.step = checkpoint.step;
            self.tell(RunEvent::Step {
                run: run.clone(),
                step: checkpoint.step,
                steps: method.steps(),
                loss: report.loss,
                learning_rate: report.learning_rate,
                logit_scale: report.logit_scale,
                gradient_norm: report.gradient_norm,
                pictures_per_s,
                seconds_left,
            })?;
            let last = checkpoint.step == method.steps();
            let mut patience = CHECKPOINT_AT_LEAST_EVERY;
            if method.validates_after(checkpoint.step) || last {
                self.validate(&context, method.as_ref(), &mut checkpoint, &board, &before)?;
                checkpoint.lose_patience(method.as_ref(), config.hyper.patience);
                patience = CHECKPOINT_EVERY;
            }
            if last || kept.elapsed() >= patience {
                self.keep(method.as_ref(), &mut checkpoint)?;
                kept = Instant::now();
            }
        }
        if checkpoint.file.is_empty() || stopped {
            self.keep(method.as_ref(), &mut checkpoint)?;
        }
        self.record.worked_s = earlier_s + begun.elapsed().as_secs_f64();
        self.finish(&context, method.as_mut(), &checkpoint, stopped)
    }

    /// The step to go on with after one that failed: one of several trials may go astray, and the others not.
    fn after_failing(&self, method: &dyn Learner, checkpoint: &Checkpoint, error: Error) -> Result<usize> {
        let next = method.next_trial(checkpoint.step + 1);
        let others = !self.record.config.search.is_empty() && (next < method.steps() || checkpoint.best_step > 0);
        if others && matches!(error, Error::NotANumber { .. }) {
            Ok(next)
        } else {
            Err(error)
        }
    }

    /// Waits while the run is held, and a moment for whoever needs the device; whether to stop.
    fn wait(&mut self) -> Result<bool> {
        let since = Instant::now();
        while self.control.busy.load(Ordering::Relaxed) && since.elapsed() < COURTESY {
            std::thread::sleep(LOOK);
        }
        let mut told = false;
        loop {
            if self.control.stop.load(Ordering::Relaxed) {
                return Ok(true);
            }
            if !self.control.pause.load(Ordering::Relaxed) {
                return Ok(false);
            }
            if !told {
                (self.report)(&RunEvent::Paused {
                    run: self.record.run.clone(),
                });
                told = true;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The last checkpoint, if there is one; what came after it is forgotten.
    fn restore(&self, context: &Context, method: &mut dyn Learner) -> Result<Checkpoint> {
        if !self.folder.file(CHECKPOINT).is_file() {
            self.folder.forget_after(0)?;
            return Ok(Checkpoint::default());
        }
        let checkpoint: Checkpoint = self.folder.read(CHECKPOINT)?;
        let state = read_flats(&self.folder.file(&checkpoint.file))?;
        method.restore(context, &state)?;
        self.folder.forget_after(checkpoint.step)?;
        Ok(checkpoint)
    }

    /// Writes a checkpoint: the state first, then the file that names it, then the old state goes.
    fn keep(&mut self, method: &dyn Learner, checkpoint: &mut Checkpoint) -> Result<()> {
        let old = std::mem::replace(
            &mut checkpoint.file,
            format!("checkpoint-{}.safetensors", checkpoint.step),
        );
        write_flats(&self.folder.file(&checkpoint.file), &method.state()?)?;
        self.folder.write(CHECKPOINT, checkpoint)?;
        if old != checkpoint.file && !old.is_empty() {
            let _ = std::fs::remove_file(self.folder.file(&old));
        }
        self.folder.forget_files(BEST, &best_file(checkpoint.best_step));
        self.record.worked_s = checkpoint.worked_s;
        self.folder.keep(&self.record)?;
        self.tell(RunEvent::Checkpoint {
            run: self.record.run.clone(),
            step: checkpoint.step,
        })
    }

    /// Recall both ways; none on no pictures.
    fn recall(&self, context: &Context, method: &dyn Learner, set: &PictureSet) -> Result<Option<(f32, f32)>> {
        if set.is_empty() {
            return Ok(None);
        }
        let pairs = method.pairs(context, set)?;
        let keys: Vec<&String> = set.captions.iter().filter_map(|captions| captions.first()).collect();
        Ok(pairs.map(|(images, texts)| evaluation::recall_at_1(&images, &texts, &keys)))
    }

    fn control_accuracy(&self, context: &Context, method: &dyn Learner) -> Result<Option<f32>> {
        if context.control.is_empty() {
            return Ok(None);
        }
        Ok(mean(&method.control_answers(context)?))
    }

    fn validate(
        &mut self,
        context: &Context,
        method: &dyn Learner,
        checkpoint: &mut Checkpoint,
        board: &PictureSet,
        before: &[usize],
    ) -> Result<()> {
        let set = &context.validation;
        let own_loss = method.validation_loss(context)?;
        let (accuracy, recall, flips, loss) = if context.classes.is_empty() {
            let recall = self.recall(context, method, set)?;
            (recall_share(recall), recall, Vec::new(), own_loss)
        } else {
            let rows = method.logits(context, set)?;
            let loss = log_loss(&rows, &set.labels);
            (accuracy(&rows, &set.labels), None, flips(context, &rows, before), loss)
        };
        let best = checkpoint.is_better(accuracy, loss);
        if best {
            checkpoint.best = accuracy;
            checkpoint.best_loss = loss;
            checkpoint.best_step = checkpoint.step;
            checkpoint.since_best = 0;
            write_flats(&self.folder.file(&best_file(checkpoint.step)), &method.state()?)?;
        } else {
            checkpoint.since_best += 1;
        }
        let cells = method.pairs(context, board)?;
        let cells = cells.map(|(images, texts)| cosines(&images, &texts));
        let pairs = cells.as_ref().map(|_| board_pairs(board, &context.classes));
        self.tell(RunEvent::Validation {
            run: self.record.run.clone(),
            step: checkpoint.step,
            loss: own_loss.or(loss),
            accuracy,
            control: self.control_accuracy(context, method)?,
            recall,
            board: cells,
            board_pairs: pairs.unwrap_or_default(),
            flips,
            best,
            trial: method.trial(),
        })
    }

    /// Measures the best state on the test side, once, and makes it a model.
    fn finish(
        &mut self,
        context: &Context,
        method: &mut dyn Learner,
        checkpoint: &Checkpoint,
        stopped: bool,
    ) -> Result<()> {
        if checkpoint.best_step > 0 {
            let best = read_flats(&self.folder.file(&best_file(checkpoint.best_step)))?;
            method.restore(context, &best)?;
        }
        let (before, after) = self.test(context, method)?;
        let tested = Tested::new(&context.test, &self.record.config.folder, &before, &after);
        let compared = tested.as_ref().and_then(Tested::compared);
        let (zero_shot, accuracy) = (mean(&before), mean(&after));
        let control = checkpoint.control.zip(self.control_accuracy(context, method)?);
        let plain = context.zero_shot_answers(&context.control, &context.control_classes)?;
        let control_compared = if plain.is_empty() {
            None
        } else {
            Comparison::of(&plain, &method.control_answers(context)?)
        };
        let (kind, tensors) = method.learnt(context)?;
        let adapter = Adapter {
            config: AdapterConfig {
                name: self.record.name.clone(),
                method: self.record.config.method.name().into(),
                base: self.base_path(),
                base_identity: self.record.base_identity.clone(),
                kind,
                classes: self.record.classes.clone(),
                blend: 1.0,
            },
            tensors,
        };
        adapter.write(&self.folder.file(LEARNT))?;
        let model = finish_model(self.folder, &self.record, self.start.device, &adapter)?;
        self.record.state = if stopped { RunState::Stopped } else { RunState::Done };
        self.record.zero_shot_accuracy = zero_shot;
        self.record.accuracy = accuracy;
        self.record.tested = tested;
        self.record.compared = compared;
        self.record.control_compared = control_compared;
        self.record.control = control;
        self.record.model = Some(model.clone());
        self.record.chosen = method.chosen();
        self.folder.keep(&self.record)?;
        self.tell(RunEvent::Done {
            run: self.record.run.clone(),
            model,
            zero_shot_accuracy: zero_shot,
            accuracy,
            compared: compared.map(Box::new),
            control_compared: control_compared.map(Box::new),
            n_train: self.record.n_train,
            n_test: self.record.n_test,
            control,
            stopped,
            classes: self.record.classes.clone(),
        })
    }

    /// How far each picture of the test side is answered rightly, from 0 to 1, before the run and after.
    fn test(&self, context: &Context, method: &dyn Learner) -> Result<(Vec<f64>, Vec<f64>)> {
        let set = &context.test;
        if context.classes.is_empty() {
            let fresh = learner(&self.record.config, context)?;
            return Ok((
                self.found(context, fresh.as_ref(), set)?,
                self.found(context, method, set)?,
            ));
        }
        let after = evaluation::right(&method.logits(context, set)?, &set.labels);
        Ok((context.zero_shot_answers(set, &context.classes)?, after))
    }

    fn found(&self, context: &Context, method: &dyn Learner, set: &PictureSet) -> Result<Vec<f64>> {
        let keys: Vec<&String> = set.captions.iter().filter_map(|captions| captions.first()).collect();
        let pairs = method.pairs(context, set)?;
        Ok(pairs.map_or_else(Vec::new, |(images, texts)| found(&images, &texts, &keys)))
    }

    fn base_path(&self) -> Option<PathBuf> {
        if self.record.config.method == FineTuneMethod::Scratch {
            Some(self.folder.file("start"))
        } else {
            self.record.config.base.clone()
        }
    }
}

/// The file of the state after a step that was the best.
fn best_file(step: usize) -> String {
    format!("{BEST}{step}.safetensors")
}

/// The mean of both recalls.
fn recall_share(recall: Option<(f32, f32)>) -> Option<f32> {
    recall.map(|(to_texts, to_images)| (to_texts + to_images) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_by_accuracy_then_by_loss_and_without_validation_the_last() {
        let checkpoint = Checkpoint {
            best: Some(0.9),
            best_loss: Some(0.5),
            ..Checkpoint::default()
        };
        assert!(checkpoint.is_better(Some(0.95), Some(2.0)));
        assert!(checkpoint.is_better(Some(0.9), Some(0.4)));
        assert!(!checkpoint.is_better(Some(0.9), Some(0.5)));
        assert!(!checkpoint.is_better(Some(0.8), Some(0.1)));
        assert!(checkpoint.is_better(None, None));
        assert!(Checkpoint::default().is_better(Some(0.0), None));
    }

    #[test]
    fn a_checkpoint_without_validation_is_read_again() {
        let json = serde_json::to_string(&Checkpoint::default()).unwrap();
        let again: Checkpoint = serde_json::from_str(&json).unwrap();
        assert_eq!(again.zero_shot, None);
        // As earlier versions wrote it, where nothing could be measured.
        let old = r#"{"file":"f","step":1,"best":null,"best_step":1,"since_best":0,"zero_shot":null,"control":null,
            "worked_s":1.0}"#;
        assert!(serde_json::from_str::<Checkpoint>(old).is_ok());
    }
}
