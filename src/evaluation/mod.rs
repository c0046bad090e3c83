//! How good answers are, and how sure that is. Knows no thread and no window.
//!
//! - [`GroundTruth`]: what a folder says of its pictures. [`Preset`], [`Published`]: what is known of published sets.
//! - [`Embedded`] to [`Answer`]s; of these [`Measures`], [`Confusion`], [`Calibration`], [`Negatives`], [`Retrieval`].
//! - [`PromptStudy`]: words against nonsense. [`SideBySide`]: two evaluations of the same pictures.
//! - [`FailureOrder`], [`Cluster`], [`Slice`], [`Projection`], [`Conformal`]: ways to look at failures.
//! - [`Evaluation`]: all of one, as it is kept.

#[cfg(test)]
mod against_others;
mod answers;
mod books;
mod calibration;
mod clusters;
mod conformal;
mod confusion;
mod facts;
mod interval;
mod measures;
mod metrics;
mod negatives;
mod order;
mod paired;
mod preset;
mod projection;
mod prompts;
mod published;
mod random;
mod record;
mod retrieval;
mod side_by_side;
mod slices;
mod truth;
mod words;

pub use crate::library::labelled::{Columns, DataError, Purpose, Side, Source, Wanted};
pub use answers::{Answer, Embedded, KEPT, Ranked, answer};
pub use books::{Books, read as read_evaluation};
pub use calibration::{BINS, Bin, Calibration, Fitted, Reliability, halves, temperature};
pub use clusters::Cluster;
pub use conformal::Conformal;
pub use confusion::{Confused, Confusion, Folded};
pub use facts::{Facts, content_of, facts};
pub use interval::{Interval, mean_interval, share_interval};
pub use measures::{ClassMeasures, Measures};
pub use metrics::{accuracy, best, dot, found_at_1, mean, recall_at_1, right};
pub use negatives::{Negatives, Threshold};
pub use order::{FailureOrder, Suspect, ordered, suspects};
pub use paired::{Comparison, Verdict, accuracy_interval, mcnemar};
pub use preset::Preset;
pub use projection::{MapKind, Projection};
pub use prompts::{Nonsense, PromptRow, PromptStudy, ensembles, kinds, nonsense};
pub use published::{Published, published};
pub use random::Random;
pub use record::{Evaluation, FORMAT, Judged, Listed, Mark, Marked, ModelRef, Remeasured, Setup};
pub use retrieval::{AMONG, Retrieval};
pub use side_by_side::{ClassChange, Fate, SideBySide, holm};
pub use slices::{Slice, SliceBy, slices, worst};
pub use truth::{Class, GroundTruth, Part, Picture};
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
