//! Ground truth: which pictures there are, what they show, and how each class is called.

mod class;
mod naming;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::library::labelled::{Columns, DataError, Dataset, Reasons, Side, Source, Wanted};
use crate::lossless::Lossless;

pub use class::{Class, labels_for};
pub use naming::call_as;

/// A picture of which is known what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    pub path: PathBuf,
    /// Its class; none where pictures have captions.
    pub class: Option<usize>,
    /// The side that a folder or a list gives it.
    pub side: Option<Side>,
    /// What is said about it, where pictures have captions.
    pub captions: Vec<String>,
}

/// Which pictures are measured by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The test side where there is one, else the validation side, else all.
    #[default]
    HeldOut,
    All,
    /// One side.
    Side(Side),
}

/// What a folder says of its pictures.
#[serde_with::serde_as]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroundTruth {
    pub root: PathBuf,
    /// The classes, sorted by folder; none where pictures have captions.
    pub classes: Vec<Class>,
    /// The pictures, sorted by path.
    pub pictures: Vec<Picture>,
    pub source: Source,
    /// The columns of lists that were used, and those that could have been.
    pub columns: Vec<Columns>,
    /// Pictures, and rows of lists, that were meant and cannot be used.
    #[serde_as(as = "Vec<(Lossless, _)>")]
    pub problems: Reasons,
    /// What lies in the folder and says nothing.
    #[serde_as(as = "Vec<(Lossless, _)>")]
    pub left_aside: Reasons,
    /// What else there is to know.
    pub notes: Vec<String>,
}

impl GroundTruth {
    /// Reads a folder, or a list.
    ///
    /// # Errors
    /// There is nothing to measure by; the message says what is missing.
    pub fn read(folder: &Path, wanted: &Wanted) -> Result<Self, DataError> {
        let dataset = Dataset::read_as(folder, wanted)?;
        let given = &dataset.given;
        let pictures = dataset.examples.iter().map(|example| Picture {
            path: example.path.clone(),
            class: example.class,
            side: given.get(&example.path).copied(),
            captions: example.captions.clone(),
        });
        let truth = Self {
            root: folder.to_path_buf(),
            pictures: pictures.collect(),
            classes: dataset.classes.iter().map(Class::of_folder).collect(),
            source: dataset.source,
            columns: dataset.columns.clone(),
            problems: dataset.problems.clone(),
            left_aside: dataset.left_aside.clone(),
            notes: dataset.notes.clone(),
        };
        truth.check()?;
        Ok(truth)
    }

    /// Refuses what no answer can be measured by.
    fn check(&self) -> Result<(), DataError> {
        let folder = self.root.display();
        let shown: BTreeSet<usize> = self.pictures.iter().filter_map(|picture| picture.class).collect();
        if self.source == Source::Captions && self.pictures.len() > 1 {
            return Ok(());
        }
        if self.pictures.is_empty() {
            let why = self.problems.first().map_or(String::new(), |(path, reason)| {
                format!(" ({}: {reason})", path.display())
            });
            return Err(DataError(format!("{folder} holds no picture with a class{why}")));
        }
        match shown.iter().next() {
            Some(only) if shown.len() == 1 => Err(DataError(format!(
                "{folder} holds pictures of one class only ({}): a measure needs two or more",
                self.classes[*only].folder
            ))),
            _ => Ok(()),
        }
    }

    /// The places of the pictures that are measured by.
    pub fn on(&self, part: Part) -> Vec<usize> {
        let of = |side: Side| -> Vec<usize> { self.places(|picture| picture.side == Some(side)) };
        match part {
            Part::All => self.places(|_| true),
            Part::Side(side) => of(side),
            Part::HeldOut => [Side::Test, Side::Validation]
                .into_iter()
                .map(of)
                .find(|places| !places.is_empty())
                .unwrap_or_else(|| self.places(|_| true)),
        }
    }

    fn places(&self, wanted: impl Fn(&Picture) -> bool) -> Vec<usize> {
        (0..self.pictures.len())
            .filter(|place| wanted(&self.pictures[*place]))
            .collect()
    }

    /// Pictures of each side; those that were given none last.
    pub fn sides(&self) -> BTreeMap<Option<Side>, usize> {
        let mut sides = BTreeMap::new();
        self.pictures
            .iter()
            .for_each(|picture| *sides.entry(picture.side).or_default() += 1);
        sides
    }

    /// Keeps only the pictures at these places.
    pub fn keep(&mut self, places: &[usize]) {
        self.pictures = places.iter().map(|place| self.pictures[*place].clone()).collect();
    }
}
