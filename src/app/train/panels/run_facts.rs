//! Everything that was asked for of a run, and on what.

use egui::{CornerRadius, Grid, Ui};

use super::names;
use super::trials;
use crate::app::shell::status::thousands;
use crate::app::shell::theme;
use crate::app::shell::widgets::{duration, elided_ui, note, section, short};
use crate::app::train::panels::card;
use crate::engine::training::{Field, RunRecord};

/// Draws it as a table.
pub fn facts_ui(ui: &mut Ui, record: &RunRecord) {
    card(ui, |ui| {
        ui.label(section("Settings"));
        Grid::new("settings")
            .num_columns(2)
            .spacing([24.0, 3.0])
            .show(ui, |ui| {
                let colour = theme::palette(ui).text;
                for (name, value) in facts(record) {
                    ui.label(note(ui, name));
                    elided_ui(ui, &value, theme::body(theme::SIZE_BODY), colour).on_hover_text(value);
                    ui.end_row();
                }
            });
    });
    ui.add_space(f32::from(CornerRadius::same(theme::RADIUS).nw));
}

/// A run's settings in words.
pub fn facts(record: &RunRecord) -> Vec<(String, String)> {
    let config = &record.config;
    let mut facts = vec![
        ("Run".to_owned(), record.run.clone()),
        ("Method".into(), config.method.title().into()),
        ("Base model".into(), record.base_name.clone()),
        ("Training data".into(), config.folder.display().to_string()),
        (
            "Examples (shots) per class".into(),
            config.shots.map_or("all".into(), |shots| shots.to_string()),
        ),
        (
            "Pictures".into(),
            format!(
                "{} for training, {} for testing",
                thousands(record.n_train),
                thousands(record.n_test)
            ),
        ),
        ("Seed".into(), config.seed.to_string()),
        ("Data hash".into(), record.data_hash.chars().take(16).collect()),
        ("Device".into(), record.device.clone()),
        ("Precision".into(), config.precision.name().into()),
        ("Time".into(), duration(record.worked_s)),
    ];
    if record.is_blend() {
        facts.push(("Blend".into(), format!("{:.2}: {}", record.blend, record.mixture())));
    }
    let value = |field: &Field| match config.search.iter().find(|choice| choice.name == field.name) {
        Some(choice) => trials::values(&choice.values),
        None => short(field.get(&config.hyper)),
    };
    let fields = Field::of(config.method);
    facts.extend(fields.map(|field| (names::title(config.method, field).to_owned(), value(field))));
    if !record.chosen.is_empty() {
        let chosen = trials::settings(config.method, &record.chosen);
        facts.push(("Chosen by validation".into(), chosen));
    }
    facts
}
