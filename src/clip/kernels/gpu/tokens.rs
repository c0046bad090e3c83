//! The tokens of a Vision Transformer: patches, the class token before them, positions added.

use burn::tensor::Tensor;
use cubecl::ir::ElemType;
use cubecl::prelude::*;

use super::{VECTOR, back, cubes, element, on_card, room};

/// Units of a group.
const UNITS: usize = 256;

/// What tokens are made of.
#[derive(Debug, Clone)]
pub struct Made {
    /// Products of the patches with their kernels, `[pieces, batch * patches, width]`.
    pub patches: Tensor<3>,
    /// What is added to each, `[width]`.
    pub bias: Tensor<1>,
    /// The token before them, `[width]`.
    pub class: Option<Tensor<1>>,
    /// One a token, `[tokens, width]`.
    pub positions: Tensor<2>,
}

/// Tokens, `[1, batch * tokens, width]`.
pub fn tokens(made: &Made) -> Option<Tensor<3>> {
    let [pieces, of_patches, width] = made.patches.dims();
    let tokens = made.positions.dims()[0];
    let patches = tokens - usize::from(made.class.is_some());
    if !width.is_multiple_of(VECTOR) || patches == 0 || !of_patches.is_multiple_of(patches) {
        return None;
    }
    let rows = of_patches / patches * tokens;
    let (products, positions) = (on_card(&made.patches)?, on_card(&made.positions)?);
    let bias = on_card(&made.bias)?;
    // Where there is none, another buffer stands there, unread.
    let class = on_card(made.class.as_ref().unwrap_or(&made.bias))?;
    let out = room(&products, [1, rows, width], made.patches.dtype());
    let vectors = width / VECTOR;
    tokens_kernel::launch(
        &products.client.clone(),
        cubes((rows * vectors).div_ceil(UNITS)),
        CubeDim::new_1d(UNITS as u32),
        VECTOR,
        products.into_buffer_arg(),
        bias.into_buffer_arg(),
        class.into_buffer_arg(),
        positions.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        rows,
        of_patches,
        tokens,
        vectors,
        pieces,
        made.class.is_some(),
        element(made.patches.dtype())?,
    );
    Some(back(out))
}

/// The same in Burn's words.
pub fn chain(made: Made) -> Tensor<3> {
    let [_, of_patches, width] = made.patches.dims();
    let [count, _] = made.positions.dims();
    let patches = count - usize::from(made.class.is_some());
    let batch = of_patches / patches;
    let tokens = made.patches.sum_dim(0).reshape([batch, patches, width]);
    let tokens = tokens + made.bias.unsqueeze();
    let tokens = match made.class {
        Some(class) => Tensor::cat(vec![class.reshape([1, 1, width]).expand([batch, 1, width]), tokens], 1),
        None => tokens,
    };
    (tokens + made.positions.unsqueeze()).reshape([1, batch * count, width])
}

#[cube(launch)]
fn tokens_kernel<F: Float, N: Size>(
    patches: &[Vector<F, N>],
    bias: &[Vector<F, N>],
    class: &[Vector<F, N>],
    positions: &[Vector<F, N>],
    out: &mut [Vector<F, N>],
    rows: usize,
    of_patches: usize,
    tokens: usize,
    #[comptime] width: usize,
    #[comptime] pieces: usize,
    #[comptime] with_class: bool,
    #[define(F)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place >= rows * width {
        terminate!();
    }
    let (row, column) = (place / width, place % width);
    let (batch, token) = (row / tokens, row % tokens);
    let mut sum = Vector::<f32, N>::cast_from(positions[token * width + column]);
    let mut is_patch = true.runtime();
    let mut patch = batch * tokens + token;
    if with_class {
        is_patch = token > 0;
        // A class token less for every picture, this one's too.
        patch -= batch + 1;
        if token == 0 {
            sum += Vector::<f32, N>::cast_from(class[column]);
        }
    }
    if is_patch {
        #[unroll]
        for piece in 0..pieces {
            sum += Vector::<f32, N>::cast_from(patches[(piece * of_patches + patch) * width + column]);
        }
        sum += Vector::<f32, N>::cast_from(bias[column]);
    }
    out[place] = Vector::cast_from(sum);
}
