//! All that lies in a folder, and what is made of it: by folders, by texts beside pictures, or by lists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::library::labelled::beside::Beside;
use crate::library::labelled::folders::{Classes, SideFolder};
use crate::library::labelled::listed::{Listed, Lists};
use crate::library::labelled::lists::Meaning;
use crate::library::labelled::{DataError, Dataset, Example, Purpose, Result, Side, Source, Wanted};

/// Beside class folders, captions count where so many pictures have one, as a share of all.
const ENOUGH: f64 = 0.5;

/// Everything that lies in the folder.
pub(super) struct Everything {
    pub wanted: Wanted,
    pub parts: Vec<SideFolder>,
    pub pictures: Vec<PathBuf>,
    pub classes: Classes,
    pub lists: Lists,
    pub texts: BTreeMap<PathBuf, Beside>,
}

impl Everything {
    /// By what was chosen beforehand, else by what is there.
    pub(super) fn chosen(&self, root: &Path, one_list: bool) -> Result<Dataset> {
        let of = |captions: bool| -> Vec<&Listed> {
            let meant = |list: &&Listed| (list.meaning != Meaning::Classes) == captions && list.rows > 0;
            self.lists.all.iter().filter(meant).collect()
        };
        match self.wanted.source {
            Some(Source::Folders) => Ok(self.by_folders()),
            Some(Source::Labels) => self.by_lists(&of(false), root),
            Some(Source::Captions) if of(true).iter().all(|list| list.named.is_empty()) => Ok(self.by_texts()),
            Some(Source::Captions) => self.by_lists(&of(true), root),
            None if one_list => self.by_lists(&self.lists.used(false), root),
            None => self.dataset(root),
        }
    }

    fn dataset(&self, root: &Path) -> Result<Dataset> {
        let folders = self.classes.names.len() > 1;
        let enough = |count: usize| !folders || count as f64 >= ENOUGH * self.pictures.len() as f64;
        let captions = self.texts.values().filter(|text| matches!(text, Beside::Captions(..)));
        let captioned = if self.measures_folders() { 0 } else { captions.count() };
        let mut listed = self.lists.used(folders);
        listed.retain(|list| list.meaning == Meaning::Classes || !self.measures_folders());
        if let Some(damaged) = self.lists.damaged.first().filter(|_| !folders) {
            return Err(DataError(format!("{}: {}", damaged.0.display(), damaged.1)));
        }
        let by_list: BTreeSet<&PathBuf> = listed
            .iter()
            .flat_map(|list| list.named.iter().map(|(path, ..)| path))
            .collect();
        let by_list = by_list.len();
        if !folders && by_list + captioned == 0 && !listed.is_empty() {
            // Lists are what is meant, and they lead nowhere: one folder is not one class.
            return Ok(Dataset::default());
        }
        if by_list > 0 && enough(by_list) && by_list >= captioned {
            self.by_lists(&listed, root)
        } else if captioned > 0 && enough(captioned) {
            Ok(self.by_texts())
        } else {
            Ok(self.by_folders())
        }
    }

    /// Whether there are class folders to measure by: then captions, in lists or beside pictures, say nothing.
    fn measures_folders(&self) -> bool {
        self.wanted.purpose == Purpose::Measure && self.classes.names.len() > 1
    }

    /// The side of the part in which a picture lies.
    fn side_of(&self, path: &Path) -> Option<Side> {
        let part = self.parts.iter().find(|part| path.starts_with(&part.folder))?;
        part.side_of(path)
    }

    pub(super) fn with_sides(&self, mut dataset: Dataset) -> Dataset {
        let sides = dataset
            .examples
            .iter()
            .filter_map(|example| Some((example.path.clone(), self.side_of(&example.path)?)));
        for (path, side) in sides.collect::<Vec<_>>() {
            dataset.given.entry(path).or_insert(side);
        }
        dataset
    }

    fn by_folders(&self) -> Dataset {
        let names: Vec<String> = self.classes.names.iter().cloned().collect();
        let examples = self.classes.of.iter().map(|(path, class)| Example {
            class: names.binary_search(class).ok(),
            path: path.clone(),
            captions: Vec::new(),
        });
        let loose = self
            .classes
            .loose
            .iter()
            .map(|path| (path.clone(), "it lies in no class folder".to_string()));
        let empty = self
            .classes
            .empty
            .iter()
            .map(|path| (path.clone(), "a folder without pictures".to_string()));
        let texts = self.texts.values().map(|text| match text {
            Beside::Captions(path, _) if self.wanted.source.is_some() || self.measures_folders() => {
                (path.clone(), "class folders are used, and no captions".into())
            }
            Beside::Captions(path, _) => (
                path.clone(),
                "class folders are used, and too few pictures have a text".into(),
            ),
            Beside::Other(path, reason) => (path.clone(), reason.clone()),
        });
        let lists = self.lists.all.iter().map(|list| self.aside(list));
        let left_aside = loose.chain(empty).chain(texts).chain(lists).chain(self.lists.others());
        self.with_sides(Dataset {
            examples: examples.collect(),
            left_aside: left_aside.collect(),
            classes: names,
            ..Dataset::default()
        })
    }

    /// A list that is not used, and why.
    pub(super) fn aside(&self, list: &Listed) -> (PathBuf, String) {
        let folders_chosen = self.wanted.source == Some(Source::Folders) || self.measures_folders();
        (list.path.clone(), list.why_aside(folders_chosen).to_string())
    }

    fn by_texts(&self) -> Dataset {
        let mut dataset = Dataset {
            source: Source::Captions,
            ..Dataset::default()
        };
        for path in self
            .pictures
            .iter()
            .filter(|path| self.parts.iter().any(|part| path.starts_with(&part.folder)))
        {
            match self.texts.get(path) {
                Some(Beside::Captions(_, captions)) => dataset.examples.push(Example {
                    path: path.clone(),
                    class: None,
                    captions: captions.clone(),
                }),
                Some(Beside::Other(text, reason)) => {
                    dataset.left_aside.push((text.clone(), reason.clone()));
                    dataset.problems.push((path.clone(), "it has no caption".into()));
                }
                None => dataset.problems.push((path.clone(), "it has no caption".into())),
            }
        }
        let lists = self
            .lists
            .all
            .iter()
            .map(|list| (list.path.clone(), "more pictures have a text beside them".into()));
        dataset.left_aside.extend(lists.chain(self.lists.others()));
        if self.classes.names.len() > 1 {
            let note = "the texts beside the pictures are used; the folders' names are not";
            dataset.notes.push(note.into());
        }
        self.with_sides(dataset)
    }
}
