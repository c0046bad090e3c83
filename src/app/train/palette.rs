//! What the palette runs in this mode that no key does: what can be done with each run.

use super::ready::ready_for_shots;
use super::{Page, TrainCommand};
use crate::app::command::Command;
use crate::app::state::State;
use crate::engine::training::TrainingRequest;

/// The rows, with their names for people.
pub fn rows(state: &State) -> Vec<(String, Command)> {
    let mut rows = Vec::new();
    if ready_for_shots(state).is_ok() {
        let measure = Command::Train(TrainCommand::MeasureShots);
        rows.push(("Measure few-shot accuracy".to_owned(), measure));
    }
    for record in state.training.runs() {
        let run = || record.run.clone();
        let mut add = |verb: &str, command| rows.push((format!("{verb} {}", record.name), Command::Train(command)));
        add("Show", TrainCommand::Open(Page::Run(run())));
        if record.model.is_some() {
            add("Use", TrainCommand::Use(run()));
            add("Export", TrainCommand::AskWhereTo(run()));
        }
        if state.training.working_on(&record.run).is_none() {
            add("Delete", TrainCommand::Send(TrainingRequest::Delete(run())));
        }
    }
    rows
}
