//! A Vision Transformer with a text transformer, in Hugging Face's layout.

use std::path::Path;

use serde_json::{Value, json};

use super::weights::Weights;
use super::{CONTEXT, END, HEAD_WIDTH, VOCABULARY, write_json};
use crate::clip::{Result, write_flats};
use crate::fine_tune::config::Hyper;

/// Side of a patch, in pixels.
const PATCH: usize = 8;

pub(super) fn write(folder: &Path, hyper: &Hyper, mut weights: Weights) -> Result<()> {
    let side = hyper.image_size;
    image_tower(&mut weights, hyper);
    text_tower(&mut weights, hyper);
    write_json(&folder.join("config.json"), &config(hyper))?;
    let preprocessor = json!({"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}});
    write_json(&folder.join("preprocessor_config.json"), &preprocessor)?;
    write_flats(&folder.join("model.safetensors"), &weights.flats)
}

fn image_tower(weights: &mut Weights, hyper: &Hyper) {
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
}

fn text_tower(weights: &mut Weights, hyper: &Hyper) {
    let (width, layers) = (hyper.width, hyper.layers);
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
    weights.normal("text_projection.weight", &[width, width], (width as f32).powf(-0.5));
}

fn config(hyper: &Hyper) -> Value {
    let (width, layers, side) = (hyper.width, hyper.layers, hyper.image_size);
    let tower = json!({
        "hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": layers,
        "num_attention_heads": width / HEAD_WIDTH, "hidden_act": "quick_gelu",
    });
    let with = |more: Value| {
        let mut all = tower.as_object().cloned().unwrap_or_default();
        all.extend(more.as_object().cloned().unwrap_or_default());
        Value::Object(all)
    };
    json!({
        "model_type": "clip",
        "projection_dim": width,
        "vision_config": with(json!({"image_size": side, "patch_size": PATCH})),
        "text_config": with(json!({
            "vocab_size": VOCABULARY, "max_position_embeddings": CONTEXT, "eos_token_id": END, "bos_token_id": 0,
        })),
    })
}
