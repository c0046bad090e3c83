//! JSON lines, lists of objects, and COCO's captions.

mod coco;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::fields::{
    CAPTION_FIELDS, FILE_FIELDS, LABEL_FIELDS, SIDE_FIELDS, SURE_SIDE_FIELDS, WEAK_CAPTION_FIELDS, field_name,
};
use super::{Failure, Rows, Wanted, are_sentences, check_size, names_picture, prefers_labels, row};
use coco::coco;

/// The captions of the largest such data set are 700,000 objects.
const MAX_OBJECTS: usize = 800_000;

/// The same with their fields.
const MAX_ITEMS: usize = 4_000_000;

/// Of one object; a row of such a list has a few dozen.
const MAX_FIELDS: usize = 1_000;

/// One object a line.
pub fn lines(text: &str, _: bool, wanted: &Wanted) -> Result<Rows, Failure> {
    check_size(text)?;
    let mut content = Rows::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("line {}", number + 1);
        let value: Value = serde_json::from_str(line).map_err(|error| Failure::Damaged(format!("{place}: {error}")))?;
        add(&mut content, &value, place, wanted);
    }
    finished(content)
}

/// A list of objects, or COCO's captions: `images` with `id` and `file_name`, `annotations` with `image_id` and `caption`.
pub fn whole(text: &str, _: bool, wanted: &Wanted) -> Result<Rows, Failure> {
    let other = |reason: &str| Failure::Other(reason.to_string());
    // What an object or an item takes in memory is far more than the bytes that write it.
    let count = |sign: u8| text.bytes().filter(|byte| *byte == sign).count();
    if count(b'{') > MAX_OBJECTS || count(b',') + count(b'[') > MAX_ITEMS {
        return Err(Failure::Damaged(format!(
            "it holds more than {MAX_OBJECTS} objects, or {MAX_ITEMS} items: write it as JSON lines"
        )));
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) if looks_like_list(text) => return Err(Failure::Damaged(error.to_string())),
        Err(error) => return Err(other(&error.to_string())),
    };
    if let Value::Array(objects) = &value {
        let mut content = Rows::default();
        for (number, object) in objects.iter().enumerate() {
            add(&mut content, object, format!("entry {}", number + 1), wanted);
        }
        return finished(content);
    }
    match (value["images"].as_array(), value["annotations"].as_array()) {
        (Some(images), Some(annotations)) => coco(&value, images, annotations, wanted),
        (Some(images), None) => karpathy(images),
        _ => by_name(&value).ok_or_else(|| other("it is no list of pictures")),
    }
}

/// Whether a text that is no JSON was to be a list of pictures: a file that was cut, for one.
fn looks_like_list(text: &str) -> bool {
    let mut signs = text.chars().filter(|c| !c.is_whitespace());
    let objects = signs.next() == Some('[') && signs.next() == Some('{');
    objects
        || ["file_name", "filename", "image_id"]
            .iter()
            .any(|name| text.contains(&format!("\"{name}\"")))
}

/// `{"a.jpg": "a cat"}`, with one text or several for each picture.
fn by_name(value: &Value) -> Option<Rows> {
    let object = value.as_object().filter(|object| !object.is_empty())?;
    let said = |value: &Value| match value {
        Value::Array(values) => values.iter().map(plain).collect::<Option<Vec<String>>>(),
        value => plain(value).map(|text| vec![text]),
    };
    let pairs: Option<Vec<(&String, Vec<String>)>> = object
        .iter()
        .map(|(file, value)| Some((file, said(value).filter(|_| names_picture(file))?)))
        .collect();
    let pairs = pairs?;
    let several = pairs.iter().any(|(_, texts)| texts.len() > 1);
    let captions = several || are_sentences(pairs.iter().flat_map(|(_, texts)| texts).map(String::as_str));
    let mut content = Rows {
        nameless: true,
        ..Rows::default()
    };
    for (number, (file, texts)) in pairs.into_iter().enumerate() {
        let label = texts.first().filter(|_| !captions).cloned();
        let texts = if captions { texts } else { Vec::new() };
        let place = format!("entry {}", number + 1);
        content.rows.push(row(file, texts, label.as_deref(), None, place));
    }
    Some(content)
}

