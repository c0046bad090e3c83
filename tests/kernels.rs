//! Kernels of our own on a GPU equal the chains of operations that they replace, on a software adapter (WGSL; it has no
//! f16; a real GPU has, see `software`), for the shapes of the family and some that come out even nowhere.

use std::time::Instant;

use burn::tensor::{DType, Device, Distribution, FloatDType, Tensor, TensorData};
use clipsight::clip::kernels::gpu::{Parts, adamw, add_norm, attention, bias_activation, in_pieces, pixels, tokens};
use clipsight::clip::{Activation, Normalisation};

mod software;

use software::software;

/// How far a result may lie from the chain's, as a share of the largest number in it: in f32, and in f16, which chains round to
/// after every operation.
const TOLERANCE: [f32; 2] = [1e-5, 1e-2];

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn parts(shape: [usize; 3], device: &Device, dtype: FloatDType) -> Parts {
    Parts {
        products: random(shape, device).cast(dtype),
        bias: random([shape[2]], device).cast(dtype),
    }
}

/// The types of numbers that a device computes in.
fn types(device: &Device) -> Vec<FloatDType> {
    match device.supports_dtype(DType::F16) {
        true => vec![FloatDType::F32, FloatDType::F16],
        false => vec![FloatDType::F32],
    }
}

fn differ<const D: usize>(what: &str, found: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let tolerance = TOLERANCE[usize::from(found.dtype() == DType::F16)];
    let numbers = |x: Tensor<D>| x.cast(FloatDType::F32).into_data().try_to_vec::<f32>().unwrap();
    let [found, expected] = [found, expected].map(numbers);
    let largest = expected.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance * largest.max(1.0),
            "{what}: {found} instead of {expected} at {place}"
        );
    }
}

#[test]
fn residual_bias_and_norm_equal_their_chain() {
    let Some((_turn, device)) = software() else { return };
    for dtype in types(&device) {
        residual_bias_and_norm_in(dtype, &device);
    }
}

fn residual_bias_and_norm_in(dtype: FloatDType, device: &Device) {
    for (rows, width, of_product, pieces) in [(7, 64, 1, 1), (50, 768, 3, 2), (5, 20, 2, 1), (3, 2048, 1, 4)] {
        let (stream, added) = (
            random([1, rows, width], device).cast(dtype),
            parts([of_product, rows, width], device, dtype),
        );
        let scale = add_norm::Scale {
            gamma: random([width], device),
            beta: random([width], device),
            epsilon: 1e-5,
        };
        for added in [Some(added), None] {
            let found = add_norm::add_norm(&stream, added.as_ref(), &scale, pieces).unwrap();
            let expected = add_norm::chain(stream.clone(), added, &scale, pieces);
            for (name, (found, expected)) in ["stream", "norm"].iter().zip(found.into_iter().zip(expected)) {
                differ(&format!("{name} of {rows} x {width}"), found, expected);
            }
        }
    }
}

#[test]
fn bias_and_activation_equal_their_chain() {
    let Some((_turn, device)) = software() else { return };
    for dtype in types(&device) {
        bias_and_activation_in(dtype, &device);
    }
}

fn bias_and_activation_in(dtype: FloatDType, device: &Device) {
    for activation in [Activation::QuickGelu, Activation::Gelu, Activation::GeluTanh] {
        for (rows, width, of_product, pieces) in [(50, 3072, 1, 3), (7, 20, 3, 1)] {
            let x = parts([of_product, rows, width], device, dtype);
            let found = bias_activation::bias_activation(&x, activation, pieces).unwrap();
            differ(
                &format!("{activation:?}"),
                found,
                bias_activation::chain(x, activation, pieces),
            );
        }
    }
}

#[test]
fn attention_equals_its_chain_for_every_number_of_tokens_of_the_family() {
    let Some((_turn, device)) = software() else { return };
    for dtype in types(&device) {
        attention_in(dtype, &device);
    }
}

