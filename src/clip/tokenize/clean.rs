//! What happens to a text before its tokenizer, after each layout's own reference.

use unicode_normalization::UnicodeNormalization;

/// A layout's way of cleaning text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleaning {
    /// None beyond the tokenizer's own.
    None,
    /// OpenCLIP's and OpenAI's: curly quotes, ligatures and full-width letters become plain, HTML entities are resolved
    /// twice, runs of white space become one space. Of what ftfy does for them, its repair of wrongly decoded text and
    /// half-width Japanese and Korean letters are left out.
    OpenClip,
    /// The same in lower case.
    OpenClipLower,
    /// The same in lower case and without punctuation, an underscore being a space: OpenCLIP's `canonicalize`.
    OpenClipCanonical,
    /// Lower case: SigLIP2.
    LowerCase,
    /// Lower case, no punctuation, single spaces: SigLIP.
    Siglip,
}

impl Cleaning {
    /// The text as its tokenizer gets it.
    pub fn clean(self, text: &str) -> String {
        match self {
            Self::None => text.to_string(),
            Self::OpenClip => {
                let plain: String = text.chars().flat_map(plain).nfc().collect();
                let once = html_escape::decode_html_entities(&plain);
                single_spaced(&html_escape::decode_html_entities(&once))
            }
            Self::OpenClipLower => Self::OpenClip.clean(text).to_lowercase(),
            Self::OpenClipCanonical => canonical(&Self::OpenClip.clean(text).replace('_', " ")),
            Self::LowerCase => text.to_lowercase(),
            // Sentencepiece's mark for a space is one.
            Self::Siglip => canonical(&text.replace('▁', " ")),
        }
    }
}

/// Lower case, without ASCII's punctuation, in single spaces.
fn canonical(text: &str) -> String {
    let words = text.to_lowercase();
    single_spaced(&words.replace(|c: char| c.is_ascii_punctuation(), ""))
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One character as ftfy makes it plain.
fn plain(c: char) -> Vec<char> {
    let text = match c {
        '\u{02bc}' | '\u{2018}'..='\u{201b}' => "'",
        '\u{201c}'..='\u{201f}' => "\"",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' => "ſt",
        'ﬆ' => "st",
        'Ĳ' => "IJ",
        'ĳ' => "ij",
        'ŉ' => "ʼn",
        '\u{3000}' => " ",
        '\u{ff01}'..='\u{ff5e}' => return vec![char::from_u32(c as u32 - 0xfee0).unwrap_or(c)],
        // Control characters that are no white space.
        '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{feff}' => "",
        _ => return vec![c],
    };
    text.chars().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_clip_takes_pasted_text_plainly() {
        let clean = |text| Cleaning::OpenClip.clean(text);
        assert_eq!(clean("  a “cat’s”\u{a0}\n ﬁsh "), "a \"cat's\" fish");
        assert_eq!(clean("salt &amp;amp; pepper &lt;3"), "salt & pepper <3");
        assert_eq!(clean("ＡＢＣ　１"), "ABC 1");
        assert_eq!(clean("naïve"), "naïve");
    }

    #[test]
    fn siglip_drops_case_and_punctuation() {
        assert_eq!(Cleaning::Siglip.clean("A photo, of a  (Cat)_1!"), "a photo of a cat1");
        assert_eq!(Cleaning::Siglip.clean("- A cat"), "a cat");
        assert_eq!(Cleaning::LowerCase.clean("A Cat!"), "a cat!");
        let canonical = |text| Cleaning::OpenClipCanonical.clean(text);
        assert_eq!(canonical("A “photo”, of_a &lt;Cat&gt;_1!"), "a photo of a cat 1");
        assert_eq!(canonical("Cafe\u{301}"), "caf\u{e9}");
    }
}
