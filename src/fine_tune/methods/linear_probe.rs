//! Linear probe: a linear classifier on the tower's unit features before its projection (paper, appendix A.3), drawn to
//! the texts of its classes.
//!
//! The paper's starts from nothing and is drawn to zero. Ours finds what is to be added to the zero-shot logits:
//! logistic regression by L-BFGS whose weights and bias are drawn to zero, so that with the strongest regularisation it
//! is the zero-shot classifier, and its logits stay on the scale of texts. For CLIP that is a pull of the weights
//! towards the text weights; it is exact for towers whose projection is not linear in unit features, too, as the
//! starter's.
//!
//! The strength is chosen by validation, by accuracy and among equals by the log-loss: first one of seven from 1e-6 to
//! 1e6, then ever closer on both sides of the best, down to an eighth of a decade as in the paper. Each strength is one
//! step of the run. With nothing to validate by there is one step, at [`PUBLISHED_C`].

use super::grounding::lift;
use super::logistic::{Problem, Weights};
use super::{Learner, StepReport, classified, damaged_state, log_loss};
use crate::clip::{AdapterKind, Classifier, Flat, Flats, LearnedLogits};
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::context::{Context, accuracy, cosines};
use crate::fine_tune::rows::{matrix, vector};
use crate::fine_tune::{Error, PictureSet, Result};

/// Exponents of ten of the first strengths.
const COARSE: [f64; 7] = [-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0];
/// Distances in exponents at which the best one's neighbours are tried.
const FINE: [f64; 4] = [1.0, 0.5, 0.25, 0.125];
/// `C` of the linear probe that CLIP's authors publish with their code; for where none can be chosen.
pub const PUBLISHED_C: f64 = 0.316;

pub struct LinearProbe {
    problem: Problem,
    texts: Flat,
    logit_scale: f32,
    zero: Weights,
    search: Search,
    best: Option<Tried>,
    iterations: usize,
    validates: bool,
}

/// Which strength comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Search {
    /// The best strength's exponent when the last round began: both of its neighbours are tried, whichever is better.
    centre: f64,
}

#[derive(Clone)]
struct Tried {
    exponent: f64,
    /// On the validation side; none where there is none.
    accuracy: Option<f32>,
    log_loss: f32,
    weights: Weights,
}

impl Tried {
    /// Higher accuracy first, then the smaller log-loss.
    fn is_better(&self, than: &Self) -> bool {
        let key = |tried: &Self| (tried.accuracy.unwrap_or(0.0), -tried.log_loss);
        key(self) > key(than)
    }
}

impl Search {
    /// The exponent of a step, given the best one so far.
    fn exponent(&mut self, step: usize, best: f64) -> f64 {
        if let Some(exponent) = COARSE.get(step) {
            return *exponent;
        }
        let (round, side) = ((step - COARSE.len()) / 2, (step - COARSE.len()) % 2);
        if side == 0 {
            self.centre = best;
        }
        let exponent = self.centre + FINE[round] * if side == 0 { -1.0 } else { 1.0 };
        exponent.clamp(COARSE[0], COARSE[COARSE.len() - 1])
    }
}

impl LinearProbe {
    /// With nothing learnt: the zero-shot classifier.
    ///
    /// # Errors
    /// The device failed.
    pub fn new(config: &RunConfig, context: &Context) -> Result<Self> {
        let train = &context.train;
        let classes = context.classes.len();
        let texts = context.class_embeddings(&context.classes)?;
        let mut known = cosines(&train.embeddings, &texts);
        known
            .iter_mut()
            .flatten()
            .for_each(|cosine| *cosine *= context.logit_scale());
        Ok(Self {
            problem: Problem::new(&train.features, &train.labels, classes).beside(&known),
            texts: matrix(&texts),
            logit_scale: context.logit_scale(),
            zero: Weights::zero(classes, train.features.first().map_or(0, Vec::len)),
            search: Search::default(),
            best: None,
            iterations: config.hyper.epochs,
            validates: !context.validation.is_empty(),
        })
    }

    fn weights(&self) -> &Weights {
        self.best.as_ref().map_or(&self.zero, |best| &best.weights)
    }

    fn classifier(&self, weights: &Weights) -> Classifier {
        Classifier {
            texts: self.texts.clone(),
            logit_scale: self.logit_scale,
            learnt: LearnedLogits::Linear {
                weight: weights.weight.clone(),
                bias: weights.bias.clone(),
            },
        }
    }
}

impl Learner for LinearProbe {
    fn steps(&self) -> usize {
        if self.validates {
            COARSE.len() + 2 * FINE.len()
        } else {
            1
        }
    }

    fn validates_after(&self, _done: usize) -> bool {
        true
    }

