//! Carries out what the user wants of training.

mod board;
mod runs;
mod setup;

use std::time::Instant;

use crate::app::command::FileDialog;
use crate::app::state::{Mode, State};
use crate::app::train::{Page, TrainCommand};
use crate::engine::protocol::Request;
use crate::engine::training::TrainingRequest;

/// Carries out a command.
pub fn update(state: &mut State, command: TrainCommand, now: Instant) -> Vec<Request> {
    match command {
        TrainCommand::Open(page) => open(state, page),
        TrainCommand::Drop(folder) => setup::drop_folder(state, folder),
        TrainCommand::UseFolder(folder) => setup::use_folder(state, folder),
        TrainCommand::UsePreset(place) => setup::use_preset(state, place),
        TrainCommand::Configure(config) => setup::configure(state, *config),
        TrainCommand::Preview => setup::changed(state),
        TrainCommand::StopPreview => setup::stop_preview(state),
        TrainCommand::Estimate => setup::estimate(state),
        TrainCommand::Start => setup::start(state),
        TrainCommand::MeasureShots => setup::measure_shots(state),
        TrainCommand::Send(request) => runs::send(state, request),
        TrainCommand::Undelete => runs::undelete(state),
        TrainCommand::Use(run) => runs::use_model(state, &run, now),
        TrainCommand::UseBase => runs::use_base(state),
        TrainCommand::Export(to) => runs::export(state, to),
        TrainCommand::Compare(run) => runs::compare(state, run),
        TrainCommand::ShowBoard(steps) => board::show(state, steps),
        other => {
            look(state, other);
            Vec::new()
        }
    }
}

/// Commands that the engine hears nothing of.
fn look(state: &mut State, command: TrainCommand) {
    let training = &mut state.training;
    match command {
        TrainCommand::UseControl(folder) => training.draft.control = folder,
        TrainCommand::UseMethod(method) => setup::use_method(training, method),
        TrainCommand::Edit { run, name, note } => training.description = Some((run, name, note)),
        TrainCommand::EndEdit => training.description = None,
        TrainCommand::SizeList(width) => state.settings.runs_width = width,
        TrainCommand::AskWhereTo(run) => {
            training.exported = Some(run);
            state.wanted_dialog = Some(FileDialog::RunFolder);
        }
        TrainCommand::SlideBlend(run, blend) => training.blend = Some((run, blend)),
        TrainCommand::SetPairs(pairs) => {
            training.pairs = pairs;
            training.board = None;
        }
        TrainCommand::FillBoard => board::fill(state),
        TrainCommand::Read(reading) => training.reading = reading,
        _ => {}
    }
}

fn open(state: &mut State, page: Page) -> Vec<Request> {
    state.mode = Mode::Train;
    if state.training.draft.folder.as_os_str().is_empty() {
        let settings = &state.settings;
        let folder = settings.training_folder.as_ref().or(settings.folders.first());
        state.training.draft.folder = folder.cloned().unwrap_or_default();
    }
    if page == Page::Board && state.training.pairs.is_empty() {
        board::fill(state);
    }
    let mut requests = vec![Request::Training(TrainingRequest::List)];
    if let Page::Run(run) = &page {
        requests.extend(runs::events(state, run));
        let training = &mut state.training;
        training.blends.take_if(|(of, _)| of != run);
        training.blend.take_if(|(of, _)| of != run);
        state.training.description = None;
    }
    if page == Page::Compare {
        requests.extend(runs::contrast(state));
    }
    if page == Page::Setup && state.training.previewed.is_none() {
        requests.extend(setup::changed(state));
    }
    state.training.page = page;
    requests
}
