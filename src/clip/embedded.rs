//! The starter and CLIP's tokenizer, in the binary; `build.rs` packs them.

use super::vocabulary::restored;
use super::{Error, Result};
use crate::packed;

/// The starter's configuration.
pub static STARTER_CONFIG: &[u8] = include_bytes!("../../assets/starter/config.json");
/// How the starter wants its pictures.
pub static STARTER_PREPROCESSOR: &[u8] = include_bytes!("../../assets/starter/preprocessor_config.json");

static STARTER_TOKENIZER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/starter_tokenizer.z"));
static STARTER_WEIGHTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/starter.z"));
static CLIP_TOKENIZER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/clip_tokenizer.z"));

/// The starter's `tokenizer.json`.
///
/// # Errors
/// Only if the binary is damaged.
pub fn starter_tokenizer() -> Result<Vec<u8>> {
    tokenizer(STARTER_TOKENIZER)
}

/// CLIP's `tokenizer.json`, for the layouts that ship without one.
///
/// # Errors
/// Only if the binary is damaged.
pub fn clip_tokenizer() -> Result<Vec<u8>> {
    tokenizer(CLIP_TOKENIZER)
}

/// The starter's `model.safetensors`.
///
/// # Errors
/// Only if the binary is damaged.
pub fn starter_weights() -> Result<Vec<u8>> {
    let split = unpacked(STARTER_WEIGHTS)?;
    let (low, high) = split.split_at(split.len().div_ceil(2));
    let mut bytes = Vec::with_capacity(split.len());
    for (low, high) in low.iter().zip(high) {
        bytes.extend([*low, *high]);
    }
    bytes.extend(low.get(high.len()));
    Ok(bytes)
}

fn unpacked(packed: &[u8]) -> Result<Vec<u8>> {
    packed::unpacked(packed).map_err(|e| damaged(&e))
}

fn tokenizer(packed: &[u8]) -> Result<Vec<u8>> {
    let short = String::from_utf8(unpacked(packed)?).map_err(|e| damaged(&e))?;
    let whole = restored(&short).ok_or_else(|| damaged(&"its tokenizer lacks a part"))?;
    Ok(whole.into_bytes())
}

fn damaged(reason: &dyn std::fmt::Display) -> Error {
    Error::Checkpoint {
        file: "the program itself".into(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        assert!(starter_weights().unwrap() == include_bytes!("../../assets/starter/model.safetensors"));
        assert!(starter_tokenizer().unwrap() == include_bytes!("../../assets/starter/tokenizer.json"));
        assert!(clip_tokenizer().unwrap() == include_bytes!("../../assets/tokenizer/clip.json"));
    }
}
