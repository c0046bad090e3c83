//! Runs side by side: their curves over each other, their settings in a table.

use egui::{Grid, RichText, ScrollArea, Ui};

use super::chart::{Chart, ChartLine, chart_ui};
use super::run::facts;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section, swatch_ui};
use crate::app::train::panels::{card, percent};
use crate::app::train::{Curves, Training};
use crate::engine::training::RunRecord;

const CHART_HEIGHT: f32 = 240.0;

/// Draws the page.
pub fn compare_ui(ui: &mut Ui, training: &Training) {
    ui.label(RichText::new("Runs side by side").font(theme::strong(theme::SIZE_HEADING)));
    ui.add_space(theme::GAP_SMALL);
    let runs: Vec<&RunRecord> = training
        .compared
        .iter()
        .filter_map(|run| training.record(run))
        .collect();
    if runs.is_empty() {
        ui.label(note(
            ui,
            "Choose two runs or more on the left, by the sign beside their names.",
        ));
        return;
    }
    card(ui, |ui| {
        curves_ui(ui, training, &runs, "Validation accuracy", true, |curves| {
            &curves.accuracy
        })
    });
    card(ui, |ui| {
        curves_ui(ui, training, &runs, "Training loss", false, |curves| &curves.loss)
    });
    card(ui, |ui| table_ui(ui, &runs));
}

fn curves_ui(
    ui: &mut Ui,
    training: &Training,
    runs: &[&RunRecord],
    title: &str,
    shares: bool,
    of: fn(&Curves) -> &Vec<[f64; 2]>,
) {
    let lines = runs.iter().enumerate().filter_map(|(place, record)| {
        Some(ChartLine {
            name: record.name.clone(),
            colour: theme::label_colour(place),
            points: of(training.curves.get(&record.run)?),
            marked: false,
        })
    });
    let chart = Chart {
        title,
        across: "step",
        height: CHART_HEIGHT,
        shares,
        lines: lines.collect(),
        levels: Vec::new(),
    };
    chart_ui(ui, &chart);
}

fn table_ui(ui: &mut Ui, runs: &[&RunRecord]) {
    ui.label(section("Results and settings"));
    ScrollArea::horizontal().show(ui, |ui| {
        Grid::new("compared")
            .num_columns(runs.len() + 1)
            .spacing([24.0, 4.0])
            .striped(true)
            .show(ui, |ui| {
                ui.label("");
                for (place, record) in runs.iter().enumerate() {
                    ui.horizontal(|ui| {
                        swatch_ui(ui, theme::label_colour(place));
                        ui.label(&record.name);
                    });
                }
                ui.end_row();
                let share = |share: Option<f32>| share.map_or("-".into(), percent);
                row_ui(ui, "Accuracy", runs.iter().map(|record| share(record.accuracy)));
                row_ui(
                    ui,
                    "Zero-shot",
                    runs.iter().map(|record| share(record.zero_shot_accuracy)),
                );
                let control = |record: &&RunRecord| share(record.control.map(|(_, after)| after));
                row_ui(ui, "Control set after", runs.iter().map(control));
                let known: Vec<Vec<(String, String)>> = runs.iter().map(|record| facts(record)).collect();
                for name in names(&known) {
                    let value = |facts: &Vec<(String, String)>| {
                        let found = facts.iter().find(|(known, _)| *known == name);
                        found.map_or("-".into(), |(_, value)| value.clone())
                    };
                    row_ui(ui, &name, known.iter().map(value));
                }
            });
    });
}

fn row_ui(ui: &mut Ui, name: &str, values: impl Iterator<Item = String>) {
    ui.label(note(ui, name));
    values.for_each(|value| {
        ui.label(value);
    });
    ui.end_row();
}

/// Every setting that one of the runs has, once.
fn names(known: &[Vec<(String, String)>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in known.iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}
