//! What a `tokenizer.json` may ask for. The library that reads it believes every number in it: a few kilobytes can make it
//! write gigabytes, or stop in the middle of a text without a word.

use fancy_regex::Regex;
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
/// What a table of replacements may make of a text; the longest of Unicode's own takes a character apart into 18.
const PRECOMPILED_GROWTH: usize = 18;
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

/// Checks a file, and gives the patterns that its texts are searched for: the library says nothing where a search is given
/// up, so that whoever uses it must ask.
///
/// # Errors
/// It asks for more than any tokenizer needs, or for what the library cannot do; in words.
pub fn patterns(bytes: &[u8]) -> Result<Vec<Regex>, String> {
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
        growth: 1,
        patterns: Vec::new(),
    };
    steps.normalizer(&outline.normalizer)?;
    steps.pre_tokenizer(&outline.pre_tokenizer)?;
    let mut tokens = 0;
    processor(&outline.post_processor, &mut tokens)?;
    Ok(steps.patterns)
}

struct Steps {
    count: usize,
    growth: usize,
    patterns: Vec<Regex>,
}

impl Steps {
    /// By its fields, whatever it says that it is: so does the library where it does not know the name.
    fn normalizer(&mut self, step: &Value) -> Result<(), String> {
        self.step()?;
        items(step, "normalizers").try_for_each(|step| self.normalizer(step))?;
        if let Some(content) = step["content"].as_str() {
            let shortest = self.pattern(&step["pattern"])?;
            self.grow(content.len().div_ceil(shortest.max(1)) + usize::from(shortest == 0))?;
        }
        let piece = step["prepend"].as_str().unwrap_or_default();
        if piece.len() > MAX_PIECE_BYTES {
            return Err(format!("it puts {} bytes in front of every text", piece.len()));
        }
        if step.get("precompiled_charsmap").is_some() {
            self.grow(PRECOMPILED_GROWTH)?;
        }
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
        self.bytes(step)
    }

    /// Bytes that are no ASCII become two, each time anew.
    fn bytes(&mut self, step: &Value) -> Result<(), String> {
        let is_byte_level = step["type"] == "ByteLevel" || step.get("trim_offsets").is_some();
        if is_byte_level { self.grow(2) } else { Ok(()) }
    }

    /// The fewest bytes that a pattern finds: those of a text, or one, or none where a pattern finds nothing, too.
    fn pattern(&mut self, pattern: &Value) -> Result<usize, String> {
        let empty = || "it searches texts for nothing (an empty pattern)".to_string();
        if let Some(text) = pattern["String"].as_str() {
            return if text.is_empty() { Err(empty()) } else { Ok(text.len()) };
        }
        let Some(source) = pattern["Regex"].as_str() else {
            return Ok(1);
        };
        let regex =
            Regex::new(source).map_err(|error| format!("its pattern {source:?} is no regular expression: {error}"))?;
        if source.is_empty() {
            return Err(empty());
        }
        let finds_nothing = regex.is_match("").unwrap_or(true);
        self.patterns.push(regex);
        Ok(usize::from(!finds_nothing))
    }

    fn step(&mut self) -> Result<(), String> {
        self.count += 1;
        if self.count > MAX_STEPS {
            return Err(format!("it changes texts in more than {MAX_STEPS} steps"));
        }
        Ok(())
    }

    fn grow(&mut self, factor: usize) -> Result<(), String> {
        self.growth = self.growth.saturating_mul(factor.max(1));
        if self.growth > MAX_GROWTH {
            return Err(format!("it makes texts more than {MAX_GROWTH} times as long"));
        }
        Ok(())
    }
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
        patterns(file.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn the_tokenizers_in_the_binary_pass() {
        use crate::clip::checkpoint::embedded::{CLIP_TOKENIZER, STARTER_TOKENIZER};
        assert_eq!(patterns(CLIP_TOKENIZER).unwrap().len(), 2);
        assert!(patterns(STARTER_TOKENIZER).is_ok());
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
        assert!(refused(json!({"normalizer": sequence(&json!({"type": "NFC"}), 65)})).contains("steps"));
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
