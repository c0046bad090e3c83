//! Tokenizers of every kind that ask for gigabytes, or for minutes.

use serde_json::{Value, json};

use crate::models::{classify, fixtures, model_with};

fn sound() -> Value {
    serde_json::from_slice(&std::fs::read(fixtures().join("clip-f32/tokenizer.json")).unwrap()).unwrap()
}

fn with(key: &str, value: Value) -> Vec<u8> {
    let mut tokenizer = sound();
    tokenizer[key] = value;
    tokenizer.to_string().into_bytes()
}

fn unigram(token: &str) -> Vec<u8> {
    let vocabulary = json!([["<unk>", 0.0], ["a", -1.0], [token, -2.0]]);
    with(
        "model",
        json!({"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": false}),
    )
}

/// Every letter becomes a word of thousands, of which every part is looked up.
fn word_piece() -> Vec<u8> {
    let mut tokenizer = sound();
    tokenizer["normalizer"] = json!({"type": "Replace", "pattern": {"Regex": "."}, "content": "a".repeat(4_000)});
    tokenizer["pre_tokenizer"] = Value::Null;
    tokenizer["model"] = json!({"type": "WordPiece", "unk_token": "u", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 1_000_000_000, "vocab": {"u": 0, "a": 1, "##a": 2}});
    tokenizer.to_string().into_bytes()
}

fn decoder() -> Vec<u8> {
    let replace = json!({"type": "Replace", "pattern": {"Regex": r"(?=\w{60})".repeat(40)}, "content": ""});
    with("decoder", json!({"type": "Sequence", "decoders": vec![replace; 50]}))
}

fn template() -> Vec<u8> {
    let mut pieces = vec![json!({"Sequence": {"id": "A", "type_id": 0}})];
    pieces.extend(vec![json!({"SpecialToken": {"id": "E", "type_id": 0}}); 30]);
    let special = json!({"E": {"id": "E", "ids": [1], "tokens": ["E".repeat(40_000_000)]}});
    with(
        "post_processor",
        json!({"type": "TemplateProcessing", "single": pieces, "pair": [], "special_tokens": special}),
    )
}

/// A key that nobody reads, with millions of short texts.
fn unread_items() -> Vec<u8> {
    let whole = sound().to_string();
    let model = whole.find(r#""model":{"#).unwrap() + r#""model":{"#.len();
    let items = vec![r#""\n""#; 7_800_000].join(",");
    [&whole[..model], r#""x":["#, &items, "],", &whole[model..]]
        .concat()
        .into_bytes()
}

#[test]
fn models_and_decoders_that_ask_for_gigabytes_are_refused() {
    for (what, bytes) in [
        ("a token of a megabyte", unigram(&"b".repeat(1_000_000))),
        ("a token of ten megabytes", unigram(&"b".repeat(10_000_000))),
        ("words without end", word_piece()),
        ("a decoder's patterns", decoder()),
        ("a template's text", template()),
        ("items that nobody reads", unread_items()),
    ] {
        let model = model_with(&bytes);
        assert!(classify(model.path(), what).contains("tokenizer"), "{what}");
    }
}

/// A field of a protocol buffer: its number and kind in one byte, its length in seven bits a byte, its content.
fn field(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x0a];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(length as u8 & 0x7f | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    [&bytes[..], content].concat()
}

#[test]
fn sentencepiece_models_that_ask_for_gigabytes_are_refused() {
    let siglip = fixtures().join("opening/siglip");
    let sound = std::fs::read(siglip.join("spiece.model")).unwrap();
    for (what, more) in [
        ("a piece of three megabytes", field(&field(&[b'b'; 3_000_000]))),
        ("two million pieces", [0x0a, 0].repeat(1_990_000)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "config.json",
            "model.safetensors",
            "processor_config.json",
            "tokenizer_config.json",
        ] {
            std::fs::copy(siglip.join(name), folder.path().join(name)).unwrap();
        }
        let bytes = [&sound[..], &more].concat();
        std::fs::write(folder.path().join("spiece.model"), bytes).unwrap();
        assert!(classify(folder.path(), what).contains("spiece.model"), "{what}");
    }
}
