//! Dialogs over the window.

mod labels;
mod settings;
mod skipped;
mod templates;

use egui::{Id, Modal, ModalResponse, ScrollArea, Ui};

pub use settings::settings_rows;

use super::about::about_ui;
use super::icons as icon;
use super::palette::palette_ui;
use super::shortcuts::shortcuts_ui;
use super::theme;
use super::widgets::{ends_ui, follow_focus, icon_button};
use crate::app::command::{Command, Dialog};
use crate::app::state::State;

const WIDTH: f32 = 680.0;
/// What the window shows around a dialog.
const AROUND: f32 = 80.0;

/// Draws the open dialog, if there is one.
pub fn dialog_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let Some(dialog) = state.dialog else { return Vec::new() };
    let mut commands = Vec::new();
    let screen = ui.ctx().content_rect().size();
    let size = egui::vec2(WIDTH.min(screen.x - AROUND), screen.y - AROUND);
    let id = Id::unique("dialog");
    let area = Modal::default_area(id).default_size(size);
    let frame = egui::Frame::window(ui.style());
    let modal = Modal::new(id).area(area).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(size.x);
        ends_ui(
            ui,
            theme::ICON_BUTTON,
            &mut commands,
            |ui, _| {
                ui.heading(title(dialog));
            },
            |ui, commands| {
                if icon_button(ui, icon::X, "Close (Esc)", false).clicked() {
                    commands.push(Command::CancelDialog);
                }
            },
        );
        ui.add_space(theme::GAP);
        ScrollArea::vertical()
            .id_salt(format!("{dialog:?}"))
            .max_height(size.y - 100.0)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                let more = match dialog {
                    Dialog::Skipped => skipped::skipped_ui(ui, state),
                    Dialog::Shortcuts => shortcuts_ui(ui, state),
                    Dialog::Palette => palette_ui(ui, state),
                    Dialog::LabelList => labels::label_list_ui(ui, state),
                    Dialog::Templates => templates::templates_ui(ui, state),
                    Dialog::Settings => settings::settings_ui(ui, state),
                    Dialog::About => about_ui(ui, state),
                };
                commands.extend(more);
                follow_focus(ui);
            });
    });
    if is_left(&modal, is_edited(state)) {
        commands.push(Command::CancelDialog);
    }
    commands
}

/// Whether somebody wants to be out of the dialog. A click beside it does not throw an edit away.
fn is_left<R>(modal: &ModalResponse<R>, is_edited: bool) -> bool {
    let outside = modal.backdrop_response.clicked();
    modal.should_close() && !(outside && is_edited)
}

/// Whether something was typed that would be lost.
fn is_edited(state: &State) -> bool {
    matches!(state.dialog, Some(Dialog::LabelList | Dialog::Templates)) && state.draft.is_some()
}

/// Whether what is drawn here was not drawn in the frame before: then its field takes the keyboard.
pub fn just_opened(ui: &Ui) -> bool {
    let id = ui.scope_id().with("drawn in frame");
    let frame = ui.ctx().cumulative_frame_nr();
    let last: Option<u64> = ui.data(|data| data.get_temp(id));
    ui.data_mut(|data| data.insert_temp(id, frame));
    last.is_none_or(|last| last + 1 < frame)
}

fn title(dialog: Dialog) -> &'static str {
    match dialog {
        Dialog::Skipped => "Skipped files",
        Dialog::Shortcuts => "Keyboard shortcuts",
        Dialog::Palette => "Find a command",
        Dialog::LabelList => "Labels as a list",
        Dialog::Templates => "Your own templates",
        Dialog::Settings => "Settings",
        Dialog::About => "About Clipsight",
    }
}
