//! The training mode: runs on the left, and in the middle what was chosen.

mod blend;
mod board;
mod board_matrix;
mod compare;
mod names;
mod run;
mod run_charts;
mod run_facts;
mod run_flips;
mod run_result;
mod runs;
mod settings;
mod setup;
mod setup_preview;
mod shots;
mod taught;
mod trials;

pub use taught::taught_ui;

use egui::{CentralPanel, Frame, Label, Margin, Panel, ProgressBar, RichText, ScrollArea, Ui};

use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::textures::FilePictures;
use crate::app::shell::theme::{self, card};
use crate::app::shell::widgets::{follow_focus, footer_room, footer_ui, note};
use crate::app::state::State;
use crate::app::train::{Page, TrainCommand};
use crate::engine::training::{Interval, TrainingRequest};

/// Width of the list of runs at least, and its share of the window at most.
const RUNS_WIDTH: f32 = 220.0;
const RUNS_SHARE: f32 = 0.3;

pub fn train_ui(ui: &mut Ui, state: &State, files: &mut FilePictures<'_>, commands: &mut Vec<Command>) {
    let palette = theme::palette(ui);
    let panel = |fill| Frame::new().fill(fill).inner_margin(Margin::same(theme::PANEL_MARGIN));
    let widest = (ui.available_width() * RUNS_SHARE).max(RUNS_WIDTH);
    let list = Panel::left("runs")
        .default_size(state.settings.runs_width)
        .size_range(RUNS_WIDTH..=widest)
        .frame(panel(palette.surface))
        .show(ui, |ui| {
            commands.extend(runs::runs_ui(ui, state).into_iter().map(Command::Train))
        });
    let width = list.response.rect.width().round();
    if width != state.settings.runs_width {
        commands.push(Command::Train(TrainCommand::SizeList(width)));
    }
    let page = state.training.page.clone();
    // Always in sight, however long the settings are.
    let start = (page == Page::Setup).then(|| footer_room(ui, "start", panel(palette.surface)));
    CentralPanel::default().frame(panel(palette.ground)).show(ui, |ui| {
        ScrollArea::vertical()
            .id_salt(format!("{page:?}"))
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width().min(theme::PAGE_WIDTH));
                page_ui(ui, state, files, &page, commands);
                follow_focus(ui);
            });
    });
    if let Some(area) = start {
        footer_ui(ui, "start", area, |ui| setup::start_ui(ui, state, commands));
    }
}

fn page_ui(ui: &mut Ui, state: &State, files: &mut FilePictures<'_>, page: &Page, commands: &mut Vec<Command>) {
    let wanted = match page {
        Page::Setup => return setup::setup_ui(ui, state, files, commands),
        Page::Shots => return shots::shots_ui(ui, state, commands),
        Page::Run(run) => run::run_ui(ui, state, run, files),
        Page::Compare => {
            compare::compare_ui(ui, &state.training);
            Vec::new()
        }
        Page::Board => board::board_page_ui(ui, state, files),
    };
    commands.extend(wanted.into_iter().map(Command::Train));
}

/// How far something is, with a button that stops it.
fn progress_ui(ui: &mut Ui, what: &str, done: f32) -> Option<TrainCommand> {
    let mut stop = None;
    ui.horizontal(|ui| {
        ui.add(ProgressBar::new(done).desired_width(160.0).desired_height(8.0));
        ui.label(note(ui, what));
        if ui.button(format!("{}  Stop", icon::STOP)).clicked() {
            stop = Some(TrainCommand::Send(TrainingRequest::Stop));
        }
    });
    stop
}

/// A cell of a table in so much room: a text that is longer wraps.
fn cell_ui(ui: &mut Ui, width: f32, text: RichText) {
    ui.scope(|ui| {
        ui.set_width(width);
        ui.add(Label::new(text).wrap());
    });
}

/// A share with its interval, where there is one.
fn share(share: f32, interval: Option<Interval>) -> String {
    interval.map_or_else(|| percent(share), |interval| interval.share_words())
}

fn percent(share: f32) -> String {
    if share.is_finite() {
        format!("{:.1} %", 100.0 * share)
    } else {
        "-".into()
    }
}
