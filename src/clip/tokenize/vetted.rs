//! What a `tokenizer.json` may ask for. The library that reads it believes every number in it: a few kilobytes can make it
//! write gigabytes, or stop in the middle of a text without a word.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fancy_regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// Published tokenizers have up to 6,500 tokens beside their vocabulary.
const MAX_ADDED_TOKENS: usize = 20_000;
/// The characters of all of them together.
const MAX_ADDED_BYTES: usize = 1 << 20;
/// Steps in a row; published tokenizers have up to six.
const MAX_STEPS: usize = 64;
/// How often a text may grow in all steps together: characters that are taken apart, marks at every space.
const MAX_GROWTH: usize = 4_096;
/// What the steps may make of one text, or of all added tokens together; each of these bytes takes a hundred in memory.
const MAX_GROWN_BYTES: usize = 4 << 20;
/// How often a text in UTF-8 grows where its characters are taken apart or put together, by Unicode's own tables.
const CANONICAL_GROWTH: usize = 3;
const COMPATIBLE_GROWTH: usize = 11;
/// Letters grow from two bytes to three at most, and Chinese ones get a space on either side.
const LOWERCASE_GROWTH: usize = 2;
const SPACED_GROWTH: usize = 2;
/// All patterns together, in bytes, and in counted repetitions: each of these takes a millisecond before anything is
/// searched, in every part of a pattern that looks ahead.
const MAX_PATTERN_BYTES: usize = 2_048;
const MAX_REPETITIONS: usize = 200;
/// What such a part may take; CLIP's whole pattern takes a quarter.
const MAX_PART_BYTES: usize = 512 << 10;
/// How often a search may go back; the library goes back five times as often, for seconds.
const MAX_BACKTRACKS: usize = 200_000;
/// The longest text that is put in front of every other, or at the end of a word, in bytes.
const MAX_PIECE_BYTES: usize = 256;
/// Tokens around a text; published tokenizers have two.
const MAX_TEMPLATE_TOKENS: usize = 64;

/// The parts that are checked; the vocabulary is only counted by the size of its file.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    added_tokens: Option<Vec<AddedToken>>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(default)]
    model: Option<Model>,
    /// Turns tokens into text, which is never wanted here, and is read all the same.
    #[serde(default)]
    #[allow(dead_code)]
    decoder: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct AddedToken {
    #[serde(default)]
    content: String,
    /// Whether the steps change it, too.
    #[serde(default)]
    normalized: Value,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
    #[serde(default)]
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    dropout: Option<f32>,
}

/// What a file asks for, once it is checked.
#[derive(Debug)]
pub struct Vetted {
    /// What its texts are searched for: the library says nothing where a search is given up, so that whoever uses it must
    /// ask.
    pub patterns: Vec<Regex>,
    growth: Growth,
}

impl Vetted {
    /// Checks that a text of so many bytes does not become too long.
    ///
    /// # Errors
    /// It may; in words.
    pub fn check_length(&self, bytes: usize) -> Result<(), String> {
        if self.growth.of(bytes) <= MAX_GROWN_BYTES {
            return Ok(());
        }
        Err(format!(
            "a text of {bytes} bytes is too long for this tokenizer, which may make it {} times as long; shorten it",
            self.growth.factor
        ))
    }
}

/// Checks a file.
///
/// # Errors
/// It asks for more than any tokenizer needs, or for what the library cannot do; in words.
pub fn vetted(bytes: &[u8]) -> Result<Vetted, String> {
    let outline: Outline = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let added = outline.added_tokens.unwrap_or_default();
    let added_bytes: usize = added.iter().map(|token| token.content.len()).sum();
    if added.len() > MAX_ADDED_TOKENS || added_bytes > MAX_ADDED_BYTES {
        return Err(format!(
            "it adds {} tokens of {added_bytes} bytes to its vocabulary; at most {MAX_ADDED_TOKENS} of \
             {MAX_ADDED_BYTES} are read",
            added.len()
        ));
    }
    if let Some(model) = &outline.model {
        let affixes = [&model.continuing_subword_prefix, &model.end_of_word_suffix];
        if affixes.into_iter().flatten().any(|affix| affix.len() > MAX_PIECE_BYTES) {
            return Err(format!("its words end or go on in more than {MAX_PIECE_BYTES} bytes"));
        }
        if model.dropout.is_some_and(|dropout| dropout != 0.0) {
            return Err("it leaves merges out by chance, so that no text is read the same way twice".into());
        }
    }
    let mut steps = Steps {
        count: 0,
        growth: Growth { factor: 1, more: 0 },
        pattern_bytes: 0,
        repetitions: 0,
        patterns: Vec::new(),
    };
    steps.normalizer(&outline.normalizer)?;
    // The library takes each of them through these steps when it opens the file.
    let changed = added.iter().filter(|token| token.normalized != false);
    let grown = changed.fold(0_usize, |sum, token| {
        sum.saturating_add(steps.growth.of(token.content.len()))
    });
    if grown > MAX_GROWN_BYTES {
        return Err(format!(
            "it makes its added tokens up to {grown} bytes long; {MAX_GROWN_BYTES} are read"
        ));
    }
    steps.pre_tokenizer(&outline.pre_tokenizer)?;
    let mut tokens = 0;
    processor(&outline.post_processor, &mut tokens)?;
    Ok(Vetted {
        patterns: steps.patterns,
        growth: steps.growth,
    })
}

