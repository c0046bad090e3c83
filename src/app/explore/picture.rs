//! A picture of the gallery, the list of them, and the filter.

use std::collections::HashMap;
use std::ops::{Deref, Index};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::protocol::{LabelId, PictureFile, PictureId, Question, Scores};

/// A picture of the gallery.
#[derive(Debug, Clone)]
pub struct Picture {
    pub file: PictureFile,
    name: String,
    /// Its path below the open folder, in lower case.
    within: String,
    /// The model's scores, in the order of the labels of the question that they answer, which is the same for all
    /// pictures.
    pub scores: Option<Arc<Scores>>,
    /// Why it was skipped.
    pub skipped: Option<String>,
}

impl Picture {
    /// A file below one of the open folders.
    pub fn new(file: PictureFile, folders: &[PathBuf]) -> Self {
        let path = &file.path;
        let name = match path.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => path.display().to_string(),
        };
        let below = folders.iter().find_map(|folder| path.strip_prefix(folder).ok());
        let within = match below.filter(|below| *below != Path::new("")) {
            Some(below) => below.to_string_lossy().to_lowercase(),
            None => name.to_lowercase(),
        };
        Self {
            file,
            name,
            within,
            scores: None,
            skipped: None,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's name with that of its folder, for names that several pictures share.
    pub fn name_in_folder(&self) -> String {
        let folder = self.file.path.parent().and_then(Path::file_name);
        folder.map_or_else(
            || self.name.clone(),
            |folder| format!("{}/{}", folder.to_string_lossy(), self.name),
        )
    }

    /// Whether its path below the open folder contains this text, which is in lower case.
    pub fn matches(&self, text: &str) -> bool {
        self.within.contains(text)
    }
}

/// The pictures of the list, in order, with an index by id.
#[derive(Debug, Clone, Default)]
pub struct Pictures {
    list: Vec<Picture>,
    places: HashMap<PictureId, usize>,
}

impl Pictures {
    /// Adds a picture at the end.
    pub fn push(&mut self, picture: Picture) {
        self.places.insert(picture.file.id, self.list.len());
        self.list.push(picture);
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
    /// Part of the path below the open folder, in lower case.
    pub name: String,
    /// The best label; `None` inside is "none of these".
    pub label: Option<Option<LabelId>>,
    /// A bound on the number that the gallery is sorted by: the least score of the answer, or the greatest lead of the
    /// closest
    /// calls. Pictures that have no such number do not pass.
    pub bound: Option<f32>,
}

impl Filter {
    /// Whether every picture passes.
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(path: &str, folders: &[&str]) -> Picture {
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        let file = PictureFile {
            id: 1,
            path: path.into(),
        };
        Picture::new(file, &folders)
    }

    #[test]
    fn a_filter_by_name_sees_what_lies_below_the_open_folder_and_nothing_above_it() {
        let found = picture("/home/ux/photos/Sea/IMG_1.jpg", &["/home/ux/photos"]);
        assert!(found.matches("sea/img") && !found.matches("photos") && !found.matches("ux"));
        let opened_itself = picture("/home/ux/a.jpg", &["/home/ux/a.jpg"]);
        assert!(opened_itself.matches("a.j") && !opened_itself.matches("ux"));
    }

    #[test]
    fn a_name_that_repeats_is_told_with_its_folder() {
        let found = picture("/data/bonsai/image_0001.jpg", &["/data"]);
        assert_eq!(
            (found.name(), found.name_in_folder().as_str()),
            ("image_0001.jpg", "bonsai/image_0001.jpg")
        );
    }
}
