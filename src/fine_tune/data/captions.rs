//! Pictures with captions: `name.txt` beside `name.jpg`, JSON lines, CSV, TSV, or COCO's captions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Dataset, Example};
use crate::fine_tune::{Error, Result};
use crate::library::{is_picture, scan};

/// How a field with the picture's file is called.
const FILE_FIELDS: [&str; 6] = ["file", "file_name", "filename", "image", "path", "filepath"];
/// How a field with what is said about it is called.
const CAPTION_FIELDS: [&str; 5] = ["caption", "captions", "text", "title", "sentence"];
/// Larger lists are no lists of captions.
const MAX_LIST_BYTES: u64 = 1 << 30;

/// The pairs of a folder; none where it has no captions.
///
/// # Errors
/// A list of captions is damaged.
pub fn read(folder: &Path) -> Result<Option<Dataset>> {
    let mut lists: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|e| Error::Data(format!("{} cannot be read: {e}", folder.display())))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect();
    lists.sort();
    for list in &lists {
        let extension = list.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let pairs = match extension.as_str() {
            "jsonl" | "ndjson" => json_lines(list)?,
            "csv" => table(list, ',')?,
            "tsv" => table(list, '\t')?,
            "json" => coco(list)?,
            _ => continue,
        };
        if !pairs.is_empty() {
            return Ok(Some(dataset(folder, pairs)));
        }
    }
    let pairs = beside(folder);
    Ok((!pairs.examples.is_empty()).then_some(pairs))
}

/// Pictures by the name in the list, with their captions; what is not there becomes a problem.
fn dataset(folder: &Path, pairs: Vec<(String, String)>) -> Dataset {
    let mut by_file: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, caption) in pairs {
        let caption = caption.split_whitespace().collect::<Vec<_>>().join(" ");
        let captions = by_file.entry(file).or_default();
        if !caption.is_empty() && !captions.contains(&caption) {
            captions.push(caption);
        }
    }
    let mut dataset = Dataset::default();
    for (file, captions) in by_file {
        let path = folder.join(&file);
        let inside = Path::new(&file)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !inside || !path.is_file() {
            dataset
                .problems
                .push((path, "the list names it, but it is not there".into()));
        } else if captions.is_empty() {
            dataset.problems.push((path, "it has no caption".into()));
        } else {
            dataset.examples.push(Example {
                path,
                class: None,
                captions,
            });
        }
    }
    dataset
}

fn text(path: &Path) -> Result<String> {
    let unreadable = |reason: String| Error::Data(format!("{} cannot be read: {reason}", path.display()));
    let length = std::fs::metadata(path).map_err(|e| unreadable(e.to_string()))?.len();
    if length > MAX_LIST_BYTES {
        return Err(unreadable("it is too large for a list of captions".into()));
    }
    std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))
}

fn json_lines(path: &Path) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for (number, line) in text(path)?
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let value: Value = serde_json::from_str(line)
            .map_err(|e| Error::Data(format!("{}, line {}: {e}", path.display(), number + 1)))?;
        let field = |names: &[&str]| names.iter().map(|name| &value[*name]).find(|value| !value.is_null());
        let Some(file) = field(&FILE_FIELDS).and_then(Value::as_str) else {
            continue;
        };
        match field(&CAPTION_FIELDS) {
            Some(Value::String(caption)) => pairs.push((file.into(), caption.clone())),
            Some(Value::Array(captions)) => {
                let texts = captions.iter().filter_map(Value::as_str);
                pairs.extend(texts.map(|caption| (file.into(), caption.into())));
            }
            _ => {}
        }
    }
    Ok(pairs)
}

fn table(path: &Path, separator: char) -> Result<Vec<(String, String)>> {
    let content = text(path)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator as u8)
        .flexible(true)
        .from_reader(content.trim_start_matches('\u{feff}').as_bytes());
    let damaged = |e: csv::Error| Error::Data(format!("{}: {e}", path.display()));
    let header = reader.headers().map_err(damaged)?;
    let header: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
    let column = |names: &[&str]| header.iter().position(|field| names.contains(&field.as_str()));
    let (Some(file), Some(caption)) = (column(&FILE_FIELDS), column(&CAPTION_FIELDS)) else {
        return Ok(Vec::new());
    };
    let mut pairs = Vec::new();
    for record in reader.records() {
        let record = record.map_err(damaged)?;
        pairs.extend(
            record
                .get(file)
                .zip(record.get(caption))
                .map(|(f, c)| (f.into(), c.into())),
        );
    }
    Ok(pairs)
}

