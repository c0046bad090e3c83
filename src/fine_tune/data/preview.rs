//! What a run would learn from, before it starts.

use std::path::PathBuf;

use super::{Dataset, Looked, Split};

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
    /// To learn from.
    pub train: usize,
    /// To choose by.
    pub validation: usize,
    /// To measure with.
    pub test: usize,
    /// A few of its pictures.
    pub samples: Vec<PathBuf>,
}

/// What a run would learn from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Pictures by class.
    pub classes: Vec<ClassCount>,
    /// What is wrong with it, in words.
    pub warnings: Vec<String>,
    /// What cannot be used, with the reason.
    pub problems: Vec<(PathBuf, String)>,
    /// Pictures that are nearly the same as another.
    pub duplicates: usize,
    /// A few captions, where there are captions.
    pub captions: Vec<String>,
}

impl Preview {
    /// Counts what a split has.
    pub fn new(dataset: &Dataset, looked: &Looked, split: &Split) -> Self {
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
        let captions = dataset.examples.iter().flat_map(|example| &example.captions);
        Self {
            warnings: warnings(dataset, &classes),
            classes,
            problems: dataset.problems.clone(),
            duplicates: looked.duplicates,
            captions: captions.take(SAMPLES).cloned().collect(),
        }
    }
}

fn warnings(dataset: &Dataset, classes: &[ClassCount]) -> Vec<String> {
    let mut warnings = Vec::new();
    let total = |class: &ClassCount| class.train + class.validation + class.test;
    if dataset.has_classes() && classes.len() == 1 {
        warnings.push("There is one class only: there is nothing to tell apart. Add a folder for another".into());
    }
    let few: Vec<&str> = classes
        .iter()
        .filter(|c| total(c) < FEW)
        .map(|c| c.name.as_str())
        .collect();
    if !few.is_empty() {
        let names = few.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        warnings.push(format!(
            "{} classes have fewer than {FEW} pictures, too few to learn from and to test with: {names}",
            few.len()
        ));
    }
    let (least, most) = (
        classes.iter().map(|c| c.train).min(),
        classes.iter().map(|c| c.train).max(),
    );
    if let (Some(least), Some(most)) = (least, most)
        && most >= IMBALANCE * least.max(1)
    {
        warnings.push(format!(
            "Classes differ much in size ({least} to {most} to learn from): the large ones will be guessed more often"
        ));
    }
    warnings
}
