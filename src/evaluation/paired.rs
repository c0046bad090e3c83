//! Two answers to each picture: before and after a run, of two models, of two prompts.
//!
//! The same pictures are answered twice, so that what counts is where the answers differ. [`mcnemar`] asks whether such a
//! difference may be chance, [`Comparison`] how large it may be, and [`Verdict`] what can be said of it.

use serde::{Deserialize, Serialize};

use super::interval::{Interval, mean_interval, share_interval};

/// From so many pictures that are answered right once only, the mid-p value stands for the exact one, which is too careful.
const MID_P_FROM: usize = 25;
/// Less likely than this is called a difference.
const LEVEL: f64 = 0.05;

/// The probability that so many answers change for the better and the worse, or something rarer, if neither is likelier.
///
/// McNemar's test: exact (binomial, two-sided), with the mid-p value from 25 changes on (Fagerland et al. 2013).
pub fn mcnemar(fixed: usize, broken: usize) -> f64 {
    let (changed, fewer) = (fixed + broken, fixed.min(broken));
    let at = point(changed, fewer);
    // From the likeliest to the rarest, until nothing more is added.
    let (mut below, mut term) = (0.0, at);
    for k in (1..=fewer).rev() {
        term *= k as f64 / (changed - k + 1) as f64;
        below += term;
        if term < below * f64::EPSILON {
            break;
        }
    }
    let middle = fixed == broken;
    let exact = if middle { 1.0 } else { 2.0 * (below + at) };
    if changed < MID_P_FROM {
        return exact.min(1.0);
    }
    (exact - if middle { at / 2.0 } else { at }).min(1.0)
}

/// The probability of `hits` heads in `throws` of a coin.
fn point(throws: usize, hits: usize) -> f64 {
    let ways: f64 = (0..hits).map(|k| ((throws - k) as f64 / (k + 1) as f64).ln()).sum();
    (ways - throws as f64 * std::f64::consts::LN_2).exp()
}

/// Two accuracies on the same pictures, and their difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Pictures that both answered.
    pub count: usize,
    /// The accuracy of the first, a share.
    pub before: Interval,
    /// The accuracy of the second.
    pub after: Interval,
    /// The second less the first, with the bootstrap interval over pictures.
    pub difference: Interval,
    /// Pictures that only the second answers right.
    pub fixed: usize,
    /// Pictures that only the first answers right.
    pub broken: usize,
    /// McNemar's test; where answers are right in part, the sign test of those that changed, which is the same sum. None in
    /// records of before both were kept.
    pub p: Option<f64>,
}

/// What can be said of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The second is better.
    Improved,
    /// The second is worse.
    Worsened,
    /// It may be chance.
    NoDifferenceShown,
}

impl Comparison {
    /// Of answers that are right (1), wrong (0), or right in part; none where there are none, or not as many of both.
    pub fn of(before: &[f64], after: &[f64]) -> Option<Self> {
        if before.len() != after.len() {
            return None;
        }
        let changes: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
        let (fixed, broken) = (
            changes.iter().filter(|change| **change > 0.0).count(),
            changes.iter().filter(|change| **change < 0.0).count(),
        );
        Some(Self {
            count: before.len(),
            before: accuracy_interval(before)?,
            after: accuracy_interval(after)?,
            difference: mean_interval(&changes)?,
            fixed,
            broken,
            p: Some(mcnemar(fixed, broken)),
        })
    }

    /// What can be said: a difference is one where its interval leaves out 0 and chance makes it less than once in twenty
    /// times. Of few pictures the bootstrap is too sure of itself, and the exact test is not.
    pub fn verdict(&self) -> Verdict {
        if self.difference.holds(0.0) || self.p.is_some_and(|p| p >= LEVEL) {
            Verdict::NoDifferenceShown
        } else if self.difference.mean > 0.0 {
            Verdict::Improved
        } else {
            Verdict::Worsened
        }
    }
}