/// COCO's captions: `images` with `id` and `file_name`, `annotations` with `image_id` and `caption`.
fn coco(path: &Path) -> Result<Vec<(String, String)>> {
    let Ok(value) = serde_json::from_str::<Value>(&text(path)?) else {
        return Ok(Vec::new());
    };
    let (Some(images), Some(annotations)) = (value["images"].as_array(), value["annotations"].as_array()) else {
        return Ok(Vec::new());
    };
    let files: BTreeMap<u64, &str> = images
        .iter()
        .filter_map(|image| Some((image["id"].as_u64()?, image["file_name"].as_str()?)))
        .collect();
    let pairs = annotations.iter().filter_map(|annotation| {
        let file = files.get(&annotation["image_id"].as_u64()?)?;
        Some(((*file).to_string(), annotation["caption"].as_str()?.to_string()))
    });
    Ok(pairs.collect())
}

/// `name.txt` beside `name.jpg`, a caption a line.
fn beside(folder: &Path) -> Dataset {
    let pictures = scan(folder, || true).pictures.into_iter().map(|found| found.path);
    let mut dataset = Dataset::default();
    for path in pictures.filter(|path| is_picture(path)) {
        let Ok(text) = std::fs::read_to_string(path.with_extension("txt")) else {
            continue;
        };
        let captions = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let captions: Vec<String> = captions.map(String::from).collect();
        if !captions.is_empty() {
            dataset.examples.push(Example {
                path,
                class: None,
                captions,
            });
        }
    }
    dataset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captions_of(files: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let dataset = read(folder.path()).unwrap().unwrap();
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        dataset
            .examples
            .iter()
            .map(|e| (name(&e.path), e.captions.clone()))
            .collect()
    }

    #[test]
    fn every_way_of_writing_captions_is_read() {
        let expected = vec![
            ("a.jpg".to_string(), vec!["a cat, black".to_string(), "my pet".into()]),
            ("b.jpg".into(), vec!["a dog".into()]),
        ];
        let pictures = [("a.jpg", "x"), ("b.jpg", "x")];
        let with = |list: (&'static str, &'static str)| captions_of(&[&pictures[..], &[list]].concat());
        let lines = "{\"file\": \"a.jpg\", \"captions\": [\"a cat,  black\", \"my pet\"]}\n\n\
                     {\"image\": \"b.jpg\", \"caption\": \"a dog\"}\n{\"file\": \"gone.jpg\", \"text\": \"x\"}";
        assert_eq!(with(("captions.jsonl", lines)), expected);
        let csv = "filename,Caption\r\na.jpg,\"a cat, black\"\r\na.jpg,my pet\r\nb.jpg,a dog\r\n";
        assert_eq!(with(("list.csv", csv)), expected);
        assert_eq!(
            with((
                "list.tsv",
                "path\ttext\na.jpg\ta cat, black\na.jpg\tmy pet\nb.jpg\ta dog\n"
            )),
            expected
        );
        let coco = r#"{"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}], "annotations":
            [{"image_id": 1, "caption": "a cat, black"}, {"image_id": 1, "caption": "my pet"},
             {"image_id": 2, "caption": "a dog"}]}"#;
        assert_eq!(with(("captions.json", coco)), expected);
        let beside = [("a.txt", "a cat, black\nmy pet\n"), ("b.txt", "a dog")];
        assert_eq!(captions_of(&[&pictures[..], &beside].concat()), expected);
    }

    #[test]
    fn a_list_cannot_leave_its_folder_and_names_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let line = |file: &str| format!("{{\"file\": \"{file}\", \"text\": \"x\"}}\n");
        let list = line("../a.jpg") + &line("gone.jpg");
        std::fs::write(folder.path().join("captions.jsonl"), list).unwrap();
        let dataset = read(folder.path()).unwrap().unwrap();
        assert_eq!((dataset.examples.len(), dataset.problems.len()), (0, 2));
        std::fs::write(folder.path().join("captions.jsonl"), "{broken").unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("line 1"));
    }
}
