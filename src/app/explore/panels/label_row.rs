//! A label's row: its name, how many pictures it wins, its menu, its descriptions and warnings.

use egui::{Key, Modifiers, RichText, TextEdit, Ui, vec2};

use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::label_rows::{is_english, refusal};
use crate::app::settings::LabelRow;
use crate::app::shell::status::thousands;
use crate::app::shell::widgets::{ends_ui, icon_button, labelled, note, swatch_ui, warning};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::State;
use crate::zero_shot::{LabelId, MAX_LABEL_CHARACTERS};

/// Characters in all descriptions of a label together.
const MAX_DESCRIPTIONS: usize = 20 * MAX_LABEL_CHARACTERS;
const ROW_WIDTH: f32 = 88.0;

pub(super) fn row_ui(ui: &mut Ui, state: &State, place: usize, commands: &mut Vec<Command>) {
    let mut row = state.settings.labels[place].clone();
    let wins = state.explore.arranged.wins.get(&row.id).copied().unwrap_or(0);
    let (id, name) = (row.id, row.label.name.clone());
    ui.push_id(row.id, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_SMALL + 2.0;
            swatch_ui(ui, theme::label_colour(row.colour));
            ends_ui(
                ui,
                ROW_WIDTH,
                commands,
                |ui, commands| name_ui(ui, state, place, &mut row, commands),
                |ui, commands| {
                    ui.spacing_mut().item_spacing.x = theme::GAP_SMALL + 2.0;
                    wins_ui(ui, wins, Some(id), state, commands);
                    menu_ui(ui, state, place, commands);
                    if icon_button(ui, icon::X, &format!("Remove {name}"), false).clicked() {
                        commands.push(ExploreCommand::EditLabels(without(state, place)).into());
                    }
                },
            );
        });
        if state.explore.duplicate_labels.contains(&id) {
            let words = "The same as a label above: they share its score";
            ui.label(warning(ui, icon::WARNING, words));
        }
        if state.model.as_ref().is_some_and(|model| model.is_starter()) && !is_english(&row.label) {
            ui.label(warning(ui, icon::WARNING, "The starter reads English only"));
        }
        descriptions_ui(ui, state, place, commands);
        answered_ui(ui, state, place);
    });
}

/// What the model's answer says of a label: words that it does not read, or that it was never taught this one.
fn answered_ui(ui: &mut Ui, state: &State, place: usize) {
    let row = &state.settings.labels[place];
    let asking = &state.explore.asking;
    let answered = asking.answer.as_ref().and_then(|question| question.label(row.id));
    if answered != Some(&row.label) {
        return;
    }
    if let Some((_, lost)) = asking.lost_words.iter().find(|(label, _)| *label == row.id) {
        let words = format!("Too long: the model does not read \"{lost}\"");
        ui.label(warning(ui, icon::SCISSORS, &words));
    }
    if let Some((_, words)) = asking.untaught.iter().find(|(label, _)| *label == row.id) {
        ui.label(warning(ui, icon::WARNING, words));
    }
}

/// The name, where it is typed.
fn name_ui(ui: &mut Ui, state: &State, place: usize, row: &mut LabelRow, commands: &mut Vec<Command>) {
    let width = ui.available_width();
    let field = TextEdit::singleline(&mut row.label.name)
        .id_salt("name")
        .char_limit(MAX_LABEL_CHARACTERS)
        .hint_text("Name")
        .frame(egui::Frame::new())
        .margin(egui::Margin::ZERO)
        .align(egui::Align2::LEFT_CENTER)
        .min_size(vec2(width, theme::ROW_HEIGHT - 4.0))
        .desired_width(width);
    let response = ui.add(field);
    if response.changed() {
        let mut rows = state.settings.labels.clone();
        rows[place].label.name.clone_from(&row.label.name);
        commands.push(ExploreCommand::TypeLabel(rows).into());
    }
    if response.has_focus() {
        move_by_key(ui, state, place, commands);
    }
}

/// How many pictures a label wins; a click shows only those.
pub(super) fn wins_ui(ui: &mut Ui, wins: usize, label: Option<LabelId>, state: &State, commands: &mut Vec<Command>) {
    let palette = theme::palette(ui);
    let filtered = state.explore.filter.label == Some(label);
    let colour = if filtered { palette.accent } else { palette.text_weak };
    let text = RichText::new(thousands(wins)).small().color(colour);
    let button = egui::Button::new(text).frame(filtered).min_size(vec2(24.0, 20.0));
    let response = ui
        .add(button)
        .on_hover_text("Pictures whose best label this is; click to show only them");
    if response.clicked() {
        commands.push(ExploreCommand::FilterLabel(if filtered { None } else { Some(label) }).into());
    }
}

