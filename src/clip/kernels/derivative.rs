//! How steep the activations are, in closed form.
//!
//! On a GPU, Burn's own derivative of the exact GELU is that of its tanh approximation; these are the derivatives of what
//! the towers compute.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI, PI};

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use crate::clip::Activation;

/// The derivative of an activation at every number, in the shape that came in.
pub fn derivative<const D: usize>(x: Tensor<D>, activation: Activation) -> Tensor<D> {
    match activation {
        Activation::QuickGelu => quick_gelu(x),
        Activation::Gelu => gelu(x),
        Activation::GeluTanh => gelu_tanh(x),
    }
}

/// Of `x s` with `s = sigmoid(1.702 x)`: `s (1 + 1.702 x (1 - s))`.
fn quick_gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let x = x.mul_scalar(1.702);
    let s = sigmoid(x.clone());
    (x * s.clone().neg().add_scalar(1.0)).add_scalar(1.0) * s
}

/// Of `x P(x)` with the normal distribution `P` and its density `p`: `P + x p`.
fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let below = x
        .clone()
        .mul_scalar(FRAC_1_SQRT_2)
        .erf()
        .add_scalar(1.0)
        .mul_scalar(0.5);
    let density = x.clone().powi_scalar(2).mul_scalar(-0.5).exp();
    below + x * density.mul_scalar(1.0 / (2.0 * PI).sqrt())
}

/// Of `x (1 + t) / 2` with `t = tanh u` and `u = sqrt(2 / pi) (x + 0.044715 x^3)`: `(1 + t + x (1 - t^2) u') / 2`.
fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    const CUBE: f64 = 0.044_715;
    let square = x.clone().powi_scalar(2);
    let u = x.clone() * square.clone().mul_scalar(CUBE).add_scalar(1.0);
    let t = u.mul_scalar(FRAC_2_PI.sqrt()).tanh();
    let of_u = square
        .mul_scalar(3.0 * CUBE)
        .add_scalar(1.0)
        .mul_scalar(FRAC_2_PI.sqrt());
    let rest = t.clone().powi_scalar(2).neg().add_scalar(1.0);
    (t.add_scalar(1.0) + x * rest * of_u).mul_scalar(0.5)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device, activation};

    use super::*;

    /// The activation in f64, as Burn computes it.
    fn exact(x: Tensor<1>, activation: Activation) -> Tensor<1> {
        match activation {
            Activation::QuickGelu => x.clone() * sigmoid(x.mul_scalar(1.702)),
            Activation::Gelu => activation::gelu(x),
            Activation::GeluTanh => activation::gelu_approximate(x),
        }
    }

    #[test]
    fn each_derivative_is_what_small_steps_find() {
        const STEP: f64 = 1e-5;
        let places: Vec<f64> = (-120..=120).map(|n| f64::from(n) * 0.05 + 0.013).collect();
        let doubles = |values: &[f64]| Tensor::<1>::from_data(values, (&Device::flex(), DType::F64));
        let found_in = |x: Tensor<1>| x.into_data().try_to_vec::<f64>().unwrap();
        for activation in [Activation::QuickGelu, Activation::Gelu, Activation::GeluTanh] {
            let at = |offset: f64| exact(doubles(&places).add_scalar(offset), activation);
            let steps = found_in((at(STEP) - at(-STEP)).div_scalar(2.0 * STEP));
            let singles: Vec<f32> = places.iter().map(|&x| x as f32).collect();
            let x = Tensor::<1>::from_data(singles.as_slice(), &Device::flex());
            let found: Vec<f32> = derivative(x, activation).into_data().try_to_vec().unwrap();
            for ((x, found), expected) in places.iter().zip(found).zip(steps) {
                let difference = (f64::from(found) - expected).abs();
                assert!(
                    difference < 5e-6,
                    "{activation:?} at {x}: {found} instead of {expected}"
                );
            }
        }
    }
}
