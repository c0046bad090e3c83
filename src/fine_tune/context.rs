//! What a run works with: the model, the pictures on each side of the split with their features, the texts.

use std::path::PathBuf;

use super::config::RunConfig;
use super::control::ControlSet;
use super::data::{Dataset, Split};
use super::embedded::Embedder;
use super::subsample::stratified;
use super::{Error, Result};
use crate::clip::{Model, Pixels, Preprocessing, TokenizedText, on_cores};
use crate::evaluation;
use crate::library::{Store, decode_with_notes, in_words};
use crate::progress::Progress;
use crate::zero_shot::{NONE_WORDS, class_embedding};

/// Pictures in one pass.
const BATCH: usize = 8;
/// Pictures that validate between two steps, one of each class at least; the test is on all.
const MAX_VALIDATION: usize = 512;

/// Pictures with their labels and what the model makes of them before it learns.
#[derive(Debug, Clone, Default)]
pub struct PictureSet {
    /// The files.
    pub paths: Vec<PathBuf>,
    /// Their classes; empty where pictures have captions.
    pub labels: Vec<usize>,
    /// Their captions; empty where pictures have classes.
    pub captions: Vec<Vec<String>>,
    /// Unit features before the projection.
    pub features: Vec<Vec<f32>>,
    /// Their former lengths.
    pub feature_norms: Vec<f32>,
    /// Unit embeddings.
    pub embeddings: Vec<Vec<f32>>,
}

impl PictureSet {
    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Features as the projection takes them.
    pub fn raw_features(&self, place: usize) -> Vec<f32> {
        let norm = self.feature_norms[place];
        self.features[place].iter().map(|value| value * norm).collect()
    }

    /// Some of the pictures, in another order.
    pub fn picked(&self, places: &[usize]) -> Self {
        fn pick<T: Clone>(from: &[T], places: &[usize]) -> Vec<T> {
            places.iter().filter_map(|&place| from.get(place).cloned()).collect()
        }
        Self {
            paths: pick(&self.paths, places),
            labels: pick(&self.labels, places),
            captions: pick(&self.captions, places),
            features: pick(&self.features, places),
            feature_norms: pick(&self.feature_norms, places),
            embeddings: pick(&self.embeddings, places),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

/// What a run works with.
pub struct Context {
    /// The model before it learns.
    pub model: Model,
    /// The classes' names; empty where pictures have captions.
    pub classes: Vec<String>,
    /// To learn from.
    pub train: PictureSet,
    /// To choose by.
    pub validation: PictureSet,
    /// To measure with.
    pub test: PictureSet,
    /// What the run never learns from: how much is forgotten.
    pub control: PictureSet,
    /// The control's classes.
    pub control_classes: Vec<String>,
    /// Sentences with `{}` for class names.
    pub templates: Vec<String>,
}

impl Context {
    /// Embeds every side of a split.
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
        Self::beside(
            &mut Store::keeper(None),
            model,
            dataset,
            split,
            config,
            control,
            progress,
        )
    }

    /// The same with what a store has, which also gets what it has not.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn beside(
        store: &mut Store,
        model: Model,
        dataset: &Dataset,
        split: &Split,
        config: &RunConfig,
        control: Option<&ControlSet>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let set = |places: &[usize]| PictureSet {
            paths: places
                .iter()
                .map(|&place| dataset.examples[place].path.clone())
                .collect(),
            labels: places
                .iter()
                .filter_map(|&place| dataset.examples[place].class)
                .collect(),
            captions: places
                .iter()
                .map(|&place| dataset.examples[place].captions.clone())
                .collect(),
            ..PictureSet::default()
        };
        let class_of = |place: usize| dataset.examples[place].class;
        let validation = stratified(&split.validation, class_of, MAX_VALIDATION, config.seed);
        let control = control.cloned().unwrap_or_default();
        let mut context = Self {
            classes: dataset.classes.clone(),
            train: set(&split.train),
            validation: set(&validation),
            test: set(&split.test),
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
        let Self {
            model,
            train,
            validation,
            test,
            control,
            ..
        } = &mut context;
        let mut embedder = Embedder::new(model, store);
        let sets = [train, validation, test, control];
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
        Ok(context)
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

    /// Tokens of texts.
    ///
    /// # Errors
    /// The tokenizer does not fit.
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

    /// The model's scale, before it learns.
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
        let gone = |reason: String| Error::Data(format!("{} cannot be read any more: {reason}", path.display()));
        let decoded = decode_with_notes(path).map_err(|e| gone(e.to_string()))?;
        Ok(preprocessing.pixels(&decoded.picture)?)
    };
    on_cores(paths, |part| part.iter().map(prepare).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_said_as_words_and_no_picture_makes_no_accuracy() {
        assert_eq!(spoken("running_shoes"), "running shoes");
        assert_eq!(spoken("---"), "---");
        assert_eq!(accuracy(&[], &[]), None);
        assert_eq!(accuracy(&[vec![0.0, 1.0]], &[1]), Some(1.0));
    }
}
