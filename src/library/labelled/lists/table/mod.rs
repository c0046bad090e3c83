//! Tables: separated by commas, semicolons, tabs or bars, quoted or not.

mod columns;
mod quotes;
#[cfg(test)]
mod tests;

use csv::ReaderBuilder;

use super::fields::{SURE_SIDE_FIELDS, field_name};
use super::{Failure, Rows, Wanted, check_size, row};
use columns::Columns;
use quotes::{check_quotes, check_tabs, fields_of, swallowed, without_spaces_before_quotes};

/// What separates fields, the commonest first.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];
/// More columns than any such table has.
const MAX_FIELDS: usize = 1_000;
/// So much of a header is shown.
const SHOWN: usize = 80;
/// Lines by which a table without a header is known.
const LOOKED_AT: usize = 50;

/// Reads a table; `tabs` says that its file is called as one with tabs.
pub fn read(text: &str, tabs: bool, wanted: &Wanted) -> Result<Rows, Failure> {
    check_size(text)?;
    let (separator, text, first_line) = match declared(text) {
        Some((separator, rest)) => (Some(separator), rest, 2),
        None => (None, text, 1),
    };
    let skipped = text.len() - text.trim_start_matches('\n').len();
    let first_line = first_line + skipped;
    let text = &text[skipped..];
    let mut separators: Vec<char> = separator.map_or(SEPARATORS.to_vec(), |separator| vec![separator]);
    if tabs {
        separators.sort_by_key(|separator| *separator != '\t');
    }
    let header = named_columns(text, separators, wanted).or_else(|| nameless_columns(text));
    let Some(header) = header else {
        let first = text.lines().next().unwrap_or_default();
        let shown: String = first.chars().take(SHOWN).collect();
        return Err(Failure::Other(format!(
            "its first line (\"{shown}\") has no column for the picture's file (file_name, image, path ..) beside one for \
             a caption or a label"
        )));
    };
    let records = match header.separator {
        '\t' | ' ' => records_of_lines(text, &header, first_line)?,
        _ => records_with_quotes(text, &header, first_line)?,
    };
    Ok(rows(header, records))
}

/// What the columns of a table are, and what parts them.
struct Header {
    separator: char,
    columns: Columns,
    names: Vec<String>,
}

/// By the names in the first line.
fn named_columns(text: &str, separators: Vec<char>, wanted: &Wanted) -> Option<Header> {
    let header = text.lines().next().unwrap_or_default();
    separators.into_iter().find_map(|separator| {
        let names: Vec<String> = fields_of(header, separator)
            .iter()
            .map(|name| field_name(name))
            .collect();
        Columns::of(&names, wanted).map(|columns| Header {
            separator,
            columns,
            names,
        })
    })
}

/// By what stands in the first lines.
fn nameless_columns(text: &str) -> Option<Header> {
    let mut each = SEPARATORS.into_iter().chain([' ']);
    each.find_map(|separator| {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT);
        let lines: Vec<Vec<String>> = lines.map(|line| fields_of(line, separator)).collect();
        Some(Header {
            separator,
            columns: Columns::nameless(&lines, separator)?,
            names: ["file", "said"].map(String::from).to_vec(),
        })
    })
}

/// Fields, and the number of the line where they stand.
type Record = (usize, Vec<String>);

/// One row a line.
fn records_of_lines(text: &str, header: &Header, first_line: usize) -> Result<Vec<Record>, Failure> {
    let many = text.lines().position(|line| line.matches('\t').count() >= MAX_FIELDS);
    many.map_or(Ok(()), |line| Err(too_many_fields(first_line + line)))?;
    check_tabs(text, header.separator, first_line)?;
    let lines = text
        .lines()
        .enumerate()
        .skip(usize::from(!header.columns.nameless))
        .filter(|(_, line)| !line.trim().is_empty());
    Ok(lines
        .map(|(n, line)| (first_line + n, fields_of(line, header.separator)))
        .collect())
}

/// Rows in which a field in quotes may have several lines.
fn records_with_quotes(text: &str, header: &Header, first_line: usize) -> Result<Vec<Record>, Failure> {
    let text = &without_spaces_before_quotes(text, header.separator);
    check_quotes(text, header.separator, first_line).map_err(Failure::Damaged)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(header.separator as u8)
        .flexible(true)
        .has_headers(!header.columns.nameless)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| Failure::Damaged(error.to_string()))?;
        let line = record.position().map_or(0, |position| position.line() as usize) + first_line - 1;
        if record.len() > MAX_FIELDS {
            return Err(too_many_fields(line));
        }
        records.push((line, record.iter().map(String::from).collect::<Vec<_>>()));
    }
    match swallowed(&records, &header.columns, header.separator) {
        Some(reason) => Err(Failure::Damaged(reason)),
        None => Ok(records),
    }
}

fn too_many_fields(line: usize) -> Failure {
    Failure::Damaged(format!("line {line} has more than {MAX_FIELDS} fields"))
}

/// Excel's first line `sep=;`, and what follows it.
fn declared(text: &str) -> Option<(char, &str)> {
    let (first, rest) = text.split_once('\n')?;
    let separator = first.trim().strip_prefix("sep=")?.chars().next().unwrap_or('\t');
    SEPARATORS.contains(&separator).then_some((separator, rest))
}

fn rows(header: Header, records: Vec<Record>) -> Rows {
    let Header {
        separator,
        columns,
        names,
    } = header;
    let mut content = Rows {
        titles: columns.titles,
        spare: columns.spare.clone(),
        nameless: columns.nameless,
        side_is_named: columns
            .side
            .is_some_and(|place| SURE_SIDE_FIELDS.contains(&names[place].as_str())),
        file_column: names[columns.file].clone(),
        said_column: columns.caption.or(columns.label).map(|place| names[place].clone()),
        columns: names,
        ..Rows::default()
    };
    for (line, mut fields) in records {
        let place = format!("line {line}");
        let last = columns.count - 1;
        if fields.len() > columns.count && (columns.nameless || columns.caption == Some(last)) {
            // The separators are the caption's own.
            let rest = fields.split_off(last).join(&separator.to_string());
            fields.push(rest);
        }
        if fields.len() > columns.count {
            content.wrong.push((
                place,
                format!("it has {} fields, the first line {}", fields.len(), columns.count),
            ));
            continue;
        }
        let field = |place: Option<usize>| place.and_then(|place| fields.get(place)).map(String::as_str);
        let file = field(Some(columns.file)).unwrap_or_default();
        let said = columns.caption.or(columns.label);
        if file.trim().is_empty() || field(said).is_none() {
            content.wrong.push((place, "a field is missing".into()));
            continue;
        }
        let captions = field(columns.caption).map(String::from).into_iter().collect();
        content
            .rows
            .push(row(file, captions, field(columns.label), field(columns.side), place));
    }
    content
}
