//! What a run works with: the model, the pictures on each side of the split with their features, the texts.

use std::path::PathBuf;

use super::config::RunConfig;
use super::data::{Dataset, Split};
use super::{Error, Result};
use crate::clip::{Model, Pixels, TokenizedText, on_cores};
use crate::evaluation;
use crate::library::{decode, labels_of, scan};
use crate::zero_shot::class_embedding;

/// Pictures in one pass.
const BATCH: usize = 8;
/// Pictures of the control set; more would only take time.
const MAX_CONTROL: usize = 100;
/// Pictures that validate between two steps; the test is on all.
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
    /// Embeds every side of a split. `wanted` hears the share that is done, and ends the work by saying no.
    ///
    /// # Errors
    /// The device failed, or `wanted` said no.
    pub fn new(
        model: Model,
        dataset: &Dataset,
        split: &Split,
        config: &RunConfig,
        control: Option<PathBuf>,
        mut wanted: impl FnMut(f32) -> bool,
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
        let (control, control_classes) = control.map_or_else(Default::default, control_set);
        let mut context = Self {
            classes: dataset.classes.clone(),
            train: set(&split.train),
            validation: set(&split.validation[..split.validation.len().min(MAX_VALIDATION)]),
            test: set(&split.test),
            control,
            control_classes,
            templates: config.templates.clone(),
            model,
        };
        context.drop_unspeakable_control();
        let Self {
            model,
            train,
            validation,
            test,
            control,
            ..
        } = &mut context;
        let sets = [train, validation, test, control];
        let total: usize = sets.iter().map(|set| set.len()).sum();
        let mut done = 0;
        for set in sets {
            for start in (0..set.len()).step_by(BATCH) {
                if !wanted(done as f32 / total.max(1) as f32) {
                    return Err(Error::Stopped);
                }
                let end = set.len().min(start + BATCH);
                let pixels = pixels(model, &set.paths[start..end])?;
                let (features, embeddings) = model.features_and_embeddings(&pixels)?;
                set.feature_norms.extend(features.iter().map(|one| one.norm));
                set.features.extend(features.into_iter().map(|one| one.vector));
                set.embeddings
                    .extend(embeddings.into_iter().map(|embedding| embedding.vector));
                done += end - start;
            }
        }
        Ok(context)
    }

    /// A control set whose names the model's vocabulary cannot spell measures nothing.
    fn drop_unspeakable_control(&mut self) {
        if self.tokens(&self.prompts(&self.control_classes)).is_err() {
            self.control = PictureSet::default();
            self.control_classes.clear();
        }
    }

    /// The prompts of every class, all templates of the first class first.
    pub fn prompts(&self, classes: &[String]) -> Vec<String> {
        let of = |class: &String| {
            self.templates
                .iter()
                .map(|template| template.replace("{}", class))
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

    /// The model's scale, before it learns.
    pub fn logit_scale(&self) -> f32 {
        self.model.info().scoring.logit_scale
    }

    /// Zero-shot accuracy on a set, before the model learns.
    ///
    /// # Errors
    /// The device failed.
    pub fn zero_shot_accuracy(&self, set: &PictureSet, classes: &[String]) -> Result<f32> {
        let rows = cosines(&set.embeddings, &self.class_embeddings(classes)?);
        Ok(evaluation::accuracy(&rows, &set.labels))
    }
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
pub fn pixels(model: &Model, paths: &[PathBuf]) -> Result<Vec<Pixels>> {
    let prepare = |path: &PathBuf| {
        let gone = |reason: String| Error::Data(format!("{} cannot be read any more: {reason}", path.display()));
        let picture = decode(path).map_err(|e| gone(e.to_string()))?;
        Ok(model.preprocessing().pixels(&picture)?)
    };
    on_cores(paths, |part| part.iter().map(prepare).collect())
}

/// Pictures in folders by class (or called by what they show), no more than are needed.
fn control_set(folder: PathBuf) -> (PictureSet, Vec<String>) {
    let found: Vec<PathBuf> = scan(&folder, || true)
        .pictures
        .into_iter()
        .map(|found| found.path)
        .collect();
    let readable = labels_of(&folder, &found, 4)
        .into_iter()
        .filter(|(path, _)| decode(path).is_ok());
    let labelled: Vec<(PathBuf, String)> = readable.collect();
    let count = labelled.len().min(MAX_CONTROL);
    let chosen: Vec<&(PathBuf, String)> = (0..count).map(|n| &labelled[n * labelled.len() / count]).collect();
    let mut classes: Vec<String> = chosen.iter().map(|(_, label)| label.clone()).collect();
    classes.sort();
    classes.dedup();
    let set = PictureSet {
        paths: chosen.iter().map(|(path, _)| path.clone()).collect(),
        labels: chosen
            .iter()
            .filter_map(|(_, label)| classes.binary_search(label).ok())
            .collect(),
        ..PictureSet::default()
    };
    (set, classes)
}
