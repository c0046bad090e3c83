//! The model in use: what it is, what it was taught, and the way back to the starter.

use egui::{CollapsingHeader, Grid, Ui};

use crate::app::command::Command;
use crate::app::shell::status::thousands;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::app::state::State;
use crate::app::train::TrainCommand;
use crate::engine::ModelChoice;
use crate::engine::protocol::{HeatmapMethod, ModelInfo};
use crate::heatmap::card;

const STARTER_WORDS: &str = "A small dual encoder of everyday objects, in the program itself. It is not CLIP: its \
    picture side knows the 1,000 classes of ImageNet and mixes their meanings, and was never trained on captions. \
    People, scenes, actions and fine distinctions are weak, and words in pictures are not read.";
const FACT_HEIGHT: f32 = 20.0;
/// Signs of a hash that tell files apart.
const HASH_SIGNS: usize = 16;

/// Draws it.
pub fn card_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    theme::card(ui, |ui| {
        if let Some(name) = state.name_of_loading() {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(format!("Loading {name}\u{2026}"));
            });
        }
        let Some(model) = &state.model else {
            ui.label(section("No model is loaded yet"));
            return;
        };
        ui.label(section(&format!("In use: {}", state.name_of(model))));
        if model.is_starter() {
            ui.label(note(ui, STARTER_WORDS));
        }
        if let Some(record) = state.training.run_of(&state.opened_model) {
            let blend = if record.is_blend() {
                format!("; {}", record.mixture())
            } else {
                String::new()
            };
            ui.label(note(ui, format!("Fine-tuned from {}{blend}", record.base_name)));
            if ui.link(format!("Back to {}", record.base_name)).clicked() {
                commands.push(Command::Train(TrainCommand::UseBase));
            }
        }
        if !model.is_starter() && ui.link("Back to the starter").clicked() {
            commands.push(Command::LoadModel(ModelChoice::Starter));
        }
        CollapsingHeader::new("Details").show(ui, |ui| facts_ui(ui, model));
    });
}

fn facts_ui(ui: &mut Ui, model: &ModelInfo) {
    Grid::new("card")
        .num_columns(2)
        .spacing([24.0, 3.0])
        .min_row_height(FACT_HEIGHT)
        .show(ui, |ui| {
            for (name, value) in facts(model) {
                ui.label(note(ui, name));
                ui.add(egui::Label::new(value).wrap());
                ui.end_row();
            }
            for file in &model.files {
                ui.label(note(ui, "File"));
                let short: String = file.sha256.chars().take(HASH_SIGNS).collect();
                let text = format!("{}, SHA-256 {short}\u{2026}", file.name);
                ui.add(egui::Label::new(text).wrap()).on_hover_text(&file.sha256);
                ui.end_row();
            }
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
        None => format!("probabilities: softmax, sum to 100 %; scale {:.2}", scoring.logit_scale),
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
        ("Input", model.sees.clone()),
        ("Context", format!("{} tokens", model.context_length)),
        ("Embedding", format!("{} dimensions", model.projection_dim)),
        ("Scores", scores),
        ("Heatmaps", methods.join(", ")),
    ]
}
