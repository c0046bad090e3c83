//! How good answers are, and how sure that is. Knows no thread and no window.
//!
//! - [`GroundTruth`]: what a folder says of its pictures. [`Preset`], [`Published`]: what is known of published sets.
//! - [`Embedded`] to [`Answer`]s; of these [`Measures`], [`Confusion`], [`Calibration`], [`Negatives`], [`Retrieval`].
//! - [`PromptStudy`]: words against nonsense. [`SideBySide`]: two evaluations of the same pictures.
//! - [`FailureOrder`], [`Cluster`], [`Slice`], [`Projection`], [`Conformal`]: ways to look at failures.
//! - [`ActiveTest`]: the accuracy on pictures without labels.
//! - [`Evaluation`]: all of one, as it is kept.

mod active;
#[cfg(test)]
mod against_others;
mod answers;
mod calibration;
mod checked;
mod clusters;
mod conformal;
mod confusion;
mod facts;
mod interval;
mod left_out;
mod listed;
mod made;
mod map;
mod marks;
mod measures;
mod metrics;
mod negatives;
mod order;
pub mod out;
mod paired;
mod preset;
mod prompts;
mod published;
mod random;
mod record;
mod retrieval;
mod side_by_side;
mod slices;
mod store;
mod truth;
mod words;

pub use crate::library::labelled::{Columns, DataError, Purpose, Side, Source, Wanted, columns_of};
pub use active::ActiveTest;
pub use answers::{Answer, Embedded, KEPT, Ranked, answer};
pub use calibration::{BINS, Bin, Calibration, Fitted, Reliability, bin_of, halves, temperature};
pub use clusters::{Cluster, ClusterOf, clusters, vocabulary};
pub use conformal::Conformal;
pub use confusion::{Confused, Confusion, Folded};
pub use facts::{Facts, content_of, facts};
pub use interval::{Interval, mean_interval, share_interval};
pub use listed::Listed;
pub use map::{Directions, MapKind, NOWHERE, Projection, directions};
pub use marks::{Mark, Marked};
pub use measures::{ClassMeasures, Measures};
pub use metrics::{accuracy, best, dot, found_at_1, mean, recall_at_1, right};
pub use negatives::{Negatives, Threshold};
pub use order::{FailureOrder, Suspect, ordered, suspects};
pub use paired::{Comparison, Verdict, accuracy_interval, mcnemar};
pub use preset::Preset;
pub use prompts::{BesideNonsense, DRAWS, Nonsense, PromptRow, PromptStudy, ensembles, kinds, nonsense};
pub use published::{Published, PublishedMeasure, hub_name, published};
pub use random::Random;
pub use record::{Caption, Evaluation, FORMAT, Judged, KeptSlice, ModelRef, Remeasured, Setup};
pub use retrieval::{AMONG, Retrieval};
pub use side_by_side::{ClassChange, Fate, SideBySide, holm};
pub use slices::{Slice, SliceBy, slices, worst};
pub use store::{Changed, EvaluationStore, GivenLabel, read as read_evaluation, written};
pub use truth::{Class, GroundTruth, Part, Picture, call_as, labels_for};
pub use words::p_words;

pub(crate) use made::made;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// An evaluation of pictures with these classes and these answers, of three classes.
    pub fn made(truth: &[usize], answered: &[usize]) -> Evaluation {
        super::made(3, truth.iter().copied().zip(answered.iter().copied()))
    }

    #[test]
    fn an_evaluation_is_kept_put_aside_and_brought_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = EvaluationStore::at(folder.path());
        assert_eq!(store.list(), []);
        let evaluation = made(&[0, 1, 2], &[0, 1, 1]);
        store.save(&evaluation).unwrap();
        let opened = store.open(&evaluation.id).unwrap();
        assert_eq!(
            (&opened.pictures, &opened.classes),
            (&evaluation.pictures, &evaluation.classes)
        );
        assert_eq!(
            (&opened.setup, &opened.confusion),
            (&evaluation.setup, &evaluation.confusion)
        );
        // The last digit of a number may change on its way through a text.
        assert!((opened.measures.top1.low - evaluation.measures.top1.low).abs() < 1e-12);
        let listed = store.list();
        assert_eq!((listed.len(), &listed[0].id, listed[0].count), (1, &evaluation.id, 3));
        store.delete(&evaluation.id).unwrap();
        assert!(store.list().is_empty() && store.open(&evaluation.id).is_err());
        store.restore(&evaluation.id).unwrap();
        assert_eq!(store.list().len(), 1);
        assert!(store.open("../other").is_err());
    }

    #[test]
    fn slices_part_every_picture_and_a_cell_has_exactly_its_own() {
        let mut evaluation = made(&[0, 0, 0, 1, 1, 2], &[0, 1, 1, 1, 0, 2]);
        evaluation.marks.insert(
            1,
            Marked {
                mark: Mark::Ambiguous,
                note: String::new(),
            },
        );
        assert_eq!(evaluation.cell(0, 1), [1, 2]);
        assert!(evaluation.cell(2, 0).is_empty());
        let by_folder = slices(&evaluation, SliceBy::Folder);
        let named: Vec<_> = by_folder
            .iter()
            .map(|slice| (slice.name.as_str(), slice.places.len()))
            .collect();
        assert_eq!(named, [("class 0", 3), ("class 1", 2), ("class 2", 1)]);
        assert!((by_folder[0].accuracy.unwrap().mean - 1.0 / 3.0).abs() < 1e-12);
        let marked = slices(&evaluation, SliceBy::Mark);
        assert_eq!((marked.len(), marked[0].places.as_slice()), (1, &[1][..]));
        // A slice that was kept is found by its pictures' content, in another evaluation, too.
        evaluation.slices.push(KeptSlice {
            name: "snow".into(),
            contents: vec!["1".into(), "5".into(), "of another set".into()],
        });
        let kept = slices(&evaluation, SliceBy::Kept);
        assert_eq!((kept.len(), kept[0].places.as_slice()), (1, &[1, 5][..]));
        assert!(slices(&evaluation, SliceBy::Size).is_empty());
        assert_eq!(worst(&by_folder), None);
        let all: Vec<usize> = (0..6).collect();
        assert_eq!(evaluation.remeasured(&all).unwrap().measures, evaluation.measures);
        assert_eq!(evaluation.remeasured(&[0, 3, 5]).unwrap().measures.top1.mean, 1.0);
        assert_eq!(evaluation.remeasured(&[]), None);
    }

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
