//! What can be read from the state of the mode together with the settings or the model.

use std::sync::Arc;

use crate::app::explore::numbers::Lens;
use crate::app::explore::picture::Answer;
use crate::app::settings::LabelRow;
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

    /// The row of a label, if it is still there.
    pub fn row(&self, label: LabelId) -> Option<&LabelRow> {
        self.settings.labels.iter().find(|row| row.id == label)
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

    /// What the model said about the inspected picture under the templates before.
    pub fn baseline_answer(&self) -> Option<Answer<'_>> {
        let baseline = self.explore.baseline.as_ref()?;
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
