//! Tip-Adapter (Zhang et al. 2022, arXiv 2207.09519): a cache of the shots votes beside the class texts.
//!
//! `logits = s e W + alpha exp(-beta (1 - e K)) V`, with `e` the picture's unit embedding, `W` the class embeddings, `K`
//! the shots' embeddings and `V` their classes. Nothing is trained; `alpha` and `beta` are searched for on the validation
//! side, and an `alpha` of 0, which is the zero-shot model, is among what is tried. The F variant trains `K` by AdamW with
//! a cosine schedule, at an `alpha` and a `beta` of its own, and searches again after every validation. Where there is
//! nothing to validate by, those two are taken: they are the paper's.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

use super::grounding::lift;
use super::{Learner, StepReport, classified, damaged_state, log_loss};
use crate::clip::{AdapterKind, Classifier, Flat, Flats, LearnedLogits, numbers, one_hot};
use crate::fine_tune::config::{Hyper, RunConfig};
use crate::fine_tune::context::{Context, accuracy};
use crate::fine_tune::leaves::{Leaves, Tracked, gradients, norm};
use crate::fine_tune::optimizer::{Moments, Optimizer, learning_rate};
use crate::fine_tune::rows::{matrix, tensor, vector};
use crate::fine_tune::{PictureSet, Result};

/// What is tried: coarser than the authors' grids, and beyond both of their ends.
const ALPHAS: [f32; 14] = [0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0];
const BETAS: [f32; 10] = [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.5, 7.0, 10.0, 20.0];
/// The paper's: the F variant's own while it trains.
const TRAIN_ALPHA: f32 = 1.0;
const TRAIN_BETA: f32 = 5.5;
const KEYS: &str = "keys";

/// Tip-Adapter, or its F variant.
pub struct TipAdapter {
    classes: Flat,
    labels: Vec<usize>,
    leaves: Leaves,
    optimizer: Optimizer,
    hyper: Hyper,
    seed: u64,
    trains: bool,
    logit_scale: f32,
    alpha: f32,
    beta: f32,
    /// Whether both were chosen by validation.
    searched: bool,
}

impl TipAdapter {
    /// A cache of the shots; `trains` for the F variant.
    ///
    /// # Errors
    /// The device failed.
    pub fn new(config: &RunConfig, context: &Context, trains: bool) -> Result<Self> {
        let keys = [(KEYS.to_string(), matrix(&context.train.embeddings))]
            .into_iter()
            .collect();
        let logit_scale = context.logit_scale();
        let mut adapter = Self {
            classes: matrix(&context.class_embeddings(&context.classes)?),
            labels: context.train.labels.clone(),
            leaves: Leaves::from_flats(&keys, &Device::flex()),
            optimizer: Optimizer::new(Moments::FEW_SHOT, config.hyper.weight_decay),
            hyper: config.hyper.clone(),
            seed: config.seed,
            trains,
            logit_scale,
            alpha: TRAIN_ALPHA,
            beta: TRAIN_BETA,
            searched: false,
        };
        if trains {
            adapter.search(context)?;
        }
        Ok(adapter)
    }

    fn classifier(&self, alpha: f32, beta: f32) -> Result<Classifier> {
        let mut keys = self.leaves.to_flats()?;
        Ok(Classifier {
            texts: self.classes.clone(),
            logit_scale: self.logit_scale,
            learnt: LearnedLogits::Cache {
                keys: keys.remove(KEYS).unwrap_or_default(),
                labels: self.labels.clone(),
                alpha,
                beta,
            },
        })
    }

    /// Takes what answers most of the validation side rightly, and of those what is surest of it (the least log-loss).
    fn search(&mut self, context: &Context) -> Result<()> {
        let validation = &context.validation;
        let mut best = ((f32::NEG_INFINITY, f32::NEG_INFINITY), 0.0, TRAIN_BETA);
        if validation.is_empty() {
            return Ok(());
        }
        for alpha in ALPHAS {
            for beta in BETAS {
                let rows = classified(&self.classifier(alpha, beta)?, validation)?;
                let right = accuracy(&rows, &validation.labels).unwrap_or(0.0);
                let sure = -log_loss(&rows, &validation.labels).unwrap_or(f32::INFINITY);
                if (right, sure) > best.0 {
                    best = ((right, sure), alpha, beta);
                }
            }
        }
        (self.alpha, self.beta) = (best.1, best.2);
        self.searched = true;
        Ok(())
    }

    fn steps_an_epoch(&self) -> usize {
        self.labels.len().div_ceil(self.hyper.batch).max(1)
    }

    /// The places of a step's pictures.
    fn batch(&self, step: usize) -> Vec<usize> {
        let (epoch, part) = (step / self.steps_an_epoch(), step % self.steps_an_epoch());
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        fastrand::Rng::with_seed(self.seed.wrapping_mul(1_000_003).wrapping_add(epoch as u64)).shuffle(&mut order);
        order
            .into_iter()
            .skip(part * self.hyper.batch)
            .take(self.hyper.batch)
            .collect()
    }

