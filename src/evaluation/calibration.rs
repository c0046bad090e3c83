//! Whether a probability is as often right as it says, and the temperature that would make it so.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::answers::{Answer, Embedded};
use super::interval::{Interval, share_interval};
use super::random::Random;

/// Bins of equal width, as they are usually counted (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599).
pub const BINS: usize = 15;
/// Temperatures that are tried at most on the way to the best.
const STEPS: usize = 100;
/// The factors of a logit between which the best one is looked for.
const LEAST: f64 = 1e-3;
const MOST: f64 = 1e3;

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Answers whose probability lies in it.
    pub count: usize,
    /// The mean of their probabilities; 0 where there are none.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: Option<Interval>,
}

/// Probabilities against how often they are right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// From 0 to 1, each a fifteenth wide; a probability on an edge belongs to the lower one.
    pub bins: Vec<Bin>,
    /// The expected calibration error: the mean distance of both, by the number of answers.
    pub ece: f64,
}

/// The bin in which a probability lies.
pub fn bin_of(probability: f64) -> usize {
    ((probability * BINS as f64).ceil() as usize).clamp(1, BINS) - 1
}

impl Reliability {
    /// Of probabilities and whether they were right.
    pub fn of(answers: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let mut sums = [(0usize, 0.0f64, 0usize); BINS];
        let mut total = 0usize;
        for (confidence, right) in answers {
            let bin = bin_of(confidence);
            sums[bin].0 += 1;
            sums[bin].1 += confidence;
            sums[bin].2 += usize::from(right);
            total += 1;
        }
        let bins = sums.map(|(count, confidence, right)| Bin {
            count,
            confidence: if count == 0 { 0.0 } else { confidence / count as f64 },
            accuracy: share_interval(right, count),
        });
        let apart = |bin: &Bin| {
            bin.accuracy
                .map_or(0.0, |share| (share.mean - bin.confidence).abs() * bin.count as f64)
        };
        Self {
            ece: bins.iter().map(apart).sum::<f64>() / total.max(1) as f64,
            bins: bins.to_vec(),
        }
    }

    /// Of answers as they are.
    pub fn of_answers<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Self {
        Self::of(
            answers
                .into_iter()
                .map(|answer| (f64::from(answer.confidence()), answer.right())),
        )
    }
}

/// How far probabilities can be believed, before and after their temperature is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Of all answers, as they are.
    pub all: Reliability,
    /// What a temperature does; none where there are too few pictures to fit one.
    pub fitted: Option<Fitted>,
}

/// A temperature that was fitted on one half of the pictures, and what it does on the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Logits are divided by it.
    pub temperature: f64,
    /// Pictures that it was fitted on.
    pub fitted_on: usize,
    /// The other half, as it is.
    pub before: Reliability,
    /// The other half, at that temperature.
    pub after: Reliability,
    /// Its pictures, each with the probability of its answer at that temperature.
    #[serde(default)]
    pub after_each: Vec<(usize, f32)>,
}

/// Halves of so many pictures, drawn by a fixed seed: to fit on, and to measure with.
pub fn halves(count: usize) -> (Vec<usize>, Vec<usize>) {
    let mut places: Vec<usize> = (0..count).collect();
    let mut random = Random::seeded(count as u64);
    for n in (1..count).rev() {
        places.swap(n, random.below(n + 1));
    }
    let second = places.split_off(count / 2);
    (places, second)
}

impl Calibration {
    /// Of answers alone, without a temperature.
    pub fn as_it_is(answers: &[Answer]) -> Self {
        Self {
            all: Reliability::of_answers(answers),
            fitted: None,
        }
    }

    /// Of answers, and of the scores that they come from.
    pub fn of(embedded: &Embedded, answers: &[Answer]) -> Self {
        Self {
            all: Reliability::of_answers(answers),
            fitted: fit(embedded, answers),
        }
    }
}

