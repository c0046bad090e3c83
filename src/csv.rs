//! CSV as RFC 4180 has it.

/// A field, quoted where it holds a comma, a quote or a line break.
pub fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

/// The records of a table, each a list of fields; quoted fields may hold separators, quotes (doubled) and line breaks.
pub fn records(text: &str, separator: char) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let (mut record, mut field) = (Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            c if c == separator && !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_quoted_is_read_back() {
        let fields = ["plain", "red, green", "5\" disk", "two\nlines"];
        let line = fields.map(field).join(",") + "\r\nlast,,";
        assert_eq!(
            records(&line, ','),
            [
                fields.map(String::from).to_vec(),
                vec!["last".into(), "".into(), "".into()]
            ]
        );
    }

    #[test]
    fn fields_are_quoted_only_where_they_must_be() {
        assert_eq!(field("cat"), "cat");
        assert_eq!(field("red, green"), "\"red, green\"");
        assert_eq!(field("5\" disk"), "\"5\"\" disk\"");
    }
}
