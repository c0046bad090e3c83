//! The rail on the left: modes, and what concerns the whole window.

use crate::app::shell::icons as icon;
use egui::{Align, Button, Layout, RichText, Ui, vec2};

use crate::app::command::{Command, Dialog};
use crate::app::settings::ThemeChoice;
use crate::app::shell::theme;
use crate::app::shell::widgets::labelled;
use crate::app::state::Mode;

/// Draws the rail.
pub fn rail_ui(ui: &mut Ui, mode: Mode) -> Vec<Command> {
    let mut commands = Vec::new();
    ui.vertical_centered(|ui| {
        ui.add_space(theme::GAP);
        if mode_ui(ui, icon::SQUARES_FOUR, "Explore", mode == Mode::Explore) {
            commands.push(Command::UseMode(Mode::Explore));
        }
        if mode_ui(ui, icon::GRADUATION_CAP, "Train", mode == Mode::Train) {
            commands.push(Command::UseMode(Mode::Train));
        }
        if mode_ui(ui, icon::CUBE, "Model", false) {
            commands.push(Command::OpenDialog(Dialog::Models));
        }
    });
    ui.with_layout(Layout::bottom_up(Align::Center), |ui| {
        ui.add_space(theme::GAP);
        if tool_ui(ui, icon::KEYBOARD, "Keyboard shortcuts (?)") {
            commands.push(Command::OpenDialog(Dialog::Shortcuts));
        }
        if tool_ui(ui, icon::INFO, "About Clipsight") {
            commands.push(Command::OpenDialog(Dialog::About));
        }
        if tool_ui(ui, icon::GEAR_SIX, "Settings (Ctrl+,)") {
            commands.push(Command::OpenDialog(Dialog::Settings));
        }
        let (sun_or_moon, other) = if ui.visuals().dark_mode {
            (icon::SUN, ThemeChoice::Light)
        } else {
            (icon::MOON, ThemeChoice::Dark)
        };
        if tool_ui(ui, sun_or_moon, "Light or dark (D)") {
            commands.push(Command::UseTheme(other));
        }
    });
    commands
}

fn mode_ui(ui: &mut Ui, icon: &str, name: &str, selected: bool) -> bool {
    let palette = theme::palette(ui);
    let colour = if selected { palette.accent } else { palette.text_weak };
    let mut clicked = false;
    ui.allocate_ui(vec2(theme::RAIL_WIDTH - 8.0, 52.0), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let text = RichText::new(icon).size(theme::SIZE_ICON).color(colour);
        let button = Button::new(text).frame(selected).min_size(vec2(40.0, 34.0));
        clicked = labelled(ui.add(button), name).clicked();
        ui.label(RichText::new(name).size(theme::SIZE_SMALL - 1.0).color(colour));
    });
    clicked
}

fn tool_ui(ui: &mut Ui, icon: &str, name: &str) -> bool {
    let colour = theme::palette(ui).text_weak;
    let text = RichText::new(icon).size(theme::SIZE_ICON - 2.0).color(colour);
    let response = ui.add(Button::new(text).frame(false).min_size(vec2(40.0, 34.0)));
    labelled(response.on_hover_text(name), name).clicked()
}
