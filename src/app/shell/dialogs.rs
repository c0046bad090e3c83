//! Dialogs over the window.

use crate::app::shell::icons as icon;
use egui::{Align, Grid, Id, Layout, Modal, RichText, ScrollArea, TextEdit, Ui};

use crate::app::command::{Command, Dialog};
use crate::app::explore::labels::free_colour;
use crate::app::models::models_ui;
use crate::app::settings::{LabelRow, ThemeChoice};
use crate::app::shell::about::about_ui;
use crate::app::shell::keys::SHORTCUTS;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, note, section, segmented_ui};
use crate::app::state::State;
use crate::engine::DeviceChoice;
use crate::engine::protocol::Precision;
use crate::zero_shot::{TemplateSet, parse_labels};

const WIDTH: f32 = 680.0;
/// Models are a table.
const WIDE: f32 = 880.0;

/// Draws the open dialog, if there is one.
pub fn dialog_ui(ui: &mut Ui, state: &mut State) -> Vec<Command> {
    let Some(dialog) = state.dialog else { return Vec::new() };
    let mut commands = Vec::new();
    let screen = ui.ctx().content_rect().size();
    let width = if dialog == Dialog::Models { WIDE } else { WIDTH };
    let size = egui::vec2(width.min(screen.x - 80.0), screen.y - 80.0);
    let id = Id::unique("dialog");
    let area = Modal::default_area(id).default_size(size);
    let frame = egui::Frame::window(ui.style());
    let modal = Modal::new(id).area(area).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(size.x);
        ui.horizontal(|ui| {
            ui.heading(title(dialog));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, icon::X, "Close (Esc)", false).clicked() {
                    commands.push(Command::CloseDialog);
                }
            });
        });
        ui.add_space(theme::GAP);
        let height = size.y - 100.0;
        ScrollArea::vertical()
            .max_height(height)
            .min_scrolled_height(height)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                let more = match dialog {
                    Dialog::Models => models_ui(ui, state),
                    Dialog::Skipped => skipped_ui(ui, state),
                    Dialog::Shortcuts => shortcuts_ui(ui),
                    Dialog::LabelList => label_list_ui(ui, state),
                    Dialog::Templates => templates_ui(ui, state),
                    Dialog::Settings => settings_ui(ui, state),
                    Dialog::About => about_ui(ui),
                };
                commands.extend(more);
            });
    });
    if modal.should_close() {
        commands.push(Command::CloseDialog);
    }
    if commands.contains(&Command::CloseDialog) {
        state.draft.clear();
    }
    commands
}

fn title(dialog: Dialog) -> &'static str {
    match dialog {
        Dialog::Models => "Model",
        Dialog::Skipped => "Skipped files",
        Dialog::Shortcuts => "Keyboard shortcuts",
        Dialog::LabelList => "Labels as a list",
        Dialog::Templates => "Your own templates",
        Dialog::Settings => "Settings",
        Dialog::About => "About Clipsight",
    }
}

fn skipped_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
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

fn shortcuts_ui(ui: &mut Ui) -> Vec<Command> {
    Grid::new("shortcuts")
        .num_columns(2)
        .spacing([32.0, 6.0])
        .show(ui, |ui| {
            for (keys, what) in SHORTCUTS {
                ui.label(RichText::new(*keys).font(theme::strong(theme::SIZE_BODY)));
                ui.label(*what);
                ui.end_row();
            }
        });
    Vec::new()
}

