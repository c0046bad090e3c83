//! COCO's lists: images, and annotations that name them by their ids.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::plain;
use crate::library::labelled::beside::tidy;
use crate::library::labelled::few;
use crate::library::labelled::lists::{Failure, Purpose, Row, Rows, Wanted, prefers_labels, row};

pub(super) fn coco(whole: &Value, images: &[Value], annotations: &[Value], wanted: &Wanted) -> Result<Rows, Failure> {
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
            Some(Row { captions, .. }) => captions.push(tidy(caption)),
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
            let reason = format!("it has several categories: {}", few(&names));
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
