//! JSON lines, lists of objects, and COCO's captions.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{
    CAPTION_FIELDS, FILE_FIELDS, Failure, LABEL_FIELDS, Purpose, Row, Rows, SIDE_FIELDS, SURE_SIDE_FIELDS,
    WEAK_CAPTION_FIELDS, Wanted, are_sentences, check_size, field_name, names_picture, prefers_labels, row,
};

/// The captions of the largest such data set are 700,000 objects.
const MAX_OBJECTS: usize = 800_000;
/// The same with their fields.
const MAX_ITEMS: usize = 8_000_000;
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

fn coco(whole: &Value, images: &[Value], annotations: &[Value], wanted: &Wanted) -> Result<Rows, Failure> {
    let mut content = Rows::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (number, image) in images.iter().enumerate() {
        let place = format!("image {}", number + 1);
        // Some write ids as numbers, some as texts.
        match (plain(&image["id"]), image["file_name"].as_str()) {
            (Some(id), Some(file)) => {
                places.insert(id, content.rows.len());
                content.rows.push(row(file, Vec::new(), None, None, place));
            }
            _ => content.wrong.push((place, "it has no id or no file_name".into())),
        }
    }
    let categories = annotations
        .iter()
        .any(|annotation| !annotation["category_id"].is_null());
    if wanted.purpose == Purpose::Measure && categories && prefers_labels(wanted) {
        return categorised(whole, annotations, content, &places);
    }
    let mut captioned = false;
    for (number, annotation) in annotations.iter().enumerate() {
        let Some(caption) = annotation["caption"].as_str() else {
            continue;
        };
        captioned = true;
        let place = plain(&annotation["image_id"]).and_then(|id| places.get(&id).copied());
        match place.and_then(|place| content.rows.get_mut(place)) {
            Some(Row { captions, .. }) => captions.push(super::super::beside::tidy(caption)),
            None => content.wrong.push((
                format!("annotation {}", number + 1),
                "there is no image of its image_id".into(),
            )),
        }
    }
    if captioned {
        Ok(content)
    } else {
        Err(Failure::Other("it has boxes or outlines, and no captions".into()))
    }
}

