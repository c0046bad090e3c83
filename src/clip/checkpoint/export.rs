//! A model's weights in standard files, in the layout of the model that they come from: what transformers or open_clip
//! opens.
//!
//! Every stored tensor keeps its name and shape; the towers' parameters take the places that the key map gives them. A
//! batch normalisation that was folded into its convolution is unfolded: its scale and statistics stay, its shift becomes
//! what the convolution's bias says.

use std::path::Path;

use serde_json::json;

use super::embedded;
use super::layout::{self, Layout};
use super::weights::{BATCH_NORM_EPSILON, Checkpoint, Flats, Stored, View, transposed, write_flats, write_whole};
use crate::clip::config::{TextConfig, VisionConfig};
use crate::clip::model::Model;
use crate::clip::{Error, ModelConfig, Result};
use crate::files::read_at_most;

const HF_WEIGHTS: &str = "model.safetensors";
const OPEN_CLIP_WEIGHTS: &str = "open_clip_model.safetensors";
/// No companion is larger: lists of tokens are the largest.
const MAX_BYTES: u64 = 64 << 20;
/// Small files that shape an embedding, taken along.
const COMPANIONS: [&str; 13] = [
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "open_clip_config.json",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.model",
];

/// Writes a model into a folder: the files of `source` (none for the starter) with the weights of `model`.
///
/// # Errors
/// The folder cannot be written, the source is gone, or the model is laid out for answering.
pub fn export(model: &Model, source: Option<&Path>, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Write {
        path: folder.to_path_buf(),
        source,
    })?;
    let (mut checkpoint, layout) = match source {
        None => {
            write_starter_files(folder)?;
            let bytes = embedded::STARTER_WEIGHTS.to_vec();
            (
                Checkpoint::from_bytes("the embedded starter", bytes, model.device())?,
                Layout::HuggingFace,
            )
        }
        Some(path) => {
            let found = layout::find(path)?;
            copy_companions(&found.folder, folder)?;
            (found.open(model.device())?.weights, found.layout)
        }
    };
    let tensors = stored(model, &mut checkpoint)?;
    let name = match layout {
        Layout::OpenClip | Layout::OpenAi => OPEN_CLIP_WEIGHTS,
        _ => HF_WEIGHTS,
    };
    if layout == Layout::OpenAi {
        let config = open_clip_config(model.config());
        write_whole(&folder.join("open_clip_config.json"), config.to_string().as_bytes())?;
    }
    write_flats(&folder.join(name), &tensors)
}

fn write_starter_files(folder: &Path) -> Result<()> {
    write_whole(&folder.join("config.json"), embedded::STARTER_CONFIG)?;
    write_whole(&folder.join("preprocessor_config.json"), embedded::STARTER_PREPROCESSOR)?;
    write_whole(&folder.join("tokenizer.json"), embedded::STARTER_TOKENIZER)
}

fn copy_companions(from: &Path, to: &Path) -> Result<()> {
    for name in COMPANIONS {
        let path = from.join(name);
        if path.is_file() {
            let content = read_at_most(&path, MAX_BYTES).map_err(|source| Error::Read { path, source })?;
            write_whole(&to.join(name), &content)?;
        }
    }
    Ok(())
}