    /// Of a batch, by its keys as they are tracked: `[1]`.
    fn cross_entropy(&self, context: &Context, places: &[usize], tracked: &Tracked) -> Tensor<1> {
        let device = Device::flex();
        let (classes, width) = (self.classes.shape[0], self.classes.shape[1]);
        let rows: Vec<Vec<f32>> = places
            .iter()
            .map(|&place| context.train.embeddings[place].clone())
            .collect();
        let pictures = tensor(&rows, &device);
        let labels: Vec<usize> = places.iter().map(|&place| self.labels[place]).collect();
        let texts = TensorData::new(self.classes.values.clone(), [classes, width]);
        let texts = Tensor::<2>::from_data(texts, &device);
        let keys = tracked[KEYS].clone().reshape([self.labels.len(), width]);
        // [pictures, keys]
        let affinity = pictures.clone().matmul(keys.transpose());
        let votes = ((affinity - 1.0) * TRAIN_BETA)
            .exp()
            .matmul(one_hot(&self.labels, classes, &device));
        let logits = pictures.matmul(texts.transpose()) * self.logit_scale + votes * TRAIN_ALPHA;
        -(log_softmax(logits, 1) * one_hot(&labels, classes, &device))
            .sum_dim(1)
            .mean()
    }
}

impl Learner for TipAdapter {
    fn steps(&self) -> usize {
        if self.trains {
            self.hyper.epochs * self.steps_an_epoch()
        } else {
            1
        }
    }

    fn validates_after(&self, done: usize) -> bool {
        done.is_multiple_of(self.steps_an_epoch())
    }

    fn step(&mut self, context: &Context, step: usize) -> Result<StepReport> {
        if !self.trains {
            self.search(context)?;
            let rows = self.logits(context, &context.train)?;
            return Ok(StepReport {
                loss: log_loss(&rows, &context.train.labels).unwrap_or(0.0),
                learning_rate: None,
                logit_scale: None,
                gradient_norm: None,
                pictures: context.train.len(),
            });
        }
        let places = self.batch(step);
        let tracked = self.leaves.tracked();
        let loss = self.cross_entropy(context, &places, &tracked);
        let found = gradients(&tracked, &loss.backward());
        let loss = numbers(loss.without_autodiff())?[0];
        let length = norm(&found, step)?;
        let rate = learning_rate(self.hyper.learning_rate, step, self.steps(), self.hyper.warm_up);
        self.optimizer
            .step(&mut self.leaves, found, rate, (length, self.hyper.clip));
        if (step + 1).is_multiple_of(self.steps_an_epoch()) {
            self.search(context)?;
        }
        Ok(StepReport {
            loss,
            learning_rate: Some(rate),
            logit_scale: None,
            gradient_norm: Some(length),
            pictures: places.len(),
        })
    }

    fn logits(&self, _context: &Context, set: &PictureSet) -> Result<Vec<Vec<f32>>> {
        classified(&self.classifier(self.alpha, self.beta)?, set)
    }

    fn chosen(&self) -> Vec<(String, f64)> {
        if !self.searched {
            return Vec::new();
        }
        let strengths = [("alpha", self.alpha), ("beta", self.beta)];
        strengths
            .map(|(name, value)| (name.to_string(), f64::from(value)))
            .to_vec()
    }

    fn adapter(&self, context: &Context) -> Result<(AdapterKind, Flats)> {
        let mut tensors = self.leaves.to_flats()?;
        tensors.insert("classes".into(), self.classes.clone());
        let labels = self.labels.iter().map(|label| *label as f32).collect();
        tensors.insert("labels".into(), vector(labels));
        let classifier = self.classifier(self.alpha, self.beta)?;
        let kind = AdapterKind::Cache {
            alpha: self.alpha,
            beta: self.beta,
            lift: lift(context, &classifier, &mut tensors)?,
        };
        Ok((kind, tensors))
    }

    fn state(&self) -> Result<Flats> {
        let mut state = self.optimizer.to_flats()?;
        state.extend(self.leaves.to_flats()?);
        state.insert("chosen".into(), vector(vec![self.alpha, self.beta]));
        Ok(state)
    }

    fn restore(&mut self, context: &Context, state: &Flats) -> Result<()> {
        let width = self.classes.shape.last().copied().unwrap_or(0);
        let keys = state.get(KEYS).filter(|keys| keys.shape == [self.labels.len(), width]);
        let keys = keys.ok_or_else(damaged_state)?;
        let chosen = state.get("chosen").ok_or_else(damaged_state)?;
        let [alpha, beta] = chosen.values[..] else {
            return Err(damaged_state());
        };
        (self.alpha, self.beta) = (alpha, beta);
        self.searched = !context.validation.is_empty();
        let keys = [(KEYS.to_string(), keys.clone())].into_iter().collect();
        self.leaves = Leaves::from_flats(&keys, &Device::flex());
        self.optimizer.load(state, &self.leaves, &Device::flex())
    }
}
