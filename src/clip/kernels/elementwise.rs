//! The functions that towers apply to every number, on the processor: Burn's backend there takes one number after the
//! other on one core, here whole registers are taken on all cores. Elsewhere, and where gradients are kept, Burn's own
//! are used.

use burn::tensor::activation::{self, gelu, gelu_approximate};
use burn::tensor::{DType, Device, Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Numbers that a core takes at a time: they stay in its first cache.
const PART: usize = 4_096;

const ONLY_F32: &str = "other numbers are computed elsewhere";

/// A function of every number, in the shape that came in.
pub fn apply<const D: usize>(x: Tensor<D>, function: impl Each) -> Tensor<D> {
    if on_processor(&x) {
        in_place(x, PART, |_, values| in_registers(Pass { values, function }))
    } else {
        function.elsewhere(x)
    }
}

/// A function of every sum of two numbers; both have the same shape.
pub fn apply_to_sums<const D: usize>(x: Tensor<D>, other: Tensor<D>, function: impl Each) -> Tensor<D> {
    if !on_processor(&x) || !on_processor(&other) {
        return function.elsewhere(x + other);
    }
    let other = other.into_data();
    let other = numbers(&other);
    in_place(x, PART, |part, values| {
        in_registers(SumPass {
            other: &other[part * PART..][..values.len()],
            values,
            function,
        });
    })
}

/// A function of every number of `[batch, channels, rows, columns]`, on the processor, after its channel's bias was added.
pub fn apply_biased(x: Tensor<4>, bias: Tensor<1>, function: impl Each) -> Tensor<4> {
    let [_, channels, rows, columns] = x.dims();
    let bias = bias.into_data();
    let bias = numbers(&bias);
    in_place(x, rows * columns, |channel, values| {
        let bias = bias[channel % channels];
        in_registers(Pass {
            values,
            function: Biased { bias, function },
        });
    })
}

/// Whether these numbers lie in the processor's memory as they are, without a record of how they came about.
pub fn on_processor<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && x.device() == Device::flex() && !x.is_autodiff()
}

/// Numbers that [`on_processor`] let through.
pub fn numbers(data: &TensorData) -> &[f32] {
    match data.as_slice() {
        Ok(numbers) => numbers,
        Err(error) => unreachable!("{ONLY_F32}: {error}"),
    }
}

/// A function of one number.
pub trait Each: Copy + Send + Sync {
    /// Of a register of numbers.
    fn each<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s;

    /// The same in Burn's words.
    fn elsewhere<const D: usize>(self, x: Tensor<D>) -> Tensor<D>;
}

/// The same for a tensor's numbers.
fn in_place<const D: usize>(x: Tensor<D>, part: usize, work: impl Fn(usize, &mut [f32]) + Sync) -> Tensor<D> {
    let device = x.device();
    let mut data = x.into_data();
    match data.as_mut_slice() {
        Ok(values) => on_all_cores(values, part, work),
        Err(error) => unreachable!("{ONLY_F32}: {error}"),
    }
    Tensor::from_data(data, &device)
}

/// Works on each part of `part` numbers, told its place, on all cores.
pub fn on_all_cores(values: &mut [f32], part: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    values
        .par_chunks_mut(part)
        .enumerate()
        .for_each(|(place, values)| work(place, values));
}

/// Does `pass` in the processor's widest registers.
pub fn in_registers(pass: impl WithSimd<Output = ()>) {
    Arch::new().dispatch(pass);
}

/// A function of numbers.
struct Pass<'a, F> {
    values: &'a mut [f32],
    function: F,
}

impl<F: Each> WithSimd for Pass<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (registers, rest) = S::as_mut_simd_f32s(self.values);
        for x in registers {
            *x = self.function.each(simd, *x);
        }
        let last = self.function.each(simd, simd.partial_load_f32s(rest));
        simd.partial_store_f32s(rest, last);
    }
}

/// A function of sums.
struct SumPass<'a, F> {
    values: &'a mut [f32],
    other: &'a [f32],
    function: F,
}

impl<F: Each> WithSimd for SumPass<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (registers, rest) = S::as_mut_simd_f32s(self.values);
        let (others, rest_others) = S::as_simd_f32s(self.other);
        for (x, &other) in registers.iter_mut().zip(others) {
            *x = self.function.each(simd, simd.add_f32s(*x, other));
        }
        let last = simd.add_f32s(simd.partial_load_f32s(rest), simd.partial_load_f32s(rest_others));
        simd.partial_store_f32s(rest, self.function.each(simd, last));
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// From -30 to 30 in steps of 0.007, and a few that no step meets; not a whole number of registers.
    fn numbers() -> Vec<f32> {
        let grid = (0..8_571).map(|n| n as f32 * 0.007 - 30.0);
        grid.chain([0.0, -0.0, 1e-30, 200.0, -200.0, 1e6, -1e6]).collect()
    }

    fn differ(function: impl Each, expected: impl Fn(f64) -> f64) {
        let values = numbers();
        let x = Tensor::<1>::from_data(values.as_slice(), &Device::flex());
        let found: Vec<f32> = apply(x, function).into_data().try_to_vec().unwrap();
        for (x, found) in values.into_iter().zip(found) {
            let expected = expected(f64::from(x));
            let difference = (f64::from(found) - expected).abs();
            assert!(
                difference <= 5e-7 * expected.abs().max(1.0),
                "at {x}: {found} instead of {expected}"
            );
        }
    }

    #[test]
    fn each_function_is_what_it_says() {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        differ(Relu, |x| x.max(0.0));
        differ(Relu6, |x| x.clamp(0.0, 6.0));
        differ(QuickGelu, |x| x * sigmoid(1.702 * x));
        differ(GeluTanh, |x| {
            0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
        });
        let double = |x: f64| Tensor::<1>::from_data([x], (&Device::flex(), DType::F64));
        differ(Gelu, |x| gelu(double(x)).into_data().try_to_vec::<f64>().unwrap()[0]);
    }

    #[test]
    fn sums_are_those_of_burn() {
        let values = numbers();
        let x = Tensor::<1>::from_data(values.as_slice(), &Device::flex());
        let other = x.clone().flip([0]);
        let found = apply_to_sums(x.clone(), other.clone(), Relu);
        assert_eq!(found.into_data(), activation::relu(x + other).into_data());
    }
}
