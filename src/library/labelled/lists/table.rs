//! Tables: separated by commas, semicolons, tabs or bars, quoted or not.

use csv::ReaderBuilder;

use super::super::beside::is_numbers;
use super::{
    CAPTION_FIELDS, FILE_FIELDS, Failure, LABEL_FIELDS, Rows, SIDE_FIELDS, SURE_SIDE_FIELDS, WEAK_CAPTION_FIELDS,
    Wanted, are_sentences, check_size, field_name, names_picture, place_of, prefers_labels, row,
};

/// What separates fields, the commonest first.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];
/// More columns than any such table has.
const MAX_FIELDS: usize = 1_000;
/// So much of a header is shown.
const SHOWN: usize = 80;
/// Lines by which a table without a header is known.
const LOOKED_AT: usize = 50;

/// Where each field stands.
struct Columns {
    count: usize,
    file: usize,
    caption: Option<usize>,
    label: Option<usize>,
    side: Option<usize>,
    titles: bool,
    spare: Option<String>,
    nameless: bool,
}

impl Columns {
    fn of(header: &[String], wanted: &Wanted) -> Option<Self> {
        let named = |name: &Option<String>| {
            let name = field_name(name.as_ref()?);
            header.iter().position(|field| *field == name)
        };
        let file = match &wanted.file_column {
            Some(_) => named(&wanted.file_column)?,
            None => place_of(header, &FILE_FIELDS)?,
        };
        let other = |names: &[&str]| place_of(header, names).filter(|place| *place != file);
        let label = match &wanted.label_column {
            Some(_) => Some(named(&wanted.label_column)?),
            None => other(&LABEL_FIELDS),
        };
        let caption = other(&CAPTION_FIELDS).filter(|_| !(prefers_labels(wanted) && label.is_some()));
        // A title beside a class is about something else.
        let weak = caption.is_some_and(|place| WEAK_CAPTION_FIELDS.contains(&header[place].as_str()));
        let caption = caption.filter(|_| !(weak && label.is_some()));
        caption.or(label)?;
        Some(Self {
            count: header.len(),
            file,
            caption,
            label: label.filter(|_| caption.is_none()),
            side: other(&SIDE_FIELDS),
            titles: weak,
            spare: caption.and(label).map(|place| header[place].clone()),
            nameless: false,
        })
    }

    /// Of a table without a header: a picture's file, and what is said about it.
    fn nameless(lines: &[Vec<String>], separator: char) -> Option<Self> {
        if lines.is_empty() || !lines.iter().all(|fields| fields.len() > 1 && names_picture(&fields[0])) {
            return None;
        }
        let said: Vec<String> = lines
            .iter()
            .map(|fields| fields[1..].join(&separator.to_string()))
            .collect();
        let captions = are_sentences(said.iter().map(String::as_str));
        // Boxes are numbers, and a class is one field.
        let numbers = said.iter().any(|text| is_numbers(text));
        let more = lines.iter().any(|fields| fields.len() > 2) && separator != ' ';
        if said.iter().any(|text| text.trim().is_empty()) || captions && numbers || !captions && more {
            return None;
        }
        Some(Self {
            count: 2,
            file: 0,
            caption: captions.then_some(1),
            label: (!captions).then_some(1),
            side: None,
            titles: false,
            spare: None,
            nameless: true,
        })
    }
}

/// Reads a table.
pub fn read(text: &str, tabs: bool, wanted: &Wanted) -> Result<Rows, Failure> {
    check_size(text)?;
    let (separator, text, first_line) = match declared(text) {
        Some((separator, rest)) => (Some(separator), rest, 2),
        None => (None, text, 1),
    };
    let skipped = text.len() - text.trim_start_matches('\n').len();
    let first_line = first_line + skipped;
    let text = &text[skipped..];
    let header = text.lines().next().unwrap_or_default();
    let mut separators: Vec<char> = separator.map_or(SEPARATORS.to_vec(), |separator| vec![separator]);
    if tabs {
        separators.sort_by_key(|separator| *separator != '\t');
    }
    let found = separators.into_iter().find_map(|separator| {
        let names: Vec<String> = fields_of(header, separator)
            .iter()
            .map(|name| field_name(name))
            .collect();
        Columns::of(&names, wanted).map(|columns| (separator, columns, names))
    });
    let nameless = || {
        let mut each = SEPARATORS.into_iter().chain([' ']);
        each.find_map(|separator| {
            let lines = text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT);
            let lines: Vec<Vec<String>> = lines.map(|line| fields_of(line, separator)).collect();
            let columns = Columns::nameless(&lines, separator)?;
            Some((separator, columns, ["file", "said"].map(String::from).to_vec()))
        })
    };
    let Some((separator, columns, names)) = found.or_else(nameless) else {
        let shown: String = header.chars().take(SHOWN).collect();
        return Err(Failure::Other(format!(
            "its first line (\"{shown}\") has no column for the picture's file (file_name, image, path ..) beside one for \
             a caption or a label"
        )));
    };
    let skipped = usize::from(!columns.nameless);
    if separator == '\t' || separator == ' ' {
        let many = text.lines().position(|line| line.matches('\t').count() >= MAX_FIELDS);
        many.map_or(Ok(()), |line| Err(too_many_fields(first_line + line)))?;
        check_tabs(text, separator, first_line)?;
        let lines = text
            .lines()
            .enumerate()
            .skip(skipped)
            .filter(|(_, line)| !line.trim().is_empty());
        let records = lines.map(|(n, line)| (first_line + n, fields_of(line, separator)));
        return Ok(rows(columns, names, separator, records));
    }
    let text = &without_spaces_before_quotes(text, separator);
    check_quotes(text, separator, first_line).map_err(Failure::Damaged)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(separator as u8)
        .flexible(true)
        .has_headers(!columns.nameless)
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
    swallowed(&records, &columns, separator).map_or(Ok(()), |reason| Err(Failure::Damaged(reason)))?;
    Ok(rows(columns, names, separator, records.into_iter()))
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

