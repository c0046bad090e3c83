//! Files that were skipped, each with its reason.

use egui::Ui;

use crate::app::command::Command;
use crate::app::explore::ExploreCommand;
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{ends_ui, middle_elided, note, rows_ui};
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// A file and the reason, in points.
const HEIGHT: f32 = 48.0;

pub fn skipped_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    if state.explore.skipped() + state.explore.unreadable().len() == 0 {
        ui.label(note(ui, "Every file could be read."));
        return commands;
    }
    if state.explore.skipped() > 0 && ui.button(format!("{}  Try all again", icon::ARROW_CLOCKWISE)).clicked() {
        commands.push(Command::Explore(ExploreCommand::Retry(None)));
    }
    let skipped = state
        .explore
        .pictures()
        .iter()
        .filter(|picture| picture.skipped.is_some());
    let skipped: Vec<PictureId> = skipped.map(|picture| picture.file.id).collect();
    rows_ui(ui, "skipped", &skipped, HEIGHT, |ui, place| {
        let picture = &state.explore.pictures()[skipped[place]];
        ends_ui(
            ui,
            70.0,
            &mut commands,
            |ui, _| {
                let colour = theme::palette(ui).text;
                let room = ui.available_width();
                let name = middle_elided(ui, picture.name(), theme::body(theme::SIZE_BODY), colour, room);
                ui.label(name).on_hover_text(picture.file.path.display().to_string());
            },
            |ui, commands| {
                if ui.small_button("Try again").clicked() {
                    commands.push(Command::Explore(ExploreCommand::Retry(Some(vec![picture.file.id]))));
                }
            },
        );
        ui.label(note(ui, picture.skipped.as_deref().unwrap_or_default()));
    });
    let unreadable = state.explore.unreadable();
    let places: Vec<usize> = (0..unreadable.len()).collect();
    rows_ui(ui, "unreadable", &places, HEIGHT, |ui, place| {
        let (path, reason) = &unreadable[place];
        let (text, colour) = (path.display().to_string(), theme::palette(ui).text);
        let room = ui.available_width();
        let shown = middle_elided(ui, &text, theme::body(theme::SIZE_BODY), colour, room);
        ui.label(shown).on_hover_text(text);
        ui.label(note(ui, reason));
    });
    commands
}
