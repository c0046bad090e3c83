//! What was learnt, and the logits and cosines that come of it.

use burn::tensor::{Device, Tensor, TensorData};

use super::Lift;
use super::lift::highest;
use crate::clip::checkpoint::weights::Flat;
use crate::clip::embedding::rows_of;
use crate::clip::{Error, Result};

/// Beyond this cosine what was learnt is drawn together, in its order, to stay within -1.
const LOWEST: f32 = -0.9;

/// What makes logits of features and embeddings.
#[derive(Debug, Clone)]
pub struct Classifier {
    /// The classes' unit text embeddings, `[classes, dim]`.
    pub texts: Flat,
    pub logit_scale: f32,
    /// What is added to the zero-shot logits.
    pub learnt: LearnedLogits,
}

/// What is added to the zero-shot logits.
#[derive(Debug, Clone)]
pub enum LearnedLogits {
    /// `W f + b` of unit features.
    Linear {
        /// `[classes, features]`.
        weight: Flat,
        /// `[classes]`.
        bias: Vec<f32>,
    },
    /// Tip-Adapter (Zhang et al. 2022, arXiv 2207.09519): `alpha exp(-beta (1 - e K)) V`.
    Cache {
        /// `K`, the shots' unit embeddings, `[shots, dim]`.
        keys: Flat,
        /// The shots' classes; `V` is one-hot.
        labels: Vec<usize>,
        /// The weight of the cache.
        alpha: f32,
        /// How fast likeness counts for less.
        beta: f32,
    },
}

impl Classifier {
    /// Unit features `[n, features]` and unit embeddings `[n, dim]` to logits `[n, classes]`.
    pub fn logits(&self, features: Tensor<2>, embeddings: Tensor<2>) -> Tensor<2> {
        self.zero_shot(embeddings.clone()) + self.learnt(features, embeddings)
    }

    /// What the model would say without what it learnt.
    fn zero_shot(&self, embeddings: Tensor<2>) -> Tensor<2> {
        let texts = matrix(&self.texts, &embeddings.device());
        embeddings.matmul(texts.transpose()) * self.logit_scale
    }

    fn learnt(&self, features: Tensor<2>, embeddings: Tensor<2>) -> Tensor<2> {
        let device = embeddings.device();
        match &self.learnt {
            LearnedLogits::Linear { weight, bias } => {
                let bias = Tensor::<1>::from_data(TensorData::new(bias.clone(), [bias.len()]), &device);
                features.matmul(matrix(weight, &device).transpose()) + bias.unsqueeze()
            }
            LearnedLogits::Cache {
                keys,
                labels,
                alpha,
                beta,
            } => {
                let affinity = embeddings.matmul(matrix(keys, &device).transpose());
                // [n, shots] x [shots, classes]
                let votes = ((affinity - 1.0) * *beta)
                    .exp()
                    .matmul(one_hot(labels, self.texts.shape[0], &device));
                votes * *alpha
            }
        }
    }

    /// The classes' logits over the scale, as they stand beside those of texts: a row of cosines a picture.
    ///
    /// # Errors
    /// It belongs to a model with other features or embeddings, or the device failed.
    pub fn answers(&self, features: Tensor<2>, embeddings: Tensor<2>, lift: Option<&Lift>) -> Result<Vec<Vec<f32>>> {
        let (width, dim) = (features.dims()[1], embeddings.dims()[1]);
        let means = lift.map(|lift| (&lift.means, width));
        let learnt = match &self.learnt {
            LearnedLogits::Linear { weight, .. } => (weight, width),
            LearnedLogits::Cache { keys, .. } => (keys, dim),
        };
        let parts = [(&self.texts, dim), learnt];
        for (flat, expected) in parts.into_iter().chain(means) {
            if flat.shape.get(1) != Some(&expected) {
                return Err(Error::Method(format!(
                    "what was taught belongs to another model: it has shape {:?}, and this model gives {expected} numbers",
                    flat.shape
                )));
            }
        }
        let near = match lift {
            Some(lift) => rows_of(
                features
                    .clone()
                    .matmul(matrix(&lift.means, &features.device()).transpose()),
            )?,
            None => Vec::new(),
        };
        let zero_shot = rows_of(self.zero_shot(embeddings.clone()))?;
        let learnt = rows_of(self.learnt(features, embeddings))?;
        let rows = zero_shot.iter().zip(&learnt).enumerate();
        Ok(rows
            .map(|(place, (zero_shot, learnt))| {
                let mut cosines = grounded(zero_shot, learnt, self.logit_scale);
                if let Some((lift, near)) = lift.zip(near.get(place)) {
                    lift.apply(&mut cosines, near);
                }
                cosines.iter_mut().for_each(|cosine| *cosine = bounded(*cosine));
                cosines
            })
            .collect())
    }
}

/// Logits on the scale of texts, as cosines: no class above its own zero-shot one.
pub fn grounded(zero_shot: &[f32], learnt: &[f32], scale: f32) -> Vec<f32> {
    let top = highest(learnt);
    let each = zero_shot.iter().zip(learnt);
    each.map(|(own, learnt)| (own + learnt - top) / scale).collect()
}

/// Above -1, in the same order.
pub fn bounded(cosine: f32) -> f32 {
    if cosine >= LOWEST {
        return cosine.min(1.0);
    }
    let (room, below) = (1.0 + LOWEST, LOWEST - cosine);
    LOWEST - room * below / (below + room)
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
