//! The accuracy on pictures without labels, from few that somebody confirms or corrects.
//!
//! Pictures are parted by the model's confidence, and more are asked about where the model says of itself that it errs and
//! where many pictures are (active testing, Kossen et al. 2021, arXiv 2103.05331). Which part is asked next follows from
//! confidences alone, never from answers, and which picture of it is left to chance: so each answer stands for as many
//! pictures as its part has for each that was asked of it, and the estimate is unbiased.

use super::interval::Interval;
use super::random::Random;

/// Parts of the pictures.
const PARTS: usize = 5;
/// No part is thought surer than this: models are too sure of themselves.
const LEAST_SPREAD: f64 = 0.15;
/// Answers before which there is no estimate: two of each part.
const FIRST: usize = 2;
const Z: f64 = 1.959_963_984_540_054;

/// A test that goes on with each answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveTest {
    parts: Vec<Part>,
    count: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    /// Its pictures in the order in which they are asked about.
    places: Vec<usize>,
    /// How far answers in it are thought to differ.
    spread: f64,
    /// Whether the model was right about the first of them.
    answers: Vec<bool>,
}

impl ActiveTest {
    /// Of the model's confidence in its answer to each picture. The same seed asks the same.
    pub fn new(confidences: &[f32], seed: u64) -> Self {
        let count = confidences.len();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|a, b| confidences[*a].total_cmp(&confidences[*b]).then(a.cmp(b)));
        let parts = PARTS.min(count / FIRST).max(1);
        let mut random = Random::seeded(seed);
        let part = |n: usize| {
            let mut places = order[n * count / parts..(n + 1) * count / parts].to_vec();
            let mean =
                places.iter().map(|place| f64::from(confidences[*place])).sum::<f64>() / places.len().max(1) as f64;
            for last in (1..places.len()).rev() {
                places.swap(last, random.below(last + 1));
            }
            Part {
                places,
                spread: (mean * (1.0 - mean)).max(0.0).sqrt().max(LEAST_SPREAD),
                answers: Vec::new(),
            }
        };
        Self {
            parts: (0..parts).map(part).collect(),
            count,
        }
    }

    /// The picture to ask about next; none where all were asked about.
    pub fn wanted(&self) -> Option<usize> {
        let part = &self.parts[self.next_part()?];
        part.places.get(part.answers.len()).copied()
    }

    /// Two of each part first; then where an answer narrows the interval most.
    fn next_part(&self) -> Option<usize> {
        let open = (0..self.parts.len()).filter(|n| self.parts[*n].answers.len() < self.parts[*n].places.len());
        let gain = |n: &usize| {
            let part = &self.parts[*n];
            let asked = part.answers.len() as f64;
            (part.places.len() as f64 * part.spread).powi(2) / (asked * (asked + 1.0))
        };
        let first = open
            .clone()
            .filter(|n| self.parts[*n].answers.len() < FIRST)
            .min_by_key(|n| self.parts[*n].answers.len());
        first.or_else(|| open.max_by(|a, b| gain(a).total_cmp(&gain(b))))
    }

    /// Whether the model was right about the picture that was asked about.
    pub fn answer(&mut self, right: bool) {
        if let Some(part) = self.next_part() {
            self.parts[part].answers.push(right);
        }
    }

    /// Takes the last answer to a picture back; false where it was not the last of its part.
    pub fn take_back(&mut self, place: usize) -> bool {
        let asked = |part: &&mut Part| {
            part.answers
                .len()
                .checked_sub(1)
                .is_some_and(|last| part.places[last] == place)
        };
        self.parts
            .iter_mut()
            .find(asked)
            .is_some_and(|part| part.answers.pop().is_some())
    }

    /// Pictures that were asked about.
    pub fn asked(&self) -> usize {
        self.parts.iter().map(|part| part.answers.len()).sum()
    }

    /// The accuracy on all pictures, as far as can be said; none before each part was asked about.
    pub fn estimate(&self) -> Option<Interval> {
        let (mut mean, mut smoothed, mut variance) = (0.0, 0.0, 0.0);
        for part in &self.parts {
            let (size, asked) = (part.places.len() as f64, part.answers.len() as f64);
            if part.answers.len() < FIRST.min(part.places.len()) || part.places.is_empty() {
                return None;
            }
            let right = part.answers.iter().filter(|right| **right).count() as f64;
            let weight = size / self.count as f64;
            // A part of which all answers are alike is not certain; one that was asked about in full is.
            let share = (right + 0.5) / (asked + 1.0);
            mean += weight * right / asked;
            smoothed += weight * share;
            variance += weight * weight * share * (1.0 - share) / asked * (1.0 - asked / size);
        }
        Some(wilson(mean, smoothed * (1.0 - smoothed) / variance.max(1e-12)))
    }
}

