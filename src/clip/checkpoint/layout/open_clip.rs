//! OpenCLIP's layout. The reference is open_clip.
//!
//! `open_clip_config.json` holds `model_cfg` (after `CLIPVisionCfg` and `CLIPTextCfg`, whose defaults are filled in) and
//! `preprocess_cfg`. The names are OpenAI's; with `custom_text` the text tower lies under `text.`. `quick_gelu` is a
//! property of the checkpoint. A model with a `logit_bias` was trained with SigLIP's loss. Text is pooled at the largest
//! id, which is the end token. Options that change the arithmetic and that no tower here has are refused by name.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::clip::checkpoint::layout::{
    OPEN_CLIP_CONFIG, Parts, TOKENIZER, TextFiles, layout_error, parse_json, read_required,
};
use crate::clip::checkpoint::weights::KeyMap;
use crate::clip::config::{Activation, ResNetConfig, TextConfig, TextPooling, TextProjection, VitConfig};
use crate::clip::preprocess::pixels::OpenClipPreprocessing;
use crate::clip::{Checkpoint, Error, ModelConfig, Preprocessing, Result, VisionConfig};

const WEIGHTS: [&str; 2] = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];

/// The weights' file in a folder.
///
/// # Errors
/// None is there.
pub fn weights(folder: &Path) -> Result<Vec<PathBuf>> {
    WEIGHTS
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
        .map(|path| vec![path])
        .ok_or_else(|| layout_error(folder, &format!("{} is missing (or {})", WEIGHTS[0], WEIGHTS[1])))
}

#[derive(Deserialize)]
struct RawConfig {
    model_cfg: RawModel,
    #[serde(default)]
    preprocess_cfg: OpenClipPreprocessing,
}

