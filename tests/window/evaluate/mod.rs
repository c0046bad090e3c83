//! The evaluating mode over a stand-in: from a folder to numbers, and from every number to its pictures.

mod compare;
mod doors;
mod made;
mod pages;
mod pictures;
mod setup;
mod sixty;

use clipsight::app::command::Command;
use clipsight::app::evaluate::EvaluateCommand;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::evaluation::{Evaluation, EvaluationRequest};
use clipsight::engine::protocol::Request;
use egui_kittest::Harness;
use made::evaluation;

use crate::stand_in::{StandIn, window};

pub use clipsight::app::evaluate::Page;
pub use made::{captioned, complete, say_evaluation, say_everything, say_found, say_pictures, say_sixty};

fn open(pictures: usize) -> (StandIn, Harness<'static, clipsight::app::App>, Evaluation) {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    let shown = evaluation(pictures);
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    (engine, harness, shown)
}

fn want(harness: &mut Harness<'static, clipsight::app::App>, command: EvaluateCommand) {
    harness.state_mut().execute(Command::Evaluate(command));
    harness.run_steps(4);
}

fn asked(engine: &StandIn, wanted: impl Fn(&EvaluationRequest) -> bool) -> bool {
    engine
        .requests()
        .iter()
        .any(|request| matches!(request, Request::Evaluation(request) if wanted(request)))
}

fn count(engine: &StandIn, wanted: impl Fn(&EvaluationRequest) -> bool) -> usize {
    let requests = engine.requests();
    let of = requests
        .iter()
        .filter(|request| matches!(request, Request::Evaluation(request) if wanted(request)));
    of.count()
}

/// The pictures of the gallery, by their places.
fn shown_places(harness: &Harness<'static, clipsight::app::App>) -> Vec<usize> {
    let mut places = (**harness.state().state().evaluating().gallery()).clone();
    places.sort_unstable();
    places
}
