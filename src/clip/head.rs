//! A classifier on top of a model: what a linear probe or a Tip-Adapter learnt.
//!
//! It answers with logits for the classes it was taught. To make it a model like any other, its answers become part of
//! the embedding. With `e` the picture's unit embedding, `z` its logits, `s` the model's scale and `L` a bound on `|z|`:
//! pictures become `[s e, z, rest] / S` with `S = sqrt(s^2 + L^2)` and `rest` what makes the length 1; a class that was
//! taught becomes the unit vector of its logit, and every other text `[t, 0, 0]`. Then `S` times a cosine is the class's
//! own logit where it was taught, and the model's zero-shot logit where it was not.

use burn::tensor::{Device, Tensor, TensorData};

use super::checkpoint::weights::{Flat, Flats};
use super::{Error, Result};

/// What makes logits of features and embeddings.
pub enum Classifier {
    /// `W f + b` of unit features.
    Linear {
        /// `[classes, features]`.
        weight: Flat,
        /// `[classes]`.
        bias: Vec<f32>,
    },
    /// Tip-Adapter (Zhang et al. 2022, arXiv 2207.09519): `s e W + alpha exp(-beta (1 - e K)) V`.
    Cache {
        /// `W`, class embeddings, `[classes, dim]`.
        classes: Flat,
        /// `K`, the shots' unit embeddings, `[shots, dim]`.
        keys: Flat,
        /// The shots' classes; `V` is one-hot.
        labels: Vec<usize>,
        /// The weight of the cache.
        alpha: f32,
        /// How fast likeness counts for less.
        beta: f32,
        /// `s`.
        logit_scale: f32,
    },
}

/// A classifier with what makes its answers part of embeddings.
pub struct Head {
    names: Vec<String>,
    classifier: Classifier,
    /// `s`.
    logit_scale: f32,
    /// `L`.
    limit: f32,
}

impl Classifier {
    /// Unit features `[n, features]` and unit embeddings `[n, dim]` to logits `[n, classes]`.
    pub fn logits(&self, features: Tensor<2>, embeddings: Tensor<2>) -> Tensor<2> {
        let device = embeddings.device();
        match self {
            Self::Linear { weight, bias } => {
                let bias = Tensor::<1>::from_data(TensorData::new(bias.clone(), [bias.len()]), &device);
                features.matmul(matrix(weight, &device).transpose()) + bias.unsqueeze()
            }
            Self::Cache {
                classes,
                keys,
                labels,
                alpha,
                beta,
                logit_scale,
            } => {
                let text = embeddings.clone().matmul(matrix(classes, &device).transpose());
                let affinity = embeddings.matmul(matrix(keys, &device).transpose());
                // [n, shots] x [shots, classes]
                let votes = ((affinity - 1.0) * *beta)
                    .exp()
                    .matmul(one_hot(labels, classes.shape[0], &device));
                text * *logit_scale + votes * *alpha
            }
        }
    }
}

fn matrix(flat: &Flat, device: &Device) -> Tensor<2> {
    Tensor::from_data(
        TensorData::new(flat.values.clone(), [flat.shape[0], flat.shape[1]]),
        device,
    )
}

/// `[labels, classes]`, a 1 in each row.
pub fn one_hot(labels: &[usize], classes: usize, device: &Device) -> Tensor<2> {
    let mut values = vec![0.0f32; labels.len() * classes];
    for (row, label) in labels.iter().enumerate() {
        values[row * classes + label] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [labels.len(), classes]), device)
}

impl Head {
    /// A classifier over classes of these names; `limit` bounds the length of its logits.
    pub fn new(names: Vec<String>, classifier: Classifier, logit_scale: f32, limit: f32) -> Self {
        Self {
            names,
            classifier,
            logit_scale,
            limit: limit.max(1.0),
        }
    }

    /// The classes that it was taught.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// From cosine to logit.
    pub fn scale(&self) -> f32 {
        self.logit_scale.hypot(self.limit)
    }

    /// Width of the extended embeddings.
    pub fn extended_dim(&self, dim: usize) -> usize {
        dim + self.names.len() + 1
    }

    /// Logits `[n, classes]`.
    pub fn logits(&self, features: Tensor<2>, embeddings: Tensor<2>) -> Tensor<2> {
        self.classifier.logits(features, embeddings)
    }

