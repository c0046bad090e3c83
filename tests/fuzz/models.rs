//! Whatever a model consists of: weights, tokenizers, configurations, adapters.

use burn::tensor::Device;
use clipsight::clip::{Checkpoint, Model, TextConfig, Tokenizer};

use crate::harness::fuzz;
use crate::place::{Place, fixtures, read_all};

fn weights(reader: &str, seeds: &[Vec<u8>]) {
    let place = Place::new();
    fuzz(reader, false, seeds, |bytes| {
        let path = place.with("weights", bytes);
        let _ = Checkpoint::open(&[path], &Device::flex());
    });
}

#[test]
fn safetensors() {
    let mut seeds = read_all("clip-f32", &[".safetensors"], 1 << 20);
    // Short ones, in which a change hits the header.
    seeds.extend(read_all("hostile/adapters", &[".safetensors"], 8 << 10));
    for header in [
        r#"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"__metadata__":{"format":"pt"}}"#,
        r#"{"a":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"b":{"dtype":"BF16","shape":[7],"data_offsets":[2,16]}}"#,
    ] {
        let start = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        seeds.push([&start[..], &[0; 16]].concat());
    }
    weights("safetensors", &seeds);
}

#[test]
fn pickles() {
    let seeds = read_all("clip-bin", &[".bin"], 1 << 20);
    weights("pickles", &seeds);
    let seeds = read_all("openai-vit", &[".pt"], 2 << 20);
    if !seeds.is_empty() {
        weights("archives", &seeds);
    }
}

/// One of each kind of model beside the pairs of CLIP.
fn small_models() -> [&'static str; 3] {
    [
        r#"{"type":"Unigram","unk_id":0,"byte_fallback":false,
            "vocab":[["<unk>",0.0],["a",-1.0],["\u2581a",-1.5],["cat",-2.0],["<0x41>",-3.0],["\u2581",-4.0]]}"#,
        r###"{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
            "vocab":{"[UNK]":0,"a":1,"##a":2,"cat":3,"##t":4,"word":5}}"###,
        r#"{"type":"WordLevel","unk_token":"[UNK]","vocab":{"[UNK]":0,"a":1,"cat":2,"photo":3}}"#,
    ]
}

/// A tokenizer around a model, with every part that a file can have.
fn tokenizer_of(model: &str) -> String {
    format!(
        r#"{{"version":"1.0","truncation":null,"padding":null,
            "added_tokens":[{{"id":5,"content":"[X]","single_word":false,"lstrip":false,"rstrip":false,
                "normalized":true,"special":true}}],
            "normalizer":{{"type":"Sequence","normalizers":[{{"type":"Lowercase"}},
                {{"type":"Replace","pattern":{{"Regex":" {{2,}}"}},"content":" "}}]}},
            "pre_tokenizer":{{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"always","split":true}},
            "post_processor":{{"type":"TemplateProcessing",
                "single":[{{"Sequence":{{"id":"A","type_id":0}}}},{{"SpecialToken":{{"id":"E","type_id":0}}}}],
                "pair":[],"special_tokens":{{"E":{{"id":"E","ids":[1],"tokens":["E"]}}}}}},
            "decoder":{{"type":"Sequence","decoders":[
                {{"type":"Replace","pattern":{{"Regex":"\\s+"}},"content":" "}},{{"type":"Fuse"}}]}},
            "model":{model}}}"#
    )
}

#[test]
fn small_models_of_each_kind_are_read() {
    let config = TextConfig {
        vocab_size: 400,
        ..TextConfig::default()
    };
    for model in small_models() {
        let tokenizer = Tokenizer::from_bytes(tokenizer_of(model).as_bytes(), &config).unwrap();
        assert!(!tokenizer.encode("a cat").unwrap().ids.is_empty(), "{model}");
    }
}

