//! What texts go through: normalizers and pre-tokenizers, and the patterns that these search for.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fancy_regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::growth::Growth;
use super::{MAX_PIECE_BYTES, items};

/// Steps in a row; published tokenizers have up to six.
const MAX_STEPS: usize = 64;
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

#[derive(Default)]
pub struct Steps {
    count: usize,
    pub growth: Growth,
    pattern_bytes: usize,
    repetitions: usize,
    pub patterns: Vec<Regex>,
}

impl Steps {
    /// By its fields, whatever it says that it is: so does the library where it does not know the name.
    pub fn normalizer(&mut self, step: &Value) -> Result<(), String> {
        self.step()?;
        items(step, "normalizers").try_for_each(|step| self.normalizer(step))?;
        if let Some(content) = step["content"].as_str() {
            let growth = match self.pattern(&step["pattern"])? {
                // Between any two letters, which stay.
                0 => content.len() + 1,
                shortest => content.len().div_ceil(shortest),
            };
            self.growth.by(growth)?;
        }
        let piece = step["prepend"].as_str().unwrap_or_default();
        if piece.len() > MAX_PIECE_BYTES {
            return Err(format!("it puts {} bytes in front of every text", piece.len()));
        }
        self.growth.more = self.growth.more.saturating_add(piece.len());
        if let Some(table) = step["precompiled_charsmap"].as_str() {
            self.growth.by(longest_replacement(table)?)?;
        }
        if step.get("handle_chinese_chars").is_some() {
            self.growth.by(SPACED_GROWTH * CANONICAL_GROWTH * LOWERCASE_GROWTH)?;
        }
        self.growth.by(match step["type"].as_str() {
            Some("NFC" | "NFD") => CANONICAL_GROWTH,
            Some("NFKC" | "NFKD") => COMPATIBLE_GROWTH,
            Some("Lowercase") => LOWERCASE_GROWTH,
            _ => 1,
        })?;
        self.bytes(step)
    }

    pub fn pre_tokenizer(&mut self, step: &Value) -> Result<(), String> {
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
            self.growth.by(mark.len() + 1)?;
        }
        if step["add_prefix_space"] == true {
            self.growth.by(2)?;
        }
        self.bytes(step)
    }

    /// Decoders are never run; what they search for is made ready to be searched for, and no text is held against it.
    pub fn decoder(&mut self, step: &Value) -> Result<(), String> {
        self.step()?;
        items(step, "decoders").try_for_each(|step| self.decoder(step))?;
        let searched = self.patterns.len();
        self.pattern(&step["pattern"])?;
        self.patterns.truncate(searched);
        Ok(())
    }

    /// Bytes that are no ASCII become two, each time anew.
    fn bytes(&mut self, step: &Value) -> Result<(), String> {
        let is_byte_level = step["type"] == "ByteLevel" || step.get("trim_offsets").is_some();
        if is_byte_level { self.growth.by(2) } else { Ok(()) }
    }

    /// The fewest bytes that a pattern finds; none where it finds places between letters, or may do so.
    fn pattern(&mut self, pattern: &Value) -> Result<usize, String> {
        let empty = || "it searches texts for nothing (an empty pattern)".to_string();
        let text = pattern["String"].as_str();
        let Some(source) = text.or(pattern["Regex"].as_str()) else {
            return Ok(0);
        };
        // A text is searched for as a pattern, too.
        self.pattern_bytes += source.len();
        if self.pattern_bytes > MAX_PATTERN_BYTES {
            return Err(format!("its patterns have more than {MAX_PATTERN_BYTES} bytes"));
        }
        if let Some(text) = text {
            return if text.is_empty() { Err(empty()) } else { Ok(text.len()) };
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
}

/// The sum of all counts in braces, as in `\d{1,3}`; what names a character or a kind of them is none.
pub fn repetitions(pattern: &str) -> usize {
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
