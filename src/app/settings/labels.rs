//! The labels as they are stored: each with an id and a colour.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Settings;
use crate::zero_shot::{Label, LabelId};

/// A label with its colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRow {
    /// Which label this is, whatever it is called.
    #[serde(default = "LabelId::fresh")]
    pub id: LabelId,
    pub label: Label,
    /// Its place in the theme's list of label colours.
    pub colour: usize,
}

impl LabelRow {
    /// A label that was not there before.
    pub fn new(label: Label, colour: usize) -> Self {
        Self {
            id: LabelId::fresh(),
            label,
            colour,
        }
    }
}

/// The labels of the first launch: what the starter finds in most samples, which come first in the gallery. The others it
/// would answer wrongly whatever their names; they are none of these, and come last.
const FIRST_LABELS: [&str; 19] = [
    "cat",
    "cup of coffee",
    "banana",
    "lemon",
    "orange",
    "bell pepper",
    "shoes",
    "jeans",
    "t-shirt",
    "woolly hat",
    "zucchini",
    "aeroplane",
    "bicycle",
    "car",
    "cello",
    "lighthouse",
    "owl",
    "penguin",
    "rocket",
];

pub(super) fn first_labels() -> Vec<LabelRow> {
    FIRST_LABELS
        .into_iter()
        .enumerate()
        .map(|(place, name)| LabelRow {
            id: LabelId::known(place as u64),
            label: Label::named(name),
            colour: place,
        })
        .collect()
}

/// The labels that can be read, and whether that is all of them; none where it is no list.
pub(super) fn readable_labels(value: Value) -> (Option<Vec<LabelRow>>, bool) {
    let Value::Array(rows) = value else {
        return (None, false);
    };
    let count = rows.len();
    let rows: Vec<LabelRow> = rows
        .into_iter()
        .filter_map(|row| serde_json::from_value(row).ok())
        .collect();
    let all = rows.len() == count;
    (Some(rows), all)
}

impl Settings {
    /// Takes out labels that are too long to be drawn, as only somebody else can have written them, and names them.
    pub fn refuse_long_labels(&mut self) -> Vec<String> {
        let mut refused = Vec::new();
        self.labels.retain(|row| match row.label.too_long() {
            None => true,
            Some(reason) => {
                refused.push(reason);
                false
            }
        });
        refused
    }

    /// Two rows of one id, which only somebody else can have written, become two labels.
    pub(super) fn tell_labels_apart(&mut self) {
        let mut seen = std::collections::HashSet::new();
        for row in &mut self.labels {
            while !seen.insert(row.id) {
                row.id = LabelId::fresh();
            }
        }
    }
}
