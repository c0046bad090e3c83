//! What several seeds say together.

use super::{KShot, METHODS};
use crate::evaluation::Verdict;
use crate::fine_tune::FineTuneMethod;

/// What the seeds made of a number of examples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// None for zero-shot.
    pub method: Option<FineTuneMethod>,
    /// Of the largest class.
    pub examples: usize,
    /// Splits, each by its own seed.
    pub seeds: usize,
    /// The lowest accuracy on the test side, from 0 to 1.
    pub low: f64,
    pub mean: f64,
    pub high: f64,
    /// The mean difference to zero-shot on the same pictures.
    pub gain: Option<f64>,
    /// Splits in which it is shown to be better than zero-shot.
    pub improved: usize,
    /// Splits in which it is shown to be worse.
    pub worsened: usize,
}

/// The bands of a curve: zero-shot first, then each method with ever more examples. Numbers of shots that no class has are
/// what the largest class gave, once.
pub fn bands(points: &[KShot]) -> Vec<Band> {
    let order = |method: Option<FineTuneMethod>| METHODS.iter().position(|known| Some(*known) == method);
    let mut keys: Vec<(Option<usize>, usize)> = points.iter().map(|p| (order(p.method), p.examples)).collect();
    keys.sort_unstable();
    keys.dedup();
    let band = |(place, examples): (Option<usize>, usize)| {
        let mut these: Vec<&KShot> = points
            .iter()
            .filter(|point| order(point.method) == place && point.examples == examples)
            .collect();
        these.sort_by_key(|point| (point.seed, point.shots));
        these.dedup_by_key(|point| point.seed);
        let values = || these.iter().map(|point| f64::from(point.accuracy));
        let seeds = these.len();
        let gains = these.iter().map(|point| Some(point.compared?.difference.mean));
        let count = |verdict| {
            let verdicts = these.iter().filter_map(|point| Some(point.compared?.verdict()));
            verdicts.filter(|found| *found == verdict).count()
        };
        Band {
            method: these.first().and_then(|point| point.method),
            examples,
            seeds,
            low: values().fold(f64::INFINITY, f64::min),
            mean: values().sum::<f64>() / seeds as f64,
            high: values().fold(f64::NEG_INFINITY, f64::max),
            gain: gains.sum::<Option<f64>>().map(|sum| sum / seeds as f64),
            improved: count(Verdict::Improved),
            worsened: count(Verdict::Worsened),
        }
    };
    keys.into_iter().map(band).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::Comparison;

    #[test]
    fn a_band_names_its_seeds_and_stands_where_its_examples_are() {
        let point = |method, shots, examples, seed, accuracy| KShot {
            method,
            shots,
            examples,
            seed,
            accuracy,
            interval: None,
            compared: Comparison::of(&[0.0; 40], &[1.0; 40]).filter(|_| method.is_some()),
        };
        let probe = Some(METHODS[0]);
        let points = [
            point(None, 0, 0, 0, 0.5),
            point(probe, 8, 8, 0, 0.7),
            point(probe, 16, 12, 0, 0.8),
            point(None, 0, 0, 1, 0.6),
            point(probe, 8, 8, 1, 0.75),
            // Nothing but 12 pictures is there for 16 and for 32.
            point(probe, 16, 12, 1, 0.9),
            point(probe, 32, 12, 1, 0.9),
        ];
        let found = bands(&points);
        let keys: Vec<_> = found
            .iter()
            .map(|band| (band.method, band.examples, band.seeds))
            .collect();
        assert_eq!(keys, [(None, 0, 2), (probe, 8, 2), (probe, 12, 2)]);
        assert!((found[2].low - 0.8).abs() < 1e-6 && (found[2].mean - 0.85).abs() < 1e-6);
        assert_eq!((found[0].gain, found[2].gain, found[2].improved), (None, Some(1.0), 2));
    }
}
