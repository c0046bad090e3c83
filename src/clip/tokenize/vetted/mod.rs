//! What a `tokenizer.json` may ask for. The library that reads it believes every number in it: a few kilobytes can make it
//! write gigabytes, or stop in the middle of a text without a word.

mod growth;
mod model;
mod steps;
mod template;
#[cfg(test)]
mod tests;

use fancy_regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use growth::{Growth, MAX_GROWN_BYTES};
use model::Model;
use steps::Steps;

/// Published tokenizers have up to 6,500 tokens beside their vocabulary.
const MAX_ADDED_TOKENS: usize = 20_000;
/// The characters of all of them together.
const MAX_ADDED_BYTES: usize = 1 << 20;
/// The longest text that is put in front of every other, or at the end of a word, in bytes.
const MAX_PIECE_BYTES: usize = 256;
/// The longest token, in bytes; the longest published ones are rows of 128 signs.
pub const MAX_TOKEN_BYTES: usize = 1_024;

/// The parts that are checked; merges are only counted by the size of their file.
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
    /// Turns tokens into text, which is never wanted here; the library reads its patterns all the same.
    #[serde(default)]
    decoder: Value,
}

#[derive(Deserialize)]
struct AddedToken {
    #[serde(default)]
    content: String,
    /// Whether the steps change it, too.
    #[serde(default)]
    normalized: Value,
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
    outline.model.map_or(Ok(()), Model::check)?;
    let mut steps = Steps::default();
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
    template::check(&outline.post_processor)?;
    steps.decoder(&outline.decoder)?;
    Ok(Vetted {
        patterns: steps.patterns,
        growth: steps.growth,
    })
}

fn items<'a>(step: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    step[key].as_array().into_iter().flatten()
}