fn menu_ui(ui: &mut Ui, state: &State, place: usize, commands: &mut Vec<Command>) {
    let last = state.settings.labels.len() - 1;
    let name = format!("More for {}", state.settings.labels[place].label.name);
    let button = egui::Button::new(RichText::new(icon::DOTS_THREE_VERTICAL)).frame(false);
    let response = egui::containers::menu::MenuButton::from_button(button)
        .ui(ui, |ui| {
            if ui
                .button(format!("{}  Use a description", icon::TEXT_ALIGN_LEFT))
                .clicked()
            {
                commands.push(ExploreCommand::ExpandLabel(Some(state.settings.labels[place].id)).into());
            }
            if ui.button(format!("{}  Next colour", icon::PALETTE)).clicked() {
                let mut rows = state.settings.labels.clone();
                rows[place].colour = (rows[place].colour + 1) % theme::label_colours();
                commands.push(ExploreCommand::EditLabels(rows).into());
            }
            let up = egui::Button::new(format!("{}  Move up (Alt+Up)", icon::ARROW_UP));
            if ui.add_enabled(place > 0, up).clicked() {
                commands.push(ExploreCommand::EditLabels(swapped(state, place, place.saturating_sub(1))).into());
            }
            let down = egui::Button::new(format!("{}  Move down (Alt+Down)", icon::ARROW_DOWN));
            if ui.add_enabled(place < last, down).clicked() {
                commands.push(ExploreCommand::EditLabels(swapped(state, place, (place + 1).min(last))).into());
            }
        })
        .0;
    labelled(response.on_hover_text(&name), &name);
}

fn move_by_key(ui: &Ui, state: &State, place: usize, commands: &mut Vec<Command>) {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::ALT, key));
    if place > 0 && pressed(Key::ArrowUp) {
        commands.push(ExploreCommand::EditLabels(swapped(state, place, place - 1)).into());
    } else if place + 1 < state.settings.labels.len() && pressed(Key::ArrowDown) {
        commands.push(ExploreCommand::EditLabels(swapped(state, place, place + 1)).into());
    }
}

fn without(state: &State, place: usize) -> Vec<LabelRow> {
    let mut rows = state.settings.labels.clone();
    rows.remove(place);
    rows
}

fn swapped(state: &State, a: usize, b: usize) -> Vec<LabelRow> {
    let mut rows = state.settings.labels.clone();
    rows.swap(a, b);
    rows
}

fn descriptions_ui(ui: &mut Ui, state: &State, place: usize, commands: &mut Vec<Command>) {
    let row = &state.settings.labels[place];
    let (id, descriptions) = (row.id, row.label.descriptions.clone());
    if state.explore.expanded_label != Some(id) {
        if !descriptions.is_empty() {
            let text = format!("{} {}", icon::TEXT_ALIGN_LEFT, descriptions.join("; "));
            if ui
                .add(egui::Label::new(note(ui, text)).truncate().sense(egui::Sense::click()))
                .clicked()
            {
                commands.push(ExploreCommand::ExpandLabel(Some(id)).into());
            }
        }
        return;
    }
    let mut text = descriptions.join("\n");
    let field = TextEdit::multiline(&mut text)
        .id_salt("descriptions")
        .char_limit(MAX_DESCRIPTIONS)
        .hint_text("like a horse, with black and white stripes")
        .desired_rows(2)
        .desired_width(f32::INFINITY);
    if ui.add(field).changed() {
        let mut rows = state.settings.labels.clone();
        rows[place].label.descriptions = text.split('\n').map(String::from).collect();
        match rows[place].label.too_long() {
            None => commands.push(ExploreCommand::TypeLabel(rows).into()),
            reason => commands.extend(refusal(&Vec::from_iter(reason))),
        }
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(note(ui, "One per line; replaces the name"));
        if ui.small_button("Done").clicked() {
            commands.push(ExploreCommand::ExpandLabel(None).into());
            let mut rows = state.settings.labels.clone();
            rows[place].label.descriptions.retain(|text| !text.trim().is_empty());
            commands.push(ExploreCommand::TypeLabel(rows).into());
        }
    });
}
