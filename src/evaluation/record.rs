//! An evaluation: what was measured, by what, on what, so that it repeats.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::answers::Answer;
use super::calibration::{Calibration, Reliability};
use super::confusion::Confusion;
use super::facts::Facts;
use super::interval::Interval;
use super::marks::Marked;
use super::measures::Measures;
use super::negatives::Negatives;
use super::paired::accuracy_interval;
use super::prompts::PromptStudy;
use super::published::Published;
use super::retrieval::Retrieval;
use super::truth::{Class, Part};
use crate::library::labelled::{Side, Source, Wanted};
use crate::lossless::Lossless;
use crate::zero_shot::TemplateSet;

/// The version of what an evaluation is written as.
pub const FORMAT: u32 = 1;

/// The model that answered.
#[serde_with::serde_as]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRef {
    pub name: String,
    /// Its folder or file; none for the starter.
    #[serde_as(as = "Option<Lossless>")]
    pub path: Option<PathBuf>,
    /// The hash that keys its embeddings.
    pub identity: String,
    /// The SHA-256 of each of its files.
    pub files: Vec<(String, String)>,
    /// Where and in which numbers it computed.
    pub precision: String,
}

/// By what was measured.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The folder, or the list.
    #[serde_as(as = "Lossless")]
    pub folder: PathBuf,
    pub wanted: Wanted,
    pub part: Part,
    pub templates: TemplateSet,
    /// The published set whose names and templates were used.
    pub preset: Option<String>,
    pub model: ModelRef,
    /// A hash of the pictures' paths below the folder, what they show, and their content.
    pub data: String,
    /// When it was measured, as `2026-11-26T17:05:00Z`.
    pub date: String,
    /// The version of Clipsight.
    pub version: String,
}

/// One picture of an evaluation.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    #[serde_as(as = "Lossless")]
    pub path: PathBuf,
    /// The side that it is on.
    pub side: Option<Side>,
    /// The SHA-256 of the file; empty where it was not taken.
    pub content: String,
    pub answer: Answer,
}

/// Something that is said of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caption {
    pub text: String,
    /// The place of the picture that it is of.
    pub picture: usize,
}

/// Pictures that were given a name, by their content: they are found in any evaluation of the same files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSlice {
    pub name: String,
    /// The SHA-256 of each file.
    pub contents: Vec<String>,
}

/// An evaluation of classes, or of captions. Pictures are known by their places in it. Where pictures have captions there
/// are no classes: an answer is a caption then, by its place among all of them, and the truth is the picture's own.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The version of this form.
    pub format: u32,
    /// What it is found by.
    pub id: String,
    pub name: String,
    pub note: String,
    /// By what was measured.
    pub setup: Setup,
    /// What says what pictures show.
    pub source: Source,
    /// The classes; none where pictures have captions.
    pub classes: Vec<Class>,
    /// The captions of all pictures; none where pictures have classes.
    #[serde(default)]
    pub captions: Vec<Caption>,
    pub pictures: Vec<Judged>,
    /// What else is known of the pictures, in their order; empty until they were looked through.
    pub facts: Vec<Facts>,
    pub measures: Measures,
    /// Which class is taken for which.
    pub confusion: Confusion,
    /// How far probabilities can be believed.
    pub calibration: Calibration,
    /// The published figure of this model on this set.
    pub published: Option<Published>,
    /// "None of these" against the user's negatives.
    pub negatives: Option<Negatives>,
    /// Pictures found by their captions, where they have some.
    pub retrieval: Option<Retrieval>,
    /// Which words do better.
    pub prompts: Option<PromptStudy>,
    /// What was noted of pictures.
    pub marks: BTreeMap<usize, Marked>,
    /// Pictures that were given a name together.
    #[serde(default)]
    pub slices: Vec<KeptSlice>,
    /// Pictures that could not be used, with the reason.
    #[serde_as(as = "Vec<(Lossless, _)>")]
    pub problems: Vec<(PathBuf, String)>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

/// The measures of some of the pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Remeasured {
    pub measures: Measures,
    /// Which class is taken for which.
    pub confusion: Confusion,
    /// The probabilities as they are.
    pub reliability: Reliability,
    /// What these pictures and their captions find, where pictures have captions.
    pub retrieval: Option<Retrieval>,
}

impl Evaluation {
    /// The numbers that follow from answers alone; what needs more is added by whoever knows it.
    pub fn of_answers(setup: Setup, classes: Vec<Class>, pictures: Vec<Judged>) -> Self {
        let answers = || pictures.iter().map(|judged| &judged.answer);
        let count = classes.len();
        Self {
            format: FORMAT,
            id: String::new(),
            name: String::new(),
            note: String::new(),
            setup,
            source: Source::Folders,
            captions: Vec::new(),
            facts: Vec::new(),
            measures: Measures::of(answers(), count).unwrap_or_else(|| Measures::none(count)),
            confusion: Confusion::of(answers(), count),
            calibration: Calibration {
                all: Reliability::of_answers(answers()),
                fitted: None,
            },
            published: None,
            negatives: None,
            retrieval: None,
            prompts: None,
            marks: BTreeMap::new(),
            slices: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
            classes,
            pictures,
        }
    }

    /// Whether pictures have captions instead of classes.
    pub fn is_of_captions(&self) -> bool {
        self.source == Source::Captions
    }

    /// What answers are called: classes, each differently; or captions.
    pub fn titles(&self) -> Vec<String> {
        if self.is_of_captions() {
            return self.captions.iter().map(|caption| caption.text.clone()).collect();
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.classes
            .iter()
            .for_each(|class| *counts.entry(class.title()).or_default() += 1);
        let title = |class: &Class| match counts[class.title()] {
            1 => class.title().to_string(),
            _ => format!("{} ({})", class.title(), class.folder),
        };
        self.classes.iter().map(title).collect()
    }

    /// The answers, in order.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.pictures.iter().map(|picture| &picture.answer)
    }

    /// The measures of these pictures alone; none of none.
    pub fn remeasured(&self, places: &[usize]) -> Option<Remeasured> {
        let answers: Vec<&Answer> = places
            .iter()
            .filter_map(|place| Some(&self.pictures.get(*place)?.answer))
            .collect();
        let owners: Vec<usize> = self.captions.iter().map(|caption| caption.picture).collect();
        let found = self.retrieval.as_ref();
        Some(Remeasured {
            measures: Measures::of(answers.iter().copied(), self.classes.len())?,
            confusion: Confusion::of(answers.iter().copied(), self.classes.len()),
            reliability: Reliability::of_answers(answers.iter().copied()),
            retrieval: found.and_then(|found| found.of_some(places, &owners)),
        })
    }

    /// The pictures that show one class and are answered with the other, the smallest margin first.
    pub fn cell(&self, truth: usize, answer: usize) -> Vec<usize> {
        let in_cell = |place: &usize| {
            let found = &self.pictures[*place].answer;
            found.truth == truth && found.answered() == answer
        };
        let mut places: Vec<usize> = (0..self.pictures.len()).filter(in_cell).collect();
        places.sort_by(|a, b| {
            self.pictures[*a]
                .answer
                .margin
                .total_cmp(&self.pictures[*b].answer.margin)
        });
        places
    }

    /// The share of these pictures that is answered correctly.
    pub fn accuracy_of(&self, places: &[usize]) -> Option<Interval> {
        let right = places
            .iter()
            .map(|place| f64::from(u8::from(self.pictures[*place].answer.right())));
        accuracy_interval(&right.collect::<Vec<_>>())
    }
}
