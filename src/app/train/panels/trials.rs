//! The trials of a search: what was tried, and how well it did on the validation side.

use egui::{Grid, RichText, Ui};

use super::names;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section, short};
use crate::app::train::Curves;
use crate::app::train::panels::{card, percent};
use crate::engine::training::{Field, FineTuneMethod, RunRecord};
use crate::evaluation::share_interval;

/// Draws a table, where several settings are tried.
pub fn trials_ui(ui: &mut Ui, curves: &Curves, record: &RunRecord) {
    let captions = record.classes.is_empty();
    let Some(kept) = curves.kept_trial() else { return };
    let trials = curves.trials.iter().enumerate();
    card(ui, |ui| {
        ui.label(section("Trials"));
        let what = if captions { "recall" } else { "accuracy" };
        let words = format!(
            "Each with its best {what} on validation; the best of all is kept. Trials whose intervals overlap may differ by \
             chance."
        );
        ui.label(note(ui, words));
        Grid::new("trials")
            .num_columns(4)
            .spacing([24.0, 3.0])
            .striped(true)
            .show(ui, |ui| {
                for heading in ["Trial", "Settings", "Best on validation", ""] {
                    ui.label(note(ui, heading));
                }
                ui.end_row();
                for (place, trial) in trials {
                    let shown = |text: String| {
                        if place == kept {
                            RichText::new(text).font(theme::strong(theme::SIZE_BODY))
                        } else {
                            RichText::new(text)
                        }
                    };
                    ui.label(shown(format!("{}", place + 1)));
                    ui.label(shown(settings(record.config.method, &trial.settings)));
                    ui.label(shown(best(trial.accuracy, curves.n_validation, captions)));
                    ui.label(note(ui, if place == kept { "kept" } else { "" }));
                    ui.end_row();
                }
            });
    });
}

/// With the interval of so many pictures; recall is the mean of two shares, and has another.
fn best(share: f64, count: usize, captions: bool) -> String {
    let interval = share_interval((share * count as f64).round() as usize, count).filter(|_| !captions);
    interval.map_or_else(|| percent(share as f32), |interval| interval.share_words())
}

/// Values of a setting, with commas between them.
pub fn values(values: &[f64]) -> String {
    values.iter().map(|value| short(*value)).collect::<Vec<_>>().join(", ")
}

/// Settings of a method in a line.
pub fn settings(method: FineTuneMethod, settings: &[(String, f64)]) -> String {
    let title = |name: &str| match Field::of(method).find(|field| field.name == name) {
        Some(field) => names::title(method, field).to_owned(),
        None => name.replace('-', " "),
    };
    let each = settings
        .iter()
        .map(|(name, value)| format!("{} {}", title(name), short(*value)));
    each.collect::<Vec<_>>().join(", ")
}
