//! Normalisation of tokens.

use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{DType, FloatDType, Tensor};

use crate::clip::kernels::gpu::add_norm::Scale;
use crate::clip::{Checkpoint, Result};

/// A LayerNorm that computes in f32 whatever comes in, as the paper's code does: the squares of half-precision numbers
/// leave their range.
#[derive(Module, Debug)]
pub struct Norm {
    inner: LayerNorm,
    #[module(skip)]
    epsilon: f64,
}

impl Norm {
    /// `[.., width]` to the same, in the type that came in.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if x.dtype() == DType::F16 {
            self.inner.forward(x.cast(FloatDType::F32)).cast(FloatDType::F16)
        } else {
            self.inner.forward(x)
        }
    }

    /// Rows `[rows, width]` without their mean and with unit deviation, and the deviation that they had, `[rows, 1]`: what
    /// the norm computes before it multiplies and adds.
    pub(super) fn standardised(&self, x: Tensor<2>) -> [Tensor<2>; 2] {
        let centred = x.clone() - x.mean_dim(1);
        let variance = centred.clone().powi_scalar(2).mean_dim(1);
        let deviation = variance.add_scalar(self.epsilon).sqrt();
        [centred / deviation.clone(), deviation]
    }

    /// What it multiplies by, `[width]`.
    pub(super) fn gamma(&self) -> Tensor<1> {
        self.inner.gamma.val()
    }

    /// What it multiplies by and adds; none without an offset.
    pub(super) fn scale(&self) -> Option<Scale> {
        Some(Scale {
            gamma: self.inner.gamma.val(),
            beta: self.inner.beta.as_ref()?.val(),
            epsilon: self.epsilon,
        })
    }
}

/// Loads a LayerNorm's `{prefix}.weight` and `{prefix}.bias`.
pub fn layer_norm(weights: &mut Checkpoint, prefix: &str, width: usize, epsilon: f64) -> Result<Norm> {
    let mut norm = LayerNormConfig::new(width).with_epsilon(epsilon).init(weights.device());
    norm.gamma = weights.full_param(&format!("{prefix}.weight"), [width])?;
    norm.beta = Some(weights.full_param(&format!("{prefix}.bias"), [width])?);
    Ok(Norm { inner: norm, epsilon })
}
