//! Kernels of our own on a GPU, one file each, beside the chain of Burn's operations that each replaces.
//!
//! A launch costs the processor some microseconds whatever it computes, and every operation of a chain takes its numbers
//! from the card's memory and puts them back. So what lies between two products of matrices is one launch here. A kernel
//! computes in f32 whatever type its numbers are stored in, uses shared memory alone (no subgroups, whose size differs
//! from card to card), and says `None` where numbers are not on a GPU, belong to a graph, or have a shape that it does
//! not take: then the chain does the work.
//!
//! Rows may lie in pieces, `[pieces, rows, width / pieces]`: a product with a long inner dimension is then as many
//! products side by side, and whoever takes its results adds them up (see [`super::on_gpu`]).

#![allow(
    clippy::too_many_arguments,
    reason = "what a kernel knows comes as arguments: numbers that change, and those that it is compiled for"
)]

pub mod adamw;
pub mod add_norm;
pub mod attention;
pub mod bias_activation;
pub mod pixels;
pub mod tokens;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{DType, Int, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::{ElemType, FloatKind};
use cubecl::prelude::*;

/// Numbers that a unit takes at a time.
const VECTOR: usize = 4;
/// The most groups of units in one direction that every graphics API takes.
const MOST_CUBES: usize = 65_535;

/// `off` leaves all to Burn's operations: to compare both on a card, or where a driver compiles one of the kernels wrongly.
const VARIABLE: &str = "CLIPSIGHT_KERNELS";

static ASKED: LazyLock<AtomicBool> =
    LazyLock::new(|| AtomicBool::new(std::env::var_os(VARIABLE).is_none_or(|value| value != "off")));

/// Whether these kernels may be used at all: they are not where a card was found to compute something else with them.
pub fn use_own(own: bool) {
    ASKED.store(own, Ordering::Relaxed);
}

/// Whether they may be.
pub fn are_used() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Products that are still to be added up, `[pieces, rows, width]`, and what is added to their sum, `[width]`.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The products.
    pub products: Tensor<3>,
    /// The bias.
    pub bias: Tensor<1>,
}

impl Parts {
    /// The sum, `[1, rows, width]`, in Burn's words.
    pub fn sum(self) -> Tensor<3> {
        let products = match self.products.dims()[0] {
            1 => self.products,
            _ => self.products.sum_dim(0),
        };
        products + self.bias.unsqueeze()
    }
}

/// Rows `[1, rows, width]` in pieces, `[pieces, rows, width / pieces]`, in Burn's words.
pub fn in_pieces(x: Tensor<3>, pieces: usize) -> Tensor<3> {
    let [_, rows, width] = x.dims();
    match pieces {
        1 => x,
        _ => x.reshape([rows, pieces, width / pieces]).swap_dims(0, 1),
    }
}

/// Where the numbers of a tensor lie on a GPU; none where they lie elsewhere or belong to a graph.
fn on_card<const D: usize>(x: &Tensor<D>) -> Option<CubeTensor> {
    if !are_used() || x.is_autodiff() {
        return None;
    }
    let tensor = x.clone().try_into_primitive::<CubeBackend>().ok()?;
    Some(into_contiguous(tensor))
}

fn integers_on_card(x: &Tensor<1, Int>) -> Option<CubeTensor> {
    let usable = are_used() && !x.is_autodiff();
    let tensor = usable.then(|| x.clone().try_into_primitive::<CubeBackend>());
    Some(into_contiguous(tensor?.ok()?))
}

fn back<const D: usize>(x: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<CubeBackend>(x)
}

/// Room for results of this shape, where `x` lies.
fn room<const D: usize>(x: &CubeTensor, shape: [usize; D], dtype: DType) -> CubeTensor {
    empty_device_contiguous_dtype(x.client.clone(), x.device.clone(), shape.into(), dtype)
}

/// How numbers of this type are stored; none for types that no kernel here takes.
fn element(dtype: DType) -> Option<ElemType> {
    match dtype {
        DType::F32 => Some(ElemType::Float(FloatKind::F32)),
        DType::F16 => Some(ElemType::Float(FloatKind::F16)),
        _ => None,
    }
}

/// So many groups, in two directions where one does not hold them.
fn cubes(count: usize) -> CubeCount {
    let across = count.clamp(1, MOST_CUBES);
    CubeCount::Static(across as u32, count.div_ceil(across) as u32, 1)
}

/// Where a row's column lies, where columns are cut into pieces of `width`.
#[cube]
fn place_in_pieces(row: usize, column: usize, rows: usize, #[comptime] width: usize) -> usize {
    (column / width * rows + row) * width + column % width
}

/// One column of a row of products in pieces, added up, with the bias.
#[cube]
fn added_up<F: Float, N: Size>(
    products: &[Vector<F, N>],
    bias: &[Vector<F, N>],
    row: usize,
    column: usize,
    rows: usize,
    #[comptime] width: usize,
    #[comptime] pieces: usize,
) -> Vector<f32, N> {
    let mut sum = Vector::<f32, N>::cast_from(bias[column]);
    #[unroll]
    for piece in 0..pieces {
        sum += Vector::<f32, N>::cast_from(products[(piece * rows + row) * width + column]);
    }
    sum
}

/// The sum of a vector's numbers.
#[cube]
fn across<N: Size>(x: Vector<f32, N>) -> f32 {
    let mut sum = 0.0f32.runtime();
    #[unroll]
    for lane in 0..N::value() {
        sum += x.extract(lane);
    }
    sum
}
