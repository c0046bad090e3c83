//! Quotes: what opens must close in its own field, or a reader would take rows for words.

use std::collections::BTreeSet;

use csv::ReaderBuilder;

use super::super::Failure;
use super::columns::Columns;

/// The fields of one line. Tables with tabs know no quotes but those that Excel sets around a whole field.
pub(super) fn fields_of(line: &str, separator: char) -> Vec<String> {
    if separator == ' ' {
        return line.split_whitespace().map(String::from).collect();
    }
    if separator != '\t' {
        let mut reader = ReaderBuilder::new()
            .delimiter(separator as u8)
            .has_headers(false)
            .from_reader(line.as_bytes());
        let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
        return record.iter().map(|field| field.trim().to_string()).collect();
    }
    let unquoted = |field: &str| match field.strip_prefix('"').and_then(|field| field.strip_suffix('"')) {
        Some(inside) if !inside.replace("\"\"", "").contains('"') => inside.replace("\"\"", "\""),
        _ => field.to_string(),
    };
    line.split('\t').map(|field| unquoted(field.trim())).collect()
}

/// A caption with a line break in quotes would be cut off here, and its rest taken for rows.
pub(super) fn check_tabs(text: &str, separator: char, first_line: usize) -> Result<(), Failure> {
    let opens = |line: &str| {
        let last = line.rsplit(separator).next().unwrap_or_default().trim();
        last.len() > 1 && last.starts_with('"') && last.matches('"').count() % 2 == 1
    };
    let mut lines = text.lines().enumerate().skip(1).peekable();
    while let Some((n, line)) = lines.next() {
        let rest = lines.peek().map_or("", |(_, next)| next);
        let goes_on = !rest.is_empty() && !rest.contains(separator);
        if separator == '\t' && opens(line) && goes_on {
            let line = first_line + n;
            return Err(Failure::Damaged(format!(
                "line {line}: the quote that opens here goes on in the next line; a table with tabs has one row a line"
            )));
        }
    }
    Ok(())
}

/// The same without spaces between a separator and a field in quotes, which readers of tables would take for the field's.
pub(super) fn without_spaces_before_quotes(text: &str, separator: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut at_start = false;
    while let Some(character) = rest.chars().next() {
        if at_start && character == ' ' {
            let field = rest.trim_start_matches(' ');
            if let Some(quoted) = quoted_field(field, separator) {
                out += quoted;
                rest = &field[quoted.len()..];
                at_start = false;
                continue;
            }
        } else if (at_start || out.is_empty() || out.ends_with('\n'))
            && let Some(quoted) = quoted_field(rest, separator)
        {
            out += quoted;
            rest = &rest[quoted.len()..];
            at_start = false;
            continue;
        }
        at_start = character == separator;
        out.push(character);
        rest = &rest[character.len_utf8()..];
    }
    out
}

/// A field in quotes at the start of a text, with its quotes, where it ends as a field does.
fn quoted_field(text: &str, separator: char) -> Option<&str> {
    let inside = text.strip_prefix('"')?;
    let mut at = 0;
    loop {
        at += inside[at..].find('"')? + 1;
        if inside[at..].starts_with('"') {
            at += 1;
            continue;
        }
        let after = inside[at..].trim_start_matches(' ').chars().next();
        return after
            .is_none_or(|c| c == separator || c == '\n')
            .then(|| &text[..at + 1]);
    }
}

/// Every quote that opens must close before a separator or a line's end: the reader itself joins what follows.
pub(super) fn check_quotes(text: &str, separator: char, first_line: usize) -> Result<(), String> {
    let mut line = first_line;
    let mut opened = None;
    let mut at_start = true;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (opened, character) {
            (Some(start), '"') => match characters.peek().copied() {
                Some('"') => {
                    characters.next();
                }
                None | Some('\n') => opened = None,
                Some(next) if next == separator => opened = None,
                Some(' ')
                    if characters
                        .clone()
                        .find(|c| *c != ' ')
                        .is_none_or(|c| c == separator || c == '\n') =>
                {
                    opened = None;
                }
                Some(next) => {
                    return Err(format!(
                        "line {start}: the quote that opens here is followed by \"{next}\" where it closes, in line {line}; \
                         write a quote inside quotes twice, or leave the first one out"
                    ));
                }
            },
            (None, '"') if at_start => opened = Some(line),
            _ => {}
        }
        if character == '\n' {
            line += 1;
        }
        at_start = opened.is_none() && (character == separator || character == '\n');
    }
    match opened {
        Some(start) => Err(format!("line {start}: the quote that opens here never closes")),
        None => Ok(()),
    }
}

/// A field that holds whole rows, between a stray quote and the next one.
pub(super) fn swallowed(records: &[(usize, Vec<String>)], columns: &Columns, separator: char) -> Option<String> {
    let files = records.iter().filter_map(|(_, fields)| fields.get(columns.file));
    let endings: BTreeSet<String> = files.clone().filter_map(|file| ending(file)).collect();
    // Ids have no endings. Where they are words, so are the lines of captions: then nothing is certain.
    let numbered = files.clone().all(|file| has_digit(file));
    let names_file = |field: &String| match endings.is_empty() {
        true => numbered && is_id(field),
        false => ending(field).is_some_and(|ending| endings.contains(&ending)),
    };
    let is_row = |line: &str| {
        let fields = fields_of(line, separator);
        let complete = fields.len() == columns.count && columns.count > 1;
        complete && fields.get(columns.file).is_some_and(names_file)
    };
    records.iter().find_map(|(line, fields)| {
        let swallows = |field: &String| field.lines().skip(1).any(is_row);
        fields.iter().any(swallows).then(|| {
            format!(
                "line {line}: the quote that opens here closes some rows later; leave it out, or close it in its row"
            )
        })
    })
}

fn ending(file: &str) -> Option<String> {
    Some(file.rsplit_once('.')?.1.to_lowercase())
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// Whether a field may be a numbered id of a picture: one word with a digit.
fn is_id(field: &str) -> bool {
    has_digit(field) && !field.contains(char::is_whitespace)
}
