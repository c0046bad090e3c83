//! Residual, bias and LayerNorm in one: what a block adds to its stream, and the stream as the next product takes it.

use burn::tensor::{DType, FloatDType, Tensor};
use cubecl::ir::ElemType;
use cubecl::prelude::*;

use super::{Parts, VECTOR, across, added_up, back, cubes, element, in_pieces, on_card, place_in_pieces, room};

/// Units that share a row, at most.
const UNITS: usize = 128;

/// A LayerNorm.
#[derive(Debug, Clone)]
pub struct Scale {
    /// What is multiplied by, `[width]`, in f32.
    pub gamma: Tensor<1>,
    /// What is added, `[width]`, in f32.
    pub beta: Tensor<1>,
    /// Added to the variance.
    pub epsilon: f64,
}

/// The stream `[1, rows, width]` with what was `added`, and its LayerNorm, in pieces.
pub fn add_norm(stream: &Tensor<3>, added: Option<&Parts>, scale: &Scale, pieces: usize) -> Option<[Tensor<3>; 2]> {
    let [_, rows, width] = stream.dims();
    if !width.is_multiple_of(VECTOR * pieces) || stream.dtype() != added.map_or(stream.dtype(), |a| a.products.dtype())
    {
        return None;
    }
    let (before, dtype) = (on_card(stream)?, element(stream.dtype())?);
    let (gamma, beta) = (on_card(&scale.gamma)?, on_card(&scale.beta)?);
    if gamma.dtype != DType::F32 || beta.dtype != DType::F32 {
        return None;
    }
    let vectors = width / VECTOR;
    let units = vectors.next_power_of_two().clamp(32, UNITS);
    let normed = room(&before, [pieces, rows, width / pieces], stream.dtype());
    let client = before.client.clone();
    let Some(added) = added else {
        norm_kernel::launch(
            &client,
            cubes(rows),
            CubeDim::new_1d(units as u32),
            VECTOR,
            before.into_buffer_arg(),
            gamma.into_buffer_arg(),
            beta.into_buffer_arg(),
            normed.clone().into_buffer_arg(),
            rows,
            scale.epsilon as f32,
            vectors,
            vectors / pieces,
            units,
            dtype,
        );
        return Some([stream.clone(), back(normed)]);
    };
    let (products, bias) = (on_card(&added.products)?, on_card(&added.bias)?);
    let of_product = added.products.dims()[0];
    let after = room(&before, [1, rows, width], stream.dtype());
    add_norm_kernel::launch(
        &client,
        cubes(rows),
        CubeDim::new_1d(units as u32),
        VECTOR,
        before.into_buffer_arg(),
        products.into_buffer_arg(),
        bias.into_buffer_arg(),
        gamma.into_buffer_arg(),
        beta.into_buffer_arg(),
        after.clone().into_buffer_arg(),
        normed.clone().into_buffer_arg(),
        rows,
        scale.epsilon as f32,
        vectors,
        of_product,
        vectors / pieces,
        units,
        dtype,
    );
    Some([back(after), back(normed)])
}

/// The same in Burn's words.
pub fn chain(stream: Tensor<3>, added: Option<Parts>, scale: &Scale, pieces: usize) -> [Tensor<3>; 2] {
    let half = stream.dtype() == DType::F16;
    let stream = match added {
        Some(added) => stream + added.sum(),
        None => stream,
    };
    let x = if half {
        stream.clone().cast(FloatDType::F32)
    } else {
        stream.clone()
    };
    let off = x.clone() - x.mean_dim(2);
    let variance = off.clone().square().mean_dim(2);
    let scaled = off / (variance + scale.epsilon).sqrt() * scale.gamma.clone().unsqueeze();
    let normed = scaled + scale.beta.clone().unsqueeze();
    let normed = if half { normed.cast(FloatDType::F16) } else { normed };
    [stream, in_pieces(normed, pieces)]
}

