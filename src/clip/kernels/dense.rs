//! Linear layers, laid out for the processor where it computes.

use burn::module::{Module, Param, ParamId};
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor, TensorData};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::elementwise::{Each, Gelu, GeluTanh, QuickGelu, Same, in_registers, numbers, on_all_cores, on_processor};
use super::gpu::Parts;
use super::on_gpu::{on_gpu, pieces_of, product};
use crate::clip::{Activation, Checkpoint, Result};

/// Columns of a panel: as many as the processor's products of matrices take at a time in their widest registers, and a
/// divisor of every width in the family.
const PANEL: usize = 64;

/// A product with at most this many times six rows takes panels as they lie: to copy them first pays only where more rows
/// read the copy.
const UNPACKED: usize = 16;

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

    /// The weight for each of so many heads, whose outputs lie side by side: `[heads, in, out / heads]`.
    pub fn of_heads(&self, heads: usize) -> Tensor<3> {
        let [d_input, panels, width] = self.weight.dims();
        let weight = self.weight.val();
        let by_heads = if panels == heads {
            weight
        } else {
            weight.reshape([d_input, heads, panels * width / heads])
        };
        by_heads.swap_dims(0, 1)
    }

    /// One layer for several whose outputs lie side by side. All have the same input.
    pub fn side_by_side(layers: &[&Self]) -> Self {
        let whole = |layer: &&Self| {
            let [d_input, panels, width] = layer.weight.dims();
            layer.weight.val().reshape([d_input, 1, panels * width])
        };
        Self::of(
            Tensor::cat(layers.iter().map(whole).collect(), 2),
            Tensor::cat(layers.iter().map(|layer| layer.bias.val()).collect(), 0),
        )
    }

    /// A layer of a weight `[in, 1, out]` and a bias `[out]`, which is no parameter of the model any more.
    pub fn of(weight: Tensor<3>, bias: Tensor<1>) -> Self {
        Self {
            weight: Param::initialized(ParamId::new(), weight),
            bias: Param::initialized(ParamId::new(), bias),
        }
    }

    /// One of so many layers of the same width that lie side by side in this one.
    pub fn part(&self, number: usize, of: usize) -> Self {
        let width = self.bias.dims()[0] / of;
        Self::of(
            self.weight.val().narrow(2, number * width, width),
            self.bias.val().narrow(0, number * width, width),
        )
    }

    /// Into how many pieces the inner dimension of a product with so many rows is cut on a GPU.
    pub fn pieces(&self, rows: usize) -> usize {
        let [d_input, panels, width] = self.weight.dims();
        pieces_of([rows, d_input, panels * width], 1, self.weight.val().dtype())
    }

    /// Rows in pieces, `[pieces, rows, in / pieces]`, to products that are still to be added up.
    pub fn parts(&self, x: Tensor<3>) -> Parts {
        let [d_input, panels, width] = self.weight.dims();
        let pieces = x.dims()[0];
        let weight = self.weight.val().reshape([pieces, d_input / pieces, panels * width]);
        Parts {
            products: x.matmul(weight),
            bias: self.bias.val(),
        }
    }

    /// The weight the other way round, `[out, in]`: it takes gradients by the outputs to gradients by the inputs.
    pub fn transposed(&self) -> Tensor<2> {
        let [d_input, panels, width] = self.weight.dims();
        self.weight.val().reshape([d_input, panels * width]).transpose()
    }

    /// What is added, `[out]`.
    pub fn bias(&self) -> Tensor<1> {
        self.bias.val()
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
        let [d_input, panels, width] = self.weight.dims();
        let mut shape = x.dims();
        let rows = shape.iter().product::<usize>() / d_input;
        shape[D - 1] = panels * width;
        let x = x.reshape([rows, d_input]);
        if !on_processor(&x) || !on_processor(&self.weight.val()) {
            return function.elsewhere(self.plain(x)).reshape(shape);
        }
        let finished = self.finished(x, |products, panel, bias, out| {
            in_registers(Part {
                products,
                panel,
                bias,
                width,
                out,
                function,
            });
        });
        finished.reshape(shape)
    }

    /// `[rows, in]` to `[rows, out]` in Burn's way.
    fn plain(&self, x: Tensor<2>) -> Tensor<2> {
        let [d_input, panels, width] = self.weight.dims();
        let weight = self.weight.val().reshape([d_input, panels * width]);
        if on_gpu(&x) && on_gpu(&weight) {
            let product = product(x.unsqueeze(), weight.unsqueeze()).squeeze_dim::<2>(0);
            return product + self.bias.val().unsqueeze();
        }
        linear(x, weight, Some(self.bias.val()))
    }

    /// Products of rows with panels, put together to whole rows by `finish`.
    ///
    /// It takes the products from a part's first row in the first panel on, the numbers in a panel's products, a bias for
    /// every column of all panels, and where the part's rows go.
    fn finished(&self, x: Tensor<2>, finish: impl Fn(&[f32], usize, &[f32], &mut [f32]) + Sync) -> Tensor<2> {
        // [1, rows, in] by [panels, in, width]
        let products = x.unsqueeze_dim::<3>(0).matmul(self.weight.val().swap_dims(0, 1));
        let [panels, rows, width] = products.dims();
        let (products, bias) = (products.into_data(), self.bias.val().into_data());
        let (products, bias) = (numbers(&products), numbers(&bias));
        let mut out = vec![0.0; products.len()];
        on_all_cores(&mut out, ROWS * panels * width, |part, out| {
            finish(&products[part * ROWS * width..], rows * width, bias, out);
        });
        Tensor::from_data(TensorData::new(out, [rows, panels * width]), &Device::flex())
    }
}

