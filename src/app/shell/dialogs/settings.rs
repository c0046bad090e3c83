//! The settings: theme, size, device, tables, and where the data is.

use std::path::PathBuf;

use egui::Ui;

use crate::app::command::Command;
use crate::app::settings::{Settings, ThemeChoice};
use crate::app::shell::keys::for_this_platform;
use crate::app::shell::theme;
use crate::app::shell::widgets::{checkbox, note, section, segmented_ui};
use crate::app::state::State;
use crate::engine::DeviceChoice;
use crate::engine::protocol::Precision;
use crate::table::Style;

const THEMES: [(ThemeChoice, &str); 3] = [
    (ThemeChoice::System, "Match system"),
    (ThemeChoice::Light, "Light"),
    (ThemeChoice::Dark, "Dark"),
];
const OFFERED_SCALES: [(f32, &str); 5] = [
    (0.8, "80 %"),
    (1.0, "100 %"),
    (1.25, "125 %"),
    (1.5, "150 %"),
    (2.0, "200 %"),
];
const DEVICES: [(DeviceChoice, &str); 3] = [
    (DeviceChoice::Auto, "GPU if there is one"),
    (DeviceChoice::Gpu, "GPU"),
    (DeviceChoice::Cpu, "CPU"),
];
const PRECISIONS: [(Precision, &str); 2] = [
    (Precision::Full, "Full (f32)"),
    (Precision::Half, "Half (f16): faster, less exact"),
];
const NEUTRALISED: &str = "Neutralise formulas";
const FOR_EXCEL: &str = "For Excel";
const RESET: &str = "Reset to defaults";

/// What the palette runs of the settings, with its name for people.
pub fn settings_rows(state: &State) -> Vec<(String, Command)> {
    let style = state.settings.csv_style();
    let (safe, bom) = (!style.safe, !style.bom);
    let switch = |on: bool| if on { "on" } else { "off" };
    let mut rows = Vec::new();
    rows.extend(THEMES.map(|(theme, title)| (format!("Theme: {title}"), Command::UseTheme(theme))));
    rows.extend(OFFERED_SCALES.map(|(scale, title)| (format!("Interface size: {title}"), Command::Scale(scale))));
    rows.extend(DEVICES.map(|(device, title)| (format!("Compute on: {title}"), Command::UseDevice(device))));
    rows.extend(PRECISIONS.map(|(precision, title)| {
        let title = format!("GPU precision: {title}");
        (title, Command::UsePrecision(precision))
    }));
    rows.extend([
        (
            format!("Saved tables (CSV): {NEUTRALISED}, {}", switch(safe)),
            Command::UseCsvStyle(Style { safe, ..style }),
        ),
        (
            format!("Saved tables (CSV): {FOR_EXCEL}, {}", switch(bom)),
            Command::UseCsvStyle(Style { bom, ..style }),
        ),
        (format!("Settings: {RESET}"), Command::ResetSettings),
    ]);
    rows
}

pub fn settings_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    look_ui(ui, &state.settings, &mut commands);
    device_ui(ui, state, &mut commands);
    commands.extend(tables_ui(ui, state.settings.csv_style()).map(Command::UseCsvStyle));
    commands.extend(data_folder_ui(ui, state.about.data_folder.clone()));
    let words = "Theme, sizes, tables and the heatmap's look; your labels, folders, models and the device stay";
    if ui.button(RESET).on_hover_text(words).clicked() {
        commands.push(Command::ResetSettings);
    }
    ui.add_space(theme::GAP);
    forget_ui(ui, state.asked_to_forget, &mut commands);
    commands
}

fn look_ui(ui: &mut Ui, settings: &Settings, commands: &mut Vec<Command>) {
    ui.label(section("Theme"));
    commands.extend(segmented_ui(ui, settings.theme, &THEMES).map(Command::UseTheme));
    ui.add_space(theme::GAP);

    ui.label(section("Interface size"));
    commands.extend(segmented_ui(ui, settings.scale, &OFFERED_SCALES).map(Command::Scale));
    ui.label(note(ui, for_this_platform("Ctrl with + or - does the same")));
    ui.add_space(theme::GAP);
}

/// Where the model computes, and how exactly.
fn device_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.label(section("Compute on"));
    commands.extend(segmented_ui(ui, state.settings.device, &DEVICES).map(Command::UseDevice));
    let now = state
        .device
        .as_ref()
        .map_or("nothing yet", |device| device.name.as_str());
    ui.label(note(ui, format!("Now: {now}")));
    if let Some(latency) = state.explore.asking().latency_ms {
        ui.label(note(ui, format!("Last label update: {latency:.0} ms")));
    }
    ui.add_space(theme::GAP);

    ui.label(section("GPU precision"));
    let precision = state.settings.precision;
    commands.extend(segmented_ui(ui, precision, &PRECISIONS).map(Command::UsePrecision));
    if let Some(now) = other_precision(state) {
        ui.label(note(ui, format!("Now: {}", now.name())));
    }
    ui.add_space(theme::GAP);
}

/// What a GPU answers in where that is not what was chosen: it has no half precision, or computes something else in it, or
/// is still being prepared for another choice.
fn other_precision(state: &State) -> Option<Precision> {
    let on_gpu = state.device.as_ref().is_some_and(|device| device.gpu);
    let now = state.model.as_ref()?.precision;
    (on_gpu && now != state.settings.precision).then_some(now)
}

fn data_folder_ui(ui: &mut Ui, folder: Option<PathBuf>) -> Option<Command> {
    ui.label(section("Data folder"));
    let mut command = None;
    match folder {
        Some(folder) => {
            let words =
                "Runs, settings, and what was computed of your pictures; the pictures themselves stay where they are.";
            ui.label(note(ui, words));
            let link = ui.link(folder.display().to_string());
            if link.on_hover_text("Show in the file manager").clicked() {
                command = Some(Command::ShowFolder(folder));
            }
        }
        None => {
            ui.label(note(ui, "None: this system names no folder that can be written to."));
        }
    }
    ui.add_space(theme::GAP);
    command
}

/// How tables (CSV) are saved; the new style where it was changed.
fn tables_ui(ui: &mut Ui, style: Style) -> Option<Style> {
    ui.label(section("Saved tables (CSV)"));
    let mut wanted = style;
    checkbox(ui, &mut wanted.safe, NEUTRALISED).on_hover_text(
        "An apostrophe before texts that begin with = + - or @, which a spreadsheet would compute; numbers stay",
    );
    checkbox(ui, &mut wanted.bom, FOR_EXCEL)
        .on_hover_text("They begin with a byte order mark: without it Excel does not read them as UTF-8");
    ui.add_space(theme::GAP);
    (wanted != style).then_some(wanted)
}

/// What Clipsight knows, and the way to have it forget that.
fn forget_ui(ui: &mut Ui, asked: bool, commands: &mut Vec<Command>) {
    ui.label(section("What Clipsight remembers"));
    let words = "Which pictures it has seen, small copies of them and what models make of them, your labels and settings. \
                 Your pictures themselves, runs and models are not touched.";
    ui.label(note(ui, words));
    ui.horizontal(|ui| {
        if !asked {
            if ui.button("Forget everything…").clicked() {
                commands.push(Command::AskToForget(true));
            }
            return;
        }
        ui.label("Labels, settings and evaluations cannot be brought back.");
        if ui.button("Forget everything now").clicked() {
            commands.push(Command::ForgetEverything);
        }
        if ui.button("Cancel").clicked() {
            commands.push(Command::AskToForget(false));
        }
    });
}
