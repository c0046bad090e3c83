//! The labels panel: a row per label, the templates, and "none of these".

use std::collections::HashSet;

use egui::{Event, Key, ScrollArea, TextEdit, Ui, vec2};

use super::label_row::{row_ui, wins_ui};
use super::none::{none_row_ui, none_ui};
use super::templates::templates_ui;
use crate::app::command::{Command, Dialog};
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::label_rows::{FreeColours, refusal, spelling};
use crate::app::explore::state::Focus;
use crate::app::explore::wording::Wording;
use crate::app::settings::LabelRow;
use crate::app::shell::keys::with_hint;
use crate::app::shell::widgets::{ends_ui, follow_focus, icon_button, note, section};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::State;
use crate::app::train::taught_ui;
use crate::zero_shot::{Label, MAX_LABEL_CHARACTERS, of_fair_length, parse_labels};

/// With more labels than this, only those in view are drawn.
const MANY: usize = 100;
/// The id of the field for new labels.
const NEW_LABEL: &str = "new label";
/// Rows this far out of sight are drawn too, so that Tab reaches them.
const MARGIN: f32 = 60.0;
/// Approximate height of the templates and "none of these" below the list, and the least height of the list.
const BELOW: f32 = 158.0;
const LEAST_LIST: f32 = 80.0;
/// The line above them.
const SEPARATOR: f32 = 6.0;
/// Width of the buttons to the right of the heading.
const HEADER_WIDTH: f32 = 128.0;

pub fn labels_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    header_ui(ui, state, commands);
    taught_ui(ui, state, commands);
    new_label_ui(ui, state, commands);
    ui.add_space(theme::GAP_SMALL);
    // What is below the list has its room first.
    let id = ui.scope_id().with("height below the labels");
    let below: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(BELOW);
    let height = (ui.available_height() - below - ui.spacing().item_spacing.y).max(LEAST_LIST);
    ScrollArea::vertical()
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            if state.settings.labels.is_empty() {
                ui.label(note(
                    ui,
                    "No labels yet. Type what a picture could show, such as \"cat\", and press Enter.",
                ));
            }
            rows_ui(ui, state, commands);
            if !state.settings.labels.is_empty() && state.settings.show_none {
                none_row_ui(ui, |ui| {
                    wins_ui(ui, state.explore.arranged.none_wins, None, state, commands)
                });
            }
            follow_focus(ui);
        });
    let drawn = ui.scope(|ui| {
        ui.separator();
        ScrollArea::vertical()
            .id_salt("below the labels")
            .auto_shrink([false, true])
            .show(ui, |ui| {
                templates_ui(ui, state, commands);
                none_ui(ui, state, commands);
                follow_focus(ui);
                ui.min_rect().height()
            })
            .inner
    });
    let drawn = drawn.inner + ui.spacing().item_spacing.y + SEPARATOR;
    if (drawn - below).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, drawn));
        ui.ctx().request_repaint();
    }
}

fn header_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let now = Wording::of(&state.settings);
    let history = &state.explore.history;
    let undo = history.before().map(|before| before.change_to(&now));
    let redo = history.after().map(|after| now.change_to(after));
    let tools = |ui: &mut Ui, commands: &mut Vec<Command>| {
        let steps = [
            (icon::ARROW_U_UP_LEFT, "Undo", undo, Command::Undo),
            (icon::ARROW_U_UP_RIGHT, "Redo", redo, Command::Redo),
        ];
        for (sign, name, what, command) in steps {
            let told = match &what {
                Some(what) => format!("{name} {what}"),
                None => format!("Nothing to {}", name.to_lowercase()),
            };
            let told = with_hint(&told, state, &command);
            let button = ui.add_enabled_ui(what.is_some(), |ui| icon_button(ui, sign, &told, false));
            if button.inner.clicked() {
                commands.push(command);
            }
        }
        if icon_button(ui, icon::LIST_PLUS, "Paste or edit the list", false).clicked() {
            commands.push(Command::OpenDialog(Dialog::LabelList));
        }
        let fold = with_hint(
            "Fold the labels",
            state,
            &Command::Explore(ExploreCommand::ToggleLabels),
        );
        if icon_button(ui, icon::SIDEBAR_SIMPLE, &fold, false).clicked() {
            commands.push(ExploreCommand::ToggleLabels.into());
        }
    };
    let title = |ui: &mut Ui, _: &mut Vec<Command>| {
        ui.label(section("Labels"));
    };
    ends_ui(ui, HEADER_WIDTH, commands, title, tools);
}

fn new_label_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut typed = state.explore.new_label.clone();
    let field = TextEdit::singleline(&mut typed)
        .id_salt(NEW_LABEL)
        // One more than is taken: that it is too long is said, not hidden by cutting it.
        .char_limit(MAX_LABEL_CHARACTERS + 1)
        .hint_text("Add a label, press Enter")
        .desired_width(f32::INFINITY)
        .margin(egui::Margin::symmetric(10, 7));
    let response = ui.add(field);
    if state.explore.focus == Some(Focus::NewLabel) {
        response.request_focus();
        commands.push(ExploreCommand::Focused.into());
    }
    // A pasted list becomes rows; the field itself would join its lines.
    let pasted = ui.input(|input| {
        input.events.iter().find_map(|event| match event {
            Event::Paste(text) if text.trim().contains('\n') => Some(text.clone()),
            _ => None,
        })
    });
    if let Some(text) = pasted.filter(|_| response.has_focus()) {
        add(state, parse_labels(&text), commands);
        commands.push(ExploreCommand::TypeNewLabel(String::new()).into());
    } else if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        add(state, Label::parse(&typed).into_iter().collect(), commands);
        commands.push(ExploreCommand::TypeNewLabel(String::new()).into());
        response.request_focus();
    } else if response.changed() {
        commands.push(ExploreCommand::TypeNewLabel(typed).into());
    }
}

/// The rows; of very many, only those in view.
fn rows_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let labels = &state.settings.labels;
    let clip = ui.clip_rect().expand2(vec2(0.0, MARGIN));
    let mut height = None;
    for (place, row) in labels.iter().enumerate() {
        let top = ui.cursor().top();
        if let Some(height) = height
            && labels.len() > MANY
            && (top > clip.bottom() || top + height < clip.top())
            && state.explore.expanded_label != Some(row.id)
        {
            ui.add_space(height);
            continue;
        }
        row_ui(ui, state, place, commands);
        height.get_or_insert(ui.cursor().top() - top);
    }
}

/// Adds labels. One that is there already is not added again: the two would halve each other's probability. Another spelling
/// of it is added, and marked where the model reads both alike.
fn add(state: &State, labels: Vec<Label>, commands: &mut Vec<Command>) {
    let (labels, refused) = of_fair_length(labels);
    commands.extend(refusal(&refused));
    let mut rows = state.settings.labels.clone();
    let mut known: HashSet<_> = rows.iter().map(|row| spelling(&row.label)).collect();
    let mut colours = FreeColours::beside(&rows);
    for label in labels {
        if known.insert(spelling(&label)) {
            // What was asked about while it was typed stays the label that it is.
            let typed = state.explore.typed.clone().filter(|row| row.label == label);
            rows.push(typed.unwrap_or_else(|| LabelRow::new(label, colours.next_free())));
        }
    }
    commands.push(ExploreCommand::EditLabels(rows).into());
}
