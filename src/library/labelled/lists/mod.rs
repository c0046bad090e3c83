//! Lists of pictures with captions or classes: tables in every common dialect, JSON lines, and COCO's captions.

mod json;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::beside::MAX_CAPTION_CHARACTERS;
use super::{Purpose, Side, Source, Wanted};
use crate::escape::{check_length, check_name};
use crate::library::{MAX_LIST_BYTES, is_picture, read_text};

/// How a field with the picture's file is called, in lower case, with `_` for whatever parts words.
const FILE_FIELDS: [&str; 20] = [
    "file",
    "file_name",
    "filename",
    "image",
    "image_path",
    "img_path",
    "imgpath",
    "img",
    "image_file",
    "image_name",
    "picture",
    "photo",
    "path",
    "filepath",
    "file_path",
    "img_file",
    "img_name",
    "relative_path",
    "image_id",
    "id",
];
/// How a field with what is said about it is called; the last ones often say something else.
const CAPTION_FIELDS: [&str; 9] = [
    "caption",
    "captions",
    "text",
    "sentence",
    "sentences",
    "caption_text",
    "prompt",
    "title",
    "description",
];
const WEAK_CAPTION_FIELDS: [&str; 2] = ["title", "description"];
/// How a field with its class is called.
const LABEL_FIELDS: [&str; 7] = [
    "label",
    "labels",
    "class",
    "class_name",
    "category",
    "label_name",
    "target",
];
const SIDE_FIELDS: [&str; 3] = ["split", "subset", "partition"];
/// Names by which a list says what it is.
const LIST_NAMES: [&str; 5] = ["caption", "captions", "metadata", "pairs", "labels"];

/// What a list says of a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The file as the list names it.
    pub file: String,
    /// What is said about it.
    pub captions: Vec<String>,
    /// Its class.
    pub label: Option<String>,
    /// The side that it is given.
    pub side: Option<Side>,
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
    /// Captions.
    Captions,
    /// Titles or descriptions, which are captions only where nothing else is there to be learnt from.
    Titles,
    /// Classes.
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
}

/// A list of pictures.
#[derive(Debug)]
pub struct List {
    /// The file.
    pub path: PathBuf,
    /// Where its names begin.
    pub base: PathBuf,
    pub meaning: Meaning,
    /// The side that its name or its folder gives.
    pub side: Option<Side>,
    pub content: Rows,
}

/// A file that may be a list.
#[derive(Debug)]
pub enum Found {
    List(Box<List>),
    /// It looks like one and is not: why.
    Aside(PathBuf, String),
    /// It is one, and is damaged: where and how.
    Damaged(PathBuf, String),
}

/// Which of the fields a name means.
fn place_of(header: &[String], names: &[&str]) -> Option<usize> {
    names
        .iter()
        .find_map(|name| header.iter().position(|field| field == name))
}

/// A field's name in one form.
fn field_name(name: &str) -> String {
    let name = name.trim().trim_matches(['"', '\u{feff}']).to_lowercase();
    name.replace([' ', '-'], "_")
}

/// The lists in a folder, sorted by name, each with names that begin there.
pub fn in_folder(folder: &Path, side: Option<Side>, wanted: &Wanted) -> Vec<Found> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let pictures: BTreeSet<PathBuf> = files
        .iter()
        .filter(|path| is_picture(path))
        .map(|path| path.with_extension(""))
        .collect();
    let candidate = |path: &PathBuf| {
        let hidden = path.file_name().unwrap_or_default().to_string_lossy().starts_with('.');
        // A text beside a picture is that picture's.
        let beside = path.extension().is_some_and(|e| e == "txt") && pictures.contains(&path.with_extension(""));
        !hidden && !beside
    };
    files
        .into_iter()
        .filter(candidate)
        .filter_map(|path| read(path, folder, side, wanted))
        .collect()
}

pub fn read(path: PathBuf, base: &Path, side: Option<Side>, wanted: &Wanted) -> Option<Found> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    type Read = fn(&str, bool, &Wanted) -> Result<Rows, Failure>;
    let (read, sure): (Read, bool) = match extension.as_str() {
        "csv" | "tsv" => (table::read, true),
        // Some data sets call their table captions.txt; other texts are no lists.
        "txt" => (table::read, false),
        "jsonl" | "ndjson" => (json::lines, true),
        "json" => (json::whole, false),
        _ => return None,
    };
    let text = match read_text(&path, MAX_LIST_BYTES) {
        Ok(text) => text,
        Err(error) => return sure.then(|| Found::Damaged(path, format!("cannot be read: {error}"))),
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    match read(&text, extension == "tsv", wanted) {
        Ok(mut content) => {
            choose(&mut content, wanted);
            let has = |pick: fn(&Row) -> bool| content.rows.iter().any(pick);
            let meaning = match (has(|row| !row.captions.is_empty()), has(|row| row.label.is_some())) {
                (false, true) => Meaning::Classes,
                _ if content.titles && !says_what_it_is(&stem) => Meaning::Titles,
                _ => Meaning::Captions,
            };
            Some(Found::List(Box::new(List {
                side: side.or_else(|| Side::in_words(&stem)),
                base: base.to_path_buf(),
                path,
                meaning,
                content,
            })))
        }
        Err(Failure::Damaged(reason)) => Some(Found::Damaged(path, reason)),
        Err(Failure::Other(reason)) if sure || says_what_it_is(&stem) => Some(Found::Aside(path, reason)),
        Err(Failure::Other(_)) => None,
    }
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

fn says_what_it_is(stem: &str) -> bool {
    let mut words = stem.split(|c: char| !c.is_alphabetic());
    words.any(|word| LIST_NAMES.contains(&word)) || Side::in_words(stem).is_some()
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
        file: file.trim().to_string(),
        captions: captions.collect(),
        label: label.map(str::trim).filter(|label| !label.is_empty()).map(String::from),
        side: side.and_then(Side::in_words),
        place,
    }
}
