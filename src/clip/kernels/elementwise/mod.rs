//! The functions that towers apply to every number, on the processor: Burn's backend there takes one number after the
//! other on one core, here whole registers are taken on all cores. Elsewhere, and where gradients are kept, Burn's own
//! are used.

mod functions;

use burn::tensor::{DType, Device, Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

pub use functions::{Biased, Gelu, GeluTanh, QuickGelu, Relu, Relu6, Same};

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

#[cfg(test)]
mod tests {
    use burn::tensor::activation::{self, gelu};

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
