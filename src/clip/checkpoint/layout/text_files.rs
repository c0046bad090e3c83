//! A model's tokenizer, in whichever of its files a folder has it: `tokenizer.json`, `vocab.json` with `merges.txt` (CLIP's
//! kind), or a sentencepiece model (SigLIP's).

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Padding, TOKENIZER, TOKENIZER_CONFIG, TextParts, json, read_optional};
use crate::clip::checkpoint::embedded;
use crate::clip::checkpoint::mistaken::placeholder;
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::tokenize::sentencepiece;
use crate::clip::{Error, Result};

const VOCABULARY: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const ADDED: &str = "added_tokens.json";
const SPECIAL: &str = "special_tokens_map.json";
const SENTENCEPIECE: [&str; 3] = ["spiece.model", "tokenizer.model", "sentencepiece.model"];
/// Lines of `merges.txt`; published ones have up to 600,000.
const MAX_MERGES: usize = 1_000_000;
/// What `merges.txt` begins with; no merge does.
const VERSION: &str = "#version";
const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";

/// A tokenizer as found in a folder.
pub struct TextFiles {
    /// As a `tokenizer.json`.
    pub tokenizer: Vec<u8>,
    /// `tokenizer_config.json`, with what only `special_tokens_map.json` says.
    pub config: Value,
    /// `tokenizer_config.json` as it is, for the identity.
    pub identity: Vec<u8>,
}

impl TextFiles {
    /// A `tokenizer.json` alone.
    pub fn plain(tokenizer: Vec<u8>) -> Self {
        Self {
            tokenizer,
            config: Value::Null,
            identity: Value::Null.to_string().into_bytes(),
        }
    }

    pub fn clips_own() -> Self {
        Self::plain(embedded::CLIP_TOKENIZER.to_vec())
    }

    /// The tokenizer of a folder, if it has one.
    ///
    /// # Errors
    /// A file is damaged, or half of a pair is missing.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let whole = match read_optional(folder, TOKENIZER_CONFIG)? {
            Some(bytes) => json::whole_value(TOKENIZER_CONFIG, &bytes)?,
            None => Value::Null,
        };
        let identity = whole.to_string().into_bytes();
        let mut config = json::without_nulls(whole);
        if let Some(bytes) = read_optional(folder, SPECIAL)?
            && let Value::Object(special) = json::value(SPECIAL, &bytes)?
        {
            config = super::with_defaults(config, Value::Object(special));
        }
        let tokenizer = match read_optional(folder, TOKENIZER)? {
            Some(bytes) => Some(json::text(TOKENIZER, &bytes)?.into_owned().into_bytes()),
            None => match from_two_files(folder, &config)? {
                Some(tokenizer) => Some(tokenizer),
                None => from_sentencepiece(folder, &config)?,
            },
        };
        Ok(tokenizer.map(|tokenizer| Self {
            tokenizer,
            config,
            identity,
        }))
    }

    /// CLIP's own, cleaned as OpenCLIP and OpenAI clean, for folders with or without a tokenizer.
    pub fn for_open_clip(folder: &Path) -> Result<TextParts> {
        Ok(TextParts {
            tokenizer: Self::read(folder)?.unwrap_or_else(Self::clips_own).tokenizer,
            cleaning: Cleaning::OpenClip,
            padding: None,
        })
    }

    /// What fills the context of a text, by the tokenizer's settings; `default` is the token where they say nothing.
    pub fn padding(&self, parsed: &Value, default: u32) -> Padding {
        let id = match special(&self.config, "pad_token") {
            Some(pad) => token_id(parsed, pad),
            None => parsed["padding"]["pad_id"].as_u64(),
        };
        let id = id.and_then(|id| u32::try_from(id).ok()).unwrap_or(default);
        let left = self.config["padding_side"] == "left";
        Padding { id, left }
    }
}

/// Whether a folder has any of the files that a tokenizer comes in.
pub fn are_here(folder: &Path) -> bool {
    let is_here = |name: &&str| folder.join(name).is_file();
    let names = [TOKENIZER, VOCABULARY];
    names.iter().chain(&SENTENCEPIECE).any(is_here)
}

/// A special token by its role: a text, or an object with its `content`.
pub fn special<'a>(config: &'a Value, role: &str) -> Option<&'a str> {
    let token = &config[role];
    token.as_str().or(token["content"].as_str())
}

