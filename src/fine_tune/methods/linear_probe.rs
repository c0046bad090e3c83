//! Linear probe: a linear classifier on the tower's unit features before its projection (paper, appendix A.3).
//!
//! Logistic regression by L-BFGS, started from the text weights; the strength of the regularisation is chosen by
//! validation: first one of seven from 1e-6 to 1e6, then ever closer around the best. Each strength is one step of the
//! run. Between equals, the stronger regularisation wins.

use burn::tensor::{Tensor, TensorData};

use super::logistic::{Problem, Weights};
use super::{Learner, StepReport, classified, limit};
use crate::clip::{AdapterKind, Classifier, Flat, Flats, ImageTower, numbers};
use crate::evaluation;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::context::Context;
use crate::fine_tune::{Error, PictureSet, Result};

/// Exponents of ten of the first strengths.
const COARSE: [f64; 7] = [-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0];
/// Distances in exponents at which the best one's neighbours are tried.
const FINE: [f64; 3] = [1.0, 0.5, 0.25];

/// A linear probe at work.
pub struct LinearProbe {
    problem: Problem,
    start: Weights,
    best: Option<Tried>,
    iterations: usize,
}

#[derive(Clone)]
struct Tried {
    exponent: f64,
    accuracy: f32,
    loss: f32,
    weights: Weights,
}

impl LinearProbe {
    /// Prepares the problem.
    ///
    /// # Errors
    /// The device failed.
    pub fn new(config: &RunConfig, context: &Context) -> Result<Self> {
        let train = &context.train;
        Ok(Self {
            problem: Problem::new(&train.features, &train.labels, context.classes.len()),
            start: text_weights(context)?,
            best: None,
            iterations: config.hyper.epochs,
        })
    }

    fn exponent(&self, step: usize) -> f64 {
        match COARSE.get(step) {
            Some(exponent) => *exponent,
            None => {
                let (round, side) = ((step - COARSE.len()) / 2, (step - COARSE.len()) % 2);
                let best = self.best.as_ref().map_or(0.0, |best| best.exponent);
                best + FINE[round] * if side == 0 { -1.0 } else { 1.0 }
            }
        }
    }

    fn weights(&self) -> &Weights {
        self.best.as_ref().map_or(&self.start, |best| &best.weights)
    }
}

/// What the class texts are as weights on unit features: exact but for the lengths of features and embeddings, which are
/// taken at their mean. The starter mixes class embeddings by a softmax, which no linear weight can follow: from zero.
fn text_weights(context: &Context) -> Result<Weights> {
    let classes = context.classes.len();
    let width = context.train.features.first().map_or(0, Vec::len);
    let zero = Weights {
        weight: Flat {
            shape: vec![classes, width],
            values: vec![0.0; classes * width],
        },
        bias: vec![0.0; classes],
    };
    if matches!(context.model.image_tower(), ImageTower::EfficientNetLite(_)) {
        return Ok(zero);
    }
    // The projection of unit vectors is its matrix; of nothing, its bias.
    let tower = context.model.image_tower();
    let device = context.model.device();
    let projected = |values: Vec<f32>, rows: usize| -> Result<Vec<f32>> {
        let inputs = Tensor::<2>::from_data(TensorData::new(values, [rows, width]), device);
        Ok(numbers(tower.project(inputs))?)
    };
    let mut unit = vec![0.0; width * width];
    (0..width).for_each(|i| unit[i * width + i] = 1.0);
    let bias = projected(vec![0.0; width], 1)?;
    let matrix = projected(unit, width)?;
    let dim = bias.len();
    let features: Vec<f32> = context.train.features.iter().flatten().copied().collect();
    let lengths = projected(features, context.train.len())?;
    let length = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>().sqrt();
    let mean = lengths.chunks(dim).map(length).sum::<f32>() / context.train.len().max(1) as f32;
    let scale = context.logit_scale() / mean.max(f32::MIN_POSITIVE);
    let texts = context.class_embeddings(&context.classes)?;
    let weight = texts.iter().flat_map(|text| {
        let rows = matrix.chunks(dim).zip(std::iter::repeat(&bias));
        rows.map(|(row, bias)| {
            let own = row.iter().zip(bias).map(|(value, bias)| value - bias);
            scale * own.zip(text).map(|(value, text)| value * text).sum::<f32>()
        })
        .collect::<Vec<_>>()
    });
    Ok(Weights {
        weight: Flat {
            values: weight.collect(),
            ..zero.weight
        },
        bias: texts.iter().map(|text| scale * evaluation::dot(text, &bias)).collect(),
    })
}

