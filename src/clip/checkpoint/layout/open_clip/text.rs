//! `text_cfg`, after open_clip's `CLIPTextCfg`, with the tokenizer that it names.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::model::{Rest, scaled};
use super::{is_off, refused};
use crate::clip::Result;
use crate::clip::checkpoint::layout::{TOKENIZER, TextFiles, TextParts, json, layout_error};
use crate::clip::config::{TextConfig, TextPooling, TextProjection};
use crate::clip::tokenize::clean::Cleaning;

/// open_clip's word for a projection.
const LINEAR: &str = "linear";
/// The token that fills the context where the tokenizer names none.
const PAD: u32 = 1;

#[derive(Deserialize)]
#[serde(default)]
pub struct RawText {
    context_length: usize,
    vocab_size: usize,
    width: usize,
    heads: usize,
    layers: usize,
    mlp_ratio: f64,
    no_causal_mask: bool,
    pub proj_bias: bool,
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

impl RawText {
    pub fn check(&self) -> Result<()> {
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
    pub fn tokenizer(&self, folder: &Path) -> Result<TextParts> {
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

    pub fn config(self, quick_gelu: bool) -> TextConfig {
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
