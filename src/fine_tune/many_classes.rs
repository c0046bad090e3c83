//! For tests: pictures of more classes than any part of validation has room for, one class after the other, as a split has
//! them. Whoever takes the first of them sees the first classes alone.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::Device;

use super::config::RunConfig;
use super::context::Context;
use super::data::{Dataset, Example, Split};
use crate::clip::Model;
use crate::fine_tune::FineTuneMethod;
use crate::progress::Unheard;

/// Words that the smallest model's vocabulary has.
const WORDS: [&str; 32] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "cat",
    "dog",
    "horse",
    "black",
    "white",
    "stripes",
    "lemons",
    "comma",
    "like",
    "and",
    "with",
    "photo",
];

/// So many pictures of each class, all to choose by.
pub struct ManyClasses {
    pub dataset: Dataset,
    pub split: Split,
    _folder: tempfile::TempDir,
}

impl ManyClasses {
    pub fn new(classes: usize, of_each: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("first.png");
        image::RgbImage::from_fn(8, 8, |x, y| image::Rgb([30 * x as u8, 30 * y as u8, 90]))
            .save(&first)
            .unwrap();
        let example = |place: usize| {
            let path = folder.path().join(format!("{place}.png"));
            std::fs::copy(&first, &path).unwrap();
            Example {
                path,
                class: Some(place / of_each),
                captions: Vec::new(),
            }
        };
        let places: Vec<usize> = (0..classes * of_each).collect();
        let name = |class: usize| format!("{} {}", WORDS[class / WORDS.len()], WORDS[class % WORDS.len()]);
        Self {
            dataset: Dataset {
                classes: (0..classes).map(name).collect(),
                examples: places.iter().map(|&place| example(place)).collect(),
                ..Dataset::default()
            },
            split: Split {
                validation: places,
                ..Split::default()
            },
            _folder: folder,
        }
    }

    /// What a run of this method has, with the smallest of models.
    pub fn context(&self, split: &Split) -> Context {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clip-f32");
        let model = Model::open(&model, &Device::flex()).unwrap();
        Context::new(model, &self.dataset, split, &config(), None, &Unheard).unwrap()
    }
}

pub fn config() -> RunConfig {
    RunConfig::new(FineTuneMethod::ProLip, "pictures".into())
}

/// How many classes are among these.
pub fn distinct(labels: &[usize]) -> usize {
    labels.iter().collect::<BTreeSet<_>>().len()
}
