//! A new model with random weights: the start of pre-training, which then is [`super::contrastive`] on it.
//!
//! A Vision Transformer in Hugging Face's layout, or the paper's modified ResNet in OpenCLIP's, with a text transformer
//! that reads the starter's vocabulary of 12,000. Weights start as in the paper's code (`initialize_parameters`): normal,
//! with `width^-0.5` for attention, `(2 width)^-0.5` for the first and `width^-0.5 (2 layers)^-0.5` for the last linear
//! layer of a block, embeddings at 0.02 and 0.01, a temperature of 0.07.
//!
//! A ResNet's batch normalisation has no statistics to start from and none are collected: it starts as doing nothing, and
//! the convolutions at the scale that keeps the signal's (He et al. 2015), the last of each bottleneck at a fifth of it.

use std::path::Path;

use serde_json::{Value, json};

use crate::clip::{Error, Flat, Flats, Result, STARTER_TOKENIZER, write_flats, write_whole};
use crate::fine_tune::config::{Architecture, Hyper};

const VOCABULARY: usize = 12_000;
const CONTEXT: usize = 32;
const END: usize = 1;
const START_TOKEN: &str = "<|startoftext|>";
const END_TOKEN: &str = "<|endoftext|>";
const PATCH: usize = 8;
const HEAD_WIDTH: usize = 16;
const TEMPERATURE: f32 = 0.07;
/// Width of a ResNet's last stage, times its first.
const RESNET_FACTOR: usize = 32;
const RESNET_STRIDE: usize = 32;
/// The scale of the last convolution of a bottleneck at the start.
const QUIET: f32 = 0.2;

struct Weights {
    flats: Flats,
    random: fastrand::Rng,
}

impl Weights {
    /// Normally distributed (Box and Muller 1958).
    fn normal(&mut self, name: &str, shape: &[usize], deviation: f32) {
        let count: usize = shape.iter().product();
        let values = (0..count).map(|_| {
            let (u, v) = (self.random.f32().max(f32::MIN_POSITIVE), self.random.f32());
            deviation * (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()
        });
        let values = values.collect();
        self.put(name, shape, values);
    }

    fn constant(&mut self, name: &str, shape: &[usize], value: f32) {
        self.put(name, shape, vec![value; shape.iter().product()]);
    }

    fn put(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        let shape = shape.to_vec();
        self.flats.insert(name.into(), Flat { shape, values });
    }

    fn norm(&mut self, prefix: &str, width: usize) {
        self.constant(&format!("{prefix}.weight"), &[width], 1.0);
        self.constant(&format!("{prefix}.bias"), &[width], 0.0);
    }

    fn linear(&mut self, prefix: &str, shape: [usize; 2], deviation: f32) {
        self.normal(&format!("{prefix}.weight"), &shape, deviation);
        self.constant(&format!("{prefix}.bias"), &[shape[0]], 0.0);
    }

    /// The blocks of a transformer in Hugging Face's names.
    fn blocks(&mut self, tower: &str, width: usize, layers: usize) {
        let attention = (width as f32).powf(-0.5);
        let last = attention * (2.0 * layers as f32).powf(-0.5);
        let first = (2.0 * width as f32).powf(-0.5);
        for n in 0..layers {
            let block = format!("{tower}.encoder.layers.{n}");
            for part in ["q_proj", "k_proj", "v_proj"] {
                self.linear(&format!("{block}.self_attn.{part}"), [width, width], attention);
            }
            self.linear(&format!("{block}.self_attn.out_proj"), [width, width], last);
            self.linear(&format!("{block}.mlp.fc1"), [4 * width, width], first);
            self.linear(&format!("{block}.mlp.fc2"), [width, 4 * width], last);
            self.norm(&format!("{block}.layer_norm1"), width);
            self.norm(&format!("{block}.layer_norm2"), width);
        }
    }
}

/// Writes a new model's folder.
///
/// # Errors
/// It cannot be written.
pub fn create(folder: &Path, hyper: &Hyper, seed: u64) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Write {
        path: folder.to_path_buf(),
        source,
    })?;
    let mut weights = Weights {
        flats: Flats::new(),
        random: fastrand::Rng::with_seed(seed),
    };
    // A single number, as `CLIPModel` and open_clip declare it: transformers opens no other shape.
    weights.constant("logit_scale", &[], (1.0 / TEMPERATURE).ln());
    write_whole(&folder.join("tokenizer.json"), STARTER_TOKENIZER)?;
    write_json(&folder.join("tokenizer_config.json"), &tokenizer_config())?;
    match hyper.architecture {
        Architecture::Vit => vit(folder, hyper, weights),
        Architecture::ModifiedResNet => resnet(folder, hyper, weights),
    }
}