/// Accuracy with its interval: Wilson's where answers are right or wrong, else the bootstrap's.
pub fn accuracy_interval(scores: &[f64]) -> Option<Interval> {
    if scores.iter().all(|score| *score == 0.0 || *score == 1.0) {
        let right = scores.iter().filter(|score| **score == 1.0).count();
        return share_interval(right, scores.len());
    }
    mean_interval(scores).map(|interval| Interval {
        low: interval.low.max(0.0),
        high: interval.high.min(1.0),
        ..interval
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(both: usize, fixed: usize, broken: usize, neither: usize) -> Comparison {
        let of = |of: [f64; 4]| -> Vec<f64> {
            let counts = [both, fixed, broken, neither];
            let parts = counts.iter().zip(of).map(|(count, score)| vec![score; *count]);
            parts.flatten().collect()
        };
        Comparison::of(&of([1.0, 0.0, 1.0, 0.0]), &of([1.0, 1.0, 0.0, 0.0])).unwrap()
    }

    #[test]
    fn six_of_nine_instead_of_five_shows_nothing() {
        let compared = answers(5, 1, 0, 3);
        assert_eq!(compared.verdict(), Verdict::NoDifferenceShown);
        assert!(compared.difference.holds(0.0));
        assert_eq!(compared.p, Some(1.0));
        assert!((compared.difference.mean - 1.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn many_pictures_show_what_few_do_not() {
        assert_eq!(answers(50, 40, 5, 5).verdict(), Verdict::Improved);
        assert_eq!(answers(50, 5, 40, 5).verdict(), Verdict::Worsened);
        assert_eq!(answers(50, 20, 20, 10).verdict(), Verdict::NoDifferenceShown);
        // Five of nine, all for the better: each sample drawn anew holds one, and a coin does it once in sixteen times.
        let few = answers(2, 5, 0, 2);
        assert!(few.difference.low > 0.0 && few.p > Some(0.05));
        assert_eq!(few.verdict(), Verdict::NoDifferenceShown);
    }

    #[test]
    fn the_interval_of_a_difference_is_as_wide_as_its_standard_error_says() {
        let compared = answers(600, 150, 50, 200);
        // Variance of a change in {-1, 0, 1}: shares 0.15 and 0.05, mean 0.1.
        let error = ((0.2f64 - 0.01) / 1_000.0).sqrt();
        assert!(
            (compared.difference.low - (0.1 - 1.96 * error)).abs() < 0.003,
            "{compared:?}"
        );
        assert!(
            (compared.difference.high - (0.1 + 1.96 * error)).abs() < 0.003,
            "{compared:?}"
        );
    }

    #[test]
    fn answers_that_are_right_in_part_have_a_sign_test_and_lists_must_match() {
        let compared = Comparison::of(&[0.5, 0.0, 1.0], &[1.0, 0.5, 1.0]).unwrap();
        assert_eq!((compared.p, compared.fixed, compared.broken), (Some(0.5), 2, 0));
        // Three captions that are all found better: the bootstrap leaves 0 out, and a coin does it once in four times.
        let three = Comparison::of(&[0.5, 0.0, 0.5], &[1.0, 0.5, 1.0]).unwrap();
        assert!(three.difference.low > 0.0);
        assert_eq!(three.verdict(), Verdict::NoDifferenceShown);
        let one = Comparison::of(&[0.5], &[1.0]).unwrap();
        assert_eq!((one.before.low, one.before.high), (0.0, 1.0));
        assert!(one.difference.holds(0.0));
        assert_eq!(Comparison::of(&[], &[]), None);
        assert_eq!(Comparison::of(&[1.0], &[1.0, 0.0]), None);
    }

    #[test]
    fn the_test_of_many_changes_neither_overflows_nor_vanishes() {
        assert_eq!(mcnemar(0, 0), 1.0);
        assert!(mcnemar(0, 10_000) == 0.0);
        let even = mcnemar(50_000, 50_000);
        assert!((0.99..1.0).contains(&even), "{even}");
    }
}
