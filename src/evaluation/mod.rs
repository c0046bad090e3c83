//! How good answers are, and how sure that is. Knows no thread and no window.

mod interval;
mod metrics;
mod paired;
mod random;
mod words;

pub use interval::{Interval, mean_interval, share_interval};
pub use metrics::{accuracy, best, dot, found_at_1, mean, recall_at_1, right};
pub use paired::{Comparison, Verdict, accuracy_interval, mcnemar};
pub use random::Random;
pub use words::p_words;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Written by `tests/reference/make_evaluation.py` from statsmodels and scipy.
    const REFERENCE: &str = include_str!("../../tests/fixtures/evaluation.json");

    fn cases(name: &str) -> Vec<Vec<f64>> {
        let all: Value = serde_json::from_str(REFERENCE).unwrap();
        let rows = all[name].as_array().unwrap().iter();
        let numbers = |row: &Value| row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        rows.map(numbers).collect()
    }

    #[test]
    fn intervals_of_shares_are_those_of_statsmodels() {
        let wilson = cases("wilson");
        assert!(wilson.len() > 20);
        for case in wilson {
            let [hits, of, low, high] = case[..] else {
                panic!("{case:?}")
            };
            let found = share_interval(hits as usize, of as usize).unwrap();
            assert!(
                (found.low - low).abs() < 1e-9 && (found.high - high).abs() < 1e-9,
                "{case:?} {found:?}"
            );
        }
    }

    #[test]
    fn paired_tests_are_those_of_statsmodels_and_scipy() {
        let tests = cases("mcnemar");
        assert!(tests.len() > 20);
        for case in tests {
            let [fixed, broken, exact, mid_p] = case[..] else {
                panic!("{case:?}")
            };
            let found = mcnemar(fixed as usize, broken as usize);
            let expected = if fixed + broken < 25.0 { exact } else { mid_p };
            assert!((found - expected).abs() < 1e-9, "{case:?} {found}");
        }
    }

    #[test]
    fn bootstrapped_ends_lie_where_scipys_do() {
        for case in cases("bootstrap") {
            let [both, fixed, broken, neither, low, high] = case[..] else {
                panic!("{case:?}")
            };
            let answers = |of: [f64; 4]| -> Vec<f64> {
                let parts = [both, fixed, broken, neither].into_iter().zip(of);
                parts.flat_map(|(count, score)| vec![score; count as usize]).collect()
            };
            let (before, after) = (answers([1.0, 0.0, 1.0, 0.0]), answers([1.0, 1.0, 0.0, 0.0]));
            let found = Comparison::of(&before, &after).unwrap().difference;
            // Both draw at random, each its own; ends differ by a picture or two.
            let near = 2.5 / before.len() as f64;
            assert!(
                (found.low - low).abs() < near && (found.high - high).abs() < near,
                "{case:?} {found:?}"
            );
        }
    }
}
