//! What the model says about the inspected picture: a bar per label, best first, and "none of these" below them.

use egui::{Color32, ScrollArea, Ui, vec2};

use super::label_colour;
use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::help;
use crate::app::explore::numbers::{Lens, moved};
use crate::app::explore::picture::Answer;
use crate::app::explore::shown_map::NONE_OF_THESE;
use crate::app::settings::Measure;
use crate::app::shell::status::thousands;
use crate::app::shell::theme;
use crate::app::shell::widgets::{BAR_HEIGHT, ScoreBar, ends_ui, explained, follow_focus, note, score_bar_ui};
use crate::app::state::State;
use crate::engine::protocol::{LabelId, Scores};

/// Approximate height of "none of these" below the bars.
const NONE_HEIGHT: f32 = 66.0;
/// At least this many bars are visible at once; if there is no room for them, everything below the picture scrolls.
const LEAST_BARS: f32 = 3.5;
/// Bars this far out of sight are drawn too, so that Tab reaches them.
const MARGIN: f32 = 60.0;

/// Draws the measures, and below them the bars.
pub fn bars_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let lens = state.lens();
    measures_ui(ui, state, lens, commands);
    let Some(answer) = state.inspected_answer() else {
        ui.label(note(ui, "Waiting for the model"));
        return;
    };
    if answer.question.labels.is_empty() {
        ui.label(note(ui, "No labels yet"));
        return;
    }
    // What is below the bars has its room first.
    let id = ui.scope_id().with("height below the bars");
    let below: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(NONE_HEIGHT);
    let room = (ui.available_height() - below).floor().max(LEAST_BARS * BAR_HEIGHT);
    let mut hovered = ScrollArea::vertical()
        .id_salt(("bars", state.explore.selected))
        .auto_shrink([false, true])
        .max_height(room)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let hovered = ranked_ui(ui, state, lens, answer, commands);
            ui.label(note(ui, words_below(state, lens)));
            follow_focus(ui);
            hovered
        })
        .inner;
    let end = ui.min_rect().bottom();
    if state.settings.show_none {
        ui.separator();
        if none_bar_ui(ui, state, lens, answer.scores, commands) {
            hovered = Some(LabelId::NONE_OF_THESE);
        }
        let words = match lens.measure {
            Measure::Probability => help::NONE_SHARE,
            Measure::Cosine | Measure::Logit => help::NONE_COSINE,
        };
        ui.add(egui::Label::new(note(ui, words)).truncate());
    }
    let drawn = ui.min_rect().bottom() - end;
    if (drawn - below).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, drawn));
        ui.ctx().request_repaint();
    }
    // What comes to lie under a pointer that rests was not pointed at.
    let points = ui.input(|input| input.pointer.is_moving()) || hovered.is_none();
    if points && hovered != state.explore.hovered_label {
        commands.push(ExploreCommand::HoverLabel(hovered).into());
    }
}

/// Draws the labels' bars, best first; of very many, only those in view. Returns the one under the pointer.
fn ranked_ui(
    ui: &mut Ui,
    state: &State,
    lens: Lens,
    answer: Answer<'_>,
    commands: &mut Vec<Command>,
) -> Option<LabelId> {
    let ranked = lens.ranked(answer.scores);
    let height = BAR_HEIGHT + ui.spacing().item_spacing.y;
    let (top, clip) = (ui.cursor().top(), ui.clip_rect().expand2(vec2(0.0, MARGIN)));
    let row = |y: f32| ((y - top) / height).floor().max(0.0) as usize;
    let (first, last) = (
        row(clip.top()).min(ranked.len()),
        (row(clip.bottom()) + 1).min(ranked.len()),
    );
    let mut hovered = None;
    ui.add_space(first as f32 * height);
    // What is not drawn counts: a bar that has the focus is the same one however far the list is scrolled.
    ui.skip_ahead_auto_ids(first);
    for &place in &ranked[first..last] {
        if label_bar_ui(ui, state, lens, answer, place, commands) {
            hovered = answer.question.id(place);
        }
    }
    ui.add_space((ranked.len() - last) as f32 * height);
    ui.skip_ahead_auto_ids(ranked.len() - last);
    hovered
}