fn fit(embedded: &Embedded, answers: &[Answer]) -> Option<Fitted> {
    let (first, second) = halves(answers.len());
    if first.len() < BINS {
        return None;
    }
    let mut logits: Vec<Vec<f32>> = embedded.each(|_, cosines| {
        let labels = &cosines[..cosines.len() - 1];
        labels
            .iter()
            .map(|cosine| embedded.scoring.logit_scale * cosine)
            .collect()
    });
    let held: Vec<(Vec<f32>, usize)> = first
        .iter()
        .map(|&n| (std::mem::take(&mut logits[n]), answers[n].truth))
        .collect();
    let temperature = temperature(&held)?;
    let each: Vec<(usize, f64)> = (second.iter())
        .map(|&n| (n, confidence_at(&logits[n], temperature)))
        .collect();
    Some(Fitted {
        temperature,
        fitted_on: first.len(),
        before: Reliability::of_answers(second.iter().map(|&n| &answers[n])),
        after: Reliability::of(each.iter().map(|(n, confidence)| (*confidence, answers[*n].right()))),
        after_each: each.into_iter().map(|(n, confidence)| (n, confidence as f32)).collect(),
    })
}

/// The highest probability at a temperature.
fn confidence_at(logits: &[f32], temperature: f64) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits
        .iter()
        .map(|logit| (f64::from(logit - largest) / temperature).exp())
        .sum();
    1.0 / sum
}

/// The temperature under which the true classes are likeliest, by Newton's steps in its inverse, in which the likelihood
/// has one peak; between bounds where it has none (all right, or no better than chance).
pub fn temperature(rows: &[(Vec<f32>, usize)]) -> Option<f64> {
    if rows.is_empty() {
        return None;
    }
    let slopes = |factor: f64| -> (f64, f64) {
        let of = |(logits, truth): &(Vec<f32>, usize)| slope(logits, *truth, factor);
        let sums = rows.par_iter().map(of);
        // Summed in order: the same on every machine.
        let sums: Vec<(f64, f64)> = sums.collect();
        sums.iter().fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d))
    };
    let (mut low, mut high) = (LEAST, MOST);
    let mut factor = 1.0;
    for _ in 0..STEPS {
        let (slope, curve) = slopes(factor);
        if slope > 0.0 {
            high = factor;
        } else {
            low = factor;
        }
        let newton = factor - slope / curve;
        let next = if newton > low && newton < high {
            newton
        } else {
            (low * high).sqrt()
        };
        let done = (next - factor).abs() <= 1e-12 * factor;
        factor = next;
        if done {
            break;
        }
    }
    Some(1.0 / factor)
}

/// How the negative log-likelihood of a picture's true class changes with the factor, once and twice.
fn slope(logits: &[f32], truth: usize, factor: f64) -> (f64, f64) {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
    for logit in logits {
        let z = f64::from(*logit) - largest;
        let e = (factor * z).exp();
        sum += e;
        first += z * e;
        second += z * z * e;
    }
    let mean = first / sum;
    (mean - (f64::from(logits[truth]) - largest), second / sum - mean * mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_share_nothing_and_leave_nothing_out() {
        let (mut first, second) = halves(101);
        assert_eq!((first.len(), second.len()), (50, 51));
        first.extend(second);
        first.sort_unstable();
        assert_eq!(first, (0..101).collect::<Vec<_>>());
        assert_eq!(halves(101), halves(101));
    }

    #[test]
    fn probabilities_that_are_as_often_right_have_no_error() {
        let honest = (0..100).map(|n| (0.7, n < 70));
        assert!(Reliability::of(honest).ece < 1e-12);
        let boastful = Reliability::of((0..100).map(|n| (0.9, n < 50)));
        assert!((boastful.ece - 0.4).abs() < 1e-12);
        assert_eq!((boastful.bins[13].count, boastful.bins.len()), (100, BINS));
        assert_eq!(Reliability::of([(1.0, true)]).bins[14].count, 1);
    }

    #[test]
    fn where_every_answer_is_right_the_temperature_stays_within_bounds() {
        let rows: Vec<(Vec<f32>, usize)> = vec![(vec![1.0, 0.0], 0); 20];
        let found = temperature(&rows).unwrap();
        assert!((1e-3..1e-2).contains(&found), "{found}");
        assert_eq!(temperature(&[]), None);
    }
}
