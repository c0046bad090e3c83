//! What the methods that train the towers share: batches, losses, gradients, steps.
//!
//! A batch that does not fit the memory is computed in parts without changing its numbers (GradCache, Gao et al. 2021,
//! arXiv 2101.06983): all embeddings first, without a graph; the loss and its gradient by the embeddings; then, part by
//! part, the embeddings once more with a graph, multiplied by those gradients.
//!
//! In half precision (Micikevicius et al. 2017, arXiv 1710.03740) the towers compute in f16; weights, embeddings, loss and
//! optimiser stay in f32. What goes back into the towers is multiplied by a scale, so that small gradients do not vanish,
//! and divided by it afterwards; where they leave f16's range, the scale falls, and the step is computed anew.

use std::collections::HashMap;

use burn::module::ParamId;
use burn::tensor::{Device, Tensor, TensorData};

use super::{Learner, Pairs, StepReport};
use crate::clip::{
    AdapterKind, Flat, Flats, Pixels, Precision, TokenizedText, Towers, numbers, parameter_id, to_embeddings, unit,
};
use crate::evaluation;
use crate::fine_tune::config::Hyper;
use crate::fine_tune::context::{Context, cosines, ensembles, pixels, spoken};
use crate::fine_tune::leaves::{Leaves, Tracked, add, by_id, gradients, norm};
use crate::fine_tune::loss::{Positives, cross_entropy, info_nce, sigmoid};
use crate::fine_tune::optimizer::{Moments, Optimizer, learning_rate};
use crate::fine_tune::subsample::stratified;
use crate::fine_tune::{Error, PictureSet, Result};

/// exp(logit_scale) never exceeds this (paper, section 2.5).
const MAX_LOGIT_SCALE: f32 = 100.0;
/// Pictures whose loss validates, one of each class at least.
const MAX_VALIDATION_LOSS: usize = 64;
/// Validations in a run.
const MAX_VALIDATIONS: usize = 50;
/// Shots of the largest few-shot sets that are published: more pictures of a class make no more steps.
const MOST_SHOTS: f64 = 16.0;
/// Pictures in one pass without a graph.
const PASS: usize = 8;
/// What gradients are multiplied by in half precision at first, and what that falls by.
const FIRST_LOSS_SCALE: f32 = 4_096.0;
const LOSS_SCALE_FALL: f32 = 8.0;
const LOSS_SCALE: &str = "loss_scale";
/// The name of the scale, kept as its logarithm.
pub const LOGIT_SCALE: &str = "logit_scale";
/// The name of SigLIP's bias.
pub const LOGIT_BIAS: &str = "logit_bias";

/// What is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// Each picture's own text from those of the others of its batch, and the other way round.
    Pairs,
    /// Each picture's class from the other classes.
    Classes,
}

/// What is trained.
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

/// A method on the towers.
pub struct Recipe {
    /// What is told apart.
    pub objective: Objective,
    /// What is trained.
    pub trained: Trained,
    /// Whether the image tower stays as it is before its projection: its features are computed once.
    pub image_locked: bool,
    /// Whether texts stay as they are.
    pub text_locked: bool,
    /// ProLIP's pull towards the start: what the squared distance is multiplied by.
    pub pull: f64,
    /// AdamW's moments.
    pub moments: Moments,
    /// The precision in which the towers compute in a step.
    pub precision: Precision,
}

/// Towers that learn.
pub struct TowerLearner {
    recipe: Recipe,
    hyper: Hyper,
    seed: u64,
    leaves: Leaves,
    start: Leaves,
    /// Values of the parameters that low-rank factors are added to.
    bases: Leaves,
    optimizer: Optimizer,
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

/// One step's pictures and texts.
struct Batch {
    places: Vec<usize>,
    texts: Vec<TokenizedText>,
    positives: Positives,
}

/// The bias of a model with a sigmoid (SigLIP) after training by a softmax, which moves its logits and knows no bias: the
/// one with which the probabilities of a picture's classes, each by itself, add up to the one class that is right, on
/// average. `now` where there is nothing to tell it by.
fn sigmoid_bias(rows: &[Vec<f32>], now: f32) -> f32 {
    let logits: Vec<f64> = rows.iter().flatten().map(|logit| f64::from(*logit)).collect();
    let highest = logits.iter().fold(0.0f64, |highest, logit| highest.max(logit.abs()));
    if rows.first().is_none_or(|row| row.len() < 2) || !highest.is_finite() {
        return now;
    }
    let surplus = |bias: f64| {
        let sum: f64 = logits.iter().map(|logit| 1.0 / (1.0 + (-logit - bias).exp())).sum();
        sum - rows.len() as f64
    };
    let (mut low, mut high) = (-highest - 100.0, highest + 100.0);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if surplus(middle) > 0.0 {
            high = middle
        } else {
            low = middle
        }
    }
    low.midpoint(high) as f32
}