/// How long texts become at most: one of `n` bytes, (`n` + 1) times `factor`, and `more` bytes. One is added because a text
/// of `n` letters has `n` + 1 places between them.
#[derive(Debug)]
struct Growth {
    factor: usize,
    more: usize,
}

impl Growth {
    fn of(&self, bytes: usize) -> usize {
        (bytes + 1).saturating_mul(self.factor).saturating_add(self.more)
    }
}

struct Steps {
    count: usize,
    growth: Growth,
    pattern_bytes: usize,
    repetitions: usize,
    patterns: Vec<Regex>,
}

impl Steps {
    /// By its fields, whatever it says that it is: so does the library where it does not know the name.
    fn normalizer(&mut self, step: &Value) -> Result<(), String> {
        self.step()?;
        items(step, "normalizers").try_for_each(|step| self.normalizer(step))?;
        if let Some(content) = step["content"].as_str() {
            let growth = match self.pattern(&step["pattern"])? {
                // Between any two letters, which stay.
                0 => content.len() + 1,
                shortest => content.len().div_ceil(shortest),
            };
            self.grow(growth)?;
        }
        let piece = step["prepend"].as_str().unwrap_or_default();
        if piece.len() > MAX_PIECE_BYTES {
            return Err(format!("it puts {} bytes in front of every text", piece.len()));
        }
        self.growth.more = self.growth.more.saturating_add(piece.len());
        if let Some(table) = step["precompiled_charsmap"].as_str() {
            self.grow(longest_replacement(table)?)?;
        }
        if step.get("handle_chinese_chars").is_some() {
            self.grow(SPACED_GROWTH * CANONICAL_GROWTH * LOWERCASE_GROWTH)?;
        }
        self.grow(match step["type"].as_str() {
            Some("NFC" | "NFD") => CANONICAL_GROWTH,
            Some("NFKC" | "NFKD") => COMPATIBLE_GROWTH,
            Some("Lowercase") => LOWERCASE_GROWTH,
            _ => 1,
        })?;
        self.bytes(step)
    }

    fn pre_tokenizer(&mut self, step: &Value) -> Result<(), String> {
        self.step()?;
        items(step, "pretokenizers").try_for_each(|step| self.pre_tokenizer(step))?;
        if let Some(pattern) = step.get("pattern") {
            self.pattern(pattern)?;
        }
        if step["length"].as_u64() == Some(0) {
            return Err("it splits texts into pieces of 0".into());
        }
        if let Some(mark) = step["replacement"].as_str() {
            // In place of every space, and in front of every piece.
            self.grow(mark.len() + 1)?;
        }
        if step["add_prefix_space"] == true {
            self.grow(2)?;
        }
        self.bytes(step)
    }

    /// Bytes that are no ASCII become two, each time anew.
    fn bytes(&mut self, step: &Value) -> Result<(), String> {
        let is_byte_level = step["type"] == "ByteLevel" || step.get("trim_offsets").is_some();
        if is_byte_level { self.grow(2) } else { Ok(()) }
    }