/// A part of the rows.
struct Part<'a, F> {
    products: &'a [f32],
    panel: usize,
    bias: &'a [f32],
    width: usize,
    out: &'a mut [f32],
    function: F,
}

impl<F: Each> WithSimd for Part<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (bias, width) = (self.bias, self.width);
        for (row, out) in self.out.chunks_exact_mut(bias.len()).enumerate() {
            for (panel, (out, bias)) in out.chunks_exact_mut(width).zip(bias.chunks_exact(width)).enumerate() {
                let products = &self.products[panel * self.panel + row * width..][..width];
                finish(simd, (products, bias), out, self.function);
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

/// Tells the products of matrices, all of this process, to take panels as they lie where few rows read them.
pub fn take_panels_as_they_lie() {
    gemm::set_lhs_packing_threshold_single_thread(UNPACKED);
}

/// A linear layer's weight, row by row, as panels `[panels, in, out / panels]`; none where it would not come out even.
pub fn in_panels(weight: &[f32], d_input: usize) -> Option<TensorData> {
    let d_output = weight.len() / d_input;
    let shape = [d_output / PANEL, d_input, PANEL];
    d_output
        .is_multiple_of(PANEL)
        .then(|| TensorData::new(panels(weight, d_output), shape))
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
    use crate::clip::kernels::elementwise::Relu;

    fn layer(d_input: usize, d_output: usize) -> Dense {
        let device = Device::flex();
        Dense {
            weight: Param::from_tensor(Tensor::random([d_input, 1, d_output], Distribution::Default, &device)),
            bias: Param::from_tensor(Tensor::random([d_output], Distribution::Default, &device)),
        }
    }

    #[test]
    fn a_layer_is_burns_layer_in_panels_and_without() {
        let device = Device::flex();
        device.seed(3);
        for (rows, d_input, d_output) in [(3, 5, 37), (1, 16, 64), (19, 70, 192)] {
            let layer = layer(d_input, d_output);
            let x = Tensor::<2>::random([rows, d_input], Distribution::Default, &device);
            let expected = activation::relu(layer.plain(x.clone()) - 1.5);
            let flat = |layer: &Dense| {
                let weight = layer.weight.val().reshape([d_input * d_output]);
                weight.into_data().try_to_vec::<f32>().unwrap()
            };
            let mut in_panels = layer.clone();
            if let Some(panels) = super::in_panels(&flat(&layer), d_input) {
                let panels = Tensor::from_data(panels, &device);
                in_panels.weight = Param::from_tensor(panels.swap_dims(0, 1));
            }
            let panels = if d_output % PANEL == 0 { d_output / PANEL } else { 1 };
            assert_eq!(in_panels.weight.dims(), [d_input, panels, d_output / panels]);
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
