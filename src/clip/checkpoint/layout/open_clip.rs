//! OpenCLIP's layout. The reference is open_clip.
//!
//! `open_clip_config.json` holds `model_cfg` (after `CLIPVisionCfg` and `CLIPTextCfg`, whose defaults are filled in) and
//! `preprocess_cfg`. The names are OpenAI's; with `custom_text` the text tower lies under `text.`. `quick_gelu` is a
//! property of the checkpoint. A model with a `logit_bias` was trained with SigLIP's loss. Text is pooled at the largest
//! id, which is CLIP's end token, or where `pool_type` says; `timm_model_name` takes the image tower from timm (see
//! [`super::timm`]), `hf_tokenizer_name` the tokenizer from a repository of the Hub, whose `tokenizer.json` lies beside.
//! Options that change the arithmetic and that no tower here has are refused by name.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::clip::checkpoint::layout::timm::TimmTower;
use crate::clip::checkpoint::layout::{
    OPEN_CLIP_CONFIG, Parts, TOKENIZER, TextFiles, TextParts, json, layout_error, read_required, twins,
};
use crate::clip::checkpoint::weights::{ImageNames, KeyMap};
use crate::clip::config::{Activation, ResNetConfig, TextConfig, TextPooling, TextProjection, VitConfig};
use crate::clip::preprocess::pixels::OpenClipPreprocessing;
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::{Checkpoint, Error, ModelConfig, Preprocessing, Result, VisionConfig};

/// open_clip's word for a projection.
const LINEAR: &str = "linear";
const WEIGHTS: [&str; 2] = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];

/// Checkpoints of OpenCLIP's training: `epoch_3.pt`, `epoch_latest.pt`.
const EPOCH: &str = "epoch_";
const ENDINGS: [&str; 4] = ["safetensors", "bin", "pt", "pth"];

/// The weights' file in a folder: under its own name, the last epoch of a training, or the only one that there is.
///
/// # Errors
/// None is there.
pub fn weights(folder: &Path) -> Result<Vec<PathBuf>> {
    if let Some(path) = WEIGHTS.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
        return Ok(vec![path]);
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let ending = path
                .extension()
                .unwrap_or_default()
                .to_string_lossy()
                .to_ascii_lowercase();
            ENDINGS.contains(&ending.as_str()) && path.is_file()
        })
        .collect();
    let epochs = files.iter().filter_map(|path| Some((epoch(path)?, path)));
    if let Some((_, last)) = epochs.max() {
        return Ok(vec![last.clone()]);
    }
    // In a folder of two layouts the other file belongs to the other one.
    if files.len() == 1 && !folder.join(super::HF_CONFIG).is_file() {
        return Ok(vec![files.swap_remove(0)]);
    }
    Err(layout_error(
        folder,
        &format!("{} is missing (or {}, or epoch_N.pt)", WEIGHTS[0], WEIGHTS[1]),
    ))
}

/// The number of a training's checkpoint; its latest comes after all numbers.
fn epoch(path: &Path) -> Option<u64> {
    match path.file_stem()?.to_str()?.strip_prefix(EPOCH)? {
        "latest" => Some(u64::MAX),
        number => number.parse().ok(),
    }
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
    pool_type: String,
    proj_type: String,
    eos_id: u32,
    hf_tokenizer_name: String,
    tokenizer_kwargs: TokenizerOptions,
    #[serde(flatten)]
    rest: Rest,
}

/// What OpenCLIP's tokenizer is told.
#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenizerOptions {
    clean: Option<String>,
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
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
            pool_type: "argmax".into(),
            proj_type: LINEAR.into(),
            eos_id: 2,
            hf_tokenizer_name: String::new(),
            tokenizer_kwargs: TokenizerOptions::default(),
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

/// The token that fills the context where the tokenizer names none.
const PAD: u32 = 1;
/// Options that change the arithmetic and must be off.
const REFUSED: [&str; 14] = [
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
    "hf_model_name",
    "global_average_pool",
    "input_patchnorm",
];

/// A configuration as it is published, or as it lies in open_clip's own package, without what is around it; nulls included.
fn written(bytes: &[u8]) -> Result<Value> {
    let value = json::whole_value(OPEN_CLIP_CONFIG, bytes)?;
    let bare = value.get("model_cfg").is_none() && value.get("embed_dim").is_some();
    Ok(if bare { json!({ "model_cfg": value }) } else { value })
}