    /// The fewest bytes that a pattern finds; none where it finds places between letters, or may do so.
    fn pattern(&mut self, pattern: &Value) -> Result<usize, String> {
        let empty = || "it searches texts for nothing (an empty pattern)".to_string();
        if let Some(text) = pattern["String"].as_str() {
            return if text.is_empty() { Err(empty()) } else { Ok(text.len()) };
        }
        let Some(source) = pattern["Regex"].as_str() else {
            return Ok(0);
        };
        self.pattern_bytes += source.len();
        if self.pattern_bytes > MAX_PATTERN_BYTES {
            return Err(format!("its patterns have more than {MAX_PATTERN_BYTES} bytes"));
        }
        self.repetitions = self.repetitions.saturating_add(repetitions(source));
        if self.repetitions > MAX_REPETITIONS {
            return Err(format!(
                "its patterns repeat something more than {MAX_REPETITIONS} times"
            ));
        }
        let regex = RegexBuilder::new(source)
            .delegate_size_limit(MAX_PART_BYTES)
            .backtrack_limit(MAX_BACKTRACKS)
            .build()
            .map_err(|error| format!("its pattern {source:?} cannot be searched for: {error}"))?;
        if source.is_empty() {
            return Err(empty());
        }
        self.patterns.push(regex);
        // What looks ahead or back is not parsed here, and may find such places.
        let plain = regex_syntax::parse(source).ok();
        Ok(plain.and_then(|plain| plain.properties().minimum_len()).unwrap_or(0))
    }

    fn step(&mut self) -> Result<(), String> {
        self.count += 1;
        if self.count > MAX_STEPS {
            return Err(format!("it changes texts in more than {MAX_STEPS} steps"));
        }
        Ok(())
    }

    fn grow(&mut self, factor: usize) -> Result<(), String> {
        let factor = factor.max(1);
        self.growth.factor = self.growth.factor.saturating_mul(factor);
        self.growth.more = self.growth.more.saturating_mul(factor);
        if self.growth.factor > MAX_GROWTH {
            return Err(format!("it makes texts more than {MAX_GROWTH} times as long"));
        }
        Ok(())
    }
}

/// The sum of all counts in braces, as in `\d{1,3}`; what names a character or a kind of them is none.
fn repetitions(pattern: &str) -> usize {
    let braces = pattern.match_indices('{').filter_map(|(at, _)| {
        let names = ["\\x", "\\u", "\\U", "\\p", "\\P"];
        let counts = pattern[at + 1..].split('}').next()?;
        (!names.iter().any(|name| pattern[..at].ends_with(name))).then_some(counts)
    });
    let counts = braces.flat_map(|counts| counts.split(','));
    let each = counts.filter_map(|count| count.trim().parse::<usize>().ok());
    each.fold(0, usize::saturating_add)
}

/// The longest text that a table of replacements (sentencepiece's `precompiled_charsmap`) has for a byte. It begins with the
/// bytes that its index takes, of which the library takes the memory before it reads them; the replacements follow, each up
/// to a zero.
fn longest_replacement(table: &str) -> Result<usize, String> {
    let damaged = || "its table of replacements is damaged".to_string();
    let table = BASE64_STANDARD.decode(table).map_err(|_| damaged())?;
    let (size, rest) = table.split_first_chunk().ok_or_else(damaged)?;
    let replacements = rest.get(u32::from_le_bytes(*size) as usize..).ok_or_else(damaged)?;
    let longest = replacements.split(|byte| *byte == 0).map(<[u8]>::len).max();
    Ok(longest.unwrap_or(0))
}

/// What is put around the tokens of a text.
fn processor(step: &Value, tokens: &mut usize) -> Result<(), String> {
    *tokens += 1;
    if *tokens > MAX_TEMPLATE_TOKENS {
        return Err(format!(
            "it puts more than {MAX_TEMPLATE_TOKENS} tokens around every text"
        ));
    }
    items(step, "processors").try_for_each(|step| processor(step, tokens))?;
    template(step, tokens)
}

fn template(step: &Value, tokens: &mut usize) -> Result<(), String> {
    let special = &step["special_tokens"];
    for (form, sequences) in [("single", &["A"][..]), ("pair", &["A", "B"])] {
        for piece in items(step, form) {
            *tokens += 1;
            if let Some(id) = piece["Sequence"]["id"].as_str()
                && !sequences.contains(&id)
            {
                return Err(format!(
                    "its template for a {form} names a text {id:?}, which there is not"
                ));
            }
            if let Some(name) = piece["SpecialToken"]["id"].as_str() {
                let ids = special[name]["ids"].as_array();
                let ids = ids.ok_or_else(|| format!("its template names a token {name:?}, which it does not give"))?;
                *tokens += ids.len();
            }
            if *tokens > MAX_TEMPLATE_TOKENS {
                return Err(format!(
                    "it puts more than {MAX_TEMPLATE_TOKENS} tokens around every text"
                ));
            }
        }
    }
    Ok(())
}

fn items<'a>(step: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    step[key].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
        let sequence =
            |step: &Value, count: usize| json!({"type": "Sequence", "normalizers": vec![step.clone(); count]});
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
}
