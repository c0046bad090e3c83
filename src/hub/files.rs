//! Which of a repository's files a model needs.

const HF_WEIGHTS: &str = "model.safetensors";
const HF_SHARDS: &str = "model.safetensors.index.json";
const HF_TORCH: &str = "pytorch_model.bin";
const OPEN_CLIP_CONFIG: &str = "open_clip_config.json";
const OPEN_CLIP_WEIGHTS: [&str; 2] = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];
const HF_REQUIRED: [&str; 3] = ["config.json", "preprocessor_config.json", "tokenizer.json"];
const TOKENIZER: [&str; 2] = ["tokenizer.json", "tokenizer_config.json"];

/// The files to fetch, small ones first; OpenCLIP's layout where both are complete.
///
/// # Errors
/// What is missing from the more likely of the layouts.
pub fn wanted(names: &[String]) -> Result<Vec<String>, String> {
    let has = |name: &str| names.iter().any(|n| n == name);
    let optional = |names: &[&str]| -> Vec<String> {
        let there = names.iter().filter(|name| has(name));
        there.map(ToString::to_string).collect()
    };
    if has(OPEN_CLIP_CONFIG)
        && let Some(weights) = OPEN_CLIP_WEIGHTS.iter().find(|name| has(name))
    {
        let mut files = vec![OPEN_CLIP_CONFIG.to_string()];
        files.extend(optional(&TOKENIZER));
        files.push((*weights).into());
        return Ok(files);
    }
    let missing: Vec<&str> = HF_REQUIRED.into_iter().filter(|name| !has(name)).collect();
    if !missing.is_empty() {
        return Err(format!("{} is missing", missing.join(", ")));
    }
    let weights = if has(HF_WEIGHTS) {
        vec![HF_WEIGHTS.to_string()]
    } else if has(HF_SHARDS) {
        let shards = names.iter().filter(|name| is_shard(name)).cloned();
        std::iter::once(HF_SHARDS.to_string()).chain(shards).collect()
    } else if has(HF_TORCH) {
        vec![HF_TORCH.to_string()]
    } else {
        return Err(format!("{HF_WEIGHTS} is missing"));
    };
    let mut files = optional(&[
        "config.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ]);
    files.extend(weights);
    Ok(files)
}

/// `model-00001-of-00002.safetensors`
fn is_shard(name: &str) -> bool {
    name.starts_with("model-") && name.ends_with(".safetensors") && !name.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Result<Vec<String>, String> {
        wanted(&names.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn one_layout_is_fetched_and_nothing_else() {
        let hf = [
            "README.md",
            "config.json",
            "model.safetensors",
            "preprocessor_config.json",
            "tokenizer.json",
        ];
        assert_eq!(
            of(&hf).unwrap(),
            [
                "config.json",
                "preprocessor_config.json",
                "tokenizer.json",
                "model.safetensors"
            ]
        );
        let both = [
            &hf[..],
            &[
                "open_clip_config.json",
                "open_clip_pytorch_model.bin",
                "pytorch_model.bin",
            ],
        ]
        .concat();
        assert_eq!(
            of(&both).unwrap(),
            ["open_clip_config.json", "tokenizer.json", "open_clip_pytorch_model.bin"]
        );
        assert!(
            of(&["config.json", "model.safetensors"])
                .unwrap_err()
                .contains("tokenizer.json")
        );
    }
}