/// A part of an epoch that is left over is dropped: a smaller batch would be an easier one.
fn steps_an_epoch(hyper: &Hyper, pictures: usize) -> usize {
    (pictures / hyper.batch.clamp(1, pictures.max(1))).max(1)
}

/// How many steps a run has that learns from so many pictures of so many classes.
pub fn steps(hyper: &Hyper, pictures: usize, classes: usize) -> usize {
    if hyper.steps_a_shot == 0 {
        return hyper.epochs * steps_an_epoch(hyper, pictures);
    }
    let shots = (pictures as f64 / classes.max(1) as f64).clamp(1.0, MOST_SHOTS);
    (hyper.steps_a_shot as f64 * shots).round() as usize
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

    fn batch_size(&self) -> usize {
        self.hyper.batch.clamp(1, self.pictures.max(1))
    }

    fn steps_an_epoch(&self) -> usize {
        steps_an_epoch(&self.hyper, self.pictures)
    }

    fn random(&self, salt: u64, number: usize) -> fastrand::Rng {
        let mixed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xd1b5_4a32_d192_ed03);
        fastrand::Rng::with_seed(mixed.wrapping_add(number as u64))
    }

    /// The pictures of a step, as places in the training side.
    fn places(&self, step: usize) -> Vec<usize> {
        let (epoch, part) = (step / self.steps_an_epoch(), step % self.steps_an_epoch());
        let mut order: Vec<usize> = (0..self.pictures).collect();
        self.random(1, epoch).shuffle(&mut order);
        let size = self.batch_size();
        order.into_iter().skip(part * size).take(size).collect()
    }

    fn batch(&self, context: &Context, step: usize) -> Result<Batch> {
        self.batch_of(context, &context.train, self.places(step), &mut self.random(2, step))
    }

    /// Texts for pictures of a set, and which fit which.
    fn batch_of(
        &self,
        context: &Context,
        set: &PictureSet,
        places: Vec<usize>,
        random: &mut fastrand::Rng,
    ) -> Result<Batch> {
        let template = |random: &mut fastrand::Rng| &context.templates[random.usize(..context.templates.len())];
        if self.recipe.objective == Objective::Classes {
            let template = template(random);
            let texts: Vec<String> = context
                .classes
                .iter()
                .map(|class| template.replace("{}", &spoken(class)))
                .collect();
            let classes: Vec<usize> = places.iter().map(|&place| set.labels[place]).collect();
            return Ok(Batch {
                positives: Positives::by_class(&classes, context.classes.len()),
                texts: context.tokens(&texts)?,
                places,
            });
        }
        let mut texts = Vec::new();
        let mut keys = Vec::new();
        for &place in &places {
            let text = match set.labels.get(place) {
                Some(&class) => {
                    keys.push(context.classes[class].clone());
                    template(random).replace("{}", &spoken(&context.classes[class]))
                }
                None => {
                    let captions = &set.captions[place];
                    let caption = captions[random.usize(..captions.len())].clone();
                    keys.push(caption.clone());
                    caption
                }
            };
            texts.push(text);
        }
        Ok(Batch {
            positives: Positives::by_key(&keys),
            texts: context.tokens(&texts)?,
            places,
        })
    }

    /// The towers of a step, as part of a graph where `values` are.
    fn step_towers(&self, context: &Context, values: &Tracked, step: usize) -> Towers {
        let exchange = self.exchange(context, values, Some(step));
        self.half.as_ref().unwrap_or(context.model.towers()).with(&exchange)
    }

    /// The towers as they are now, in no graph and in f32.
    fn now(&self, context: &Context) -> Towers {
        let exchange = self.exchange(context, &self.leaves.plain(), None);
        context.model.towers().with(&exchange)
    }

    /// Parameters with what is learnt, as part of a graph where `values` are; factors' inputs are dropped in a step.
    fn exchange(&self, context: &Context, values: &Tracked, step: Option<usize>) -> HashMap<ParamId, Tensor<1>> {
        match &self.recipe.trained {
            Trained::Parameters => by_id(values),
            Trained::LowRank { scale, dropout } => {
                let step = step.filter(|_| *dropout > 0.0);
                let masks = step.map(|step| self.masks(*dropout, step, context.model.device()));
                let mut first = 0;
                let merged = self.bases.0.iter().map(|(name, base)| {
                    let matrix = |part: &str| {
                        let name = format!("{name}.{part}");
                        let shape = &self.leaves.0[&name].shape;
                        values[&name].clone().reshape([shape[0], shape[1]])
                    };
                    let mut a: Tensor<2> = matrix("lora_a");
                    if let Some(masks) = &masks {
                        let inputs = base.shape[0];
                        a = a * masks.clone().narrow(0, first, inputs).reshape([inputs, 1]);
                        first += inputs;
                    }
                    let delta = a.matmul(matrix("lora_b")) * *scale;
                    let count = base.shape.iter().product::<usize>();
                    (parameter_id(name), base.value.clone() + delta.reshape([count]))
                });
                merged.collect()
            }
        }
    }

    /// Which inputs of the factors count in a step, and how much: one factor's after the other's, in one upload.
    fn masks(&self, dropout: f64, step: usize, device: &Device) -> Tensor<1> {
        let kept = (1.0 / (1.0 - dropout)) as f32;
        let mut values = Vec::new();
        for (number, base) in self.bases.0.values().enumerate() {
            let mut random = self.random(3, step * 1_000 + number);
            values.extend((0..base.shape[0]).map(|_| if random.f64() < dropout { 0.0 } else { kept }));
        }
        let shape = [values.len()];
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// Unit embeddings of pictures of a set.
    fn embed_images(
        &self,
        context: &Context,
        towers: &Towers,
        set: &PictureSet,
        places: &[usize],
    ) -> Result<Tensor<2>> {
        let device = context.model.device();
        if self.recipe.image_locked {
            let width = set.features.first().map_or(0, Vec::len);
            let rows: Vec<f32> = places.iter().flat_map(|&place| set.raw_features(place)).collect();
            let features = Tensor::<2>::from_data(TensorData::new(rows, [places.len(), width]), device);
            return Ok(unit(towers.image.project(towers.input(features))));
        }
        let pixels = self.pixels_of(context, set, places)?;
        let embed = |pixels| towers.image.forward(towers.input(pixels));
        Ok(unit(context.model.by_shape(&pixels, embed)))
    }

    /// Pictures of a set, prepared: those of the step at hand are there already.
    fn pixels_of(&self, context: &Context, set: &PictureSet, places: &[usize]) -> Result<Vec<Pixels>> {
        let of_step = std::ptr::eq(set, &context.train);
        let there = |place: &usize| self.prepared.get(place).filter(|_| of_step).cloned();
        if let Some(there) = places.iter().map(there).collect::<Option<Vec<Pixels>>>() {
            return Ok(there);
        }
        let paths: Vec<_> = places.iter().map(|&place| set.paths[place].clone()).collect();
        pixels(context.model.preprocessing(), &paths)
    }

    /// Does `work` with the step's pictures prepared; on a GPU those of the next step are meanwhile.
    fn with_pictures<T>(
        &mut self,
        context: &Context,
        batch: &Batch,
        step: usize,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.recipe.image_locked {
            return work(self);
        }
        let paths_of =
            |places: &[usize]| -> Vec<_> { places.iter().map(|&place| context.train.paths[place].clone()).collect() };
        if !batch.places.iter().all(|place| self.prepared.contains_key(place)) {
            let paths = paths_of(&batch.places);
            let prepared = pixels(context.model.preprocessing(), &paths)?;
            self.prepared = batch.places.iter().copied().zip(prepared).collect();
        }
        if *context.model.device() == Device::flex() || step + 1 >= self.steps() {
            let done = work(self);
            self.prepared.clear();
            return done;
        }
        let next = self.places(step + 1);
        let paths = paths_of(&next);
        let preprocessing = context.model.preprocessing();
        let (done, ahead) = std::thread::scope(|scope| {
            let ahead = std::thread::Builder::new().name("decode-ahead".into());
            let ahead = ahead.spawn_scoped(scope, || pixels(preprocessing, &paths));
            let done = work(self);
            (done, ahead.ok().and_then(|ahead| ahead.join().ok()))
        });
        // What cannot be read is told when its step comes.
        self.prepared = match ahead {
            Some(Ok(ahead)) => next.into_iter().zip(ahead).collect(),
            _ => HashMap::new(),
        };
        done
    }

    fn embed_texts(&self, towers: &Towers, texts: &[TokenizedText]) -> Tensor<2> {
        let ids: Vec<&[u32]> = texts.iter().map(|text| text.ids.as_slice()).collect();
        unit(towers.text.forward(&ids))
    }

    fn scalar(&self, context: &Context, values: &Tracked, name: &str, otherwise: f32) -> Tensor<1> {
        match values.get(name) {
            Some(value) => value.clone(),
            None => Tensor::from_data([otherwise], context.model.device()),
        }
    }

    fn loss(
        &self,
        context: &Context,
        values: &Tracked,
        images: Tensor<2>,
        texts: Tensor<2>,
        positives: &Positives,
    ) -> Tensor<1> {
        let scoring = context.model.info().scoring;
        let scale = self
            .scalar(context, values, LOGIT_SCALE, scoring.logit_scale.ln())
            .exp();
        let told_apart = match (self.recipe.objective, scoring.logit_bias) {
            (Objective::Classes, _) => cross_entropy(images, texts, scale, positives),
            (Objective::Pairs, Some(bias)) => {
                let bias = self.scalar(context, values, LOGIT_BIAS, bias);
                sigmoid(images, texts, scale, bias, positives)
            }
            (Objective::Pairs, None) => info_nce(images, texts, scale, positives),
        };
        if self.recipe.pull == 0.0 {
            return told_apart;
        }
        let distances = values.iter().filter_map(|(name, value)| {
            let start = self.start.0.get(name)?.value.clone();
            Some((value.clone() - start).powi_scalar(2).sum())
        });
        distances.fold(told_apart, |loss, distance| loss + distance * self.recipe.pull)
    }

    /// The loss of a batch and its gradients.
    fn gradients(&self, context: &Context, batch: &Batch, step: usize) -> Result<(f32, Tracked)> {
        let tracked = self.leaves.tracked();
        let micro = self.hyper.micro_batch.max(1);
        let set = &context.train;
        let in_one = batch.places.len() <= micro && (batch.texts.len() <= micro || self.recipe.text_locked);
        if in_one || self.recipe.image_locked && self.recipe.text_locked {
            let towers = self.step_towers(context, &tracked, step);
            let images = self.embed_images(context, &towers, set, &batch.places)?;
            let texts = self.texts_of(context, &towers, batch)?;
            let loss = self.loss(context, &tracked, images, texts, &batch.positives);
            let found = gradients(&tracked, &(loss.clone() * self.loss_scale).backward());
            return Ok((numbers(loss.without_autodiff())?[0], self.unscaled(found)));
        }
        let still = self.step_towers(context, &self.leaves.plain(), step);
        let mut images = Vec::new();
        for places in batch.places.chunks(micro) {
            images.push(self.embed_images(context, &still, set, places)?);
        }
        let texts = batch.texts.chunks(micro).map(|texts| self.embed_texts(&still, texts));
        let images = Tensor::cat(images, 0).autodiff().require_grad();
        let texts = Tensor::cat(texts.collect(), 0).autodiff().require_grad();
        let loss = self.loss(context, &tracked, images.clone(), texts.clone(), &batch.positives);
        let of_loss = loss.backward();
        let mut sums = gradients(&tracked, &of_loss);
        let by = |embeddings: &Tensor<2>| {
            let zero = || embeddings.clone().without_autodiff().zeros_like();
            embeddings.grad(&of_loss).unwrap_or_else(zero)
        };
        let (by_images, by_texts) = (by(&images), by(&texts));
        for (number, places) in batch.places.chunks(micro).enumerate() {
            let towers = self.step_towers(context, &tracked, step);
            let part = self.embed_images(context, &towers, set, places)?;
            sums = add(sums, self.part_gradients(&tracked, part, &by_images, number * micro));
        }
        for (number, texts) in batch.texts.chunks(micro).enumerate() {
            let towers = self.step_towers(context, &tracked, step);
            let part = self.embed_texts(&towers, texts);
            sums = add(sums, self.part_gradients(&tracked, part, &by_texts, number * micro));
        }
        Ok((numbers(loss.without_autodiff())?[0], sums))
    }

    /// The loss of a batch, its gradients and their length. In half precision the scale falls until they are numbers.
    fn finite_gradients(&mut self, context: &Context, batch: &Batch, step: usize) -> Result<(f32, Tracked, f64)> {
        loop {
            let (loss, found) = self.gradients(context, batch, step)?;
            if !loss.is_finite() {
                return Err(Error::NotANumber {
                    step,
                    what: "the loss".into(),
                    advice: "Lower the learning rate, or warm up longer; the last checkpoint is from before it",
                });
            }
            match norm(&found, step) {
                Err(Error::NotANumber { .. }) if self.loss_scale > 1.0 => {
                    self.loss_scale = (self.loss_scale / LOSS_SCALE_FALL).max(1.0);
                }
                length => return Ok((loss, found, length?)),
            }
        }
    }

    /// What a part of the embeddings, from `first` on, sends back to the leaves.
    fn part_gradients(&self, tracked: &Tracked, part: Tensor<2>, by_embeddings: &Tensor<2>, first: usize) -> Tracked {
        let count = part.dims()[0];
        let product = (part * by_embeddings.clone().narrow(0, first, count)).sum() * self.loss_scale;
        if product.is_autodiff() {
            self.unscaled(gradients(tracked, &product.backward()))
        } else {
            // This side is locked.
            Tracked::new()
        }
    }

    fn unscaled(&self, gradients: Tracked) -> Tracked {
        if self.loss_scale == 1.0 {
            return gradients;
        }
        let unscaled = |(name, gradient): (String, Tensor<1>)| (name, gradient / self.loss_scale);
        gradients.into_iter().map(unscaled).collect()
    }

    fn texts_of(&self, context: &Context, towers: &Towers, batch: &Batch) -> Result<Tensor<2>> {
        if !(self.recipe.text_locked && self.recipe.objective == Objective::Classes) {
            return Ok(self.embed_texts(towers, &batch.texts));
        }
        let classes = context.class_embeddings(&context.classes)?;
        let width = classes.first().map_or(0, Vec::len);
        let values: Vec<f32> = classes.iter().flatten().copied().collect();
        Ok(Tensor::from_data(
            TensorData::new(values, [classes.len(), width]),
            context.model.device(),
        ))
    }

    /// Unit embeddings of a whole set as the towers are now.
    fn image_rows(&self, context: &Context, towers: &Towers, set: &PictureSet) -> Result<Vec<Vec<f32>>> {
        let places: Vec<usize> = (0..set.len()).collect();
        let mut rows = Vec::new();
        for part in places.chunks(PASS) {
            let embedded = self.embed_images(context, towers, set, part)?;
            rows.extend(to_embeddings(embedded)?.into_iter().map(|one| one.vector));
        }
        Ok(rows)
    }

    fn text_rows(&self, context: &Context, towers: &Towers, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let mut rows = Vec::new();
        for part in context.tokens(texts)?.chunks(PASS) {
            let embedded = self.embed_texts(towers, part);
            rows.extend(to_embeddings(embedded)?.into_iter().map(|one| one.vector));
        }
        Ok(rows)
    }

    fn class_rows(&self, context: &Context, towers: &Towers, classes: &[String]) -> Result<Vec<Vec<f32>>> {
        if self.recipe.text_locked {
            return context.class_embeddings(classes);
        }
        let prompts = self.text_rows(context, towers, &context.prompts(classes))?;
        Ok(ensembles(&prompts, context.templates.len()))
    }

    fn logit_scale(&self, context: &Context) -> Result<f32> {
        match self.leaves.0.get(LOGIT_SCALE) {
            Some(leaf) => Ok(numbers(leaf.value.clone())?[0].exp()),
            None => Ok(context.logit_scale()),
        }
    }

    /// The scale as it may be.
    fn clamp_scale(&mut self) {
        if let Some(leaf) = self.leaves.0.get_mut(LOGIT_SCALE) {
            leaf.value = leaf.value.clone().clamp_max(MAX_LOGIT_SCALE.ln());
        }
    }

    /// The loss and gradients of given pairs, for comparing with another implementation: pictures of the training side,
    /// each with a text.
    ///
    /// # Errors
    /// The device failed.
    pub fn gradients_of_pairs(&self, context: &Context, texts: &[String]) -> Result<(f32, Tracked)> {
        let batch = Batch {
            places: (0..texts.len()).collect(),
            positives: Positives::by_key(texts),
            texts: context.tokens(texts)?,
        };
        self.gradients(context, &batch, 0)
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
        let towers = self.now(context);
        let pictures = self.image_rows(context, &towers, set)?;
        let scale = self.logit_scale(context)?;
        let mut rows = cosines(&pictures, &self.class_rows(context, &towers, &context.classes)?);
        rows.iter_mut().flatten().for_each(|value| *value *= scale);
        Ok(rows)
    }

    fn control_answers(&self, context: &Context) -> Result<Vec<f64>> {
        let towers = self.now(context);
        let pictures = self.image_rows(context, &towers, &context.control)?;
        let texts = self.class_rows(context, &towers, &context.control_classes)?;
        Ok(evaluation::right(&cosines(&pictures, &texts), &context.control.labels))
    }

    fn validation_loss(&self, context: &Context) -> Result<Option<f32>> {
        let set = &context.validation;
        if set.is_empty() {
            return Ok(None);
        }
        // The same pictures and texts at every validation.
        let all: Vec<usize> = (0..set.len()).collect();
        let places = stratified(
            &all,
            |place| set.labels.get(place).copied(),
            MAX_VALIDATION_LOSS,
            self.seed,
        );
        let batch = self.batch_of(context, &context.validation, places, &mut self.random(4, 0))?;
        let towers = self.now(context);
        let mut images = Vec::new();
        for part in batch.places.chunks(PASS) {
            images.push(self.embed_images(context, &towers, &context.validation, part)?);
        }
        let texts = self.texts_of(context, &towers, &batch)?;
        let values = self.leaves.plain();
        let loss = self.loss(context, &values, Tensor::cat(images, 0), texts, &batch.positives);
        Ok(numbers(loss)?.first().copied())
    }

    fn pairs(&self, context: &Context, set: &PictureSet) -> Result<Option<Pairs>> {
        let towers = self.now(context);
        let text = |place: usize| match set.labels.get(place) {
            Some(&class) => context.templates[0].replace("{}", &spoken(&context.classes[class])),
            None => set.captions[place][0].clone(),
        };
        let texts: Vec<String> = (0..set.len()).map(text).collect();
        let images = self.image_rows(context, &towers, set)?;
        Ok(Some((images, self.text_rows(context, &towers, &texts)?)))
    }

    fn learnt(&self, context: &Context) -> Result<(AdapterKind, Flats)> {
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
            let flat = Flat {
                shape: vec![1],
                values: vec![bias],
            };
            tensors.insert(LOGIT_BIAS.into(), flat);
        }
        Ok((kind, tensors))
    }

    fn state(&self) -> Result<Flats> {
        let mut state: Flats = self.optimizer.to_flats()?;
        let leaves = self.leaves.to_flats()?.into_iter();
        state.extend(leaves.map(|(name, flat)| (format!("leaf.{name}"), flat)));
        let scale = Flat {
            shape: vec![1],
            values: vec![self.loss_scale],
        };
        state.insert(LOSS_SCALE.into(), scale);
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
            self.loss_scale = *scale;
        }
        self.optimizer.load(state, device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::FineTuneMethod;

    #[test]
    fn lora_takes_500_steps_a_shot_unless_epochs_are_asked_for() {
        let mut hyper = Hyper::of(FineTuneMethod::Lora);
        assert_eq!(steps(&hyper, 160, 10), 8_000);
        assert_eq!(steps(&hyper, 10, 10), 500);
        assert_eq!(steps(&hyper, 30, 20), 750);
        assert_eq!(
            steps(&hyper, 5_000, 10),
            8_000,
            "the paper's largest number of shots is 16"
        );
        hyper.steps_a_shot = 0;
        assert_eq!(steps(&hyper, 160, 10), 5 * hyper.epochs);
    }

    #[test]
    fn a_sigmoid_is_right_on_average_after_training_by_a_softmax() {
        let rows = vec![vec![30.0, 22.0, 21.0], vec![20.0, 29.0, 22.0], vec![21.0, 20.0, 30.0]];
        let bias = sigmoid_bias(&rows, -10.0);
        let probability = |logit: f32| 1.0 / (1.0 + (-logit - bias).exp());
        assert!(probability(29.0) > 0.9 && probability(22.0) < 0.1, "{bias}");
        let sum: f32 = rows.iter().flatten().map(|logit| probability(*logit)).sum();
        assert!((sum - 3.0).abs() < 1e-3);
        assert_eq!(sigmoid_bias(&[], -10.0), -10.0);
    }
}
