//! The training mode: runs on the left, and in the middle what was chosen.

mod blend;
mod board;
mod compare;
mod run;
mod run_charts;
mod run_result;
mod runs;
mod settings;
mod setup;
mod setup_preview;
mod shots;
mod taught;
mod trials;

pub use taught::taught_ui;

use egui::{Align, CentralPanel, CornerRadius, Frame, Layout, Margin, Panel, ProgressBar, ScrollArea, Ui};

use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::note;
use crate::app::state::State;
use crate::app::train::{Page, TrainCommand};

/// Width of a page at most: lines stay readable on a projector.
const PAGE_WIDTH: f32 = 1_480.0;

/// Draws the mode.
pub fn train_ui(ui: &mut Ui, state: &mut State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let palette = theme::palette(ui);
    let panel = |fill| Frame::new().fill(fill).inner_margin(Margin::same(theme::PANEL_MARGIN));
    let mut wanted = Vec::new();
    let list = Panel::left("runs")
        .default_size(state.settings.labels_width)
        .size_range(220.0..=420.0)
        .frame(panel(palette.surface))
        .show(ui, |ui| wanted.extend(runs::runs_ui(ui, state)));
    state.settings.labels_width = list.response.rect.width().round();
    CentralPanel::default().frame(panel(palette.ground)).show(ui, |ui| {
        let page = state.training.page.clone();
        ScrollArea::vertical().id_salt(format!("{page:?}")).show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(PAGE_WIDTH));
            match page {
                Page::Setup => setup::setup_ui(ui, state, textures, commands),
                Page::Run(run) => wanted.extend(run::run_ui(ui, state, &run)),
                Page::Compare => compare::compare_ui(ui, &state.training),
                Page::Shots => shots::shots_ui(ui, state, commands),
                Page::Board => wanted.extend(board::board_page_ui(ui, state, textures)),
            }
        });
    });
    commands.extend(wanted.into_iter().map(Command::Train));
}

/// A part of a page, on its own ground.
fn card<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let palette = theme::palette(ui);
    let framed = Frame::new()
        .fill(palette.surface)
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::same(theme::PANEL_MARGIN))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            // Columns would stretch the words of a text apart.
            ui.with_layout(Layout::top_down(Align::Min), content).inner
        });
    ui.add_space(theme::GAP_SMALL);
    framed.inner
}

/// How far something is, with a button that stops it.
fn progress_ui(ui: &mut Ui, what: &str, done: f32) -> Option<TrainCommand> {
    let mut stop = None;
    ui.horizontal(|ui| {
        ui.add(ProgressBar::new(done).desired_width(160.0).desired_height(8.0));
        ui.label(note(ui, what));
        if ui.button(format!("{}  Stop", icon::STOP)).clicked() {
            stop = Some(TrainCommand::Stop);
        }
    });
    stop
}

fn percent(share: f32) -> String {
    if share.is_finite() {
        format!("{:.1} %", 100.0 * share)
    } else {
        "-".into()
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "less than a second".into(),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_are_told_in_fitting_units() {
        let told: Vec<String> = [0.2, 30.0, 600.0, 9_000.0].map(super::duration).into();
        assert_eq!(told, ["less than a second", "30 s", "10 min", "2.5 h"]);
    }
}
