//! Lines of the tables that are written: RFC 4180, ended as it says.

use csv::{Terminator, WriterBuilder};

/// One record with its line end; a field is quoted where it holds a comma, a quote or a line break.
pub fn line<F: AsRef<[u8]>>(fields: impl IntoIterator<Item = F>) -> String {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    // Writing into memory does not fail.
    let written = writer.write_record(fields).and_then(|()| Ok(writer.flush()?));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
