//! A bias and an activation in one, and the result in the pieces in which the next product takes it.

use burn::tensor::Tensor;
use cubecl::ir::ElemType;
use cubecl::prelude::*;

use super::{Parts, VECTOR, added_up, back, cubes, element, in_pieces, on_card, place_in_pieces, room};
use crate::clip::Activation;
use crate::clip::kernels::elementwise::{Each, Gelu, GeluTanh, QuickGelu};

/// Units of a group.
const UNITS: usize = 256;

/// `activation` of every sum, in pieces.
pub fn bias_activation(x: &Parts, activation: Activation, pieces: usize) -> Option<Tensor<3>> {
    let [of_product, rows, width] = x.products.dims();
    if !width.is_multiple_of(VECTOR * pieces) {
        return None;
    }
    let (products, bias) = (on_card(&x.products)?, on_card(&x.bias)?);
    let out = room(&products, [pieces, rows, width / pieces], x.products.dtype());
    let vectors = width / VECTOR;
    bias_activation_kernel::launch(
        &products.client.clone(),
        cubes((rows * vectors).div_ceil(UNITS)),
        CubeDim::new_1d(UNITS as u32),
        VECTOR,
        products.into_buffer_arg(),
        bias.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        rows,
        vectors,
        of_product,
        vectors / pieces,
        activation as u32,
        element(x.products.dtype())?,
    );
    Some(back(out))
}

/// The same in Burn's words.
pub fn chain(x: Parts, activation: Activation, pieces: usize) -> Tensor<3> {
    let sum = x.sum();
    let activated = match activation {
        Activation::QuickGelu => QuickGelu.elsewhere(sum),
        Activation::Gelu => Gelu.elsewhere(sum),
        Activation::GeluTanh => GeluTanh.elsewhere(sum),
    };
    in_pieces(activated, pieces)
}

#[cube(launch)]
fn bias_activation_kernel<F: Float, N: Size>(
    products: &[Vector<F, N>],
    bias: &[Vector<F, N>],
    out: &mut [Vector<F, N>],
    rows: usize,
    #[comptime] width: usize,
    #[comptime] of_product: usize,
    #[comptime] out_width: usize,
    #[comptime] activation: u32,
    #[define(F)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place >= rows * width {
        terminate!();
    }
    let (row, column) = (place / width, place % width);
    let sum = added_up::<F, N>(products, bias, row, column, rows, width, of_product);
    let activated = activated::<N>(sum, activation);
    out[place_in_pieces(row, column, rows, out_width)] = Vector::cast_from(activated);
}

#[cube]
fn activated<N: Size>(x: Vector<f32, N>, #[comptime] activation: u32) -> Vector<f32, N> {
    let one = Vector::<f32, N>::new(1.0f32);
    if comptime!(activation == Activation::QuickGelu as u32) {
        x / (one + (x * Vector::new(-1.702f32)).exp())
    } else if comptime!(activation == Activation::Gelu as u32) {
        let root = Vector::<f32, N>::new(comptime!(std::f32::consts::FRAC_1_SQRT_2));
        x * Vector::new(0.5f32) * (one + (x * root).erf())
    } else {
        // x (1 + tanh u) / 2 = x / (1 + exp(-2 u)) with u = sqrt(2 / pi) (x + 0.044715 x^3).
        let minus_twice = Vector::<f32, N>::new(-1.595_769f32);
        x / (one + (x * minus_twice * (one + x * x * Vector::new(0.044_715f32))).exp())
    }
}
