//! The run that is set up: from which pictures, by which method, and its start.

use std::path::PathBuf;

use crate::app::state::{Mode, State};
use crate::app::train::Page;
use crate::app::train::ready::ready;
use crate::app::train::{AtWork, Training};
use crate::engine::ModelChoice;
use crate::engine::protocol::{Request, Severity};
use crate::engine::training::{FineTuneMethod, PRESETS, RunConfig, TrainingRequest};

/// Learns from another folder.
pub fn use_folder(state: &mut State, folder: PathBuf) -> Vec<Request> {
    state.settings.training_folder = Some(folder.clone());
    state.training.draft.folder = folder;
    changed(state)
}

/// Learns from a folder that was dropped here, or chosen in another mode, on a page that shows it.
pub fn drop_folder(state: &mut State, folder: PathBuf) -> Vec<Request> {
    let came = state.mode != Mode::Train;
    if came || state.training.page != Page::Shots {
        state.training.page = Page::Setup;
    }
    state.mode = Mode::Train;
    let mut requests = use_folder(state, folder);
    if came {
        requests.push(Request::Training(TrainingRequest::List));
    }
    requests
}

/// Takes a preset; the pictures, the seed and the control set stay.
pub fn use_preset(state: &mut State, place: usize) -> Vec<Request> {
    let draft = &mut state.training.draft;
    let Some(preset) = PRESETS.get(place) else {
        return Vec::new();
    };
    *draft = RunConfig {
        shots: preset.shots,
        seed: draft.seed,
        control: draft.control.clone(),
        ..RunConfig::new(preset.method, draft.folder.clone())
    };
    changed(state)
}

/// Learns by another method, with its own settings.
pub fn use_method(training: &mut Training, method: FineTuneMethod) {
    training.draft.hyper = RunConfig::new(method, PathBuf::new()).hyper;
    training.draft.search.clear();
    training.draft.method = method;
    forget_estimate(training);
}

/// The pictures to learn from changed: look through them anew.
pub fn changed(state: &mut State) -> Vec<Request> {
    let training = &mut state.training;
    training.previewed = None;
    training.looked = 0.0;
    training.preview_asked += 1;
    forget_estimate(training);
    if training.draft.folder.as_os_str().is_empty() {
        return Vec::new();
    }
    let generation = training.preview_asked;
    let config = Box::new(config(state));
    vec![Request::Training(TrainingRequest::Preview { generation, config })]
}

/// Stops looking through the pictures.
pub fn stop_preview(state: &mut State) -> Vec<Request> {
    let training = &mut state.training;
    training.preview_asked += 1;
    training.previewed = Some(Err("It was stopped before the folder was looked through.".into()));
    let stop = TrainingRequest::StopPreview(training.preview_asked);
    vec![Request::Training(stop)]
}

/// The run is another now: no estimate of the one before counts, not even one on its way.
fn forget_estimate(training: &mut Training) {
    training.estimate = None;
    training.estimate_asked += 1;
}

/// Tries one step of the run that is set up.
pub fn estimate(state: &mut State) -> Vec<Request> {
    forget_estimate(&mut state.training);
    vec![Request::Training(TrainingRequest::Estimate {
        generation: state.training.estimate_asked,
        config: Box::new(config(state)),
    })]
}

/// Takes other settings; the folder is looked through again where they split it otherwise.
pub fn configure(state: &mut State, config: RunConfig) -> Vec<Request> {
    let split = |config: &RunConfig| (config.folder.clone(), config.shots, config.seed);
    let other_split = split(&config) != split(&state.training.draft);
    state.training.draft = config;
    forget_estimate(&mut state.training);
    if other_split { changed(state) } else { Vec::new() }
}

/// The model that is loaded, as runs learn from it.
pub fn base(state: &State) -> Option<PathBuf> {
    match &state.opened_model {
        ModelChoice::Starter => None,
        ModelChoice::Path(path) => Some(path.clone()),
    }
}

/// What is set up, for the model that is loaded and the templates that are in use.
fn config(state: &State) -> RunConfig {
    let templates = state.settings.templates.templates();
    RunConfig {
        base: base(state),
        precision: state.settings.precision,
        templates: templates.into_iter().map(String::from).collect(),
        ..state.training.draft.clone()
    }
}

/// Starts the run, or says why it cannot be started.
pub fn start(state: &mut State) -> Vec<Request> {
    if let Err(reason) = ready(state) {
        state.say(Severity::Warning, reason);
        return Vec::new();
    }
    let config = config(state);
    state.training.at_work = Some(AtWork::Run {
        run: None,
        paused: false,
    });
    vec![Request::Training(TrainingRequest::Start(Box::new(config)))]
}

/// Measures accuracy against the number of shots.
pub fn measure_shots(state: &mut State) -> Vec<Request> {
    state.training.shots.clear();
    state.training.shots_asked += 1;
    vec![Request::Training(TrainingRequest::KShot {
        generation: state.training.shots_asked,
        config: Box::new(config(state)),
    })]
}
