//! Linear layers, laid out for the processor where it computes.

use burn::module::{Module, Param};
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor, TensorData};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::elementwise::{Each, Gelu, GeluTanh, QuickGelu, Same, in_registers, numbers, on_all_cores, on_processor};
use super::{Activation, Checkpoint, Result};

/// Columns of a panel: as many as the processor's products of matrices take at a time in their widest registers, and a
/// divisor of every width in the family.
const PANEL: usize = 64;

/// Rows that a core gathers at a time.
const ROWS: usize = 8;

/// A linear layer: `[.., in]` to `[.., out]`.
///
/// The weight is `[in, panels, out / panels]`, so row by row always what `[in, out]` would be. As loaded there is one
/// panel. After [`in_panels`] there are several and each lies in the memory as one piece: a product with few rows (one
/// picture is 50 tokens) then reads the weight from end to end, instead of a piece of every row on another page, and the
/// cores take panels as they come.
#[derive(Module, Debug)]
pub struct Dense {
    weight: Param<Tensor<3>>,
    bias: Param<Tensor<1>>,
}

impl Dense {
    /// Loads `{prefix}.weight` and `{prefix}.bias`.
    pub fn load(weights: &mut Checkpoint, prefix: &str, d_input: usize, d_output: usize) -> Result<Self> {
        let weight = weights.linear_weight(&format!("{prefix}.weight"), d_input, d_output)?;
        Ok(Self {
            weight: Param::initialized(weight.id, weight.val().unsqueeze_dim(1)),
            bias: weights.param(&format!("{prefix}.bias"), [d_output])?,
        })
    }

    /// `[.., in]` to `[.., out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.then(x, Same)
    }

    /// `[.., in]` to `activation` of `[.., out]`.
    pub fn activated<const D: usize>(&self, x: Tensor<D>, activation: Activation) -> Tensor<D> {
        match activation {
            Activation::QuickGelu => self.then(x, QuickGelu),
            Activation::Gelu => self.then(x, Gelu),
            Activation::GeluTanh => self.then(x, GeluTanh),
        }
    }

    fn then<const D: usize>(&self, x: Tensor<D>, function: impl Each) -> Tensor<D> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let [d_input, panels, width] = weight.dims();
        let mut shape = x.dims();
        if !on_processor(&x) || !on_processor(&weight) {
            let weight = weight.reshape([d_input, panels * width]);
            return function.elsewhere(linear(x, weight, Some(bias)));
        }
        let rows = shape.iter().product::<usize>() / d_input;
        shape[D - 1] = panels * width;
        // [1, rows, in] by [panels, in, width]
        let sums = x.reshape([1, rows, d_input]).matmul(weight.swap_dims(0, 1));
        let bias = bias.into_data();
        let finish = Finish {
            bias: numbers(&bias),
            width,
            function,
        };
        finish.gathered(sums).reshape(shape)
    }
}

/// What follows the products of rows with panels.
#[derive(Clone, Copy)]
struct Finish<'a, F> {
    /// One number a column of all panels.
    bias: &'a [f32],
    width: usize,
    function: F,
}

impl<F: Each> Finish<'_, F> {
    /// Products `[panels, rows, width]` to whole rows `[rows, panels * width]`, finished.
    fn gathered(self, products: Tensor<3>) -> Tensor<2> {
        let [panels, rows, width] = products.dims();
        let products = products.into_data();
        let products = numbers(&products);
        let mut out = vec![0.0; products.len()];
        on_all_cores(&mut out, ROWS * panels * width, &|part, out| {
            in_registers(Part {
                products: &products[part * ROWS * width..],
                panel: rows * width,
                out,
                finish: self,
            });
        });
        Tensor::from_data(TensorData::new(out, [rows, panels * width]), &Device::flex())
    }
}

/// A part of the rows.
struct Part<'a, F> {
    /// From the part's first row in the first panel on.
    products: &'a [f32],
    /// Numbers in a panel's products.
    panel: usize,
    out: &'a mut [f32],
    finish: Finish<'a, F>,
}

impl<F: Each> WithSimd for Part<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Finish { bias, width, function } = self.finish;
        for (row, out) in self.out.chunks_exact_mut(bias.len()).enumerate() {
            for (panel, (out, bias)) in out.chunks_exact_mut(width).zip(bias.chunks_exact(width)).enumerate() {
                let products = &self.products[panel * self.panel + row * width..][..width];
                finish(simd, (products, bias), out, function);
            }
        }
    }
}

