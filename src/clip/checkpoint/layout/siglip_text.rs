//! SigLIP's and SigLIP2's tokenizers as transformers' classes complete them.

use serde_json::{Value, json};

use super::text_files::{self, TextFiles};
use super::{TOKENIZER, TextParts, json};
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::{Error, Result};

/// SigLIP's tokenizer drops case and punctuation, SigLIP2's only case; both fill the context.
///
/// SigLIP2 is told apart by the class of its tokenizer, else by the tokenizer's kind: Gemma's, which it shares, is made of
/// byte pairs, SigLIP's own of unigrams.
///
/// # Errors
/// The tokenizer is damaged, or lacks a token that it is to add.
pub fn siglip_text(files: TextFiles) -> Result<TextParts> {
    let mut tokenizer = json::whole_value(TOKENIZER, &files.tokenizer)?;
    let class = files.config["tokenizer_class"].as_str().unwrap_or_default();
    let is_gemma = if class.contains("Gemma") || class.contains("Siglip") {
        !class.starts_with("SiglipTokenizer")
    } else {
        tokenizer["model"]["type"] == "BPE"
    };
    let mut padding = files.padding(&tokenizer, if is_gemma { GEMMA_PAD } else { SIGLIP_PAD });
    // Gemma's classes fill from the left unless their file says otherwise.
    let of_gemmas = class.contains("Gemma") || class.contains("Siglip2");
    padding.left |= of_gemmas && files.config["padding_side"].is_null();
    let rewritten = is_gemma && with_ends(&mut tokenizer, &files.config)?;
    Ok(TextParts {
        tokenizer: if rewritten {
            tokenizer.to_string().into_bytes()
        } else {
            files.tokenizer
        },
        cleaning: if is_gemma {
            Cleaning::LowerCase
        } else {
            Cleaning::Siglip
        },
        padding: Some(padding),
    })
}

/// The pad token of `SiglipTextConfig`, and Gemma's.
const SIGLIP_PAD: u32 = 1;
const GEMMA_PAD: u32 = 0;

/// Puts the start and end tokens that `add_bos_token` and `add_eos_token` ask for around each text: where they are given,
/// they replace what `tokenizer.json` does. Whether they were.
fn with_ends(tokenizer: &mut Value, config: &Value) -> Result<bool> {
    let asked = |name: &str| config[name].as_bool();
    let (start, end) = (asked("add_bos_token"), asked("add_eos_token"));
    if start.is_none() && end.is_none() {
        return Ok(false);
    }
    let mut single = vec![json!({ "Sequence": { "id": "A", "type_id": 0 } })];
    let mut tokens = serde_json::Map::new();
    for (wanted, role, default) in [(start, "bos_token", "<bos>"), (end, "eos_token", "<eos>")] {
        if wanted != Some(true) {
            continue;
        }
        let token = text_files::special(config, role).unwrap_or(default);
        let unknown = || Error::config(TOKENIZER, format!("it does not hold {token}, its {role}"));
        let id = text_files::token_id(tokenizer, token).ok_or_else(unknown)?;
        let at = if role == "bos_token" { 0 } else { single.len() };
        single.insert(at, json!({ "SpecialToken": { "id": token, "type_id": 0 } }));
        tokens.insert(token.into(), json!({ "id": token, "ids": [id], "tokens": [token] }));
    }
    let both = ["A", "B"].map(|name| json!({ "Sequence": { "id": name, "type_id": 0 } }));
    tokenizer["post_processor"] = json!({
        "type": "TemplateProcessing", "single": single, "pair": both, "special_tokens": tokens,
    });
    Ok(true)
}
