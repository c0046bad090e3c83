//! One side of the split, and what the model makes of it before it learns.

use std::path::PathBuf;

use crate::fine_tune::data::Dataset;

/// Pictures with their labels and what the model makes of them before it learns.
#[derive(Debug, Clone, Default)]
pub struct PictureSet {
    pub paths: Vec<PathBuf>,
    /// Their classes; empty where pictures have captions.
    pub labels: Vec<usize>,
    /// Their captions; empty where pictures have classes.
    pub captions: Vec<Vec<String>>,
    /// Unit vectors, as the image tower gives them before its projection.
    pub features: Vec<Vec<f32>>,
    /// How long each of them was.
    pub feature_norms: Vec<f32>,
    /// Unit vectors after the projection, beside those of texts.
    pub embeddings: Vec<Vec<f32>>,
}

impl PictureSet {
    /// Examples of a dataset, without features so far.
    pub(in crate::fine_tune) fn of(dataset: &Dataset, places: &[usize]) -> Self {
        let examples = || places.iter().map(|&place| &dataset.examples[place]);
        Self {
            paths: examples().map(|example| example.path.clone()).collect(),
            labels: examples().filter_map(|example| example.class).collect(),
            captions: examples().map(|example| example.captions.clone()).collect(),
            ..Self::default()
        }
    }

    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// A picture's features as the projection takes them: with the length that they had.
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

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}
