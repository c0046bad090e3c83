//! The loop around a method, from the last checkpoint to the end.

mod checkpoint;
mod finish;
mod validate;

use std::cell::RefCell;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::events::RunEvent;
use super::folder::{RunFolder, RunRecord};
use super::prepared::{Prepared, same_base_of};
use super::start::{RunEnvironment, RunSignals, preparing};
use super::watch::Speed;
use crate::fine_tune::context::Context;
use crate::fine_tune::methods::{Learner, StepReport, learner};
use crate::fine_tune::{Error, Result};
use crate::library::Store;
use crate::progress::progress_fn;
use checkpoint::Checkpoint;
use validate::{Shown, control_accuracy, validation_recall};

/// The window or another user of the device goes first; how long a step waits for it at most.
const COURTESY: Duration = Duration::from_millis(400);
const LOOK: Duration = Duration::from_millis(20);
/// Checkpoints are written at validations, and no more often than this, but for the last.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);
/// So much work is lost at most where validations are far apart.
const CHECKPOINT_AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// A run from its last checkpoint to its end.
pub struct TrainingLoop<'a, 'b> {
    pub folder: &'a RunFolder,
    /// What is known about the run: its state on disk follows this one.
    pub record: RunRecord,
    pub environment: &'a RunEnvironment<'b>,
    pub signals: &'a RunSignals,
    /// Hears every event, those that are not kept too.
    pub report: &'a mut dyn FnMut(&RunEvent),
}

/// How long a run has worked, in this process and in those before it.
struct Worked {
    begun: Instant,
    earlier_s: f64,
}

impl Worked {
    fn seconds(&self) -> f64 {
        self.earlier_s + self.begun.elapsed().as_secs_f64()
    }
}

impl TrainingLoop<'_, '_> {
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
        let context = self.context()?;
        let mut method = learner(&self.record.config, &context)?;
        let mut checkpoint = self.restore(&context, method.as_mut())?;
        let worked = Worked {
            begun,
            earlier_s: checkpoint.worked_s,
        };
        let shown = Shown::of(&context)?;
        self.begin(&context, method.as_ref(), &mut checkpoint)?;
        let stopped = self.steps(&context, method.as_mut(), &mut checkpoint, &shown, &worked)?;
        if checkpoint.file.is_empty() || stopped {
            self.keep(method.as_ref(), &mut checkpoint)?;
        }
        self.record.worked_s = worked.seconds();
        self.finish(&context, method.as_mut(), &checkpoint, stopped)
    }

    /// Opens the model and embeds the pictures, as far as the store has not what they come to.
    fn context(&mut self) -> Result<Context> {
        let config = &self.record.config;
        let prepared = Prepared::read(self.folder)?;
        let base = same_base_of(self.folder, &self.record, self.environment.device)?;
        let report = RefCell::new(&mut self.report);
        let embedding = progress_fn(
            |step| report.borrow_mut()(&preparing(&self.record.run, "Embedding the pictures", step.share())),
            || !self.signals.stop.load(Ordering::Relaxed),
        );
        let control_set = prepared.control(config, self.environment.samples, &embedding)?;
        let mut store = Store::keeper(self.folder.data_dir());
        let (dataset, split) = (&prepared.dataset, &prepared.split);
        let control_set = Some(control_set.as_ref());
        let context = Context::with_store(&mut store, base, dataset, split, config, control_set, &embedding)?;
        for note in store.notes() {
            tracing::warn!("{note}");
        }
        Ok(context)
    }

    /// Measures what the model says before its first step, and tells that the run begins or goes on.
    fn begin(&mut self, context: &Context, method: &dyn Learner, checkpoint: &mut Checkpoint) -> Result<()> {
        if checkpoint.step == 0 {
            checkpoint.zero_shot = if context.classes.is_empty() {
                validation_recall(context, method)?
            } else {
                context.zero_shot_accuracy(&context.validation, &context.classes)?
            };
            checkpoint.control = control_accuracy(context, method)?;
        }
        self.record.steps = method.steps();
        self.tell(RunEvent::Started {
            run: self.record.run.clone(),
            steps: method.steps(),
            step: checkpoint.step + 1,
            n_train: context.train.len(),
            n_validation: context.validation.len(),
            n_test: context.test.len(),
            zero_shot: checkpoint.zero_shot,
            control: checkpoint.control,
        })
    }

    /// Step after step, with validations and checkpoints between them; whether it was stopped.
    fn steps(
        &mut self,
        context: &Context,
        method: &mut dyn Learner,
        checkpoint: &mut Checkpoint,
        shown: &Shown,
        worked: &Worked,
    ) -> Result<bool> {
        let mut speed = Speed::new(checkpoint.step);
        let mut kept = Instant::now();
        while checkpoint.step < method.steps() {
            if self.wait()? {
                return Ok(true);
            }
            let report = match method.step(context, checkpoint.step) {
                Ok(report) => report,
                Err(error) => {
                    checkpoint.step = self.after_failing(method, checkpoint, error)?;
                    continue;
                }
            };
            checkpoint.step += 1;
            checkpoint.worked_s = worked.seconds();
            self.tell_step(&report, checkpoint.step, method.steps(), &mut speed)?;
            let last = checkpoint.step == method.steps();
            let mut patience = CHECKPOINT_AT_LEAST_EVERY;
            if method.validates_after(checkpoint.step) || last {
                self.validate(context, method, checkpoint, shown)?;
                checkpoint.lose_patience(method, self.record.config.hyper.patience);
                patience = CHECKPOINT_EVERY;
            }
            if last || kept.elapsed() >= patience {
                self.keep(method, checkpoint)?;
                kept = Instant::now();
            }
        }
        Ok(false)
    }

    fn tell_step(&mut self, report: &StepReport, step: usize, steps: usize, speed: &mut Speed) -> Result<()> {
        let (pictures_per_s, seconds_left) = speed.count(report.pictures, step, steps);
        self.record.step = step;
        self.tell(RunEvent::Step {
            run: self.record.run.clone(),
            step,
            steps,
            loss: report.loss,
            learning_rate: report.learning_rate,
            logit_scale: report.logit_scale,
            gradient_norm: report.gradient_norm,
            pictures_per_s,
            seconds_left,
        })
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
        while self.signals.busy.load(Ordering::Relaxed) && since.elapsed() < COURTESY {
            std::thread::sleep(LOOK);
        }
        let mut told = false;
        loop {
            if self.signals.stop.load(Ordering::Relaxed) {
                return Ok(true);
            }
            if !self.signals.pause.load(Ordering::Relaxed) {
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
}
