//! A picture of the gallery, and which of them are shown.

use std::collections::HashMap;
use std::ops::{Deref, Index};
use std::sync::Arc;

use crate::engine::protocol::{LabelId, PictureFile, PictureId, Question, Scores};

/// A picture of the gallery.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The file.
    pub file: PictureFile,
    /// What the model says, in the order of the labels of the question that all pictures' scores answer.
    pub scores: Option<Arc<Scores>>,
    /// Why it cannot be used.
    pub skipped: Option<String>,
}

impl Picture {
    /// The file's name.
    pub fn name(&self) -> String {
        self.file.path.file_name().map_or_else(
            || self.file.path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        )
    }
}

/// The pictures of the list, in order, each found by its id.
#[derive(Debug, Clone, Default)]
pub struct Pictures {
    list: Vec<Picture>,
    places: HashMap<PictureId, usize>,
}

impl Pictures {
    /// Adds pictures at the end, about which nothing is known yet.
    pub fn add(&mut self, files: Vec<PictureFile>) {
        for file in files {
            self.places.insert(file.id, self.list.len());
            self.list.push(Picture {
                file,
                scores: None,
                skipped: None,
            });
        }
    }

    /// One of them.
    pub fn get(&self, id: PictureId) -> Option<&Picture> {
        self.list.get(*self.places.get(&id)?)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, id: PictureId) -> Option<&mut Picture> {
        self.list.get_mut(*self.places.get(&id)?)
    }

    /// All of them, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Picture> {
        self.list.iter_mut()
    }

    /// Begins another list.
    pub fn clear(&mut self) {
        self.list.clear();
        self.places.clear();
    }
}

impl Deref for Pictures {
    type Target = [Picture];

    fn deref(&self) -> &[Picture] {
        &self.list
    }
}

impl Index<PictureId> for Pictures {
    type Output = Picture;

    fn index(&self, id: PictureId) -> &Picture {
        &self.list[self.places[&id]]
    }
}

/// What a model said about a picture, with the question that it answered.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The question.
    pub question: &'a Arc<Question>,
    /// In the order of its labels.
    pub scores: &'a Arc<Scores>,
}

impl<'a> Answer<'a> {
    /// The label with the highest cosine.
    pub fn best(&self) -> Option<LabelId> {
        self.question.id(self.scores.best?)
    }

    /// How a label read when it was asked about.
    pub fn name(&self, place: usize) -> &'a str {
        self.question
            .labels
            .get(place)
            .map_or("", |asked| asked.label.name.as_str())
    }
}

/// Which pictures the gallery shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Part of the name, in lower case.
    pub name: String,
    /// The best label; `None` inside is "none of these".
    pub label: Option<Option<LabelId>>,
    /// The least score, in the measure shown.
    pub score: f32,
}

impl Filter {
    /// Whether everything passes.
    pub fn is_off(&self) -> bool {
        self.name.is_empty() && self.label.is_none() && self.score <= 0.0
    }
}
