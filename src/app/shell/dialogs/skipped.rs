//! Files that were skipped, each with its reason.

use egui::{Align, Layout, Ui};

use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::widgets::note;
use crate::app::state::State;

/// Draws it.
pub fn skipped_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    if state.explore.skipped() + state.explore.unreadable().len() == 0 {
        ui.label(note(ui, "Every file could be read."));
        return commands;
    }
    if state.explore.skipped() > 0 && ui.button(format!("{}  Try all again", icon::ARROW_CLOCKWISE)).clicked() {
        commands.push(Command::Retry(None));
    }
    for (id, picture) in state.explore.pictures().iter().enumerate() {
        let Some(reason) = &picture.skipped else { continue };
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.small_button("Try again").clicked() {
                    commands.push(Command::Retry(Some(id)));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let path = egui::Label::new(picture.name()).truncate();
                    ui.add(path).on_hover_text(picture.file.path.display().to_string());
                });
            });
        });
        ui.label(note(ui, reason));
    }
    for (path, reason) in state.explore.unreadable() {
        ui.label(path.display().to_string());
        ui.label(note(ui, reason));
    }
    commands
}