fn attention_in(dtype: FloatDType, device: &Device) {
    for (batch, tokens, heads, head, asking, causal, of_product, pieces) in [
        (2, 50, 3, 64, 50, false, 1, 1),
        (2, 50, 2, 64, 1, false, 2, 2),
        (2, 77, 2, 64, 77, true, 1, 1),
        (1, 197, 1, 64, 197, false, 1, 1),
        (1, 257, 2, 80, 257, false, 1, 1),
        (1, 577, 1, 64, 577, false, 1, 1),
        (1, 577, 1, 64, 1, false, 1, 1),
        (3, 5, 2, 8, 5, true, 3, 1),
    ] {
        let qkv = parts([of_product, batch * tokens, 3 * heads * head], device, dtype);
        let who = attention::Attending {
            batch,
            tokens,
            asking,
            heads,
            causal,
        };
        let found = attention::attend(&qkv, who, pieces).unwrap();
        differ(&format!("{who:?}"), found, attention::chain(qkv, who, pieces));
    }
}

#[test]
fn tokens_equal_their_chain() {
    let Some((_turn, device)) = software() else { return };
    for dtype in types(&device) {
        tokens_in(dtype, &device);
    }
}

fn tokens_in(dtype: FloatDType, device: &Device) {
    for (with_class, batch, patches, width, pieces) in
        [(true, 3, 4, 32, 2), (false, 2, 9, 20, 1), (true, 1, 49, 768, 1)]
    {
        let made = tokens::Made {
            patches: random([pieces, batch * patches, width], device).cast(dtype),
            bias: random([width], device).cast(dtype),
            class: with_class.then(|| random([width], device).cast(dtype)),
            positions: random([patches + usize::from(with_class), width], device).cast(dtype),
        };
        differ("tokens", tokens::tokens(&made).unwrap(), tokens::chain(made));
    }
}

#[test]
fn bytes_become_the_numbers_that_the_processor_makes_of_them() {
    let Some((_turn, device)) = software() else { return };
    let normalisation = Normalisation {
        rescale_factor: 1.0 / 255.0,
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
        std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
    };
    let (batch, height, width) = (2, 5, 7);
    let bytes: Vec<u8> = (0..batch * height * width * 3).map(|n| (n * 37 % 256) as u8).collect();
    let each = bytes.chunks(height * width * 3).flat_map(|bytes| {
        let picture = clipsight::clip::Pixels {
            bytes: bytes.to_vec(),
            normalisation,
            width,
            height,
        };
        picture.values()
    });
    let shape = [batch, 3, height, width];
    let expected = Tensor::<4>::from_data(TensorData::new(each.collect::<Vec<f32>>(), shape), &Device::flex());
    let found = pixels::pixels(
        bytes,
        [batch, height, width],
        &normalisation,
        burn::tensor::DType::F32,
        &device,
    );
    differ("pixels", found.unwrap(), expected);
}

#[test]
fn a_step_of_adamw_is_the_one_on_the_processor() {
    use burn::optim::{AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer as _};
    let Some((_turn, device)) = software() else { return };
    let [value, gradient, first] = [(); 3].map(|()| random::<1>([1_003], &device));
    let second = random::<1>([1_003], &device).square();
    for time in [0usize, 6] {
        let how = adamw::Step {
            beta_1: 0.9,
            beta_2: 0.98,
            epsilon: 1e-6,
            keep: 1.0 - 0.01 * 0.2,
            rate: 0.01,
            shorten: 0.5,
            time: time + 1,
        };
        let found = adamw::step(&value, &gradient, [&first, &second], &how).unwrap();
        let config = AdamWConfig::new().with_beta_1(0.9).with_beta_2(0.98).with_epsilon(1e-6);
        let there = |x: &Tensor<1>| {
            let values = x.clone().into_data().try_to_vec::<f32>().unwrap();
            Tensor::<1>::from_data(values.as_slice(), &Device::flex())
        };
        let state = AdamWState::new(AdaptiveMomentumState {
            time,
            moment_1: there(&first),
            moment_2: there(&second),
            max_moment_2: None,
        });
        let (new, state) = config.with_weight_decay(0.2).build().step(
            0.01,
            there(&value),
            there(&gradient).mul_scalar(0.5),
            Some(state),
        );
        let momentum = state.unwrap().momentum;
        let expected = [new, momentum.moment_1, momentum.moment_2];
        for (found, expected) in found.into_iter().zip(expected) {
            differ("adamw", found, expected);
        }
    }
}

