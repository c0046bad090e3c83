//! Two evaluations of the same pictures: what one has right and the other wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::interval::Interval;
use super::paired::{Comparison, Verdict, mcnemar};
use super::random::Random;

const RESAMPLES: usize = 4_000;
const CONFIDENCE: f64 = 0.95;

/// What became of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Only the second has it right.
    Fixed,
    /// Only the first has it right.
    Broken,
    /// Both have it right.
    BothRight,
    /// Neither has.
    BothWrong,
}

impl Fate {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Fixed, Self::Broken, Self::BothRight, Self::BothWrong];

    fn of(before: bool, after: bool) -> Self {
        match (before, after) {
            (false, true) => Self::Fixed,
            (true, false) => Self::Broken,
            (true, true) => Self::BothRight,
            (false, false) => Self::BothWrong,
        }
    }

    /// As it is called in the window and in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Broken => "broken",
            Self::BothRight => "both right",
            Self::BothWrong => "both wrong",
        }
    }
}

/// Two evaluations, the second against the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SideBySide {
    /// The accuracies, their difference over groups of near-duplicates, and the exact test.
    pub overall: Comparison,
    /// A fate a picture.
    pub fates: Vec<Fate>,
    /// Which pictures these are, by their places.
    pub of: Vec<usize>,
    /// What the first answers to each of them, by the class's place in the second; empty where that is not known, as where
    /// pictures have captions.
    #[serde(skip)]
    pub answered_before: Vec<usize>,
    /// A change a class that has pictures.
    pub classes: Vec<ClassChange>,
}

/// How the recall of a class changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassChange {
    /// Its place among the classes.
    pub class: usize,
    /// Pictures that show it.
    pub count: usize,
    /// The recall with the first model, a share.
    pub before: f64,
    /// The recall with the second.
    pub after: f64,
    /// Pictures that only the second answers right.
    pub fixed: usize,
    /// Pictures that only the first answers right.
    pub broken: usize,
    /// McNemar's test, corrected for that so many classes are tested (Holm 1979).
    pub p: f64,
}

impl ClassChange {
    /// What can be said of it.
    pub fn verdict(&self) -> Verdict {
        if self.p >= 0.05 {
            Verdict::NoDifferenceShown
        } else if self.fixed > self.broken {
            Verdict::Improved
        } else {
            Verdict::Worsened
        }
    }
}

impl SideBySide {
    /// Of what both have right, the classes of the pictures, and for each picture the first one that it is a copy of. None
    /// where they are not as many, or none.
    pub fn of(before: &[bool], after: &[bool], truth: &[usize], groups: &[usize]) -> Option<Self> {
        if [after.len(), truth.len(), groups.len()] != [before.len(); 3] {
            return None;
        }
        let numbers = |right: &[bool]| -> Vec<f64> { right.iter().map(|right| f64::from(u8::from(*right))).collect() };
        let mut overall = Comparison::of(&numbers(before), &numbers(after))?;
        let fates: Vec<Fate> = before
            .iter()
            .zip(after)
            .map(|(before, after)| Fate::of(*before, *after))
            .collect();
        if groups.iter().enumerate().any(|(place, first)| place != *first) {
            overall.difference = grouped_difference(&fates, groups)?;
        }
        Some(Self {
            classes: changes(&fates, truth),
            overall,
            of: (0..fates.len()).collect(),
            answered_before: Vec::new(),
            fates,
        })
    }

    /// Places of one fate.
    pub fn places(&self, fate: Fate) -> Vec<usize> {
        let each = self.of.iter().zip(&self.fates);
        each.filter(|(_, own)| **own == fate).map(|(place, _)| *place).collect()
    }
}

