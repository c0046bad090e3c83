//! The question to the model: labels, templates and the offset of "none of these", whose changes can be undone.

use std::sync::Arc;
use std::time::Instant;

use crate::app::DEBOUNCE;
use crate::app::explore::command::Compare;
use crate::app::explore::label_rows::{self, FreeColours, spelling};
use crate::app::explore::state::Baseline;
use crate::app::explore::wording::Wording;
use crate::app::settings::LabelRow;
use crate::app::state::State;
use crate::engine::protocol::{AskedLabel, InferenceRequest, LabelId, Question, Request};
use crate::zero_shot::{Label, TemplateSet};

/// Replaces the labels; can be undone.
pub fn edit_labels(state: &mut State, labels: Vec<LabelRow>, typing: bool, now: Instant) {
    if labels == state.settings.labels {
        return;
    }
    let before = Wording::of(&state.settings);
    state.explore.history.record(before, typing);
    state.settings.labels = labels;
    // Only typing waits for a pause.
    let since = if typing {
        now
    } else {
        now.checked_sub(DEBOUNCE).unwrap_or(now)
    };
    labels_changed(state, since);
}

/// Asks about what is typed as a new label, after the pause of any typing. It is no label before it is entered, and none
/// any more once the field is empty.
pub(super) fn type_new_label(state: &mut State, text: String, now: Instant) {
    let rows = &state.settings.labels;
    let is_known = |label: &Label| rows.iter().any(|row| spelling(&row.label) == spelling(label));
    let label = Label::parse(&text).filter(|label| label.too_long().is_none() && !is_known(label));
    let before = state.explore.typed.take();
    state.explore.typed = label.map(|label| match &before {
        Some(row) => LabelRow { label, ..row.clone() },
        None => LabelRow::new(label, FreeColours::beside(rows).next_free()),
    });
    state.explore.new_label = text;
    if state.explore.typed != before {
        labels_changed(state, now);
    }
}

/// Takes back the last change of labels, templates or the offset.
pub fn undo(state: &mut State, now: Instant) {
    let stepped = state.explore.history.undo(Wording::of(&state.settings));
    use_wording(state, stepped.ok(), now);
}

/// Makes it again.
pub fn redo(state: &mut State, now: Instant) {
    let stepped = state.explore.history.redo(Wording::of(&state.settings));
    use_wording(state, stepped.ok(), now);
}

fn use_wording(state: &mut State, wording: Option<Wording>, now: Instant) {
    if let Some(wording) = wording {
        keep_baseline(state, &wording.templates);
        wording.put_into(&mut state.settings);
        labels_changed(state, now);
    }
}

pub(super) fn labels_changed(state: &mut State, now: Instant) {
    // What was typed was entered, or came in another way.
    let rows = &state.settings.labels;
    let is_row = |typed: &mut LabelRow| rows.iter().any(|row| spelling(&row.label) == spelling(&typed.label));
    state.explore.typed.take_if(is_row);
    let there: Vec<LabelId> = state.asked_rows().map(|row| row.id).collect();
    let is_there = |label: &LabelId| *label == LabelId::NONE_OF_THESE || there.contains(label);
    let explore = &mut state.explore;
    explore.mapped_label.take_if(|label| !is_there(label));
    explore.hovered_label.take_if(|label| !is_there(label));
    explore.expanded_label.take_if(|label| !is_there(label));
    if let Some(Some(label)) = explore.filter.label
        && !is_there(&label)
    {
        explore.filter.label = None;
        explore.reorder_now();
    }
    if let Some(Compare::Label(label)) = &explore.compare
        && !is_there(label)
    {
        explore.compare = None;
    }
    // Shares of other labels cannot be compared.
    let asked = |question: &Question| {
        question
            .labels
            .iter()
            .map(|asked| (asked.id, asked.label.clone()))
            .collect()
    };
    let rows: Vec<_> = state
        .settings
        .labels
        .iter()
        .map(|row| (row.id, row.label.clone()))
        .collect();
    explore.baseline.take_if(|baseline| {
        let known: Vec<_> = asked(&baseline.question);
        known != rows
    });
    question_changed(state, now);
}

/// The labels or templates differ from the last question.
fn question_changed(state: &mut State, now: Instant) {
    state.explore.asking.changed_at = Some(now);
}

pub(super) fn use_templates(state: &mut State, templates: TemplateSet, now: Instant) {
    if templates == state.settings.templates {
        return;
    }
    if let TemplateSet::Own(_) = &templates {
        state.settings.own_templates = Some(templates.clone());
    }
    keep_baseline(state, &templates);
    let before = Wording::of(&state.settings);
    state.explore.history.record(before, false);
    state.settings.templates = templates;
    question_changed(state, now);
}

/// Before other templates are used: what is answered under those of now stays, to compare with.
fn keep_baseline(state: &mut State, templates: &TemplateSet) {
    let explore = &mut state.explore;
    let Some(question) = explore.asking.answer.clone() else {
        return;
    };
    if *templates == state.settings.templates || question.templates != state.settings.templates {
        return;
    }
    explore.baseline = Some(Baseline {
        question,
        scores: explore
            .pictures
            .iter()
            .filter_map(|one| Some((one.file.id, one.scores.clone()?)))
            .collect(),
        changed: None,
    });
}

/// Changes of the offset that follow each other are one step.
pub(super) fn set_none_bias(state: &mut State, bias: f32, now: Instant) {
    let wording = Wording::of(&state.settings);
    let history = &mut state.explore.history;
    let goes_on = history
        .before()
        .is_some_and(|before| before.differs_in_offset_alone(&wording));
    if !goes_on {
        history.record(wording, false);
    }
    state.settings.none_bias = bias;
    question_changed(state, now);
}

/// The question that the labels and templates make; asked after a short pause in typing.
pub fn ask(state: &mut State) -> Request {
    let taught = state.model.as_ref().map_or(&[][..], |model| &model.taught_classes);
    state.explore.duplicate_labels = label_rows::duplicate_labels(&state.settings.labels, taught);
    let asking = &mut state.explore.asking;
    asking.changed_at = None;
    asking.generation += 1;
    let generation = asking.generation;
    let labels = state.asked_rows().map(|row| AskedLabel {
        id: row.id,
        label: row.label.clone(),
    });
    Request::Inference(InferenceRequest::Classify(Arc::new(Question {
        generation,
        labels: labels.collect(),
        templates: state.settings.templates.clone(),
        none_bias: state.settings.none_bias,
        model: None,
    })))
}
