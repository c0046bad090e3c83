//! The trials of a search: what was tried, and how well it did on the validation side.

use egui::{Grid, RichText, Ui};

use super::chart::short;
use super::{card, percent};
use crate::app::theme;
use crate::app::training::Curves;
use crate::app::widgets::{note, section};

/// Draws a table, where there is more than one trial.
pub fn trials_ui(ui: &mut Ui, curves: &Curves) {
    let trials = &curves.trials;
    let Some(best) = trials.iter().map(|trial| trial.accuracy).max_by(f64::total_cmp) else {
        return;
    };
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
                for trial in trials {
                    // Between equals the first one stays.
                    let first = trials.iter().position(|other| other.accuracy == best);
                    let is_best = first.is_some_and(|place| std::ptr::eq(&trials[place], trial));
                    let shown = |text: String| match is_best {
                        true => RichText::new(text).font(theme::strong(theme::SIZE_BODY)),
                        false => RichText::new(text),
                    };
                    ui.label(shown(settings(&trial.settings)));
                    ui.label(shown(percent(trial.accuracy as f32)));
                    ui.end_row();
                }
            });
    });
}

/// Settings in a line.
pub fn settings(settings: &[(String, f64)]) -> String {
    let each = settings
        .iter()
        .map(|(name, value)| format!("{} {}", name.replace('-', " "), short(*value)));
    each.collect::<Vec<_>>().join(", ")
}
