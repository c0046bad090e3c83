//! What follows from what is shown: names, the matrix, the gallery, and what the engine is to be asked for the page.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Evaluating;
use crate::app::evaluate::Page;
use crate::app::evaluate::matrix::Grid;
use crate::engine::evaluation::{Evaluation, EvaluationRequest, FailureOrder, MapKind, Preset, SliceBy, call_as};

/// The level of label sets at first.
const USUAL_LEVEL: f64 = 0.9;
/// Confused pairs that are offered by themselves.
const CONFUSED: usize = 4;

impl Evaluating {
    /// What the engine is to be asked since something else is shown.
    pub fn take_wanted(&mut self) -> Vec<EvaluationRequest> {
        std::mem::take(&mut self.wanted)
    }

    /// The names follow the folder and the published set.
    pub(in crate::app::evaluate) fn fill_names(&mut self) {
        let Some(Ok(truth)) = &self.truth else { return };
        let mut classes = truth.classes.clone();
        if let Some(preset) = self.draft.preset.as_deref().and_then(Preset::named) {
            call_as(&mut classes, &preset.names);
        }
        self.names = Arc::new(classes);
    }

    /// Everything that follows from what is shown; what the page needs beside it is asked for.
    pub(super) fn fill_all(&mut self) {
        let shown = self.shown.as_ref();
        self.titles = shown.map_or_else(Arc::default, |shown| Arc::new(shown.titles()));
        self.fill_grid();
        self.fill_gallery();
        self.ask_for_page();
    }

    /// Asks for what the page needs and does not have; for measures that leave marked pictures out; and for the order.
    pub(in crate::app::evaluate) fn ask_for_page(&mut self) {
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
    pub(in crate::app::evaluate) fn ask_for_measures(&mut self) {
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

    /// Asks why the picture that is looked at is answered as it is, and which pictures are like it.
    pub(in crate::app::evaluate) fn ask_for_card(&mut self) {
        let (Some(place), Some(shown)) = (self.looked_at, &self.shown) else {
            return;
        };
        let id = shown.id.clone();
        let beside = self.beside();
        self.wanted.push(EvaluationRequest::Nearest { id: id.clone(), place });
        self.wanted.push(EvaluationRequest::Explain { id, place, beside });
    }

    /// The evaluation whose heatmaps stand beside those of the one that is shown: the one that it is compared with.
    pub(in crate::app::evaluate) fn beside(&self) -> Option<String> {
        let (id, found) = self.compared.as_ref()?;
        matches!(found, Some(Ok(_))).then(|| id.clone())
    }

    /// A comparison follows marks, answers and names.
    pub(in crate::app::evaluate) fn compared_again(&mut self) {
        if let (Some((first, _)), Some(shown)) = (&self.compared, &self.shown) {
            self.wanted.push(EvaluationRequest::Compare {
                first: first.clone(),
                second: shown.id.clone(),
                without_marked: self.leave_out_marked,
            });
        }
    }

    pub(super) fn forget_computed(&mut self) {
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
    pub(in crate::app::evaluate) fn fill_grid(&mut self) {
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
        self.grid_version += 1;
    }

    /// The gallery follows the filter, the order and the marks.
    pub(in crate::app::evaluate) fn fill_gallery(&mut self) {
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
