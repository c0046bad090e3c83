//! The paper's modified ResNet with a text transformer, in OpenCLIP's layout.

use std::path::Path;

use serde_json::{Value, json};

use super::tokenizer::swap_end_token;
use super::weights::Weights;
use super::{CONTEXT, HEAD_WIDTH, VOCABULARY, write_json};
use crate::clip::{Result, write_flats};
use crate::fine_tune::config::Hyper;

/// Width of a ResNet's last stage, times its first.
const RESNET_FACTOR: usize = 32;
const RESNET_STRIDE: usize = 32;
/// The scale of the last convolution of a bottleneck at the start.
const QUIET: f32 = 0.2;
/// Bottlenecks of each stage.
const STAGES: [usize; 4] = [1; 4];

pub(super) fn write(folder: &Path, hyper: &Hyper, mut weights: Weights) -> Result<()> {
    let first = first_width(hyper);
    stem(&mut weights, first);
    stages(&mut weights, first);
    attention_pool(&mut weights, hyper, first * RESNET_FACTOR);
    open_clip_text(&mut weights, hyper.width, hyper.layers);
    write_json(&folder.join("open_clip_config.json"), &config(hyper))?;
    // Text is pooled at the largest id, which must be the end token.
    swap_end_token(folder)?;
    write_flats(&folder.join("open_clip_model.safetensors"), &weights.flats)
}

/// A stage's bottleneck is a sixteenth of the text's width: the last stage is twice as wide as the text.
fn first_width(hyper: &Hyper) -> usize {
    (hyper.width / 16).max(8)
}

fn stem(weights: &mut Weights, first: usize) {
    let half = first / 2;
    for (n, (output, input)) in [(half, 3), (half, half), (first, half)].into_iter().enumerate() {
        convolution(
            weights,
            &format!("conv{}", n + 1),
            &format!("bn{}", n + 1),
            [output, input, 3, 3],
            1.0,
        );
    }
}

fn stages(weights: &mut Weights, first: usize) {
    let mut input = first;
    for (stage, count) in STAGES.into_iter().enumerate() {
        let inner = first << stage;
        for n in 0..count {
            let block = format!("layer{}.{n}", stage + 1);
            let mut one = |n: usize, shape: [usize; 4], scale: f32| {
                convolution(
                    weights,
                    &format!("{block}.conv{n}"),
                    &format!("{block}.bn{n}"),
                    shape,
                    scale,
                );
            };
            one(1, [inner, input, 1, 1], 1.0);
            one(2, [inner, inner, 3, 3], 1.0);
            one(3, [4 * inner, inner, 1, 1], QUIET);
            if n == 0 {
                let (name, norm) = (format!("{block}.downsample.0"), format!("{block}.downsample.1"));
                convolution(weights, &name, &norm, [4 * inner, input, 1, 1], 1.0);
            }
            input = 4 * inner;
        }
    }
}

fn attention_pool(weights: &mut Weights, hyper: &Hyper, last: usize) {
    let scale = (last as f32).powf(-0.5);
    let cells = (hyper.image_size / RESNET_STRIDE).pow(2);
    weights.normal("visual.attnpool.positional_embedding", &[cells + 1, last], scale);
    for part in ["q_proj", "k_proj", "v_proj"] {
        weights.linear(&format!("visual.attnpool.{part}"), [last, last], scale);
    }
    weights.linear("visual.attnpool.c_proj", [hyper.width, last], scale);
}

fn config(hyper: &Hyper) -> Value {
    let (width, side) = (hyper.width, hyper.image_size);
    json!({
        "model_cfg": {
            "embed_dim": width, "quick_gelu": true,
            "vision_cfg": {"image_size": side, "layers": STAGES, "width": first_width(hyper), "head_width": HEAD_WIDTH},
            "text_cfg": {
                "context_length": CONTEXT, "vocab_size": VOCABULARY, "width": width, "heads": width / HEAD_WIDTH,
                "layers": hyper.layers,
                // Any name: open_clip then takes the tokenizer that lies beside the configuration.
                "hf_tokenizer_name": "clipsight",
            },
        },
        "preprocess_cfg": {},
    })
}

/// A convolution without bias and its batch normalisation, which starts as doing nothing but `scale`.
fn convolution(weights: &mut Weights, name: &str, norm: &str, shape: [usize; 4], scale: f32) {
    let fan_in = (shape[1] * shape[2] * shape[3]) as f32;
    weights.normal(&format!("visual.{name}.weight"), &shape, (2.0 / fan_in).sqrt());
    weights.constant(&format!("visual.{norm}.weight"), &[shape[0]], scale);
    for part in ["bias", "running_mean"] {
        weights.constant(&format!("visual.{norm}.{part}"), &[shape[0]], 0.0);
    }
    weights.constant(&format!("visual.{norm}.running_var"), &[shape[0]], 1.0);
}

/// A text transformer in OpenAI's names.
fn open_clip_text(weights: &mut Weights, width: usize, layers: usize) {
    let attention = (width as f32).powf(-0.5);
    let last = attention * (2.0 * layers as f32).powf(-0.5);
    let first = (2.0 * width as f32).powf(-0.5);
    weights.normal("token_embedding.weight", &[VOCABULARY, width], 0.02);
    weights.normal("positional_embedding", &[CONTEXT, width], 0.01);
    weights.norm("ln_final", width);
    weights.normal("text_projection", &[width, width], attention);
    for n in 0..layers {
        let block = format!("transformer.resblocks.{n}");
        weights.normal(&format!("{block}.attn.in_proj_weight"), &[3 * width, width], attention);
        weights.constant(&format!("{block}.attn.in_proj_bias"), &[3 * width], 0.0);
        weights.linear(&format!("{block}.attn.out_proj"), [width, width], last);
        weights.linear(&format!("{block}.mlp.c_fc"), [4 * width, width], first);
        weights.linear(&format!("{block}.mlp.c_proj"), [width, 4 * width], last);
        weights.norm(&format!("{block}.ln_1"), width);
        weights.norm(&format!("{block}.ln_2"), width);
    }
}
