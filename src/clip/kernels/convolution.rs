//! Convolutions on the processor as products of matrices: every kernel's neighbourhood becomes a column, and the kernels
//! are the other matrix as they lie. Burn's backend there sorts kernels and picture anew at every call, on one core. For a
//! GPU see [`super::on_gpu`].

use std::ops::Range;

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::nn::pool::AvgPool2dConfig;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::elementwise::{Each, apply, apply_biased, numbers, on_processor};
use super::on_gpu::{convolve_on_gpu, on_gpu};

/// `[batch, in, height, width]` to `[batch, out, rows, columns]`: what `layer` computes, and then `function` of it.
pub fn convolve(layer: &Conv2d, x: Tensor<4>, function: impl Each) -> Tensor<4> {
    let weight = layer.weight.val();
    let windows = match Windows::of(layer, &x) {
        Some(windows) if on_processor(&x) && on_processor(&weight) => windows,
        Some(windows) if on_gpu(&x) && on_gpu(&weight) => {
            return function.elsewhere(convolve_on_gpu(layer, &windows, x));
        }
        // In Burn's own way, where gradients are kept, and for layers of other kinds.
        _ => return function.elsewhere(layer.forward(x)),
    };
    let sums = if windows.are_cells() {
        windows.product(layer, x)
    } else {
        // One picture at a time: the columns of a batch would fill the memory.
        let pictures = x.split(1, 0).into_iter();
        Tensor::cat(
            pictures.map(|x| windows.product(layer, windows.columns(x))).collect(),
            0,
        )
    };
    match &layer.bias {
        Some(bias) => apply_biased(sums, bias.val(), function),
        None => apply(sums, function),
    }
}

/// The averages of squares of cells, `[batch, channels, height, width]` to that many times fewer rows and columns; what is
/// left at the end is left out.
pub fn average_squares(x: Tensor<4>, side: usize) -> Tensor<4> {
    if !on_processor(&x) {
        return AvgPool2dConfig::new([side; 2]).init().forward(x);
    }
    let [batch, channels, height, width] = x.dims();
    let (rows, columns) = (height / side, width / side);
    let mut averages = vec![0.0; batch * channels * rows * columns];
    averages
        .par_chunks_mut(rows * columns)
        .zip(numbers(&x.into_data()).par_chunks(height * width))
        .for_each(|(averages, channel)| {
            for (row, averages) in averages.chunks_mut(columns).enumerate() {
                average_row(&channel[row * side * width..], width, side, averages);
            }
        });
    Tensor::from_data(
        TensorData::new(averages, [batch, channels, rows, columns]),
        &Device::flex(),
    )
}

fn average_row(numbers: &[f32], width: usize, side: usize, averages: &mut [f32]) {
    for (place, average) in averages.iter_mut().enumerate() {
        let mut sum = 0.0;
        for line in 0..side {
            for number in &numbers[line * width + place * side..][..side] {
                sum += number;
            }
        }
        *average = sum / (side * side) as f32;
    }
}

/// Where the kernels of a layer lie on a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Rows and columns of a kernel.
    pub kernel: [usize; 2],
    /// From a window to the next, below and beside it.
    pub stride: [usize; 2],
    /// Zeros above and to the left.
    pub padding: [usize; 2],
    /// Height and width of a picture.
    pub input: [usize; 2],
    /// Rows and columns of windows.
    pub output: [usize; 2],
}

impl Windows {
    /// None for layers in groups, with gaps in their kernels, or with zeros where they cannot be told apart.
    fn of(layer: &Conv2d, x: &Tensor<4>) -> Option<Self> {
        let plain = layer.groups == 1 && layer.dilation == [1, 1];
        let [top, left, bottom, right] = match layer.padding {
            PaddingConfig2d::Explicit(top, left, bottom, right) => [top, left, bottom, right],
            PaddingConfig2d::Same if layer.kernel_size != [1, 1] => return None,
            PaddingConfig2d::Same | PaddingConfig2d::Valid => [0; 4],
        };
        if !plain {
            return None;
        }
        let [_, _, height, width] = x.dims();
        let (kernel, stride) = (layer.kernel_size, layer.stride);
        let padded = [height + top + bottom, width + left + right];
        let count = |axis: usize| Some(padded[axis].checked_sub(kernel[axis])? / stride[axis] + 1);
        Some(Self {
            kernel,
            stride,
            padding: [top, left],
            input: [height, width],
            output: [count(0)?, count(1)?],
        })
    }

    /// Whether every window is one cell, and every cell a window: then the picture is its own columns.
    pub fn are_cells(&self) -> bool {
        self.kernel == [1, 1] && self.output == self.input
    }

