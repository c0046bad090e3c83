//! Pictures as bytes to the numbers of an image tower: a quarter of what goes to the card otherwise.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use cubecl::ir::ElemType;
use cubecl::prelude::*;

use super::{back, cubes, element, integers_on_card, room};
use crate::clip::preprocess::pixels::Normalisation;

/// Units of a group.
const UNITS: usize = 256;
/// Bytes that one number of an upload holds.
const WORD: usize = 4;

/// Bytes `[batch, height, width, 3]` to normalised numbers `[batch, 3, height, width]` of this type.
pub fn pixels(
    mut bytes: Vec<u8>,
    [batch, height, width]: [usize; 3],
    how: &Normalisation,
    dtype: DType,
    device: &Device,
) -> Option<Tensor<4>> {
    bytes.resize(bytes.len().next_multiple_of(WORD), 0);
    let words: Vec<i32> = bytes
        .as_chunks::<WORD>()
        .0
        .iter()
        .copied()
        .map(i32::from_le_bytes)
        .collect();
    let shape = [words.len()];
    let words = Tensor::<1, Int>::from_data(TensorData::new(words, shape), (device, DType::I32));
    let words = integers_on_card(&words)?;
    let out = room(&words, [batch, 3, height, width], dtype);
    let count = 3 * batch * height * width;
    pixels_kernel::launch(
        &words.client.clone(),
        cubes(count.div_ceil(UNITS)),
        CubeDim::new_1d(UNITS as u32),
        words.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        count,
        height * width,
        how.rescale_factor,
        how.mean[0],
        how.mean[1],
        how.mean[2],
        how.std[0],
        how.std[1],
        how.std[2],
        element(dtype)?,
    );
    Some(back(out))
}

#[cube(launch)]
fn pixels_kernel<F: Float>(
    words: &[u32],
    out: &mut [F],
    count: usize,
    area: usize,
    factor: f32,
    mean_red: f32,
    mean_green: f32,
    mean_blue: f32,
    std_red: f32,
    std_green: f32,
    std_blue: f32,
    #[define(F)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place >= count {
        terminate!();
    }
    let (plane, at) = (place / area, place % area);
    let channel = plane % 3;
    let byte = (plane / 3 * area + at) * 3 + channel;
    let value = (words[byte / 4] >> ((byte % 4) * 8) as u32) & 255u32;
    let mut mean = mean_red;
    let mut std = std_red;
    if channel == 1 {
        mean = mean_green;
        std = std_green;
    }
    if channel == 2 {
        mean = mean_blue;
        std = std_blue;
    }
    out[place] = F::cast_from((f32::cast_from(value) * factor - mean) / std);
}
