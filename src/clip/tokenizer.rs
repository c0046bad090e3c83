//! Text to token ids, by the checkpoint's own `tokenizer.json`.
//!
//! The file's own truncation and padding are switched off: Clipsight cuts by itself, so that it can name the words
//! that were lost.

use super::{Error, Result};

/// A checkpoint's tokenizer and the context it feeds.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    context_length: usize,
    vocab_size: usize,
}

/// A text as the tower gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizedText {
    /// Token ids, start and end token included, at most the context length.
    pub ids: Vec<u32>,
    /// The words that did not fit, as they were typed.
    pub lost: Option<String>,
}

impl Tokenizer {
    /// Parses `tokenizer.json`.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn parse(json: &[u8], context_length: usize, vocab_size: usize) -> Result<Self> {
        let broken = |e: tokenizers::Error| Error::Tokenizer(format!("tokenizer.json: {e}"));
        let mut inner = tokenizers::Tokenizer::from_bytes(json).map_err(broken)?;
        inner.with_truncation(None).map_err(broken)?;
        inner.with_padding(None);
        Ok(Self {
            inner,
            context_length,
            vocab_size,
        })
    }

    /// Tokenizes one text; what exceeds the context is cut before the end token, as the reference does.
    ///
    /// # Errors
    /// The tokenizer yields an id that the text tower does not have.
    pub fn encode(&self, text: &str) -> Result<TokenizedText> {
        let encoding = self
            .inner
            .encode(text, true)
            .map_err(|e| Error::Tokenizer(e.to_string()))?;
        let mut ids = encoding.get_ids().to_vec();
        if ids.is_empty() {
            return Err(Error::Tokenizer("it adds no start and end token".into()));
        }
        if let Some(id) = ids.iter().find(|&&id| id as usize >= self.vocab_size) {
            return Err(Error::Tokenizer(format!(
                "token {id} is beyond the text tower's vocabulary of {}: this tokenizer belongs to another model",
                self.vocab_size
            )));
        }
        if ids.len() <= self.context_length {
            return Ok(TokenizedText { ids, lost: None });
        }
        let kept = self.context_length - 1;
        let lost = lost_words(text, encoding.get_offsets()[kept].0);
        let end = ids[ids.len() - 1];
        ids.truncate(kept);
        ids.push(end);
        Ok(TokenizedText { ids, lost: Some(lost) })
    }
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
    fn lost_words_start_at_a_word() {
        assert_eq!(lost_words("a photo of a cat", 8), "of a cat");
        assert_eq!(lost_words("a photo of a cat", 14), "cat");
        assert_eq!(lost_words("naïve é", 3), "naïve é");
    }
}
