//! What the window knows about evaluations.

mod apply;
mod fill;
mod read;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::matrix::Grid;
use super::sixty::{Sharp, Sixty};
use super::{ClassOrder, Door, MapColour, MatrixLook, Page};
use crate::engine::evaluation::{
    Class, Cluster, Columns, Conformal, Confused, Confusion, Evaluation, EvaluationConfig, EvaluationRequest,
    Explained, ExportKind, FailureOrder, GroundTruth, Listed, MapKind, Measures, Projection, Reliability, Remeasured,
    Retrieval, SideBySide, Slice, SliceBy,
};
use crate::engine::protocol::LabelId;

/// A comparison: with which evaluation, and what came of it.
pub type Compared = (String, Option<Result<Arc<SideBySide>, String>>);

/// The numbers of what is shown: of all pictures, or without those that are marked.
#[derive(Clone, Copy)]
pub struct Figures<'a> {
    /// Accuracy and the like.
    pub measures: &'a Measures,
    /// Which class is taken for which.
    pub confusion: &'a Confusion,
    /// The probabilities as they are.
    pub reliability: &'a Reliability,
    /// What is found by captions, where pictures have some.
    pub retrieval: Option<&'a Retrieval>,
}

/// Everything about evaluations. Changed by [`super::update`] (what the user wants) and [`Evaluating::apply`] (what the
/// engine says), and by nothing else.
#[derive(Default)]
pub struct Evaluating {
    pub(super) page: Page,
    pub(super) list: Vec<Listed>,
    pub(super) shown: Option<Arc<Evaluation>>,
    /// What the next evaluation is to be.
    pub(super) draft: EvaluationConfig,
    /// What the folder of the draft says; none while that is looked up.
    pub(super) truth: Option<Result<Box<GroundTruth>, String>>,
    /// The columns of its lists: those that were used, or could be.
    pub(super) columns: Vec<Columns>,
    /// Its classes as the published set of the draft calls them.
    pub(super) names: Arc<Vec<Class>>,
    pub(super) look_asked: u64,
    pub(super) asked: u64,
    pub(super) at_work: Option<(String, f32)>,
    /// Why the last evaluation could not be made.
    pub(super) failed: Option<String>,
    pub(super) door: Option<Arc<Door>>,
    pub(super) order: FailureOrder,
    pub(super) ordered: Option<(FailureOrder, Arc<Vec<usize>>)>,
    pub(super) leave_out_marked: bool,
    pub(super) measure_asked: u64,
    pub(super) measured: Option<Box<Remeasured>>,
    /// Pictures of the gallery, in order.
    pub(super) gallery: Arc<Vec<usize>>,
    pub(super) looked_at: Option<usize>,
    pub(super) nearest: Option<(usize, Vec<(usize, f32)>)>,
    pub(super) explained: Option<(usize, Result<Arc<Explained>, String>)>,
    pub(super) matrix: MatrixLook,
    /// The matrix as it is looked at.
    pub(super) grid: Option<Arc<Grid>>,
    /// Counts the matrices that there were: what is drawn of one is drawn anew for another.
    pub(super) grid_version: u64,
    pub(super) class_order: ClassOrder,
    pub(super) compared: Option<Compared>,
    pub(super) slices: HashMap<SliceBy, Arc<Vec<Slice>>>,
    pub(super) slice_by: Option<SliceBy>,
    pub(super) clusters: Option<Arc<Vec<Cluster>>>,
    pub(super) conformal: Option<Box<Conformal>>,
    pub(super) map: Option<Arc<Projection>>,
    /// Counts the maps that there were.
    pub(super) map_version: u64,
    pub(super) map_kind: Option<MapKind>,
    pub(super) map_colour: MapColour,
    pub(super) hidden_on_map: BTreeSet<usize>,
    /// Whether right and wrong answers are hidden on the map.
    pub(super) hidden_answers: [bool; 2],
    pub(super) exporting: Option<ExportKind>,
    pub(super) deleted: Option<Listed>,
    /// What an evaluation that came from a file says of itself.
    pub(super) says: Option<(String, Vec<String>)>,
    /// An evaluation's file whose pictures are asked for.
    pub(super) importing: Option<PathBuf>,
    /// Whether the map was stopped on its way.
    pub(super) map_stopped: bool,
    /// What answers are called, in their order.
    titles: Arc<Vec<String>>,
    /// The fullest cells beside the diagonal.
    confused: Vec<Confused>,
    /// The test of a folder without labels.
    pub(super) sixty: Option<Sixty>,
    /// The picture that it asks about.
    pub(super) sharp: Option<Sharp>,
    pub(super) guess_asked: u64,
    /// The label whose heatmap is to be tested in Explore, once it is there.
    pub(super) to_test: Option<LabelId>,
    /// What the engine is to be asked, since something else is shown now.
    pub(super) wanted: Vec<EvaluationRequest>,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::evaluation::EvaluationEvent;
    use crate::evaluation::made;

