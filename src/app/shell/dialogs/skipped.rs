//! Files that were skipped, each with its reason.

use egui::{Align, Layout, Ui};

use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::widgets::{note, rows_ui};
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// A file and the reason, in points.
const HEIGHT: f32 = 48.0;

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
    let skipped = state
        .explore
        .pictures()
        .iter()
        .filter(|picture| picture.skipped.is_some());
    let skipped: Vec<PictureId> = skipped.map(|picture| picture.file.id).collect();
    rows_ui(ui, "skipped", &skipped, HEIGHT, |ui, place| {
        let picture = &state.explore.pictures()[skipped[place]];
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.small_button("Try again").clicked() {
                    commands.push(Command::Retry(Some(picture.file.id)));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let path = egui::Label::new(picture.name()).truncate();
                    ui.add(path).on_hover_text(picture.file.path.display().to_string());
                });
            });
        });
        ui.label(note(ui, picture.skipped.as_deref().unwrap_or_default()));
    });
    let unreadable = state.explore.unreadable();
    let places: Vec<usize> = (0..unreadable.len()).collect();
    rows_ui(ui, "unreadable", &places, HEIGHT, |ui, place| {
        let (path, reason) = &unreadable[place];
        ui.label(path.display().to_string());
        ui.label(note(ui, reason));
    });
    commands
}
