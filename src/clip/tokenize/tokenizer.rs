//! Text to token ids, by a `tokenizer.json` and what its layout does before and after it.
//!
//! The file's own truncation and padding are switched off: Clipsight cuts by itself, so that it can name the words
//! that were lost.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fancy_regex::Regex;
use tokenizers::normalizer::NormalizedString;
use tokenizers::{Encoding, Normalizer};

use super::clean::Cleaning;
use super::vetted::{Vetted, vetted};
use crate::clip::checkpoint::layout::{Padding, TextParts};
use crate::clip::config::TextPooling;
use crate::clip::{Error, Result, TextConfig};
use crate::logging::panic_text;

/// Far more than any tower reads; longer ones only cost time.
const MAX_TEXT_BYTES: usize = 100_000;
/// For all patterns of a text together; a sound one takes less than a millisecond.
const MAX_SEARCH_TIME: Duration = Duration::from_secs(1);

/// A checkpoint's tokenizer and the context it feeds.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// What its file asks for.
    vetted: Vetted,
    cleaning: Cleaning,
    padding: Option<Padding>,
    context_length: usize,
    vocab_size: usize,
}

/// A text as the tower gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizedText {
    /// Token ids, start and end token included, at most the context length; filled up to it where the tower needs
    /// that.
    pub ids: Vec<u32>,
    /// The words that did not fit, as they were typed.
    pub lost: Option<String>,
}

impl Tokenizer {
    /// Parses a layout's `tokenizer.json` for a text tower.
    ///
    /// # Errors
    /// The file is damaged, the padding is no token of the tower, or no text holds the token that the tower reads it at.
    pub fn new(parts: &TextParts, config: &TextConfig) -> Result<Self> {
        let refused = |reason: String| Error::Tokenizer(format!("tokenizer.json: {reason}"));
        let broken = |e: tokenizers::Error| refused(e.to_string());
        let vetted = vetted(&parts.tokenizer).map_err(refused)?;
        let mut inner = guarded(|| tokenizers::Tokenizer::from_bytes(&parts.tokenizer).map_err(broken))?;
        inner.with_truncation(None).map_err(broken)?;
        inner.with_padding(None);
        let padding = if config.padded {
            Some(parts.padding.unwrap_or_default())
        } else {
            None
        };
        let tokenizer = Self {
            inner,
            vetted,
            cleaning: parts.cleaning,
            padding,
            context_length: config.max_position_embeddings,
            vocab_size: config.vocab_size,
        };
        padding.map_or(Ok(()), |padding| tokenizer.check(padding.id))?;
        if let TextPooling::FirstEnd(end) = config.pooling {
            tokenizer.check_end(end)?;
        }
        Ok(tokenizer)
    }

