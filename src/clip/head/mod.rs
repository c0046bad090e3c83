//! A classifier on top of a model: what a linear probe or a Tip-Adapter learnt.
//!
//! Its logits for the classes that it was taught are the model's zero-shot logits plus what was learnt, `s cos_k +
//! r_k`. Among those classes they answer as they are. To stand beside "none of these" and labels that were not taught,
//! which have zero-shot logits alone, they are put on that scale: what was learnt may tell classes apart, but a common
//! rise of all of them says nothing about a picture. So the highest `r` is taken off every class: nothing rises above
//! its own zero-shot logit, a picture of something else is still none of these, and the softmax over the classes is
//! unchanged. Where the texts of the classes lose against "none of these" on the very pictures they were taught with,
//! pictures like those, and only those, are lifted to where they win ([`Lift`]).
//!
//! To make it a model like any other, its answers become part of the embedding. With `e` the picture's unit embedding
//! and `v` the logits above divided by the scale, each from -1 to 1 as a cosine is, pictures become `[e, v, rest] /
//! sqrt(1 + K)`, with `K` classes and `rest` what makes the length 1. A class that was taught is the unit vector of its
//! place in `v`, every other text `[t, 0, 0]`. Products with these, times `sqrt(1 + K)`, are cosines again: the text's
//! own, or the class's logit over the model's scale.

mod classifier;
mod lift;
#[cfg(test)]
mod tests;

use burn::tensor::Tensor;

use super::checkpoint::weights::{Flat, Flats};
use super::class_names::{Named, find_class};
use super::{Error, Result};

pub use classifier::{Classifier, LearnedLogits, one_hot};
pub use lift::Lift;

/// A classifier with what makes its answers part of embeddings.
pub struct Head {
    names: Vec<String>,
    classifier: Classifier,
    lift: Option<Lift>,
}

impl Head {
    /// A classifier over classes of these names.
    pub fn new(names: Vec<String>, classifier: Classifier, lift: Option<Lift>) -> Self {
        Self {
            names,
            classifier,
            lift,
        }
    }

    /// The classes that it was taught.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What a product of a picture and a text is multiplied by to be a cosine.
    pub fn stretch(&self) -> f32 {
        (1.0 + self.names.len() as f32).sqrt()
    }

    /// Width of the extended embeddings.
    pub fn extended_dim(&self, dim: usize) -> usize {
        dim + self.names.len() + 1
    }

    /// What the classes' places in pictures' embeddings hold, a row a picture.
    ///
    /// # Errors
    /// The device failed.
    pub fn answers(&self, features: Tensor<2>, embeddings: Tensor<2>) -> Result<Vec<Vec<f32>>> {
        self.classifier.answers(features, embeddings, self.lift.as_ref())
    }

    /// A picture's unit vector, extended by its answers; also of unit length.
    pub fn extend(&self, vector: &[f32], answers: &[f32]) -> Vec<f32> {
        let stretch = self.stretch();
        let length = answers.iter().map(|v| v * v).sum::<f32>();
        let rest = (self.names.len() as f32 - length).max(0.0).sqrt();
        let all = vector.iter().chain(answers).copied().chain([rest]);
        all.map(|value| value / stretch).collect()
    }

    /// A text's unit vector, extended by nothing.
    pub fn extend_text(&self, vector: &[f32]) -> Vec<f32> {
        let mut out = vector.to_vec();
        out.resize(self.extended_dim(vector.len()), 0.0);
        out
    }

    /// The vector of a class that was taught, if a name means one.
    pub fn class_vector(&self, name: &str, dim: usize) -> Option<Vec<f32>> {
        let Named::Class(place) = find_class(&self.names, name) else {
            return None;
        };
        let mut out = vec![0.0; self.extended_dim(dim)];
        out[dim + place] = 1.0;
        Some(out)
    }
}

/// A tensor that must be there, of so many dimensions.
pub fn required(tensors: &Flats, name: &str, dimensions: usize, file: &str) -> Result<Flat> {
    let wrong = |reason: String| Error::Checkpoint {
        file: file.into(),
        reason,
    };
    let flat = tensors.get(name).ok_or_else(|| wrong(format!("{name} is missing")))?;
    if flat.shape.len() == dimensions {
        Ok(flat.clone())
    } else {
        Err(wrong(format!("{name} has shape {:?}", flat.shape)))
    }
}
