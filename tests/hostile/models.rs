//! Model files from strangers.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::measured::measured;
use crate::program::Program;

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

const PICTURE: &str = "assets/samples/photos/cat.jpg";

pub fn classify(model: &Path, what: &str) -> String {
    let program = Program::new();
    let model = model.to_str().unwrap();
    let args = [
        "classify", PICTURE, "--model", model, "--label", "a cat", "--label", "dog",
    ];
    let measured = measured(&program, &args);
    measured.assert_modest(what);
    assert_eq!(measured.output.status.code(), Some(1), "{what}: {}", measured.errors());
    let errors = measured.errors();
    assert!(errors.lines().count() <= 2, "{what}: {errors}");
    assert!(
        !errors.contains("mistake of ours") && !errors.contains("panic"),
        "{what}: {errors}"
    );
    errors
}

/// A sound model, but for its tokenizer.
pub fn model_with(tokenizer: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sound = fixtures().join("clip-f32");
    for name in ["config.json", "model.safetensors", "preprocessor_config.json"] {
        std::fs::copy(sound.join(name), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer).unwrap();
    folder
}

#[test]
fn tokenizers_that_ask_for_the_impossible_are_refused() {
    for entry in std::fs::read_dir(fixtures().join("hostile/tokenizers")).unwrap() {
        let path = entry.unwrap().path();
        let model = model_with(&std::fs::read(&path).unwrap());
        let errors = classify(model.path(), &path.display().to_string());
        assert!(errors.contains("tokenizer"), "{errors}");
    }
}

#[test]
fn tokenizers_that_ask_for_gigabytes_are_refused() {
    let sound: Value =
        serde_json::from_slice(&std::fs::read(fixtures().join("clip-f32/tokenizer.json")).unwrap()).unwrap();
    let with = |key: &str, value: Value| {
        let mut tokenizer = sound.clone();
        tokenizer[key] = value;
        tokenizer.to_string().into_bytes()
    };
    let added: Vec<Value> = (0..500_000)
        .map(|n| {
            json!({"id": 1_000 + n, "content": format!("<extra {n}>"), "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": false})
        })
        .collect();
    let pieces = vec![json!({"SpecialToken": {"id": "E", "type_id": 0}}); 1_000_000];
    let special = json!({"E": {"id": "E", "ids": [1], "tokens": ["E"]}});
    let template = json!({"type": "TemplateProcessing", "single": pieces, "pair": [], "special_tokens": special});
    let table = |size: u32, replacements: &str| {
        let bytes = [&size.to_le_bytes()[..], &[0; 1_024], replacements.as_bytes()].concat();
        json!({"type": "Precompiled", "precompiled_charsmap": BASE64_STANDARD.encode(bytes)})
    };
    let replace = |pattern: Value, content: &str| json!({"type": "Replace", "pattern": pattern, "content": content});
    let steps = |steps: Vec<Value>| with("normalizer", json!({"type": "Sequence", "normalizers": steps}));
    let grown_tokens = {
        let one = |n: usize| {
            json!({"id": 1_000 + n, "content": "a".repeat(1_000), "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": true, "special": false})
        };
        let mut tokenizer = sound.clone();
        tokenizer["added_tokens"] = (0..1_000).map(one).collect();
        tokenizer["normalizer"] = replace(json!({"String": "a"}), &"a".repeat(4_000));
        tokenizer.to_string().into_bytes()
    };
    let bombs = [
        (
            "between letters",
            steps(vec![replace(json!({"Regex": "(?=a)"}), "a"); 60]),
        ),
        (
            "at the ends of words",
            steps(vec![replace(json!({"Regex": r"\b"}), "a b"); 60]),
        ),
        ("a table that grows", steps(vec![table(1_024, &"a".repeat(10_000)); 2])),
        ("a table of gigabytes", steps(vec![table(0xFFFF_FFFC, "a")])),
        ("added tokens that grow", grown_tokens),
        (
            "prepend",
            with(
                "normalizer",
                json!({"type": "Prepend", "prepend": "x".repeat(20_000_000)}),
            ),
        ),
        ("template", with("post_processor", template)),
        ("added tokens", with("added_tokens", json!(added))),
        ("70 MB", vec![b' '; 70 << 20]),
    ];
    for (what, bytes) in bombs {
        let model = model_with(&bytes);
        assert!(classify(model.path(), what).contains("tokenizer"), "{what}");
    }
    // A device without end in its place.
    #[cfg(unix)]
    {
        let model = model_with(b"");
        std::fs::remove_file(model.path().join("tokenizer.json")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", model.path().join("tokenizer.json")).unwrap();
        assert!(classify(model.path(), "/dev/zero").contains("tokenizer.json"));
    }
}

#[test]
fn adapters_that_do_not_fit_are_refused() {
    for entry in std::fs::read_dir(fixtures().join("hostile/adapters")).unwrap() {
        let path = entry.unwrap().path();
        let folder = tempfile::tempdir().unwrap();
        let adapter = std::fs::read_to_string(path.join("adapter.json")).unwrap();
        let base = fixtures().join("clip-f32");
        let adapter = adapter.replace("BASE", base.to_str().unwrap());
        std::fs::write(folder.path().join("adapter.json"), adapter).unwrap();
        std::fs::copy(
            path.join("adapter.safetensors"),
            folder.path().join("adapter.safetensors"),
        )
        .unwrap();
        let errors = classify(folder.path(), &path.display().to_string());
        assert!(!errors.contains("changed since"), "{}: {errors}", path.display());
    }
}

/// A file may say that it is long, and hold nothing.
#[test]
fn an_adapter_of_20_gb_is_not_read() {
    let hostile = fixtures().join("hostile/adapters/probe-half-rows");
    let adapter = std::fs::read_to_string(hostile.join("adapter.json")).unwrap();
    let adapter = adapter.replace("BASE", fixtures().join("clip-f32").to_str().unwrap());
    let length: u64 = 20 << 30;
    let count = length / 4;
    let whole = format!(r#"{{"weight":{{"dtype":"F32","shape":[1,{count}],"data_offsets":[0,{length}]}}}}"#);
    for header in ["", &whole] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("adapter.json"), &adapter).unwrap();
        let mut start = (header.len() as u64).to_le_bytes().to_vec();
        start.extend(header.as_bytes());
        let path = folder.path().join("adapter.safetensors");
        std::fs::write(&path, &start).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(start.len() as u64 + length).unwrap();
        assert!(classify(folder.path(), "20 GB").contains("adapter.safetensors"));
    }
}

#[test]
fn a_base_on_another_machine_is_not_asked() {
    let path = fixtures().join("hostile/adapters/probe-half-rows");
    let mut adapter: Value = serde_json::from_slice(&std::fs::read(path.join("adapter.json")).unwrap()).unwrap();
    adapter["base"] = json!(r"\\elsewhere\models\clip");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("adapter.json"), adapter.to_string()).unwrap();
    std::fs::copy(
        path.join("adapter.safetensors"),
        folder.path().join("adapter.safetensors"),
    )
    .unwrap();
    let errors = classify(folder.path(), "another machine");
    assert!(errors.contains("on another machine"), "{errors}");
}
