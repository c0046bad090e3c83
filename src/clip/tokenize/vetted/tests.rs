use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::steps::repetitions;
use super::*;

fn refused(file: Value) -> String {
    vetted(file.to_string().as_bytes()).unwrap_err()
}

#[test]
fn the_tokenizers_in_the_binary_pass() {
    use crate::clip::checkpoint::embedded::{CLIP_TOKENIZER, STARTER_TOKENIZER};
    let clips = vetted(CLIP_TOKENIZER).unwrap();
    assert_eq!(clips.patterns.len(), 2);
    clips.check_length(100_000).unwrap();
    assert!(vetted(STARTER_TOKENIZER).is_ok());
}

fn sequence(steps: &[Value], times: usize) -> Value {
    let all: Vec<&Value> = std::iter::repeat_n(steps, times).flatten().collect();
    json!({"type": "Sequence", "normalizers": all})
}

fn table(size: u32, replacements: &str) -> Value {
    let bytes = [&size.to_le_bytes()[..], &[0; 1_024], replacements.as_bytes()].concat();
    json!({"type": "Precompiled", "precompiled_charsmap": BASE64_STANDARD.encode(bytes)})
}

#[test]
fn what_is_found_between_letters_grows_as_well() {
    let doubled = |pattern: &str| json!({"type": "Replace", "pattern": {"Regex": pattern}, "content": "a"});
    for pattern in ["(?=a)", "\\b", "(?<=a)|b", "x*", "(?!b)"] {
        let bomb = json!({"normalizer": sequence(&[doubled(pattern)], 60)});
        assert!(refused(bomb).contains("times as long"), "{pattern}");
    }
    // One letter for another, as published tokenizers have them.
    let spaces = json!({"normalizer": sequence(&[doubled(" {2,}"), doubled("[!-/]"), doubled("\\s+")], 20)});
    assert_eq!(vetted(spaces.to_string().as_bytes()).unwrap().growth.factor, 1);
}

#[test]
fn patterns_that_are_dear_before_they_are_searched_for_are_refused() {
    let split = |pattern: String| json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"});
    let started = std::time::Instant::now();
    let large = refused(json!({"pre_tokenizer": split("(?=\\w{99})".repeat(40))}));
    assert!(large.contains("200 times"), "{large}");
    let nested = refused(json!({"pre_tokenizer": split(r"((\w{60}){60}){60}(?=a)".into())}));
    assert!(nested.contains("cannot be searched for"), "{nested}");
    assert_eq!(repetitions(r" {2,}|\p{L}{1,3}|\x{4000}|(?:a){7}"), 13);
    let many = refused(json!({"pre_tokenizer": split("(?=a)".repeat(1_000))}));
    assert!(many.contains("2048 bytes"), "{many}");
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn what_unicode_takes_apart_again_and_again_grows_as_well() {
    let ligature = json!({"type": "Replace", "pattern": {"String": " "}, "content": "\u{fdfa}"});
    let bomb = sequence(&[ligature, json!({"type": "NFKC"})], 7);
    assert!(refused(json!({"normalizer": bomb})).contains("times as long"));
    let marks = |mark: &str| json!({"type": "Metaspace", "replacement": mark, "prepend_scheme": "always"});
    let marked = vec![[marks("x"), marks("y")]; 7].concat();
    let pieces = json!({"type": "Sequence", "pretokenizers": marked});
    assert!(refused(json!({"pre_tokenizer": pieces})).contains("times as long"));
}

#[test]
fn tables_of_replacements_are_as_long_as_they_say_and_grow_by_their_longest() {
    let long = "a".repeat(10_000) + "\0";
    assert!(refused(json!({"normalizer": table(1_024, &long)})).contains("times as long"));
    let twice = sequence(&[table(1_024, &"a".repeat(100))], 2);
    assert!(refused(json!({"normalizer": twice})).contains("times as long"));
    for size in [0xFFFF_FFFC, 2_000] {
        assert!(refused(json!({"normalizer": table(size, "a\0")})).contains("table of replacements"));
    }
    let published = json!({"normalizer": table(1_024, "\u{640}\0a\0")});
    assert_eq!(vetted(published.to_string().as_bytes()).unwrap().growth.factor, 2);
}

#[test]
fn added_tokens_and_texts_are_bounded_after_they_grew() {
    let tenfold = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaa"});
    let steps = sequence(&[tenfold], 3);
    let added = |normalized: bool| {
        let one = |n: usize| json!({"id": n, "content": "a".repeat(100), "normalized": normalized});
        (0..100).map(one).collect::<Vec<_>>()
    };
    let bomb = json!({"normalizer": steps, "added_tokens": added(true)});
    assert!(refused(bomb).contains("added tokens"));
    let sound = json!({"normalizer": steps, "added_tokens": added(false)});
    let sound = vetted(sound.to_string().as_bytes()).unwrap();
    sound.check_length(4_000).unwrap();
    assert!(sound.check_length(5_000).unwrap_err().contains("1000 times"));
    // What stands in front of a short token makes it long as well.
    let prepend = json!({"type": "Prepend", "prepend": "x".repeat(256)});
    let short: Vec<Value> = (0..20_000).map(|n| json!({"id": n, "content": "a"})).collect();
    let bomb = json!({"normalizer": sequence(&[prepend], 60), "added_tokens": short});
    assert!(refused(bomb).contains("added tokens"));
}

#[test]
fn bombs_are_refused_by_what_they_do() {
    let tenfold = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaa"});
    let sequence = |step: &Value, count: usize| json!({"type": "Sequence", "normalizers": vec![step.clone(); count]});
    assert!(refused(json!({"normalizer": sequence(&tenfold, 9)})).contains("times as long"));
    // The library reads steps by their fields where it does not know their name.
    let mut unnamed = sequence(&tenfold, 9);
    unnamed["type"] = json!("Seque\nce");
    assert!(refused(json!({"normalizer": unnamed})).contains("times as long"));
    let bytes = json!({"type": "ByteLevel"});
    assert!(refused(json!({"normalizer": sequence(&bytes, 13)})).contains("times as long"));
    assert!(refused(json!({"normalizer": sequence(&json!({"type": "StripAccents"}), 65)})).contains("steps"));
    let prepend = json!({"type": "Prepend", "prepend": "x".repeat(20_000_000)});
    assert!(refused(json!({"normalizer": prepend})).contains("in front of"));
    let added: Vec<Value> = (0..500_000)
        .map(|n| json!({"id": n, "content": n.to_string()}))
        .collect();
    assert!(refused(json!({"added_tokens": added})).contains("500000 tokens"));
    for pattern in [json!({"String": ""}), json!({"Regex": ""})] {
        let replace = json!({"type": "Replace", "pattern": pattern, "content": "x"});
        assert!(refused(json!({"normalizer": replace})).contains("empty pattern"));
    }
    let pieces = vec![json!({"SpecialToken": {"id": "E", "type_id": 0}}); 65];
    let special = json!({"E": {"id": "E", "ids": [1], "tokens": ["E"]}});
    let template = |single: Value| json!({"post_processor": {"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": special}});
    assert!(refused(template(json!(pieces))).contains("64 tokens"));
    assert!(refused(template(json!([{"Sequence": {"id": "B", "type_id": 0}}]))).contains("\"B\""));
    assert!(refused(template(json!([{"SpecialToken": {"id": "F", "type_id": 0}}]))).contains("\"F\""));
    assert!(refused(json!({"model": {"end_of_word_suffix": "x".repeat(300)}})).contains("256 bytes"));
    assert!(refused(json!({"model": {"dropout": 0.5}})).contains("by chance"));
}
