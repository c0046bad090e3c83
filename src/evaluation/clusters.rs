//! Failures that name themselves: mistakes that lie together, and the words that tell them from what is answered rightly.
//!
//! After Domino (Eyuboglu et al. 2022, arXiv 2203.14960): mistakes of a class are grouped in the embedding, and a group is
//! worded by the texts that lie along the way from the class's right answers to it. Groups are found on one half of the
//! pictures and checked on the other, since any half has groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answers::{Answer, Embedded};
use super::calibration::halves;
use super::interval::{Interval, share_interval};
use super::metrics::dot;
use super::random::Random;

/// Mistakes that a group needs.
const LEAST: usize = 3;
/// Mistakes to a group, roughly.
const PER_GROUP: usize = 10;
/// Groups of a class at most.
const MOST: usize = 4;
const ROUNDS: usize = 50;
/// Words that a group is told by.
const WORDS: usize = 5;
const VOCABULARY: &str = include_str!("../../assets/vocabulary.txt");

/// Of what the mistakes of a cluster are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ClusterOf {
    /// One class.
    Class(usize),
    /// Several classes, each with too few mistakes to have groups of its own.
    Several,
}

impl ClusterOf {
    /// For people.
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
    /// Every picture of the class, or of these classes, that lies with them, answered rightly or not.
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
    let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); embedded.classes.labels()];
    answers
        .iter()
        .enumerate()
        .for_each(|(place, answer)| of_class[answer.truth].push(place));
    let (mut clusters, mut rest) = (Vec::new(), Vec::new());
    for (class, places) in of_class.into_iter().enumerate() {
        match Groups::of(embedded, answers, &places, &found_on) {
            Some(groups) => {
                clusters.extend(groups.clusters(embedded, answers, class, &places, &found_on, words, texts));
            }
            None => rest.push(places),
        }
    }
    clusters.extend(of_several(embedded, answers, &rest, &found_on, words, texts));
    clusters.sort_by(|a, b| b.places.len().cmp(&a.places.len()).then(a.of.cmp(&b.of)));
    clusters
}

/// Groups of mistakes across classes that have too few of their own: by how each picture differs from the right answers of
/// its class, so that what is common to them is not what they show.
fn of_several(
    embedded: &Embedded,
    answers: &[&Answer],
    classes: &[Vec<usize>],
    found_on: &[bool],
    words: &[String],
    texts: &[f32],
) -> Vec<Cluster> {
    let mut apart: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
    for places in classes {
        let seen: Vec<usize> = places.iter().copied().filter(|place| found_on[*place]).collect();
        let right: Vec<usize> = seen.iter().copied().filter(|place| answers[*place].right()).collect();
        let usual = middle(embedded, if right.is_empty() { &seen } else { &right });
        if usual.is_empty() {
            continue;
        }
        for place in places {
            let way: Vec<f32> = embedded
                .picture(*place)
                .iter()
                .zip(&usual)
                .map(|(own, usual)| own - usual)
                .collect();
            apart.insert(*place, crate::zero_shot::class_embedding([way.as_slice()]));
        }
    }
    let vector = |place: usize| apart.get(&place).map_or(&[][..], Vec::as_slice);
    let is_wrong = |place: &usize| !answers[*place].right();
    let wrong: Vec<usize> = apart
        .keys()
        .copied()
        .filter(|place| found_on[*place] && is_wrong(place))
        .collect();
    if wrong.len() < LEAST {
        return Vec::new();
    }
    let middles = grouped(&vector, &wrong, (wrong.len() / PER_GROUP).clamp(1, MOST));
    // As near as half of those that a group was made of.
    let mut near: Vec<Vec<f32>> = vec![Vec::new(); middles.len()];
    for place in &wrong {
        let (group, cosine) = nearest(&middles, vector(*place));
        near[group].push(cosine);
    }
    let least: Vec<f32> = near
        .into_iter()
        .map(|mut cosines| {
            cosines.sort_by(f32::total_cmp);
            cosines.get(cosines.len() / 2).copied().unwrap_or(f32::INFINITY)
        })
        .collect();
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); middles.len()];
    for place in apart.keys() {
        let (group, cosine) = nearest(&middles, vector(*place));
        if cosine >= least[group] {
            members[group].push(*place);
        }
    }
    let cluster = |(way, members): (&Vec<f32>, Vec<usize>)| {
        let mut places: Vec<usize> = members.iter().copied().filter(is_wrong).collect();
        places.sort_by(|a, b| dot(way, vector(*b)).total_cmp(&dot(way, vector(*a))));
        Cluster {
            of: ClusterOf::Several,
            held_out: held_out(answers, &members, found_on),
            words: worded(way, words, texts),
            places,
            members,
        }
    };
    let clusters = middles.iter().zip(members).map(cluster);
    clusters.filter(|cluster| cluster.places.len() >= LEAST).collect()
}

