//! Carries out what the user wants: changes the state, and says what to ask the engine.

use std::path::PathBuf;
use std::time::Instant;

use super::command::{Command, Dialog};
use super::explore;
use super::state::{Fetching, Mode, State};
use super::train::{self, Page, TrainCommand};
use crate::engine::ModelChoice;
use crate::engine::protocol::{Request, Severity};

/// Carries out a command.
pub fn update(state: &mut State, command: Command, now: Instant) -> Vec<Request> {
    match command {
        Command::Choose(dialog) => state.wanted_dialog = Some(dialog),
        Command::ShowFolder(folder) => state.wanted_folder = Some(folder),
        Command::Open(paths) if state.mode == Mode::Train => return learn_from(state, paths, now),
        Command::Open(paths) => return explore::open(state, paths),
        Command::LoadModel(choice) => return load_model(state, choice),
        Command::OpenDialog(dialog) => {
            state.dialog = Some(dialog);
            if dialog == Dialog::Models {
                return vec![Request::ListModels];
            }
        }
        Command::CloseDialog => {
            state.dialog = None;
            state.asked_to_remove = None;
        }
        Command::FetchModel(name) => {
            state.fetching = Some(Fetching {
                name: name.clone(),
                progress: None,
            });
            return vec![Request::Fetch(name)];
        }
        Command::StopFetching => return vec![Request::StopFetching],
        Command::AskToRemove(name) => state.asked_to_remove = name,
        Command::RemoveModel(name) => {
            state.asked_to_remove = None;
            return vec![Request::RemoveModel(name)];
        }
        Command::UseDevice(device) => {
            state.settings.device = device;
            return vec![Request::UseDevice(device)];
        }
        Command::UsePrecision(precision) => {
            state.settings.precision = precision;
            return vec![Request::UsePrecision(precision)];
        }
        Command::UseTheme(theme) => state.settings.theme = theme,
        Command::Scale(scale) => state.settings.scale = scale.clamp(0.5, 3.0),
        Command::UseMode(Mode::Explore) => state.mode = Mode::Explore,
        Command::UseMode(Mode::Train) => {
            let page = state.training.page.clone();
            return train::update(state, TrainCommand::Open(page), now);
        }
        Command::Train(command) => return train::update(state, command, now),
        Command::Report(text) => state.say(Severity::Error, text),
        Command::Dismiss(message) if message < state.messages.len() => {
            state.messages.remove(message);
        }
        other => return explore::update(state, other, now),
    }
    Vec::new()
}

/// A folder that is dropped while teaching is what is learnt from.
fn learn_from(state: &mut State, mut paths: Vec<PathBuf>, now: Instant) -> Vec<Request> {
    if paths.is_empty() {
        return Vec::new();
    }
    state.training.page = Page::Setup;
    train::update(state, TrainCommand::UseFolder(paths.swap_remove(0)), now)
}

/// Has a model opened; once it is, it is remembered.
pub fn load_model(state: &mut State, choice: ModelChoice) -> Vec<Request> {
    state.asked_model = Some(choice.clone());
    vec![Request::LoadModel(choice)]
}
