//! Beside the labels: which run's model is in use, what it was taught, and the way back.

use std::collections::HashSet;

use egui::{CornerRadius, Frame, Margin, Ui};

use crate::app::command::Command;
use crate::app::shell::status::counted;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::app::state::State;
use crate::app::train::TrainCommand;
use crate::engine::training::RunRecord;

/// Draws it while a run's model is in use.
pub fn taught_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(record) = state.training.run_of(&state.opened_model) else {
        return;
    };
    let frame = Frame::new()
        .fill(theme::palette(ui).raised)
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add(egui::Label::new(section(&record.name)).truncate());
        ui.label(note(ui, words(record)));
        if missing(state, record) > 0 && ui.link("Use its classes as labels").clicked() {
            commands.push(Command::Train(TrainCommand::Use(record.run.clone())));
        }
        if ui.link(format!("Back to {}", record.base_name)).clicked() {
            commands.push(Command::Train(TrainCommand::UseBase));
        }
    });
    ui.add_space(theme::GAP_SMALL);
}

fn words(record: &RunRecord) -> String {
    let blend = if record.is_blend() {
        format!("; {}", record.mixture())
    } else {
        String::new()
    };
    match record.classes.len() {
        0 => format!("Taught with captions{blend}"),
        count => format!("Taught {}{blend}", counted(count, "class", "classes")),
    }
}

/// Classes that it was taught and that are no labels.
fn missing(state: &State, record: &RunRecord) -> usize {
    let labels: HashSet<&str> = state
        .settings
        .labels
        .iter()
        .map(|row| row.label.name.as_str())
        .collect();
    let is_missing = |class: &&String| !labels.contains(class.as_str());
    record.classes.iter().filter(is_missing).count()
}
