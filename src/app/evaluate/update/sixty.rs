//! The accuracy on a folder without labels: its start, what is said of its pictures, and where that is written.

use crate::app::evaluate::sixty::{Sharp, Sixty};
use crate::app::evaluate::{Page, SixtyCommand};
use crate::app::state::State;
use crate::engine::evaluation::EvaluationRequest;
use crate::engine::protocol::{LibraryRequest, Request};

/// Carries out a command.
pub fn update(state: &mut State, command: SixtyCommand) -> Vec<Request> {
    match command {
        SixtyCommand::Begin => return begin(state),
        SixtyCommand::Sharpen(path, side) => {
            state.evaluating.sharp = Some(Sharp::of(path.clone(), side));
            return vec![Request::SharpPicture { path, side }];
        }
        _ => {}
    }
    let style = state.settings.csv_style();
    let Some(sixty) = &mut state.evaluating.sixty else {
        return Vec::new();
    };
    match command {
        SixtyCommand::AskAnew(asks) => {
            sixty.asks_anew = asks;
            return Vec::new();
        }
        SixtyCommand::Anew => *sixty = Sixty::anew(sixty.shared()),
        SixtyCommand::Say(label) => sixty.say(label),
        SixtyCommand::Confirm => sixty.confirm(),
        SixtyCommand::Choose(place) => {
            let label = sixty.wanted().and_then(|guess| Some(guess.best.get(place)?.0));
            if label.is_some() {
                sixty.say(label);
            }
        }
        SixtyCommand::TakeBack => sixty.take_back(),
        SixtyCommand::Save(path) => {
            let content = sixty.labels_csv(style);
            return vec![Request::Library(LibraryRequest::Export { path, content })];
        }
        SixtyCommand::Begin | SixtyCommand::Sharpen(..) => {}
    }
    // Every answer is kept as it is given.
    vec![Request::Evaluation(sixty.kept())]
}

/// Has the open folder's pictures answered with the labels that are open.
fn begin(state: &mut State) -> Vec<Request> {
    let Some(folder) = state.settings.folders.first().cloned() else {
        return Vec::new();
    };
    let evaluating = &mut state.evaluating;
    evaluating.page = Page::Sixty;
    evaluating.sixty = None;
    evaluating.failed = None;
    evaluating.guess_asked += 1;
    evaluating.at_work = Some(("Looking through the folder".into(), 0.0));
    vec![Request::Evaluation(EvaluationRequest::Guess {
        generation: evaluating.guess_asked,
        folder,
        labels: state.settings.labels.iter().map(|row| row.label.clone()).collect(),
        templates: state.settings.templates.clone(),
        model: state.opened_model.clone(),
    })]
}