    /// Columns `[batch, in * kernel cells, rows, columns]` to `[batch, out, rows, columns]`, without the bias.
    fn product(&self, layer: &Conv2d, columns: Tensor<4>) -> Tensor<4> {
        let [out, channels, _, _] = layer.weight.dims();
        let inner = channels * self.kernel.iter().product::<usize>();
        let weight = layer.weight.val().reshape([out, inner, 1, 1]);
        conv2d(columns, weight, None, ConvOptions::new([1, 1], [0, 0], [1, 1], 1))
    }

    /// One picture, `[1, in, height, width]` to `[1, in * kernel cells, rows, columns]`: for every cell of the kernel the
    /// numbers that it meets.
    fn columns(&self, x: Tensor<4>) -> Tensor<4> {
        let channels = x.dims()[1];
        let [[rows, columns], [kernel_rows, kernel_columns]] = [self.output, self.kernel];
        let cells = kernel_rows * kernel_columns;
        let mut met = vec![0.0; channels * cells * rows * columns];
        met.par_chunks_mut(cells * rows * columns)
            .zip(numbers(&x.into_data()).par_chunks(self.input.iter().product()))
            .for_each(|(met, channel)| {
                for (cell, met) in met.chunks_mut(rows * columns).enumerate() {
                    self.meet([cell / kernel_columns, cell % kernel_columns], channel, met);
                }
            });
        let shape = [1, channels * cells, rows, columns];
        Tensor::from_data(TensorData::new(met, shape), &Device::flex())
    }

    /// The numbers of one channel that one cell of the kernel meets, window by window; zeros outside stay.
    fn meet(&self, cell: [usize; 2], channel: &[f32], met: &mut [f32]) {
        let width = self.input[1];
        let [above, before] = [0, 1].map(|axis| self.inside(axis, cell[axis]));
        if before.is_empty() {
            return;
        }
        for row in above {
            let y = row * self.stride[0] + cell[0] - self.padding[0];
            let met = &mut met[row * self.output[1]..][before.clone()];
            let first = before.start * self.stride[1] + cell[1] - self.padding[1];
            let numbers = &channel[y * width + first..];
            if self.stride[1] == 1 {
                met.copy_from_slice(&numbers[..met.len()]);
            } else {
                let numbers = numbers.iter().step_by(self.stride[1]);
                met.iter_mut().zip(numbers).for_each(|(met, &number)| *met = number);
            }
        }
    }

    /// The windows in which this cell of the kernel lies on the picture.
    fn inside(&self, axis: usize, cell: usize) -> Range<usize> {
        let (padding, stride) = (self.padding[axis], self.stride[axis]);
        let first = padding.saturating_sub(cell).div_ceil(stride);
        let end = (self.input[axis] + padding).saturating_sub(cell).div_ceil(stride);
        first..end.min(self.output[axis]).max(first)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::nn::conv::Conv2dConfig;
    use burn::tensor::activation::relu;

    use super::*;
    use crate::clip::kernels::elementwise::Relu;

    #[test]
    fn it_computes_what_burn_computes() {
        let device = Device::flex();
        device.seed(1);
        for (kernel, stride, padding) in [
            (1, 1, 0),
            (3, 1, 1),
            (3, 2, 1),
            (4, 4, 0),
            (5, 3, 2),
            (2, 1, 0),
            (3, 1, 3),
            (11, 1, 3),
        ] {
            let layer = Conv2dConfig::new([3, 4], [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                .init(&device);
            let x = Tensor::<4>::random([2, 3, 7, 10], burn::tensor::Distribution::Default, &device);
            let layer = Conv2d {
                bias: Some(Param::from_tensor(Tensor::from_data([0.5, -0.5, 0.1, 0.0], &device))),
                ..layer
            };
            let windows = Windows::of(&layer, &x).unwrap();
            let found = [
                convolve(&layer, x.clone(), Relu),
                relu(convolve_on_gpu(&layer, &windows, x.clone())),
            ];
            let expected = relu(layer.forward(x));
            for found in found {
                assert_eq!(found.dims(), expected.dims());
                let difference = (found - expected.clone()).abs().max().into_scalar::<f32>();
                assert!(difference < 1e-5, "kernel {kernel}, stride {stride}: {difference}");
            }
        }
    }

    #[test]
    fn averages_are_those_of_burn() {
        let device = Device::flex();
        device.seed(2);
        for side in [2, 3] {
            let x = Tensor::<4>::random([2, 3, 7, 10], burn::tensor::Distribution::Default, &device);
            let (found, expected) = (
                average_squares(x.clone(), side),
                AvgPool2dConfig::new([side; 2]).init().forward(x),
            );
            assert_eq!(found.dims(), expected.dims());
            assert!((found - expected).abs().max().into_scalar::<f32>() < 1e-6);
        }
    }
}
