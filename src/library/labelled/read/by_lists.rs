//! What is made of the lists of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::everything::Everything;
use super::nothing::below;
use crate::library::labelled::beside::Beside;
use crate::library::labelled::listed::{Listed, Said};
use crate::library::labelled::lists::Meaning;
use crate::library::labelled::{DataError, Dataset, Example, Purpose, Reasons, Result, Source, few};

impl Everything {
    /// By these lists. To learn from, a class of which every row leads nowhere is one all the same: it stops the run.
    ///
    /// # Errors
    /// Some of them have captions, and some have classes.
    pub(super) fn by_lists(&self, listed: &[&Listed], root: &Path) -> Result<Dataset> {
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
        let mut lost: BTreeSet<String> = listed.iter().flat_map(|list| &list.lost_labels).cloned().collect();
        let labels = examples(said, classes, &mut dataset, &mut lost);
        if classes && !dataset.examples.is_empty() {
            let learn = self.wanted.purpose == Purpose::Learn;
            let lost = lost.into_iter().filter(|_| learn);
            let names: BTreeSet<String> = labels.iter().flatten().cloned().chain(lost).collect();
            dataset.classes = names.into_iter().collect();
            for (example, label) in dataset.examples.iter_mut().zip(&labels) {
                let place = |label| dataset.classes.binary_search(label).ok();
                example.class = label.as_ref().and_then(place);
            }
            dataset.notes.extend(self.folders_say_otherwise(&dataset));
        }
        Ok(self.with_the_rest(dataset, listed))
    }

    /// What there is to say where class folders would have given pictures other classes than the lists do.
    fn folders_say_otherwise(&self, dataset: &Dataset) -> Option<String> {
        let other = |example: &Example| {
            let listed = example.class.map(|class| &dataset.classes[class]);
            self.classes
                .of
                .get(&example.path)
                .is_some_and(|name| Some(name) != listed)
        };
        let differ = self.classes.names.len() > 1 && dataset.examples.iter().any(other);
        differ.then(|| "the classes that lists give are used; the folders' names are not".into())
    }

    /// With what lies in the folder and is not used.
    fn with_the_rest(&self, mut dataset: Dataset, listed: &[&Listed]) -> Dataset {
        let examples = dataset.examples.iter().map(|example| &example.path);
        let problems = dataset.problems.iter().map(|(path, _)| path);
        let used: BTreeSet<&PathBuf> = examples.chain(problems).collect();
        let unused = self.pictures.iter().filter(|path| !used.contains(path));
        let unused: Reasons = unused
            .map(|path| (path.clone(), "no list names it".to_string()))
            .collect();
        let is_used = |list: &Listed| listed.iter().any(|used| used.path == list.path);
        let spare = self.lists.all.iter().filter(|list| !is_used(list));
        let spare = spare.map(|list| self.aside(list));
        let texts = self.texts.values().map(|text| match text {
            Beside::Captions(path, _) => (path.clone(), "lists say what pictures show".to_string()),
            Beside::Other(path, reason) => (path.clone(), reason.clone()),
        });
        let rest = unused.into_iter().chain(spare).chain(texts).chain(self.lists.others());
        dataset.left_aside.extend(rest);
        dataset.notes.sort();
        dataset.notes.dedup();
        self.with_sides(dataset)
    }
}

/// Adds the pictures of which lists say one thing; gives the label of each, in the same order. What other pictures are
/// called is `lost`.
fn examples(
    said: BTreeMap<PathBuf, Said>,
    classes: bool,
    dataset: &mut Dataset,
    lost: &mut BTreeSet<String>,
) -> Vec<Option<String>> {
    let wanted = if classes { "class" } else { "caption" };
    let mut labels = Vec::new();
    for (path, said) in said {
        let names: BTreeSet<&String> = said.labels.iter().collect();
        match (said.captions.is_empty(), names.len()) {
            (true, 0) => dataset.problems.push((path, format!("it has no {wanted}"))),
            (_, 2..) => {
                let names: Vec<&String> = names.into_iter().collect();
                let reason = format!("lists give it several classes: {}", few(&names));
                dataset.problems.push((path, reason));
                lost.extend(said.labels.iter().cloned());
            }
            _ => {
                // Where it is to be tested on, it is not learnt from.
                if let Some(side) = said.sides.iter().max() {
                    dataset.given.insert(path.clone(), *side);
                }
                if said.sides.len() > 1 {
                    let note = "a picture that lists give two sides is tested on";
                    dataset.notes.push(note.into());
                }
                labels.push(said.labels.first().cloned());
                dataset.examples.push(Example {
                    path,
                    class: None,
                    captions: said.captions,
                });
            }
        }
    }
    labels
}
