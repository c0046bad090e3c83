//! What panels read of evaluations.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Compared, Evaluating, Figures};
use crate::app::evaluate::matrix::Grid;
use crate::app::evaluate::sixty::{Sharp, Sixty};
use crate::app::evaluate::{ClassOrder, Door, MapColour, MatrixLook, Page};
use crate::engine::evaluation::{
    Answer, Class, Cluster, Columns, Conformal, Confused, Evaluation, EvaluationConfig, Explained, FailureOrder,
    GroundTruth, Listed, MapKind, Projection, Slice, SliceBy,
};

impl Evaluating {
    /// The page that is shown.
    pub fn page(&self) -> Page {
        match self.page {
            Page::Sixty => Page::Sixty,
            page if self.shown.is_some() => page,
            _ => Page::Setup,
        }
    }

    /// The evaluation that is shown.
    pub fn shown(&self) -> Option<&Arc<Evaluation>> {
        self.shown.as_ref()
    }

    /// The evaluation that was deleted last, and can be brought back.
    pub fn deleted(&self) -> Option<&Listed> {
        self.deleted.as_ref()
    }

    /// The filter over the gallery.
    pub fn door(&self) -> Option<&Arc<Door>> {
        self.door.as_ref()
    }

    /// The picture that is looked at, by its place.
    pub fn looked_at(&self) -> Option<usize> {
        self.looked_at
    }

    /// What is at work, and the share that is done.
    pub fn at_work(&self) -> Option<(&str, f32)> {
        self.at_work.as_ref().map(|(what, done)| (what.as_str(), *done))
    }

    /// The evaluations that are kept, the newest first.
    pub fn list(&self) -> &[Listed] {
        &self.list
    }

    /// Pictures of the gallery, in order, by their places.
    pub fn gallery(&self) -> &Arc<Vec<usize>> {
        &self.gallery
    }

    /// What the next evaluation is to be.
    pub fn draft(&self) -> &EvaluationConfig {
        &self.draft
    }

    /// What the folder of the draft says; none while that is looked up.
    pub fn truth(&self) -> Option<Result<&GroundTruth, &String>> {
        self.truth.as_ref().map(|truth| truth.as_deref())
    }

