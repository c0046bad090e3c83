//! Attention over queries, keys and values that lie side by side, as one product makes them.
//!
//! A unit follows one query: it holds it and what was gathered for it, and goes through all keys, which its group keeps in
//! shared memory a tile at a time. The softmax is kept up as keys come (Milakov and Gimelshein 2018, arXiv 1805.02867).

use burn::tensor::Tensor;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use cubecl::ir::ElemType;
use cubecl::prelude::*;

use super::{MOST_CUBES, Parts, VECTOR, across, added_up, back, element, in_pieces, on_card, place_in_pieces, room};

/// Queries of a group.
const UNITS: usize = 64;
/// Keys of a tile, at most and at least.
const TILE: [usize; 2] = [32, 4];
/// Bytes of shared memory that every graphics API gives.
const SHARED: usize = 16_384;
/// Numbers of a head that a unit can hold.
const MOST_OF_HEAD: usize = 128;

/// Who attends to whom.
#[derive(Debug, Clone, Copy)]
pub struct Attending {
    /// Sequences.
    pub batch: usize,
    /// Tokens of each.
    pub tokens: usize,
    /// The first so many of them ask.
    pub asking: usize,
    /// Heads, side by side.
    pub heads: usize,
    /// Whether later tokens are hidden.
    pub causal: bool,
}

/// Products `[pieces, batch * tokens, 3 * width]` of queries, keys and values to what the asking tokens gather, all heads
/// side by side, `[1, batch * asking, width]` in pieces.
pub fn attend(qkv: &Parts, who: Attending, pieces: usize) -> Option<Tensor<3>> {
    let [of_product, rows, triple] = qkv.products.dims();
    let width = triple / 3;
    let head = width / who.heads;
    let fits = head.is_multiple_of(VECTOR) && head <= MOST_OF_HEAD && width.is_multiple_of(VECTOR * pieces);
    if !fits || who.batch * who.heads > MOST_CUBES {
        return None;
    }
    let (products, bias) = (on_card(&qkv.products)?, on_card(&qkv.bias)?);
    let dtype = element(qkv.products.dtype())?;
    let hardware = &products.client.properties().hardware;
    if (hardware.max_units_per_cube as usize) < UNITS || hardware.max_bindings < 3 {
        return None;
    }
    let tile = hardware.max_shared_memory_size.min(SHARED) / (2 * head * size_of::<f32>());
    let tile = (tile >= TILE[1]).then_some(tile.min(TILE[0]))?;
    let out = room(
        &products,
        [pieces, who.batch * who.asking, width / pieces],
        qkv.products.dtype(),
    );
    attention_kernel::launch(
        &products.client.clone(),
        CubeCount::Static(who.asking.div_ceil(UNITS) as u32, (who.batch * who.heads) as u32, 1),
        CubeDim::new_1d(UNITS as u32),
        VECTOR,
        products.into_buffer_arg(),
        bias.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        rows,
        who.tokens,
        who.asking,
        1.0 / (head as f32).sqrt(),
        who.heads,
        head / VECTOR,
        of_product,
        width / VECTOR / pieces,
        tile,
        who.causal,
        dtype,
    );
    Some(back(out))
}

/// The same in Burn's words.
pub fn chain(qkv: Parts, who: Attending, pieces: usize) -> Tensor<3> {
    let all = qkv.sum();
    let width = all.dims()[2] / 3;
    let part = |number: usize| {
        let part = all.clone().narrow(2, number * width, width);
        part.reshape([who.batch, who.tokens, who.heads, width / who.heads])
            .swap_dims(1, 2)
    };
    let options = AttentionModuleOptions {
        is_causal: who.causal,
        ..Default::default()
    };
    let gathered = attention(part(0), part(1), part(2), None, None, options);
    let asking = gathered.swap_dims(1, 2).narrow(1, 0, who.asking);
    in_pieces(asking.reshape([1, who.batch * who.asking, width]), pieces)
}

#[cube(launch)]
fn attention_kernel<F: Float, N: Size>(
    qkv: &[Vector<F, N>],
    bias: &[Vector<F, N>],
    out: &mut [Vector<F, N>],
    rows: usize,
    tokens: usize,
    asking: usize,
    scale: f32,
    #[comptime] heads: usize,
    #[comptime] head: usize,
    #[comptime] of_product: usize,
    #[comptime] out_width: usize,
    #[comptime] tile: usize,
    #[comptime] causal: bool,
    #[define(F)] _dtype: ElemType,
) {
    let width = comptime!(3 * heads * head);
    let unit = UNIT_POS as usize;
    let batch = CUBE_POS_Y as usize / heads;
    let column = CUBE_POS_Y as usize % heads * head;
    let asks = CUBE_POS_X as usize * UNITS + unit;
    let mut query = Array::<Vector<f32, N>>::new(head);
    let mut gathered = Array::<Vector<f32, N>>::new(head);
    #[unroll]
    for n in 0..head {
        query[n] = Vector::new(0.0f32);
        gathered[n] = Vector::new(0.0f32);
    }
    if asks < asking {
        let row = batch * tokens + asks;
        #[unroll]
        for n in 0..head {
            let sum = added_up::<F, N>(qkv, bias, row, column + n, rows, width, of_product);
            query[n] = sum * Vector::new(scale);
        }
    }
    let mut highest = (-1e30f32).runtime();
    let mut weight = 0.0f32.runtime();
    let mut keys = Shared::<[Vector<f32, N>]>::new_slice(comptime!(tile * head));
    let mut values = Shared::<[Vector<f32, N>]>::new_slice(comptime!(tile * head));
    for number in 0..tokens.div_ceil(tile) {
        let first = number * tile;
        for n in 0..comptime!((tile * head).div_ceil(UNITS)) {
            let place = n * UNITS + unit;
            let token = first + place / head;
            if place < comptime!(tile * head) && token < tokens {
                let (row, at) = (batch * tokens + token, column + place % head);
                let of_key = comptime!(heads * head) + at;
                let of_value = comptime!(2 * heads * head) + at;
                keys[place] = added_up::<F, N>(qkv, bias, row, of_key, rows, width, of_product);
                values[place] = added_up::<F, N>(qkv, bias, row, of_value, rows, width, of_product);
            }
        }
        sync_cube();
        let mut end = tokens - first;
        if end > tile {
            end = tile;
        }
        if causal {
            if asks < first {
                end = 0usize;
            } else if asks + 1 - first < end {
                end = asks + 1 - first;
            }
        }
        for key in 0..end {
            let mut products = Vector::<f32, N>::new(0.0f32);
            #[unroll]
            for n in 0..head {
                products += query[n] * keys[key * head + n];
            }
            let logit = across::<N>(products);
            if logit > highest {
                let shrink = (highest - logit).exp();
                weight *= shrink;
                #[unroll]
                for n in 0..head {
                    gathered[n] *= Vector::new(shrink);
                }
                highest = logit;
            }
            let share = (logit - highest).exp();
            weight += share;
            #[unroll]
            for n in 0..head {
                gathered[n] += values[key * head + n] * Vector::new(share);
            }
        }
        sync_cube();
    }
    if asks < asking {
        let row = batch * asking + asks;
        let out_rows = rows / tokens * asking;
        #[unroll]
        for n in 0..head {
            let place = place_in_pieces(row, column + n, out_rows, out_width);
            out[place] = Vector::cast_from(gathered[n] * Vector::new(1.0f32 / weight));
        }
    }
}
