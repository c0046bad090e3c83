//! What the methods that train the towers share: batches, losses, gradients, steps.
//!
//! A batch that does not fit the memory is computed in parts without changing its numbers (GradCache, Gao et al. 2021,
//! arXiv 2101.06983): all embeddings first, without a graph; the loss and its gradient by the embeddings; then, part by
//! part, the embeddings once more with a graph, multiplied by those gradients.
//!
//! In half precision (Micikevicius et al. 2017, arXiv 1710.03740) the towers compute in f16; weights, embeddings, loss and
//! optimiser stay in f32. What goes back into the towers is multiplied by a scale, so that small gradients do not vanish,
//! and divided by it afterwards; where they leave f16's range, the scale falls, and the step is computed anew.

mod batch;
mod embeddings;
mod gradients;
mod schedule;
mod sigmoid_bias;
#[cfg(test)]
mod tests;
mod weights;

use std::collections::HashMap;

use burn::tensor::Tensor;

use super::{Learner, Pairs, StepReport, damaged_state};
use crate::clip::{AdapterKind, Flat, Flats, Pixels, Precision, Towers, numbers};
use crate::evaluation;
use crate::fine_tune::config::Hyper;
use crate::fine_tune::context::{Context, cosines, spoken};
use crate::fine_tune::leaves::Leaves;
use crate::fine_tune::optimizer::{Moments, Optimizer, learning_rate};
use crate::fine_tune::rows::vector;
use crate::fine_tune::{Error, PictureSet, Result};
use embeddings::PASS;
use gradients::FIRST_LOSS_SCALE;
use sigmoid_bias::sigmoid_bias;

pub use schedule::steps;

/// Validations in a run at most: more would take longer than the steps.
const MAX_VALIDATIONS: usize = 50;
/// The name of the loss scale in a checkpoint.
const LOSS_SCALE: &str = "loss_scale";
/// The name of the scale among leaves and in adapters, kept as its logarithm.
pub const LOGIT_SCALE: &str = "logit_scale";
/// The name of SigLIP's bias among leaves and in adapters.
pub const LOGIT_BIAS: &str = "logit_bias";

/// What the loss tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// Each picture's own text from those of the others of its batch, and the other way round.
    Pairs,
    /// Each picture's class from the other classes.
    Classes,
}

/// What the leaves of a [`TowerLearner`] are.
#[derive(Debug, Clone, PartialEq)]
pub enum Trained {
    /// Whole parameters.
    Parameters,
    /// Low-rank factors beside parameters (`NAME.lora_a`, `NAME.lora_b`).
    LowRank {
        /// What their product is multiplied by.
        scale: f32,
        /// The share of inputs that is dropped in a step.
        dropout: f64,
    },
}

/// What makes one method on the towers differ from the others.
pub struct Recipe {
    pub objective: Objective,
    pub trained: Trained,
    /// Whether the image tower stays as it is before its projection: its features are computed once.
    pub image_locked: bool,
    /// Whether texts stay as they are.
    pub text_locked: bool,
    /// ProLIP's pull towards the start: what the squared distance is multiplied by.
    pub pull: f64,
    pub moments: Moments,
    /// The precision in which the towers compute in a step.
    pub precision: Precision,
}

/// A method that changes the towers, at a step.
pub struct TowerLearner {
    recipe: Recipe,
    hyper: Hyper,
    seed: u64,
    leaves: Leaves,
    /// Their values before the first step, to which ProLIP draws them.
    start: Leaves,
    /// Values of the parameters that low-rank factors are added to.
    bases: Leaves,
    optimizer: Optimizer,
    /// How many are learnt from.
    pictures: usize,
    classes: usize,
    /// The towers in f16, for steps in half precision.
    half: Option<Towers>,
    loss_scale: f32,
    /// Pictures of the training side that are prepared, by place: those of one step.
    prepared: HashMap<usize, Pixels>,
    /// How much longer its steps are than the learning rate says.
    stretch: f64,
}

impl TowerLearner {
    /// Trains `leaves`; `bases` are the parameters that low-rank factors belong to.
    pub fn new(recipe: Recipe, hyper: &Hyper, seed: u64, leaves: Flats, bases: Flats, context: &Context) -> Self {
        let device = context.model.device();
        let leaves = Leaves::from_flats(&leaves, device);
        let in_half = recipe.precision == Precision::Half;
        Self {
            half: in_half.then(|| context.model.towers().in_half()),
            loss_scale: if in_half { FIRST_LOSS_SCALE } else { 1.0 },
            prepared: HashMap::new(),
            optimizer: Optimizer::new(recipe.moments, hyper.weight_decay),
            bases: Leaves::from_flats(&bases, device),
            start: leaves.clone(),
            leaves,
            hyper: hyper.clone(),
            seed,
            recipe,
            pictures: context.train.len(),
            classes: context.classes.len(),
            stretch: 1.0,
        }
    }

    /// With steps so much longer than the learning rate says: what is told of a run is the rate that was set.
    pub fn stretched(mut self, stretch: f64) -> Self {
        self.stretch = stretch;
        self
    }
}

impl Learner for TowerLearner {
    fn steps(&self) -> usize {
        steps(&self.hyper, self.pictures, self.classes)
    }