/// Whether a folder's configuration names an architecture that can be computed.
///
/// # Errors
/// Why not.
pub fn check_family(folder: &Path) -> Result<()> {
    RawModel::understood(&written(&read_required(folder, OPEN_CLIP_CONFIG)?)?).map(drop)
}

/// A configuration that can be computed, before the weights are seen.
struct Checked {
    model: RawModel,
    timm: Option<TimmTower>,
    preprocessing: OpenClipPreprocessing,
    text: TextParts,
    identity: Vec<u8>,
}

/// Reads the small files and refuses what cannot be computed, whatever the weights are.
///
/// # Errors
/// A file is missing, damaged, or names an option that no tower here has.
pub fn check(folder: &Path) -> Result<()> {
    let checked = Checked::read(folder)?;
    Preprocessing::from_open_clip(&checked.preprocessing, checked.model.vision_cfg.side()?)?;
    Ok(())
}

/// Reads everything but the weights.
///
/// # Errors
/// As [`check`], or the weights are those of another tower.
pub fn open(folder: &Path, weights: Checkpoint) -> Result<Parts> {
    let Checked {
        model,
        timm,
        preprocessing,
        text,
        identity,
    } = Checked::read(folder)?;
    let key_map = KeyMap::OpenAi {
        text_prefix: if model.custom_text { "text." } else { "" },
        linear_text_projection: model.text_cfg.proj_bias,
        image: timm.map_or(ImageNames::Paper, TimmTower::names),
    };
    let config = model.config(timm, &weights)?.checked()?;
    let preprocessing = Preprocessing::from_open_clip(&preprocessing, config.vision.image_size())?;
    Ok(Parts {
        config,
        weights: weights.with_key_map(key_map),
        preprocessing,
        identity: vec![(OPEN_CLIP_CONFIG, identity), (TOKENIZER, text.tokenizer.clone())],
        text,
        notes: Vec::new(),
    })
}

impl Checked {
    fn read(folder: &Path) -> Result<Self> {
        let bytes = read_required(folder, OPEN_CLIP_CONFIG)?;
        let (raw, timm) = RawModel::understood(&written(&bytes)?)?;
        let model = raw.model_cfg;
        Ok(Self {
            timm,
            preprocessing: raw.preprocess_cfg,
            text: model.text_cfg.tokenizer(folder)?,
            model,
            identity: bytes,
        })
    }
}

impl RawModel {
    /// A configuration whose every option can be computed.
    fn understood(written: &Value) -> Result<(RawConfig, Option<TimmTower>)> {
        let plain = json::without_nulls(written.clone());
        let raw: RawConfig =
            serde_json::from_value(plain).map_err(|e| Error::config(OPEN_CLIP_CONFIG, e.to_string()))?;
        let model = &raw.model_cfg;
        let timm = model.timm_tower(&written["model_cfg"])?;
        model.vision_cfg.rest.check("vision_cfg")?;
        model.text_cfg.check()?;
        Ok((raw, timm))
    }

    /// The tower of timm's that a configuration names, as it was `written`.
    fn timm_tower(&self, written: &Value) -> Result<Option<TimmTower>> {
        let vision = &written["vision_cfg"];
        match vision["timm_model_name"].as_str() {
            Some(name) if !name.is_empty() => TimmTower::of(name, vision).map(Some),
            _ => Ok(None),
        }
    }

    fn config(self, timm: Option<TimmTower>, weights: &Checkpoint) -> Result<ModelConfig> {
        Ok(ModelConfig {
            projection_dim: self.embed_dim,
            vision: match timm {
                Some(tower) => VisionConfig::Vit(tower.config(self.vision_cfg.side()?, weights)?),
                None => self.vision_cfg.config(self.quick_gelu)?,
            },
            text: self.text_cfg.config(self.quick_gelu),
        })
    }
}

impl RawVision {
    /// Side of the input square, in pixels.
    fn side(&self) -> Result<usize> {
        match self.image_size {
            Side::One(side) => Ok(side),
            Side::Two([height, width]) if height == width => Ok(height),
            Side::Two(_) => Err(refused("vision_cfg.image_size is no square")),
        }
    }

