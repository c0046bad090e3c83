//! Lines of the tables that are written: RFC 4180, ended as it says.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};

/// One record with its line end; a field is quoted where it holds a comma, a quote or a line break.
pub fn line<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> String {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    // Writing into memory does not fail.
    let write = || {
        fields
            .into_iter()
            .try_for_each(|field| writer.write_field(field.as_ref()))?;
        writer.write_record(None::<&[u8]>)?;
        Ok::<(), csv::Error>(writer.flush()?)
    };
    let written = write();
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a spreadsheet needs beyond that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// It begins with a byte order mark, by which Excel knows UTF-8.
    pub bom: bool,
    /// No field is taken for a formula.
    pub safe: bool,
}

impl Style {
    /// What stands before the first line.
    pub fn beginning(self) -> &'static str {
        if self.bom { "\u{feff}" } else { "" }
    }

    /// One record with its line end.
    pub fn line<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> String {
        if !self.safe {
            return line(fields);
        }
        let fields = fields.into_iter().map(|field| harmless(field.as_ref()).into_owned());
        line(fields)
    }
}

/// A field that no spreadsheet takes for a formula: a text that begins like one gets an apostrophe before it. Numbers stay
/// numbers.
pub fn harmless(field: &str) -> Cow<'_, str> {
    const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let is_number = || {
        let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        field.chars().all(plain) && field.parse::<f64>().is_ok()
    };
    if field.starts_with(BEGINNINGS) && !is_number() {
        Cow::Owned(format!("'{field}"))
    } else {
        Cow::Borrowed(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_made_harmless_and_numbers_are_left_alone() {
        for formula in [
            "=1+1.jpg", "+1.jpg", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1", "-inf", "-", "=", "--1",
        ] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        for plain in ["-0.25", "+3", "-1e-7", "cat", "a=b", "", "'=1", "1-2"] {
            assert_eq!(harmless(plain), plain);
        }
    }

    #[test]
    fn what_was_quoted_is_read_back() {
        let fields = ["plain", "red, green", "5\" disk", "two\nlines", ""];
        let text = line(fields);
        assert!(text.starts_with("plain,\"red, green\",\"5\"\" disk\",") && text.ends_with("\r\n"));
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(records, [fields.to_vec()]);
    }
}
