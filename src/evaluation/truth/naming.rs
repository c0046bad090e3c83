//! What classes are called: by a labels file, or by the names of a published set.

use std::collections::BTreeMap;

use super::{Class, GroundTruth};
use crate::library::in_words;
use crate::library::labelled::{DataError, few};
use crate::zero_shot::Label;

impl GroundTruth {
    /// Calls classes as a labels file says: a line is a class by its folder's name, with descriptions behind tabs. Where the
    /// first line reads `folder<TAB>name`, the second field is the name, and descriptions follow it. Where no line names a
    /// folder and there is a line a class, the lines are in the order of the folders.
    ///
    /// # Errors
    /// No line names a class.
    pub fn call(&mut self, text: &str) -> Result<(), DataError> {
        let lines = LabelLine::parse(text);
        let names: Vec<&str> = lines.iter().map(|line| line.folder.as_str()).collect();
        let matched = matched(&self.classes, &names);
        let found = matched.iter().filter(|place| place.is_some()).count();
        let in_order = found == 0 && lines.len() == self.classes.len();
        if found == 0 && !in_order {
            let folders: Vec<&str> = self.classes.iter().map(|class| class.folder.as_str()).collect();
            return Err(DataError(format!(
                "no label of the labels file names a class of {}: it has {}; the classes are {}",
                self.root.display(),
                few(&names),
                few(&folders)
            )));
        }
        let mut distractors = Vec::new();
        for (n, line) in lines.into_iter().enumerate() {
            match if in_order { Some(n) } else { matched[n] } {
                Some(place) => line.call(&mut self.classes[place], in_order),
                None => distractors.push(line),
            }
        }
        self.say_how_called(in_order, &distractors);
        for line in distractors {
            let mut class = Class::of_folder(line.folder.clone());
            line.call(&mut class, false);
            self.classes.push(class);
        }
        Ok(())
    }

    fn say_how_called(&mut self, in_order: bool, distractors: &[LabelLine]) {
        if in_order {
            let note = "no label names a folder: the labels are taken in the order of the folders";
            self.notes.push(note.into());
        }
        if !distractors.is_empty() {
            let names: Vec<&str> = distractors.iter().map(|line| line.folder.as_str()).collect();
            let note = format!("no picture shows {}; they compete all the same", few(&names));
            self.notes.push(note);
        }
    }

    /// Gives classes the names of a published set: by the words of their folders, or in order where there are as many and
    /// the folders are numbers or WordNet's; how many got one. A name is one class's: where folders have the same words, it
    /// goes to the one that is spelled like it, or to none.
    pub fn call_as(&mut self, names: &[String]) -> usize {
        call_as(&mut self.classes, names)
    }
}

/// The same of classes alone.
pub fn call_as(classes: &mut [Class], names: &[String]) -> usize {
    let words: Vec<String> = names.iter().map(|name| in_words(name)).collect();
    let coded = |class: &Class| class.folder.chars().filter(char::is_ascii_digit).count() * 2 > class.folder.len();
    let in_order = classes.len() == names.len() && classes.iter().all(coded);
    let mut places: Vec<Option<usize>> = vec![None; classes.len()];
    let spelt: Vec<&str> = names.iter().map(String::as_str).collect();
    for (n, class) in matched(classes, &spelt).into_iter().enumerate() {
        if let Some(place) = class.map(|class| &mut places[class]) {
            place.get_or_insert(n);
        }
    }
    if in_order {
        for (class, place) in places.iter_mut().enumerate() {
            if !words.contains(&in_words(&classes[class].folder)) {
                *place = Some(class);
            }
        }
    }
    let called = places.iter().flatten().count();
    for (class, place) in classes.iter_mut().zip(places) {
        if let Some(place) = place {
            class.name = Some(names[place].clone());
        }
    }
    called
}

/// A line of a labels file.
struct LabelLine {
    folder: String,
    name: Option<String>,
    descriptions: Vec<String>,
}

impl LabelLine {
    fn parse(text: &str) -> Vec<Self> {
        let labels = crate::zero_shot::parse_labels(text);
        let with_names = labels.first().is_some_and(|first| {
            first.name.eq_ignore_ascii_case("folder")
                && first
                    .descriptions
                    .first()
                    .is_some_and(|name| name.eq_ignore_ascii_case("name"))
        });
        let line = |label: Label| {
            let mut descriptions = label.descriptions.into_iter();
            Self {
                folder: label.name,
                name: if with_names { descriptions.next() } else { None },
                descriptions: descriptions.collect(),
            }
        };
        labels.into_iter().skip(usize::from(with_names)).map(line).collect()
    }

    fn call(self, class: &mut Class, by_order: bool) {
        // `Running shoes` for a folder running_shoes is how its name is written.
        let written = (by_order || self.folder != class.folder).then_some(self.folder);
        class.name = self.name.or(written);
        class.descriptions = self.descriptions;
    }
}

/// Which class each name means: by the folder's name, else by its words where these are one class's alone.
fn matched(classes: &[Class], names: &[&str]) -> Vec<Option<usize>> {
    let exact: BTreeMap<&str, usize> = classes
        .iter()
        .enumerate()
        .map(|(n, class)| (class.folder.as_str(), n))
        .collect();
    let mut words: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for (n, class) in classes.iter().enumerate() {
        words
            .entry(in_words(&class.folder))
            .and_modify(|place| *place = None)
            .or_insert(Some(n));
    }
    let place = |name: &&str| {
        let by_words = || words.get(&in_words(name)).copied().flatten();
        exact.get(*name).copied().or_else(by_words)
    };
    names.iter().map(place).collect()
}