#[test]
fn tokenizers() {
    let mut seeds = read_all("clip-f32", &["tokenizer.json"], 1 << 20);
    seeds.extend(read_all("hostile/tokenizers", &[".json"], 1 << 20));
    seeds.extend(small_models().iter().map(|model| tokenizer_of(model).into_bytes()));
    let config = TextConfig {
        vocab_size: 400,
        ..TextConfig::default()
    };
    fuzz("tokenizers", true, &seeds, |bytes| {
        if let Ok(tokenizer) = Tokenizer::from_bytes(bytes, &config) {
            for text in [
                "",
                "a photo of a cat.",
                "naïve  CAT's 42 – 猫!\n\u{200b}",
                &"word ".repeat(200),
            ] {
                let _ = tokenizer.encode(text);
            }
        }
    });
}

/// A model of which one file changes; `others` lie beside it.
fn model(reader: &str, fixture: &str, others: &[&str], changing: &str, text: bool) {
    let place = Place::of_fixture(fixture, others);
    let seed = std::fs::read(fixtures().join(fixture).join(changing)).unwrap();
    fuzz(reader, text, &[seed], |bytes| {
        place.with(changing, bytes);
        if let Ok(model) = Model::open(place.path(), &Device::flex()) {
            let _ = model.tokenize("a photo of a naïve CAT's 42 – 猫!");
        }
    });
}

#[test]
fn configurations() {
    let files = ["model.safetensors", "tokenizer.json"];
    let others = [&files[..], &["preprocessor_config.json"]].concat();
    model("configurations", "clip-f32", &others, "config.json", true);
    let others = [&files[..], &["config.json"]].concat();
    model("preprocessing", "clip-f32", &others, "preprocessor_config.json", true);
}

#[test]
fn configurations_of_other_layouts() {
    let files = ["open_clip_model.safetensors", "tokenizer.json"];
    model("open-clip", "openclip-vit", &files, "open_clip_config.json", true);
    model("timm", "timm-clip", &files, "open_clip_config.json", true);
    let files = ["model.safetensors", "preprocessor_config.json", "tokenizer.json"];
    let others = [&files[..], &["tokenizer_config.json"]].concat();
    model("siglip2", "siglip2", &others, "config.json", true);
    let others = [&files[..], &["config.json"]].concat();
    model("tokenizer-settings", "siglip2", &others, "tokenizer_config.json", true);
}

#[test]
fn vocabularies() {
    let files = [
        "config.json",
        "model.safetensors",
        "processor_config.json",
        "tokenizer_config.json",
    ];
    for (reader, changing, other) in [
        ("vocabularies", "vocab.json", "merges.txt"),
        ("merges", "merges.txt", "vocab.json"),
    ] {
        model(reader, "opening/clip", &[&files[..], &[other]].concat(), changing, true);
    }
    model("sentencepiece", "opening/siglip", &files, "spiece.model", false);
}

#[test]
fn adapters() {
    let hostile = fixtures().join("hostile/adapters");
    let base = fixtures().join("clip-f32").display().to_string();
    let configs: Vec<Vec<u8>> = read_all("hostile/adapters", &["adapter.json"], 64 << 10)
        .into_iter()
        .map(|bytes| String::from_utf8(bytes).unwrap().replace("BASE", &base).into_bytes())
        .collect();
    let place = Place::new();
    std::fs::copy(
        hostile.join("probe-half-rows/adapter.safetensors"),
        place.path().join("adapter.safetensors"),
    )
    .unwrap();
    fuzz("adapters", true, &configs, |bytes| {
        place.with("adapter.json", bytes);
        let _ = Model::open(place.path(), &Device::flex());
    });
    let place = Place::new();
    place.with("adapter.json", &configs[0]);
    let seeds = read_all("hostile/adapters", &[".safetensors"], 16 << 10);
    fuzz("adapter-weights", false, &seeds, |bytes| {
        place.with("adapter.safetensors", bytes);
        let _ = Model::open(place.path(), &Device::flex());
    });
}
