//! All that lies in a folder, and what is made of it: by folders, by texts beside pictures, or by lists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::nothing::below;
use crate::library::labelled::beside::Beside;
use crate::library::labelled::folders::{Classes, SideFolder};
use crate::library::labelled::listed::{Listed, Lists, Said};
use crate::library::labelled::lists::Meaning;
use crate::library::labelled::{DataError, Dataset, Example, Reasons, Result, Side, Source, Wanted, few};

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
        let captioned = self
            .texts
            .values()
            .filter(|text| matches!(text, Beside::Captions(..)))
            .count();
        let listed = self.lists.used(folders);
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

    /// The side of the part in which a picture lies.
    fn side_of(&self, path: &Path) -> Option<Side> {
        self.parts.iter().find(|part| path.starts_with(&part.folder))?.side
    }

    fn with_sides(&self, mut dataset: Dataset) -> Dataset {
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
            Beside::Captions(path, _) => (
                path.clone(),
                "class folders are used, and too few pictures have a text".into(),
            ),
            Beside::Other(path, reason) => (path.clone(), reason.clone()),
        });
        let lists = self
            .lists
            .all
            .iter()
            .map(|list| (list.path.clone(), list.why_aside().to_string()));
        let left_aside = loose.chain(empty).chain(texts).chain(lists).chain(self.lists.others());
        self.with_sides(Dataset {
            examples: examples.collect(),
            left_aside: left_aside.collect(),
            classes: names,
            ..Dataset::default()
        })
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

    fn by_lists(&self, listed: &[&Listed], root: &Path) -> Result<Dataset> {
        let meanings: BTreeSet<bool> = listed.iter().map(|list| list.meaning == Meaning::Classes).collect();
        if meanings.len() > 1 {
            let names: Vec<String> = listed.iter().map(|list| below(&list.path, root)).collect();
            return Err(DataError(format!(
                "{} holds lists of captions and lists of classes ({}): move those away that are not meant",
                root.display(),
                few(&names)
            )));
        }
        let mut said: BTreeMap<PathBuf, Said> = BTreeMap::new();
        let classes = meanings.contains(&true);
        let mut dataset = Dataset {
            source: if classes { Source::Labels } else { Source::Captions },
            columns: listed.iter().map(|list| list.columns.clone()).collect(),
            ..Dataset::default()
        };
        for list in listed {
            list.add_to(&mut said, &mut dataset);
        }
        let wanted = if classes { "class" } else { "caption" };
        for (path, said) in said {
            let classes: BTreeSet<&String> = said.labels.iter().collect();
            match (said.captions.is_empty(), classes.len()) {
                (true, 0) => dataset.problems.push((path, format!("it has no {wanted}"))),
                (_, 2..) => {
                    let names: Vec<&String> = classes.into_iter().collect();
                    dataset
                        .problems
                        .push((path, format!("lists give it several classes: {}", few(&names))));
                }
                _ => {
                    let label = said.labels.first().cloned();
                    // Where it is to be tested on, it is not learnt from.
                    if let Some(side) = said.sides.iter().max() {
                        dataset.given.insert(path.clone(), *side);
                    }
                    dataset.classes.extend(label.clone());
                    dataset.examples.push(Example {
                        path,
                        class: None,
                        captions: said.captions,
                    });
                    dataset.notes.extend(
                        (said.sides.len() > 1).then(|| "a picture that lists give two sides is tested on".into()),
                    );
                }
            }
        }
        self.finish_lists(dataset, listed)
    }

    fn finish_lists(&self, mut dataset: Dataset, listed: &[&Listed]) -> Result<Dataset> {
        let labels = std::mem::take(&mut dataset.classes);
        if labels.len() == dataset.examples.len() {
            dataset.classes = labels.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
            for (example, label) in dataset.examples.iter_mut().zip(&labels) {
                example.class = dataset.classes.binary_search(label).ok();
            }
        }
        let used: BTreeSet<&PathBuf> = dataset
            .examples
            .iter()
            .map(|e| &e.path)
            .chain(dataset.problems.iter().map(|(p, _)| p))
            .collect();
        let unused = self.pictures.iter().filter(|path| !used.contains(path));
        let unused: Reasons = unused
            .map(|path| (path.clone(), "no list names it".to_string()))
            .collect();
        let spare = self
            .lists
            .all
            .iter()
            .filter(|list| !listed.iter().any(|used| used.path == list.path));
        let spare: Reasons = spare
            .map(|list| (list.path.clone(), list.why_aside().to_string()))
            .collect();
        let texts = self.texts.values().map(|text| match text {
            Beside::Captions(path, _) => (path.clone(), "lists say what pictures show".to_string()),
            Beside::Other(path, reason) => (path.clone(), reason.clone()),
        });
        dataset
            .left_aside
            .extend(unused.into_iter().chain(spare).chain(texts).chain(self.lists.others()));
        dataset.notes.sort();
        dataset.notes.dedup();
        Ok(self.with_sides(dataset))
    }
}