/// A product whose inner dimension is cut into pieces that are computed side by side and added up.
fn product_in(pieces: usize, a: &Tensor<3>, b: &Tensor<3>) -> Tensor<3> {
    let ([_, rows, inner], [_, _, columns]) = (a.dims(), b.dims());
    let a = in_pieces(a.clone(), pieces);
    let b = b.clone().reshape([pieces, inner / pieces, columns]);
    let products = a.matmul(b);
    match pieces {
        1 => products,
        _ => products.sum_dim(0).reshape([1, rows, columns]),
    }
}

#[test]
fn products_in_pieces_are_the_product() {
    let Some((_turn, device)) = software() else { return };
    let (a, b) = (random([1, 5, 96], &device), random([1, 96, 32], &device));
    for pieces in [2, 3, 6] {
        differ("product", product_in(pieces, &a, &b), product_in(1, &a, &b));
    }
}

/// Milliseconds of a ViT-B's products by the pieces that their inner dimension is cut into: what `pieces_of` decides by, and
/// a first look at whether other routines are worth a search. Says nothing on a software adapter.
#[test]
#[ignore = "measures; benches/gpu.py runs it on a card"]
fn products_of_a_tower_by_pieces() {
    const REPEATS: usize = 20;
    let Some((_turn, device)) = software() else { return };
    for dtype in types(&device) {
        for rows in [50, 400, 3_200] {
            for (inner, columns) in [(768, 2_304), (768, 768), (768, 3_072), (3_072, 768)] {
                let a = random([1, rows, inner], &device).cast(dtype);
                let b = random([1, inner, columns], &device).cast(dtype);
                for pieces in [1, 3, 6] {
                    let wait = |product: Tensor<3>| drop(product.narrow(1, 0, 1).narrow(2, 0, 1).into_data());
                    wait(product_in(pieces, &a, &b));
                    let started = Instant::now();
                    for _ in 1..REPEATS {
                        drop(product_in(pieces, &a, &b));
                    }
                    wait(product_in(pieces, &a, &b));
                    let ms = started.elapsed().as_secs_f64() * 1e3 / REPEATS as f64;
                    let teraflops = 2e-9 * (rows * inner * columns) as f64 / ms;
                    println!("product {rows} x {inner} x {columns} {dtype:?} {pieces} {ms:.4} {teraflops:.2}");
                }
            }
        }
    }
}

#[test]
fn kernels_leave_alone_what_they_do_not_take() {
    let Some((_turn, device)) = software() else { return };
    let who = attention::Attending {
        batch: 1,
        tokens: 5,
        asking: 5,
        heads: 2,
        causal: false,
    };
    let uneven = parts([1, 5, 18], &device, FloatDType::F32);
    assert!(attention::attend(&uneven, who, 1).is_none(), "heads of 3");
    assert!(bias_activation::bias_activation(&uneven, Activation::Gelu, 1).is_none());
    let processor = parts([1, 5, 24], &Device::flex(), FloatDType::F32);
    assert!(attention::attend(&processor, who, 1).is_none());
    assert!(bias_activation::bias_activation(&processor, Activation::Gelu, 1).is_none());
    let of_graph = Parts {
        products: random([1, 5, 24], &device).autodiff().require_grad(),
        bias: random([24], &device),
    };
    assert!(attention::attend(&of_graph, who, 1).is_none());
    assert!(bias_activation::bias_activation(&of_graph, Activation::Gelu, 1).is_none());
}

#[test]
fn pieces_side_by_side_are_the_columns() {
    let x = Tensor::<3>::from_data([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]], &Device::flex());
    let pieces = in_pieces(x, 2).into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(pieces, [1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0]);
}
