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

use burn::tensor::{Device, Tensor, TensorData};

use super::checkpoint::weights::{Flat, Flats};
use super::class_names::{Named, find_class};
use super::embedding::rows_of;
use super::{Error, Result};

/// Beyond this cosine what was learnt is drawn together, in its order, to stay within -1.
const LOWEST: f32 = -0.9;

/// What makes logits of features and embeddings.
#[derive(Debug, Clone)]
pub struct Classifier {
    /// The classes' unit text embeddings, `[classes, dim]`.
    pub texts: Flat,
    /// The model's scale.
    pub logit_scale: f32,
    /// What is added to the zero-shot logits.
    pub learnt: Learnt,
}

/// What is added to the zero-shot logits.
#[derive(Debug, Clone)]
pub enum Learnt {
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

/// Up to where pictures that are like those that were taught are lifted against "none of these".
#[derive(Debug, Clone, PartialEq)]
pub struct Lift {
    /// Unit means of the features of each class, `[classes, features]`.
    pub means: Flat,
    /// The least cosine of the best class of a picture like these.
    pub floor: f32,
    /// The cosine with the nearest mean below which nothing is lifted, and that from which on everything is.
    pub between: (f32, f32),
    /// How much of what was learnt the model is (its blend), and so of the way to the floor.
    pub share: f32,
}

/// A classifier with what makes its answers part of embeddings.
pub struct Head {
    names: Vec<String>,
    classifier: Classifier,
    lift: Option<Lift>,
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
            Learnt::Linear { weight, bias } => {
                let bias = Tensor::<1>::from_data(TensorData::new(bias.clone(), [bias.len()]), &device);
                features.matmul(matrix(weight, &device).transpose()) + bias.unsqueeze()
            }
            Learnt::Cache {
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
            Learnt::Linear { weight, .. } => (weight, width),
            Learnt::Cache { keys, .. } => (keys, dim),
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

fn highest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// Logits on the scale of texts, as cosines: no class above its own zero-shot one.
fn grounded(zero_shot: &[f32], learnt: &[f32], scale: f32) -> Vec<f32> {
    let top = highest(learnt);
    let each = zero_shot.iter().zip(learnt);
    each.map(|(own, learnt)| (own + learnt - top) / scale).collect()
}

/// Above -1, in the same order.
fn bounded(cosine: f32) -> f32 {
    if cosine >= LOWEST {
        return cosine.min(1.0);
    }
    let (room, below) = (1.0 + LOWEST, LOWEST - cosine);
    LOWEST - room * below / (below + room)
}

impl Lift {
    /// Lifts the classes of a picture that has these cosines with the means, all by as much.
    fn apply(&self, cosines: &mut [f32], near: &[f32]) {
        let (low, high) = self.between;
        let alike = ((highest(near) - low) / (high - low).max(f32::EPSILON)).clamp(0.0, 1.0);
        let lifted = self.share * alike * (self.floor - highest(cosines)).max(0.0);
        cosines.iter_mut().for_each(|cosine| *cosine += lifted);
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

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: f32 = 20.0;

    fn flat(rows: usize, values: &[f32]) -> Flat {
        Flat {
            shape: vec![rows, values.len() / rows],
            values: values.to_vec(),
        }
    }

    /// Two classes whose texts are the axes, and weights on three features.
    fn classifier() -> Classifier {
        Classifier {
            texts: flat(2, &[1.0, 0.0, 0.0, 1.0]),
            logit_scale: SCALE,
            learnt: Learnt::Linear {
                weight: flat(2, &[1.0, 0.0, 2.0, 0.0, -3.0, 0.0]),
                bias: vec![0.5, 0.0],
            },
        }
    }

    fn head(lift: Option<Lift>) -> Head {
        Head::new(vec!["cat".into(), "dog".into()], classifier(), lift)
    }

    fn picture(features: [f32; 3], embedding: [f32; 2]) -> (Tensor<2>, Tensor<2>) {
        let device = Device::flex();
        (
            Tensor::from_data([features], &device),
            Tensor::from_data([embedding], &device),
        )
    }

    fn product(head: &Head, picture: &[f32], other: &[f32]) -> f32 {
        head.stretch() * picture.iter().zip(other).map(|(a, b)| a * b).sum::<f32>()
    }

    #[test]
    fn a_taught_class_and_any_other_text_stand_on_one_scale() {
        let head = head(None);
        let (features, embedding) = picture([0.6, 0.0, 0.8], [0.6, 0.8]);
        let answers = head.answers(features, embedding).unwrap().remove(0);
        // What was learnt is 2.7 for the cat and 0 for the dog: the dog falls, and the cat is what its text says.
        let expected = [0.6, 0.8 - 2.7 / SCALE];
        assert!(
            answers.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
            "{answers:?}"
        );
        let extended = head.extend(&[0.6, 0.8], &answers);
        assert!((extended.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((product(&head, &extended, &head.class_vector(" Cat", 2).unwrap()) - 0.6).abs() < 1e-5);
        let other = head.extend_text(&[0.8, 0.6]);
        assert!((product(&head, &extended, &other) - 0.96).abs() < 1e-5);
        assert_eq!(head.class_vector("bird", 2), None);
    }

    #[test]
    fn what_was_learnt_changes_no_probability_by_being_put_on_that_scale() {
        let (features, embedding) = picture([0.6, 0.0, 0.8], [0.6, 0.8]);
        let classifier = classifier();
        let logits = rows_of(classifier.logits(features.clone(), embedding.clone())).unwrap();
        let answers = classifier.answers(features, embedding, None).unwrap();
        let lead = |row: &[f32]| row[0] - row[1];
        assert!((lead(&logits[0]) - SCALE * lead(&answers[0])).abs() < 1e-4);
    }

    #[test]
    fn only_pictures_like_those_that_were_taught_are_lifted_and_only_up_to_the_floor() {
        let lift = Lift {
            means: flat(2, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
            floor: 0.8,
            between: (0.6, 0.8),
            share: 1.0,
        };
        let head = head(Some(lift));
        let at = |features, embedding| {
            let (features, embedding) = picture(features, embedding);
            highest(&head.answers(features, embedding).unwrap()[0])
        };
        let unlike = at([0.0, 0.0, 1.0], [0.6, 0.8]);
        assert!(
            (unlike - 0.675).abs() < 1e-6,
            "it is like nothing that was taught: {unlike}"
        );
        assert!((at([1.0, 0.0, 0.0], [0.6, 0.8]) - 0.8).abs() < 1e-6);
        assert!(
            (at([1.0, 0.0, 0.0], [1.0, 0.0]) - 1.0).abs() < 1e-6,
            "it wins by itself"
        );
    }

    #[test]
    fn answers_stay_cosines_in_their_order_however_much_was_learnt() {
        for learnt in [[900.0, 300.0, 400.0], [40.0, 0.0, 4.0], [9e6, 0.0, 1e6]] {
            let cosines: Vec<f32> = grounded(&[10.0; 3], &learnt, SCALE).into_iter().map(bounded).collect();
            assert!(
                -1.0 <= cosines[1] && cosines[1] <= cosines[2] && cosines[2] < cosines[0],
                "{cosines:?}"
            );
            assert!(learnt[0] > 1e6 || cosines[1] < cosines[2], "{cosines:?}");
            assert_eq!(cosines[0], 0.5);
        }
    }

    #[test]
    fn a_cache_votes_for_the_classes_of_what_is_alike() {
        let cache = Classifier {
            texts: flat(2, &[1.0, 0.0, 0.0, 1.0]),
            logit_scale: 10.0,
            learnt: Learnt::Cache {
                keys: flat(3, &[1.0, 0.0, 0.8, 0.6, 0.0, 1.0]),
                labels: vec![0, 1, 1],
                alpha: 2.0,
                beta: 5.0,
            },
        };
        let (features, picture) = picture([1.0, 0.0, 0.0], [1.0, 0.0]);
        let logits = rows_of(cache.logits(features, picture)).unwrap();
        assert!((logits[0][0] - (10.0 + 2.0)).abs() < 1e-5);
        let expected = 2.0 * ((-1.0f32).exp() + (-5.0f32).exp());
        assert!((logits[0][1] - expected).abs() < 1e-5, "{logits:?}");
    }
}
