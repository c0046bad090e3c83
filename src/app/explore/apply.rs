//! Takes the engine's events about pictures; what is out of date is dropped.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::command::Compare;
use super::marks::SKIPPED_BY_USER;
use super::numbers::Lens;
use super::picture::Picture;
use super::state::{Alike, Explore, Inspected, is_answered_by};
use crate::app::settings::Settings;
use crate::engine::protocol::{
    Event, LabelId, MapSet, ModelInfo, PictureFile, PictureId, Question, Scores, Scoring, Verdict,
};
use crate::library::UnreadKind;

/// What an event is judged by, besides the state of this mode.
#[derive(Clone, Copy)]
pub struct EventContext<'a> {
    pub settings: &'a Settings,
    /// The model that is loaded.
    pub model: Option<&'a ModelInfo>,
}

impl Explore {
    /// Takes an event; hands back one that is not about pictures.
    pub fn apply(&mut self, event: Event, context: EventContext<'_>) -> Option<Event> {
        let model = context.model;
        let of_list = |library| library == self.library;
        let of_selected = |library, picture| library == self.library && self.selected == Some(picture);
        match event {
            Event::Pictures { library, pictures } if of_list(library) => self.add(pictures, context.settings),
            Event::Scanned { library, unreadable } if of_list(library) => {
                self.scanned = true;
                let of_kind = unreadable
                    .iter()
                    .filter(|(path, _)| UnreadKind::by_name(path).is_some());
                self.unread = of_kind.count();
                self.unreadable = unreadable;
                self.renew();
            }
            Event::Skipped {
                library,
                picture,
                reason,
            } if of_list(library) => self.skip(picture, reason),
            Event::Indexed { library, done } if of_list(library) => self.indexed = done,
            Event::Speed(speed) => self.speed = Some(speed),
            Event::Predictions {
                library,
                question,
                rows,
            } if of_list(library) && self.is_current(&question, model) => self.predicted(question, rows),
            Event::Answered {
                question,
                lost_words,
                untaught,
                latency_ms,
            } if self.is_current(&question, model) => {
                self.asking.answered = question.generation;
                self.asking.lost_words = lost_words;
                self.asking.untaught = untaught;
                self.asking.latency_ms = Some(latency_ms);
                let labels = self.asking.answer.as_ref().map_or(0, |question| question.labels.len());
                let scoring = model.map_or(Scoring::default(), |model| model.scoring);
                self.count_changed(Lens::new(context.settings, scoring, labels));
                self.reorder_now();
            }
            Event::Alike { library, picture, rows } if of_list(library) => self.alike(picture, rows),
            Event::Thumbnail {
                library,
                picture,
                image,
            } if of_list(library) => self.new_thumbnails.push((picture, image)),
            Event::Inspected {
                library,
                picture,
                inspected,
            } if of_selected(library, picture) => {
                if std::mem::take(&mut self.copy_when_here) {
                    self.to_copy = Some((inspected.image.clone(), "The picture is copied"));
                }
                self.inspected.picture = Some(Arc::from(inspected));
            }
            Event::HeatMaps {
                library,
                picture,
                compared,
                maps,
            } if of_selected(library, picture) => self.mapped(maps, compared, model),
            Event::MapTested {
                library,
                picture,
                question,
                label,
                done,
                verdict,
            } if of_selected(library, picture) && self.is_current(&question, model) => {
                self.map_tested(label, done, verdict);
            }
            Event::Probed {
                library,
                picture,
                probed,
            } if of_selected(library, picture) && probed.number == self.probe.number && self.is_probing() => {
                self.inspected.probed = Some(Arc::from(probed));
            }
            Event::ComparedReady(model) => self.compared_model = model.map(|model| *model),
            Event::Drawn(image) => self.to_copy = Some((image, "The heatmap is copied")),
            other => return Some(other),
        }
        None
    }

    /// Drops what the previous model said.
    pub fn model_changed(&mut self) {
        self.indexed = 0;
        self.speed = None;
        self.inspected.forget_maps();
        self.forget_probe();
        self.forget_scores();
        self.baseline = None;
        self.alike = None;
        // The numbers of another model have another range.
        self.filter.bound = None;
        self.reorder_now();
    }

    fn add(&mut self, pictures: Vec<PictureFile>, settings: &Settings) {
        if let Some(incoming) = &mut self.incoming {
            let new = pictures.into_iter().map(|file| Picture::new(file, &settings.folders));
            new.for_each(|picture| incoming.push(picture));
            return;
        }
        let first = self.pictures.is_empty();
        for file in pictures {
            let picture = Picture::new(file, &settings.folders);
            *self.names.entry(picture.name().to_owned()).or_default() += 1;
            self.pictures.push(picture);
        }
        if first {
            self.reorder_now();
        } else {
            self.reorder_soon();
        }
    }

