//! The files of a folder that are lists, or look like some.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Failure, List, Meaning, Row, Rows, choose, json, sides, table};
use crate::library::labelled::folders::is_list;
use crate::library::labelled::{Side, Wanted};
use crate::library::{MAX_LIST_BYTES, is_picture, read_text_noting};

/// Names by which a list says what it is.
const LIST_NAMES: [&str; 5] = ["caption", "captions", "metadata", "pairs", "labels"];

/// A file that may be a list.
#[derive(Debug)]
pub enum Found {
    List(Box<List>),
    /// It looks like one and is not: why.
    Aside(PathBuf, String),
    /// It is one, and is damaged: where and how.
    Damaged(PathBuf, String),
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
        // A text, or an object, beside a picture is that picture's: a.txt, a.json or a.jpg.json.
        let own = path.extension().is_some_and(|e| e == "txt" || e == "json");
        let bare = path.with_extension("");
        let beside = own && (pictures.contains(&bare) || is_picture(&bare));
        !hidden && !beside
    };
    let found = |path: PathBuf| match is_sample(&path) {
        true => Some(Found::Aside(path, SAMPLE.into())),
        false => read(path, folder, side, wanted),
    };
    files.into_iter().filter(candidate).filter_map(found).collect()
}

/// Why a list of made-up answers is not used.
const SAMPLE: &str = "by its name it shows how answers are handed in, and says nothing of what pictures show";

/// Whether a list is called as those of competitions that show how answers are handed in: `sample_submission.csv`. What
/// stands in it is made up.
fn is_sample(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let letters: String = stem.chars().filter(|c| c.is_alphabetic()).collect();
    ["samplesubmission", "submissionsample", "submissionformat"]
        .iter()
        .any(|name| letters.starts_with(name))
}

/// Kinds of lists that are not read, and what is to be done.
const UNREAD: [(&str, &str); 7] = [
    (
        "parquet",
        "a Parquet file is not read: write it as CSV, with the pictures as files",
    ),
    (
        "arrow",
        "an Arrow file is not read: write it as CSV, with the pictures as files",
    ),
    ("xlsx", "a workbook is not read: save it as CSV"),
    ("xls", "a workbook is not read: save it as CSV"),
    ("ods", "a workbook is not read: save it as CSV"),
    ("mat", "a file of MATLAB is not read: write it as CSV"),
    ("pkl", "a pickle is not read: write it as CSV"),
];

pub fn read(path: PathBuf, base: &Path, side: Option<Side>, wanted: &Wanted) -> Option<Found> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    type Read = fn(&str, bool, &Wanted) -> Result<Rows, Failure>;
    let (read, sure): (Read, bool) = match extension.as_str() {
        "csv" | "tsv" => (table::read, true),
        // Some data sets call their table captions.txt; other texts are no lists.
        "txt" => (table::read, false),
        "jsonl" | "ndjson" => (json::lines, true),
        "json" => (json::whole, false),
        other => {
            let unread = UNREAD.iter().find(|(ending, _)| *ending == other);
            return unread.map(|(_, reason)| Found::Aside(path, (*reason).to_string()));
        }
    };
    let (text, guessed) = match read_text_noting(&path, MAX_LIST_BYTES) {
        Ok(read) => read,
        Err(error) => return sure.then(|| Found::Damaged(path, format!("cannot be read: {error}"))),
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    match read(&text, extension == "tsv", wanted) {
        Ok(mut content) => {
            choose(&mut content, wanted);
            let mut notes: Vec<String> = guessed
                .iter()
                .map(|text| format!("{}: {text}", path.display()))
                .collect();
            let sides = sides(&mut content, &path, &mut notes);
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
                sides,
                notes,
            })))
        }
        Err(Failure::Damaged(reason)) => Some(Found::Damaged(path, reason)),
        Err(Failure::Other(reason)) if sure || says_what_it_is(&stem) || is_list(&path) => {
            Some(Found::Aside(path, reason))
        }
        Err(Failure::Other(_)) => None,
    }
}

fn says_what_it_is(stem: &str) -> bool {
    let mut words = stem.split(|c: char| !c.is_alphabetic());
    words.any(|word| LIST_NAMES.contains(&word)) || Side::in_words(stem).is_some()
}