    fn validates_after(&self, done: usize) -> bool {
        // An epoch each, and no more than so many: ProLIP's epochs are single steps.
        let every = self.steps_an_epoch().max(self.steps().div_ceil(MAX_VALIDATIONS));
        done.is_multiple_of(every) || done == self.steps()
    }

    fn step(&mut self, context: &Context, step: usize) -> Result<StepReport> {
        let batch = self.batch(context, step)?;
        let (loss, found, length) = self.with_pictures(context, &batch, step, |learner| {
            learner.finite_gradients(context, &batch, step)
        })?;
        let rate = learning_rate(self.hyper.learning_rate, step, self.steps(), self.hyper.warm_up);
        self.optimizer
            .step(&mut self.leaves, found, rate * self.stretch, (length, self.hyper.clip));
        self.clamp_scale();
        Ok(StepReport {
            loss,
            learning_rate: Some(rate),
            logit_scale: Some(self.logit_scale(context)?),
            gradient_norm: Some(length),
            pictures: batch.places.len(),
        })
    }

    fn logits(&self, context: &Context, set: &PictureSet) -> Result<Vec<Vec<f32>>> {
        let towers = self.current_towers(context);
        let pictures = self.image_rows(context, &towers, set)?;
        let scale = self.logit_scale(context)?;
        let mut rows = cosines(&pictures, &self.class_rows(context, &towers, &context.classes)?);
        rows.iter_mut().flatten().for_each(|value| *value *= scale);
        Ok(rows)
    }

    fn control_answers(&self, context: &Context) -> Result<Vec<f64>> {
        let towers = self.current_towers(context);
        let pictures = self.image_rows(context, &towers, &context.control)?;
        let texts = self.class_rows(context, &towers, &context.control_classes)?;
        Ok(evaluation::right(&cosines(&pictures, &texts), &context.control.labels))
    }

    fn validation_loss(&self, context: &Context) -> Result<Option<f32>> {
        let set = &context.validation;
        if set.is_empty() {
            return Ok(None);
        }
        let batch = self.validation_batch(context)?;
        let towers = self.current_towers(context);
        let mut images = Vec::new();
        for part in batch.places.chunks(PASS) {
            images.push(self.embed_images(context, &towers, set, part)?);
        }
        let texts = self.texts_of(context, &towers, &batch)?;
        let values = self.leaves.plain();
        let loss = self.loss(context, &values, Tensor::cat(images, 0), texts, &batch.positives);
        Ok(numbers(loss)?.first().copied())
    }

    fn pairs(&self, context: &Context, set: &PictureSet) -> Result<Option<Pairs>> {
        let towers = self.current_towers(context);
        let text = |place: usize| match set.labels.get(place) {
            Some(&class) => context.templates[0].replace("{}", &spoken(&context.classes[class])),
            None => set.captions[place][0].clone(),
        };
        let texts: Vec<String> = (0..set.len()).map(text).collect();
        let images = self.image_rows(context, &towers, set)?;
        Ok(Some((images, self.text_rows(context, &towers, &texts)?)))
    }

    fn adapter(&self, context: &Context) -> Result<(AdapterKind, Flats)> {
        let kind = match self.recipe.trained {
            Trained::Parameters => AdapterKind::Parameters,
            Trained::LowRank { scale, .. } => AdapterKind::LowRank { scale },
        };
        let mut tensors = self.leaves.to_flats()?;
        let by_softmax = self.recipe.objective == Objective::Classes;
        if let Some(bias) = context.model.info().scoring.logit_bias.filter(|_| by_softmax) {
            let held_out = Some(&context.validation).filter(|set| !set.is_empty());
            let set = held_out.unwrap_or(&context.train);
            let bias = sigmoid_bias(&self.logits(context, set)?, bias);
            tensors.insert(LOGIT_BIAS.into(), vector(vec![bias]));
        }
        Ok((kind, tensors))
    }

    fn state(&self) -> Result<Flats> {
        let mut state: Flats = self.optimizer.to_flats()?;
        let leaves = self.leaves.to_flats()?.into_iter();
        state.extend(leaves.map(|(name, flat)| (format!("leaf.{name}"), flat)));
        state.insert(LOSS_SCALE.into(), vector(vec![self.loss_scale]));
        Ok(state)
    }

    fn restore(&mut self, context: &Context, state: &Flats) -> Result<()> {
        let device = context.model.device();
        let mut leaves = Flats::new();
        for (name, leaf) in &self.leaves.0 {
            let stored: &Flat = state
                .get(&format!("leaf.{name}"))
                .filter(|flat| flat.shape == leaf.shape)
                .ok_or_else(|| Error::Run(format!("the checkpoint lacks {name}, or it has another shape")))?;
            leaves.insert(name.clone(), stored.clone());
        }
        self.leaves = Leaves::from_flats(&leaves, device);
        if let Some(scale) = state.get(LOSS_SCALE).and_then(|flat| flat.values.first()) {
            // It only ever falls; a step with one that is no number would be tried again for ever.
            if !(1.0..=FIRST_LOSS_SCALE).contains(scale) {
                return Err(damaged_state());
            }
            self.loss_scale = *scale;
        }
        self.optimizer.load(state, &self.leaves, device)
    }
}
