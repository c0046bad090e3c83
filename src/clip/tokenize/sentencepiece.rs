//! A sentencepiece model (`spiece.model`) as a `tokenizer.json`.
//!
//! The file is a protocol buffer: its first field repeats the pieces with their scores and kinds, the second says how it
//! was trained, the third how it changes a text first. Only unigram models are read; SigLIP's is one. Fields by their
//! numbers in sentencepiece's own `sentencepiece_model.proto`.

use serde_json::{Value, json};

use super::vetted::MAX_TOKEN_BYTES;

/// How a piece comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

#[derive(Debug, Default)]
struct Piece {
    text: String,
    score: f32,
    kind: Kind,
}

#[derive(Debug)]
struct Model {
    pieces: Vec<Piece>,
    model_type: u64,
    byte_fallback: bool,
    character_map: Vec<u8>,
    removes_extra_spaces: bool,
}

const UNIGRAM: u64 = 1;
/// Twice as many as published models of several languages have.
const MAX_PIECES: usize = 600_000;
/// A score so low that every other way to spell a word is better.
const NEVER: f32 = -1e6;

/// A `tokenizer.json` that tokenizes as this model does, with an end token after each text.
///
/// # Errors
/// The file is damaged, of another kind, or has no such end token; in words.
pub fn tokenizer(bytes: &[u8], end: &str) -> Result<Value, String> {
    if let Some(what) = crate::clip::checkpoint::mistaken::mistaken(bytes) {
        return Err(what);
    }
    let model = Model::parse(bytes).ok_or("it is no sentencepiece model, or damaged")?;
    if model.model_type != UNIGRAM {
        return Err("it is a sentencepiece model, but not of the unigram kind; put tokenizer.json beside it".into());
    }
    if model.pieces.len() > MAX_PIECES {
        return Err(format!("it has more than {MAX_PIECES} pieces; no such model does"));
    }
    if let Some(long) = model.pieces.iter().find(|piece| piece.text.len() > MAX_TOKEN_BYTES) {
        return Err(format!(
            "it has a piece of {} bytes; at most {MAX_TOKEN_BYTES} are read",
            long.text.len()
        ));
    }
    let id_of = |wanted: &dyn Fn(&Piece) -> bool| model.pieces.iter().position(wanted);
    let unknown = id_of(&|piece| piece.kind == Kind::Unknown).ok_or("it has no piece for unknown letters")?;
    let end_id = id_of(&|piece| piece.text == end).ok_or_else(|| format!("it has no end token {end}"))?;
    let score = |piece: &Piece| if piece.kind == Kind::Unused { NEVER } else { piece.score };
    let vocabulary: Vec<Value> = model
        .pieces
        .iter()
        .map(|piece| json!([piece.text, score(piece)]))
        .collect();
    let whole = |piece: &Piece| matches!(piece.kind, Kind::Control | Kind::UserDefined);
    let added: Vec<Value> = model
        .pieces
        .iter()
        .enumerate()
        .filter(|(_, piece)| whole(piece))
        .map(|(id, piece)| {
            json!({
                "id": id, "content": piece.text, "special": piece.kind == Kind::Control, "normalized": false,
                "single_word": false, "lstrip": false, "rstrip": false,
            })
        })
        .collect();
    Ok(json!({
        "version": "1.0",
        "added_tokens": added,
        "normalizer": { "type": "Sequence", "normalizers": model.normalizers() },
        "pre_tokenizer": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "SpecialToken": { "id": end, "type_id": 0 } }],
            "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 1 } }],
            "special_tokens": { end: { "id": end, "ids": [end_id], "tokens": [end] } },
        },
        "decoder": null,
        "model": {
            "type": "Unigram", "unk_id": unknown, "vocab": vocabulary, "byte_fallback": model.byte_fallback,
        },
    }))
}

