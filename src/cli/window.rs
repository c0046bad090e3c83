//! `clipsight [FOLDER]`: the window.

use std::process::ExitCode;
use std::time::Instant;

use super::args::{Args, Milestone};
use super::output::say;
use crate::app::{App, WindowOptions, run};
use crate::engine::ModelChoice;

/// Opens the window; says in one line why it cannot.
pub fn open_window(args: &Args, started: Instant) -> ExitCode {
    let model = match args.common.model.as_deref().map(ModelChoice::parse).transpose() {
        Ok(model) => model,
        Err(reason) => {
            say(&reason);
            return ExitCode::from(2);
        }
    };
    let options = WindowOptions {
        paths: args.paths.clone(),
        model,
        device: args.common.device,
        precision: args.common.precision,
    };
    let milestone = args.exit_after;
    let mut printed = false;
    let watch = move |app: &App, started: Instant| {
        let reached = milestone.is_some_and(|milestone| reached(milestone, app));
        if reached && !printed {
            printed = true;
            println!("{}", started.elapsed().as_secs_f64() * 1_000.0);
        }
        reached
    };
    match run(options, started, watch) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::from(1)
        }
    }
}

/// Whether the window got there.
fn reached(milestone: Milestone, app: &App) -> bool {
    match milestone {
        Milestone::FirstFrame => true,
        Milestone::FirstPrediction => app
            .state()
            .explore()
            .pictures()
            .iter()
            .any(|picture| picture.scores.is_some()),
    }
}
