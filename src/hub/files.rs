//! Which of a repository's files a model needs.
//!
//! A repository may hold a model in two layouts, of which one may be refused: each is a plan of its own, and the small
//! files of a plan are fetched and read before its weights.

use crate::clip::Layout;

const OPEN_CLIP_CONFIG: &str = "open_clip_config.json";
const OPEN_CLIP_WEIGHTS: [&str; 2] = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];
const HF_CONFIG: &str = "config.json";
/// Weights in one file, the list of their shards, and how shards are named; in the order in which they are preferred.
const HF_WEIGHTS: [(&str, &str, &str, &str); 2] = [
    (
        "model.safetensors",
        "model.safetensors.index.json",
        "model-",
        ".safetensors",
    ),
    (
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
        "pytorch_model-",
        ".bin",
    ),
];
const PICTURES: [&str; 2] = ["preprocessor_config.json", "processor_config.json"];
const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_SETTINGS: [&str; 2] = ["tokenizer_config.json", "special_tokens_map.json"];
/// A tokenizer in other files, for repositories without a `tokenizer.json`.
const OTHER_TOKENIZERS: [&str; 6] = [
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.model",
];
/// Where sentence-transformers keeps the first part of a model, which is its CLIP.
const FIRST_PART: &str = "0_";
/// What PEFT saves: what was learnt, without the model that it was learnt from.
const PEFT: &str = "adapter_config.json";
/// Weights that are run by other programs.
const FOREIGN: [(&str, &str); 6] = [
    (".onnx", "ONNX"),
    (".gguf", "GGUF"),
    (".msgpack", "Flax"),
    (".h5", "TensorFlow"),
    (".mlpackage", "Core ML"),
    (".npz", "JAX"),
];

/// A model in one layout, as files to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub layout: Layout,
    /// Its configuration, which alone says whether it can be opened at all.
    pub config: String,
    /// The other small files.
    pub small: Vec<String>,
    pub weights: Vec<String>,
}

impl Plan {
    /// Every file, the small ones first.
    pub fn files(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.config).chain(&self.small).chain(&self.weights)
    }
}

/// The models in a repository, by the names of its files; OpenCLIP's layout first.
///
/// # Errors
/// What is missing.
pub fn plans(names: &[String]) -> Result<Vec<Plan>, String> {
    let mut plans: Vec<Plan> = [open_clip(names), hugging_face(names, "")]
        .into_iter()
        .flatten()
        .collect();
    if plans.is_empty() {
        let parts = names.iter().filter_map(|name| name.strip_suffix(HF_CONFIG));
        let first = |part: &&str| {
            part.strip_suffix('/')
                .is_some_and(|name| name.starts_with(FIRST_PART) && is_plain(name))
        };
        plans.extend(parts.filter(first).find_map(|part| hugging_face(names, part)));
    }
    if plans.is_empty() {
        Err(missing(names))
    } else {
        Ok(plans)
    }
}

fn open_clip(names: &[String]) -> Option<Plan> {
    let has = |name: &str| names.iter().any(|n| n == name);
    let weights = OPEN_CLIP_WEIGHTS.into_iter().find(|name| has(name))?;
    has(OPEN_CLIP_CONFIG).then(|| Plan {
        layout: Layout::OpenClip,
        config: OPEN_CLIP_CONFIG.into(),
        small: tokenizer(names, ""),
        weights: vec![weights.into()],
    })
}

fn hugging_face(names: &[String], folder: &str) -> Option<Plan> {
    let there = |name: &&str| names.iter().any(|n| n.strip_prefix(folder) == Some(*name));
    if !there(&HF_CONFIG) {
        return None;
    }
    let inside = |name: &str| format!("{folder}{name}");
    let mut small: Vec<String> = PICTURES
        .iter()
        .filter(|name| there(name))
        .map(|name| inside(name))
        .collect();
    small.extend(tokenizer(names, folder));
    let weights = HF_WEIGHTS.iter().find_map(|(whole, list, start, end)| {
        if there(whole) {
            return Some(vec![inside(whole)]);
        }
        let shards = names.iter().filter(|name| {
            let name = name.strip_prefix(folder).unwrap_or_default();
            name.starts_with(start) && name.ends_with(end) && is_plain(name)
        });
        there(list).then(|| std::iter::once(inside(list)).chain(shards.cloned()).collect())
    })?;
    Some(Plan {
        layout: Layout::HuggingFace,
        config: inside(HF_CONFIG),
        small,
        weights,
    })
}