impl Model {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut model = Self {
            pieces: Vec::new(),
            model_type: UNIGRAM,
            byte_fallback: false,
            character_map: Vec::new(),
            removes_extra_spaces: true,
        };
        for field in Fields(bytes) {
            match field? {
                (1, Wire::Bytes(piece)) if model.pieces.len() <= MAX_PIECES => model.pieces.push(Piece::parse(piece)?),
                (2, Wire::Bytes(trainer)) => {
                    for field in Fields(trainer) {
                        match field? {
                            (3, Wire::Number(number)) => model.model_type = number,
                            (35, Wire::Number(number)) => model.byte_fallback = number != 0,
                            _ => {}
                        }
                    }
                }
                (3, Wire::Bytes(normalizer)) => {
                    for field in Fields(normalizer) {
                        match field? {
                            (2, Wire::Bytes(map)) => model.character_map = map.to_vec(),
                            (4, Wire::Number(number)) => model.removes_extra_spaces = number != 0,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        (!model.pieces.is_empty()).then_some(model)
    }

    fn normalizers(&self) -> Vec<Value> {
        let mut all = Vec::new();
        if !self.character_map.is_empty() {
            all.push(json!({ "type": "Precompiled", "precompiled_charsmap": base64(&self.character_map) }));
        }
        if self.removes_extra_spaces {
            all.push(json!({ "type": "Strip", "strip_left": false, "strip_right": true }));
            all.push(json!({ "type": "Replace", "pattern": { "Regex": " {2,}" }, "content": " " }));
        }
        all
    }
}

impl Piece {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut piece = Self::default();
        for field in Fields(bytes) {
            match field? {
                (1, Wire::Bytes(text)) => piece.text = std::str::from_utf8(text).ok()?.into(),
                (2, Wire::Four(score)) => piece.score = f32::from_le_bytes(score),
                (3, Wire::Number(kind)) => {
                    piece.kind = match kind {
                        2 => Kind::Unknown,
                        3 => Kind::Control,
                        4 => Kind::UserDefined,
                        5 => Kind::Unused,
                        6 => Kind::Byte,
                        _ => Kind::Normal,
                    }
                }
                _ => {}
            }
        }
        piece.score.is_finite().then_some(piece)
    }
}

/// A field's value, by the way it lies in the file.
enum Wire<'a> {
    Number(u64),
    Four([u8; 4]),
    Eight,
    Bytes(&'a [u8]),
}

/// The fields of a message; `None` inside where it is damaged.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Wire<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Wire::Number(self.number()?),
            1 => {
                self.take(8)?;
                Wire::Eight
            }
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Four(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((tag >> 3, value))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for place in 0..10 {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place)) as usize & 63];
            out.push(if place > three.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_64_is_as_published() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn pieces_are_neither_too_many_nor_too_long() {
        let many = [0x0a, 0].repeat(MAX_PIECES + 1);
        assert!(tokenizer(&many, "</s>").unwrap_err().contains("600000 pieces"));
        // A piece of 1,025 letters: its own length and that of its text, seven bits a byte.
        let long = [&b"\x0a\x84\x08\x0a\x81\x08"[..], &[b'b'; 1_025]].concat();
        assert!(tokenizer(&long, "</s>").unwrap_err().contains("1025 bytes"));
    }

    #[test]
    fn damaged_models_are_refused_in_words() {
        let whole = include_bytes!("../../../tests/fixtures/opening/siglip/spiece.model");
        assert!(tokenizer(whole, "</s>").is_ok());
        assert!(tokenizer(whole, "<nothing>").unwrap_err().contains("<nothing>"));
        for length in (1..whole.len()).step_by(997) {
            // A cut between two fields is a smaller model.
            let _ = tokenizer(&whole[..length], "</s>");
        }
        assert!(tokenizer(&whole[..whole.len() - 1], "</s>").is_err());
        assert!(
            tokenizer(b"\x0a\xff\xff\xff\xff\x7f", "</s>")
                .unwrap_err()
                .contains("damaged")
        );
        assert!(tokenizer(b"<html>", "</s>").unwrap_err().contains("web page"));
    }
}