#[cube(launch)]
fn add_norm_kernel<F: Float, N: Size>(
    stream: &[Vector<F, N>],
    products: &[Vector<F, N>],
    bias: &[Vector<F, N>],
    gamma: &[Vector<f32, N>],
    beta: &[Vector<f32, N>],
    after: &mut [Vector<F, N>],
    normed: &mut [Vector<F, N>],
    rows: usize,
    epsilon: f32,
    #[comptime] width: usize,
    #[comptime] of_product: usize,
    #[comptime] normed_width: usize,
    #[comptime] units: usize,
    #[define(F)] _dtype: ElemType,
) {
    let row = (CUBE_POS_Y * CUBE_COUNT_X + CUBE_POS_X) as usize;
    if row >= rows {
        terminate!();
    }
    let unit = UNIT_POS as usize;
    let each = comptime!(width.div_ceil(units));
    let mut held = Array::<Vector<f32, N>>::new(each);
    #[unroll]
    for n in 0..each {
        let column = unit + n * units;
        if column < width {
            let place = row * width + column;
            let sum = added_up::<F, N>(products, bias, row, column, rows, width, of_product);
            // As it is stored, so that it is what the next block reads.
            let stored = Vector::<F, N>::cast_from(Vector::<f32, N>::cast_from(stream[place]) + sum);
            after[place] = stored;
            held[n] = Vector::cast_from(stored);
        }
    }
    norm::<F, N>(
        &mut held,
        gamma,
        beta,
        normed,
        row,
        rows,
        epsilon,
        width,
        normed_width,
        units,
    );
}

#[cube(launch)]
fn norm_kernel<F: Float, N: Size>(
    stream: &[Vector<F, N>],
    gamma: &[Vector<f32, N>],
    beta: &[Vector<f32, N>],
    normed: &mut [Vector<F, N>],
    rows: usize,
    epsilon: f32,
    #[comptime] width: usize,
    #[comptime] normed_width: usize,
    #[comptime] units: usize,
    #[define(F)] _dtype: ElemType,
) {
    let row = (CUBE_POS_Y * CUBE_COUNT_X + CUBE_POS_X) as usize;
    if row >= rows {
        terminate!();
    }
    let unit = UNIT_POS as usize;
    let each = comptime!(width.div_ceil(units));
    let mut held = Array::<Vector<f32, N>>::new(each);
    #[unroll]
    for n in 0..each {
        let column = unit + n * units;
        if column < width {
            held[n] = Vector::cast_from(stream[row * width + column]);
        }
    }
    norm::<F, N>(
        &mut held,
        gamma,
        beta,
        normed,
        row,
        rows,
        epsilon,
        width,
        normed_width,
        units,
    );
}

/// The LayerNorm of a row of which each unit holds every `units`th vector.
#[cube]
fn norm<F: Float, N: Size>(
    held: &mut Array<Vector<f32, N>>,
    gamma: &[Vector<f32, N>],
    beta: &[Vector<f32, N>],
    normed: &mut [Vector<F, N>],
    row: usize,
    rows: usize,
    epsilon: f32,
    #[comptime] width: usize,
    #[comptime] normed_width: usize,
    #[comptime] units: usize,
) {
    let unit = UNIT_POS as usize;
    let each = comptime!(width.div_ceil(units));
    let count = comptime!(width as f32) * f32::cast_from(N::value());
    let mut part = 0.0f32.runtime();
    #[unroll]
    for n in 0..each {
        if unit + n * units < width {
            part += across::<N>(held[n]);
        }
    }
    let mean = sum_of_units(part, units) / count;
    let mut part = 0.0f32.runtime();
    #[unroll]
    for n in 0..each {
        if unit + n * units < width {
            let off = held[n] - Vector::new(mean);
            held[n] = off;
            part += across::<N>(off * off);
        }
    }
    let variance = sum_of_units(part, units) / count;
    let factor = 1.0f32 / f32::sqrt(variance + epsilon);
    #[unroll]
    for n in 0..each {
        let column = unit + n * units;
        if column < width {
            let scaled = held[n] * Vector::new(factor) * gamma[column] + beta[column];
            normed[place_in_pieces(row, column, rows, normed_width)] = Vector::cast_from(scaled);
        }
    }
}

/// The sum of what all units hold; `units` is a power of two.
#[cube]
fn sum_of_units(part: f32, #[comptime] units: usize) -> f32 {
    let mut sums = Shared::<[f32]>::new_slice(units);
    let unit = UNIT_POS as usize;
    sums[unit] = part;
    sync_cube();
    #[unroll]
    for step in 0..comptime!(units.ilog2() as usize) {
        let half = comptime!(units >> (step + 1));
        if unit < half {
            let other = sums[unit + half];
            sums[unit] += other;
        }
        sync_cube();
    }
    let sum = sums[0];
    // Before anyone writes there again.
    sync_cube();
    sum
}