/// Captions as Karpathy split them: `images` with `filename`, perhaps `filepath`, `split`, and `sentences` with `raw`.
fn karpathy(images: &[Value]) -> Result<Rows, Failure> {
    let mut content = Rows {
        file_column: "filename".into(),
        said_column: Some("sentences".into()),
        columns: ["filename", "split", "sentences"].map(String::from).to_vec(),
        side_is_named: true,
        ..Rows::default()
    };
    for (number, image) in images.iter().enumerate() {
        let place = format!("image {}", number + 1);
        let said = image["sentences"].as_array().map_or(&[][..], Vec::as_slice);
        let captions: Vec<String> = said
            .iter()
            .filter_map(|one| Some(one["raw"].as_str()?.to_string()))
            .collect();
        match image["filename"].as_str() {
            Some(name) if !captions.is_empty() => {
                let file = match image["filepath"].as_str() {
                    Some(folder) if !folder.is_empty() => format!("{folder}/{name}"),
                    _ => name.to_string(),
                };
                content
                    .rows
                    .push(row(&file, captions, None, image["split"].as_str(), place));
            }
            _ => content
                .wrong
                .push((place, "it has no filename, or no sentences".into())),
        }
    }
    if content.rows.is_empty() {
        return Err(Failure::Other(
            "it is no list of pictures with captions or classes".into(),
        ));
    }
    Ok(content)
}

fn finished(content: Rows) -> Result<Rows, Failure> {
    if content.rows.is_empty() {
        return Err(Failure::Other(
            "its objects have no field for the picture's file (file_name, image, path ..) beside one for a caption or a \
             label"
                .into(),
        ));
    }
    Ok(content)
}

/// The fields of an object that hold something, under their names whatever the capitals.
struct Fields<'a>(Vec<(String, &'a str, &'a Value)>);

impl<'a> Fields<'a> {
    fn of(object: &'a Map<String, Value>) -> Self {
        let filled = object.iter().filter(|(_, value)| !value.is_null());
        Self(
            filled
                .map(|(key, value)| (field_name(key), key.as_str(), value))
                .collect(),
        )
    }

    /// By the name that was chosen, else by the first of the usual ones.
    fn chosen(&self, choice: &Option<String>, names: &[&'static str]) -> Option<(&'a str, &'a Value)> {
        let Some(choice) = choice else {
            return self.usual(names).map(|(name, value)| (name as &str, value));
        };
        let choice = field_name(choice);
        let found = self.0.iter().find(|(name, ..)| *name == choice);
        found.map(|(_, key, value)| (*key, *value))
    }

    /// By the first of the names that there is.
    fn usual(&self, names: &[&'static str]) -> Option<(&'static str, &'a Value)> {
        names.iter().find_map(|wanted| {
            let found = self.0.iter().find(|(name, ..)| name == wanted);
            found.map(|(.., value)| (*wanted, *value))
        })
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(plain).collect(),
        value => plain(value).into_iter().collect(),
    }
}

fn add(content: &mut Rows, value: &Value, place: String, wanted: &Wanted) {
    let Some(object) = value.as_object() else {
        return content.wrong.push((place, "it is no object".into()));
    };
    if object.len() > MAX_FIELDS {
        let reason = format!("it has {} fields; at most {MAX_FIELDS} are read", object.len());
        return content.wrong.push((place, reason));
    }
    let fields = Fields::of(object);
    let file = fields.chosen(&wanted.file_column, &FILE_FIELDS);
    let Some((file_field, file)) = file.and_then(|(name, value)| Some((name, plain(value)?))) else {
        return content.wrong.push((place, "it names no file".into()));
    };
    let label = fields.chosen(&wanted.label_column, &LABEL_FIELDS);
    let caption = fields
        .usual(&CAPTION_FIELDS)
        .filter(|_| !(prefers_labels(wanted) && label.is_some()));
    let weak = caption.is_some_and(|(name, _)| WEAK_CAPTION_FIELDS.contains(&name));
    let caption = caption.filter(|_| !(weak && label.is_some()));
    if caption.or(label).is_none() {
        return content
            .wrong
            .push((place, "it has neither a caption nor a label".into()));
    }
    content.titles |= weak && caption.is_some();
    if content.columns.is_empty() {
        content.columns = object.keys().cloned().collect();
        content.file_column = file_field.to_string();
        content.said_column = caption.or(label).map(|(name, _)| name.to_string());
    }
    content.side_is_named |= fields.usual(&SURE_SIDE_FIELDS).is_some();
    if caption.is_some()
        && let Some((name, _)) = label
    {
        content.spare = Some(name.into());
    }
    let captions = caption.map_or(Vec::new(), |(_, value)| texts(value));
    let label = label.filter(|_| caption.is_none()).and_then(|(_, value)| plain(value));
    let side = fields.usual(&SIDE_FIELDS).and_then(|(_, value)| plain(value));
    content
        .rows
        .push(row(&file, captions, label.as_deref(), side.as_deref(), place));
}