    fn step(&mut self, context: &Context, step: usize) -> Result<StepReport> {
        let best = self.best.as_ref().map_or(0.0, |best| best.exponent);
        let exponent = if self.validates {
            self.search.exponent(step, best)
        } else {
            PUBLISHED_C.log10()
        };
        let (weights, loss) = self.problem.solve(10f64.powf(exponent), &self.zero, self.iterations)?;
        if !loss.is_finite() {
            return Err(Error::NotANumber {
                step,
                what: format!("the loss at a strength of 1e{exponent}"),
                advice: "Look at the pictures: their features may be broken",
            });
        }
        let validation = &context.validation;
        let rows = classified(&self.classifier(&weights), validation)?;
        let tried = Tried {
            exponent,
            accuracy: accuracy(&rows, &validation.labels),
            log_loss: log_loss(&rows, &validation.labels).unwrap_or(f32::MAX),
            weights,
        };
        if self.best.as_ref().is_none_or(|best| tried.is_better(best)) {
            self.best = Some(tried);
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
        classified(&self.classifier(self.weights()), set)
    }

    fn chosen(&self) -> Vec<(String, f64)> {
        let chosen = self.best.as_ref().filter(|_| self.validates);
        let strength = chosen.map(|best| 10f64.powf(best.exponent));
        strength
            .map(|strength| ("C".to_string(), strength))
            .into_iter()
            .collect()
    }

    fn adapter(&self, context: &Context) -> Result<(AdapterKind, Flats)> {
        let weights = self.weights();
        let mut tensors = Flats::new();
        tensors.insert("weight".into(), weights.weight.clone());
        tensors.insert("bias".into(), vector(weights.bias.clone()));
        tensors.insert("classes".into(), self.texts.clone());
        let lift = lift(context, &self.classifier(weights), &mut tensors)?;
        Ok((AdapterKind::Linear { lift }, tensors))
    }

    fn state(&self) -> Result<Flats> {
        let Some(best) = &self.best else {
            return Ok(Flats::new());
        };
        // A missing accuracy is below every other.
        let accuracy = best.accuracy.unwrap_or(-1.0);
        let numbers = vec![best.exponent as f32, accuracy, best.log_loss, self.search.centre as f32];
        let tensors = [
            ("tried", vector(numbers)),
            ("weight", best.weights.weight.clone()),
            ("bias", vector(best.weights.bias.clone())),
        ];
        Ok(tensors
            .map(|(name, flat)| (name.to_string(), flat))
            .into_iter()
            .collect())
    }

    fn restore(&mut self, _context: &Context, state: &Flats) -> Result<()> {
        let (tried, weight, bias) = match ["tried", "weight", "bias"].map(|name| state.get(name)) {
            [Some(tried), Some(weight), Some(bias)] => (tried, weight, bias),
            // Of before the first step.
            [None, None, None] => {
                self.best = None;
                return Ok(());
            }
            _ => return Err(damaged_state()),
        };
        let [exponent, accuracy, log_loss, centre] = tried.values[..] else {
            return Err(damaged_state());
        };
        let known = &self.zero;
        let fits = weight.shape == known.weight.shape && bias.values.len() == known.bias.len();
        if !(fits && exponent.is_finite() && centre.is_finite()) {
            return Err(damaged_state());
        }
        self.search.centre = f64::from(centre);
        self.best = Some(Tried {
            exponent: f64::from(exponent),
            accuracy: (accuracy >= 0.0).then_some(accuracy),
            log_loss,
            weights: Weights {
                weight: weight.clone(),
                bias: bias.values.clone(),
            },
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(exponent: f64, accuracy: f32, log_loss: f32) -> Tried {
        Tried {
            exponent,
            accuracy: Some(accuracy),
            log_loss,
            weights: Weights::zero(2, 1),
        }
    }

    #[test]
    fn accuracy_decides_and_then_the_log_loss() {
        assert!(tried(2.0, 0.9, 0.5).is_better(&tried(-2.0, 0.8, 0.1)));
        assert!(
            tried(2.0, 1.0, 0.01).is_better(&tried(-6.0, 1.0, 1.09)),
            "a flat answer is no better for being right"
        );
        assert!(!tried(2.0, 1.0, 0.1).is_better(&tried(2.0, 1.0, 0.1)));
    }

    /// The exponents that are tried where the log-loss has its minimum at `least`.
    fn searched(least: f64) -> Vec<f64> {
        let mut search = Search::default();
        let mut best: Option<Tried> = None;
        (0..COARSE.len() + 2 * FINE.len())
            .map(|step| {
                let exponent = search.exponent(step, best.as_ref().map_or(0.0, |best| best.exponent));
                let now = tried(exponent, 1.0, (exponent - least).abs() as f32);
                if best.as_ref().is_none_or(|best| now.is_better(best)) {
                    best = Some(now);
                }
                exponent
            })
            .collect()
    }

    #[test]
    fn both_neighbours_of_the_best_are_tried_and_the_minimum_is_found_on_either_side() {
        for least in [-9.0, 9.0] {
            assert!(searched(least).iter().all(|exponent| exponent.abs() <= 6.0));
        }
        for least in [-3.8, -3.3, -0.9, 0.1, 1.1, 2.6, 3.9] {
            let exponents = searched(least);
            let mut once = exponents.clone();
            once.sort_by(f64::total_cmp);
            once.dedup();
            assert_eq!(once.len(), exponents.len(), "no strength is tried twice: {exponents:?}");
            let nearest = exponents
                .iter()
                .map(|exponent| (exponent - least).abs())
                .fold(9.0, f64::min);
            assert!(nearest <= 0.125 + 1e-9, "{least}: {exponents:?}");
        }
    }
}
