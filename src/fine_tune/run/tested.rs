//! What a model and what was made of it answer on the same pictures, picture by picture: only so can two accuracies be
//! compared.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::clip::sha256_of_bytes;
use crate::evaluation::{self, Comparison};
use crate::fine_tune::context::{Context, cosines};
use crate::fine_tune::{PictureSet, Result};

/// Right both ways; captions can be found from one side only.
const WHOLE: f64 = 2.0;

/// The answers to a set of pictures, before and after a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// A hash of the pictures and what they show: runs with the same one were tested alike.
    pub pictures: String,
    /// A digit a picture: 2 is right, 0 wrong, 1 right one way of two.
    pub before: String,
    /// The same after the run.
    pub after: String,
}

impl Tested {
    /// Of scores from 0 to 1; none where there is no picture, or nothing to compare.
    pub fn new(set: &PictureSet, folder: &Path, before: &[f64], after: &[f64]) -> Option<Self> {
        let whole = !set.is_empty() && before.len() == set.len() && after.len() == set.len();
        whole.then(|| Self {
            pictures: hash(set, folder),
            before: digits(before),
            after: digits(after),
        })
    }

    /// Whether both are answers to as many pictures.
    pub fn is_sound(&self) -> bool {
        let digits = |answers: &str| answers.bytes().all(|digit| (b'0'..=b'2').contains(&digit));
        self.before.len() == self.after.len() && digits(&self.before) && digits(&self.after)
    }

    /// The run's model against the one that it started from; none on no picture.
    pub fn compared(&self) -> Option<Comparison> {
        Comparison::of(&scores(&self.before), &scores(&self.after))
    }

    /// This run's model against that of another, the `baseline`; none where they were tested on other pictures.
    pub fn against(&self, baseline: &Self) -> Option<Comparison> {
        let same = self.pictures == baseline.pictures;
        same.then(|| Comparison::of(&scores(&baseline.after), &scores(&self.after)))?
    }
}

fn digits(scores: &[f64]) -> String {
    let digit = |score: &f64| char::from(b'0' + (score * WHOLE).round() as u8);
    scores.iter().map(digit).collect()
}

fn scores(digits: &str) -> Vec<f64> {
    digits
        .bytes()
        .map(|digit| f64::from(digit.saturating_sub(b'0')) / WHOLE)
        .collect()
}

fn hash(set: &PictureSet, folder: &Path) -> String {
    let of = |(place, path): (usize, &std::path::PathBuf)| {
        let path = path.strip_prefix(folder).unwrap_or(path);
        format!(
            "{} {:?} {:?}\n",
            path.display(),
            set.labels.get(place),
            set.captions.get(place)
        )
    };
    let text: String = set.paths.iter().enumerate().map(of).collect();
    sha256_of_bytes(text.as_bytes())
}

/// How far a context's own model answers a set rightly, from 0 to 1 a picture: with the classes as it was taught them or
/// as they are described, or with captions that are found, from both sides.
///
/// # Errors
/// The device failed.
pub fn answered(context: &Context, set: &PictureSet) -> Result<Vec<f64>> {
    if context.classes.is_empty() {
        let first = |captions: &Vec<String>| captions.first().cloned();
        let texts: Vec<String> = set.captions.iter().filter_map(first).collect();
        let embedded = context.model.embed_texts(&context.tokens(&texts)?)?;
        let embedded: Vec<Vec<f32>> = embedded.into_iter().map(|one| one.vector).collect();
        return Ok(found(&set.embeddings, &embedded, &texts));
    }
    let described = context.class_embeddings(&context.classes)?;
    let classes = context.classes.iter().zip(described);
    let classes: Vec<Vec<f32>> = classes
        .map(|(name, described)| context.model.class_vector(name).unwrap_or(described))
        .collect();
    Ok(evaluation::right(&cosines(&set.embeddings, &classes), &set.labels))
}

/// How far each pair is found, from 0 to 1: half of it from the picture, half from the text.
pub fn found<K: PartialEq>(images: &[Vec<f32>], texts: &[Vec<f32>], keys: &[K]) -> Vec<f64> {
    let (to_texts, to_images) = evaluation::found_at_1(images, texts, keys);
    to_texts.iter().zip(&to_images).map(|(a, b)| (a + b) / 2.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> PictureSet {
        PictureSet {
            paths: names.iter().map(|name| Path::new("/data").join(name)).collect(),
            labels: vec![0; names.len()],
            ..PictureSet::default()
        }
    }

    #[test]
    fn runs_are_compared_picture_by_picture_where_they_were_tested_alike() {
        let folder = Path::new("/data");
        let of = |set: &PictureSet, after: &[f64]| Tested::new(set, folder, &[1.0, 0.0, 0.5], after).unwrap();
        let pictures = set(&["a/1.png", "a/2.png", "b/1.png"]);
        let (one, two) = (of(&pictures, &[1.0, 1.0, 0.5]), of(&pictures, &[0.0, 1.0, 1.0]));
        assert_eq!((one.before.as_str(), one.after.as_str()), ("201", "221"));
        let gain = one.compared().unwrap();
        assert_eq!((gain.fixed, gain.broken, gain.count), (1, 0, 3));
        let between = two.against(&one).unwrap();
        assert_eq!((between.fixed, between.broken), (1, 1));
        let elsewhere = of(&set(&["a/1.png", "a/2.png", "b/2.png"]), &[1.0, 1.0, 0.5]);
        assert_eq!(elsewhere.against(&one), None);
    }

    #[test]
    fn nothing_tested_is_nothing_to_compare() {
        assert_eq!(Tested::new(&set(&[]), Path::new("/data"), &[], &[]), None);
    }
}
