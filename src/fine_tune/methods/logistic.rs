//! L2-regularised multinomial logistic regression by L-BFGS: the problem of scikit-learn's `LogisticRegression`.
//!
//! Minimises `C sum_i loss_i + |W|^2 / 2`, here divided by `C n`; the bias is not regularised. Beside logits that are
//! known already ([`Problem::beside`]) it finds what is to be added to them, the bias drawn to zero like the weights:
//! the stronger the regularisation, the nearer are the answers to the known ones. Burn's L-BFGS does the search; loss
//! and gradient are written out, since two products are all there is.

use burn::module::{Module, Param};
use burn::optim::{GradientsParams, LBFGSConfig, LineSearchFn};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

use crate::clip::{Flat, numbers, one_hot};
use crate::fine_tune::rows::tensor;
use crate::fine_tune::{Error, Result};

/// Vectors that L-BFGS remembers.
const HISTORY: usize = 10;
/// The largest gradient at which it is done (scikit-learn's `tol`, which counts the undivided problem).
const TOLERANCE: f64 = 1e-6;
const SMALLEST_CHANGE: f64 = 1e-10;

#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// `[classes, features]`.
    pub weight: Flat,
    /// `[classes]`.
    pub bias: Vec<f32>,
}

#[derive(Module, Debug)]
struct Linear {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

/// What is to be told apart.
pub struct Problem {
    features: Tensor<2>,
    targets: Tensor<2>,
    /// Logits that are known already, `[n, classes]`.
    known: Option<Tensor<2>>,
    count: usize,
}

impl Weights {
    pub fn zero(classes: usize, width: usize) -> Self {
        Self {
            weight: Flat {
                shape: vec![classes, width],
                values: vec![0.0; classes * width],
            },
            bias: vec![0.0; classes],
        }
    }
}

impl Problem {
    /// Features `[n, d]` row by row, and classes.
    pub fn new(features: &[Vec<f32>], labels: &[usize], classes: usize) -> Self {
        let device = Device::flex();
        Self {
            features: tensor(features, &device),
            targets: one_hot(labels, classes, &device),
            known: None,
            count: features.len(),
        }
    }

    /// The same beside logits that are known already, a row a picture.
    pub fn beside(mut self, logits: &[Vec<f32>]) -> Self {
        self.known = Some(tensor(logits, &Device::flex()));
        self
    }

    /// Solves it for a strength `c` (the higher, the freer), from a start; the weights, and the mean loss without the
    /// regularisation.
    ///
    /// # Errors
    /// The device failed.
    pub fn solve(&self, c: f64, start: &Weights, iterations: usize) -> Result<(Weights, f32)> {
        let device = Device::flex();
        let [classes, width] = [start.weight.shape[0], start.weight.shape[1]];
        let weight = TensorData::new(start.weight.values.clone(), [classes, width]);
        // The solver insists on parameters that could have gradients.
        let bias = Tensor::<1>::from_data(TensorData::new(start.bias.clone(), [classes]), &device);
        let module = Linear {
            weight: Param::from_tensor(Tensor::<2>::from_data(weight, &device).autodiff()),
            bias: Param::from_tensor(bias.autodiff()),
        };
        let pull = 1.0 / (c * self.count as f64);
        let mut failed = None;
        let mut evaluate = |module: Linear| match self.loss(&module, pull) {
            Ok(evaluated) => evaluated,
            Err(error) => {
                failed = Some(error);
                (f64::INFINITY, GradientsParams::new())
            }
        };
        let mut solver = LBFGSConfig::new()
            .with_max_iter(iterations)
            .with_max_eval(Some(2 * iterations + 20))
            .with_history_size(HISTORY)
            .with_tolerance_grad(TOLERANCE)
            .with_tolerance_change(SMALLEST_CHANGE)
            .with_line_search_fn(LineSearchFn::StrongWolfe)
            .init();
        let (module, _) = solver.step(1.0, module, &mut evaluate);
        if let Some(error) = failed {
            return Err(error);
        }
        let loss = self.cross_entropy(&module)?;
        let weights = Weights {
            weight: Flat {
                shape: vec![classes, width],
                values: numbers(module.weight.val().without_autodiff())?,
            },
            bias: numbers(module.bias.val().without_autodiff())?,
        };
        Ok((weights, loss))
    }

    /// The divided problem's value and gradient.
    fn loss(&self, module: &Linear, pull: f64) -> Result<(f64, GradientsParams)> {
        let weight = module.weight.val().without_autodiff();
        let log_shares = self.log_shares(module);
        let mut loss = -(log_shares.clone() * self.targets.clone()).sum() / self.count as f32
            + weight.clone().powi_scalar(2).sum() * (pull / 2.0);
        // [n, classes]
        let error = (log_shares.exp() - self.targets.clone()) / self.count as f32;
        let by_weight = error.clone().transpose().matmul(self.features.clone()) + weight * pull;
        let mut by_bias = error.sum_dim(0).squeeze_dim::<1>(0);
        if self.known.is_some() {
            let bias = module.bias.val().without_autodiff();
            loss = loss + bias.clone().powi_scalar(2).sum() * (pull / 2.0);
            by_bias = by_bias + bias * pull;
        }
        let mut gradients = GradientsParams::new();
        gradients.register(module.weight.id, by_weight);
        gradients.register(module.bias.id, by_bias);
        Ok((f64::from(first(loss)?), gradients))
    }

    fn cross_entropy(&self, module: &Linear) -> Result<f32> {
        first(-(self.log_shares(module) * self.targets.clone()).sum() / self.count as f32)
    }

    fn log_shares(&self, module: &Linear) -> Tensor<2> {
        let (weight, bias) = (
            module.weight.val().without_autodiff(),
            module.bias.val().without_autodiff(),
        );
        let learnt = self.features.clone().matmul(weight.transpose()) + bias.unsqueeze();
        let logits = match &self.known {
            Some(known) => known.clone() + learnt,
            None => learnt,
        };
        log_softmax(logits, 1)
    }
}

fn first(tensor: Tensor<1>) -> Result<f32> {
    numbers(tensor)?
        .first()
        .copied()
        .ok_or_else(|| Error::Run("a loss is empty".into()))
}
