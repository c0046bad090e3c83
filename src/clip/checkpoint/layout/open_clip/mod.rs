//! OpenCLIP's layout. The reference is open_clip.
//!
//! `open_clip_config.json` holds `model_cfg` (after `CLIPVisionCfg` and `CLIPTextCfg`, whose defaults are filled in) and
//! `preprocess_cfg`. The names are OpenAI's; with `custom_text` the text tower lies under `text.`. `quick_gelu` is a
//! property of the checkpoint. A model with a `logit_bias` was trained with SigLIP's loss. Text is pooled at the largest
//! id, which is CLIP's end token, or where `pool_type` says; `timm_model_name` takes the image tower from timm (see
//! [`super::timm`]), `hf_tokenizer_name` the tokenizer from a repository of the Hub, whose `tokenizer.json` lies beside.
//! Options that change the arithmetic and that no tower here has are refused by name.

mod files;
mod model;
mod text;
mod vision;

use std::path::Path;

use serde_json::{Value, json};

use super::timm::TimmTower;
use super::{OPEN_CLIP_CONFIG, Parts, TOKENIZER, TextParts, json, read_required, twins};
use crate::clip::checkpoint::weights::{ImageNames, KeyMap};
use crate::clip::preprocess::transform::OpenClipPreprocessing;
use crate::clip::{Checkpoint, Error, Preprocessing, Result};
use model::RawModel;

pub use files::weights;

/// A configuration as it is published, or as it lies in open_clip's own package, without what is around it; nulls included.
fn as_published(bytes: &[u8]) -> Result<Value> {
    let value = json::whole_value(OPEN_CLIP_CONFIG, bytes)?;
    let bare = value.get("model_cfg").is_none() && value.get("embed_dim").is_some();
    Ok(if bare { json!({ "model_cfg": value }) } else { value })
}

/// Whether a folder's configuration names an architecture that can be computed.
///
/// # Errors
/// Why not.
pub fn check_family(folder: &Path) -> Result<()> {
    RawModel::understood(&as_published(&read_required(folder, OPEN_CLIP_CONFIG)?)?).map(drop)
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
        let (raw, timm) = RawModel::understood(&as_published(&bytes)?)?;
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

/// The error for what no tower here computes, with what opens instead where something does.
pub fn refused(what: &str) -> Error {
    let instead = twins::instead_of(what).map_or_else(String::new, |opens| format!("; {opens}"));
    Error::config(
        OPEN_CLIP_CONFIG,
        format!("{what}, which Clipsight cannot compute{instead}"),
    )
}

fn is_off(value: &Value) -> bool {
    value.is_null() || *value == Value::Bool(false) || *value == "none" || *value == ""
}
