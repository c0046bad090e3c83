//! What is applied to numbers.

use burn::tensor::Tensor;
use burn::tensor::activation::{self, gelu, gelu_approximate};
use pulp::Simd;

use super::Each;

/// A function after a bias.
#[derive(Clone, Copy)]
pub struct Biased<F> {
    /// The bias.
    pub bias: f32,
    /// The function.
    pub function: F,
}

impl<F: Each> Each for Biased<F> {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        self.function.each(simd, simd.add_f32s(x, simd.splat_f32s(self.bias)))
    }

    fn elsewhere<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        self.function.elsewhere(x.add_scalar(self.bias))
    }
}

/// The number itself.
#[derive(Clone, Copy)]
pub struct Same;

impl Each for Same {
    #[inline(always)]
    fn each<S: Simd>(self, _: S, x: S::f32s) -> S::f32s {
        x
    }

    fn elsewhere<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        x
    }
}

/// Its positive part.
#[derive(Clone, Copy)]
pub struct Relu;

impl Each for Relu {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        simd.max_f32s(simd.splat_f32s(0.0), x)
    }

    fn elsewhere<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        activation::relu(x)
    }
}

/// The part from 0 to 6.
#[derive(Clone, Copy)]
pub struct Relu6;

impl Each for Relu6 {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        simd.min_f32s(simd.splat_f32s(6.0), Relu.each(simd, x))
    }

    fn elsewhere<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        x.clamp(0.0, 6.0)
    }
}

/// `x sigmoid(1.702 x)`.
#[derive(Clone, Copy)]
pub struct QuickGelu;

impl Each for QuickGelu {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        let inner = simd.mul_f32s(x, simd.splat_f32s(-1.702));
        times_sigmoid(simd, x, inner)
    }

    fn elsewhere<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        x.clone() * activation::sigmoid(x.mul_scalar(1.702))
    }
}

/// `x (1 + tanh u) / 2 = x sigmoid(2 u)` with `u = sqrt(2 / pi) (x + 0.044715 x^3)`.
#[derive(Clone, Copy)]
pub struct GeluTanh;

impl Each for GeluTanh {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        const MINUS_TWICE: f32 = -1.595_769;
        let square = simd.mul_f32s(x, x);
        let factor = simd.mul_add_e_f32s(
            square,
            simd.splat_f32s(0.044_715 * MINUS_TWICE),
            simd.splat_f32s(MINUS_TWICE),
        );
        times_sigmoid(simd, x, simd.mul_f32s(x, factor))
    }

    fn elsewhere<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        gelu_approximate(x)
    }
}

/// `x (1 + erf(x / sqrt 2)) / 2`, which is `max(x, 0) - |x| erfc(|x| / sqrt 2) / 2`. The complement by Abramowitz and
/// Stegun, 7.1.26: at most 1.5e-7 off.
#[derive(Clone, Copy)]
pub struct Gelu;

impl Each for Gelu {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        const FACTORS: [f32; 5] = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
        let size = simd.max_f32s(simd.sub_f32s(simd.splat_f32s(0.0), x), x);
        let z = simd.mul_f32s(size, simd.splat_f32s(std::f32::consts::FRAC_1_SQRT_2));
        let one = simd.splat_f32s(1.0);
        let t = simd.div_f32s(one, simd.mul_add_e_f32s(z, simd.splat_f32s(0.327_591_1), one));
        let tail = simd.mul_f32s(
            simd.mul_f32s(t, polynomial(simd, t, &FACTORS)),
            exp(simd, simd.mul_f32s(simd.mul_f32s(x, x), simd.splat_f32s(-0.5))),
        );
        let lost = simd.mul_f32s(simd.mul_f32s(size, simd.splat_f32s(0.5)), tail);
        simd.sub_f32s(Relu.each(simd, x), lost)
    }

    fn elsewhere<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        gelu(x)
    }
}

/// `x sigmoid(inner) = x / (1 + exp(-inner))`, of the negative of `inner`.
#[inline(always)]
fn times_sigmoid<S: Simd>(simd: S, x: S::f32s, minus_inner: S::f32s) -> S::f32s {
    simd.div_f32s(x, simd.add_f32s(simd.splat_f32s(1.0), exp(simd, minus_inner)))
}

/// The exponential function, to some units in the last place: `2^n exp(r)` with `|r| <= ln(2) / 2`, where a series of
/// seven terms will do. Beyond `f32`'s range it stays at its ends.
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // -ln(2), whose first part has few digits: its product with n is exact.
    const MINUS_LN_2: [f32; 2] = [-0.693_359_4, 2.121_944_4e-4];
    // Added to a small number, it rounds it; the integer then stands in the last bits.
    const ROUNDING: f32 = 12_582_912.0;
    const SERIES: [f32; 7] = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let x = simd.min_f32s(simd.max_f32s(x, simd.splat_f32s(-86.0)), simd.splat_f32s(86.0));
    let rounding = simd.splat_f32s(ROUNDING);
    let rounded = simd.mul_add_e_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), rounding);
    let n = simd.sub_f32s(rounded, rounding);
    let r = simd.mul_add_e_f32s(n, simd.splat_f32s(MINUS_LN_2[0]), x);
    let r = simd.mul_add_e_f32s(n, simd.splat_f32s(MINUS_LN_2[1]), r);
    let near = simd.transmute_u32s_f32s(polynomial(simd, r, &SERIES));
    // n goes into the exponent.
    let n = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(rounded), simd.splat_u32s(23));
    simd.transmute_f32s_u32s(simd.add_u32s(near, n))
}

/// A polynomial with these factors, that of the highest power first. (A closure would be compiled without the registers.)
#[inline(always)]
fn polynomial<S: Simd>(simd: S, x: S::f32s, factors: &[f32]) -> S::f32s {
    let mut sum = simd.splat_f32s(0.0);
    for &factor in factors {
        sum = simd.mul_add_e_f32s(sum, x, simd.splat_f32s(factor));
    }
    sum
}