fn measures_ui(ui: &mut Ui, state: &State, lens: Lens, commands: &mut Vec<Command>) {
    let explore = &state.explore;
    let rank = explore.selected.and_then(|id| explore.arranged.ranks.get(&id));
    ends_ui(
        ui,
        0.0,
        commands,
        |ui, commands| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.spacing_mut().button_padding.x = 8.0;
            for measure in Measure::ALL {
                let chosen = measure == lens.measure;
                let about = match measure {
                    Measure::Probability if state.scoring().logit_bias.is_some() => help::SIGMOID,
                    measure => help::measure(measure),
                };
                let fits = measure != Measure::Probability || state.settings.measure != measure || chosen;
                let choice = ui.add_enabled(fits, egui::Button::selectable(chosen, measure.title()));
                let choice = explained(choice, about).on_disabled_hover_text(help::ALONE);
                if choice.clicked() {
                    commands.push(ExploreCommand::Show(measure).into());
                }
            }
        },
        |ui, _| {
            if let Some(&rank) = rank {
                let of = explore.arranged.ranks.len();
                let text = format!("rank {} of {}", thousands(rank as usize), thousands(of));
                ui.label(note(ui, text)).on_hover_text(help::ALONE);
            }
        },
    );
}

fn words_below(state: &State, lens: Lens) -> &'static str {
    match lens.measure {
        Measure::Probability if lens.scoring.logit_bias.is_some() => help::SIGMOID,
        Measure::Probability => help::SHARES,
        Measure::Cosine if state.settings.measure == Measure::Probability => help::ALONE,
        Measure::Cosine => "Bars reach from a cosine of 0 to one of 1.",
        Measure::Logit => "Bars reach from a cosine of 0 to one of 1; the number is the logit.",
    }
}

/// Draws a label's bar, with its name as it was when the question was asked; returns whether the pointer is over it.
fn label_bar_ui(
    ui: &mut Ui,
    state: &State,
    lens: Lens,
    answer: Answer<'_>,
    place: usize,
    commands: &mut Vec<Command>,
) -> bool {
    let (scores, label) = (answer.scores, answer.question.id(place));
    let value = lens.value(scores, place);
    let before = label.and_then(|label| before(state, lens, label));
    let bar = ScoreBar {
        name: answer.name(place),
        number: lens.text(value),
        aside: aside(ui, state, lens, |scores| lens.value(scores, place), value).or_else(|| {
            let (value, _) = before?;
            Some((format!("was {}", lens.text(value)), theme::palette(ui).text_weak))
        }),
        thin: before.map(|(_, share)| share),
        share: lens.share(scores, place),
        colour: label_colour(ui, state, label),
        winner: lens.winner(scores) == Some(place),
        chosen: label.is_some() && state.shown_label() == label,
        pinned: label.is_some() && state.explore.mapped_label == label,
    };
    drawn(ui, &bar, label, commands)
}

fn none_bar_ui(ui: &mut Ui, state: &State, lens: Lens, scores: &Scores, commands: &mut Vec<Command>) -> bool {
    let value = lens.none_value(scores);
    let none = Some(LabelId::NONE_OF_THESE);
    let bar = ScoreBar {
        name: NONE_OF_THESE,
        number: lens.text(value),
        aside: aside(ui, state, lens, |scores| lens.none_value(scores), value),
        thin: None,
        share: lens.none_share(scores),
        colour: theme::none_colour(ui),
        winner: lens.none_wins(scores),
        chosen: state.shown_label() == none,
        pinned: state.explore.mapped_label == none,
    };
    drawn(ui, &bar, none, commands)
}

fn drawn(ui: &mut Ui, bar: &ScoreBar<'_>, label: Option<LabelId>, commands: &mut Vec<Command>) -> bool {
    let response = score_bar_ui(ui, bar);
    if let (true, Some(label)) = (response.clicked(), label) {
        commands.push(ExploreCommand::MapLabel(label).into());
    }
    response.hovered()
}

/// A label's number under the previous templates, and how far its bar reached.
fn before(state: &State, lens: Lens, label: LabelId) -> Option<(f32, f32)> {
    let answer = state.baseline_answer()?;
    let place = answer.question.place(label)?;
    Some((lens.value(answer.scores, place), lens.share(answer.scores, place)))
}

/// How far a number moved since the picture was changed.
fn aside(ui: &Ui, state: &State, lens: Lens, value: impl Fn(&Scores) -> f32, now: f32) -> Option<(String, Color32)> {
    let probed = state.probed()?;
    // Where only the square was moved, the picture's own scores are what was before.
    let earlier = if state.explore.probe.dabs.is_empty() {
        let answer = state.selected_answer()?;
        if !answer.question.is(&probed.question) {
            return None;
        }
        answer.scores
    } else {
        &probed.before
    };
    let by = now - value(earlier);
    let palette = theme::palette(ui);
    Some(match moved(by, lens.measure) {
        None => ("unchanged".into(), palette.text_weak),
        Some(text) if by > 0.0 => (format!("↑ {text}"), palette.accent),
        Some(text) => (format!("↓ {text}"), palette.warning),
    })
}
