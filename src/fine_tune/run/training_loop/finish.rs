//! The end of a run: the best state is measured on the test side, once, and becomes a model.

use std::path::PathBuf;

use super::TrainingLoop;
use super::checkpoint::{Checkpoint, best_file};
use super::validate::control_accuracy;
use crate::clip::{Adapter, AdapterConfig, read_flats};
use crate::evaluation::{self, Comparison, mean};
use crate::fine_tune::context::Context;
use crate::fine_tune::methods::{Learner, learner};
use crate::fine_tune::run::blend::finish_model;
use crate::fine_tune::run::events::RunEvent;
use crate::fine_tune::run::folder::{LEARNT, RunState};
use crate::fine_tune::run::tested::{Tested, found};
use crate::fine_tune::{FineTuneMethod, PictureSet, Result};

/// The run's model beside the one that it started from.
struct Outcome {
    zero_shot: Option<f32>,
    accuracy: Option<f32>,
    tested: Option<Tested>,
    /// Accuracy on the control set, before and after.
    control: Option<(f32, f32)>,
    control_compared: Option<Comparison>,
}

impl TrainingLoop<'_, '_> {
    /// Measures the best state and makes it a model.
    pub(super) fn finish(
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
        let outcome = self.measure(context, method, checkpoint)?;
        let adapter = self.adapter(context, method)?;
        adapter.write(&self.folder.file(LEARNT))?;
        let model = finish_model(self.folder, &self.record, self.environment.device, &adapter)?;
        self.record.state = if stopped { RunState::Stopped } else { RunState::Done };
        self.record.model = Some(model.clone());
        self.record.chosen = method.chosen();
        self.record.zero_shot_accuracy = outcome.zero_shot;
        self.record.accuracy = outcome.accuracy;
        self.record.compared = outcome.tested.as_ref().and_then(Tested::compared);
        self.record.tested = outcome.tested;
        self.record.control = outcome.control;
        self.record.control_compared = outcome.control_compared;
        self.folder.keep(&self.record)?;
        self.tell(RunEvent::Done {
            run: self.record.run.clone(),
            model,
            zero_shot_accuracy: self.record.zero_shot_accuracy,
            accuracy: self.record.accuracy,
            compared: self.record.compared.map(Box::new),
            control_compared: self.record.control_compared.map(Box::new),
            n_train: self.record.n_train,
            n_test: self.record.n_test,
            control: self.record.control,
            stopped,
            classes: self.record.classes.clone(),
        })
    }

    fn measure(&self, context: &Context, method: &dyn Learner, checkpoint: &Checkpoint) -> Result<Outcome> {
        let (before, after) = self.test(context, method)?;
        let control = checkpoint.control.zip(control_accuracy(context, method)?);
        let plain = context.zero_shot_answers(&context.control, &context.control_classes)?;
        let control_compared = if plain.is_empty() {
            None
        } else {
            Comparison::of(&plain, &method.control_answers(context)?)
        };
        Ok(Outcome {
            zero_shot: mean(&before),
            accuracy: mean(&after),
            tested: Tested::new(&context.test, &self.record.config.folder, &before, &after),
            control,
            control_compared,
        })
    }

    fn adapter(&self, context: &Context, method: &dyn Learner) -> Result<Adapter> {
        let (kind, tensors) = method.adapter(context)?;
        Ok(Adapter {
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
        })
    }

    /// How far each picture of the test side is answered rightly, from 0 to 1, before the run and after.
    fn test(&self, context: &Context, method: &dyn Learner) -> Result<(Vec<f64>, Vec<f64>)> {
        let set = &context.test;
        if context.classes.is_empty() {
            let fresh = learner(&self.record.config, context)?;
            return Ok((
                captions_found(context, fresh.as_ref(), set)?,
                captions_found(context, method, set)?,
            ));
        }
        let after = evaluation::right(&method.logits(context, set)?, &set.labels);
        Ok((context.zero_shot_answers(set, &context.classes)?, after))
    }

    fn base_path(&self) -> Option<PathBuf> {
        if self.record.config.method == FineTuneMethod::Scratch {
            Some(self.folder.file("start"))
        } else {
            self.record.config.base.clone()
        }
    }
}

fn captions_found(context: &Context, method: &dyn Learner, set: &PictureSet) -> Result<Vec<f64>> {
    let keys: Vec<&String> = set.captions.iter().filter_map(|captions| captions.first()).collect();
    let pairs = method.pairs(context, set)?;
    Ok(pairs.map_or_else(Vec::new, |(images, texts)| found(&images, &texts, &keys)))
}
