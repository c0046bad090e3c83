//! The inspector: one picture large, where a label is found in it, and what the model says.

use egui::{Align, Layout, RichText, ScrollArea, Ui};

use super::heatmap::heatmap_ui;
use super::panes::{picture_ui, probe_ui};
use crate::app::command::Command;
use crate::app::explore::looking;
use crate::app::explore::picture::Answer;
use crate::app::explore::{label_colour, view};
use crate::app::settings::Measure;
use crate::app::shell::icons as icon;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{
    SCORE_BAR_HEIGHT, ScoreBar, icon_button, note, rows_ui, score_bar_ui, section, segmented_ui,
};
use crate::app::state::State;
use crate::engine::protocol::{PictureId, Scores};

const PROBABILITY_WORDS: &str = "Shares of a softmax over these labels, not how certain the model is. \"None of \
    these\" is weighed against all of them together.";
const SIGMOID_WORDS: &str = "This model judges every label by itself: the numbers need not add up to 100 %, and several \
    labels can fit.";

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, state: &mut State, textures: &mut Textures) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(selected) = state.selected.filter(|&id| state.pictures.get(id).is_some()) else {
        empty_ui(ui);
        return commands;
    };
    header_ui(ui, state, selected, &mut commands);
    let pointed = picture_ui(ui, state, textures);
    commands.extend(pointed);
    probe_ui(ui, state, &mut commands);
    heatmap_ui(ui, state, looking::shown_maps(state).0.as_ref(), &mut commands);
    ui.separator();
    bars_ui(ui, state, &mut commands);
    commands
}

fn empty_ui(ui: &mut Ui) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        let palette = theme::palette(ui);
        ui.label(RichText::new(icon::CURSOR_CLICK).size(40.0).color(palette.text_weak));
        ui.label(note(ui, "Click a picture to see where each label is found in it"));
    });
}

fn header_ui(ui: &mut Ui, state: &State, selected: PictureId, commands: &mut Vec<Command>) {
    let picture = &state.pictures[selected];
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::EYE, "What the model sees (E)", state.model_view).clicked() {
                commands.push(Command::ToggleModelView);
            }
            if icon_button(ui, icon::ERASER, "Erase and see (B)", state.brush.is_some()).clicked() {
                commands.push(Command::ToggleBrush);
            }
            if icon_button(ui, icon::THERMOMETER, "Heatmap (H)", state.settings.heatmap).clicked() {
                commands.push(Command::ToggleHeatmap);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = egui::Label::new(section(&picture.name())).truncate();
                ui.add(name).on_hover_text(picture.file.path.display().to_string());
            });
        });
    });
    let text = match (&state.inspected.picture, state.model_view, &state.model) {
        (_, true, Some(model)) => format!("What the model sees: {}", model.sees),
        (Some(inspected), _, _) => {
            let (width, height) = inspected.original_size;
            format!("{width} x {height} pixels; the frame marks what the model sees, drag it")
        }
        _ => "Loading".into(),
    };
    ui.label(note(ui, text));
}

fn bars_ui(ui: &mut Ui, state: &mut State, commands: &mut Vec<Command>) {
    let choices: Vec<(Measure, &str)> = Measure::ALL.iter().map(|m| (*m, m.title())).collect();
    if let Some(measure) = segmented_ui(ui, state.settings.measure, &choices) {
        commands.push(Command::Show(measure));
    }
    let Some(answer) = state.inspected_answer() else {
        ui.label(note(ui, "Waiting for the model"));
        return;
    };
    if answer.question.labels.is_empty() {
        ui.label(note(ui, "No labels yet"));
        return;
    }
    let mut hovered = None;
    ScrollArea::vertical()
        .id_salt("bars")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let entries = ranked(answer.scores);
            let height = SCORE_BAR_HEIGHT + ui.spacing().item_spacing.y;
            rows_ui(ui, "bars", &entries, height, |ui, place| match entries[place] {
                Some(place) => {
                    if label_bar_ui(ui, state, answer, place, commands) {
                        hovered = answer.question.id(place);
                    }
                }
                None => none_bar_ui(ui, state, answer.scores),
            });
            if state.settings.measure == Measure::Probability {
                let by_itself = state.scoring().logit_bias.is_some();
                let words = if by_itself { SIGMOID_WORDS } else { PROBABILITY_WORDS };
                ui.label(note(ui, words));
            }
        });
    state.hovered_label = hovered;
}

/// Labels best first, with "none of these" (`None`) where its cosine puts it.
fn ranked(scores: &Scores) -> Vec<Option<usize>> {
    let mut entries: Vec<(f32, Option<usize>)> =
        scores.cosines.iter().enumerate().map(|(i, c)| (*c, Some(i))).collect();
    let none_rank = if scores.none_won {
        f32::INFINITY
    } else {
        scores.none_cosine
    };
    entries.push((none_rank, None));
    entries.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// Draws a label's bar, under the name that the numbers are for; whether the pointer is over it.
fn label_bar_ui(ui: &mut Ui, state: &State, answer: Answer<'_>, place: usize, commands: &mut Vec<Command>) -> bool {
    let measure = state.settings.measure;
    let (scores, label) = (answer.scores, answer.question.id(place));
    let value = view::value(scores, place, measure, state.scoring());
    let response = score_bar_ui(
        ui,
        &ScoreBar {
            name: answer.name(place),
            number: view::shown(value, measure),
            change: change(
                state,
                |before| view::value(before, place, measure, state.scoring()),
                value,
            ),
            share: share(measure, value, scores.cosines[place]),
            colour: label_colour(ui, state, label),
            winner: view::winner(scores) == Some(place),
            chosen: label.is_some() && state.shown_label() == label,
        },
    );
    if let (true, Some(label)) = (response.clicked(), label) {
        commands.push(Command::MapLabel(label));
    }
    response.hovered()
}

fn none_bar_ui(ui: &mut Ui, state: &State, scores: &Scores) {
    let measure = state.settings.measure;
    let value = view::none_value(scores, measure, state.scoring());
    let bar = ScoreBar {
        name: "none of these",
        number: view::shown(value, measure),
        change: change(
            state,
            |before| view::none_value(before, measure, state.scoring()),
            value,
        ),
        share: share(measure, value, scores.none_cosine),
        colour: theme::none_colour(ui),
        winner: scores.none_won,
        chosen: false,
    };
    score_bar_ui(ui, &bar);
}

/// How far a number moved since the picture was shown in another way.
fn change(state: &State, before: impl Fn(&Scores) -> f32, now: f32) -> Option<String> {
    let probed = state.probed()?;
    // Where only the square was moved, the picture's own scores are what was before.
    let earlier = if state.probe.dabs.is_empty() {
        let answer = state.selected_answer()?;
        if !answer.question.is(&probed.question) {
            return None;
        }
        answer.scores
    } else {
        &probed.before
    };
    let moved = now - before(earlier);
    Some(match state.settings.measure {
        Measure::Probability => format!("{:+.1}", 100.0 * moved),
        Measure::Cosine => format!("{moved:+.3}"),
        Measure::Logit => format!("{moved:+.2}"),
    })
}

/// How far a bar reaches: cosines and logits from 0 to a cosine of 1.
fn share(measure: Measure, value: f32, cosine: f32) -> f32 {
    match measure {
        Measure::Probability => value,
        Measure::Cosine | Measure::Logit => cosine,
    }
}