fn label_list_ui(ui: &mut Ui, state: &mut State) -> Vec<Command> {
    if state.draft.is_empty() {
        state.draft = state
            .settings
            .labels
            .iter()
            .map(label_line)
            .collect::<Vec<_>>()
            .join("\n");
    }
    ui.label(note(
        ui,
        "One label a line; commas stay. A tab starts a description, used instead of the name.",
    ));
    let field = TextEdit::multiline(&mut state.draft)
        .id_salt("label list")
        .hint_text("cat\ndog\nzebra\tlike a horse, with black and white stripes")
        .desired_rows(14)
        .desired_width(f32::INFINITY);
    ui.add(field);
    if !ui.button("Use these labels").clicked() {
        return Vec::new();
    }
    let mut rows: Vec<LabelRow> = Vec::new();
    for label in parse_labels(&state.draft) {
        // A name that is there already stays the label that it is; a second one of the same name is another.
        let is_free = |known: &&LabelRow| rows.iter().all(|row| row.id != known.id);
        let mut named = state.settings.labels.iter().filter(|row| row.label.name == label.name);
        let known = named.find(is_free);
        let row = match known {
            Some(known) => LabelRow { label, ..known.clone() },
            None => LabelRow::new(label, free_colour(&rows)),
        };
        rows.push(row);
    }
    vec![Command::EditLabels(rows), Command::CloseDialog]
}

fn label_line(row: &LabelRow) -> String {
    let parts = std::iter::once(&row.label.name).chain(&row.label.descriptions);
    parts.map(String::as_str).collect::<Vec<_>>().join("\t")
}

fn templates_ui(ui: &mut Ui, state: &mut State) -> Vec<Command> {
    if state.draft.is_empty() {
        state.draft = state.settings.templates.templates().join("\n");
    }
    let words = "One template a line, with {} where the name goes. Several form an ensemble: the mean of their \
                 normalised embeddings, normalised again.";
    ui.label(note(ui, words));
    let field = TextEdit::multiline(&mut state.draft)
        .id_salt("own templates")
        .hint_text("a photo of a {}.")
        .desired_rows(12)
        .desired_width(f32::INFINITY);
    ui.add(field);
    let lines = state.draft.lines().map(str::trim).filter(|line| !line.is_empty());
    let own = TemplateSet::own(lines.map(String::from).collect());
    let mut commands = Vec::new();
    match own {
        Ok(set) => {
            if ui.button("Use these templates").clicked() {
                commands = vec![Command::UseTemplates(set), Command::CloseDialog];
            }
        }
        Err(error) => {
            ui.label(RichText::new(error.to_string()).color(theme::palette(ui).error));
        }
    }
    commands
}

fn settings_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    let settings = &state.settings;
    ui.label(section("Theme"));
    let themes = [
        (ThemeChoice::System, "As the system"),
        (ThemeChoice::Light, "Light"),
        (ThemeChoice::Dark, "Dark"),
    ];
    commands.extend(segmented_ui(ui, settings.theme, &themes).map(Command::UseTheme));
    ui.add_space(theme::GAP);

    ui.label(section("Size of everything"));
    let scales = [
        (0.8, "80 %"),
        (1.0, "100 %"),
        (1.25, "125 %"),
        (1.5, "150 %"),
        (2.0, "200 %"),
    ];
    commands.extend(segmented_ui(ui, settings.scale, &scales).map(Command::Scale));
    ui.label(note(ui, "Ctrl and + or - does the same"));
    ui.add_space(theme::GAP);

    ui.label(section("Where the model computes"));
    let devices = [
        (DeviceChoice::Auto, "The GPU if there is one"),
        (DeviceChoice::Gpu, "GPU"),
        (DeviceChoice::Cpu, "CPU"),
    ];
    commands.extend(segmented_ui(ui, settings.device, &devices).map(Command::UseDevice));
    ui.label(note(ui, "Numbers on a GPU"));
    let precisions = [
        (Precision::Full, "Full precision (f32)"),
        (Precision::Half, "Half precision (f16): faster, less exact"),
    ];
    commands.extend(segmented_ui(ui, settings.precision, &precisions).map(Command::UsePrecision));
    let now = state
        .device
        .as_ref()
        .map_or("nothing yet", |device| device.name.as_str());
    ui.label(note(ui, format!("Now: {now}")));
    if let Some(latency) = state.explore.asking().latency_ms {
        ui.label(note(
            ui,
            format!("The last change of labels was answered in {latency:.0} ms"),
        ));
    }
    commands
}
