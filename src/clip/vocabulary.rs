//! The vocabulary of a byte-pair tokenizer that is left out of the binary, since it follows from the merges: each merge
//! makes one token, and their numbers go up by one.
//!
//! A shortened `tokenizer.json` has five parts with a NUL between them, which no JSON has: what stands between two
//! entries, what stands between a token and its number, the number of the first token that was left out, the text before
//! these, and the text after them. `build.rs` writes it, and checks that it comes out as it was.

/// The whole `tokenizer.json`; none where a part is missing.
pub fn restored(short: &str) -> Option<String> {
    let mut parts = short.split('\0');
    let [between, colon, first] = [parts.next()?, parts.next()?, parts.next()?];
    let (before, after) = (parts.next()?, parts.next()?);
    let first: usize = first.parse().ok()?;
    let entries = merged_tokens(after).enumerate();
    let entries: Vec<String> = entries
        .map(|(number, token)| format!("\"{token}\"{colon}{}", first + number))
        .collect();
    Some([before, &entries.join(between), after].concat())
}

/// The tokens that the merges make, in their order, as they are written between quotes.
pub fn merged_tokens(text: &str) -> impl Iterator<Item = String> {
    let merges = text
        .find("\"merges\"")
        .map_or("", |at| &text[at + "\"merges\"".len()..]);
    let mut halves = strings(merges);
    std::iter::from_fn(move || Some([halves.next()?, halves.next()?].concat()))
}

/// What stands between quotes, escapes as they are.
fn strings(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (_, rest) = text.split_once('"')?;
        let mut escaped = false;
        let end = rest.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        text = &rest[end + 1..];
        Some(&rest[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_the_merges_are_put_back_where_they_were() {
        let short = ", \0: \x007\0{\"vocab\": {\"a\": 0, \0}, \"merges\": [[\"a\", \"\\\"\"], [\"\\\\\", \"b</w>\"]]}";
        let whole = r#"{"vocab": {"a": 0, "a\"": 7, "\\b</w>": 8}, "merges": [["a", "\""], ["\\", "b</w>"]]}"#;
        assert_eq!(restored(short).unwrap(), whole);
        assert_eq!(restored("{}"), None);
    }
}
