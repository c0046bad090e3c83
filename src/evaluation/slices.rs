//! Parts of the pictures that have something in common, and how well each is answered.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::interval::Interval;
use super::record::{Evaluation, KeptSlice};

/// Parts of a scale.
const PARTS: usize = 4;
/// A part with fewer pictures is never called the worst.
const LEAST: usize = 5;

/// What pictures are parted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SliceBy {
    /// The folder that they lie in.
    Folder,
    /// The number of their pixels.
    Size,
    /// How bright they are.
    Brightness,
    /// How sharp they are.
    Sharpness,
    /// How they were marked.
    Mark,
    /// Names that they were given together.
    Kept,
}

impl SliceBy {
    pub const ALL: [Self; 6] = [
        Self::Folder,
        Self::Size,
        Self::Brightness,
        Self::Sharpness,
        Self::Mark,
        Self::Kept,
    ];

    /// As it is called in the window and in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Size => "size",
            Self::Brightness => "brightness",
            Self::Sharpness => "sharpness",
            Self::Mark => "mark",
            Self::Kept => "kept slices",
        }
    }
}

/// Some of the pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What they have in common.
    pub name: String,
    pub places: Vec<usize>,
    /// The share that is answered correctly.
    pub accuracy: Option<Interval>,
}

/// Parts the pictures; nothing for what needs facts that are not there.
pub fn slices(evaluation: &Evaluation, by: SliceBy) -> Vec<Slice> {
    let named: Vec<(String, Vec<usize>)> = match by {
        SliceBy::Folder => by_name(evaluation, |place| {
            let folder = evaluation.pictures[place].path.parent()?;
            let inside = folder.strip_prefix(&evaluation.setup.folder).unwrap_or(folder);
            Some(inside.display().to_string())
        }),
        SliceBy::Mark => by_name(evaluation, |place| {
            Some(evaluation.marks.get(&place)?.mark.title().to_string())
        }),
        SliceBy::Kept => evaluation.slices.iter().map(|slice| kept(evaluation, slice)).collect(),
        SliceBy::Size => by_scale(evaluation, ["smallest", "small", "large", "largest"], |place| {
            let (width, height) = evaluation.facts.get(place)?.size;
            Some(f64::from(width) * f64::from(height)).filter(|pixels| *pixels > 0.0)
        }),
        SliceBy::Brightness => by_scale(evaluation, ["darkest", "dark", "bright", "brightest"], |place| {
            Some(f64::from(seen(evaluation, place)?.brightness))
        }),
        SliceBy::Sharpness => by_scale(
            evaluation,
            ["least sharp", "less sharp", "sharper", "sharpest"],
            |place| Some(f64::from(seen(evaluation, place)?.sharpness)),
        ),
    };
    named
        .into_iter()
        .map(|(name, places)| Slice {
            name,
            accuracy: evaluation.accuracy_of(&places),
            places,
        })
        .collect()
}

/// The pictures of this evaluation that a slice was made of.
fn kept(evaluation: &Evaluation, slice: &KeptSlice) -> (String, Vec<usize>) {
    let contents: BTreeSet<&str> = slice.contents.iter().map(String::as_str).collect();
    let inside = |place: &usize| contents.contains(evaluation.pictures[*place].content.as_str());
    let places = (0..evaluation.pictures.len()).filter(inside).collect();
    (slice.name.clone(), places)
}

/// What is known of a picture that could be read.
fn seen(evaluation: &Evaluation, place: usize) -> Option<&Facts> {
    evaluation.facts.get(place).filter(|facts| facts.size != (0, 0))
}

fn by_name(evaluation: &Evaluation, name: impl Fn(usize) -> Option<String>) -> Vec<(String, Vec<usize>)> {
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for place in 0..evaluation.pictures.len() {
        if let Some(name) = name(place) {
            named.entry(name).or_default().push(place);
        }
    }
    named.into_iter().collect()
}

/// Four parts of as many pictures; equal values stay in one part.
fn by_scale(
    evaluation: &Evaluation,
    names: [&str; PARTS],
    value: impl Fn(usize) -> Option<f64>,
) -> Vec<(String, Vec<usize>)> {
    let mut valued: Vec<(f64, usize)> = (0..evaluation.pictures.len())
        .filter_map(|place| Some((value(place)?, place)))
        .collect();
    valued.sort_by(|(a, n), (b, m)| a.total_cmp(b).then(n.cmp(m)));
    let edges: Vec<f64> = (1..PARTS)
        .filter_map(|part| Some(valued.get(part * valued.len() / PARTS)?.0))
        .collect();
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); PARTS];
    for (value, place) in valued {
        parts[edges.iter().filter(|edge| value >= **edge).count()].push(place);
    }
    let named = names.into_iter().map(String::from).zip(parts);
    named.filter(|(_, places)| !places.is_empty()).collect()
}

/// The part that is answered worst, of those that have enough pictures to say so; none where all are answered as well.
pub fn worst(slices: &[Slice]) -> Option<&Slice> {
    let enough = || slices.iter().filter(|slice| slice.places.len() >= LEAST);
    let best = enough().map(mean).fold(f64::NEG_INFINITY, f64::max);
    enough()
        .min_by(|a, b| mean(a).total_cmp(&mean(b)))
        .filter(|slice| mean(slice) < best)
}

fn mean(slice: &Slice) -> f64 {
    slice.accuracy.map_or(1.0, |accuracy| accuracy.mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::share_interval;

    #[test]
    fn where_all_are_as_good_none_is_the_worst() {
        let slice = |name: &str, right: usize| Slice {
            name: name.into(),
            places: (0..10).collect(),
            accuracy: share_interval(right, 10),
        };
        assert_eq!(worst(&[slice("a", 8), slice("b", 8)]), None);
        assert_eq!(worst(&[slice("a", 8), slice("b", 7)]).unwrap().name, "b");
    }
}
