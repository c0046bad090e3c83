//! A search: the same method with one combination of settings after the other, as one long run.
//!
//! The run's loop keeps the best state of all trials by validation and restores it at the end, so that nothing else has to
//! be decided here. A state knows its trial.

use super::{Learner, Pairs, StepReport, damaged_state, single};
use crate::clip::{AdapterKind, Flats};
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::context::Context;
use crate::fine_tune::rows::vector;
use crate::fine_tune::search::Choice;
use crate::fine_tune::{Error, PictureSet, Result};

/// The number of the trial, in a state.
const TRIAL: &str = "search.trial";

/// One method, begun anew for each trial.
pub struct Search {
    trials: Vec<RunConfig>,
    searched: Vec<Choice>,
    trial: usize,
    method: Box<dyn Learner>,
}

impl Search {
    /// At the first of these trials of `searched`; there is one at least.
    ///
    /// # Errors
    /// There is nothing to choose by, or the method cannot start.
    pub fn new(trials: Vec<RunConfig>, searched: Vec<Choice>, context: &Context) -> Result<Self> {
        if context.validation.is_empty() {
            return Err(Error::Data(
                "no validation picture is left: several values can only be compared with more pictures".into(),
            ));
        }
        let first = trials.first().ok_or_else(|| Error::Config("nothing to try".into()))?;
        Ok(Self {
            method: single(first, context)?,
            trial: 0,
            trials,
            searched,
        })
    }

    fn trial_length(&self) -> usize {
        self.method.steps().max(1)
    }

    fn begin(&mut self, context: &Context, trial: usize) -> Result<()> {
        if trial != self.trial {
            let config = self.trials.get(trial).ok_or_else(damaged_state)?;
            self.method = single(config, context)?;
            self.trial = trial;
        }
        Ok(())
    }
}

impl Learner for Search {
    fn steps(&self) -> usize {
        self.trials.len() * self.trial_length()
    }

    fn validates_after(&self, done: usize) -> bool {
        let of_trial = done % self.trial_length();
        of_trial == 0 || self.method.validates_after(of_trial)
    }

    fn step(&mut self, context: &Context, step: usize) -> Result<StepReport> {
        let length = self.trial_length();
        self.begin(context, step / length)?;
        self.method.step(context, step % length)
    }

    fn next_trial(&self, done: usize) -> usize {
        // What was given up may have been given up in its last step.
        (done.max(1) - 1) / self.trial_length() * self.trial_length() + self.trial_length()
    }

    fn logits(&self, context: &Context, set: &PictureSet) -> Result<Vec<Vec<f32>>> {
        self.method.logits(context, set)
    }

    fn control_answers(&self, context: &Context) -> Result<Vec<f64>> {
        self.method.control_answers(context)
    }

    fn validation_loss(&self, context: &Context) -> Result<Option<f32>> {
        self.method.validation_loss(context)
    }

    fn pairs(&self, context: &Context, set: &PictureSet) -> Result<Option<Pairs>> {
        self.method.pairs(context, set)
    }

    fn trial(&self) -> Vec<(String, f64)> {
        let config = &self.trials[self.trial];
        let setting = |choice: &Choice| {
            let field = choice.field(config.method).ok()?;
            Some((choice.name.clone(), field.get(&config.hyper)))
        };
        self.searched.iter().filter_map(setting).collect()
    }

    fn chosen(&self) -> Vec<(String, f64)> {
        [self.trial(), self.method.chosen()].concat()
    }

    fn adapter(&self, context: &Context) -> Result<(AdapterKind, Flats)> {
        self.method.adapter(context)
    }

    fn state(&self) -> Result<Flats> {
        let mut state = self.method.state()?;
        state.insert(TRIAL.into(), vector(vec![self.trial as f32]));
        Ok(state)
    }

    fn restore(&mut self, context: &Context, state: &Flats) -> Result<()> {
        let trial = state.get(TRIAL).and_then(|flat| flat.values.first());
        self.begin(context, *trial.ok_or_else(damaged_state)? as usize)?;
        self.method.restore(context, state)
    }
}
