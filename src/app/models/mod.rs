//! The dialog about models: the loaded one's card, others to open, and the Hub's to fetch.

use crate::app::shell::icons as icon;
use egui::{Align, CornerRadius, Frame, Grid, Layout, Margin, ProgressBar, RichText, TextEdit, Ui};

use crate::app::command::{Command, FileDialog};
use crate::app::shell::status::thousands;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, note, section};
use crate::app::state::{Fetching, State};
use crate::engine::ModelChoice;
use crate::engine::protocol::{CachedModel, HeatmapMethod, ModelInfo};
use crate::heatmap::card;
use crate::hub::{CatalogueEntry, catalogue, valid_name};

const STARTER_WORDS: &str = "A small dual encoder of everyday things, in the program itself. It is no CLIP: its \
    picture side knows the 1,000 classes of ImageNet and mixes their meanings, and was never trained on captions. \
    People, scenes, actions and fine distinctions are weak, and words in pictures are not read.";
const MEGABYTE: f64 = 1e6;
const NAME_WIDTH: f32 = 330.0;
const FACT_HEIGHT: f32 = 20.0;

/// Draws the content of the dialog.
pub fn models_ui(ui: &mut Ui, state: &mut State) -> Vec<Command> {
    let mut commands = Vec::new();
    if let Some(model) = &state.model {
        card_ui(ui, model, &state.name_of(model));
    }
    if let Some(name) = state.name_of_loading() {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(format!("Loading {name}"));
        });
    }
    ui.add_space(theme::GAP);
    open_ui(ui, state, &mut commands);
    ui.add_space(theme::GAP);
    hub_ui(ui, state, &mut commands);
    commands
}

fn card_ui(ui: &mut Ui, model: &ModelInfo, name: &str) {
    let palette = theme::palette(ui);
    Frame::new()
        .fill(palette.raised)
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::same(12))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(name).font(theme::strong(theme::SIZE_HEADING)));
            if model.is_starter() {
                ui.label(note(ui, STARTER_WORDS));
            }
            Grid::new("card")
                .num_columns(2)
                .spacing([24.0, 3.0])
                .min_row_height(FACT_HEIGHT)
                .show(ui, |ui| {
                    for (name, value) in facts(model) {
                        ui.label(note(ui, name));
                        ui.label(value);
                        ui.end_row();
                    }
                    for file in &model.files {
                        ui.label(note(ui, "File"));
                        let short: String = file.sha256.chars().take(16).collect();
                        ui.label(format!("{}, SHA-256 {short}..", file.name))
                            .on_hover_text(&file.sha256);
                        ui.end_row();
                    }
                });
        });
}

fn facts(model: &ModelInfo) -> Vec<(&'static str, String)> {
    let methods: Vec<&str> = HeatmapMethod::all()
        .filter(|method| method.fits(model.tower).is_ok())
        .map(|method| card(method).title)
        .collect();
    let scoring = model.scoring;
    let scores = match scoring.logit_bias {
        Some(bias) => format!(
            "each label by itself (sigmoid), scale {:.2}, bias {bias:.2}",
            scoring.logit_scale
        ),
        None => format!("labels share 100 % (softmax), scale {:.2}", scoring.logit_scale),
    };
    vec![
        ("Image tower", model.image_tower.clone()),
        ("Text tower", model.text_tower.clone()),
        (
            "Weights",
            format!(
                "{} parameters, {} MB, {}, {} layout",
                thousands(model.parameters),
                model.size_bytes / 1_000_000,
                model.dtype,
                model.layout.title()
            ),
        ),
        ("Sees", model.sees.clone()),
        ("Reads", format!("{} tokens", model.context_length)),
        ("Embedding", format!("{} numbers", model.projection_dim)),
        ("Scores", scores),
        ("Heatmaps", methods.join(", ")),
    ]
}

fn open_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.label(section("Open another"));
    ui.horizontal_wrapped(|ui| {
        if ui.button(format!("{}  Folder ..", icon::FOLDER_OPEN)).clicked() {
            commands.push(Command::Choose(FileDialog::ModelFolder));
        }
        if ui.button(format!("{}  File ..", icon::CUBE)).clicked() {
            commands.push(Command::Choose(FileDialog::ModelFile));
        }
        if ui.button("The starter").clicked() {
            commands.push(Command::LoadModel(ModelChoice::Starter));
        }
    });
    let words = "CLIP, OpenCLIP, SigLIP: a folder in Hugging Face's or OpenCLIP's layout, or one of OpenAI's .pt \
                 archives. You can also drop it on the window.";
    ui.label(note(ui, words));
    for path in &state.settings.recent_models {
        let link = ui.link(state.name_at(path)).on_hover_text(path.display().to_string());
        if link.clicked() {
            commands.push(Command::LoadModel(ModelChoice::Path(path.clone())));
        }
    }
}