    /// The folders were scanned again: the new list replaces the old one, and keeps what is known of its pictures.
    fn renew(&mut self) {
        let Some(mut pictures) = self.incoming.take() else {
            return;
        };
        self.names.clear();
        for picture in pictures.iter_mut() {
            *self.names.entry(picture.name().to_owned()).or_default() += 1;
            let known = self.pictures.get(picture.file.id);
            if let Some(known) = known.filter(|known| known.file.path == picture.file.path) {
                picture.scores = picture.scores.take().or_else(|| known.scores.clone());
                let by_user = known.skipped.as_deref() == Some(SKIPPED_BY_USER);
                picture.skipped = known.skipped.clone().filter(|_| by_user).or(picture.skipped.take());
            }
        }
        self.skipped = pictures.iter().filter(|picture| picture.skipped.is_some()).count();
        // The same file; where it was moved, what is in it.
        let ids: HashMap<&Path, PictureId> = pictures
            .iter()
            .map(|picture| (picture.file.path.as_path(), picture.file.id))
            .collect();
        let now = |id: PictureId| {
            let path = self.pictures.get(id).map(|known| known.file.path.as_path());
            let found = path.and_then(|path| ids.get(path).copied());
            found.or_else(|| pictures.get(id).map(|picture| picture.file.id))
        };
        let (selected, marked) = (
            self.selected.and_then(now),
            self.marked.iter().copied().filter_map(now).collect(),
        );
        (self.selected, self.marked) = (selected, marked);
        self.outdated = self.selected;
        if self.selected.is_none() {
            self.inspected = Inspected::default();
            self.large = None;
        }
        self.pictures = pictures;
        self.listed.1 += 1;
        self.reorder_now();
    }

    /// The selected picture, if its file may have changed; only once.
    pub fn take_outdated(&mut self) -> Option<PictureId> {
        self.outdated.take()
    }

    pub(super) fn skip(&mut self, picture: PictureId, reason: String) {
        if let Some(known) = self.incoming.as_mut().and_then(|list| list.get_mut(picture)) {
            known.skipped = Some(reason.clone());
        }
        if let Some(known) = self.pictures.get_mut(picture) {
            self.skipped += usize::from(known.skipped.is_none());
            known.skipped = Some(reason);
            self.marked.remove(&picture);
            self.reorder_soon();
        }
    }

    /// The first answers to a question replace all answers to the previous one.
    fn predicted(&mut self, question: Arc<Question>, rows: Vec<(PictureId, Arc<Scores>)>) {
        if self.asking.answer.as_ref().is_none_or(|known| !known.is(&question)) {
            self.forget_scores();
        }
        let labels = question.labels.len();
        self.asking.answer = Some(question);
        let fitting = rows.into_iter().filter(|(_, scores)| scores.cosines.len() == labels);
        for (id, scores) in fitting {
            if let Some(picture) = self.incoming.as_mut().and_then(|list| list.get_mut(id)) {
                picture.scores = Some(scores.clone());
            }
            if let Some(picture) = self.pictures.get_mut(id) {
                picture.scores = Some(scores);
            }
        }
        self.reorder_soon();
    }

    fn alike(&mut self, to: PictureId, rows: Vec<(PictureId, f32)>) {
        if let Some(alike) = self.alike.as_mut().filter(|alike| alike.to == to) {
            *alike = Alike {
                to,
                cosines: rows.into_iter().collect(),
            };
            self.reorder_now();
        }
    }

    fn mapped(&mut self, maps: Arc<MapSet>, compared: bool, model: Option<&ModelInfo>) {
        if compared {
            if self.is_compared(&maps, model) {
                self.inspected.compared_maps = Some(maps);
            }
            return;
        }
        if !is_answered_by(&maps.question, model) {
            return;
        }
        let known = self.inspected.maps.as_ref();
        if known.is_none_or(|known| !known.question.is(&maps.question)) {
            self.inspected.tested = None;
        }
        self.inspected.maps = Some(maps);
    }

    /// Whether these maps are still the ones to show beside the first.
    fn is_compared(&self, maps: &MapSet, model: Option<&ModelInfo>) -> bool {
        match &self.compare {
            Some(Compare::Method(method)) => maps.method == *method && is_answered_by(&maps.question, model),
            Some(Compare::Model(_)) => {
                let other = self.compared_model.as_ref().map(|model| &model.identity);
                maps.question.model.as_ref() == other
            }
            Some(Compare::Label(_)) | None => false,
        }
    }

    /// Dropped unless the test of this label is still wanted.
    fn map_tested(&mut self, label: LabelId, done: f32, verdict: Option<Box<Verdict>>) {
        if let Some(tested) = self.inspected.tested.as_mut().filter(|tested| tested.label == label) {
            tested.done = done;
            tested.verdict = verdict.map(Arc::from);
        }
    }

    /// Counts the pictures whose answer differs from that under the previous templates, as the window shows answers.
    pub(super) fn count_changed(&mut self, lens: Lens) {
        let Some(question) = self.asking.answer.clone() else {
            return;
        };
        let Some(baseline) = &mut self.baseline else { return };
        let answer = |question: &Question, scores: &Scores| match lens.winner(scores) {
            Some(place) => question.id(place),
            None => lens.none_wins(scores).then_some(LabelId::NONE_OF_THESE),
        };
        let changed = self.pictures.iter().filter(|picture| {
            let before = baseline.scores.get(&picture.file.id);
            let both = picture.scores.as_ref().zip(before);
            both.is_some_and(|(now, before)| answer(&question, now) != answer(&baseline.question, before))
        });
        baseline.changed = Some(changed.count());
    }
}