#[inline(always)]
fn finish<S: Simd>(simd: S, (products, bias): (&[f32], &[f32]), out: &mut [f32], function: impl Each) {
    let (products, last_products) = S::as_simd_f32s(products);
    let (biases, last_biases) = S::as_simd_f32s(bias);
    let (registers, last_out) = S::as_mut_simd_f32s(out);
    for ((out, &product), &bias) in registers.iter_mut().zip(products).zip(biases) {
        *out = function.each(simd, simd.add_f32s(product, bias));
    }
    let last = simd.add_f32s(
        simd.partial_load_f32s(last_products),
        simd.partial_load_f32s(last_biases),
    );
    simd.partial_store_f32s(last_out, function.each(simd, last));
}

/// The weight of a linear layer in panels, where the processor computes.
pub fn in_panels<const D: usize>(weight: Tensor<D>) -> Tensor<D> {
    let shape = weight.dims();
    let (d_input, d_output) = (shape[0], shape[1..].iter().product::<usize>());
    if d_output % PANEL != 0 {
        return weight;
    }
    let rows = weight.into_data();
    let panels = TensorData::new(panels(numbers(&rows), d_output), vec![d_output / PANEL, d_input, PANEL]);
    Tensor::from_data(panels, &Device::flex()).swap_dims(0, 1)
}

/// Rows of `width` numbers to panels, one after the other.
fn panels(rows: &[f32], width: usize) -> Vec<f32> {
    let mut panels = vec![0.0; rows.len()];
    panels
        .par_chunks_mut(rows.len() / (width / PANEL))
        .enumerate()
        .for_each(|(panel, out)| {
            for (out, row) in out.chunks_exact_mut(PANEL).zip(rows.chunks_exact(width)) {
                out.copy_from_slice(&row[panel * PANEL..][..PANEL]);
            }
        });
    panels
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, activation};

    use super::*;
    use crate::clip::elementwise::Relu;

    fn layer(d_input: usize, d_output: usize) -> Dense {
        let device = Device::flex();
        Dense {
            weight: Param::from_tensor(Tensor::random([d_input, 1, d_output], Distribution::Default, &device)),
            bias: Param::from_tensor(Tensor::random([d_output], Distribution::Default, &device)),
        }
    }

    fn burns(layer: &Dense, x: Tensor<2>) -> Tensor<2> {
        let [d_input, panels, width] = layer.weight.dims();
        let weight = layer.weight.val().reshape([d_input, panels * width]);
        linear(x, weight, Some(layer.bias.val()))
    }

    #[test]
    fn a_layer_is_burns_layer_in_panels_and_without() {
        let device = Device::flex();
        device.seed(3);
        for (rows, d_input, d_output) in [(3, 5, 37), (1, 16, 64), (19, 70, 192)] {
            let layer = layer(d_input, d_output);
            let x = Tensor::<2>::random([rows, d_input], Distribution::Default, &device);
            let expected = activation::relu(burns(&layer, x.clone()) - 1.5);
            let mut in_panels = layer.clone();
            in_panels.weight = in_panels.weight.map(super::in_panels);
            let panels = if d_output % PANEL == 0 { d_output / PANEL } else { 1 };
            assert_eq!(in_panels.weight.dims(), [d_input, panels, d_output / panels]);
            let flat = |layer: &Dense| layer.weight.val().reshape([d_input * d_output]).into_data();
            assert_eq!(flat(&in_panels), flat(&layer), "row by row as before");
            for layer in [layer, in_panels] {
                let layer = Dense {
                    bias: layer.bias.map(|bias| bias - 1.5),
                    ..layer
                };
                let found = layer.then(x.clone(), Relu);
                assert!((found - expected.clone()).abs().max().into_scalar::<f32>() < 1e-5);
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        let layer = layer(5, 70);
        for activation in [Activation::QuickGelu, Activation::Gelu, Activation::GeluTanh] {
            let x = Tensor::<1>::from_data([f32::NAN, 0.0, 0.0, 0.0, 0.0], &Device::flex());
            let found: Vec<f32> = layer.activated(x, activation).into_data().try_to_vec().unwrap();
            assert!(found.iter().all(|x| x.is_nan()), "{activation:?}: {found:?}");
        }
    }
}