fn hub_ui(ui: &mut Ui, state: &mut State, commands: &mut Vec<Command>) {
    ui.label(section("From the Hugging Face Hub"));
    let words = "Nothing is fetched before you ask for it. Every file is verified, and kept where other tools find it.";
    ui.label(note(ui, words));
    if let Some(fetching) = &state.fetching {
        fetching_ui(ui, fetching, commands);
    }
    any_name_ui(ui, state, commands);
    ui.add_space(theme::GAP_SMALL);
    let known = |name: &str| catalogue().iter().any(|entry| entry.name == name);
    Grid::new("catalogue")
        .num_columns(6)
        .spacing([14.0, 6.0])
        .show(ui, |ui| {
            for heading in ["Model", "Parameters", "Size", "ImageNet", "Languages", ""] {
                ui.label(note(ui, heading));
            }
            ui.end_row();
            for entry in catalogue() {
                let local = state.local_models.iter().find(|model| model.name == entry.name);
                entry_ui(ui, state, entry, local, commands);
            }
            for model in state.local_models.iter().filter(|model| !known(&model.name)) {
                name_ui(ui, &model.name, "on this machine");
                (0..4).for_each(|column| {
                    let size = if column == 1 {
                        megabytes(model.bytes)
                    } else {
                        String::new()
                    };
                    ui.label(note(ui, size));
                });
                actions_ui(ui, state, &model.name, Some(model), commands);
                ui.end_row();
            }
        });
    let words = "ImageNet: zero-shot accuracy as published. Size: four bytes a parameter, until it is here.";
    ui.label(note(ui, words));
}

fn entry_ui(
    ui: &mut Ui,
    state: &State,
    entry: &CatalogueEntry,
    local: Option<&CachedModel>,
    commands: &mut Vec<Command>,
) {
    name_ui(ui, &entry.name, &format!("{}; {}", entry.good_for, entry.speed.title()));
    ui.label(format!("{} M", entry.parameters / 1_000_000));
    ui.label(megabytes(local.map_or(entry.bytes(), |model| model.bytes)));
    ui.label(format!("{:.1} %", entry.imagenet_top1))
        .on_hover_text(format!("Source: {}. Licence: {}", entry.source, entry.licence));
    ui.label(&entry.languages);
    actions_ui(ui, state, &entry.name, local, commands);
    ui.end_row();
}

fn name_ui(ui: &mut Ui, name: &str, words: &str) {
    ui.vertical(|ui| {
        ui.set_width(NAME_WIDTH);
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add(egui::Label::new(name).truncate()).on_hover_text(name);
        ui.label(note(ui, words));
    });
}

fn actions_ui(ui: &mut Ui, state: &State, name: &str, local: Option<&CachedModel>, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| match local {
        Some(_) if state.asked_to_remove.as_deref() == Some(name) => {
            if ui.button("Delete for all tools").clicked() {
                commands.push(Command::RemoveModel(name.into()));
            }
            if ui.button("Keep").clicked() {
                commands.push(Command::AskToRemove(None));
            }
        }
        Some(model) => {
            if ui.button("Open").clicked() {
                commands.push(Command::LoadModel(ModelChoice::Path(model.folder.clone())));
            }
            if icon_button(ui, icon::X, &format!("Delete {name}"), false).clicked() {
                commands.push(Command::AskToRemove(Some(name.into())));
            }
        }
        None => {
            let get = egui::Button::new(format!("{}  Get", icon::DOWNLOAD_SIMPLE));
            if ui.add_enabled(state.fetching.is_none(), get).clicked() {
                commands.push(Command::FetchModel(name.into()));
            }
        }
    });
}

fn any_name_ui(ui: &mut Ui, state: &mut State, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut state.model_name)
            .id_salt("model name")
            .hint_text("any other: org/name")
            .desired_width(NAME_WIDTH);
        let typed = ui.add(field);
        let name = state.model_name.trim().to_string();
        let valid = valid_name(&name) && name.contains('/') && state.fetching.is_none();
        let get = egui::Button::new(format!("{}  Get", icon::DOWNLOAD_SIMPLE));
        let clicked = ui.add_enabled(valid, get).clicked();
        let entered = typed.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if valid && (clicked || entered) {
            commands.push(Command::FetchModel(name));
            state.model_name.clear();
        }
    });
}

fn fetching_ui(ui: &mut Ui, fetching: &Fetching, commands: &mut Vec<Command>) {
    let palette = theme::palette(ui);
    Frame::new()
        .fill(palette.raised)
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::same(10))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(format!("Fetching {}", fetching.name));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let stop = egui::Button::new("Stop").fill(palette.hover);
                    if ui.add(stop).on_hover_text("What arrived is kept").clicked() {
                        commands.push(Command::StopFetching);
                    }
                });
            });
            let share = fetching
                .progress
                .as_ref()
                .map_or(0.0, |p| p.done_bytes as f32 / p.total_bytes.max(1) as f32);
            ui.add(ProgressBar::new(share).desired_height(8.0));
            ui.label(note(ui, progress_words(fetching)));
        });
}

fn progress_words(fetching: &Fetching) -> String {
    let Some(progress) = &fetching.progress else {
        return "Asking the Hub ..".into();
    };
    let left = match progress.seconds_left() {
        Some(seconds) if seconds >= 90.0 => format!(", {:.0} min left", seconds / 60.0),
        Some(seconds) => format!(", {seconds:.0} s left"),
        None => String::new(),
    };
    format!(
        "{} of {}, {:.1} MB/s{left}",
        megabytes(progress.done_bytes),
        megabytes(progress.total_bytes),
        progress.bytes_per_s / MEGABYTE
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / MEGABYTE)
}
