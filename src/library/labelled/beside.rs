//! A text beside each picture: `name.txt`, or `name.caption` as trainers of image generators write it.

use std::path::{Path, PathBuf};

use crate::escape::check_length;
use crate::library::read_text;

/// A text beside one picture; more is something else.
const MAX_CAPTION_BYTES: u64 = 1 << 20;
/// A page and more of text; no model reads as much.
pub const MAX_CAPTION_CHARACTERS: usize = 10_000;
const EXTENSIONS: [&str; 2] = ["caption", "txt"];

/// What lies beside a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// Captions, one a line.
    Captions(PathBuf, Vec<String>),
    /// A text that is none, and why.
    Other(PathBuf, String),
}

/// The text beside a picture, if there is one.
pub fn beside(picture: &Path) -> Option<Beside> {
    let mut other = None;
    for extension in EXTENSIONS {
        let path = picture.with_extension(extension);
        if !path.is_file() {
            continue;
        }
        match read_text(&path, MAX_CAPTION_BYTES) {
            Ok(text) if is_numbers(&text) => {
                let reason = "numbers alone are no caption (boxes of an object detector, perhaps)";
                other = other.or(Some(Beside::Other(path, reason.into())));
            }
            Ok(text) => {
                let captions: Vec<String> = text.lines().map(tidy).filter(|caption| !caption.is_empty()).collect();
                let mut lengths = captions.iter();
                let length =
                    lengths.try_for_each(|caption| check_length("the caption", caption, MAX_CAPTION_CHARACTERS));
                if let Err(reason) = length {
                    other = other.or(Some(Beside::Other(path, reason)));
                } else if captions.is_empty() {
                    other = other.or(Some(Beside::Other(path, "it is empty".into())));
                } else {
                    return Some(Beside::Captions(path, captions));
                }
            }
            Err(error) => other = other.or(Some(Beside::Other(path, format!("cannot be read: {error}")))),
        }
    }
    other
}

/// A caption in one line, without what cannot be seen.
pub fn tidy(caption: &str) -> String {
    let visible = |c: &char| !c.is_control() && !matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}');
    let words = caption
        .split_whitespace()
        .map(|word| word.chars().filter(visible).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Object detectors keep boxes and outlines so.
pub fn is_numbers(text: &str) -> bool {
    let mut words = text
        .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .filter(|word| !word.is_empty());
    let is_number = |word: &str| word.parse::<f64>().is_ok_and(f64::is_finite);
    words.next().is_some_and(is_number) && words.all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_are_read_in_every_encoding_and_numbers_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("a.jpg");
        let with = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let found = beside(&picture);
            std::fs::remove_file(path).unwrap();
            found
        };
        let captions = |found: Option<Beside>| match found {
            Some(Beside::Captions(_, captions)) => captions,
            other => panic!("{other:?}"),
        };
        let utf16: Vec<u8> = "\u{feff}un café\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for content in [
            &b"\xEF\xBB\xBFun caf\xC3\xA9\r\n"[..],
            b"un caf\xE9\r",
            &utf16,
            "un\u{200b} café".as_bytes(),
        ] {
            assert_eq!(captions(with("a.txt", content)), ["un café"]);
        }
        assert_eq!(captions(with("a.caption", b"one\n\n two  words")), ["one", "two words"]);
        for numbers in ["0 0.40 0.5 0.3 0.6\n1 0.1 0.1 0.1 0.1\n", "12", "1, 2"] {
            assert!(
                matches!(with("a.txt", numbers.as_bytes()), Some(Beside::Other(_, reason)) if reason.contains("numbers"))
            );
        }
        assert!(matches!(with("a.txt", b" \n"), Some(Beside::Other(..))));
        let long = "word ".repeat(100_000);
        assert!(
            matches!(with("a.txt", long.as_bytes()), Some(Beside::Other(_, reason)) if reason.contains("characters"))
        );
        assert_eq!(captions(with("a.txt", b"2 cats")), ["2 cats"]);
        assert_eq!(beside(&picture), None);
    }
}
