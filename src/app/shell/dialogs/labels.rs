//! All labels as text: to paste, to edit, to clear.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Galley, Key, Modifiers, TextBuffer, TextEdit, Ui};

use super::just_opened;
use crate::app::command::Command;
use crate::app::explore::ExploreCommand;
use crate::app::explore::label_rows::{FreeColours, refusal};
use crate::app::settings::LabelRow;
use crate::app::shell::keys::for_this_platform;
use crate::app::shell::status::{counted, thousands};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, primary_button};
use crate::app::state::State;
use crate::zero_shot::{Label, of_fair_length, parse_labels};

const ROWS: usize = 14;
/// Of all labels together: what is longer takes seconds to draw. More come from a file.
const MAX_CHARACTERS: usize = 1_000_000;

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
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| with_seen_tabs(ui, text.as_str(), width);
    let field = TextEdit::multiline(&mut text)
        .id_salt("label list")
        .layouter(&mut layouter)
        .char_limit(MAX_CHARACTERS)
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
    let (labels, refused) = of_fair_length(parse_labels(&text));
    ui.label(note(ui, words(&labels)));
    ui.add_space(theme::GAP_SMALL);
    ui.horizontal(|ui| {
        let use_them = primary_button(ui, "Use these labels").on_hover_text(for_this_platform("Ctrl+Enter"));
        if use_them.clicked() || apply_key {
            commands.extend(refusal(&refused));
            commands.push(Command::Explore(ExploreCommand::EditLabels(rows(
                labels,
                &state.settings.labels,
            ))));
            commands.push(Command::CloseDialog);
        }
        if ui.button("Cancel").clicked() {
            commands.push(Command::CancelDialog);
        }
    });
    commands
}

/// The text with an arrow for each tab, which would look like any other gap.
fn with_seen_tabs(ui: &Ui, text: &str, width: f32) -> Arc<Galley> {
    let palette = theme::palette(ui);
    let format = |colour| TextFormat::simple(theme::body(theme::SIZE_BODY), colour);
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    for (place, part) in text.split('\t').enumerate() {
        if place > 0 {
            job.append("→", 0.0, format(palette.accent));
        }
        job.append(part, 0.0, format(palette.text));
    }
    ui.painter().layout_job(job)
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
fn rows(labels: Vec<Label>, known: &[LabelRow]) -> Vec<LabelRow> {
    let mut by_name: HashMap<&str, VecDeque<&LabelRow>> = HashMap::new();
    for row in known {
        by_name.entry(&row.label.name).or_default().push_back(row);
    }
    let mut colours = FreeColours::beside(&[]);
    let row = |label: Label| match by_name.get_mut(label.name.as_str()).and_then(VecDeque::pop_front) {
        Some(known) => {
            colours.take(known.colour);
            LabelRow { label, ..known.clone() }
        }
        None => LabelRow::new(label, colours.next_free()),
    };
    labels.into_iter().map(row).collect()
}
