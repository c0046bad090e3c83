//! All labels as a text: to paste, to edit, to empty.

use egui::{Key, Modifiers, TextEdit, Ui};

use super::just_opened;
use crate::app::command::Command;
use crate::app::explore::labels::free_colour;
use crate::app::settings::LabelRow;
use crate::app::shell::status::{counted, thousands};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, primary_button};
use crate::app::state::State;
use crate::zero_shot::{Label, parse_labels};

const ROWS: usize = 14;

/// Draws it.
pub fn label_list_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    ui.label(note(
        ui,
        "One label per line; commas are part of the label. After a tab: a description, used instead of the name.",
    ));
    let opened = just_opened(ui);
    // Before the field sees it, which would write a line.
    let apply_key = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
    let mut text = state.draft.clone().unwrap_or_else(|| as_text(&state.settings.labels));
    let field = TextEdit::multiline(&mut text)
        .id_salt("label list")
        .hint_text("cat\ndog\nzebra\tlike a horse, with black and white stripes")
        .desired_rows(ROWS)
        .lock_focus(true)
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    if opened {
        field.request_focus();
    }
    if field.changed() {
        commands.push(Command::Draft(text.clone()));
    }
    let labels = parse_labels(&text);
    ui.label(note(ui, words(&labels)));
    ui.add_space(theme::GAP_SMALL);
    ui.horizontal(|ui| {
        let use_them = primary_button(ui, "Use these labels").on_hover_text("Ctrl+Enter");
        if use_them.clicked() || apply_key {
            commands.push(Command::EditLabels(rows(&labels, &state.settings.labels)));
            commands.push(Command::CloseDialog);
        }
        if ui.button("Cancel").clicked() {
            commands.push(Command::CancelDialog);
        }
    });
    commands
}

fn words(labels: &[Label]) -> String {
    let described = labels.iter().filter(|label| !label.descriptions.is_empty()).count();
    let labels = counted(labels.len(), "label", "labels");
    match described {
        0 => labels,
        1 => format!("{labels}, 1 with a description"),
        many => format!("{labels}, {} with descriptions", thousands(many)),
    }
}

/// The labels as they would be typed.
fn as_text(rows: &[LabelRow]) -> String {
    let line = |row: &LabelRow| {
        let parts = std::iter::once(&row.label.name).chain(&row.label.descriptions);
        parts.map(String::as_str).collect::<Vec<_>>().join("\t")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A name that is there already stays the label that it is; a second one of the same name is another.
fn rows(labels: &[Label], known: &[LabelRow]) -> Vec<LabelRow> {
    let mut rows: Vec<LabelRow> = Vec::new();
    for label in labels {
        let is_free = |known: &&LabelRow| rows.iter().all(|row| row.id != known.id);
        let mut named = known.iter().filter(|row| row.label.name == label.name);
        let row = match named.find(is_free) {
            Some(known) => LabelRow {
                label: label.clone(),
                ..known.clone()
            },
            None => LabelRow::new(label.clone(), free_colour(&rows)),
        };
        rows.push(row);
    }
    rows
}
