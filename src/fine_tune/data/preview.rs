//! What a run would learn from, before it starts.

use std::path::PathBuf;

use super::{Dataset, NearDuplicates, Reasons, Split, few};

/// A class with fewer pictures than this cannot be split in three.
const FEW: usize = 3;
/// From this many times the smallest class on, the largest one rules.
const IMBALANCE: usize = 10;
const SAMPLES: usize = 4;

/// Pictures of a class on each side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCount {
    /// The class; for captions, all there is.
    pub name: String,
    pub train: usize,
    pub validation: usize,
    pub test: usize,
    /// A few of those to learn from.
    pub samples: Vec<PathBuf>,
}

/// Two copies of one picture that are said to be different things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    pub paths: (PathBuf, PathBuf),
    /// What each of them is said to be.
    pub classes: (String, String),
}

/// What a run would learn from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    pub classes: Vec<ClassCount>,
    /// What is wrong with it, in words.
    pub warnings: Vec<String>,
    /// What cannot be used, with the reason.
    pub problems: Reasons,
    /// What lies in the folder and is not learnt from, with the reason.
    pub left_aside: Reasons,
    /// Pictures that are copies of an earlier one.
    pub duplicates: usize,
    /// Two files each that show the same.
    pub pairs: Vec<(PathBuf, PathBuf)>,
    /// Pictures to choose by or to measure with that are copies of those to learn from.
    pub leaked: usize,
    pub contradictions: Vec<Contradiction>,
    /// A few captions, where there are captions.
    pub captions: Vec<String>,
}

impl Preview {
    /// Counts and warnings of a folder that was read, screened and split.
    pub fn new(dataset: &Dataset, duplicates: &NearDuplicates, split: &Split) -> Self {
        let names = if dataset.has_classes() {
            dataset.classes.clone()
        } else {
            vec!["pictures with captions".into()]
        };
        let classes: Vec<ClassCount> = names
            .into_iter()
            .enumerate()
            .map(|(class, name)| {
                let of = |place: &&usize| dataset.examples[**place].class.unwrap_or(0) == class;
                let count = |side: &[usize]| side.iter().filter(of).count();
                let samples = split.train.iter().filter(of).take(SAMPLES);
                ClassCount {
                    name,
                    train: count(&split.train),
                    validation: count(&split.validation),
                    test: count(&split.test),
                    samples: samples.map(|place| dataset.examples[*place].path.clone()).collect(),
                }
            })
            .collect();
        let path = |place: usize| dataset.examples[place].path.clone();
        let captions = dataset.examples.iter().flat_map(|example| &example.captions);
        let mut warnings = warnings(dataset, &classes);
        let leaked = leaked(duplicates, split);
        warnings.extend(leak_in_words(leaked));
        Self {
            leaked,
            warnings,
            classes,
            problems: dataset.problems.clone(),
            left_aside: dataset.left_aside.clone(),
            duplicates: duplicates.count,
            pairs: duplicates.pairs.iter().map(|(a, b)| (path(*a), path(*b))).collect(),
            contradictions: contradictions(dataset, duplicates),
            captions: captions.take(SAMPLES).cloned().collect(),
        }
    }

    /// Files and rows that are not learnt from, for whatever reason.
    pub fn unused(&self) -> usize {
        self.problems.len() + self.left_aside.len()
    }
}

/// Copies that are said to be different things.
fn contradictions(dataset: &Dataset, duplicates: &NearDuplicates) -> Vec<Contradiction> {
    let found = duplicates.pairs.iter().filter_map(|&(a, b)| {
        let (first, second) = (&dataset.examples[a], &dataset.examples[b]);
        let (left, right) = (first.class?, second.class?);
        (left != right).then(|| Contradiction {
            paths: (first.path.clone(), second.path.clone()),
            classes: (dataset.classes[left].clone(), dataset.classes[right].clone()),
        })
    });
    found.collect()
}

/// Copies on both sides, where the sides are given, or a class is nothing but copies.
fn leaked(duplicates: &NearDuplicates, split: &Split) -> usize {
    let learnt: std::collections::BTreeSet<usize> = split.train.iter().map(|place| duplicates.groups[*place]).collect();
    let held_out = split.test.iter().chain(&split.validation);
    held_out
        .filter(|place| learnt.contains(&duplicates.groups[**place]))
        .count()
}

fn leak_in_words(leaked: usize) -> Option<String> {
    let copies = match leaked {
        0 => return None,
        1 => "1 validation or test picture is a copy of a training picture".to_owned(),
        seen => format!("{seen} validation or test pictures are copies of training pictures"),
    };
    Some(format!("{copies}: accuracy will look too good"))
}

