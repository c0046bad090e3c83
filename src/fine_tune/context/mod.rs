//! What a run works with: the model, the pictures on each side of the split with their features, the texts.

mod picture_set;

use std::path::PathBuf;

use super::config::RunConfig;
use super::control::ControlSet;
use super::data::{Dataset, Split};
use super::embedded::{Embedder, gone};
use super::subsample::stratified;
use super::{Error, Result};
use crate::clip::{Model, Pixels, Preprocessing, TokenizedText, on_cores};
use crate::evaluation;
use crate::library::{Store, decode_with_notes, in_words};
use crate::progress::Progress;
use crate::zero_shot::{NONE_WORDS, class_embedding};

pub use picture_set::PictureSet;

/// Pictures in one pass of the towers.
const BATCH: usize = 8;
/// Pictures that validate between two steps, one of each class at least; the test is on all.
pub(super) const MAX_VALIDATION: usize = 512;

/// What a method learns with. Nothing in it changes while it does.
pub struct Context {
    /// The model before it learns.
    pub model: Model,
    /// The classes' names; empty where pictures have captions.
    pub classes: Vec<String>,
    pub train: PictureSet,
    /// To choose and stop by: a part of that side, all classes among it.
    pub validation: PictureSet,
    /// To measure with, once.
    pub test: PictureSet,
    /// What the run never learns from: how much is forgotten.
    pub control: PictureSet,
    /// Names of the classes of `control`; its labels are places among them.
    pub control_classes: Vec<String>,
    /// Sentences with `{}` for class names.
    pub templates: Vec<String>,
}

impl Context {
    /// Embeds every side of a split; of the validation side a part ([`validation_sample`]).
    ///
    /// # Errors
    /// The device failed, it was called off, or the control set that was asked for can measure nothing.
    pub fn new(
        model: Model,
        dataset: &Dataset,
        split: &Split,
        config: &RunConfig,
        control: Option<&ControlSet>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let mut store = Store::keeper(None);
        Self::with_store(&mut store, model, dataset, split, config, control, progress)
    }

    /// The same with what a store has, which also gets what it has not.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_store(
        store: &mut Store,
        model: Model,
        dataset: &Dataset,
        split: &Split,
        config: &RunConfig,
        control: Option<&ControlSet>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let validation = validation_sample(dataset, split, MAX_VALIDATION, config.seed);
        let control = control.cloned().unwrap_or_default();
        let mut context = Self {
            classes: dataset.classes.clone(),
            train: PictureSet::of(dataset, &split.train),
            validation: PictureSet::of(dataset, &validation),
            test: PictureSet::of(dataset, &split.test),
            control: PictureSet {
                paths: control.paths,
                labels: control.labels,
                ..PictureSet::default()
            },
            control_classes: control.classes,
            templates: config.templates.clone(),
            model,
        };
        context.drop_unspeakable_control(config)?;
        context.embed(store, progress)?;
        Ok(context)
    }

    /// Features and embeddings of every side, in batches that are the same whenever the run goes on.
    fn embed(&mut self, store: &mut Store, progress: &dyn Progress) -> Result<()> {
        let mut embedder = Embedder::new(&self.model, store);
        let sets = [&mut self.train, &mut self.validation, &mut self.test, &mut self.control];
        let total: usize = sets.iter().map(|set| set.len()).sum();
        let mut done = 0;
        for set in sets {
            for start in (0..set.len()).step_by(BATCH) {
                if !progress.counted(done, total) {
                    return Err(Error::Stopped);
                }
                let end = set.len().min(start + BATCH);
                let (features, embeddings) = embedder.batch(&set.paths[start..end])?;
                set.feature_norms.extend(features.iter().map(|one| one.norm));
                set.features.extend(features.into_iter().map(|one| one.vector));
                set.embeddings
                    .extend(embeddings.into_iter().map(|embedding| embedding.vector));
                done += end - start;
            }
        }
        Ok(())
    }

    /// A control set whose names the model's vocabulary cannot spell measures nothing: the samples are left out then.
    fn drop_unspeakable_control(&mut self, config: &RunConfig) -> Result<()> {
        if let Err(error) = self.tokens(&self.prompts(&self.control_classes)) {
            if let Some(folder) = &config.control {
                return Err(Error::Data(format!(
                    "the control set {} measures nothing with this model: {error}",
                    folder.display()
                )));
            }
            self.control = PictureSet::default();
            self.control_classes.clear();
        }
        Ok(())
    }

    /// The prompts of every class, all templates of the first class first.
    pub fn prompts(&self, classes: &[String]) -> Vec<String> {
        let of = |class: &String| {
            let templates = self.templates.iter();
            templates
                .map(|template| template.replace("{}", &spoken(class)))
                .collect::<Vec<_>>()
        };
        classes.iter().flat_map(of).collect()
    }

    /// Token ids, a row a text.
    ///
    /// # Errors
    /// The model's vocabulary cannot spell one of them.
    pub fn tokens(&self, texts: &[String]) -> Result<Vec<TokenizedText>> {
        Ok(texts
            .iter()
            .map(|text| self.model.tokenize(text))
            .collect::<crate::clip::Result<_>>()?)
    }

    /// One unit embedding a class, before the model learns.
    ///
    /// # Errors
    /// The device failed.
    pub fn class_embeddings(&self, classes: &[String]) -> Result<Vec<Vec<f32>>> {
        let embedded = self.model.embed_texts(&self.tokens(&self.prompts(classes))?)?;
        let vectors: Vec<Vec<f32>> = embedded.into_iter().map(|embedding| embedding.vector).collect();
        Ok(ensembles(&vectors, self.templates.len()))
    }

    /// The unit embedding of "none of these" under the run's templates, before the model learns.
    ///
    /// # Errors
    /// The device failed.
    pub fn none_embedding(&self) -> Result<Vec<f32>> {
        let prompts = self.prompts(&NONE_WORDS.map(String::from));
        let embedded = self.model.embed_texts(&self.tokens(&prompts)?)?;
        Ok(class_embedding(
            embedded.iter().map(|embedding| embedding.vector.as_slice()),
        ))
    }

    /// What the model multiplies cosines by, before it learns.
    pub fn logit_scale(&self) -> f32 {
        self.model.info().scoring.logit_scale
    }

    /// Which pictures of a set are answered right (1) or not (0), zero-shot, before the model learns.
    ///
    /// # Errors
    /// The device failed.
    pub fn zero_shot_answers(&self, set: &PictureSet, classes: &[String]) -> Result<Vec<f64>> {
        if set.is_empty() {
            return Ok(Vec::new());
        }
        let rows = cosines(&set.embeddings, &self.class_embeddings(classes)?);
        Ok(evaluation::right(&rows, &set.labels))
    }

    /// Zero-shot accuracy on a set, before the model learns; none on no pictures.
    ///
    /// # Errors
    /// The device failed.
    pub fn zero_shot_accuracy(&self, set: &PictureSet, classes: &[String]) -> Result<Option<f32>> {
        Ok(evaluation::mean(&self.zero_shot_answers(set, classes)?))
    }
}

