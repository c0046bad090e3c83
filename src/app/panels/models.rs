//! The dialog about the model: which, its card, and others.

use crate::app::icons as icon;
use egui::{CornerRadius, Frame, Grid, Margin, RichText, Ui};

use crate::app::command::{Command, FileDialog};
use crate::app::panels::status::thousands;
use crate::app::state::State;
use crate::app::theme;
use crate::app::widgets::{note, section};
use crate::engine::protocol::{HeatmapMethod, ModelInfo};
use crate::hub::{ModelChoice, catalogue};

const STARTER_WORDS: &str = "A small dual encoder of everyday things, in the program itself. It is no CLIP: its \
    picture side knows the 1,000 classes of ImageNet and mixes their meanings, and was never trained on captions. \
    People, scenes, actions and fine distinctions are weak, and words in pictures are not read.";

/// Draws the content of the dialog.
pub fn models_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    if let Some(model) = &state.model {
        card_ui(ui, model);
    }
    if let Some(name) = &state.model_loading {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(format!("Loading {name}"));
        });
    }
    ui.add_space(theme::GAP);
    ui.label(section("Open another"));
    ui.horizontal_wrapped(|ui| {
        if ui.button(format!("{}  Model folder ..", icon::FOLDER_OPEN)).clicked() {
            commands.push(Command::Choose(FileDialog::Model));
        }
        if ui.button(format!("{}  The starter", icon::CUBE)).clicked() {
            commands.push(Command::LoadModel(ModelChoice::Starter));
        }
    });
    let words = "A folder from the Hugging Face Hub with config.json, preprocessor_config.json, tokenizer.json and \
                 model.safetensors (CLIPModel, Vision Transformer). You can also drop its model.safetensors here.";
    ui.label(note(ui, words));
    for path in &state.settings.recent_models {
        if ui.link(path.display().to_string()).clicked() {
            commands.push(Command::LoadModel(ModelChoice::Path(path.clone())));
        }
    }
    ui.add_space(theme::GAP);
    worth_a_look_ui(ui);
    commands
}

fn card_ui(ui: &mut Ui, model: &ModelInfo) {
    let palette = theme::palette(ui);
    Frame::new()
        .fill(palette.raised)
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::same(12))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(&model.name).font(theme::strong(theme::SIZE_HEADING)));
            if model.is_starter() {
                ui.label(note(ui, STARTER_WORDS));
            }
            Grid::new("card").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
                for (name, value) in facts(model) {
                    ui.label(note(ui, name));
                    ui.label(value);
                    ui.end_row();
                }
            });
        });
}

fn facts(model: &ModelInfo) -> Vec<(&'static str, String)> {
    let methods: Vec<&str> = HeatmapMethod::ALL
        .into_iter()
        .filter(|method| model.tower.supports(*method).is_ok())
        .map(HeatmapMethod::title)
        .collect();
    vec![
        ("Image tower", model.tower.title().into()),
        ("Parameters", thousands(model.parameters)),
        (
            "Weights",
            format!("{} MB, {}", model.size_bytes / 1_000_000, model.dtype),
        ),
        ("Sees", format!("{0} x {0} pixels", model.image_size)),
        ("Reads", format!("{} tokens", model.context_length)),
        ("Embedding", format!("{} numbers", model.projection_dim)),
        ("Logit scale", format!("{:.2}", model.scoring.logit_scale)),
        ("Heatmaps", methods.join(", ")),
        ("Identity", model.identity.chars().take(16).collect()),
    ]
}

fn worth_a_look_ui(ui: &mut Ui) {
    ui.label(section("Worth a look on the Hugging Face Hub"));
    ui.label(note(
        ui,
        "Parameters, zero-shot accuracy on ImageNet, and whom they suit",
    ));
    Grid::new("catalogue")
        .num_columns(3)
        .spacing([18.0, 4.0])
        .show(ui, |ui| {
            for entry in catalogue() {
                ui.label(&entry.name);
                ui.label(note(ui, format!("{} M", entry.parameters / 1_000_000)));
                ui.label(note(ui, format!("{:.1} %; {}", entry.imagenet_top1, entry.good_for)));
                ui.end_row();
            }
        });
}
