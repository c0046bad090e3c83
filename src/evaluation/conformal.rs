//! Answers with a guarantee: sets of labels that hold the truth as often as was asked for.

use serde::{Deserialize, Serialize};

use super::answers::{Answer, Embedded};
use super::calibration::halves;
use super::interval::{Interval, share_interval};

/// Label sets at a level, by split conformal prediction: the least probability that a label needs is taken from one half of
/// the pictures, and coverage is checked on the other (Vovk et al. 2005; with CLIP, arXiv 2505.24693).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conformal {
    /// How often the truth is to be in the set.
    pub level: f64,
    /// Labels with at least this probability are in the set; 0 where the half is too small for the level, and every label
    /// is.
    pub threshold: f64,
    /// Pictures that it was taken from.
    pub fitted_on: usize,
    /// How often the truth is in the set, on the other half.
    pub coverage: Interval,
    /// The mean number of labels in a set, on the other half.
    pub mean_size: f64,
    /// For each picture, how many labels are in its set.
    pub sizes: Vec<usize>,
}

impl Conformal {
    /// Of answers, at a level between 0 and 1; none where there are too few to have two halves.
    pub fn of(embedded: &Embedded, answers: &[&Answer], level: f64) -> Option<Self> {
        let (first, second) = halves(answers.len());
        let own: Vec<f64> = first
            .iter()
            .map(|place| f64::from(answers[*place].of_truth.probability))
            .collect();
        let threshold = threshold(&own, level)?;
        let scale = embedded.scoring.logit_scale;
        let sizes = embedded.each(|_, cosines| {
            let labels = &cosines[..cosines.len() - 1];
            let largest = labels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = labels.iter().map(|cosine| (scale * (cosine - largest)).exp()).sum();
            let taken = labels
                .iter()
                .filter(|cosine| f64::from((scale * (**cosine - largest)).exp() / sum) >= threshold);
            taken.count()
        });
        let covered = second
            .iter()
            .filter(|place| f64::from(answers[**place].of_truth.probability) >= threshold)
            .count();
        Some(Self {
            level,
            threshold,
            fitted_on: first.len(),
            coverage: share_interval(covered, second.len())?,
            mean_size: second.iter().map(|place| sizes[*place] as f64).sum::<f64>() / second.len() as f64,
            sizes,
        })
    }
}

/// The least probability such that, of exchangeable pictures, at least `level` have a truth that reaches it; none of none.
pub fn threshold(own: &[f64], level: f64) -> Option<f64> {
    if own.is_empty() || !(0.0..1.0).contains(&level) {
        return None;
    }
    let mut sorted = own.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    // ceil((n + 1) level), without what rounding adds to a whole number.
    let needed = ((own.len() + 1) as f64 * level - 1e-9).ceil() as usize;
    Some(match needed {
        0 => sorted[0],
        needed => sorted.get(needed - 1).copied().unwrap_or(0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::Random;

    #[test]
    fn the_threshold_is_the_finite_sample_quantile() {
        let own: Vec<f64> = (1..=9).map(|n| f64::from(n) / 10.0).collect();
        // Of ten exchangeable ones, nine tenths reach the least of nine.
        assert_eq!(threshold(&own, 0.9), Some(0.1));
        assert_eq!(threshold(&own, 0.5), Some(0.5));
        // Nine cannot say anything of 95 %: every label is in the set.
        assert_eq!(threshold(&own, 0.95), Some(0.0));
        assert_eq!((threshold(&[], 0.9), threshold(&own, 1.0)), (None, None));
    }

    #[test]
    fn the_level_is_kept_over_many_draws() {
        let mut random = Random::seeded(5);
        let mut uniform = || random.number() as f64 / u64::MAX as f64;
        let (mut covered, mut all) = (0, 0);
        for _ in 0..2_000 {
            let own: Vec<f64> = (0..39).map(|_| uniform().powi(2)).collect();
            let threshold = threshold(&own, 0.9).unwrap();
            covered += usize::from(uniform().powi(2) >= threshold);
            all += 1;
        }
        let share = covered as f64 / f64::from(all);
        assert!((0.88..0.92).contains(&share), "{share}");
    }
}
