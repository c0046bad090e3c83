//! `model_cfg`: two towers, and what both of them can carry besides.

use serde::Deserialize;
use serde_json::Value;

use super::text::RawText;
use super::vision::RawVision;
use super::{is_off, refused};
use crate::clip::checkpoint::layout::timm::TimmTower;
use crate::clip::checkpoint::layout::{OPEN_CLIP_CONFIG, json};
use crate::clip::config::Activation;
use crate::clip::preprocess::transform::OpenClipPreprocessing;
use crate::clip::{Checkpoint, Error, ModelConfig, Result, VisionConfig};

/// Options that change the arithmetic and must be off.
const REFUSED: [&str; 15] = [
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
    "use_pad_mask",
];

#[derive(Deserialize)]
pub struct RawConfig {
    pub model_cfg: RawModel,
    #[serde(default)]
    pub preprocess_cfg: OpenClipPreprocessing,
}

#[derive(Deserialize)]
pub struct RawModel {
    embed_dim: usize,
    #[serde(default)]
    quick_gelu: bool,
    #[serde(default)]
    pub custom_text: bool,
    pub vision_cfg: RawVision,
    #[serde(default)]
    pub text_cfg: RawText,
}

/// What both towers can carry besides.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Rest {
    act_kwargs: Value,
    norm_kwargs: Value,
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
}

impl RawModel {
    /// A configuration whose every option can be computed.
    pub fn understood(written: &Value) -> Result<(RawConfig, Option<TimmTower>)> {
        let plain = json::without_nulls(written.clone());
        let raw: RawConfig =
            serde_json::from_value(plain).map_err(|e| Error::config(OPEN_CLIP_CONFIG, e.to_string()))?;
        let model = &raw.model_cfg;
        let timm = model.timm_tower(&written["model_cfg"])?;
        model.vision_cfg.check()?;
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

    pub fn config(self, timm: Option<TimmTower>, weights: &Checkpoint) -> Result<ModelConfig> {
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

impl Rest {
    pub fn check(&self, part: &str) -> Result<()> {
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

    pub fn activation(&self, quick_gelu: bool) -> Activation {
        match (quick_gelu, self.act_kwargs["approximate"] == "tanh") {
            (true, _) => Activation::QuickGelu,
            (false, true) => Activation::GeluTanh,
            (false, false) => Activation::Gelu,
        }
    }

    pub fn epsilon(&self) -> f64 {
        self.norm_kwargs["eps"].as_f64().unwrap_or(1e-5)
    }
}

pub fn scaled(width: usize, ratio: f64) -> usize {
    (width as f64 * ratio) as usize
}
