//! The page: the model in use, what else is here, and the Hub's.

mod card;
mod fetching;
mod table;

use egui::{CentralPanel, Frame, Margin, RichText, ScrollArea, TextEdit, Ui};

use super::ModelsCommand;
use crate::app::command::{Command, FileDialog};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{follow_focus, note, section};
use crate::app::state::State;
use crate::engine::ModelChoice;
use crate::hub::valid_name;

/// From this width on, the card of the model in use stands beside the list.
const TWO_COLUMNS: f32 = 1_240.0;
const CARD_WIDTH: f32 = 360.0;
const NAME_WIDTH: f32 = 330.0;

/// Draws the page.
pub fn models_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let palette = theme::palette(ui);
    let mut commands = Vec::new();
    let frame = Frame::new()
        .fill(palette.ground)
        .inner_margin(Margin::same(theme::PANEL_MARGIN));
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(theme::PAGE_WIDTH));
            page_ui(ui, state, &mut commands);
            follow_focus(ui);
        });
    });
    commands
}

fn page_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.label(RichText::new("Models").font(theme::strong(theme::SIZE_HEADING)));
    ui.add_space(theme::GAP_SMALL);
    let width = ui.available_width();
    if width < TWO_COLUMNS {
        card::card_ui(ui, state, commands);
        list_ui(ui, state, commands);
        return;
    }
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(width - CARD_WIDTH - theme::GAP);
            list_ui(ui, state, commands);
        });
        ui.vertical(|ui| {
            ui.set_width(CARD_WIDTH);
            card::card_ui(ui, state, commands);
        });
    });
}

fn list_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if let Some(fetching) = state.models.fetching() {
        fetching::fetching_ui(ui, fetching, commands);
    }
    table::table_ui(ui, state, commands);
    theme::card(ui, |ui| {
        ui.label(section("Another model from the Hub"));
        any_name_ui(ui, state, commands);
        ui.add_space(theme::GAP);
        ui.label(section("A model on this machine"));
        open_ui(ui, state, commands);
    });
}

fn any_name_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut typed = state.models.typed_name().to_owned();
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut typed)
            .id_salt("model name")
            .char_limit(crate::escape::MAX_NAME_CHARACTERS)
            .hint_text("owner/name")
            .desired_width(NAME_WIDTH);
        let field = ui.add(field);
        if field.changed() {
            commands.push(Command::Models(ModelsCommand::TypeName(typed.clone())));
        }
        let name = typed.trim().to_string();
        let valid = valid_name(&name) && name.contains('/') && state.models.fetching().is_none();
        let get = egui::Button::new(format!("{}  Get", icon::DOWNLOAD_SIMPLE));
        let clicked = ui.add_enabled(valid, get).clicked();
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if valid && (clicked || entered) {
            commands.push(Command::FetchModel(name));
        }
    });
    let words = "Nothing is downloaded before you ask for it. Every file is verified, and kept where other programs find \
                 it.";
    ui.label(note(ui, words));
}

fn open_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        if ui.button(format!("{}  Folder\u{2026}", icon::FOLDER_OPEN)).clicked() {
            commands.push(Command::Choose(FileDialog::ModelFolder));
        }
        if ui.button(format!("{}  File\u{2026}", icon::CUBE)).clicked() {
            commands.push(Command::Choose(FileDialog::ModelFile));
        }
    });
    let words = "CLIP, OpenCLIP, SigLIP: a folder in Hugging Face's or OpenCLIP's layout, or one of OpenAI's .pt \
                 archives. You can also drop it on the window.";
    ui.label(note(ui, words));
    if state.settings.recent_models.is_empty() {
        return;
    }
    ui.add_space(theme::GAP_SMALL);
    ui.label(note(ui, "Recently opened"));
    for path in &state.settings.recent_models {
        let link = ui.link(state.name_at(path)).on_hover_text(path.display().to_string());
        if link.clicked() {
            commands.push(Command::LoadModel(ModelChoice::Path(path.clone())));
        }
    }
}

/// A size for people.
fn size(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes >= 1e9 => format!("{:.1} GB", bytes / 1e9),
        bytes => format!("{:.0} MB", bytes / 1e6),
    }
}
