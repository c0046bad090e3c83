//! Failures that name themselves: mistakes that lie together, and the words that tell them from what is answered correctly.
//!
//! After Domino (Eyuboglu et al. 2022, arXiv 2203.14960): mistakes of a class are grouped in the embedding, and a group is
//! worded by the texts that lie along the way from the class's right answers to it. Groups are found on one half of the
//! pictures and checked on the other, since any half has groups.

mod k_means;
mod one_class;
mod several;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::answers::{Answer, Embedded};
use super::calibration::halves;
use super::interval::{Interval, share_interval};
use super::metrics::dot;
use crate::zero_shot::class_embedding;

/// Mistakes that a group needs.
const LEAST: usize = 3;
/// Mistakes to a group, roughly.
const PER_GROUP: usize = 10;
/// Groups of a class at most.
const MOST: usize = 4;
/// Words that a group is told by.
const WORDS: usize = 5;
const VOCABULARY: &str = include_str!("../../../assets/vocabulary.txt");

/// Of what the mistakes of a cluster are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ClusterOf {
    /// One class.
    Class(usize),
    /// Several classes, each with too few mistakes to have groups of its own.
    Several,
}

impl ClusterOf {
    /// As it is called in the window and in reports.
    pub fn words(self, titles: &[String]) -> &str {
        match self {
            Self::Class(class) => titles.get(class).map_or("", String::as_str),
            Self::Several => "several classes",
        }
    }
}

/// Mistakes that lie together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Of which class they are.
    pub of: ClusterOf,
    /// The mistakes, the most typical first.
    pub places: Vec<usize>,
    /// Every picture of the class, or of these classes, that lies with them, answered correctly or not.
    pub members: Vec<usize>,
    /// The words that tell them from the right answers of the class, the best first, each with how much nearer it is (the
    /// difference of cosines).
    pub words: Vec<(String, f32)>,
    /// The accuracy on members that had no part in finding the cluster; none where there are none.
    pub held_out: Option<Interval>,
}

/// The texts that come with Clipsight to word clusters with.
pub fn vocabulary() -> Vec<String> {
    VOCABULARY.lines().map(String::from).collect()
}

/// Groups of mistakes, the largest first; `texts` are unit vectors of `words`, `[words, dim]`.
pub fn clusters(embedded: &Embedded, answers: &[&Answer], words: &[String], texts: &[f32]) -> Vec<Cluster> {
    let (first, _) = halves(answers.len());
    let mut found_on = vec![false; answers.len()];
    first.into_iter().for_each(|place| found_on[place] = true);
    let search = Search {
        embedded,
        answers,
        found_on,
        words,
        texts,
    };
    let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); embedded.classes.labels()];
    answers
        .iter()
        .enumerate()
        .for_each(|(place, answer)| of_class[answer.truth].push(place));
    let (mut clusters, mut rest) = (Vec::new(), Vec::new());
    for (class, places) in of_class.into_iter().enumerate() {
        match search.of_class(class, &places) {
            Some(found) => clusters.extend(found),
            None => rest.push(places),
        }
    }
    clusters.extend(search.of_several(&rest));
    clusters.sort_by(|a, b| b.places.len().cmp(&a.places.len()).then(a.of.cmp(&b.of)));
    clusters
}

/// Where groups are looked for, and what they may be called.
struct Search<'a> {
    embedded: &'a Embedded,
    answers: &'a [&'a Answer],
    /// Of each picture, whether it is of the half on which groups are found.
    found_on: Vec<bool>,
    words: &'a [String],
    /// `[words, dim]`.
    texts: &'a [f32],
}

impl Search<'_> {
    fn is_right(&self, place: usize) -> bool {
        self.answers[place].right()
    }

    /// The mean direction of pictures; empty of none.
    fn middle(&self, places: &[usize]) -> Vec<f32> {
        class_embedding(places.iter().map(|place| self.embedded.picture(*place)))
    }

    /// How many groups so many mistakes are parted into.
    fn count_of_groups(mistakes: usize) -> usize {
        (mistakes / PER_GROUP).clamp(1, MOST)
    }

    /// The accuracy on those that had no part in finding a group.
    fn held_out(&self, members: &[usize]) -> Option<Interval> {
        let held: Vec<usize> = members.iter().copied().filter(|place| !self.found_on[*place]).collect();
        let right = held.iter().filter(|place| self.is_right(**place)).count();
        share_interval(right, held.len())
    }

    /// The texts that lie farthest along a way.
    fn worded(&self, way: &[f32]) -> Vec<(String, f32)> {
        let along = self.texts.chunks_exact(way.len().max(1)).map(|text| dot(way, text));
        let mut order: Vec<(usize, f32)> = along.enumerate().collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let best = order.into_iter().take(WORDS);
        best.filter_map(|(place, along)| Some((self.words.get(place)?.clone(), along)))
            .collect()
    }

    /// The mistakes among `members` along a way, the farthest first; none where they are too few.
    fn cluster<'a>(
        &self,
        of: ClusterOf,
        way: &[f32],
        members: Vec<usize>,
        vector: impl Fn(usize) -> &'a [f32],
    ) -> Option<Cluster> {
        let mut places: Vec<usize> = members.iter().copied().filter(|place| !self.is_right(*place)).collect();
        if places.len() < LEAST {
            return None;
        }
        places.sort_by(|a, b| dot(way, vector(*b)).total_cmp(&dot(way, vector(*a))));
        Some(Cluster {
            of,
            words: self.worded(way),
            held_out: self.held_out(&members),
            places,
            members,
        })
    }
}
