//! What can be read from the state of the mode together with the settings or the model.

use std::sync::Arc;

use crate::app::explore::Baseline;
use crate::app::explore::numbers::{Lens, Quantity};
use crate::app::explore::picture::Answer;
use crate::app::settings::{LabelRow, Sort};
use crate::app::state::State;
use crate::engine::protocol::{LabelId, PictureId, Probed, Scoring};

/// What needs the settings or the model, too.
impl State {
    /// From cosine to probability, by the model that scored.
    pub fn scoring(&self) -> Scoring {
        self.model.as_ref().map_or(Scoring::default(), |model| model.scoring)
    }

    pub fn lens(&self) -> Lens {
        let asked = self.explore.asking.answer.as_ref();
        let labels = asked.map_or(self.settings.labels.len(), |question| question.labels.len());
        Lens::new(&self.settings, self.scoring(), labels)
    }

    /// The number that the gallery is bounded by.
    pub fn quantity(&self) -> Quantity {
        match (&self.explore.alike, self.settings.sort) {
            (Some(alike), _) if self.explore.likeness().is_some() => Quantity::Likeness(alike.to),
            (_, Sort::Margin) => Quantity::Lead,
            (_, Sort::Name | Sort::Score | Sort::Label) => Quantity::Score(self.lens().measure),
        }
    }

    /// The labels that the model is asked about: those of the settings, then the one that is being typed.
    pub fn asked_rows(&self) -> impl Iterator<Item = &LabelRow> {
        self.settings.labels.iter().chain(&self.explore.typed)
    }

    /// The row of a label, if it is still there.
    pub fn row(&self, label: LabelId) -> Option<&LabelRow> {
        self.asked_rows().find(|row| row.id == label)
    }

    /// The label whose map is shown: under the pointer, chosen, or best.
    pub fn shown_label(&self) -> Option<LabelId> {
        let best = || self.inspected_answer().and_then(|answer| answer.best());
        let is_there = |label: &LabelId| {
            let none = *label == LabelId::NONE_OF_THESE && self.settings.show_none;
            none || self.row(*label).is_some()
        };
        self.explore
            .hovered_label
            .or(self.explore.mapped_label)
            .filter(is_there)
            .or_else(best)
    }

    /// What the model says about a picture.
    pub fn answer(&self, picture: PictureId) -> Option<Answer<'_>> {
        Some(Answer {
            question: self.explore.asking.answer.as_ref()?,
            scores: self.explore.pictures.get(picture)?.scores.as_ref()?,
        })
    }

    /// What the model says about the inspected picture as it is.
    pub fn selected_answer(&self) -> Option<Answer<'_>> {
        self.answer(self.explore.selected?)
    }

    /// What the inspector shows: the answer about the picture as it is shown to the model now.
    pub fn inspected_answer(&self) -> Option<Answer<'_>> {
        match self.probed() {
            Some(probed) => Some(Answer {
                question: &probed.question,
                scores: &probed.after,
            }),
            None => self.selected_answer(),
        }
    }

    /// The answers under the templates before, while the answers of now are about the same labels: shares of others cannot
    /// be compared.
    pub fn comparable_baseline(&self) -> Option<&Baseline> {
        let answer = self.explore.asking.answer.as_ref()?;
        let baseline = self.explore.baseline.as_ref()?;
        (baseline.question.labels == answer.labels).then_some(baseline)
    }

    /// What the model said about the inspected picture under the templates before.
    pub fn baseline_answer(&self) -> Option<Answer<'_>> {
        let baseline = self.comparable_baseline()?;
        Some(Answer {
            question: &baseline.question,
            scores: baseline.scores.get(&self.explore.selected?)?,
        })
    }

    /// The answer to a probe, if it answers the newest question.
    pub fn probed(&self) -> Option<&Arc<Probed>> {
        let probed = self.explore.inspected.probed.as_ref()?;
        let current = self.explore.is_current(&probed.question, self.model.as_ref());
        current.then_some(probed)
    }
}