/// The part of the validation side by which a run chooses, stops and is blended: so many of its pictures, every class
/// among them. The same seed gives the same part, and a smaller one is the beginning of a larger one.
pub(super) fn validation_sample(dataset: &Dataset, split: &Split, count: usize, seed: u64) -> Vec<usize> {
    stratified(&split.validation, |place| dataset.examples[place].class, count, seed)
}

/// The share of rows whose highest value is at its label; none where there are no rows.
pub fn accuracy(rows: &[Vec<f32>], labels: &[usize]) -> Option<f32> {
    (!labels.is_empty()).then(|| evaluation::accuracy(rows, labels))
}

/// A class's name as it is said in a sentence: `running_shoes` as running shoes.
pub fn spoken(name: &str) -> String {
    let words = in_words(name);
    if words.is_empty() { name.into() } else { words }
}

/// The mean of every `count` unit vectors, normalised again.
pub fn ensembles(vectors: &[Vec<f32>], count: usize) -> Vec<Vec<f32>> {
    let mean = |prompts: &[Vec<f32>]| class_embedding(prompts.iter().map(Vec::as_slice));
    vectors.chunks(count.max(1)).map(mean).collect()
}

/// One row a picture, one column a class.
pub fn cosines(pictures: &[Vec<f32>], classes: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let row = |picture: &Vec<f32>| classes.iter().map(|class| evaluation::dot(picture, class)).collect();
    pictures.iter().map(row).collect()
}

/// Decodes and prepares pictures, in their order, on every core.
///
/// # Errors
/// A picture that could be read when the run was prepared cannot be read any more.
pub fn pixels(preprocessing: &Preprocessing, paths: &[PathBuf]) -> Result<Vec<Pixels>> {
    let prepare = |path: &PathBuf| {
        let decoded = decode_with_notes(path).map_err(|error| gone(path, &error.to_string()))?;
        Ok(preprocessing.pixels(&decoded.picture)?)
    };
    on_cores(paths, |part| part.iter().map(prepare).collect())
}

#[cfg(test)]
mod tests;
