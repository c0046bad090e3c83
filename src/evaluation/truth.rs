//! Ground truth: which pictures there are, what they show, and how each class is called.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clip::{Named, find_class};
use crate::library::in_words;
use crate::library::labelled::{Columns, DataError, Dataset, Reasons, Side, Source, Wanted, few};
use crate::lossless::Lossless;
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

/// A picture of which is known what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The file.
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
    /// All of them.
    All,
    /// One side.
    Side(Side),
}

/// What a folder says of its pictures.
#[serde_with::serde_as]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroundTruth {
    /// The folder.
    pub root: PathBuf,
    /// The classes, sorted by folder; none where pictures have captions.
    pub classes: Vec<Class>,
    /// The pictures, sorted by path.
    pub pictures: Vec<Picture>,
    /// What says so.
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

    /// Only these pictures.
    pub fn keep(&mut self, places: &[usize]) {
        self.pictures = places.iter().map(|place| self.pictures[*place].clone()).collect();
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(folders: &[&str]) -> GroundTruth {
        let picture = |(class, folder): (usize, &&str)| Picture {
            path: format!("{folder}/1.jpg").into(),
            class: Some(class),
            side: None,
            captions: Vec::new(),
        };
        GroundTruth {
            classes: folders.iter().map(|folder| Class::of_folder(*folder)).collect(),
            pictures: folders.iter().enumerate().map(picture).collect(),
            ..GroundTruth::default()
        }
    }

    fn titles(truth: &GroundTruth) -> Vec<&str> {
        truth.classes.iter().map(Class::title).collect()
    }

    #[test]
    fn a_labels_file_describes_classes_by_their_folders() {
        let mut truth = truth(&["running_shoes", "t-shirt"]);
        truth
            .call("t-shirt\ta cotton shirt\ta tee\nRunning Shoes\nboot\n")
            .unwrap();
        assert_eq!(titles(&truth), ["Running Shoes", "t-shirt", "boot"]);
        assert_eq!(truth.classes[1].descriptions, ["a cotton shirt", "a tee"]);
        assert!(truth.notes[0].contains("boot"), "{:?}", truth.notes);
        assert_eq!(truth.classes[0].label().name, "Running Shoes");
    }

    #[test]
    fn codes_get_names_by_a_column_or_in_order() {
        let mut named = truth(&["n02123045", "n02124075"]);
        named
            .call("folder\tname\tdescription\nn02123045\ttabby cat\nn02124075\tEgyptian cat\ta slim cat\n")
            .unwrap();
        assert_eq!(titles(&named), ["tabby cat", "Egyptian cat"]);
        assert_eq!(named.classes[1].descriptions, ["a slim cat"]);
        let mut ordered = truth(&["n02123045", "n02124075"]);
        ordered.call("tabby cat\nEgyptian cat").unwrap();
        assert_eq!(titles(&ordered), ["tabby cat", "Egyptian cat"]);
        let error = truth(&["a", "b"]).call("x\ny\nz").unwrap_err().to_string();
        assert!(error.contains("x, y, z") && error.contains("a, b"), "{error}");
    }

    #[test]
    fn a_published_name_is_one_classes_alone() {
        let names = ["polish", "running shoes"].map(String::from);
        let mut spelled = truth(&["Polish", "polish", "Running_Shoes"]);
        assert_eq!(spelled.call_as(&names), 2);
        assert_eq!(titles(&spelled), ["Polish", "polish", "running shoes"]);
        let mut alike = truth(&["running-shoes", "running_shoes"]);
        assert_eq!(alike.call_as(&names), 0);
    }

    #[test]
    fn a_taught_class_is_known_by_its_folder() {
        let taught = ["A-1", "Polish", "a_1", "polish"].map(String::from);
        let labels = |folder: &str| Class::of_folder(folder).label_for(&taught).name;
        for folder in &taught {
            assert_eq!(&labels(folder), folder);
        }
        assert_eq!(labels("Running_Shoes"), "running shoes");
        let described = Class {
            descriptions: vec!["wax".into()],
            ..Class::of_folder("Polish")
        };
        assert_eq!(described.label_for(&taught).name, "polish");
    }

    #[test]
    fn the_held_out_side_is_measured_by_where_there_is_one() {
        let mut truth = truth(&["a", "b", "c"]);
        assert_eq!(truth.on(Part::HeldOut), [0, 1, 2]);
        truth.pictures[1].side = Some(Side::Validation);
        assert_eq!(truth.on(Part::HeldOut), [1]);
        truth.pictures[2].side = Some(Side::Test);
        assert_eq!((truth.on(Part::HeldOut), truth.on(Part::All).len()), (vec![2], 3));
    }

    #[test]
    fn one_class_is_no_measure() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("cat")).unwrap();
        image::RgbImage::new(8, 8)
            .save(folder.path().join("cat/1.png"))
            .unwrap();
        let error = GroundTruth::read(folder.path(), &Wanted::to_measure()).unwrap_err();
        assert!(error.to_string().contains("one class only (cat)"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        let error = GroundTruth::read(empty.path(), &Wanted::to_measure()).unwrap_err();
        assert!(error.to_string().contains("no ground truth"), "{error}");
    }
}
