//! Carries out what the user wants: changes the state, and says what to ask the engine.

use std::path::PathBuf;
use std::time::Instant;

use super::command::{Command, Dialog};
use super::evaluate;
use super::explore;
use super::models::ModelsCommand;
use super::settings::{SCALES, Settings};
use super::shell::files::{is_list, nothing_opened};
use super::shell::messages::Message;
use super::shell::rail;
use super::state::State;
use super::train;
use crate::engine::ModelChoice;
use crate::engine::protocol::{HubRequest, InferenceRequest, LibraryRequest, Request, Severity, Topic};

pub fn update(state: &mut State, command: Command, now: Instant) -> Vec<Request> {
    match command {
        Command::Choose(dialog) => state.wanted_dialog = Some(dialog),
        Command::ShowFolder(folder) => state.wanted_folder = Some(folder),
        Command::Drop(paths) => return take_dropped(state, paths, now),
        Command::Undo => return undo(state, now),
        Command::Redo => return redo(state, now),
        Command::LoadModel(choice) => return load_model(state, choice),
        Command::OpenDialog(dialog) => {
            state.dialog = Some(dialog);
            state.draft = None;
        }
        Command::AskToForget(asked) => state.asked_to_forget = asked,
        Command::CloseDialog => {
            state.dialog = None;
            state.asked_to_forget = false;
            state.draft = None;
        }
        Command::CancelDialog => cancel_dialog(state),
        Command::ReopenDialog(dialog, draft) => {
            state.dialog = Some(dialog);
            state.draft = Some(draft);
        }
        Command::Draft(text) => state.draft = Some(text),
        Command::ResetSettings => {
            let before = Box::new(state.settings.clone());
            let usual = state.settings.as_on_first_launch();
            let message = Message::new(Severity::Info, "Settings were reset");
            let restore = Command::RestoreSettings(before);
            state.messages.add(message.with("Undo", restore));
            return use_settings(state, usual);
        }
        Command::RestoreSettings(settings) => return use_settings(state, *settings),
        Command::FetchModel(name) => {
            state.models.fetches(name.clone(), None);
            return vec![Request::Hub(HubRequest::Fetch(name))];
        }
        Command::StopFetching => return vec![Request::Hub(HubRequest::StopFetching)],
        Command::MeasureModel(choice) => {
            state.models.measures(choice.clone());
            return vec![Request::MeasureModel(choice)];
        }
        Command::RemoveModel(name) => {
            state.models.update(ModelsCommand::AskToRemove(None));
            return vec![Request::Hub(HubRequest::RemoveModel(name))];
        }
        Command::ForgetEverything => return forget_everything(state, now),
        Command::UseDevice(device) => {
            state.settings.device = device;
            return vec![Request::UseDevice(device)];
        }
        Command::UsePrecision(precision) => {
            state.settings.precision = precision;
            return vec![Request::UsePrecision(precision)];
        }
        Command::UseCsvStyle(style) => {
            state.settings.csv_bom = style.bom;
            state.settings.csv_safe = style.safe;
        }
        Command::UseTheme(theme) => state.settings.theme = theme,
        Command::Scale(scale) => state.settings.scale = scale.clamp(SCALES.0, SCALES.1),
        Command::ToggleFullScreen => state.full_screen = !state.full_screen,
        Command::UseMode(mode) => {
            state.mode = mode;
            state.dialog = None;
            return (rail::entry(mode).open)(state, now);
        }
        Command::Explore(command) => return explore::update(state, command, now),
        Command::Models(command) => state.models.update(command),
        Command::Train(command) => return train::update(state, command, now),
        Command::Evaluate(command) => return evaluate::update(state, command, now),
        Command::Report(text) => state.say(Severity::Error, text),
        Command::Dismiss(message) => drop(state.messages.take(message)),
        Command::Answer(message) => {
            return match state.messages.take(message) {
                Some(command) => update(state, command, now),
                None => Vec::new(),
            };
        }
    }
    Vec::new()
}

fn take_dropped(state: &mut State, paths: Vec<PathBuf>, now: Instant) -> Vec<Request> {
    let mode = rail::entry(state.mode);
    let only_lists = !paths.is_empty() && paths.iter().all(|path| is_list(path));
    if only_lists && !mode.opens_lists {
        return update(state, nothing_opened(&paths), now);
    }
    (mode.drop)(state, paths, now)
}

/// Takes back the last change of the mode that is open.
fn undo(state: &mut State, now: Instant) -> Vec<Request> {
    let history = rail::entry(state.mode).history.as_ref();
    match history.filter(|history| (history.undoes)(state).is_some()) {
        Some(history) => (history.undo)(state, now),
        None => {
            state.say_about(Topic::Labels, "There is nothing to undo here");
            Vec::new()
        }
    }
}

fn redo(state: &mut State, now: Instant) -> Vec<Request> {
    let history = rail::entry(state.mode).history.as_ref();
    match history.filter(|history| (history.redoes)(state).is_some()) {
        Some(history) => (history.redo)(state, now),
        None => {
            state.say_about(Topic::Labels, "There is nothing to redo here");
            Vec::new()
        }
    }
}

/// What was typed is not lost by a key that was meant for something else.
fn cancel_dialog(state: &mut State) {
    if let (Some(dialog @ (Dialog::LabelList | Dialog::Templates)), Some(draft)) = (state.dialog, state.draft.take()) {
        let message = Message::new(Severity::Info, "Your edit was set aside");
        let reopen = Command::ReopenDialog(dialog, draft);
        state.messages.add(message.about(Topic::Labels).with("Restore", reopen));
    }
    state.dialog = None;
    state.asked_to_forget = false;
}

fn use_settings(state: &mut State, settings: Settings) -> Vec<Request> {
    state.settings = settings;
    state.explore.reorder_now();
    Vec::new()
}

/// As on the first launch, with the model that is open; only the window stays as large as it is.
fn forget_everything(state: &mut State, now: Instant) -> Vec<Request> {
    state.asked_to_forget = false;
    state.dialog = None;
    let known = &state.settings;
    state.settings = Settings {
        scale: known.scale,
        window_size: known.window_size,
        device: known.device,
        precision: known.precision,
        ..Settings::default()
    };
    let mut requests = vec![Request::Library(LibraryRequest::ForgetEverything)];
    requests.extend(explore::begin_anew(state, now));
    requests
}

/// Has a model opened; once it is, it is remembered.
pub fn load_model(state: &mut State, choice: ModelChoice) -> Vec<Request> {
    state.asked_model = Some(choice.clone());
    vec![Request::Inference(InferenceRequest::LoadModel(choice))]
}