/// The accuracy on those that had no part in finding a group.
fn held_out(answers: &[&Answer], members: &[usize], found_on: &[bool]) -> Option<Interval> {
    let held: Vec<&usize> = members.iter().filter(|place| !found_on[**place]).collect();
    let right = held.iter().filter(|place| answers[***place].right()).count();
    share_interval(right, held.len())
}

/// The middles of a class's groups of mistakes, and of its right answers.
struct Groups {
    middles: Vec<Vec<f32>>,
    right: Vec<f32>,
}

impl Groups {
    /// None where a class has too few mistakes for a group, or no right answer to tell them from.
    fn of(embedded: &Embedded, answers: &[&Answer], places: &[usize], found_on: &[bool]) -> Option<Self> {
        let seen = |right: bool| -> Vec<usize> {
            let of = |place: &&usize| found_on[**place] && answers[**place].right() == right;
            places.iter().filter(of).copied().collect()
        };
        let (right, wrong) = (seen(true), seen(false));
        if wrong.len() < LEAST || right.is_empty() {
            return None;
        }
        let count = (wrong.len() / PER_GROUP).clamp(1, MOST);
        Some(Self {
            middles: grouped(&|place| embedded.picture(place), &wrong, count),
            right: middle(embedded, &right),
        })
    }

    /// Which group a picture lies in; none where the right answers are nearer.
    fn group(&self, vector: &[f32]) -> Option<usize> {
        let (group, nearest) = nearest(&self.middles, vector);
        (nearest > dot(&self.right, vector)).then_some(group)
    }

    #[expect(clippy::too_many_arguments, reason = "all of one class, once")]
    fn clusters(
        &self,
        embedded: &Embedded,
        answers: &[&Answer],
        class: usize,
        places: &[usize],
        found_on: &[bool],
        words: &[String],
        texts: &[f32],
    ) -> Vec<Cluster> {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.middles.len()];
        for place in places {
            if let Some(group) = self.group(embedded.picture(*place)) {
                members[group].push(*place);
            }
        }
        let cluster = |(group, members): (usize, Vec<usize>)| {
            let way: Vec<f32> = self.middles[group]
                .iter()
                .zip(&self.right)
                .map(|(to, from)| to - from)
                .collect();
            let mut wrong: Vec<usize> = members
                .iter()
                .copied()
                .filter(|place| !answers[*place].right())
                .collect();
            wrong.sort_by(|a, b| dot(&way, embedded.picture(*b)).total_cmp(&dot(&way, embedded.picture(*a))));
            Cluster {
                of: ClusterOf::Class(class),
                words: worded(&way, words, texts),
                held_out: held_out(answers, &members, found_on),
                places: wrong,
                members,
            }
        };
        let clusters = members.into_iter().enumerate().map(cluster);
        clusters.filter(|cluster| cluster.places.len() >= LEAST).collect()
    }
}

/// The texts that lie farthest along a way.
fn worded(way: &[f32], words: &[String], texts: &[f32]) -> Vec<(String, f32)> {
    let along = texts.chunks_exact(way.len().max(1)).map(|text| dot(way, text));
    let mut order: Vec<(usize, f32)> = along.enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let best = order.into_iter().take(WORDS);
    best.filter_map(|(place, along)| Some((words.get(place)?.clone(), along)))
        .collect()
}

fn middle(embedded: &Embedded, places: &[usize]) -> Vec<f32> {
    crate::zero_shot::class_embedding(places.iter().map(|place| embedded.picture(*place)))
}

fn nearest(middles: &[Vec<f32>], vector: &[f32]) -> (usize, f32) {
    let cosines = middles.iter().map(|middle| dot(middle, vector)).enumerate();
    cosines
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((0, f32::NEG_INFINITY))
}