/// Whole pictures by the category of their annotations; several of one category count once.
fn categorised(
    whole: &Value,
    annotations: &[Value],
    mut content: Rows,
    places: &HashMap<String, usize>,
) -> Result<Rows, Failure> {
    let listed = whole["categories"].as_array().map_or(&[][..], Vec::as_slice);
    let names: HashMap<String, String> = listed
        .iter()
        .filter_map(|category| Some((plain(&category["id"])?, plain(&category["name"])?)))
        .collect();
    let mut said: Vec<BTreeSet<String>> = vec![BTreeSet::new(); content.rows.len()];
    for (number, annotation) in annotations.iter().enumerate() {
        let Some(category) = plain(&annotation["category_id"]) else {
            continue;
        };
        let place = plain(&annotation["image_id"]).and_then(|id| places.get(&id).copied());
        match place.and_then(|place| said.get_mut(place)) {
            Some(categories) => {
                categories.insert(names.get(&category).cloned().unwrap_or(category));
            }
            None => content.wrong.push((
                format!("annotation {}", number + 1),
                "there is no image of its image_id".into(),
            )),
        }
    }
    let mut rows = Vec::new();
    for (mut row, categories) in std::mem::take(&mut content.rows).into_iter().zip(said) {
        if categories.len() > 1 {
            let names: Vec<String> = categories.into_iter().collect();
            let reason = format!("it has several categories: {}", crate::library::labelled::few(&names));
            content.wrong.push((row.place, reason));
        } else {
            row.label = categories.into_iter().next();
            rows.push(row);
        }
    }
    content.rows = rows;
    content.columns = ["file_name", "category_id"].map(String::from).to_vec();
    content.file_column = "file_name".into();
    content.said_column = Some("category_id".into());
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(content: Rows) -> Vec<(String, Vec<String>)> {
        content.rows.into_iter().map(|row| (row.file, row.captions)).collect()
    }

    #[test]
    fn lines_objects_and_coco_give_the_same_pairs() {
        let expected = vec![
            ("a.jpg".to_string(), vec!["a cat, black".to_string(), "my pet".into()]),
            ("b.jpg".into(), vec!["a dog".into()]),
        ];
        let objects = [
            "{\"file\": \"a.jpg\", \"captions\": [\"a cat,  black\", \"my pet\"]}",
            "{\"Image\": \"b.jpg\", \"Caption\": \"a dog\", \"caption2\": null}",
        ];
        assert_eq!(
            pairs(lines(&objects.join("\n\n"), false, &Wanted::default()).unwrap()),
            expected
        );
        assert_eq!(
            pairs(whole(&format!("[{}]", objects.join(",")), false, &Wanted::default()).unwrap()),
            expected
        );
        for ids in [["1", "2"], ["\"x\"", "\"y\""]] {
            let [a, b] = ids;
            let coco = format!(
                r#"{{"images": [{{"id": {a}, "file_name": "a.jpg"}}, {{"id": {b}, "file_name": "b.jpg"}}], "annotations":
                [{{"image_id": {a}, "caption": "a cat, black"}}, {{"image_id": {a}, "caption": "my pet"}},
                 {{"image_id": {b}, "caption": "a dog"}}]}}"#
            );
            assert_eq!(pairs(whole(&coco, false, &Wanted::default()).unwrap()), expected);
        }
    }

    #[test]
    fn labels_are_taken_where_there_are_no_captions_and_faults_are_named() {
        let content = lines(
            "{\"file_name\": \"a.jpg\", \"label\": 7, \"split\": \"validation\"}",
            false,
            &Wanted::default(),
        )
        .unwrap();
        assert_eq!(content.rows[0].label.as_deref(), Some("7"));
        assert_eq!(content.rows[0].side.as_deref(), Some("validation"));
        let broken = lines(
            "{\"file\": \"a.jpg\", \"text\": \"x\"}\n{broken",
            false,
            &Wanted::default(),
        );
        assert!(matches!(broken, Err(Failure::Damaged(reason)) if reason.starts_with("line 2")));
        for other in [
            "{\"name\": \"package\"}",
            "{\"name\": \"pack",
            "{}",
            "[]",
            "{\"images\": []}",
        ] {
            let refused = whole(other, false, &Wanted::default());
            assert!(matches!(refused, Err(Failure::Other(_))), "{other}");
        }
        for cut in ["[\n {\"file\": \"a.jpg\", \"te", "{\"images\": [{\"file_name\": \"a.j"] {
            let refused = whole(cut, false, &Wanted::default());
            assert!(matches!(refused, Err(Failure::Damaged(_))), "{cut}");
        }
    }

    #[test]
    fn objects_by_pictures_names_and_karpathys_sentences_are_read() {
        let said = |text: &str| whole(text, false, &Wanted::default()).unwrap();
        let captions = said(r#"{"a.jpg": "a cat on a mat", "b.jpg": ["a dog", "one more dog"]}"#);
        let cat = ("a.jpg".to_string(), vec!["a cat on a mat".to_string()]);
        assert_eq!(pairs(captions)[0], cat);
        let labels = said(r#"{"a.jpg": "cat", "b.jpg": 3}"#).rows;
        assert_eq!(labels[1].label.as_deref(), Some("3"));
        let split = said(
            r#"{"images": [{"filepath": "val2014", "filename": "a.jpg", "split": "restval",
                "sentences": [{"raw": "a cat", "tokens": ["a", "cat"]}]}], "dataset": "coco"}"#,
        );
        assert_eq!(split.rows[0].side.as_deref(), Some("restval"));
        assert_eq!(pairs(split), [("val2014/a.jpg".to_string(), vec!["a cat".to_string()])]);
    }

    #[test]
    fn objects_with_thousands_of_fields_cost_no_time() {
        let object = |fields: usize| {
            let others: String = (0..fields).map(|n| format!("\"f{n}\":0,")).collect();
            format!("{{{others}\"file\":\"a.jpg\",\"text\":\"x\"}}")
        };
        let started = std::time::Instant::now();
        let many = vec![object(900); 1_000].join("\n");
        assert_eq!(lines(&many, false, &Wanted::default()).unwrap().rows.len(), 1_000);
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
        let text = format!("{}\n{}", object(5_000), object(5));
        let content = lines(&text, false, &Wanted::default()).unwrap();
        assert_eq!(content.rows.len(), 1);
        assert!(content.wrong[0].1.contains("5002 fields"), "{:?}", content.wrong);
    }

    #[test]
    fn categories_of_whole_pictures_are_classes_where_answers_are_measured() {
        let coco = r#"{"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}, {"id": 3, "file_name": "c.jpg"}],
            "categories": [{"id": 7, "name": "cat"}, {"id": 8, "name": "dog"}],
            "annotations": [{"image_id": 1, "category_id": 7}, {"image_id": 1, "category_id": 7},
            {"image_id": 2, "category_id": 8}, {"image_id": 3, "category_id": 7}, {"image_id": 3, "category_id": 8}]}"#;
        let content = whole(coco, false, &Wanted::to_measure()).unwrap();
        let labels: Vec<_> = content
            .rows
            .iter()
            .map(|row| (row.file.as_str(), row.label.as_deref()))
            .collect();
        assert_eq!(labels, [("a.jpg", Some("cat")), ("b.jpg", Some("dog"))]);
        assert!(content.wrong[0].1.contains("cat, dog"), "{:?}", content.wrong);
        assert!(matches!(whole(coco, false, &Wanted::default()), Err(Failure::Other(_))));
    }
}
