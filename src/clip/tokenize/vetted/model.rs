//! The model inside a tokenizer: its vocabulary, and what it does with a word.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{MAX_PIECE_BYTES, MAX_TOKEN_BYTES};

/// Words of which WordPiece looks up every part, in characters; BERT's has 100.
const MAX_WORD_CHARS: u64 = 200;
/// Letters in the tree of a unigram model, in bytes, beginnings that tokens share counted once; each takes 360 bytes in
/// memory. The 250,000 tokens of XLM-R have little more than a million.
const MAX_TREE_BYTES: usize = 2_000_000;

#[derive(Deserialize)]
pub struct Model {
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
    #[serde(default)]
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    unk_token: Option<String>,
    #[serde(default)]
    max_input_chars_per_word: Option<u64>,
    #[serde(default)]
    dropout: Option<f32>,
    #[serde(default)]
    vocab: Option<Vocabulary>,
}

impl Model {
    /// Checks what the library would believe.
    ///
    /// # Errors
    /// It asks for more than any tokenizer needs; in words.
    pub fn check(self) -> Result<(), String> {
        let affixes = [&self.continuing_subword_prefix, &self.end_of_word_suffix];
        if affixes.into_iter().flatten().any(|affix| affix.len() > MAX_PIECE_BYTES) {
            return Err(format!("its words end or go on in more than {MAX_PIECE_BYTES} bytes"));
        }
        if self.dropout.is_some_and(|dropout| dropout != 0.0) {
            return Err("it leaves merges out by chance, so that no text is read the same way twice".into());
        }
        if self
            .max_input_chars_per_word
            .is_some_and(|chars| chars > MAX_WORD_CHARS)
        {
            return Err(format!(
                "it takes words of more than {MAX_WORD_CHARS} characters apart (max_input_chars_per_word)"
            ));
        }
        let unknown = self.unk_token.map_or(0, |token| token.len());
        let vocabulary = self.vocab.unwrap_or_default();
        let longest = vocabulary.longest.max(unknown);
        if longest > MAX_TOKEN_BYTES {
            return Err(format!(
                "it has a token of {longest} bytes; at most {MAX_TOKEN_BYTES} are read"
            ));
        }
        let tree = tree_bytes(vocabulary.listed);
        if tree > MAX_TREE_BYTES {
            return Err(format!(
                "its tokens are a tree of {tree} letters; at most {MAX_TREE_BYTES} are read"
            ));
        }
        Ok(())
    }
}

/// The letters of a tree of all tokens, in bytes.
fn tree_bytes(mut tokens: Vec<String>) -> usize {
    tokens.sort_unstable();
    let mut before = "";
    let own = tokens.iter().map(|token| {
        let shared = token.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
        before = token.as_str();
        token.len() - shared
    });
    own.sum()
}

/// What is counted of the tokens.
#[derive(Default)]
struct Vocabulary {
    /// The bytes of the longest token.
    longest: usize,
    /// All tokens, where they are a list and not numbered by name: a unigram model's.
    listed: Vec<String>,
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tokens)
    }
}

struct Tokens;

impl<'de> Visitor<'de> for Tokens {
    type Value = Vocabulary;

    fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("tokens with their numbers or scores")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocabulary, A::Error> {
        let mut found = Vocabulary::default();
        while let Some((token, _)) = map.next_entry::<String, IgnoredAny>()? {
            found.longest = found.longest.max(token.len());
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vocabulary, A::Error> {
        let mut found = Vocabulary::default();
        while let Some((token, _)) = list.next_element::<(String, IgnoredAny)>()? {
            found.longest = found.longest.max(token.len());
            found.listed.push(token);
        }
        Ok(found)
    }
}