    /// Why the last evaluation could not be made.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// The numbers as they are asked for: where marked pictures are left out, without these.
    pub fn figures(&self) -> Option<Figures<'_>> {
        let shown = self.shown.as_ref()?;
        Some(match self.measured.as_deref().filter(|_| self.leave_out_marked) {
            Some(found) => Figures {
                measures: &found.measures,
                confusion: &found.confusion,
                reliability: &found.reliability,
                retrieval: found.retrieval.as_ref(),
            },
            None => Figures {
                measures: &shown.measures,
                confusion: &shown.confusion,
                reliability: &shown.calibration.all,
                retrieval: shown.retrieval.as_ref(),
            },
        })
    }

    /// What answers are called, in their order.
    pub fn titles(&self) -> &Arc<Vec<String>> {
        &self.titles
    }

    /// The fullest cells of the matrix beside its diagonal.
    pub fn confused(&self) -> &[Confused] {
        &self.confused
    }

    /// Whether the order of the gallery is still being found out.
    pub fn is_ordering(&self) -> bool {
        self.ordered.is_none() && self.order != FailureOrder::default()
    }

    /// The columns of the draft's lists: those that were used, or could be.
    pub fn columns(&self) -> &[Columns] {
        &self.columns
    }

    /// The draft's classes as its published set calls them.
    pub fn names(&self) -> &Arc<Vec<Class>> {
        &self.names
    }

    /// Whether a picture is left out of what is shown.
    pub fn is_left_out(&self, place: usize) -> bool {
        let shown = self.shown.as_ref();
        self.leave_out_marked && shown.is_some_and(|shown| shown.marks.contains_key(&place))
    }

    /// The test of a folder without labels.
    pub fn sixty(&self) -> Option<&Sixty> {
        self.sixty.as_ref()
    }

    /// The picture that it asks about, as sharp as it is shown.
    pub fn sharp(&self) -> Option<&Sharp> {
        self.sharp.as_ref()
    }

    /// Whether marked pictures are left out.
    pub fn leaves_out_marked(&self) -> bool {
        self.leave_out_marked
    }

    /// What an opened evaluation says of its pictures and numbers here.
    pub fn says(&self) -> &[String] {
        match &self.says {
            Some((id, says)) if self.is_shown(id) => says,
            _ => &[],
        }
    }

    /// The order of the gallery.
    pub fn order(&self) -> FailureOrder {
        self.order
    }

    /// How the matrix is looked at.
    pub fn matrix(&self) -> MatrixLook {
        self.matrix
    }

    /// The matrix as it is looked at.
    pub fn grid(&self) -> Option<&Arc<Grid>> {
        self.grid.as_ref()
    }

    /// Which of all matrices that is, for what is drawn of it.
    pub fn grid_version(&self) -> u64 {
        self.grid_version
    }

    /// The order of the table of classes.
    pub fn class_order(&self) -> ClassOrder {
        self.class_order
    }

    /// The evaluation that this one is compared with, and what came of it.
    pub fn compared(&self) -> Option<&Compared> {
        self.compared.as_ref()
    }

    /// By what the pictures are parted.
    pub fn slice_by(&self) -> Option<SliceBy> {
        self.slice_by
    }

    /// The parts, where they are known.
    pub fn slices(&self, by: SliceBy) -> Option<&Arc<Vec<Slice>>> {
        self.slices.get(&by)
    }

    /// Mistakes that lie together; none until they are asked for.
    pub fn clusters(&self) -> Option<&Arc<Vec<Cluster>>> {
        self.clusters.as_ref()
    }

    /// Sets of labels that hold the true one as often as was asked for; none until they are computed.
    pub fn conformal(&self) -> Option<&Conformal> {
        self.conformal.as_deref()
    }

    /// The map of the embeddings as far as it is drawn; none before its first step.
    pub fn map(&self) -> Option<&Arc<Projection>> {
        self.map.as_ref()
    }

    /// Which of all maps that is, for what is drawn of it.
    pub fn map_version(&self) -> u64 {
        self.map_version
    }

    /// How the map is made.
    pub fn map_kind(&self) -> Option<MapKind> {
        self.map_kind
    }

    /// Whether the map was stopped on its way.
    pub fn map_is_stopped(&self) -> bool {
        self.map_stopped
    }

    /// By what its points are coloured.
    pub fn map_colour(&self) -> MapColour {
        self.map_colour
    }

    /// Classes that are not shown on it.
    pub fn hidden_on_map(&self) -> &BTreeSet<usize> {
        &self.hidden_on_map
    }

    /// Whether right and wrong answers are shown on it.
    pub fn shows_on_map(&self) -> [bool; 2] {
        self.hidden_answers.map(|hidden| !hidden)
    }

    /// Whether a picture with this answer is shown on it: the class that its colour tells is not switched off.
    pub fn is_on_map(&self, answer: &Answer) -> bool {
        let hidden = self.hidden_answers[usize::from(!answer.right())];
        let class = match self.map_colour {
            MapColour::Answer => answer.answered(),
            MapColour::Truth | MapColour::Correctness | MapColour::Score => answer.truth,
        };
        !hidden && !self.hidden_on_map.contains(&class)
    }

    /// Whether a class is not shown on it.
    pub fn is_hidden_on_map(&self, class: usize) -> bool {
        self.hidden_on_map.contains(&class)
    }

    /// The heatmaps of a picture, or why there are none; none while they are computed.
    pub fn explained(&self, place: usize) -> Option<Result<&Arc<Explained>, &String>> {
        let (of, explained) = self.explained.as_ref()?;
        (*of == place).then_some(explained.as_ref())
    }

    /// The nearest pictures of a picture's true class, with their cosines.
    pub fn nearest(&self, place: usize) -> Option<&[(usize, f32)]> {
        let (of, nearest) = self.nearest.as_ref()?;
        (*of == place).then_some(nearest.as_slice())
    }

    /// Why what is set up cannot be started now.
    pub fn refusal(&self) -> Option<String> {
        if self.draft.folder.as_os_str().is_empty() {
            return Some("Choose the pictures first".into());
        }
        match &self.truth {
            None => Some("The folder is being looked through".into()),
            Some(Err(reason)) => Some(reason.clone()),
            Some(Ok(_)) if self.at_work.is_some() => {
                Some("Something else is being measured: wait for it, or stop it".into())
            }
            Some(Ok(_)) => None,
        }
    }
}