/// The fields of one line. Tables with tabs know no quotes but those that Excel sets around a whole field.
fn fields_of(line: &str, separator: char) -> Vec<String> {
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
fn check_tabs(text: &str, separator: char, first_line: usize) -> Result<(), Failure> {
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
fn without_spaces_before_quotes(text: &str, separator: char) -> String {
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
fn check_quotes(text: &str, separator: char, first_line: usize) -> Result<(), String> {
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
fn swallowed(records: &[(usize, Vec<String>)], columns: &Columns, separator: char) -> Option<String> {
    let endings: std::collections::BTreeSet<String> = records
        .iter()
        .filter_map(|(_, fields)| Some(fields.get(columns.file)?.rsplit_once('.')?.1.to_lowercase()))
        .collect();
    let is_row = |line: &str| {
        let fields = fields_of(line, separator);
        let file = fields
            .get(columns.file)
            .filter(|_| fields.len() == columns.count && columns.count > 1);
        file.and_then(|file| file.rsplit_once('.'))
            .is_some_and(|(_, ending)| endings.contains(&ending.to_lowercase()))
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

fn rows(
    columns: Columns,
    names: Vec<String>,
    separator: char,
    records: impl Iterator<Item = (usize, Vec<String>)>,
) -> Rows {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str, tabs: bool) -> Vec<(String, String)> {
        let content = read(text, tabs, &Wanted::default()).unwrap();
        let said = |row: &super::super::Row| row.captions.first().or(row.label.as_ref()).cloned().unwrap_or_default();
        content.rows.iter().map(|row| (row.file.clone(), said(row))).collect()
    }

    fn damage(text: &str) -> String {
        match read(text, false, &Wanted::default()) {
            Err(Failure::Damaged(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_dialect_is_read() {
        let expected = vec![
            ("a.jpg".to_string(), "a cat, black".to_string()),
            ("b.jpg".into(), "a \"dog\"".into()),
        ];
        for text in [
            "file,caption\na.jpg,\"a cat, black\"\nb.jpg,\"a \"\"dog\"\"\"\n",
            "file,caption\na.jpg,a cat, black\nb.jpg,a \"dog\"",
            "Image Path;Text\na.jpg;a cat, black\nb.jpg;\"a \"\"dog\"\"\"",
            "sep=;\nfilename;caption\na.jpg;a cat, black\nb.jpg;a \"dog\"\n",
            "filepath\ttitle\na.jpg\ta cat, black\nb.jpg\t\"a \"\"dog\"\"\"\n",
            "image_name| comment_number| caption\na.jpg| 0| a cat, black\nb.jpg| 0| a \"dog\"\n",
            "\nimg,id,caption\na.jpg,7,\"a cat,\n black\"\n\nb.jpg,8,a \"dog\"\n",
        ] {
            assert_eq!(pairs(text, false), expected, "{text}");
        }
        for text in [
            "file, caption\na.jpg, \"a cat, black\"\nb.jpg,  \"a \"\"dog\"\"\"\n",
            "image_name| comment_number| comment\na.jpg| 0| a cat, black\nb.jpg| 0| a \"dog\"\n",
        ] {
            assert_eq!(pairs(text, false), expected, "{text}");
        }
        assert_eq!(
            pairs("image,label\na.jpg,Cat\n", false),
            [("a.jpg".to_string(), "Cat".to_string())]
        );
    }

    #[test]
    fn tables_without_a_header_are_known_by_their_pictures() {
        let pair = |file: &str, said: &str| (file.to_string(), said.to_string());
        let captions = "a.jpg#0\ta cat on a mat\na.jpg#1\tone more cat here\nb.jpg#0\ta dog, of course\n";
        let content = read(captions, false, &Wanted::default()).unwrap();
        assert!(content.nameless && content.rows.iter().all(|row| row.captions.len() == 1));
        assert_eq!(
            pairs(captions, false),
            [
                pair("a.jpg", "a cat on a mat"),
                pair("a.jpg", "one more cat here"),
                pair("b.jpg", "a dog, of course")
            ]
        );
        for text in ["a.jpg,cat\nb.jpg,big dog\n", "a.jpg;cat\nb.jpg;big dog\n"] {
            assert_eq!(pairs(text, false), [pair("a.jpg", "cat"), pair("b.jpg", "big dog")]);
            assert!(read(text, false, &Wanted::default()).unwrap().rows[0].label.is_some());
        }
        assert_eq!(
            pairs("x/a.jpg 3\nx/b.jpg 0\n", false),
            [pair("x/a.jpg", "3"), pair("x/b.jpg", "0")]
        );
        for other in [
            "a.jpg\nb.jpg\n",
            "1,2\n3,4\n",
            "a.jpg,1,2,3,4\n",
            "see a.jpg for more\n",
        ] {
            let refused = read(other, false, &Wanted::default());
            assert!(matches!(refused, Err(Failure::Other(_))), "{other}: {refused:?}");
        }
    }

    #[test]
    fn a_caption_of_two_lines_between_tabs_is_named() {
        let text = "file\tcaption\na.jpg\t\"a cat\non a mat\"\nb.jpg\ta dog\n";
        match read(text, true, &Wanted::default()) {
            Err(Failure::Damaged(reason)) => assert!(reason.starts_with("line 2: "), "{reason}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn classes_come_first_where_answers_are_measured_and_columns_can_be_named() {
        let text = "id,photo,caption,label,kind\n1,a.jpg,a red cat,cat,animal\n";
        let said = |wanted: &Wanted| {
            let row = read(text, false, wanted).unwrap().rows.remove(0);
            (row.file, row.captions.first().cloned(), row.label)
        };
        let file = "a.jpg".to_string();
        let (caption, cat, animal) = (
            Some("a red cat".to_string()),
            Some("cat".to_string()),
            Some("animal".to_string()),
        );
        assert_eq!(said(&Wanted::default()), (file.clone(), caption, None));
        assert_eq!(said(&Wanted::to_measure()), (file.clone(), None, cat));
        let kind = Wanted {
            label_column: Some("Kind".into()),
            ..Wanted::to_measure()
        };
        assert_eq!(said(&kind), (file, None, animal));
        let by_id = Wanted {
            file_column: Some("id".into()),
            ..Wanted::to_measure()
        };
        assert_eq!(said(&by_id).0, "1");
        let gone = Wanted {
            label_column: Some("species".into()),
            ..Wanted::to_measure()
        };
        assert!(matches!(read(text, false, &gone), Err(Failure::Other(_))));
    }

    #[test]
    fn tabs_know_no_stray_quotes() {
        let text = "file\tcaption\na.jpg\t\"Best of the week\nb.jpg\t5\" disk\nc.jpg\tthe end\"\n";
        let expected = [
            ("a.jpg", "\"Best of the week"),
            ("b.jpg", "5\" disk"),
            ("c.jpg", "the end\""),
        ];
        assert_eq!(pairs(text, true), expected.map(|(a, b)| (a.to_string(), b.to_string())));
    }

    #[test]
    fn quotes_that_never_close_or_close_elsewhere_are_named_with_their_line() {
        let never = damage("file,caption\na.jpg,x\nb.jpg,\"never closed\nc.jpg,y\n");
        assert!(
            never.starts_with("line 3: ") && never.contains("never closes"),
            "{never}"
        );
        let inside = damage("file,caption\na.jpg,\"a \"big\" cat\"\n");
        assert!(inside.starts_with("line 2: "), "{inside}");
        let two = damage("file,caption\na.jpg,\"best\nb.jpg,x\nc.jpg,end\"\nd.jpg,y\n");
        assert!(two.starts_with("line 2: ") && two.contains("some rows later"), "{two}");
    }

    #[test]
    fn rows_that_cannot_be_used_are_named() {
        let content = read(
            "file,caption,licence\na.jpg\nb.jpg,x,CC0,more\n,x,CC0\nc.jpg,y,CC0\n",
            false,
            &Wanted::default(),
        )
        .unwrap();
        assert_eq!(content.rows.len(), 1);
        let places: Vec<&str> = content.wrong.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["line 2", "line 3", "line 4"]);
        assert!(matches!(
            read("name,price\nx,1\n", false, &Wanted::default()),
            Err(Failure::Other(_))
        ));
    }
}
