//! Convolutions of 3 x 3 on the processor, as Winograd computes them: F(2 x 2, 3 x 3) of Lavin and Gray, arXiv 1509.09308.
//!
//! A picture is cut into tiles of 4 x 4 that overlap by two; each gives 2 x 2 cells of the output. Tiles and kernels are
//! transformed, so that sixteen products of matrices, one for each place in a tile, do the work of 36: with less than half
//! of the multiplications, and with 16 numbers for every four cells in the memory where columns of neighbourhoods have 36.
//!
//! Kernels are transformed once ([`transformed`]), and then have the shape `[out, in, 4, 4]`, which is how they are told from
//! those as loaded.

mod registers;
#[cfg(test)]
mod tests;

use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::convolution::convolve;
use super::elementwise::{Relu, in_registers, numbers, on_processor};
use registers::{FromPlaces, IntoPlaces};

/// Places in a tile.
const PLACES: usize = 16;
/// Tiles of a channel are filled up to whole registers, the widest.
const REGISTER: usize = 16;
/// Tiles worked on at a time, times channels: their places stay in a core's second cache.
const BLOCK: usize = 8_192;

/// A kernel's row times these is a row of the transformed kernel.
const KERNEL: [[f32; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];
/// And back.
const KERNEL_BACK: [[f32; 4]; 3] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, -1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];

/// Kernels `[out, in, 3, 3]`, row by row, transformed: `[4, 4, out, in]`.
pub fn transformed(kernels: Vec<f32>, output: usize, input: usize) -> TensorData {
    let kernels = TensorData::new(kernels, [output * input, 9]);
    let kernels = Tensor::<2>::from_data(kernels, &Device::flex());
    let places = both_ways(&KERNEL).matmul(kernels.transpose());
    places.reshape([4, 4, output, input]).into_data()
}

/// The layer with its kernels as they were loaded, but for rounding.
fn as_loaded(layer: &Conv2d) -> Conv2d {
    let mut layer = layer.clone();
    layer.weight = layer.weight.map(|kernels| {
        let [output, input, _, _] = kernels.dims();
        let cells = kernels
            .reshape([output * input, PLACES])
            .matmul(both_ways(&KERNEL_BACK).transpose());
        cells.reshape([output, input, 3, 3])
    });
    layer
}

/// Whether a layer's kernels are transformed.
fn is_laid_out(layer: &Conv2d) -> bool {
    let [_, _, rows, columns] = layer.weight.dims();
    [rows, columns] == [4, 4] && layer.kernel_size == [3, 3]
}

/// A transformation of rows, applied to rows and columns: `[to^2, from^2]`.
fn both_ways<const FROM: usize, const TO: usize>(matrix: &[[f32; FROM]; TO]) -> Tensor<2> {
    let mut products = Vec::with_capacity(FROM * FROM * TO * TO);
    for (row, column) in (0..TO * TO).map(|place| (&matrix[place / TO], &matrix[place % TO])) {
        products.extend(row.iter().flat_map(|a| column.iter().map(move |b| a * b)));
    }
    Tensor::from_data(TensorData::new(products, [TO * TO, FROM * FROM]), &Device::flex())
}

/// `[batch, in, height, width]` to `[batch, out, height, width]`: the positive part of what a layer computes that goes in
/// steps of one and has one zero around the picture.
pub fn convolve_3_by_3(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    match (is_laid_out(layer), on_processor(&x)) {
        (true, true) => multiply(layer, x),
        (true, false) => convolve(&as_loaded(layer), x, Relu),
        (false, _) => convolve(layer, x, Relu),
    }
}

fn multiply(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let [batch, input, height, width] = x.dims();
    let kernels = layer.weight.val().swap_dims(1, 3).swap_dims(0, 2);
    let output = kernels.dims()[2];
    let kernels = kernels.reshape([PLACES, output, input]);
    let bias = match &layer.bias {
        Some(bias) => numbers(&bias.val().into_data()).to_vec(),
        None => vec![0.0; output],
    };
    let x = x.into_data();
    let pictures: Vec<&[f32]> = numbers(&x).chunks_exact(input * height * width).collect();
    let mut out = vec![0.0; batch * output * height * width];
    let tiling = Tiling::of([height, width], input);
    tiling.blocks(&mut out, output).into_par_iter().for_each(|mut block| {
        let tiles = block.transformed(&pictures, input);
        let products = kernels.clone().matmul(tiles).into_data();
        block.finish(numbers(&products), &bias);
    });
    Tensor::from_data(TensorData::new(out, [batch, output, height, width]), &Device::flex())
}

/// How the tiles lie on pictures, and how many are worked on at a time.
///
/// A picture with a zero around it is sorted into four planes by whether row and column are even. A tile's sixteen numbers
/// then lie at the tile's own place in the planes, beside it, below it and both; so all tiles are transformed as one line
/// of numbers. At the end of every row of tiles one lies beside the picture; nobody reads what becomes of it.
#[derive(Clone, Copy)]
struct Tiling {
    /// Height and width.
    picture: [usize; 2],
    /// Rows of tiles in a picture.
    rows: usize,
    /// Tiles in a row, and the one beside the picture.
    stride: usize,
    /// Rows of tiles in a block.
    rows_at_once: usize,
    /// Pictures in a block that has all of their rows.
    pictures_at_once: usize,
}

impl Tiling {
    fn of(picture: [usize; 2], channels: usize) -> Self {
        let [rows, columns] = picture.map(|side| side.div_ceil(2));
        let stride = columns + 1;
        let tiles = (BLOCK / channels).clamp(64, 256);
        Self {
            picture,
            rows,
            stride,
            rows_at_once: (tiles / stride).clamp(1, rows),
            pictures_at_once: (tiles / (rows * stride)).max(1),
        }
    }

