//! Text from elsewhere on a terminal: what it would obey instead of showing is spelt out.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

/// The longest name of a class, a model, a run: what is longer would only be drawn.
pub const MAX_NAME_CHARACTERS: usize = 1_000;
/// What somebody wrote about a run: some twenty pages.
pub const MAX_NOTE_CHARACTERS: usize = 50_000;
/// Four times the classes of the largest published set.
const MAX_CLASSES: usize = 100_000;
/// So much of what is too long is shown to name it.
const NAMED_CHARACTERS: usize = 40;
/// The longest that is said of anything; what others named may be of any length.
const MAX_MESSAGE_CHARACTERS: usize = 2_000;

/// A text in one line that a terminal only shows: control characters, and characters that reorder or hide others, are
/// spelt as `\u{1b}`.
pub fn visible(text: &str) -> String {
    spelt(text, |_| false)
}

/// The same for a text of several lines.
pub fn visible_lines(text: &str) -> String {
    spelt(text, |c| c == '\n')
}

/// A message of several lines, no longer than somebody reads.
pub fn message(text: &str) -> String {
    visible_lines(&shortened(text))
}

/// Refuses a name that is no name, by its beginning; `what` says whose it is.
///
/// # Errors
/// It is too long; in words.
pub fn check_name(what: &str, name: &str) -> Result<(), String> {
    check_length(what, name, MAX_NAME_CHARACTERS)
}

/// Refuses names of classes that are none, and more classes than any model is taught.
///
/// # Errors
/// What is wrong, in words.
pub fn check_classes(classes: &[String]) -> Result<(), String> {
    if classes.len() > MAX_CLASSES {
        return Err(format!(
            "it has {} classes; at most {MAX_CLASSES} are read",
            classes.len()
        ));
    }
    classes.iter().try_for_each(|class| check_name("the class", class))
}

/// The same with a limit of its own.
///
/// # Errors
/// It is longer; in words.
pub fn check_length(what: &str, text: &str, most: usize) -> Result<(), String> {
    let count = text.chars().count();
    if count <= most {
        return Ok(());
    }
    let start: String = text.chars().take(NAMED_CHARACTERS).collect();
    Err(format!(
        "{what} \"{start}…\" has {count} characters; at most {most} are read"
    ))
}

/// A text of so many characters that somebody may still read it, with the count of those that are left out.
pub fn shortened(text: &str) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(MAX_MESSAGE_CHARACTERS) else {
        return Cow::Borrowed(text);
    };
    let more = text[end..].chars().count();
    Cow::Owned(format!("{}… ({more} more characters)", &text[..end]))
}

/// A line of JSON: the same value, with what a terminal would obey written as `\u202e`.
pub fn visible_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_obeyed(c) {
            // All of them take one unit of UTF-16.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
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

    #[test]
    fn messages_are_as_long_as_somebody_reads() {
        assert_eq!(message("two\nlines\u{202e}"), "two\nlines\\u{202e}");
        let long = message(&"é".repeat(1_000_000));
        assert!(long.starts_with("éé") && long.ends_with("… (998000 more characters)") && long.chars().count() < 2_100);
        assert_eq!(shortened(&"é".repeat(2_000)).chars().count(), 2_000);
    }

    #[test]
    fn names_are_refused_by_their_beginning() {
        let long = "é".repeat(MAX_NAME_CHARACTERS);
        check_name("its name", &long).unwrap();
        let refused = check_classes(&["cat".into(), format!("{long}x")]).unwrap_err();
        assert!(
            refused.starts_with("the class \"éé") && refused.contains("1001 characters"),
            "{refused}"
        );
        assert!(check_classes(&vec![String::new(); MAX_CLASSES + 1]).is_err());
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a\u{202e}b": ["c\u{9b}2J\u{7f}\n", "👩\u{200d}🚀 é \\u202e"] });
        let line = visible_json(&value.to_string());
        assert!(
            line.contains("a\\u202eb") && line.contains("\\u009b2J\\u007f"),
            "{line}"
        );
        assert!(!line.chars().any(is_obeyed));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
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
