//! What the window knows about evaluations.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::matrix::Grid;
use super::sixty::Sixty;
use super::{ClassOrder, Door, MapColour, MatrixLook, MatrixOrder, Page};
use crate::engine::ModelChoice;
use crate::engine::evaluation::{
    Answer, Class, Cluster, Columns, Conformal, Confused, Confusion, Evaluation, EvaluationConfig, EvaluationEvent,
    EvaluationRequest, Explained, ExportKind, FailureOrder, GroundTruth, Listed, MapKind, Measures, Preset, Projection,
    Reliability, Remeasured, SideBySide, Slice, SliceBy, Wanted, call_as,
};

/// The level of label sets at first.
pub const USUAL_LEVEL: f64 = 0.9;
/// Confused pairs that are offered by themselves.
const CONFUSED: usize = 4;
/// With more classes than this, the matrix is looked at by its most confused ones at first.
const WHOLE: usize = 25;

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
    pub(super) class_order: ClassOrder,
    pub(super) compared: Option<Compared>,
    pub(super) slices: HashMap<SliceBy, Arc<Vec<Slice>>>,
    pub(super) slice_by: Option<SliceBy>,
    pub(super) clusters: Option<Arc<Vec<Cluster>>>,
    pub(super) conformal: Option<Box<Conformal>>,
    pub(super) map: Option<Arc<Projection>>,
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
    pub(super) guess_asked: u64,
    /// What the engine is to be asked, since something else is shown now.
    pub(super) wanted: Vec<EvaluationRequest>,
}

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
            },
            None => Figures {
                measures: &shown.measures,
                confusion: &shown.confusion,
                reliability: &shown.calibration.all,
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

    /// Whether the map was stopped on its way.
    pub fn map_is_stopped(&self) -> bool {
        self.map_stopped
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

    /// Mistakes that lie together.
    pub fn clusters(&self) -> Option<&Arc<Vec<Cluster>>> {
        self.clusters.as_ref()
    }

    /// Label sets.
    pub fn conformal(&self) -> Option<&Conformal> {
        self.conformal.as_deref()
    }

    /// The map.
    pub fn map(&self) -> Option<&Arc<Projection>> {
        self.map.as_ref()
    }

    /// How the map is made.
    pub fn map_kind(&self) -> Option<MapKind> {
        self.map_kind
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

    /// Whether a picture with this answer is shown on it.
    pub fn is_on_map(&self, answer: &Answer) -> bool {
        let hidden = self.hidden_answers[usize::from(!answer.right())];
        !hidden && !self.hidden_on_map.contains(&answer.truth)
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

    /// Sets up an evaluation of this folder by this model.
    pub(super) fn draft_for(&mut self, folder: std::path::PathBuf, model: ModelChoice) {
        self.draft = EvaluationConfig {
            folder,
            wanted: Wanted::to_measure(),
            model,
            ..EvaluationConfig::default()
        };
        self.truth = None;
        self.columns.clear();
        self.failed = None;
    }

    /// What the engine is to be asked since something else is shown.
    pub fn take_wanted(&mut self) -> Vec<EvaluationRequest> {
        std::mem::take(&mut self.wanted)
    }

    /// Takes what the engine says.
    pub fn apply(&mut self, event: EvaluationEvent) {
        match event {
            EvaluationEvent::List(list) => self.list = list,
            EvaluationEvent::Looked {
                generation,
                truth,
                columns,
            } if generation == self.look_asked => {
                self.columns = columns;
                self.found(truth);
            }
            EvaluationEvent::Working { what, done } => self.at_work = Some((what, done)),
            EvaluationEvent::Idle => self.at_work = None,
            EvaluationEvent::Evaluated { generation, evaluation } => self.evaluated(generation, evaluation),
            EvaluationEvent::Guessed { generation, guessed } if generation == self.guess_asked => match guessed {
                Ok(guessed) => self.sixty = Some(Sixty::new(guessed)),
                Err(reason) => self.failed = Some(reason),
            },
            EvaluationEvent::Imported { id, says } => self.says = Some((id, says)),
            EvaluationEvent::Measured {
                generation, measures, ..
            } if generation == self.measure_asked => {
                self.measured = measures;
                self.fill_grid();
            }
            EvaluationEvent::Ordered(id, order, places) if self.is_shown(&id) && order == self.order => {
                self.ordered = Some((order, places));
                self.fill_gallery();
            }
            EvaluationEvent::Conformal(id, sets) if self.is_shown(&id) => self.conformal = Some(sets),
            EvaluationEvent::Compared(first, second, found) if self.is_shown(&second) => {
                self.compared = Some((first, Some(found)));
            }
            EvaluationEvent::Sliced(id, by, slices) if self.is_shown(&id) => {
                self.slices.insert(by, slices);
            }
            EvaluationEvent::Clustered(id, clusters) if self.is_shown(&id) => self.clusters = Some(clusters),
            EvaluationEvent::Mapped(id, map) if self.is_shown(&id) && self.map_kind == Some(map.kind) => {
                self.map = Some(map);
            }
            EvaluationEvent::Nearest { id, place, nearest } if self.is_shown(&id) => {
                self.nearest = Some((place, nearest));
            }
            EvaluationEvent::Explained { id, place, explained } if self.is_shown(&id) => {
                self.explained = Some((place, explained));
            }
            // Answers to what is not asked any more; what was written is said in a message.
            _ => {}
        }
    }

    fn is_shown(&self, id: &str) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.id == id)
    }

    fn found(&mut self, truth: Result<(Box<GroundTruth>, Option<String>), String>) {
        self.truth = Some(truth.map(|(truth, preset)| {
            // A set that its folders are called like is offered, and can be taken away.
            if self.draft.preset.is_none() {
                self.draft.preset = preset;
            }
            truth
        }));
        self.fill_names();
    }

    /// The names follow the folder and the published set.
    pub(super) fn fill_names(&mut self) {
        let Some(Ok(truth)) = &self.truth else { return };
        let mut classes = truth.classes.clone();
        if let Some(preset) = self.draft.preset.as_deref().and_then(Preset::named) {
            call_as(&mut classes, &preset.names);
        }
        self.names = Arc::new(classes);
    }

    fn evaluated(&mut self, generation: Option<u64>, evaluation: Result<Arc<Evaluation>, String>) {
        if generation.is_some_and(|generation| generation != self.asked) {
            return;
        }
        match evaluation {
            Ok(evaluation) if generation.is_some() || !self.is_shown(&evaluation.id) => self.show(evaluation),
            Ok(evaluation) => self.changed(evaluation),
            Err(reason) => self.failed = Some(reason),
        }
    }

    /// The same one with a change: what was computed from its answers may be other now, and what it is called.
    fn changed(&mut self, evaluation: Arc<Evaluation>) {
        let before = self.shown.replace(evaluation.clone());
        let same = |of: fn(&Evaluation) -> &Confusion| before.as_deref().is_some_and(|one| of(one) == of(&evaluation));
        let same_answers = same(|one| &one.confusion);
        let same_words = before.as_deref().is_some_and(|one| one.classes == evaluation.classes);
        if !same_answers || !same_words {
            self.forget_computed();
        }
        let other = |of: fn(&Evaluation) -> usize| before.as_deref().map(of) != Some(of(&evaluation));
        if other(|one| one.slices.len()) {
            self.slices.remove(&SliceBy::Kept);
        }
        if before.is_some_and(|one| one.marks != evaluation.marks) {
            self.slices.remove(&SliceBy::Mark);
            if self.leave_out_marked {
                self.compared_again();
            }
        }
        self.fill_all();
    }

    /// Another evaluation is shown: what was computed from the one before is forgotten.
    fn show(&mut self, evaluation: Arc<Evaluation>) {
        let (classes, captions) = (evaluation.classes.len(), evaluation.is_of_captions());
        self.leave_out_marked = self.leave_out_marked && !evaluation.marks.is_empty();
        self.matrix.most = (classes > WHOLE).then_some(WHOLE);
        if classes > WHOLE {
            self.matrix.order = MatrixOrder::Similarity;
        }
        self.shown = Some(evaluation);
        self.failed = None;
        self.door = None;
        self.looked_at = None;
        self.compared = None;
        self.hidden_on_map.clear();
        self.hidden_answers = [false; 2];
        self.forget_computed();
        if matches!(self.page, Page::Setup | Page::Sixty) || (captions && !self.page.is_of_captions()) {
            self.page = Page::Summary;
        }
        self.fill_all();
    }

    /// Everything that follows from what is shown; what the page needs beside it is asked for.
    fn fill_all(&mut self) {
        let shown = self.shown.as_ref();
        self.titles = shown.map_or_else(Arc::default, |shown| Arc::new(shown.titles()));
        self.fill_grid();
        self.fill_gallery();
        self.ask_for_page();
    }

    /// Asks for what the page needs and does not have; for measures that leave marked pictures out; and for the order.
    pub(super) fn ask_for_page(&mut self) {
        let Some(id) = self.shown.as_ref().map(|shown| shown.id.clone()) else {
            return;
        };
        if self.ordered.is_none() && self.order != FailureOrder::default() {
            self.wanted.push(EvaluationRequest::Order(id.clone(), self.order));
        }
        self.ask_for_measures();
        match self.page {
            Page::Map if self.map.is_none() => {
                let kind = *self.map_kind.get_or_insert(MapKind::Pca);
                self.map_stopped = false;
                self.wanted.push(EvaluationRequest::Map(id, kind));
            }
            Page::Groups => {
                let by = *self.slice_by.get_or_insert(SliceBy::Folder);
                if !self.slices.contains_key(&by) {
                    self.wanted.push(EvaluationRequest::Slices(id.clone(), by));
                }
                let of_classes = self.shown.as_ref().is_some_and(|shown| !shown.is_of_captions());
                if self.conformal.is_none() && of_classes {
                    self.wanted.push(EvaluationRequest::Conformal(id, USUAL_LEVEL));
                }
            }
            _ => {}
        }
    }

    /// Measures without what is marked follow the marks.
    pub(super) fn ask_for_measures(&mut self) {
        let Some(shown) = self.shown.as_ref().filter(|_| self.leave_out_marked) else {
            return;
        };
        self.measure_asked += 1;
        let places = (0..shown.pictures.len())
            .filter(|place| !shown.marks.contains_key(place))
            .collect();
        self.wanted.push(EvaluationRequest::Measure {
            id: shown.id.clone(),
            generation: self.measure_asked,
            places,
        });
    }

    /// A comparison follows the marks, too.
    pub(super) fn compared_again(&mut self) {
        if let (Some((first, _)), Some(shown)) = (&self.compared, &self.shown) {
            self.wanted.push(EvaluationRequest::Compare {
                first: first.clone(),
                second: shown.id.clone(),
                without_marked: self.leave_out_marked,
            });
        }
    }

    fn forget_computed(&mut self) {
        self.ordered = None;
        self.measured = None;
        self.nearest = None;
        self.explained = None;
        self.slices.clear();
        self.clusters = None;
        self.conformal = None;
        self.map = None;
    }

    /// The matrix follows the evaluation, the way that it is looked at, and the marks.
    pub(super) fn fill_grid(&mut self) {
        let found = self.figures().zip(self.shown.as_ref());
        let of_classes = found.filter(|(_, shown)| !shown.is_of_captions());
        let (grid, confused) = match of_classes {
            Some((figures, _)) => (
                Some(Arc::new(Grid::of(figures.confusion, &self.titles, self.matrix))),
                figures.confusion.confused(CONFUSED),
            ),
            None => (None, Vec::new()),
        };
        (self.grid, self.confused) = (grid, confused);
    }

    /// The gallery follows the filter, the order and the marks.
    pub(super) fn fill_gallery(&mut self) {
        let Some(shown) = &self.shown else {
            self.gallery = Arc::default();
            return;
        };
        let behind: Option<BTreeSet<usize>> = self.door.as_ref().map(|door| door.places.iter().copied().collect());
        let kept = |place: &usize| {
            behind.as_ref().is_none_or(|places| places.contains(place))
                && !(self.leave_out_marked && shown.marks.contains_key(place))
        };
        if let Some(door) = self.door.as_ref().filter(|door| door.order.is_some()) {
            self.gallery = Arc::new(door.places.iter().copied().filter(kept).collect());
            return;
        }
        let in_order: Vec<usize> = match &self.ordered {
            Some((order, places)) if *order == self.order => places.iter().copied().filter(kept).collect(),
            _ => mistakes(shown).into_iter().filter(kept).collect(),
        };
        // Behind a door is every picture that the number counts, also those that the order leaves out.
        let mut gallery = in_order;
        if let Some(door) = &self.door {
            let there: BTreeSet<usize> = gallery.iter().copied().collect();
            gallery.extend(
                door.places
                    .iter()
                    .copied()
                    .filter(|place| !there.contains(place))
                    .filter(kept),
            );
        }
        self.gallery = Arc::new(gallery);
    }
}

/// Mistakes, the most confident first: the order until another one is asked for.
fn mistakes(shown: &Evaluation) -> Vec<usize> {
    let answer = |place: usize| &shown.pictures[place].answer;
    let lead = |place: usize| answer(place).of_truth.probability - answer(place).confidence();
    let wrong = (0..shown.pictures.len()).filter(|place| !answer(*place).right());
    let mut places: Vec<usize> = wrong.collect();
    places.sort_by(|a, b| lead(*a).total_cmp(&lead(*b)));
    places
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::evaluation::{Answer, Class, Judged, ModelRef, Part, Ranked, Setup, TemplateSet};

    /// An evaluation of two classes; each picture shows the first number and is answered with the second.
    pub fn evaluation(answers: &[(usize, usize)]) -> Evaluation {
        let answer = |truth: usize, answered: usize| Answer {
            truth,
            best: vec![
                Ranked {
                    class: answered,
                    cosine: 0.3,
                    probability: 0.8,
                },
                Ranked {
                    class: 1 - answered,
                    cosine: 0.2,
                    probability: 0.2,
                },
            ],
            of_truth: Ranked {
                class: truth,
                cosine: if truth == answered { 0.3 } else { 0.2 },
                probability: if truth == answered { 0.8 } else { 0.2 },
            },
            rank: usize::from(truth != answered),
            margin: 0.1,
            entropy: 0.5,
            none_cosine: 0.1,
        };
        let answers: Vec<Answer> = answers
            .iter()
            .map(|(truth, answered)| answer(*truth, *answered))
            .collect();
        let setup = Setup {
            folder: "/pictures".into(),
            wanted: Wanted::to_measure(),
            part: Part::All,
            templates: TemplateSet::One,
            preset: None,
            model: ModelRef::default(),
            data: String::new(),
            date: String::new(),
            version: String::new(),
        };
        let judged = |answer: Answer| Judged {
            path: "a.jpg".into(),
            side: None,
            content: String::new(),
            answer,
        };
        Evaluation::of_answers(
            setup,
            vec![Class::of_folder("cat"), Class::of_folder("dog")],
            answers.into_iter().map(judged).collect(),
        )
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
    fn answers_to_an_evaluation_that_is_not_shown_are_dropped() {
        let mut evaluating = Evaluating::default();
        let mut first = evaluation(&[(0, 0)]);
        first.id = "first".into();
        evaluating.show(Arc::new(first));
        evaluating.apply(EvaluationEvent::Clustered("second".into(), Arc::default()));
        assert!(evaluating.clusters.is_none());
        evaluating.apply(EvaluationEvent::Clustered("first".into(), Arc::default()));
        assert!(evaluating.clusters.is_some());
    }
}
