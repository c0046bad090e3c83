//! Text files as people have them: UTF-8 with or without a byte order mark, UTF-16, Windows' code page 1252; any line end.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::decode::is_pipe;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Larger files are no lists or captions: a million rows of a hundred characters.
pub const MAX_LIST_BYTES: u64 = 128 << 20;
/// Larger files are no labels: 100,000 of the longest published.
pub const MAX_LABELS_BYTES: u64 = 16 << 20;
/// What is looked at to recognise UTF-16 that begins without a mark.
const SAMPLE_BYTES: usize = 512;
/// So many high bytes beside each other are no accident.
const MANY_HIGH: usize = 6;

/// Why a text is not read.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("{0}")]
    Unreadable(#[from] std::io::Error),
    #[error("it has more than {} MiB, which is too much for such a file", .0 >> 20)]
    TooLarge(u64),
    #[error("its encoding is neither UTF-8 nor UTF-16, nor that of western Europe: save it as UTF-8")]
    Encoding,
}

/// Reads a text file of at most so many bytes in whatever encoding it is in; every line ends with `\n`. A pipe is read to
/// its end; a device, which may have none, is refused.
///
/// # Errors
/// The file cannot be read, or is too large.
pub fn read_text(path: &Path, most: u64) -> Result<String, TextError> {
    read_text_noting(path, most).map(|(text, _)| text)
}

/// The same, and what was taken for granted of its encoding, in words.
///
/// # Errors
/// As [`read_text`].
pub fn read_text_noting(path: &Path, most: u64) -> Result<(String, Option<&'static str>), TextError> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() && !is_pipe(&metadata) {
        let reason = if metadata.is_dir() {
            "it is a folder"
        } else {
            "it is a device, not a file"
        };
        return Err(std::io::Error::other(reason).into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(TextError::TooLarge(most));
    }
    let guessed = is_guessed(&bytes);
    if guessed && !may_be_western(&bytes) {
        return Err(TextError::Encoding);
    }
    let note = "it is not UTF-8, and was read as Windows' code page 1252 (western Europe)";
    Ok((text_of(&bytes), guessed.then_some(note)))
}

/// Whether nothing says in which encoding a text is.
fn is_guessed(bytes: &[u8]) -> bool {
    Encoding::for_bom(bytes).is_none() && unmarked_utf16(bytes).is_none() && std::str::from_utf8(bytes).is_err()
}

/// Accents stand alone between plain letters; texts in Cyrillic, Greek, Chinese or Japanese are rows of high bytes.
fn may_be_western(bytes: &[u8]) -> bool {
    let high = |place: usize| bytes.get(place).is_some_and(|byte| *byte >= 0x80);
    let all = (0..bytes.len()).filter(|place| high(*place));
    let (count, in_rows) = all.fold((0, 0), |(count, in_rows), place| {
        let beside = high(place + 1) || place > 0 && high(place - 1);
        (count + 1, in_rows + usize::from(beside))
    });
    in_rows < MANY_HIGH || in_rows * 2 <= count
}

/// The text that bytes hold: what is neither marked nor UTF-8 is taken for UTF-16 where every other byte is zero, else for
/// code page 1252, which gives a character to every byte.
pub fn text_of(bytes: &[u8]) -> String {
    let text = match (Encoding::for_bom(bytes), unmarked_utf16(bytes)) {
        (Some((encoding, _)), _) => encoding.decode(bytes).0,
        (None, Some(encoding)) => encoding.decode_without_bom_handling(bytes).0,
        (None, None) => std::str::from_utf8(bytes).map_or_else(
            |_| WINDOWS_1252.decode_without_bom_handling(bytes).0,
            std::borrow::Cow::Borrowed,
        ),
    };
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.into_owned()
    }
}

/// Mostly Latin text in UTF-16 has a zero in nearly every other byte.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES) & !1];
    if !bytes.len().is_multiple_of(2) || sample.len() < 4 {
        return None;
    }
    let zeros = |from: usize| sample.iter().skip(from).step_by(2).filter(|&&byte| byte == 0).count();
    let (high, low) = (zeros(1), zeros(0));
    let most = |count: usize| count * 4 >= sample.len() / 2 * 3;
    match (most(high), most(low)) {
        (true, false) => Some(UTF_16LE),
        (false, true) => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_encoding_and_line_end_gives_the_same_text() {
        let expected = "é: un café\nzwei\n";
        let utf16 = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { expected.encode_utf16().flat_map(to_bytes).collect() };
        let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
        for bytes in [
            expected.as_bytes().to_vec(),
            expected.replace('\n', "\r\n").into_bytes(),
            expected.replace('\n', "\r").into_bytes(),
            [b"\xEF\xBB\xBF", expected.as_bytes()].concat(),
            b"\xE9: un caf\xE9\r\nzwei\r\n".to_vec(),
            [&b"\xFF\xFE"[..], &little].concat(),
            [&b"\xFE\xFF"[..], &big].concat(),
            little,
            big,
        ] {
            assert_eq!(text_of(&bytes), expected, "{bytes:02x?}");
        }
        assert_eq!(text_of(b"x"), "x");
        assert_eq!(text_of("猫\u{0}".as_bytes()), "猫\u{0}");
    }

    #[test]
    fn a_guess_is_told_and_what_cannot_be_guessed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read_text_noting(&path, MAX_LABELS_BYTES)
        };
        let (text, note) = read(b"un caf\xE9, Gr\xF6\xDFe, na\xEFf").unwrap();
        assert_eq!(text, "un café, Größe, naïf");
        assert!(note.unwrap().contains("1252"));
        for plain in ["un café", "кот", "x"] {
            assert_eq!(read(plain.as_bytes()).unwrap(), (plain.to_string(), None));
        }
        let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode("кот и собака");
        let (japanese, _, _) = encoding_rs::SHIFT_JIS.encode("file,caption\na.jpg,猫の写真です\n");
        for other in [cyrillic, japanese] {
            assert!(matches!(read(&other), Err(TextError::Encoding)));
        }
    }
}
