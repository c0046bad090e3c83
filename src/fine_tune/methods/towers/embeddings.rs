//! Unit embeddings of pictures and texts, in a graph or in none.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor};

use super::batch::Batch;
use super::{Objective, TowerLearner};
use crate::clip::{Pixels, TokenizedText, Towers, to_embeddings, unit};
use crate::fine_tune::context::{Context, ensembles, pixels};
use crate::fine_tune::methods::Learner;
use crate::fine_tune::rows::tensor;
use crate::fine_tune::{PictureSet, Result};

/// Pictures or texts in one pass without a graph.
pub(super) const PASS: usize = 8;

impl TowerLearner {
    /// Unit embeddings of pictures of a set, `[places, dim]`.
    pub(super) fn embed_images(
        &self,
        context: &Context,
        towers: &Towers,
        set: &PictureSet,
        places: &[usize],
    ) -> Result<Tensor<2>> {
        if self.recipe.image_locked {
            let rows: Vec<Vec<f32>> = places.iter().map(|&place| set.raw_features(place)).collect();
            let features = tensor(&rows, context.model.device());
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
    pub(super) fn with_pictures<T>(
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

    /// Unit embeddings, `[texts, dim]`.
    pub(super) fn embed_texts(&self, towers: &Towers, texts: &[TokenizedText]) -> Tensor<2> {
        let ids: Vec<&[u32]> = texts.iter().map(|text| text.ids.as_slice()).collect();
        unit(towers.text.forward(&ids))
    }

    /// The texts of a batch; those of classes that stay as they are, each the mean over its templates.
    pub(super) fn texts_of(&self, context: &Context, towers: &Towers, batch: &Batch) -> Result<Tensor<2>> {
        if !(self.recipe.text_locked && self.recipe.objective == Objective::Classes) {
            return Ok(self.embed_texts(towers, &batch.texts));
        }
        let classes = context.class_embeddings(&context.classes)?;
        Ok(tensor(&classes, context.model.device()))
    }

    /// Unit embeddings of a whole set as the towers are now.
    pub(super) fn image_rows(&self, context: &Context, towers: &Towers, set: &PictureSet) -> Result<Vec<Vec<f32>>> {
        let places: Vec<usize> = (0..set.len()).collect();
        let mut rows = Vec::new();
        for part in places.chunks(PASS) {
            let embedded = self.embed_images(context, towers, set, part)?;
            rows.extend(to_embeddings(embedded)?.into_iter().map(|one| one.vector));
        }
        Ok(rows)
    }

    pub(super) fn text_rows(&self, context: &Context, towers: &Towers, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let mut rows = Vec::new();
        for part in context.tokens(texts)?.chunks(PASS) {
            let embedded = self.embed_texts(towers, part);
            rows.extend(to_embeddings(embedded)?.into_iter().map(|one| one.vector));
        }
        Ok(rows)
    }

    pub(super) fn class_rows(&self, context: &Context, towers: &Towers, classes: &[String]) -> Result<Vec<Vec<f32>>> {
        if self.recipe.text_locked {
            return context.class_embeddings(classes);
        }
        let prompts = self.text_rows(context, towers, &context.prompts(classes))?;
        Ok(ensembles(&prompts, context.templates.len()))
    }
}
