//! A download: how far it is, and a button that stops it.

use egui::{Align, Layout, ProgressBar, Ui};

use super::size;
use crate::app::command::Command;
use crate::app::models::Fetching;
use crate::app::shell::theme;
use crate::app::shell::widgets::{duration, note};

const MEGABYTE: f64 = 1e6;

/// Draws it.
pub fn fetching_ui(ui: &mut Ui, fetching: &Fetching, commands: &mut Vec<Command>) {
    theme::card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(format!("Downloading {}", fetching.name));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button("Stop").on_hover_text("What arrived is kept").clicked() {
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
        return "Asking the Hub\u{2026}".into();
    };
    let left = progress
        .seconds_left()
        .map_or(String::new(), |seconds| format!(", {} left", duration(seconds)));
    format!(
        "{} of {}, {:.1} MB/s{left}",
        size(progress.done_bytes),
        size(progress.total_bytes),
        progress.bytes_per_s / MEGABYTE
    )
}
