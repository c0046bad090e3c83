//! Which columns lists have, also where nothing could be made of them: so that the right one can be chosen.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Columns;

/// A header is not longer.
const HEADER_BYTES: u64 = 64 << 10;
/// Lists that are named.
const LISTS: usize = 8;

/// The columns of a list, or of the lists that lie in a folder.
pub fn columns_of(place: &Path) -> Vec<Columns> {
    if place.is_file() {
        return columns(place).into_iter().collect();
    }
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files.iter().filter_map(|path| columns(path)).take(LISTS).collect()
}

fn columns(list: &Path) -> Option<Columns> {
    let ending = list.extension()?.to_string_lossy().to_lowercase();
    let delimiter = match ending.as_str() {
        "csv" | "txt" => None,
        "tsv" => Some(b'\t'),
        "jsonl" | "ndjson" => Some(b'{'),
        _ => return None,
    };
    let mut bytes = Vec::new();
    File::open(list).ok()?.take(HEADER_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let first = text
        .trim_start_matches('\u{feff}')
        .lines()
        .find(|line| !line.trim().is_empty())?;
    let all = match delimiter {
        Some(b'{') => {
            let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(first).ok()?;
            fields.keys().cloned().collect()
        }
        Some(delimiter) => fields(first, delimiter)?,
        None => {
            let most = [b',', b';', b'\t'].into_iter();
            let count = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
            fields(first, most.rev().max_by_key(count)?)?
        }
    };
    // One column says nothing of a picture.
    (all.len() > 1).then(|| Columns {
        list: list.to_path_buf(),
        all,
        ..Columns::default()
    })
}

fn fields(line: &str, delimiter: u8) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(line.as_bytes());
    let row = reader.records().next()?.ok()?;
    Some(row.iter().map(|field| field.trim().to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_whatever_they_are_called() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.csv", "\u{feff}where;kind\nx.jpg;cat\n");
        write("b.jsonl", "{\"where\": \"x.jpg\", \"kind\": \"cat\"}\n");
        write("c.csv", "only one\nx\n");
        write("d.jpg", "a,b\n");
        let found = columns_of(folder.path());
        let named: Vec<&[String]> = found.iter().map(|columns| columns.all.as_slice()).collect();
        assert_eq!(
            named,
            [["where", "kind"], ["kind", "where"]].map(|all| all.map(String::from))
        );
        assert_eq!(columns_of(&folder.path().join("a.csv")), found[..1]);
        assert_eq!(columns_of(Path::new("/no such folder")), []);
    }
}
