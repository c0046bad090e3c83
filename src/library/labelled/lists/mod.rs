//! Lists of pictures with captions or classes: tables in every common dialect, JSON lines, and COCO's captions.

mod fields;
mod found;
mod json;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::beside::MAX_CAPTION_CHARACTERS;
use super::names::composed;
use super::{Purpose, Side, Source, Wanted, few};
use crate::escape::{check_length, check_name};
use crate::library::is_picture;

pub use found::{Found, in_folder, read};

/// What a list says of a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The file as the list names it.
    pub file: String,
    /// What is said about it.
    pub captions: Vec<String>,
    /// Its class.
    pub label: Option<String>,
    /// The side that it is given, as the list calls it.
    pub side: Option<String>,
    /// Where it stands: `line 7`, or `image 7`.
    pub place: String,
}

impl Row {
    /// Refuses texts that are longer than anybody reads.
    pub fn check_length(&self) -> Result<(), String> {
        self.label
            .as_deref()
            .map_or(Ok(()), |label| check_name("the label", label))?;
        let mut captions = self.captions.iter();
        captions.try_for_each(|caption| check_length("the caption", caption, MAX_CAPTION_CHARACTERS))
    }
}

/// What a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Captions,
    /// Titles or descriptions, which are captions only where nothing else is there to be learnt from.
    Titles,
    Classes,
}

/// What stands in a list.
#[derive(Debug, Default)]
pub struct Rows {
    pub rows: Vec<Row>,
    /// Rows that cannot be used: where they stand, and why.
    pub wrong: Vec<(String, String)>,
    pub titles: bool,
    /// A column that is there and not used.
    pub spare: Option<String>,
    /// The names of all columns, and of those with files and with what is said.
    pub columns: Vec<String>,
    pub file_column: String,
    pub said_column: Option<String>,
    /// Its columns have no names: what they are is seen by what stands in them, and class folders say more.
    pub nameless: bool,
    /// Its column for the side is called so, and not only perhaps.
    pub side_is_named: bool,
}

/// A list of pictures.
#[derive(Debug)]
pub struct List {
    pub path: PathBuf,
    /// Where its names begin.
    pub base: PathBuf,
    pub meaning: Meaning,
    /// The side that its name or its folder gives.
    pub side: Option<Side>,
    pub content: Rows,
    /// The side that each row is given, in their order.
    pub sides: Vec<Option<Side>>,
    /// What else there is to know of it.
    pub notes: Vec<String>,
}

/// The side of each row. Where sides are given, a row whose side is called otherwise is used on none: it is named.
fn sides(content: &mut Rows, path: &Path, notes: &mut Vec<String>) -> Vec<Option<Side>> {
    let values: BTreeSet<String> = content.rows.iter().filter_map(|row| row.side.clone()).collect();
    let values: Vec<String> = values.into_iter().collect();
    let known: BTreeMap<&String, Option<Side>> = values.iter().zip(Side::of_names(&values)).collect();
    if known.values().all(Option::is_none) {
        if !values.is_empty() && content.side_is_named {
            notes.push(format!(
                "{}: its column for the split says nothing that is known ({}); write train, validation or test",
                path.display(),
                few(&values)
            ));
        }
        return vec![None; content.rows.len()];
    }
    let side = |row: &Row| row.side.as_ref().map(|value| known.get(value).copied().flatten());
    let mut sides = Vec::new();
    for row in std::mem::take(&mut content.rows) {
        match side(&row) {
            Some(None) => {
                let value = row.side.unwrap_or_default();
                let reason = format!("its split is \"{value}\": write train, validation or test to use it");
                content.wrong.push((row.place, reason));
            }
            found => {
                sides.push(found.flatten());
                content.rows.push(row);
            }
        }
    }
    sides
}

/// Whether classes are what is wanted of a list that has both.
fn prefers_labels(wanted: &Wanted) -> bool {
    match wanted.source {
        Some(source) => source == Source::Labels,
        None => wanted.purpose == Purpose::Measure || wanted.label_column.is_some(),
    }
}

/// Of a list that has both captions and classes, one counts.
fn choose(content: &mut Rows, wanted: &Wanted) {
    let labelled = content.rows.iter().any(|row| row.label.is_some());
    let captioned = content.rows.iter().any(|row| !row.captions.is_empty());
    if !(labelled && captioned) {
        return;
    }
    for row in &mut content.rows {
        if prefers_labels(wanted) {
            row.captions.clear();
        } else {
            row.label = None;
        }
    }
}

/// More rows than any list of pictures that is learnt from here has.
const MAX_ROWS: usize = 1_000_000;
/// Longer lines are no rows.
const MAX_LINE_BYTES: usize = 1 << 20;

/// Refuses what a few bytes each would make far larger in memory.
fn check_size(text: &str) -> Result<(), Failure> {
    let mut rows = 0;
    for (number, line) in text.lines().enumerate() {
        rows = number + 1;
        if line.len() > MAX_LINE_BYTES {
            let reason = format!("line {rows} has more than {} MiB, and is no row", MAX_LINE_BYTES >> 20);
            return Err(Failure::Damaged(reason));
        }
    }
    if rows > MAX_ROWS {
        return Err(Failure::Damaged(format!(
            "it has {rows} lines; at most {MAX_ROWS} are read"
        )));
    }
    Ok(())
}

/// Why a file gives no rows.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// It is a list, with a fault.
    Damaged(String),
    /// It is another kind of file.
    Other(String),
}

/// A row's fields, from whatever kind of list.
fn row(file: &str, captions: Vec<String>, label: Option<&str>, side: Option<&str>, place: String) -> Row {
    let captions = captions
        .iter()
        .map(|caption| super::beside::tidy(caption))
        .filter(|caption| !caption.is_empty());
    Row {
        file: without_number(file).to_string(),
        captions: captions.collect(),
        label: label.map(str::trim).filter(|label| !label.is_empty()).map(composed),
        side: side.map(str::trim).filter(|side| !side.is_empty()).map(String::from),
        place,
    }
}

/// Whether a field names a picture's file, perhaps with the number of its caption: `a.jpg`, `a.jpg#0`.
fn names_picture(field: &str) -> bool {
    is_picture(Path::new(without_number(field)))
}

/// `a.jpg#0` is the first caption of `a.jpg`.
fn without_number(file: &str) -> &str {
    match file.trim().rsplit_once('#') {
        Some((name, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => file.trim(),
    }
}

/// Whether texts are captions, where nothing says so: sentences rather than the names of classes.
fn are_sentences<'a>(texts: impl Iterator<Item = &'a str>) -> bool {
    const WORDS: usize = 3;
    let counts: Vec<usize> = texts.map(|text| text.split_whitespace().count()).collect();
    counts.iter().sum::<usize>() >= WORDS * counts.len().max(1)
}