/// The mean difference with a bootstrap interval over whole groups: copies are not drawn apart from each other.
fn grouped_difference(fates: &[Fate], groups: &[usize]) -> Option<Interval> {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (fate, group) in fates.iter().zip(groups) {
        let sum = sums.entry(*group).or_default();
        sum.0 += change(*fate);
        sum.1 += 1.0;
    }
    let sums: Vec<(f64, f64)> = sums.into_values().collect();
    let mut random = Random::seeded(0);
    let mut drawn = || {
        let (mut changed, mut count) = (0.0, 0.0);
        for _ in 0..sums.len() {
            let (c, n) = sums[random.below(sums.len())];
            changed += c;
            count += n;
        }
        changed / count
    };
    let mut means: Vec<f64> = (0..RESAMPLES).map(|_| drawn()).collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((RESAMPLES - 1) as f64 * share).round() as usize];
    Some(Interval {
        mean: fates.iter().map(|fate| change(*fate)).sum::<f64>() / fates.len() as f64,
        low: at((1.0 - CONFIDENCE) / 2.0),
        high: at((1.0 + CONFIDENCE) / 2.0),
    })
}

fn change(fate: Fate) -> f64 {
    match fate {
        Fate::Fixed => 1.0,
        Fate::Broken => -1.0,
        Fate::BothRight | Fate::BothWrong => 0.0,
    }
}

fn changes(fates: &[Fate], truth: &[usize]) -> Vec<ClassChange> {
    let mut counts: BTreeMap<usize, BTreeMap<Fate, usize>> = BTreeMap::new();
    for (fate, class) in fates.iter().zip(truth) {
        *counts.entry(*class).or_default().entry(*fate).or_default() += 1;
    }
    let mut changes: Vec<ClassChange> = counts
        .into_iter()
        .map(|(class, counts)| {
            let of = |fate: Fate| counts.get(&fate).copied().unwrap_or(0);
            let count: usize = counts.values().sum();
            let share = |right: usize| right as f64 / count as f64;
            ClassChange {
                class,
                count,
                before: share(of(Fate::BothRight) + of(Fate::Broken)),
                after: share(of(Fate::BothRight) + of(Fate::Fixed)),
                fixed: of(Fate::Fixed),
                broken: of(Fate::Broken),
                p: mcnemar(of(Fate::Fixed), of(Fate::Broken)),
            }
        })
        .collect();
    let corrected = holm(&changes.iter().map(|change| change.p).collect::<Vec<_>>());
    changes.iter_mut().zip(corrected).for_each(|(change, p)| change.p = p);
    changes
}

/// Holm's correction: each p value times the number of those that are not smaller, never below a smaller one's.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![0.0; p.len()];
    let mut least: f64 = 0.0;
    for (n, place) in order.into_iter().enumerate() {
        least = least.max((p[place] * (p.len() - n) as f64).min(1.0));
        corrected[place] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_has_a_fate_and_each_class_a_change() {
        let before = [true, true, false, false, true, false];
        let after = [true, false, true, true, true, false];
        let alone: Vec<usize> = (0..6).collect();
        let found = SideBySide::of(&before, &after, &[0, 0, 0, 1, 1, 1], &alone).unwrap();
        assert_eq!((found.overall.fixed, found.overall.broken), (2, 1));
        assert_eq!(
            (found.places(Fate::Fixed), found.places(Fate::BothWrong)),
            (vec![2, 3], vec![5])
        );
        let first = found.classes[0];
        assert_eq!((first.count, first.fixed, first.broken), (3, 1, 1));
        assert!((first.before - 2.0 / 3.0).abs() < 1e-12 && first.p == 1.0);
        assert_eq!(first.verdict(), Verdict::NoDifferenceShown);
        assert_eq!(SideBySide::of(&before, &after[..5], &[0; 6], &alone), None);
    }

    #[test]
    fn copies_make_a_difference_no_surer() {
        // Ten pictures that were fixed, or one picture in ten copies.
        let count = 40;
        let before: Vec<bool> = (0..count).map(|n| n >= 10).collect();
        let after = vec![true; count];
        let alone: Vec<usize> = (0..count).collect();
        let copies: Vec<usize> = (0..count).map(|n| if n < 10 { 0 } else { n }).collect();
        let width = |groups: &[usize]| {
            let interval = SideBySide::of(&before, &after, &vec![0; count], groups)
                .unwrap()
                .overall
                .difference;
            interval.high - interval.low
        };
        assert!(
            width(&copies) > 1.5 * width(&alone),
            "{} {}",
            width(&copies),
            width(&alone)
        );
        let found = SideBySide::of(&before, &after, &vec![0; count], &copies).unwrap();
        assert!(found.overall.difference.holds(0.0));
    }
}
