//! Takes what the engine says of evaluations; answers to what is not asked any more are dropped.

use std::path::Path;
use std::sync::Arc;

use super::Evaluating;
use crate::app::evaluate::sixty::Sixty;
use crate::app::evaluate::{Door, MatrixOrder, Page};
use crate::engine::evaluation::{Confusion, Evaluation, EvaluationEvent, FailureOrder, GroundTruth, SliceBy};
use crate::engine::protocol::ScreenImage;

/// With more classes than this, the matrix is looked at by its most confused ones at first.
const WHOLE: usize = 25;

impl Evaluating {
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
            EvaluationEvent::Changed(evaluation) if self.is_shown(&evaluation.id) => self.changed(evaluation),
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
                let is_new = self.compared.as_ref().is_none_or(|(_, before)| before.is_none());
                self.compared = Some((first, Some(found)));
                // The card that is open shows both models from now on.
                if is_new {
                    self.ask_for_card();
                }
            }
            EvaluationEvent::Sliced(id, by, slices) if self.is_shown(&id) => {
                self.slices.insert(by, slices);
            }
            EvaluationEvent::Clustered(id, clusters) if self.is_shown(&id) => self.clusters = Some(clusters),
            EvaluationEvent::Mapped(id, map) if self.is_shown(&id) && self.map_kind == Some(map.kind) => {
                self.map = Some(map);
                self.map_version += 1;
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

    pub(super) fn is_shown(&self, id: &str) -> bool {
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
        if before.as_deref().is_none_or(|one| one.slices != evaluation.slices) {
            self.slices.remove(&SliceBy::Kept);
        }
        let other_marks = before.is_some_and(|one| one.marks != evaluation.marks);
        if other_marks {
            self.slices.remove(&SliceBy::Mark);
        }
        let other_answers = !same_answers || !same_words;
        if other_answers {
            self.forget_computed();
            if let Some((_, found)) = &mut self.compared {
                *found = None;
            }
            self.renew_door(&evaluation);
            self.ask_for_card();
        }
        if other_answers || (other_marks && self.leave_out_marked) {
            self.compared_again();
        }
        self.fill_all();
    }

    /// A class's pictures are behind its door under its new name, too; what other doors count may be other pictures now.
    fn renew_door(&mut self, evaluation: &Evaluation) {
        let class = self.door.take().and_then(|door| Some((door.class?, door)));
        self.door = class.and_then(|(class, door)| {
            let title = evaluation.titles().get(class)?.clone();
            Some(Door::of_class(class, &title, door.places.clone()))
        });
    }

    /// Another evaluation is shown: what was computed from the one before is forgotten.
    pub(super) fn show(&mut self, evaluation: Arc<Evaluation>) {
        let (classes, captions) = (evaluation.classes.len(), evaluation.is_of_captions());
        self.leave_out_marked = self.leave_out_marked && !evaluation.marks.is_empty();
        if captions && !self.order.is_of_captions() {
            self.order = FailureOrder::default();
        }
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

    /// Takes such a picture, if it is still the one that is shown.
    pub fn sharpened(&mut self, path: &Path, side: u32, image: Option<ScreenImage>) {
        if let Some(sharp) = self.sharp.as_mut().filter(|sharp| sharp.is_of(path, side)) {
            sharp.image = image;
        }
    }
}
