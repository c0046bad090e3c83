//! A new model with random weights: the start of pre-training, which then is [`super::contrastive`] on it.
//!
//! A Vision Transformer in Hugging Face's layout, or the paper's modified ResNet in OpenCLIP's, with a text transformer
//! that reads the starter's vocabulary of 12,000. Weights start as in the paper's code (`initialize_parameters`): normal,
//! with `width^-0.5` for attention, `(2 width)^-0.5` for the first and `width^-0.5 (2 layers)^-0.5` for the last linear
//! layer of a block, embeddings at 0.02 and 0.01, a temperature of 0.07.
//!
//! A ResNet's batch normalisation has no statistics to start from and none are collected: it starts as doing nothing, and
//! the convolutions at the scale that keeps the signal's (He et al. 2015), the last of each bottleneck at a fifth of it.

mod resnet;
mod tokenizer;
mod vit;
mod weights;

use std::path::Path;

use serde_json::{Value, json};

use crate::clip::{Error, Result, STARTER_TOKENIZER, write_whole};
use crate::fine_tune::config::{Architecture, Hyper};
use weights::Weights;

const VOCABULARY: usize = 12_000;
const CONTEXT: usize = 32;
/// Id of the end token in the starter's vocabulary.
const END: usize = 1;
const START_TOKEN: &str = "<|startoftext|>";
const END_TOKEN: &str = "<|endoftext|>";
const HEAD_WIDTH: usize = 16;
const TEMPERATURE: f32 = 0.07;

/// Writes a new model's folder: weights, configuration and tokenizer, which open like any model's.
///
/// # Errors
/// A file cannot be written.
pub fn create(folder: &Path, hyper: &Hyper, seed: u64) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Write {
        path: folder.to_path_buf(),
        source,
    })?;
    let mut weights = Weights::new(seed);
    // A single number, as `CLIPModel` and open_clip declare it: transformers opens no other shape.
    weights.constant("logit_scale", &[], (1.0 / TEMPERATURE).ln());
    write_whole(&folder.join("tokenizer.json"), STARTER_TOKENIZER)?;
    write_json(&folder.join("tokenizer_config.json"), &tokenizer_config())?;
    match hyper.architecture {
        Architecture::Vit => vit::write(folder, hyper, weights),
        Architecture::ModifiedResNet => resnet::write(folder, hyper, weights),
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
