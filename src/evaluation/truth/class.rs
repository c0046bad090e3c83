//! Classes: what tells them apart, and what they are called.

use serde::{Deserialize, Serialize};

use crate::clip::{Named, find_class};
use crate::library::in_words;
use crate::zero_shot::Label;

/// A class: what tells it apart, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// As its folder, or the list, names it; no two are the same.
    pub folder: String,
    /// The name that it was given; none where it is called as its folder is.
    pub name: Option<String>,
    /// Texts that stand for it instead of its name; they go through no template.
    pub descriptions: Vec<String>,
}

impl Class {
    /// Called as its folder is.
    pub fn of_folder(folder: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            name: None,
            descriptions: Vec::new(),
        }
    }

    /// What people read.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.folder)
    }

    /// Whether it is called or described otherwise than its folder is.
    pub fn is_called_otherwise(&self) -> bool {
        self.name.is_some() || !self.descriptions.is_empty()
    }

    /// What the model reads.
    pub fn label(&self) -> Label {
        Label {
            name: self.name.clone().unwrap_or_else(|| in_words(&self.folder)),
            descriptions: self.descriptions.clone(),
        }
    }

    /// The same of a model that was taught classes: one of them is known by the folder's name as it is, which words alone
    /// do not tell from others (`Polish` and `polish`).
    pub fn label_for(&self, taught: &[String]) -> Label {
        match find_class(taught, &self.folder) {
            Named::Class(place) if self.descriptions.is_empty() => Label::named(taught[place].clone()),
            _ => self.label(),
        }
    }
}

/// Labels of classes for a model that was taught these classes, or none.
pub fn labels_for(classes: &[Class], taught: &[String]) -> Vec<Label> {
    classes.iter().map(|class| class.label_for(taught)).collect()
}
