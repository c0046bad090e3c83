//! Products of matrices and convolutions on a GPU.
//!
//! Burn's kernels there, chosen without its tuner, walk along the inner dimension of a product one step after the other, and
//! take a convolution for one inner product after the other. So a long inner dimension is cut into pieces that are computed
//! side by side (split-K), and a convolution is a product of its kernels with the numbers that they meet (im2col).
//! `benches/RESULTS.md` says what that gives.

use std::sync::{Mutex, PoisonError};

use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::convolution::Windows;

/// Rows and columns of a result that a kernel computes together, about.
const TILE: usize = 64;
/// Tiles at a time: as many as the largest cards can hold, and results of pieces of at most 64 MiB.
const TILES: usize = 4_096;
/// How long a piece is at least: a shorter one is over before it is worth its start.
const MIN_DEPTH: usize = 128;
/// The same in half precision, which is computed in units for small matrices.
const MIN_HALF_DEPTH: usize = 1_024;
/// With more rows than this, a product fills a card as it is, and adding up its pieces only costs.
const FEW_ROWS: usize = 512;
/// Numbers that a kernel takes at a time: no piece ends between them.
const VECTOR: usize = 4;
/// Gathered numbers that are in the card's memory at a time.
const GATHERED: usize = 1 << 25;
/// Layers whose indices stay on a card; the deepest ResNet has fewer kinds of them.
const KEPT: usize = 64;

/// Whether these numbers lie on a GPU, without a record of how they came about.
pub fn on_gpu<const D: usize>(x: &Tensor<D>) -> bool {
    x.device() != Device::flex() && !x.is_autodiff()
}

/// `[batch, rows, inner]` by `[batch, inner, columns]`; a batch of one serves all of the other's.
pub fn product(a: Tensor<3>, b: Tensor<3>) -> Tensor<3> {
    let ([of_a, rows, inner], [of_b, _, columns]) = (a.dims(), b.dims());
    match pieces_of([rows, inner, columns], of_a.max(of_b), a.dtype()) {
        1 => a.matmul(b),
        pieces => in_pieces(a, b, pieces),
    }
}

/// Into how many pieces the inner dimension of `batch` products of matrices is cut.
pub fn pieces_of([rows, inner, columns]: [usize; 3], batch: usize, dtype: DType) -> usize {
    if rows > FEW_ROWS {
        return 1;
    }
    let tiles = batch * rows.div_ceil(TILE) * columns.div_ceil(TILE);
    let half = dtype == DType::F16;
    let depth = if half { MIN_HALF_DEPTH } else { MIN_DEPTH };
    pieces(inner, depth, TILES / tiles.max(1))
}

/// Into how many pieces of the same length, and of at least `depth`, an inner dimension is cut.
fn pieces(inner: usize, depth: usize, most: usize) -> usize {
    let most = most.min(inner / depth);
    (1..=most)
        .rev()
        .find(|&pieces| inner.is_multiple_of(pieces * VECTOR))
        .unwrap_or(1)
}

fn in_pieces(a: Tensor<3>, b: Tensor<3>, pieces: usize) -> Tensor<3> {
    let ([of_a, rows, inner], [of_b, _, columns]) = (a.dims(), b.dims());
    let a = a.reshape([of_a, rows, pieces, inner / pieces]).swap_dims(1, 2);
    let b = b.reshape([of_b, pieces, inner / pieces, columns]);
    a.matmul(b).sum_dim(1).squeeze_dim(1)
}

/// What a layer computes, `[batch, in, height, width]` to `[batch, out, rows, columns]`.
pub fn convolve_on_gpu(layer: &Conv2d, windows: &Windows, x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let [out, ..] = layer.weight.dims();
    let [rows, columns] = windows.output;
    let cells = windows.kernel.iter().product::<usize>();
    let kernels = layer.weight.val().reshape([1, out, channels * cells]);
    let sums = if windows.are_cells() {
        product(kernels, x.reshape([batch, channels, height * width]))
    } else {
        let places = places(windows, &x.device());
        let at_once = (GATHERED / (channels * cells * rows * columns)).max(1);
        let groups = x.split(at_once, 0).into_iter().map(|x| {
            let met = met(windows, x, places.clone());
            product(kernels.clone(), met)
        });
        Tensor::cat(groups.collect(), 0)
    };
    let sums = match &layer.bias {
        Some(bias) => sums + bias.val().reshape([1, out, 1]),
        None => sums,
    };
    sums.reshape([batch, out, rows, columns])
}