    fn config(self, quick_gelu: bool) -> Result<VisionConfig> {
        let image_size = self.side()?;
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
    fn check(&self) -> Result<()> {
        self.rest.check("text_cfg")?;
        self.pooling()?;
        if self.proj_type != LINEAR && self.proj_type != "none" {
            return Err(refused(&format!("text_cfg.proj_type is \"{}\"", self.proj_type)));
        }
        for (name, value) in &self.tokenizer_kwargs.others {
            if !is_off(value) {
                return Err(refused(&format!("text_cfg.tokenizer_kwargs.{name} is {value}")));
            }
        }
        Ok(())
    }

    fn pooling(&self) -> Result<TextPooling> {
        match self.pool_type.as_str() {
            "argmax" => Ok(TextPooling::LargestId),
            "eos" => Ok(TextPooling::FirstEnd(self.eos_id)),
            "last" => Ok(TextPooling::Last),
            other => Err(refused(&format!("text_cfg.pool_type is \"{other}\""))),
        }
    }

    /// The tokenizer beside the configuration; CLIP's own is in the binary.
    fn tokenizer(&self, folder: &Path) -> Result<TextParts> {
        let cleaning = match self.tokenizer_kwargs.clean.as_deref() {
            // CLIP's own tokenizer lowers letters by itself.
            None | Some("whitespace") => Cleaning::OpenClip,
            Some("lower") if self.hf_tokenizer_name.is_empty() => Cleaning::OpenClip,
            Some("lower") => Cleaning::OpenClipLower,
            Some("canonicalize") => Cleaning::OpenClipCanonical,
            Some(other) => return Err(refused(&format!("text_cfg.tokenizer_kwargs.clean is \"{other}\""))),
        };
        if self.hf_tokenizer_name.is_empty() {
            let parts = TextFiles::for_open_clip(folder)?;
            return Ok(TextParts { cleaning, ..parts });
        }
        let Some(files) = TextFiles::read(folder)? else {
            let of = &self.hf_tokenizer_name;
            return Err(layout_error(
                folder,
                &format!("{TOKENIZER} is missing; it is that of {of} on the Hub"),
            ));
        };
        Ok(TextParts {
            padding: Some(files.padding(&json::whole_value(TOKENIZER, &files.tokenizer)?, PAD)),
            tokenizer: files.tokenizer,
            cleaning,
        })
    }

    fn config(self, quick_gelu: bool) -> TextConfig {
        let pooling = self.pooling().unwrap_or_default();
        TextConfig {
            vocab_size: self.vocab_size,
            hidden_size: self.width,
            intermediate_size: scaled(self.width, self.mlp_ratio),
            num_hidden_layers: self.layers,
            num_attention_heads: self.heads,
            max_position_embeddings: self.context_length,
            hidden_act: self.rest.activation(quick_gelu),
            layer_norm_eps: self.rest.epsilon(),
            pooling,
            causal: !self.no_causal_mask,
            // Without a mask the padding is seen, and where the last token or the largest id is asked for, it may be it.
            padded: self.no_causal_mask
                || pooling == TextPooling::Last
                || (pooling == TextPooling::LargestId && !self.hf_tokenizer_name.is_empty()),
            projected: self.proj_type == LINEAR,
            projection: TextProjection {
                bias: self.proj_bias,
                ..TextProjection::default()
            },
        }
    }
}

impl Rest {
    fn check(&self, part: &str) -> Result<()> {
        for (name, value) in &self.others {
            let understood = match name.as_str() {
                "pool_type" => value == "tok",
                "pos_embed_type" => value == "learnable",
                "tokenizer_mode" => is_off(value),
                name => is_off(value) || !REFUSED.contains(&name),
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

fn is_off(value: &Value) -> bool {
    value.is_null() || *value == Value::Bool(false) || *value == "none" || *value == ""
}

/// The error for what no tower here computes, with what opens instead where something does.
pub fn refused(what: &str) -> Error {
    let instead = twins::instead_of(what).map_or_else(String::new, |opens| format!("; {opens}"));
    Error::config(
        OPEN_CLIP_CONFIG,
        format!("{what}, which Clipsight cannot compute{instead}"),
    )
}