/// What transformers, and open_clip through it, must know about the tokenizer. What fills a context is no end token, at
/// which texts are read.
fn tokenizer_config() -> Value {
    json!({
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": CONTEXT,
        "bos_token": START_TOKEN, "eos_token": END_TOKEN, "pad_token": START_TOKEN,
    })
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    write_whole(path, value.to_string().as_bytes())
}

fn vit(folder: &Path, hyper: &Hyper, mut weights: Weights) -> Result<()> {
    let (width, layers, side) = (hyper.width, hyper.layers, hyper.image_size);
    let scale = (width as f32).powf(-0.5);
    let vision = "vision_model";
    weights.normal(&format!("{vision}.embeddings.class_embedding"), &[width], scale);
    let patches = [width, 3, PATCH, PATCH];
    let patch_scale = ((3 * PATCH * PATCH) as f32).powf(-0.5);
    weights.normal(
        &format!("{vision}.embeddings.patch_embedding.weight"),
        &patches,
        patch_scale,
    );
    let positions = (side / PATCH).pow(2) + 1;
    weights.normal(
        &format!("{vision}.embeddings.position_embedding.weight"),
        &[positions, width],
        scale,
    );
    weights.norm(&format!("{vision}.pre_layrnorm"), width);
    weights.norm(&format!("{vision}.post_layernorm"), width);
    weights.blocks(vision, width, layers);
    weights.normal("visual_projection.weight", &[width, width], scale);
    let text = "text_model";
    weights.normal(
        &format!("{text}.embeddings.token_embedding.weight"),
        &[VOCABULARY, width],
        0.02,
    );
    weights.normal(
        &format!("{text}.embeddings.position_embedding.weight"),
        &[CONTEXT, width],
        0.01,
    );
    weights.norm(&format!("{text}.final_layer_norm"), width);
    weights.blocks(text, width, layers);
    weights.normal("text_projection.weight", &[width, width], scale);
    let tower = json!({
        "hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": layers,
        "num_attention_heads": width / HEAD_WIDTH, "hidden_act": "quick_gelu",
    });
    let with = |more: Value| {
        let mut all = tower.as_object().cloned().unwrap_or_default();
        all.extend(more.as_object().cloned().unwrap_or_default());
        Value::Object(all)
    };
    let config = json!({
        "model_type": "clip",
        "projection_dim": width,
        "vision_config": with(json!({"image_size": side, "patch_size": PATCH})),
        "text_config": with(json!({
            "vocab_size": VOCABULARY, "max_position_embeddings": CONTEXT, "eos_token_id": END, "bos_token_id": 0,
        })),
    });
    write_json(&folder.join("config.json"), &config)?;
    let preprocessor = json!({"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}});
    write_json(&folder.join("preprocessor_config.json"), &preprocessor)?;
    write_flats(&folder.join("model.safetensors"), &weights.flats)
}

fn resnet(folder: &Path, hyper: &Hyper, mut weights: Weights) -> Result<()> {
    let (width, side) = (hyper.width, hyper.image_size);
    // A stage's bottleneck is a sixteenth of the text's width: the last stage is twice as wide as the text.
    let first = (width / 16).max(8);
    let last = first * RESNET_FACTOR;
    let half = first / 2;
    for (n, (output, input)) in [(half, 3), (half, half), (first, half)].into_iter().enumerate() {
        convolution(
            &mut weights,
            &format!("conv{}", n + 1),
            &format!("bn{}", n + 1),
            [output, input, 3, 3],
            1.0,
        );
    }
    let stages = [1, 1, 1, 1];
    let mut input = first;
    for (stage, count) in stages.into_iter().enumerate() {
        let inner = first << stage;
        for n in 0..count {
            let block = format!("layer{}.{n}", stage + 1);
            let mut one = |n: usize, shape: [usize; 4], scale: f32| {
                convolution(
                    &mut weights,
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
                convolution(&mut weights, &name, &norm, [4 * inner, input, 1, 1], 1.0);
            }
            input = 4 * inner;
        }
    }
    let scale = (last as f32).powf(-0.5);
    let cells = (side / RESNET_STRIDE).pow(2);
    weights.normal("visual.attnpool.positional_embedding", &[cells + 1, last], scale);
    for part in ["q_proj", "k_proj", "v_proj"] {
        weights.linear(&format!("visual.attnpool.{part}"), [last, last], scale);
    }
    weights.linear("visual.attnpool.c_proj", [width, last], scale);
    open_clip_text(&mut weights, width, hyper.layers);
    let config = json!({
        "model_cfg": {
            "embed_dim": width, "quick_gelu": true,
            "vision_cfg": {"image_size": side, "layers": stages, "width": first, "head_width": HEAD_WIDTH},
            "text_cfg": {
                "context_length": CONTEXT, "vocab_size": VOCABULARY, "width": width, "heads": width / HEAD_WIDTH,
                "layers": hyper.layers,
                // Any name: open_clip then takes the tokenizer that lies beside the configuration.
                "hf_tokenizer_name": "clipsight",
            },
        },
        "preprocess_cfg": {},
    });
    write_json(&folder.join("open_clip_config.json"), &config)?;
    // Text is pooled at the largest id, which must be the end token.
    swap_end_token(folder)?;
    write_flats(&folder.join("open_clip_model.safetensors"), &weights.flats)
}

/// In OpenCLIP's layout the end token is the one of the largest id: the starter's vocabulary changes its last word's and
/// its end token's places.
fn swap_end_token(folder: &Path) -> Result<()> {
    let path = folder.join("tokenizer.json");
    let damaged = |e: serde_json::Error| Error::Tokenizer(e.to_string());
    let mut tokenizer: Value = serde_json::from_slice(STARTER_TOKENIZER).map_err(damaged)?;
    let last = VOCABULARY - 1;
    let swapped = |id: u64| match id as usize {
        END => last,
        id if id == last => END,
        id => id,
    };
    if let Some(vocabulary) = tokenizer["model"]["vocab"].as_object_mut() {
        for id in vocabulary.values_mut() {
            *id = json!(swapped(id.as_u64().unwrap_or_default()));
        }
    }
    if let Some(added) = tokenizer["added_tokens"].as_array_mut() {
        for token in added {
            token["id"] = json!(swapped(token["id"].as_u64().unwrap_or_default()));
        }
    }
    swap_in_post_processor(&mut tokenizer["post_processor"], &swapped);
    write_json(&path, &tokenizer)
}

/// Ids in a template's special tokens: `"ids": [1]`, or `["</s>", 1]`.
fn swap_in_post_processor(value: &mut Value, swapped: &dyn Fn(u64) -> usize) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match (name.as_str(), field.as_array_mut()) {
                    ("ids", Some(ids)) => {
                        for id in ids {
                            *id = json!(swapped(id.as_u64().unwrap_or_default()));
                        }
                    }
                    _ => swap_in_post_processor(field, swapped),
                }
            }
        }
        Value::Array(items) => {
            if let [Value::String(_), Value::Number(id)] = items.as_slice() {
                let id = swapped(id.as_u64().unwrap_or_default());
                items[1] = json!(id);
                return;
            }
            items.iter_mut().for_each(|item| swap_in_post_processor(item, swapped));
        }
        _ => {}
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::read_flats;
    use crate::fine_tune::FineTuneMethod;

    /// What `tests/reference/check_exports.py` found: transformers opens no scale of shape `[1]`, and open_clip reads texts
    /// by CLIP's own tokenizer unless the configuration names another.
    #[test]
    fn new_models_are_laid_out_as_transformers_and_open_clip_open_them() {
        for (architecture, weights) in [
            (Architecture::Vit, "model.safetensors"),
            (Architecture::ModifiedResNet, "open_clip_model.safetensors"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let hyper = Hyper {
                architecture,
                width: 32,
                layers: 1,
                ..Hyper::of(FineTuneMethod::Scratch)
            };
            create(folder.path(), &hyper, 0).unwrap();
            let tensors = read_flats(&folder.path().join(weights)).unwrap();
            assert_eq!(tensors["logit_scale"].shape, [0; 0]);
            let json = |name: &str| -> Value {
                serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap()
            };
            assert_eq!(
                json("tokenizer_config.json")["tokenizer_class"],
                "PreTrainedTokenizerFast"
            );
            if architecture == Architecture::ModifiedResNet {
                let name = &json("open_clip_config.json")["model_cfg"]["text_cfg"]["hf_tokenizer_name"];
                assert!(name.as_str().is_some_and(|name| !name.is_empty()));
            }
        }
    }
}