/// Height and width of a picture with the zeros that windows reach.
fn padded(windows: &Windows) -> [usize; 2] {
    [0, 1].map(|axis| {
        let end = (windows.output[axis] - 1) * windows.stride[axis] + windows.kernel[axis];
        end.max(windows.input[axis] + windows.padding[axis])
    })
}

/// [`places_of`] a layer that stay where they were put at its first call: to send indices again would interrupt a card at
/// every layer.
fn places(windows: &Windows, device: &Device) -> Tensor<1, Int> {
    static MADE: Mutex<Vec<(Device, Windows, Tensor<1, Int>)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, _, places)) = made.iter().find(|(on, of, _)| of == windows && on == device) {
        return places.clone();
    }
    if made.len() >= KEPT {
        made.clear();
    }
    let places = places_of(windows, device);
    made.push((device.clone(), *windows, places.clone()));
    places
}

/// Where in a padded picture a cell of a kernel lies in a window: all windows of the first cell, of the second, and so on.
fn places_of(windows: &Windows, device: &Device) -> Tensor<1, Int> {
    let ([kernel_rows, kernel_columns], [rows, columns]) = (windows.kernel, windows.output);
    let [down, right] = windows.stride;
    let width = padded(windows)[1];
    let mut places = Vec::with_capacity(kernel_rows * kernel_columns * rows * columns);
    for cell in 0..kernel_rows * kernel_columns {
        let first = cell / kernel_columns * width + cell % kernel_columns;
        for row in 0..rows {
            let start = first + row * down * width;
            places.extend((0..columns).map(|column| (start + column * right) as i32));
        }
    }
    let shape = [places.len()];
    Tensor::from_data(TensorData::new(places, shape), device)
}

/// The numbers that kernels meet, `[batch, in, height, width]` to `[batch, in * kernel cells, windows]`.
fn met(windows: &Windows, x: Tensor<4>, places: Tensor<1, Int>) -> Tensor<3> {
    let [batch, channels, height, width] = x.dims();
    let [padded_height, padded_width] = padded(windows);
    let [top, left] = windows.padding;
    let zeros = [(top, padded_height - height - top), (left, padded_width - width - left)];
    let x = if zeros == [(0, 0); 2] { x } else { x.pad(zeros, 0.0) };
    let cells = windows.kernel.iter().product::<usize>();
    let flat = x.reshape([batch, channels, padded_height * padded_width]);
    flat.select(2, places)
        .reshape([batch, channels * cells, windows.output.iter().product()])
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    #[test]
    fn pieces_are_as_many_as_pay_and_come_out_even() {
        assert_eq!(pieces(768, 128, 100), 6);
        assert_eq!(pieces(768, 128, 5), 4);
        assert_eq!(pieces(780, 128, 100), 5);
        assert_eq!(pieces(127, 128, 100), 1);
        assert_eq!(pieces_of([50, 768, 768], 1, DType::F32), 6);
        assert_eq!(pieces_of([50, 3_072, 768], 1, DType::F16), 3);
        assert_eq!(
            pieces_of([3_200, 3_072, 768], 1, DType::F32),
            1,
            "there are rows enough"
        );
        assert_eq!(pieces(768, 128, 0), 1);
    }

    #[test]
    fn kept_indices_are_each_layers_own_for_however_many_layers() {
        let device = Device::flex();
        let windows = |rows: usize| Windows {
            kernel: [3, 3],
            stride: [1, 2],
            padding: [1, 1],
            input: [rows, 7],
            output: [rows, 4],
        };
        for rows in (1..=KEPT + 3).chain([2, KEPT]) {
            let windows = windows(rows);
            for _ in 0..2 {
                let (kept, own) = (places(&windows, &device), places_of(&windows, &device));
                assert_eq!(kept.into_data(), own.into_data(), "{rows} rows");
            }
        }
    }

    #[test]
    fn a_product_in_pieces_is_the_product() {
        let device = Device::flex();
        device.seed(4);
        let random = |shape: [usize; 3]| Tensor::<3>::random(shape, Distribution::Default, &device);
        for (of_a, of_b) in [(1, 1), (1, 3), (3, 3)] {
            let (a, b) = (random([of_a, 5, 12]), random([of_b, 12, 7]));
            let difference = in_pieces(a.clone(), b.clone(), 4) - a.matmul(b);
            assert!(difference.abs().max().into_scalar::<f32>() < 1e-5);
        }
    }
}
