//! How sure a mean is.

/// Samples drawn anew.
const RESAMPLES: usize = 1_000;
/// The share of them that lies inside.
const CONFIDENCE: f64 = 0.95;

/// A mean with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The mean.
    pub mean: f32,
    /// The interval's lower end.
    pub low: f32,
    /// The interval's upper end.
    pub high: f32,
}

/// The mean of values with a bootstrap interval (percentiles of resampled means), the same in every run.
pub fn mean_interval(values: &[f32]) -> Interval {
    if values.is_empty() {
        return Interval {
            mean: f32::NAN,
            low: f32::NAN,
            high: f32::NAN,
        };
    }
    let mut random = fastrand::Rng::with_seed(0);
    let mean = |sum: f64| (sum / values.len() as f64) as f32;
    let mut means: Vec<f32> = (0..RESAMPLES)
        .map(|_| {
            mean(
                (0..values.len())
                    .map(|_| f64::from(values[random.usize(..values.len())]))
                    .sum(),
            )
        })
        .collect();
    means.sort_by(f32::total_cmp);
    let at = |share: f64| means[((RESAMPLES - 1) as f64 * share).round() as usize];
    Interval {
        mean: mean(values.iter().map(|v| f64::from(*v)).sum()),
        low: at((1.0 - CONFIDENCE) / 2.0),
        high: at((1.0 + CONFIDENCE) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_mean_and_narrows_with_more_values() {
        let few: Vec<f32> = (0..10).map(|n| n as f32).collect();
        let many: Vec<f32> = (0..1_000).map(|n| (n % 10) as f32).collect();
        let (few, many) = (mean_interval(&few), mean_interval(&many));
        assert_eq!((few.mean, many.mean), (4.5, 4.5));
        assert!(few.low < many.low && many.high < few.high);
        // The standard error of ten values 0..9 is 2.87 / sqrt(10); two of them on either side.
        assert!((few.high - few.low - 3.56).abs() < 0.6, "{few:?}");
        assert_eq!(
            mean_interval(&[2.0]),
            Interval {
                mean: 2.0,
                low: 2.0,
                high: 2.0
            }
        );
    }
}
