//! Text from elsewhere on a terminal: what it would obey instead of showing is spelt out.

use std::fmt::Write;
use std::path::Path;

/// A text in one line that a terminal only shows: control characters, and characters that reorder or hide others, are
/// spelt as `\u{1b}`.
pub fn visible(text: &str) -> String {
    spelt(text, |_| false)
}

/// The same for a text of several lines.
pub fn visible_lines(text: &str) -> String {
    spelt(text, |c| c == '\n')
}

/// A path in one line; bytes that are no text are spelt as `\xe9`.
pub fn visible_path(path: &Path) -> String {
    let mut out = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        out += &visible(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// The bytes of a path that is not UTF-8, percent-encoded, so that any program can open it again.
pub fn path_bytes(path: &Path) -> Option<String> {
    if path.to_str().is_some() {
        return None;
    }
    let mut out = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'%' | 0..=b' ' | 0x7f.. => {
                let _ = write!(out, "%{byte:02X}");
            }
            _ => out.push(char::from(*byte)),
        }
    }
    Some(out)
}

fn spelt(text: &str, keep: impl Fn(char) -> bool) -> String {
    if !text.chars().any(|c| is_obeyed(c) && !keep(c)) {
        return text.into();
    }
    let each = text.chars().map(|c| {
        if is_obeyed(c) && !keep(c) {
            c.escape_unicode().to_string()
        } else {
            c.to_string()
        }
    });
    each.collect()
}

/// Control characters, line and paragraph separators, marks of direction, and marks without a width (but for the joiners,
/// which letters and emoji need).
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelt_and_everything_else_kept() {
        assert_eq!(visible("\u{1b}[31mred\u{7}"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(visible("a\r\n\tb\u{9b}2J"), "a\\u{d}\\u{a}\\u{9}b\\u{9b}2J");
        assert_eq!(visible("gpj\u{202e}cod.jpg\u{2066}"), "gpj\\u{202e}cod.jpg\\u{2066}");
        assert_eq!(visible_lines("two\nlines\r"), "two\nlines\\u{d}");
        for plain in ["caf\u{e9} 猫 🎩", "👩\u{200d}👩\u{200d}👧", "C:\\x{y}", ""] {
            assert_eq!(visible(plain), plain);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_can_be_told_apart_and_opened_again() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let path = |bytes: &'static [u8]| Path::new(OsStr::from_bytes(bytes));
        assert_eq!(visible_path(path(b"pics/caf\xe9\x1b.jpg")), "pics/caf\\xe9\\u{1b}.jpg");
        assert_eq!(
            path_bytes(path(b"pics/100% caf\xe9\n.jpg")).unwrap(),
            "pics/100%25%20caf%E9%0A.jpg"
        );
        assert_eq!(path_bytes(Path::new("pics/café 100%.jpg")), None);
    }
}