/// A token's id: among the added tokens, else in the vocabulary.
pub fn token_id(tokenizer: &Value, token: &str) -> Option<u64> {
    let added = tokenizer["added_tokens"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(entry) = added.iter().find(|entry| entry["content"] == token) {
        return entry["id"].as_u64();
    }
    match &tokenizer["model"]["vocab"] {
        Value::Object(ids) => ids.get(token)?.as_u64(),
        Value::Array(pieces) => Some(pieces.iter().position(|piece| piece[0] == token)? as u64),
        _ => None,
    }
}

/// CLIP's tokenizer over the words of `vocab.json` and `merges.txt`.
fn from_two_files(folder: &Path, config: &Value) -> Result<Option<Vec<u8>>> {
    let Some(vocabulary) = read_optional(folder, VOCABULARY)? else {
        return Ok(None);
    };
    let vocabulary = json::value(VOCABULARY, &vocabulary)?;
    let merges = read_optional(folder, MERGES)?.ok_or_else(|| {
        let reason = format!("{MERGES}, which belongs to {VOCABULARY}, is missing (or {TOKENIZER}, which holds both)");
        super::layout_error(folder, &reason)
    })?;
    // Each line of a pointer of Git LFS would be a pair of tokens.
    if let Some(what) = placeholder(&merges) {
        return Err(Error::config(MERGES, what));
    }
    let merges = std::str::from_utf8(&merges).map_err(|_| Error::config(MERGES, "it is no text in UTF-8"))?;
    if merges.lines().count() > MAX_MERGES {
        return Err(Error::config(
            MERGES,
            format!("it has more than {MAX_MERGES} lines; no such file does"),
        ));
    }
    let merges: Vec<Value> = merges
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with(VERSION))
        .map(|line| match line.split_once(' ') {
            Some((first, second)) if !second.contains(' ') => Ok(json!([first, second])),
            _ => Err(Error::config(MERGES, format!("\"{line}\" is no pair of tokens"))),
        })
        .collect::<Result<_>>()?;
    let mut tokenizer: Value = json::whole_value(TOKENIZER, embedded::CLIP_TOKENIZER)?;
    let role = |role: &str, default: &'static str| special(config, role).unwrap_or(default).to_string();
    let (start, end) = (role("bos_token", START), role("eos_token", END));
    tokenizer["model"]["unk_token"] = json!(role("unk_token", END));
    tokenizer["model"]["vocab"] = vocabulary;
    tokenizer["model"]["merges"] = Value::Array(merges);
    let added = added_tokens(folder, config, &tokenizer, &[&start, &end])?;
    tokenizer["added_tokens"] = Value::Array(added);
    let id = |token: &str| {
        let unknown = || Error::config(VOCABULARY, format!("it does not hold {token}"));
        token_id(&tokenizer, token).ok_or_else(unknown)
    };
    let (start_id, end_id) = (id(&start)?, id(&end)?);
    tokenizer["post_processor"]["cls"] = json!([start, start_id]);
    tokenizer["post_processor"]["sep"] = json!([end, end_id]);
    Ok(Some(tokenizer.to_string().into_bytes()))
}

/// The tokens outside the merges: those of `added_tokens.json` and of `tokenizer_config.json`, and the special ones.
fn added_tokens(folder: &Path, config: &Value, tokenizer: &Value, special: &[&str]) -> Result<Vec<Value>> {
    let mut added = std::collections::BTreeMap::new();
    let entry = |id: u64, content: &str, special: bool| {
        json!({
            "id": id, "content": content, "special": special, "normalized": !special,
            "single_word": false, "lstrip": false, "rstrip": false,
        })
    };
    if let Some(bytes) = read_optional(folder, ADDED)?
        && let Value::Object(tokens) = json::value(ADDED, &bytes)?
    {
        for (content, id) in &tokens {
            let id = id
                .as_u64()
                .ok_or_else(|| Error::config(ADDED, format!("{content} has no id")))?;
            added.insert(id, entry(id, content, false));
        }
    }
    if let Value::Object(tokens) = &config["added_tokens_decoder"] {
        for (id, token) in tokens {
            let parsed = id.parse().ok().zip(token["content"].as_str());
            let (id, content) =
                parsed.ok_or_else(|| Error::config(TOKENIZER_CONFIG, format!("{id} is no token's id")))?;
            let mut whole = entry(id, content, false).as_object().cloned().unwrap_or_default();
            whole.extend(token.as_object().into_iter().flat_map(Map::clone));
            added.insert(id, Value::Object(whole));
        }
    }
    for content in special {
        if let Some(id) = token_id(tokenizer, content) {
            added.entry(id).or_insert_with(|| entry(id, content, true));
        }
    }
    Ok(added.into_values().collect())
}

