//! CSV as RFC 4180 has it.

/// A field, quoted where it holds a comma, a quote or a line break.
pub fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_quoted_only_where_they_must_be() {
        assert_eq!(field("cat"), "cat");
        assert_eq!(field("red, green"), "\"red, green\"");
        assert_eq!(field("5\" disk"), "\"5\"\" disk\"");
    }
}
