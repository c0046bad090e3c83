//! The trials of a search: what was tried, and how well it did on the validation side.

use egui::{Grid, RichText, Ui};

use super::chart::short;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::app::train::Curves;
use crate::app::train::panels::{card, percent};

/// Draws a table, where several settings are tried.
pub fn trials_ui(ui: &mut Ui, curves: &Curves) {
    let trials = curves.trials.iter().enumerate();
    // Between equals the first one stays.
    let best = trials
        .clone()
        .rev()
        .max_by(|(_, a), (_, b)| a.accuracy.total_cmp(&b.accuracy));
    let Some((best, _)) = best else { return };
    card(ui, |ui| {
        ui.label(section("Trials"));
        ui.label(note(
            ui,
            "Each with its best accuracy on the validation side; the best of all is kept.",
        ));
        Grid::new("trials")
            .num_columns(2)
            .spacing([24.0, 3.0])
            .striped(true)
            .show(ui, |ui| {
                for (place, trial) in trials {
                    let shown = |text: String| {
                        if place == best {
                            RichText::new(text).font(theme::strong(theme::SIZE_BODY))
                        } else {
                            RichText::new(text)
                        }
                    };
                    ui.label(shown(settings(&trial.settings)));
                    ui.label(shown(percent(trial.accuracy as f32)));
                    ui.end_row();
                }
            });
    });
}

/// Values of a setting, with commas between them.
pub fn values(values: &[f64]) -> String {
    values.iter().map(|value| short(*value)).collect::<Vec<_>>().join(", ")
}

/// Settings in a line.
pub fn settings(settings: &[(String, f64)]) -> String {
    let each = settings
        .iter()
        .map(|(name, value)| format!("{} {}", name.replace('-', " "), short(*value)));
    each.collect::<Vec<_>>().join(", ")
}
