//! The loss of a batch and its gradients, whole or in parts, in full precision or in half.

use burn::tensor::Tensor;

use super::batch::Batch;
use super::{LOGIT_BIAS, LOGIT_SCALE, Objective, Recipe, TowerLearner};
use crate::clip::numbers;
use crate::fine_tune::context::Context;
use crate::fine_tune::leaves::{Tracked, add, gradients, norm};
use crate::fine_tune::loss::{Positives, cross_entropy, info_nce, sigmoid};
use crate::fine_tune::{Error, Result};

/// What the loss is multiplied by in half precision at first, and what that falls by.
pub(super) const FIRST_LOSS_SCALE: f32 = 4_096.0;
const LOSS_SCALE_FALL: f32 = 8.0;

impl TowerLearner {
    /// `[1]`: how far pictures and texts, both `[.., dim]` unit vectors, are from being told apart, and for ProLIP how far
    /// the projection is from its start.
    pub(super) fn loss(
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

    /// The loss of a batch and its gradients: in one piece where it fits the memory.
    fn gradients(&self, context: &Context, batch: &Batch, step: usize) -> Result<(f32, Tracked)> {
        let micro = self.hyper.micro_batch.max(1);
        let Recipe {
            image_locked,
            text_locked,
            ..
        } = self.recipe;
        let fits = batch.places.len() <= micro && (batch.texts.len() <= micro || text_locked);
        if fits || image_locked && text_locked {
            self.gradients_in_one(context, batch, step)
        } else {
            self.gradients_in_parts(context, batch, step, micro)
        }
    }

    fn gradients_in_one(&self, context: &Context, batch: &Batch, step: usize) -> Result<(f32, Tracked)> {
        let tracked = self.leaves.tracked();
        let towers = self.step_towers(context, &tracked, step);
        let images = self.embed_images(context, &towers, &context.train, &batch.places)?;
        let texts = self.texts_of(context, &towers, batch)?;
        let loss = self.loss(context, &tracked, images, texts, &batch.positives);
        let found = gradients(&tracked, &(loss.clone() * self.loss_scale).backward());
        Ok((numbers(loss.without_autodiff())?[0], self.unscaled(found)))
    }

    /// GradCache: `micro` pictures or texts in memory at a time.
    fn gradients_in_parts(
        &self,
        context: &Context,
        batch: &Batch,
        step: usize,
        micro: usize,
    ) -> Result<(f32, Tracked)> {
        let tracked = self.leaves.tracked();
        let set = &context.train;
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
    pub(super) fn finite_gradients(
        &mut self,
        context: &Context,
        batch: &Batch,
        step: usize,
    ) -> Result<(f32, Tracked, f64)> {
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

    /// Gradients of the loss itself, and not of the scaled one.
    fn unscaled(&self, gradients: Tracked) -> Tracked {
        if self.loss_scale == 1.0 {
            return gradients;
        }
        let unscaled = |(name, gradient): (String, Tensor<1>)| (name, gradient / self.loss_scale);
        gradients.into_iter().map(unscaled).collect()
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