/// Whether a name stays in its folder, on every platform.
fn is_plain(name: &str) -> bool {
    !name.chars().any(|c| c.is_control() || "/\\:".contains(c))
}

fn tokenizer(names: &[String], folder: &str) -> Vec<String> {
    let there = |name: &&str| names.iter().any(|n| n.strip_prefix(folder) == Some(*name));
    let whole = there(&TOKENIZER);
    let other = OTHER_TOKENIZERS.iter().filter(|_| !whole);
    let wanted = std::iter::once(&TOKENIZER).chain(&TOKENIZER_SETTINGS).chain(other);
    wanted
        .filter(|name| there(name))
        .map(|name| format!("{folder}{name}"))
        .collect()
}

fn missing(names: &[String]) -> String {
    let has = |name: &str| names.iter().any(|n| n == name);
    let lacking = if has(OPEN_CLIP_CONFIG) && !has(HF_CONFIG) {
        OPEN_CLIP_WEIGHTS[0]
    } else if has(HF_CONFIG) {
        HF_WEIGHTS[0].0
    } else {
        HF_CONFIG
    };
    if has(PEFT) {
        return format!("{lacking} is missing; it holds an adapter of PEFT's, which is no model by itself");
    }
    let of = |ending: &str| names.iter().any(|name| name.ends_with(ending));
    match FOREIGN.iter().find(|(ending, _)| of(ending)) {
        Some((_, program)) => {
            format!("{lacking} is missing; its weights are {program}'s, which Clipsight does not run")
        }
        None => format!("{lacking} is missing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Result<Vec<Vec<String>>, String> {
        let plans = plans(&names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(plans.iter().map(|plan| plan.files().cloned().collect()).collect())
    }

    const HF: [&str; 6] = [
        "README.md",
        "config.json",
        "merges.txt",
        "model.safetensors",
        "preprocessor_config.json",
        "tokenizer.json",
    ];

    #[test]
    fn each_layout_is_a_plan_and_nothing_else_is_fetched() {
        let whole = [
            "config.json",
            "preprocessor_config.json",
            "tokenizer.json",
            "model.safetensors",
        ];
        assert_eq!(of(&HF).unwrap(), [whole]);
        let open_clip = [
            "open_clip_config.json",
            "open_clip_pytorch_model.bin",
            "pytorch_model.bin",
        ];
        let both = of(&[&HF[..], &open_clip].concat()).unwrap();
        assert_eq!(
            both[0],
            ["open_clip_config.json", "tokenizer.json", "open_clip_pytorch_model.bin"]
        );
        assert_eq!(both[1], whole);
    }

    #[test]
    fn what_transformers_and_sentence_transformers_save_is_a_plan() {
        let saved = of(&[
            "config.json",
            "model.safetensors",
            "processor_config.json",
            "vocab.json",
            "merges.txt",
        ]);
        assert_eq!(saved.unwrap()[0].len(), 5);
        let parts = of(&[
            "modules.json",
            "0_CLIPModel/config.json",
            "0_CLIPModel/pytorch_model.bin",
            "0_CLIPModel/vocab.json",
            "0_CLIPModel/merges.txt",
        ]);
        assert_eq!(parts.unwrap()[0].last().unwrap(), "0_CLIPModel/pytorch_model.bin");
        let shards = of(&[
            "config.json",
            "pytorch_model.bin.index.json",
            "pytorch_model-00001-of-00002.bin",
            "pytorch_model-00002-of-00002.bin",
            r"pytorch_model-..\..\x.bin",
        ]);
        assert_eq!(shards.unwrap()[0].len(), 4);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(
            of(&["config.json", "tokenizer.json"])
                .unwrap_err()
                .contains("model.safetensors")
        );
        assert!(of(&["model.safetensors"]).unwrap_err().contains("config.json"));
        let onnx = of(&["config.json", "tokenizer.json", "onnx/model.onnx"]).unwrap_err();
        assert!(onnx.contains("ONNX"), "{onnx}");
        let adapter = of(&["adapter_config.json", "adapter_model.safetensors", "README.md"]).unwrap_err();
        assert!(adapter.contains("PEFT"), "{adapter}");
    }
}