    /// Cuts pictures `[pictures, channels, height, width]` into blocks.
    fn blocks<'a>(self, out: &'a mut [f32], channels: usize) -> Vec<Block<'a>> {
        let [height, width] = self.picture;
        let mut blocks = Vec::new();
        for (group, out) in out
            .chunks_mut(self.pictures_at_once * channels * height * width)
            .enumerate()
        {
            let first = blocks.len();
            let starts = (0..self.rows).step_by(self.rows_at_once);
            blocks.extend(starts.map(|first_row| Block {
                tiling: self,
                pictures: group * self.pictures_at_once,
                first_row,
                out: Vec::new(),
            }));
            for channel in out.chunks_exact_mut(height * width) {
                let parts = channel.chunks_mut(2 * self.rows_at_once * width);
                for (block, part) in blocks[first..].iter_mut().zip(parts) {
                    block.out.push(part);
                }
            }
        }
        blocks
    }
}

/// Tiles that are worked on at a time: rows of one picture, or all of several.
struct Block<'a> {
    tiling: Tiling,
    /// The first picture.
    pictures: usize,
    /// The first row of tiles.
    first_row: usize,
    /// Where its cells go, for every channel of every picture.
    out: Vec<&'a mut [f32]>,
}

impl Block<'_> {
    /// Tiles of one picture, in whole registers.
    fn tiles(&self) -> usize {
        let rows = self.tiling.rows_at_once.min(self.tiling.rows - self.first_row);
        (rows * self.tiling.stride).next_multiple_of(REGISTER)
    }

    /// The places of the block's tiles, `[16, channels, pictures * tiles]`, of pictures `[channels, height, width]`.
    fn transformed(&self, pictures: &[&[f32]], channels: usize) -> Tensor<3> {
        let cells = self.tiling.picture.iter().product();
        let pictures = pictures[self.pictures..].iter().take(self.tiling.pictures_at_once);
        let count = self.tiles();
        let all = pictures.len() * count;
        // A channel more: at a distance of a power of two the places would lie in one another's way in the caches.
        let mut places = vec![0.0; PLACES * (channels + 1) * all];
        // A row of tiles more, since the last ones look below and beside them.
        let plane = count + self.tiling.stride + 1;
        let mut planes = vec![0.0; 4 * plane];
        for (picture, channels_of) in pictures.enumerate() {
            for (channel, cells) in channels_of.chunks_exact(cells).enumerate() {
                self.sort(cells, &mut planes, plane);
                let start = channel * all + picture * count;
                in_registers(IntoPlaces {
                    planes: &planes,
                    plane,
                    stride: self.tiling.stride,
                    places: places
                        .chunks_exact_mut((channels + 1) * all)
                        .map(|place| &mut place[start..][..count])
                        .collect(),
                });
            }
        }
        let places = TensorData::new(places, [PLACES, channels + 1, all]);
        Tensor::<3>::from_data(places, &Device::flex()).narrow(1, 0, channels)
    }

    /// Sorts cells into planes by whether row and column are even, the zero around the picture counted. Where there is no
    /// cell, the zero stays.
    fn sort(&self, cells: &[f32], planes: &mut [f32], plane: usize) {
        let (width, stride) = (self.tiling.picture[1], self.tiling.stride);
        // With the zeros above, the first row of a tile has twice the tile's row.
        let first = (2 * self.first_row).saturating_sub(1);
        let rows = plane / stride * 2;
        for (row, cells) in cells.chunks_exact(width).enumerate().skip(first) {
            let row = row + 1 - 2 * self.first_row;
            if row >= rows {
                break;
            }
            let (even, odd) = planes[2 * (row % 2) * plane..][..2 * plane].split_at_mut(plane);
            let (even, odd) = (&mut even[row / 2 * stride + 1..], &mut odd[row / 2 * stride..]);
            // The first cell has column 1.
            for (pair, odd) in cells.chunks(2).zip(odd) {
                *odd = pair[0];
            }
            for (pair, even) in cells.chunks_exact(2).zip(even) {
                *even = pair[1];
            }
        }
    }

    /// Takes the products `[16, channels, pictures * tiles]` to where the block's cells go.
    fn finish(&mut self, products: &[f32], bias: &[f32]) {
        let count = self.tiles();
        let all = self.out.len() / bias.len() * count;
        let mut cells = vec![0.0; 4 * count];
        for (place, out) in self.out.iter_mut().enumerate() {
            let (picture, channel) = (place / bias.len(), place % bias.len());
            let start = channel * all + picture * count;
            in_registers(FromPlaces {
                places: products
                    .chunks_exact(bias.len() * all)
                    .map(|place| &place[start..][..count])
                    .collect(),
                bias: bias[channel],
                cells: &mut cells,
            });
            self.tiling.put_together(&cells, count, out);
        }
    }
}

impl Tiling {
    /// Four planes, of the cells in a tile, to rows of a picture.
    fn put_together(&self, cells: &[f32], count: usize, out: &mut [f32]) {
        for (row, out) in out.chunks_exact_mut(self.picture[1]).enumerate() {
            let (left, right) = cells[2 * (row % 2) * count..][..2 * count].split_at(count);
            let place = row / 2 * self.stride;
            for (pair, (&left, &right)) in out.chunks_mut(2).zip(left[place..].iter().zip(&right[place..])) {
                pair[0] = left;
                if let Some(cell) = pair.get_mut(1) {
                    *cell = right;
                }
            }
        }
    }
}