/// Wilson's interval of a share that is as sure as that of so many pictures drawn from all.
fn wilson(share: f64, n: f64) -> Interval {
    // A mean of weights may be a rounding beyond its ends.
    let share = share.clamp(0.0, 1.0);
    let shrink = 1.0 + Z * Z / n;
    let centre = (share + Z * Z / (2.0 * n)) / shrink;
    let half = Z / shrink * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).max(0.0).sqrt();
    Interval {
        mean: share,
        low: (centre - half).clamp(0.0, share),
        high: (centre + half).clamp(share, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Confidences, and whether each answer is right: less often than the model says.
    fn pictures(random: &mut Random, count: usize) -> (Vec<f32>, Vec<bool>) {
        let mut uniform = || random.number() as f64 / u64::MAX as f64;
        let each = (0..count).map(|_| {
            let confidence = 0.3 + 0.7 * uniform().sqrt();
            (confidence as f32, uniform() < confidence * confidence)
        });
        each.unzip()
    }

    fn asked(test: &mut ActiveTest, right: &[bool], clicks: usize) -> Interval {
        for _ in 0..clicks {
            let place = test.wanted().unwrap();
            test.answer(right[place]);
        }
        test.estimate().unwrap()
    }

    #[test]
    fn sixty_answers_give_an_unbiased_estimate_whose_interval_holds_the_truth() {
        let mut random = Random::seeded(11);
        let (confidences, right) = pictures(&mut random, 2_000);
        let truth = right.iter().filter(|right| **right).count() as f64 / 2_000.0;
        let (mut sum, mut held, mut width) = (0.0, 0, 0.0);
        let draws = 1_000;
        for seed in 0..draws {
            let found = asked(&mut ActiveTest::new(&confidences, seed), &right, 60);
            sum += found.mean;
            held += usize::from(found.holds(truth));
            width += found.high - found.low;
        }
        let mean = sum / draws as f64;
        assert!((mean - truth).abs() < 0.006, "{mean} instead of {truth}");
        let share = held as f64 / draws as f64;
        assert!((0.93..0.99).contains(&share), "the interval holds the truth in {share}");
        let plain = super::super::share_interval((60.0 * truth) as usize, 60).unwrap();
        let width = width / draws as f64;
        assert!(width < plain.high - plain.low, "{width} is no narrower than {plain:?}");
    }

    #[test]
    fn what_was_asked_in_full_is_known_and_answers_can_be_taken_back() {
        let mut random = Random::seeded(3);
        let (confidences, right) = pictures(&mut random, 40);
        let mut test = ActiveTest::new(&confidences, 1);
        assert_eq!((test.estimate(), test.asked()), (None, 0));
        let first = test.wanted().unwrap();
        test.answer(right[first]);
        assert!(test.take_back(first) && !test.take_back(first));
        assert_eq!(test.wanted(), Some(first));
        let found = asked(&mut test, &right, 40);
        let truth = right.iter().filter(|right| **right).count() as f64 / 40.0;
        assert!(
            (found.mean - truth).abs() < 1e-9 && found.high - found.low < 1e-4,
            "{found:?}"
        );
        assert_eq!(test.wanted(), None);
    }

    #[test]
    fn the_interval_narrows_with_answers() {
        let mut random = Random::seeded(5);
        let (confidences, right) = pictures(&mut random, 1_000);
        let mut test = ActiveTest::new(&confidences, 7);
        let (few, many) = (asked(&mut test, &right, 20), asked(&mut test, &right, 80));
        assert!(many.high - many.low < 0.7 * (few.high - few.low), "{few:?} {many:?}");
    }
}
