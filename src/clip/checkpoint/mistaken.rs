//! What a file is that lies where a model's file should lie.
//!
//! Downloads by hand bring web pages, messages of servers and pointers of Git LFS under the right name. Their first bytes
//! tell what they are, and a sentence about that helps more than one about a header that makes no sense.

/// Bytes from a file's start that are enough to tell.
pub const START_BYTES: usize = 512;
/// Characters of a message that are shown.
const SHOWN: usize = 120;

/// Formats of other programs, by what their files start with.
const FORMATS: [(&[u8], &str); 6] = [
    (b"GGUF", "it is a GGUF file (llama.cpp)"),
    (b"\x89HDF", "it is an HDF5 file (Keras, TensorFlow)"),
    (b"\x1f\x8b", "it is packed with gzip: unpack it first"),
    (b"7z\xbc\xaf", "it is packed with 7-Zip: unpack it first"),
    (b"BZh", "it is packed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "it is packed with xz: unpack it first"),
];
const WANTED: &str = "weights are read from safetensors or PyTorch's files";

/// One sentence about what a file really is, by its first bytes; none where they do not tell.
pub fn mistaken(bytes: &[u8]) -> Option<String> {
    if let Some(what) = placeholder(bytes) {
        return Some(what.into());
    }
    let start = &bytes[..bytes.len().min(START_BYTES)];
    if let Some((_, what)) = FORMATS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Some(if what.contains(':') {
            (*what).into()
        } else {
            format!("{what}; {WANTED}")
        });
    }
    let text = beginning(start)?;
    let shown: String = text.chars().take(SHOWN).collect();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.starts_with('{') || text.starts_with('[') {
        return Some(format!(
            "it is a text in JSON, as servers send with an error, and not the file itself: download it anew ({shown})"
        ));
    }
    Some(format!(
        "it is a text and not the file itself: download it anew ({shown})"
    ))
}

/// What lies in a file's place, where the file itself could be any text: a pointer of Git LFS, or a web page.
pub fn placeholder(bytes: &[u8]) -> Option<&'static str> {
    let start = &bytes[..bytes.len().min(START_BYTES)];
    if start.starts_with(b"version https://git-lfs") {
        return Some(
            "it is a pointer of Git LFS and not the file itself: run `git lfs pull` in its folder, or download the file",
        );
    }
    let lower = beginning(start)?.to_ascii_lowercase();
    let tags = ["<!doctype", "<html", "<head", "<?xml", "<!--"];
    tags.iter()
        .any(|tag| lower.starts_with(tag))
        .then_some("it is a web page (HTML) and not the file itself: download it anew, by its own address")
}

/// The start as a text, if it is one.
fn beginning(start: &[u8]) -> Option<&str> {
    // The last character may be cut.
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if start.len() - error.valid_up_to() < 4 => {
            std::str::from_utf8(&start[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let text = valid.trim_start_matches('\u{feff}').trim_start();
    let printable = |c: char| !c.is_control() || c.is_whitespace();
    (!text.is_empty() && text.chars().all(printable)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_downloaded_instead_is_named() {
        for (start, expected) in [
            (
                &b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 605247071\n"[..],
                "git lfs pull",
            ),
            (b"\n<!doctype HTML><html lang=en>", "web page"),
            (b"\xef\xbb\xbf<html>", "web page"),
            (b"{\"error\":\"Repository not found\"}", "Repository not found"),
            (b"Entry not found", "Entry not found"),
            (b"GGUF\x03\0\0\0", "GGUF"),
            (b"\x1f\x8b\x08\0", "unpack"),
        ] {
            let said = mistaken(start).unwrap();
            assert!(said.contains(expected) && !said.contains('\n'), "{said}");
        }
        // A safetensors header, a zip archive, a pickle, nothing.
        for right in [
            &b"\x40\0\0\0\0\0\0\0{\"a\":"[..],
            b"PK\x03\x04",
            b"\x80\x02\x8a\x0a",
            b"",
        ] {
            assert_eq!(mistaken(right), None);
        }
    }
}