fn from_sentencepiece(folder: &Path, config: &Value) -> Result<Option<Vec<u8>>> {
    for name in SENTENCEPIECE {
        if let Some(bytes) = read_optional(folder, name)? {
            let end = special(config, "eos_token").unwrap_or("</s>");
            let tokenizer = sentencepiece::tokenizer(&bytes, end).map_err(|reason| Error::config(name, reason))?;
            return Ok(Some(tokenizer.to_string().into_bytes()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Tokenizer;

    /// The ids are from open_clip's tokenizer (`tests/reference/make_layouts.py`).
    #[test]
    fn the_embedded_tokenizer_equals_open_clips() {
        let expected: Value = serde_json::from_str(include_str!("../../../../tests/fixtures/clip-ids.json")).unwrap();
        let nowhere = tempfile::tempdir().unwrap();
        let parts = TextFiles::for_open_clip(nowhere.path()).unwrap();
        let tokenizer = Tokenizer::new(&parts, &Default::default()).unwrap();
        let texts: Vec<String> = serde_json::from_value(expected["texts"].clone()).unwrap();
        let ids: Vec<Vec<u32>> = serde_json::from_value(expected["ids"].clone()).unwrap();
        for (text, ids) in texts.iter().zip(ids) {
            assert_eq!(tokenizer.encode(text).unwrap().ids, ids, "{text}");
        }
    }

    #[test]
    fn a_pointer_or_a_page_in_place_of_the_merges_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(VOCABULARY), "{}").unwrap();
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 524619\n";
        for (content, named) in [(pointer, "git lfs pull"), ("<!doctype html>\n<html>", "web page")] {
            std::fs::write(folder.path().join(MERGES), content).unwrap();
            let error = TextFiles::read(folder.path()).err().unwrap().to_string();
            assert!(error.contains(MERGES) && error.contains(named), "{error}");
        }
    }

    #[test]
    fn merges_without_end_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(VOCABULARY), "{}").unwrap();
        std::fs::write(folder.path().join(MERGES), "a b\n".repeat(MAX_MERGES + 1)).unwrap();
        let error = TextFiles::read(folder.path()).err().unwrap().to_string();
        assert!(error.contains("1000000 lines"), "{error}");
    }

    /// The real vocabulary, once as `tokenizer.json` and once as the two files that it was published in.
    #[test]
    fn vocabulary_and_merges_are_the_same_tokenizer() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let whole: Value = serde_json::from_slice(embedded::CLIP_TOKENIZER).unwrap();
        write(VOCABULARY, &whole["model"]["vocab"].to_string());
        let half = TextFiles::read(folder.path()).err().unwrap().to_string();
        assert!(half.contains("merges.txt"), "{half}");
        let merges = whole["model"]["merges"].as_array().unwrap().iter();
        let merges = merges.map(|pair| format!("{} {}\n", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
        write(MERGES, &format!("#version: 0.2\n{}", merges.collect::<String>()));
        write(ADDED, r#"{"<my-cat>": 49408}"#);
        let tokenizer = |tokenizer: Vec<u8>| {
            let parts = TextParts {
                tokenizer,
                cleaning: Cleaning::None,
                padding: None,
            };
            let config = crate::clip::TextConfig {
                vocab_size: 49_409,
                ..Default::default()
            };
            Tokenizer::new(&parts, &config).unwrap()
        };
        let ours = tokenizer(TextFiles::read(folder.path()).unwrap().unwrap().tokenizer);
        let theirs = tokenizer(TextFiles::clips_own().tokenizer);
        for text in ["A photo of a naïve CAT's 42 lemons – 猫!", "", "  x  "] {
            assert_eq!(ours.encode(text).unwrap(), theirs.encode(text).unwrap(), "{text}");
        }
        assert_eq!(ours.encode("<my-cat>").unwrap().ids, [49_406, 49_408, 49_407]);
    }
}