    /// An evaluation of two classes; each picture shows the first number and is answered with the second.
    pub fn evaluation(answers: &[(usize, usize)]) -> Evaluation {
        made(2, answers.iter().copied())
    }

    #[test]
    fn behind_a_door_is_every_picture_that_its_number_counts() {
        let mut evaluating = Evaluating::default();
        evaluating.show(Arc::new(evaluation(&[(0, 0), (0, 1), (1, 1), (1, 0)])));
        assert_eq!(**evaluating.gallery(), [1, 3], "mistakes at first");
        evaluating.door = Some(Door::new("cats", vec![0, 1]));
        evaluating.fill_gallery();
        assert_eq!(
            **evaluating.gallery(),
            [1, 0],
            "mistakes first, and none of them is missing"
        );
        evaluating.door = Some(Door::new("right", vec![0, 2]));
        evaluating.fill_gallery();
        assert_eq!(**evaluating.gallery(), [0, 2]);
    }

    #[test]
    fn every_matrix_and_every_map_is_another_one_for_what_is_drawn_of_it() {
        let mut evaluating = Evaluating::default();
        let shown = Arc::new(evaluation(&[(0, 0), (1, 0)]));
        evaluating.show(shown.clone());
        evaluating.map_kind = Some(MapKind::Pca);
        let map = Arc::new(Projection {
            kind: MapKind::Pca,
            done: 1.0,
            pictures: vec![[0.0; 2]; 2],
            classes: vec![[0.0; 2]; 2],
            explained: None,
        });
        let mut versions = Vec::new();
        for _ in 0..3 {
            evaluating.fill_grid();
            evaluating.apply(EvaluationEvent::Mapped(shown.id.clone(), map.clone()));
            versions.push((evaluating.grid_version(), evaluating.map_version()));
        }
        assert!(versions.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{versions:?}");
    }

    #[test]
    fn answers_to_an_evaluation_that_is_not_shown_are_dropped() {
        let mut evaluating = Evaluating::default();
        let mut first = evaluation(&[(0, 0)]);
        first.id = "first".into();
        evaluating.show(Arc::new(first));
        evaluating.apply(EvaluationEvent::Clustered("second".into(), Arc::default()));
        assert!(evaluating.clusters.is_none());
        evaluating.apply(EvaluationEvent::Clustered("first".into(), Arc::default()));
        assert!(evaluating.clusters.is_some());
        // Long work on another one ends: the one that is looked at stays.
        let changed = |id: &str, name: &str| {
            let mut changed = evaluation(&[(0, 0)]);
            (changed.id, changed.name) = (id.into(), name.into());
            EvaluationEvent::Changed(Arc::new(changed))
        };
        evaluating.apply(changed("second", "studied"));
        assert_eq!(evaluating.shown.as_ref().unwrap().id, "first");
        evaluating.apply(changed("first", "renamed"));
        assert_eq!(evaluating.shown.as_ref().unwrap().name, "renamed");
    }
}
