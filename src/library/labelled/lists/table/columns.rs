//! Where each field of a table stands.

use super::super::super::beside::is_numbers;
use super::super::fields::{
    CAPTION_FIELDS, FILE_FIELDS, LABEL_FIELDS, SIDE_FIELDS, WEAK_CAPTION_FIELDS, field_name, place_of,
};
use super::super::{Wanted, are_sentences, names_picture, prefers_labels};

pub(super) struct Columns {
    pub count: usize,
    pub file: usize,
    pub caption: Option<usize>,
    pub label: Option<usize>,
    pub side: Option<usize>,
    pub titles: bool,
    pub spare: Option<String>,
    pub nameless: bool,
}

impl Columns {
    pub(super) fn of(header: &[String], wanted: &Wanted) -> Option<Self> {
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
    pub(super) fn nameless(lines: &[Vec<String>], separator: char) -> Option<Self> {
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
