//! Teaching a model in the window: set up, watch, hold, stop, use, compare, delete and bring back.

mod keyboard;
mod made;
mod pages;
mod real;
mod runs;
mod setup;

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::app::train::{Page, TrainCommand};
use clipsight::engine::protocol::{Event, Request};
use clipsight::engine::training::{RunRecord, TrainingEvent, TrainingRequest};
use egui::Key;
use egui_kittest::Harness;

use crate::stand_in::{StandIn, window};

pub use made::{say_blends, say_board_and_shots, say_preview, say_run_at_work, say_runs, say_search};

fn asked(engine: &StandIn) -> Option<TrainingRequest> {
    engine.newest(|request| match request {
        Request::Training(TrainingRequest::List) => None,
        Request::Training(request) => Some(request.clone()),
        _ => None,
    })
}

fn asked_ever(engine: &StandIn, wanted: &TrainingRequest) -> bool {
    let wanted = Request::Training(wanted.clone());
    engine.requests().contains(&wanted)
}

fn teaching() -> (StandIn, Harness<'static, App>) {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
    harness.run_steps(6);
    harness.key_press(Key::T);
    harness.run_steps(3);
    assert_eq!(harness.state().state().mode(), Mode::Train);
    (engine, harness)
}

fn say(engine: &StandIn, records: Vec<RunRecord>) {
    engine.say(Event::Training(TrainingEvent::Runs(records)));
}

fn open(harness: &mut Harness<App>, page: Page) {
    harness.state_mut().execute(Command::Train(TrainCommand::Open(page)));
    harness.run_steps(4);
}
