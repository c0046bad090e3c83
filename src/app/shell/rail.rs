//! The rail on the left: the modes, and commands for the whole window.

use std::path::PathBuf;
use std::time::Instant;

use egui::{Align, Button, Layout, RichText, Ui, vec2};

use crate::app::command::{Command, Dialog};
use crate::app::shell::icons as icon;
use crate::app::shell::keys::{Binding, with_hint};
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::labelled;
use crate::app::state::{Mode, State};
use crate::app::{evaluate, explore, models, train};
use crate::engine::protocol::{PictureId, Request};

/// Buttons at the bottom of the rail, and their height.
const TOOLS: usize = 5;
const TOOL_HEIGHT: f32 = 34.0;

/// What a mode drew.
#[derive(Default)]
pub struct Drawn {
    pub commands: Vec<Command>,
    /// Pictures on screen whose thumbnails are missing.
    pub missing: Vec<PictureId>,
    /// Files on screen that are not in the list, and whose pictures are missing.
    pub missing_files: Vec<PathBuf>,
}

/// A mode of the window, as the rail and the shell know it.
pub struct ModeEntry {
    pub mode: Mode,
    pub title: &'static str,
    pub icon: &'static str,
    pub keys: &'static [Binding],
    /// What the palette runs that no key does, with names for people.
    pub palette: fn(&State) -> Vec<(String, Command)>,
    /// What is asked when it is opened.
    pub open: fn(&mut State, Instant) -> Vec<Request>,
    pub ui: fn(&mut Ui, &State, &mut Textures) -> Drawn,
    /// What dropped folders and pictures would do here, for people.
    pub drop_hint: &'static str,
    /// Takes what was dropped.
    pub drop: fn(&mut State, Vec<PathBuf>, Instant) -> Vec<Request>,
    /// Whether lists of pictures are of use here.
    pub opens_lists: bool,
    /// What can be undone in it.
    pub history: Option<ModeHistory>,
}

/// What can be undone in a mode, and how.
pub struct ModeHistory {
    /// What undoing would take back, in words; none where there is nothing.
    pub undoes: fn(&State) -> Option<String>,
    /// What redoing would do again.
    pub redoes: fn(&State) -> Option<String>,
    /// Takes back the last change.
    pub undo: fn(&mut State, Instant) -> Vec<Request>,
    /// Does again what was taken back last.
    pub redo: fn(&mut State, Instant) -> Vec<Request>,
}

/// The modes, from the top.
pub const MODES: &[ModeEntry] = &[explore::MODE, evaluate::MODE, train::MODE, models::MODE];

/// How the rail and the shell know a mode.
pub fn entry(mode: Mode) -> &'static ModeEntry {
    MODES.iter().find(|entry| entry.mode == mode).unwrap_or(&MODES[0])
}

pub fn rail_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    ui.vertical_centered(|ui| {
        ui.add_space(theme::GAP);
        for entry in MODES {
            let command = Command::UseMode(entry.mode);
            let hint = with_hint(entry.title, state, &command);
            if mode_ui(ui, entry, &hint, state.mode == entry.mode) {
                commands.push(command);
            }
        }
    });
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        let height = TOOLS as f32 * (TOOL_HEIGHT + ui.spacing().item_spacing.y) + theme::GAP;
        ui.add_space((ui.available_height() - height).max(0.0));
        let (sun_or_moon, other) = if state.dark {
            (icon::SUN, crate::app::settings::ThemeChoice::Light)
        } else {
            (icon::MOON, crate::app::settings::ThemeChoice::Dark)
        };
        let tools: [_; TOOLS] = [
            (
                icon::MAGNIFYING_GLASS,
                "Find a command",
                Command::OpenDialog(Dialog::Palette),
            ),
            (sun_or_moon, "Light or dark", Command::UseTheme(other)),
            (icon::GEAR_SIX, "Settings", Command::OpenDialog(Dialog::Settings)),
            (icon::INFO, "About Clipsight", Command::OpenDialog(Dialog::About)),
            (
                icon::KEYBOARD,
                "Keyboard shortcuts",
                Command::OpenDialog(Dialog::Shortcuts),
            ),
        ];
        for (icon, name, command) in tools {
            if tool_ui(ui, icon, &with_hint(name, state, &command)) {
                commands.push(command);
            }
        }
    });
    commands
}

fn mode_ui(ui: &mut Ui, entry: &ModeEntry, hint: &str, selected: bool) -> bool {
    let palette = theme::palette(ui);
    let colour = if selected { palette.accent } else { palette.text_weak };
    let mut clicked = false;
    ui.allocate_ui(vec2(theme::RAIL_WIDTH - 8.0, 52.0), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let sign = if selected { palette.on_accent } else { palette.text_weak };
        let text = RichText::new(entry.icon).size(theme::SIZE_ICON).color(sign);
        let button = Button::new(text).selected(selected).frame_when_inactive(selected);
        let response = ui.add(button.min_size(vec2(40.0, 34.0))).on_hover_text(hint);
        clicked = labelled(response, entry.title).clicked();
        ui.label(RichText::new(entry.title).size(theme::SIZE_SMALL - 1.0).color(colour));
    });
    clicked
}

fn tool_ui(ui: &mut Ui, icon: &str, name: &str) -> bool {
    let colour = theme::palette(ui).text_weak;
    let text = RichText::new(icon).size(theme::SIZE_ICON - 2.0).color(colour);
    let button = Button::new(text)
        .frame_when_inactive(false)
        .min_size(vec2(40.0, TOOL_HEIGHT));
    labelled(ui.add(button).on_hover_text(name), name).clicked()
}
