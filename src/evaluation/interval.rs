//! How sure a share or a mean is.

use serde::{Deserialize, Serialize};

use super::random::Random;

/// Samples drawn anew.
const RESAMPLES: usize = 4_000;
/// The share of them that lies inside.
const CONFIDENCE: f64 = 0.95;
/// The normal distribution's value that has this share between it and its negative.
const Z: f64 = 1.959_963_984_540_054;

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub mean: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies inside, ends included.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// A share of so many with Wilson's score interval; none of nothing.
///
/// Unlike the share give or take two standard errors, it is right for few pictures and for shares near 0 and 1 (Wilson 1927).
pub fn share_interval(hits: usize, of: usize) -> Option<Interval> {
    if of == 0 || hits > of {
        return None;
    }
    let (n, share) = (of as f64, hits as f64 / of as f64);
    let shrink = 1.0 + Z * Z / n;
    let centre = (share + Z * Z / (2.0 * n)) / shrink;
    let half = Z / shrink * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some(Interval {
        mean: share,
        // Rounding must not leave an end a hair beyond what is possible.
        low: if hits == 0 { 0.0 } else { centre - half },
        high: if hits == of { 1.0 } else { centre + half },
    })
}

/// The mean of values with a bootstrap interval (percentiles of means of samples drawn anew), the same in every run; none of
/// nothing, and none where a value is not a number. One value alone says nothing of others: shares and differences of shares
/// reach as far as 1 from it.
pub fn mean_interval(values: &[f64]) -> Option<Interval> {
    if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    if let [only] = *values {
        return Some(Interval {
            mean: only,
            low: only - 1.0,
            high: only + 1.0,
        });
    }
    let count = values.len();
    let mut random = Random::seeded(0);
    let resampled = |_| (0..count).map(|_| values[random.below(count)]).sum::<f64>() / count as f64;
    let mut means: Vec<f64> = (0..RESAMPLES).map(resampled).collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((RESAMPLES - 1) as f64 * share).round() as usize];
    Some(Interval {
        mean: values.iter().sum::<f64>() / count as f64,
        low: at((1.0 - CONFIDENCE) / 2.0),
        high: at((1.0 + CONFIDENCE) / 2.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_holds_it_and_narrows_with_more_values() {
        let few: Vec<f64> = (0..10).map(f64::from).collect();
        let many: Vec<f64> = (0..1_000).map(|n| f64::from(n % 10)).collect();
        let (few, many) = (mean_interval(&few).unwrap(), mean_interval(&many).unwrap());
        assert_eq!((few.mean, many.mean), (4.5, 4.5));
        assert!(few.low < many.low && many.high < few.high);
        // The standard error of ten values 0..9 is 2.87 / sqrt(10); two of them on either side.
        assert!((few.high - few.low - 3.56).abs() < 0.3, "{few:?}");
        let one = mean_interval(&[2.0]).unwrap();
        assert_eq!((one.mean, one.low, one.high), (2.0, 1.0, 3.0));
    }

    #[test]
    fn nothing_and_what_is_no_number_have_no_interval() {
        assert_eq!(mean_interval(&[]), None);
        assert_eq!(mean_interval(&[0.5, f64::NAN]), None);
        assert_eq!(mean_interval(&[f64::INFINITY]), None);
        assert_eq!(share_interval(0, 0), None);
        assert_eq!(share_interval(3, 2), None);
    }

    #[test]
    fn a_share_of_all_or_none_is_not_certain() {
        let (none, all) = (share_interval(0, 20).unwrap(), share_interval(20, 20).unwrap());
        assert!(none.low == 0.0 && (0.15..0.17).contains(&none.high), "{none:?}");
        assert!(all.high == 1.0 && (0.83..0.85).contains(&all.low), "{all:?}");
    }
}