#[derive(Deserialize)]
struct RawModel {
    embed_dim: usize,
    #[serde(default)]
    quick_gelu: bool,
    #[serde(default)]
    custom_text: bool,
    vision_cfg: RawVision,
    #[serde(default)]
    text_cfg: RawText,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Layers {
    Blocks(usize),
    Stages([usize; 4]),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Side {
    One(usize),
    Two([usize; 2]),
}

#[derive(Deserialize)]
#[serde(default)]
struct RawVision {
    layers: Layers,
    width: usize,
    head_width: usize,
    mlp_ratio: f64,
    patch_size: usize,
    image_size: Side,
    no_ln_pre: bool,
    #[serde(flatten)]
    rest: Rest,
}

impl Default for RawVision {
    fn default() -> Self {
        Self {
            layers: Layers::Blocks(12),
            width: 768,
            head_width: 64,
            mlp_ratio: 4.0,
            patch_size: 16,
            image_size: Side::One(224),
            no_ln_pre: false,
            rest: Rest::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct RawText {
    context_length: usize,
    vocab_size: usize,
    width: usize,
    heads: usize,
    layers: usize,
    mlp_ratio: f64,
    no_causal_mask: bool,
    proj_bias: bool,
    #[serde(flatten)]
    rest: Rest,
}

impl Default for RawText {
    fn default() -> Self {
        Self {
            context_length: 77,
            vocab_size: 49_408,
            width: 512,
            heads: 8,
            layers: 12,
            mlp_ratio: 4.0,
            no_causal_mask: false,
            proj_bias: false,
            rest: Rest::default(),
        }
    }
}

/// What both towers can carry besides.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Rest {
    act_kwargs: Value,
    norm_kwargs: Value,
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
}

/// Options that change the arithmetic and must be off.
const REFUSED: [&str; 17] = [
    "ls_init_value",
    "attentional_pool",
    "final_ln_after_pool",
    "embed_cls",
    "block_type",
    "qk_norm",
    "scaled_cosine_attn",
    "scale_heads",
    "scale_attn_inner",
    "scale_attn",
    "scale_fc",
    "timm_model_name",
    "hf_model_name",
    "hf_tokenizer_name",
    "tokenizer_kwargs",
    "global_average_pool",
    "input_patchnorm",
];

/// Reads everything but the weights.
///
/// # Errors
/// A file is missing, damaged, or names an option that no tower here has.
pub fn open(folder: &Path, weights: Checkpoint) -> Result<Parts> {
    let json = read_required(folder, OPEN_CLIP_CONFIG)?;
    let raw: RawConfig = parse_json(OPEN_CLIP_CONFIG, &json)?;
    let key_map = KeyMap::OpenAi {
        text_prefix: if raw.model_cfg.custom_text { "text." } else { "" },
        linear_text_projection: raw.model_cfg.text_cfg.proj_bias,
    };
    let config = raw.model_cfg.config()?.checked()?;
    let preprocessing = Preprocessing::from_open_clip(&raw.preprocess_cfg, config.vision.image_size())?;
    let text = TextFiles::for_open_clip(folder)?;
    Ok(Parts {
        config,
        weights: weights.with_key_map(key_map),
        preprocessing,
        identity: vec![(OPEN_CLIP_CONFIG, json), (TOKENIZER, text.tokenizer.clone())],
        text,
    })
}

impl RawModel {
    fn config(self) -> Result<ModelConfig> {
        self.vision_cfg.rest.check("vision_cfg", "tok")?;
        self.text_cfg.rest.check("text_cfg", "argmax")?;
        Ok(ModelConfig {
            projection_dim: self.embed_dim,
            vision: self.vision_cfg.config(self.quick_gelu)?,
            text: self.text_cfg.config(self.quick_gelu),
        })
    }
}

impl RawVision {
    fn config(self, quick_gelu: bool) -> Result<VisionConfig> {
        let image_size = match self.image_size {
            Side::One(side) => side,
            Side::Two([height, width]) if height == width => height,
            Side::Two(_) => return Err(refused("vision_cfg.image_size is no square")),
        };
        if self.head_width == 0 {
            return Err(refused("vision_cfg.head_width is 0"));
        }
        Ok(match self.layers {
            Layers::Stages(layers) => VisionConfig::ModifiedResNet(ResNetConfig {
                layers,
                width: self.width,
                heads: self.width.saturating_mul(crate::clip::config::RESNET_STRIDE) / self.head_width,
                image_size,
            }),
            Layers::Blocks(blocks) => VisionConfig::Vit(VitConfig {
                hidden_size: self.width,
                intermediate_size: scaled(self.width, self.mlp_ratio),
                num_hidden_layers: blocks,
                num_attention_heads: self.width / self.head_width,
                image_size,
                patch_size: self.patch_size,
                hidden_act: self.rest.activation(quick_gelu),
                layer_norm_eps: self.rest.epsilon(),
                pre_norm: !self.no_ln_pre,
                ..VitConfig::default()
            }),
        })
    }
}

impl RawText {
    fn config(self, quick_gelu: bool) -> TextConfig {
        TextConfig {
            vocab_size: self.vocab_size,
            hidden_size: self.width,
            intermediate_size: scaled(self.width, self.mlp_ratio),
            num_hidden_layers: self.layers,
            num_attention_heads: self.heads,
            max_position_embeddings: self.context_length,
            hidden_act: self.rest.activation(quick_gelu),
            layer_norm_eps: self.rest.epsilon(),
            pooling: TextPooling::LargestId,
            causal: !self.no_causal_mask,
            // Without a mask the padding is seen, so it must be there.
            padded: self.no_causal_mask,
            projection: TextProjection {
                bias: self.proj_bias,
                ..TextProjection::default()
            },
        }
    }
}

impl Rest {
    fn check(&self, part: &str, pool_type: &str) -> Result<()> {
        for (name, value) in &self.others {
            let off = value.is_null() || *value == Value::Bool(false) || *value == Value::String("none".into());
            let understood = match name.as_str() {
                "pool_type" => value == pool_type,
                "proj_type" => value == "linear",
                "pos_embed_type" => value == "learnable",
                name => off || !REFUSED.contains(&name),
            };
            if !understood {
                return Err(refused(&format!("{part}.{name} is {value}")));
            }
        }
        Ok(())
    }

    fn activation(&self, quick_gelu: bool) -> Activation {
        match (quick_gelu, self.act_kwargs["approximate"] == "tanh") {
            (true, _) => Activation::QuickGelu,
            (false, true) => Activation::GeluTanh,
            (false, false) => Activation::Gelu,
        }
    }

    fn epsilon(&self) -> f64 {
        self.norm_kwargs["eps"].as_f64().unwrap_or(1e-5)
    }
}

fn scaled(width: usize, ratio: f64) -> usize {
    (width as f64 * ratio) as usize
}

fn refused(what: &str) -> Error {
    Error::config(
        OPEN_CLIP_CONFIG,
        format!("{what}, which Clipsight cannot compute; look for the same model in Hugging Face's layout"),
    )
}
