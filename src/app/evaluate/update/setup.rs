//! What the next evaluation is to be, and its start.

use std::path::PathBuf;

use super::of_shown;
use crate::app::evaluate::{Evaluating, Page};
use crate::app::state::State;
use crate::engine::evaluation::{EvaluationConfig, EvaluationRequest, Wanted};
use crate::engine::protocol::Severity;

/// Sets up an evaluation of this folder, or list, by the model that is open.
pub fn use_folder(state: &mut State, folder: PathBuf) -> Vec<EvaluationRequest> {
    let model = state.opened_model.clone();
    let evaluating = &mut state.evaluating;
    evaluating.page = Page::Setup;
    evaluating.shown = None;
    evaluating.draft = EvaluationConfig {
        folder,
        wanted: Wanted::to_measure(),
        model,
        ..EvaluationConfig::default()
    };
    evaluating.columns.clear();
    evaluating.failed = None;
    vec![look(evaluating)]
}

fn look(evaluating: &mut Evaluating) -> EvaluationRequest {
    evaluating.look_asked += 1;
    evaluating.truth = None;
    EvaluationRequest::Look {
        generation: evaluating.look_asked,
        folder: evaluating.draft.folder.clone(),
        wanted: evaluating.draft.wanted.clone(),
    }
}

/// Takes other settings; the folder is looked through again where that reads it otherwise.
pub fn configure(evaluating: &mut Evaluating, config: EvaluationConfig) -> Vec<EvaluationRequest> {
    let read_otherwise = config.wanted != evaluating.draft.wanted || config.folder != evaluating.draft.folder;
    evaluating.draft = config;
    if read_otherwise {
        // Other classes are called otherwise.
        evaluating.draft.classes.clear();
        return vec![look(evaluating)];
    }
    evaluating.fill_names();
    Vec::new()
}

/// Takes over names and descriptions from the text of a labels file.
pub fn use_names(state: &mut State, text: &str) -> Vec<EvaluationRequest> {
    if let Err(reason) = named(&mut state.evaluating, text) {
        state.say(Severity::Error, reason);
    }
    Vec::new()
}

fn named(evaluating: &mut Evaluating, text: &str) -> Result<(), String> {
    let Some(Ok(truth)) = &evaluating.truth else {
        return Err("Choose the pictures first: the labels file names their classes".into());
    };
    let mut called = truth.clone();
    called.call(text).map_err(|error| error.to_string())?;
    called.classes.retain(|class| !truth.classes.contains(class));
    evaluating.draft.classes = called.classes;
    Ok(())
}

/// Starts what is set up, with the model that is open.
pub fn start(state: &mut State) -> Vec<EvaluationRequest> {
    let model = state.opened_model.clone();
    let evaluating = &mut state.evaluating;
    evaluating.draft.model = model;
    if evaluating.refusal().is_some() {
        return Vec::new();
    }
    evaluating.asked += 1;
    evaluating.failed = None;
    evaluating.at_work = Some(("Looking through the folder".into(), 0.0));
    vec![EvaluationRequest::Evaluate {
        generation: evaluating.asked,
        config: Box::new(evaluating.draft.clone()),
    }]
}

/// Measures what is shown again, with the model that is open.
pub fn again(state: &mut State) -> Vec<EvaluationRequest> {
    let model = state.opened_model.clone();
    let evaluating = &mut state.evaluating;
    evaluating.asked += 1;
    let generation = evaluating.asked;
    of_shown(evaluating, |id| EvaluationRequest::Again { generation, id, model })
}