/// Every float tensor of the checkpoint, by its stored name, with the model's parameters in place.
fn stored(model: &Model, checkpoint: &mut Checkpoint) -> Result<Flats> {
    let mut tensors = checkpoint.all_floats()?;
    let values = model.parameter_values()?;
    for parameter in model.parameters() {
        let flat = values.get(&parameter.name).ok_or_else(|| not_stored(&parameter.name))?;
        match &parameter.stored {
            Stored::Same => put(
                &mut tensors,
                checkpoint,
                &parameter.name,
                &parameter.shape,
                &flat.values,
            )?,
            Stored::Transposed => {
                let (rows, columns) = (flat.shape[0], flat.shape[1]);
                let turned = transposed(&flat.values, rows, columns);
                put(&mut tensors, checkpoint, &parameter.name, &[columns, rows], &turned)?;
            }
            Stored::FoldedWeight { norm } => {
                let scales = scales(&tensors, norm)?;
                let each = flat.values.len() / scales.len().max(1);
                let unfolded = flat.values.chunks(each).zip(&scales);
                let values: Vec<f32> = unfolded
                    .flat_map(|(kernel, scale)| kernel.iter().map(move |v| v / scale))
                    .collect();
                put(&mut tensors, checkpoint, &parameter.name, &parameter.shape, &values)?;
            }
            Stored::FoldedBias { norm } => {
                let scales = scales(&tensors, norm)?;
                let mean = part(&tensors, norm, "running_mean")?;
                let shifts = flat.values.iter().zip(mean).zip(scales);
                let values: Vec<f32> = shifts.map(|((bias, mean), scale)| bias + mean * scale).collect();
                put(&mut tensors, checkpoint, &parameter.name, &parameter.shape, &values)?;
            }
        }
    }
    for name in ["logit_scale", "logit_bias"] {
        if let (Some(stored), Some(flat)) = (tensors.get_mut(name), values.get(name)) {
            stored.values.clone_from(&flat.values);
        }
    }
    Ok(tensors)
}

/// Puts values of a shape by the towers' names into what is stored.
fn put(tensors: &mut Flats, checkpoint: &Checkpoint, name: &str, shape: &[usize], values: &[f32]) -> Result<()> {
    let (stored, view) = checkpoint.stored_as(name);
    let target = &mut tensors.get_mut(&stored).ok_or_else(|| not_stored(&stored))?.values;
    match view {
        View::Whole | View::Inside(_) => target.copy_from_slice(values),
        View::Part(part, _) => target[part * values.len()..(part + 1) * values.len()].copy_from_slice(values),
        View::Transposed => target.copy_from_slice(&transposed(values, shape[0], shape[1])),
        View::PatchRows => {
            let (channels, area) = (shape[1], shape[2] * shape[3]);
            let patches = values
                .chunks(channels * area)
                .flat_map(|patch| transposed(patch, channels, area));
            let patches: Vec<f32> = patches.collect();
            target.copy_from_slice(&patches);
        }
    }
    Ok(())
}

fn part<'a>(tensors: &'a Flats, norm: &str, part: &str) -> Result<&'a [f32]> {
    let name = format!("{norm}.{part}");
    Ok(&tensors.get(&name).ok_or_else(|| not_stored(&name))?.values)
}

fn not_stored(tensor: &str) -> Error {
    Error::Checkpoint {
        file: tensor.into(),
        reason: "it is not among the stored tensors".into(),
    }
}

/// What a batch normalisation multiplies each channel by.
fn scales(tensors: &Flats, norm: &str) -> Result<Vec<f32>> {
    let gamma = part(tensors, norm, "weight")?.iter();
    let variance = part(tensors, norm, "running_var")?;
    Ok(gamma
        .zip(variance)
        .map(|(gamma, variance)| gamma / (variance + BATCH_NORM_EPSILON).sqrt())
        .collect())
}

/// The configuration of one of OpenAI's archives, which carry none.
fn open_clip_config(config: &ModelConfig) -> serde_json::Value {
    let TextConfig {
        max_position_embeddings,
        vocab_size,
        hidden_size,
        num_attention_heads,
        num_hidden_layers,
        ..
    } = config.text;
    let vision = match &config.vision {
        VisionConfig::ModifiedResNet(net) => json!({
            "image_size": net.image_size, "layers": net.layers, "width": net.width,
        }),
        VisionConfig::Vit(vit) => json!({
            "image_size": vit.image_size, "layers": vit.num_hidden_layers, "width": vit.hidden_size,
            "patch_size": vit.patch_size,
        }),
        VisionConfig::EfficientNetLite(_) => json!({}),
    };
    json!({
        "model_cfg": {
            "embed_dim": config.projection_dim, "quick_gelu": true, "vision_cfg": vision,
            "text_cfg": {
                "context_length": max_position_embeddings, "vocab_size": vocab_size, "width": hidden_size,
                "heads": num_attention_heads, "layers": num_hidden_layers,
            },
        },
        "preprocess_cfg": {},
    })
}