    /// A picture's unit vector, extended by its logits; also of unit length.
    pub fn extend(&self, vector: &[f32], logits: &[f32]) -> Vec<f32> {
        let scale = self.scale();
        let length = logits.iter().map(|z| z * z).sum::<f32>().sqrt();
        // Beyond the limit nothing is known; the order of the classes stays.
        let shrink = if length > self.limit { self.limit / length } else { 1.0 };
        let (own, answers) = (self.logit_scale / scale, shrink / scale);
        let rest = (1.0 - own * own - (answers * length).powi(2)).max(0.0).sqrt();
        let vector = vector.iter().map(|v| v * own);
        vector.chain(logits.iter().map(|z| z * answers)).chain([rest]).collect()
    }

    /// A text's unit vector, extended by nothing.
    pub fn extend_text(&self, vector: &[f32]) -> Vec<f32> {
        let mut out = vector.to_vec();
        out.resize(self.extended_dim(vector.len()), 0.0);
        out
    }

    /// The vector of a class that was taught, if there is one of this name; case does not matter.
    pub fn class_vector(&self, name: &str, dim: usize) -> Option<Vec<f32>> {
        let wanted = name.trim().to_lowercase();
        let place = self
            .names
            .iter()
            .position(|known| known.trim().to_lowercase() == wanted)?;
        let mut out = vec![0.0; self.extended_dim(dim)];
        out[dim + place] = 1.0;
        Some(out)
    }
}

/// A tensor that must be there, of so many dimensions.
pub fn required(tensors: &mut Flats, name: &str, dimensions: usize, file: &str) -> Result<Flat> {
    let wrong = |reason: String| Error::Checkpoint {
        file: file.into(),
        reason,
    };
    let flat = tensors
        .remove(name)
        .ok_or_else(|| wrong(format!("{name} is missing")))?;
    if flat.shape.len() == dimensions {
        Ok(flat)
    } else {
        Err(wrong(format!("{name} has shape {:?}", flat.shape)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        let weight = Flat {
            shape: vec![2, 3],
            values: vec![1.0, 0.0, 2.0, 0.0, -3.0, 0.0],
        };
        let classifier = Classifier::Linear {
            weight,
            bias: vec![0.5, 0.0],
        };
        Head::new(vec!["cat".into(), "dog".into()], classifier, 20.0, 10.0)
    }

    #[test]
    fn a_cosine_times_the_scale_is_the_classes_logit_or_the_zero_shot_one() {
        let device = Device::flex();
        let head = head();
        let features = Tensor::<2>::from_data([[0.6, 0.0, 0.8]], &device);
        let logits: Vec<f32> = head
            .logits(features, Tensor::<2>::from_data([[1.0, 0.0]], &device))
            .into_data()
            .try_to_vec()
            .unwrap();
        assert!((logits[0] - 2.7).abs() < 1e-6 && logits[1].abs() < 1e-6);
        let picture = head.extend(&[1.0, 0.0], &logits);
        assert!((picture.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-6);
        let logit = |other: &[f32]| head.scale() * picture.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
        assert!((logit(&head.class_vector(" Cat", 2).unwrap()) - 2.7).abs() < 1e-5);
        assert!((logit(&head.extend_text(&[0.6, 0.8])) - 12.0).abs() < 1e-5);
        assert_eq!(head.class_vector("bird", 2), None);
    }

    #[test]
    fn logits_beyond_the_limit_keep_their_order_and_the_length() {
        let picture = head().extend(&[1.0, 0.0], &[300.0, 400.0]);
        assert!((picture.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(picture[3] > picture[2]);
    }

    #[test]
    fn a_cache_votes_for_the_classes_of_what_is_alike() {
        let device = Device::flex();
        let flat = |rows: usize, values: &[f32]| Flat {
            shape: vec![rows, 2],
            values: values.to_vec(),
        };
        let cache = Classifier::Cache {
            classes: flat(2, &[1.0, 0.0, 0.0, 1.0]),
            keys: flat(3, &[1.0, 0.0, 0.8, 0.6, 0.0, 1.0]),
            labels: vec![0, 1, 1],
            alpha: 2.0,
            beta: 5.0,
            logit_scale: 10.0,
        };
        let picture = Tensor::<2>::from_data([[1.0f32, 0.0]], &device);
        let logits: Vec<f32> = cache.logits(picture.clone(), picture).into_data().try_to_vec().unwrap();
        assert!((logits[0] - (10.0 + 2.0)).abs() < 1e-5);
        let expected = 2.0 * ((-1.0f32).exp() + (-5.0f32).exp());
        assert!((logits[1] - expected).abs() < 1e-5, "{logits:?}");
    }
}
