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
    /// For each picture, how many labels are in its set: 0 where none is likely enough; none for a picture that has no
    /// vector any more, and so no set.
    pub sizes: Vec<Option<usize>>,
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
        let sizes: Vec<usize> = embedded.each(|_, cosines| {
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
            sizes: sizes.into_iter().map(Some).collect(),
        })
    }

    /// How many sets have no label. Where accuracy is above the level some have none: fewer labels already hold the truth
    /// often enough.
    pub fn empty(&self) -> usize {
        self.sizes.iter().filter(|size| **size == Some(0)).count()
    }

    /// The pictures that have a set, the least sure ones first: sets without a label, then the largest.
    pub fn least_sure_first(&self) -> Vec<usize> {
        let sized = self.sizes.iter().enumerate();
        let mut sized: Vec<(usize, usize)> = sized.filter_map(|(place, size)| Some(((*size)?, place))).collect();
        sized.sort_by_key(|(size, place)| (*size > 0, std::cmp::Reverse(*size), *place));
        sized.into_iter().map(|(_, place)| place).collect()
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
    use crate::clip::Scoring;
    use crate::evaluation::Random;
    use crate::zero_shot::ClassEmbeddings;

    /// Forty pictures of two classes: every fifth lies between both, the others lie with their own.
    fn pictures() -> (Embedded, Vec<Answer>) {
        let truth: Vec<usize> = (0..40).map(|n| n % 2).collect();
        let row = |n: usize| {
            let aside = 0.01 * (n % 7) as f32;
            let own = (1.0 - aside * aside).sqrt();
            match (n % 5, n % 2) {
                (0, _) => [0.5f32.sqrt(); 2],
                (_, 0) => [own, aside],
                _ => [aside, own],
            }
        };
        let embedded = Embedded {
            pictures: (0..40).flat_map(row).collect::<Vec<f32>>().into(),
            dim: 2,
            classes: ClassEmbeddings::new(&[vec![1.0, 0.0], vec![0.0, 1.0]], &[0.0, 0.0]),
            scoring: Scoring {
                logit_scale: 5.0,
                logit_bias: None,
            },
        };
        let answers = embedded.answers(&truth);
        (embedded, answers)
    }

    #[test]
    fn sets_grow_with_the_level_and_the_smallest_have_no_label() {
        let (embedded, answers) = pictures();
        let answers: Vec<&Answer> = answers.iter().collect();
        let (_, second) = halves(answers.len());
        // At a level far below the accuracy, what is not sure has no label.
        let low = Conformal::of(&embedded, &answers, 0.5).unwrap();
        assert!(low.threshold > 0.5, "{low:?}");
        assert!((0..40).step_by(5).all(|place| low.sizes[place] == Some(0)), "{low:?}");
        let covered = |sets: &Conformal| {
            let holds = |place: &usize| f64::from(answers[*place].of_truth.probability) >= sets.threshold;
            second.iter().filter(|place| holds(place)).count() as f64 / second.len() as f64
        };
        assert_eq!(low.coverage.mean, covered(&low));
        // Of two labels only the true one is likely: where a set has one, it is that.
        assert_eq!(low.mean_size, low.coverage.mean);
        assert_eq!(low.empty(), low.sizes.iter().filter(|size| **size == Some(0)).count());
        assert!((8..40).contains(&low.empty()));
        // At a level above it, what lies between both has both.
        let high = Conformal::of(&embedded, &answers, 0.95).unwrap();
        let size = |place: usize| if place.is_multiple_of(5) { 2 } else { 1 };
        let expected: Vec<Option<usize>> = (0..40).map(|place| Some(size(place))).collect();
        assert_eq!((high.coverage.mean, &high.sizes), (1.0, &expected));
        assert_eq!((high.empty(), high.fitted_on), (0, 20));
    }

    #[test]
    fn the_least_sure_come_first_and_what_is_gone_does_not_come() {
        let (embedded, answers) = pictures();
        let mut sets = Conformal::of(&embedded, &answers.iter().collect::<Vec<_>>(), 0.9).unwrap();
        sets.sizes = vec![Some(1), None, Some(3), Some(0), Some(2), Some(0)];
        assert_eq!((sets.least_sure_first(), sets.empty()), (vec![3, 5, 2, 4, 0], 2));
    }

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