/// Middles of so many groups (k-means on the sphere): from pictures that lie far from each other, the same every time.
fn grouped<'a>(of: &impl Fn(usize) -> &'a [f32], places: &[usize], count: usize) -> Vec<Vec<f32>> {
    let vector = |place: &usize| of(*place);
    let mut random = Random::seeded(places.len() as u64);
    let mut middles = vec![vector(&places[random.below(places.len())]).to_vec()];
    while middles.len() < count {
        let farthest = places.iter().min_by(|a, b| {
            nearest(&middles, vector(a))
                .1
                .total_cmp(&nearest(&middles, vector(b)).1)
        });
        middles.extend(farthest.map(|place| vector(place).to_vec()));
    }
    for _ in 0..ROUNDS {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); middles.len()];
        places
            .iter()
            .for_each(|place| members[nearest(&middles, vector(place)).0].push(*place));
        let next: Vec<Vec<f32>> = members
            .iter()
            .zip(&middles)
            .map(|(members, before)| {
                if members.is_empty() {
                    before.clone()
                } else {
                    crate::zero_shot::class_embedding(members.iter().map(vector))
                }
            })
            .collect();
        if next == middles {
            break;
        }
        middles = next;
    }
    middles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Scoring;
    use crate::zero_shot::ClassEmbeddings;

    #[test]
    fn a_hidden_cause_is_named_and_checked_on_the_other_half() {
        // Directions: 0 and 1 are the classes, 2 is snow, 3 is grass. Class 0 in snow is taken for class 1.
        let unit = |values: [f32; 5]| {
            let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
            values.map(|value| value / norm)
        };
        let mut random = Random::seeded(9);
        let mut noise = || 0.05 * (random.number() as f32 / u64::MAX as f32 - 0.5);
        let mut pictures = Vec::new();
        for n in 0..120 {
            let [a, b, c, d, e] = match n % 3 {
                0 => [1.0, 0.2, 0.0, 0.8, 0.0],
                1 => [0.6, 0.9, 0.8, 0.0, 0.0],
                _ => [0.0, 1.0, 0.0, 0.5, 0.0],
            };
            pictures.extend(unit([a + noise(), b + noise(), c + noise(), d + noise(), e + noise()]));
        }
        let classes = [vec![1.0, 0.0, 0.0, 0.0, 0.0], vec![0.0, 1.0, 0.0, 0.0, 0.0]];
        let embedded = Embedded {
            pictures: pictures.into(),
            dim: 5,
            classes: ClassEmbeddings::new(&classes, &[0.0, 0.0, 0.0, 0.0, 1.0]),
            scoring: Scoring::default(),
        };
        let truth: Vec<usize> = (0..120).map(|n| usize::from(n % 3 == 2)).collect();
        let answers = embedded.answers(&truth);
        let words = ["grass", "snow", "nothing"].map(String::from);
        let texts = [
            [0.0, 0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0],
        ]
        .concat();
        let found = clusters(&embedded, &answers.iter().collect::<Vec<_>>(), &words, &texts);
        let places: usize = found.iter().map(|cluster| cluster.places.len()).sum();
        assert_eq!((found[0].of, places), (ClusterOf::Class(0), 40));
        for cluster in &found {
            assert_eq!(cluster.words[0].0, "snow");
            assert!(cluster.held_out.is_none_or(|held| held.mean == 0.0), "{cluster:?}");
        }
        assert!(found.iter().any(|cluster| cluster.held_out.is_some()));
    }

    #[test]
    fn mistakes_of_many_small_classes_are_grouped_by_what_they_have_in_common() {
        // Sixteen classes of six pictures each; the last two of each are in snow, and are taken for the next class.
        let (classes, dim) = (16, 18);
        let mut random = Random::seeded(4);
        let mut noise = || 0.04 * (random.number() as f32 / u64::MAX as f32 - 0.5);
        let (mut pictures, mut truth) = (Vec::new(), Vec::new());
        for class in 0..classes {
            for n in 0..6 {
                let mut row: Vec<f32> = (0..dim).map(|_| noise()).collect();
                row[class] += if n < 4 { 1.0 } else { 0.6 };
                row[(class + 1) % classes] += if n < 4 { 0.2 } else { 0.8 };
                row[16] += if n < 4 { 0.0 } else { 0.7 };
                pictures.extend(crate::zero_shot::class_embedding([row.as_slice()]));
                truth.push(class);
            }
        }
        let unit = |place: usize| (0..dim).map(|n| f32::from(u8::from(n == place))).collect::<Vec<f32>>();
        let labels: Vec<Vec<f32>> = (0..classes).map(unit).collect();
        let embedded = Embedded {
            pictures: pictures.into(),
            dim,
            classes: ClassEmbeddings::new(&labels, &unit(17)),
            scoring: Scoring::default(),
        };
        let answers = embedded.answers(&truth);
        let words = ["snow", "nothing"].map(String::from);
        let texts = [unit(16), unit(17)].concat();
        let found = clusters(&embedded, &answers.iter().collect::<Vec<_>>(), &words, &texts);
        let several: Vec<&Cluster> = found.iter().filter(|one| one.of == ClusterOf::Several).collect();
        assert!(!several.is_empty(), "{found:?}");
        assert_eq!(several[0].words[0].0, "snow");
        assert!(several[0].places.iter().all(|place| place % 6 >= 4), "{several:?}");
    }

    #[test]
    fn the_vocabulary_has_each_text_once() {
        let words = vocabulary();
        let different: std::collections::BTreeSet<&String> = words.iter().collect();
        assert!(words.len() > 300 && different.len() == words.len());
        assert!(words.iter().all(|word| !word.trim().is_empty() && word.trim() == word));
    }
}