fn warnings(dataset: &Dataset, classes: &[ClassCount]) -> Vec<String> {
    let mut warnings = dataset.notes.clone();
    if dataset.has_classes() && classes.len() == 1 {
        warnings.push("Only one class found; add a second folder".into());
    }
    warnings.extend(short_of_pictures(classes));
    warnings.extend(imbalance(classes));
    if !dataset.has_classes() && one_caption(dataset) {
        warnings.push("Every picture has the same caption: there is nothing to tell apart".into());
    }
    warnings
}

/// Classes with no picture, with too few, and with none to learn from.
fn short_of_pictures(classes: &[ClassCount]) -> Vec<String> {
    let mut warnings = Vec::new();
    let total = |class: &ClassCount| class.train + class.validation + class.test;
    let named = |wanted: &dyn Fn(&ClassCount) -> bool| -> Vec<&str> {
        let wanted = classes.iter().filter(|class| wanted(class));
        wanted.map(|class| class.name.as_str()).collect()
    };
    let broken = named(&|class| total(class) == 0);
    if !broken.is_empty() {
        let names = few(&broken);
        warnings.push(format!(
            "No picture of {names} can be read: a run stops until they are mended or taken away"
        ));
    }
    let small = named(&|class| (1..FEW).contains(&total(class)));
    if !small.is_empty() {
        let classes = match small.len() {
            1 => "1 class has".to_owned(),
            count => format!("{count} classes have"),
        };
        warnings.push(format!(
            "{classes} fewer than {FEW} pictures, too few for training and testing: {}",
            few(&small)
        ));
    }
    let untaught = named(&|class| total(class) > 0 && class.train == 0);
    if !untaught.is_empty() {
        let names = few(&untaught);
        warnings.push(format!(
            "No picture of {names} is left for training: a run stops until there are some, or the class is taken away"
        ));
    }
    warnings
}

fn imbalance(classes: &[ClassCount]) -> Option<String> {
    let counts = || classes.iter().map(|class| class.train);
    let (least, most) = (counts().min()?, counts().max()?);
    (most >= IMBALANCE * least.max(1)).then(|| {
        format!(
            "Classes differ much in size ({least} to {most} for training): the large ones will be guessed more often"
        )
    })
}

fn one_caption(dataset: &Dataset) -> bool {
    let first = dataset.examples.first().map(|example| &example.captions);
    dataset.examples.len() > 1 && dataset.examples.iter().all(|example| Some(&example.captions) == first)
}

#[cfg(test)]
mod tests {
    use super::super::{Example, Side, split};
    use super::*;

    fn dataset(classes: usize, each: usize) -> Dataset {
        let examples = (0..classes * each).map(|n| Example {
            path: format!("{}/{n}.jpg", n / each).into(),
            class: Some(n / each),
            captions: Vec::new(),
        });
        Dataset {
            classes: (0..classes).map(|n| format!("c{n}")).collect(),
            examples: examples.collect(),
            ..Dataset::default()
        }
    }

    #[test]
    fn copies_in_two_classes_are_contradictions() {
        let dataset = dataset(2, 6);
        let duplicates = NearDuplicates {
            groups: (0..12).map(|n| if n == 7 { 1 } else { n }).collect(),
            count: 1,
            pairs: vec![(1, 7)],
        };
        let split = split(&dataset, &duplicates.groups, None, 0);
        let preview = Preview::new(&dataset, &duplicates, &split);
        assert_eq!(preview.pairs, [("0/1.jpg".into(), "1/7.jpg".into())]);
        assert_eq!(preview.contradictions[0].classes, ("c0".to_string(), "c1".to_string()));
        assert!(preview.warnings.is_empty(), "{:?}", preview.warnings);
    }

    #[test]
    fn copies_on_both_of_given_sides_are_told() {
        let mut dataset = dataset(2, 6);
        dataset.given = dataset.examples.iter().map(|e| (e.path.clone(), Side::Train)).collect();
        dataset.given.insert("0/2.jpg".into(), Side::Test);
        let duplicates = NearDuplicates {
            groups: (0..12).map(|n| if n == 2 { 0 } else { n }).collect(),
            count: 1,
            pairs: vec![(0, 2)],
        };
        let split = split(&dataset, &duplicates.groups, None, 0);
        let warnings = Preview::new(&dataset, &duplicates, &split).warnings;
        // The copy for training may have been drawn for validation.
        let learnt = split.train.contains(&0);
        assert_eq!(
            warnings
                .iter()
                .any(|w| w.starts_with("1 validation or test picture is a copy")),
            learnt,
            "{warnings:?}"
        );
    }
}
