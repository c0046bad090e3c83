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

fn unigram(tokens: &[String]) -> Value {
    let listed: Vec<Value> = tokens.iter().map(|token| json!([token, -1.0])).collect();
    json!({"model": {"type": "Unigram", "unk_id": 0, "vocab": listed, "byte_fallback": false}})
}

#[test]
fn tokens_are_no_longer_than_any_published_one() {
    let long = "b".repeat(1_025);
    assert!(refused(unigram(&["a".into(), long.clone()])).contains("1025 bytes"));
    for kind in ["BPE", "WordPiece", "WordLevel"] {
        let model =
            |vocab: Value, unknown: &str| json!({"model": {"type": kind, "vocab": vocab, "unk_token": unknown}});
        assert!(
            refused(model(json!({ &long: 0 }), "a")).contains("1025 bytes"),
            "{kind}"
        );
        assert!(refused(model(json!({"a": 0}), &long)).contains("1025 bytes"), "{kind}");
        let sound = model(json!({ &long[1..]: 0, "a": 1 }), "a");
        assert!(vetted(sound.to_string().as_bytes()).is_ok(), "{kind}");
    }
    // Many long ones that share nothing are a tree as large.
    let many: Vec<String> = (0..2_500).map(|n| format!("{n:04}{}", "b".repeat(1_000))).collect();
    assert!(refused(unigram(&many)).contains("tree"));
    // As XLM-R has them: a quarter of a million, which begin alike.
    let published: Vec<String> = (0..250_000).map(|n| format!("\u{2581}{n:09}")).collect();
    assert!(vetted(unigram(&published).to_string().as_bytes()).is_ok());
}

#[test]
fn words_are_taken_apart_up_to_a_length() {
    let model = |chars: u64| {
        json!({"model": {"type": "WordPiece", "unk_token": "u", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": chars, "vocab": {"u": 0}}})
    };
    assert!(refused(model(1_000_000_000)).contains("max_input_chars_per_word"));
    assert!(vetted(model(100).to_string().as_bytes()).is_ok());
}

#[test]
fn what_a_decoder_searches_for_counts_as_well() {
    let replace = |pattern: Value| json!({"type": "Replace", "pattern": pattern, "content": ""});
    let all = |pattern: Value, times: usize| json!({"decoder": {"type": "Sequence", "decoders": vec![replace(pattern); times]}});
    let dear = json!({"Regex": "a{60}".repeat(3)});
    assert!(refused(all(dear, 50)).contains("200 times"));
    assert!(refused(all(json!({"Regex": "(?=a)".repeat(80)}), 50)).contains("2048 bytes"));
    let sound = vetted(all(json!({"String": "\u{2581}"}), 2).to_string().as_bytes()).unwrap();
    assert!(sound.patterns.is_empty());
    let text = json!({"String": "a".repeat(40_000)});
    assert!(refused(all(text.clone(), 1)).contains("2048 bytes"));
    assert!(
        refused(json!({"pre_tokenizer": {"type": "Split", "pattern": text, "behavior": "Isolated"}})).contains("2048")
    );
    // No text is ever held against what a decoder searches for.
    let sound = vetted(all(json!({"Regex": "a+"}), 2).to_string().as_bytes()).unwrap();
    assert!(sound.patterns.is_empty());
}

#[test]
fn tokens_around_a_text_have_short_names() {
    let long = "E".repeat(40_000);
    let template = |name: &str, token: &str| {
        json!({"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": name, "type_id": 0}}],
            "pair": [], "special_tokens": {name: {"id": name, "ids": [1], "tokens": [token]}}}})
    };
    assert!(refused(template("E", &long)).contains("40000 bytes"));
    assert!(refused(template(&long, "E")).contains("40000 bytes"));
    assert!(vetted(template("E", "E").to_string().as_bytes()).is_ok());
    let berts = json!({"post_processor": {"type": "BertProcessing", "sep": [long, 1], "cls": ["E", 2]}});
    assert!(refused(berts).contains("40000 bytes"));
}