fn rows(weights: &Weights, set: &PictureSet) -> Result<Vec<Vec<f32>>> {
    let classifier = Classifier::Linear {
        weight: weights.weight.clone(),
        bias: weights.bias.clone(),
    };
    classified(&classifier, set)
}

impl Learner for LinearProbe {
    fn steps(&self) -> usize {
        COARSE.len() + 2 * FINE.len()
    }

    fn validates_after(&self, _done: usize) -> bool {
        true
    }

    fn step(&mut self, context: &Context, step: usize) -> Result<StepReport> {
        let exponent = self.exponent(step);
        let c = 10f64.powf(exponent);
        let (weights, loss) = self.problem.solve(c, &self.start, self.iterations)?;
        if !loss.is_finite() {
            return Err(Error::NotANumber {
                step,
                what: format!("the loss at a strength of 1e{exponent}"),
                advice: "Look at the pictures: their features may be broken",
            });
        }
        let validation = &context.validation;
        let accuracy = evaluation::accuracy(&rows(&weights, validation)?, &validation.labels);
        let better = |best: &Tried| accuracy > best.accuracy || (accuracy == best.accuracy && exponent < best.exponent);
        if self.best.as_ref().is_none_or(better) {
            self.best = Some(Tried {
                exponent,
                accuracy,
                loss,
                weights,
            });
        }
        Ok(StepReport {
            loss,
            learning_rate: None,
            logit_scale: None,
            gradient_norm: None,
            pictures: context.train.len(),
        })
    }

    fn logits(&self, _context: &Context, set: &PictureSet) -> Result<Vec<Vec<f32>>> {
        rows(self.weights(), set)
    }

    fn chosen(&self) -> Vec<(String, f64)> {
        let strength = self.best.as_ref().map(|best| 10f64.powf(best.exponent));
        strength
            .map(|strength| ("C".to_string(), strength))
            .into_iter()
            .collect()
    }

    fn learnt(&self, context: &Context) -> Result<(AdapterKind, Flats)> {
        let weights = self.weights();
        let vector = |values: &[f32]| Flat {
            shape: vec![values.len()],
            values: values.to_vec(),
        };
        let tensors = [
            ("weight", weights.weight.clone()),
            ("bias", vector(&weights.bias)),
            ("start_weight", self.start.weight.clone()),
            ("start_bias", vector(&self.start.bias)),
        ];
        let mut all = rows(weights, &context.train)?;
        all.extend(rows(weights, &context.validation)?);
        let tensors = tensors
            .map(|(name, flat)| (name.to_string(), flat))
            .into_iter()
            .collect();
        Ok((AdapterKind::Linear { limit: limit(&all) }, tensors))
    }

    fn state(&self) -> Result<Flats> {
        let Some(best) = &self.best else {
            return Ok(Flats::new());
        };
        let vector = |values: Vec<f32>| Flat {
            shape: vec![values.len()],
            values,
        };
        let tensors = [
            ("tried", vector(vec![best.exponent as f32, best.accuracy, best.loss])),
            ("weight", best.weights.weight.clone()),
            ("bias", vector(best.weights.bias.clone())),
        ];
        Ok(tensors
            .map(|(name, flat)| (name.to_string(), flat))
            .into_iter()
            .collect())
    }

    fn restore(&mut self, _context: &Context, state: &Flats) -> Result<()> {
        let (Some(tried), Some(weight), Some(bias)) = (state.get("tried"), state.get("weight"), state.get("bias"))
        else {
            self.best = None;
            return Ok(());
        };
        let [exponent, accuracy, loss] = tried.values[..] else {
            return Err(Error::Run("the checkpoint is damaged".into()));
        };
        self.best = Some(Tried {
            exponent: f64::from(exponent),
            accuracy,
            loss,
            weights: Weights {
                weight: weight.clone(),
                bias: bias.values.clone(),
            },
        });
        Ok(())
    }
}
