//! JSON as the programs that write it really write it: with a byte order mark, with Python's words for numbers that are
//! none, with `null` for everything that is unset.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clip::checkpoint::mistaken::mistaken;
use crate::clip::{Error, Result};

/// Objects in one file; a published tokenizer has 6,500.
const MAX_OBJECTS: usize = 100_000;
/// Items in one file; a published tokenizer has two millions.
const MAX_ITEMS: usize = 3_000_000;

/// Words of Python's `json` that JSON does not have, the longest first.
const PYTHON_NUMBERS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// Parses a file; what is `null`, or no number, counts as absent.
///
/// # Errors
/// The file is no JSON, or not of this form; the message names it.
pub fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_value(value(name, bytes)?).map_err(|e| Error::config(name, e.to_string()))
}

/// A file's value, without its nulls.
///
/// # Errors
/// The file is no JSON; the message says what it is, where that shows.
pub fn value(name: &str, bytes: &[u8]) -> Result<Value> {
    Ok(without_nulls(whole_value(name, bytes)?))
}

/// A file's value, nulls included.
///
/// # Errors
/// As [`value`].
pub fn whole_value(name: &str, bytes: &[u8]) -> Result<Value> {
    let text = text(name, bytes)?;
    let first = match serde_json::from_str(&text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    serde_json::from_str(&without_python_numbers(&text)).map_err(|_| Error::config(name, first.to_string()))
}

/// A file's text, without its byte order mark.
///
/// # Errors
/// It is no text, or something else than JSON; the message says what.
pub fn text<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, str>> {
    let (text, damaged) = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, mark)) => encoding.decode_without_bom_handling(&bytes[mark..]),
        None => encoding_rs::UTF_8.decode_without_bom_handling(bytes),
    };
    // A JSON text is what is wanted here, so what looks like one is no mistake.
    let looks_right = text.trim_start().starts_with(['{', '[']);
    // What an object or an item takes in memory is far more than the bytes that write it.
    let count = |sign: u8| text.bytes().filter(|byte| *byte == sign).count();
    if count(b'{') > MAX_OBJECTS || count(b',') + count(b'[') > MAX_ITEMS {
        let reason = format!("it holds more than {MAX_OBJECTS} objects, or {MAX_ITEMS} items; no such file does");
        return Err(Error::config(name, reason));
    }
    match mistaken(bytes) {
        Some(what) if !looks_right => Err(Error::config(name, what)),
        _ if damaged => Err(Error::config(name, "it is no text in UTF-8")),
        _ => Ok(text),
    }
}

/// Without the entries that are `null`, in every object of every depth.
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// `NaN` and `Infinity` outside of strings, as `null`.
fn without_python_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let word = PYTHON_NUMBERS
            .iter()
            .find(|word| !in_string && rest.starts_with(**word));
        let taken = match (word, c) {
            (Some(word), _) => {
                out.push_str("null");
                rest = &rest[word.len()..];
                continue;
            }
            // What is escaped ends no string.
            (None, '\\') if in_string => rest.chars().take(2).map(char::len_utf8).sum(),
            (None, c) => c.len_utf8(),
        };
        in_string ^= c == '"';
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nulls_marks_and_numbers_that_are_none_are_absent() {
        let expected = json!({"a": {"c": [1, {}]}, "text": "NaN \" Infinity"});
        let json = r#"{"a": {"b": null, "c": [1, {"d": null}]}, "e": NaN, "f": -Infinity, "g": Infinity,
            "text": "NaN \" Infinity"}"#;
        assert_eq!(value("config.json", json.as_bytes()).unwrap(), expected);
        let marked = format!("\u{feff}{json}");
        assert_eq!(value("config.json", marked.as_bytes()).unwrap(), expected);
        let utf_16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(value("config.json", &utf_16).unwrap(), expected);
    }

    #[test]
    fn what_is_no_json_is_named() {
        let message = |bytes: &[u8]| value("config.json", bytes).unwrap_err().to_string();
        assert!(message(b"<!DOCTYPE html><html>").contains("web page"));
        assert!(message(b"version https://git-lfs.github.com/spec/v1\noid sha256:00").contains("Git LFS"));
        assert!(message(b"{\"a\": }").contains("config.json"));
        assert!(message(b"\xff\xff\xff").contains("UTF-8"));
    }
}