    /// A `tokenizer.json` by itself, whose texts are neither cleaned nor filled up.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_bytes(tokenizer: &[u8], config: &TextConfig) -> Result<Self> {
        let parts = TextParts {
            tokenizer: tokenizer.to_vec(),
            cleaning: Cleaning::None,
            padding: None,
        };
        Self::new(&parts, config)
    }

    /// A tower that reads its texts at an end token which they do not hold would read them all at their start, where they
    /// are equal.
    fn check_end(&self, end: u32) -> Result<()> {
        let ids = self.encode("a")?.ids;
        if ids.contains(&end) {
            return Ok(());
        }
        let last = ids.last().copied().unwrap_or_default();
        Err(Error::Tokenizer(format!(
            "the model reads each text at its end token {end}, but its tokenizer's texts hold none (they end with \
             {last}): all texts would be equal. Set text_config.eos_token_id in config.json to their end token"
        )))
    }

    fn check(&self, id: u32) -> Result<()> {
        if (id as usize) < self.vocab_size {
            return Ok(());
        }
        Err(Error::Tokenizer(format!(
            "token {id} is beyond the text tower's vocabulary of {}: this tokenizer belongs to another model",
            self.vocab_size
        )))
    }

    /// Tokenizes one text; what exceeds the context is cut before the end token, as the reference does.
    ///
    /// # Errors
    /// The tokenizer yields an id that the text tower does not have.
    pub fn encode(&self, text: &str) -> Result<TokenizedText> {
        let text = self.cleaning.clean(text);
        if text.len() > MAX_TEXT_BYTES {
            return Err(Error::Tokenizer(format!(
                "a text of {} bytes is too long; {MAX_TEXT_BYTES} are read",
                text.len()
            )));
        }
        self.vetted.check_length(text.len()).map_err(Error::Tokenizer)?;
        let encoding = guarded(|| self.encoding(&text))?;
        let mut ids = encoding.get_ids().to_vec();
        if ids.is_empty() {
            return Err(Error::Tokenizer("it adds no start and end token".into()));
        }
        ids.iter().try_for_each(|&id| self.check(id))?;
        let mut lost = None;
        if ids.len() > self.context_length {
            let kept = self.context_length - 1;
            lost = Some(lost_words(&text, encoding.get_offsets()[kept].0));
            let end = ids[ids.len() - 1];
            ids.truncate(kept);
            ids.push(end);
        }
        Ok(TokenizedText {
            ids: self.padded(ids),
            lost,
        })
    }

    fn encoding(&self, text: &str) -> Result<Encoding> {
        let failed = |e: tokenizers::Error| Error::Tokenizer(e.to_string());
        if !self.vetted.patterns.is_empty() {
            let mut normalized = NormalizedString::from(text);
            if let Some(normalizer) = self.inner.get_normalizer() {
                normalizer.normalize(&mut normalized).map_err(failed)?;
            }
            let until = Instant::now() + MAX_SEARCH_TIME;
            for pattern in &self.vetted.patterns {
                searchable(pattern, text, until)?;
                searchable(pattern, normalized.get(), until)?;
            }
        }
        self.inner.encode(text, true).map_err(failed)
    }

    fn padded(&self, mut ids: Vec<u32>) -> Vec<u32> {
        let Some(padding) = self.padding else { return ids };
        let missing = self.context_length - ids.len();
        let at = if padding.left { 0 } else { ids.len() };
        ids.splice(at..at, std::iter::repeat_n(padding.id, missing));
        ids
    }
}

/// The library stops in the middle of a text whose search it gives up, and gives other tokens without a word.
fn searchable(pattern: &Regex, text: &str, until: Instant) -> Result<()> {
    let failed = |reason: &dyn std::fmt::Display| {
        Error::Tokenizer(format!(
            "its pattern {} cannot be searched for in this text: {reason}",
            pattern.as_str()
        ))
    };
    let in_time = || {
        if Instant::now() < until {
            return Ok(());
        }
        Err(failed(&format!("it takes more than {} s", MAX_SEARCH_TIME.as_secs())))
    };
    for found in pattern.find_iter(text) {
        found.map_err(|error| failed(&error))?;
        in_time()?;
    }
    in_time()
}

/// What the library panics at is an error of the file.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic_text(panic.as_ref());
        Err(Error::Tokenizer(format!(
            "tokenizer.json asks for what cannot be done ({reason})"
        )))
    })
}

/// The text from the word in which `byte` lies.
fn lost_words(text: &str, byte: usize) -> String {
    let mut cut = byte.min(text.len());
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let inside_word = !text[cut..].starts_with(char::is_whitespace);
    let start = if inside_word {
        let space = text[..cut].char_indices().rfind(|(_, c)| c.is_whitespace());
        space.map_or(0, |(at, c)| at + c.len_utf8())
    } else {
        cut
    };
    text[start..].trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pattern_is_searched_for_longer_than_all_may_be_together() {
        let dear = fancy_regex::RegexBuilder::new("(?:a?){19}a{19}(?=b)")
            .backtrack_limit(1_000)
            .build()
            .unwrap();
        let until = Instant::now() + MAX_SEARCH_TIME;
        let refused = searchable(&dear, &"a".repeat(1_000), until).unwrap_err();
        assert!(refused.to_string().contains("cannot be searched for in this text"));
        let plain = Regex::new("a").unwrap();
        searchable(&plain, "aaa", until).unwrap();
        let refused = searchable(&plain, "aaa", Instant::now()).unwrap_err();
        assert!(refused.to_string().contains("more than 1 s"), "{refused}");
    }

    #[test]
    fn lost_words_start_at_a_word() {
        assert_eq!(lost_words("a photo of a cat", 8), "of a cat");
        assert_eq!(lost_words("a photo of a cat", 14), "cat");
        assert_eq!(lost_words("naïve é", 3), "naïve é");
    }
}
