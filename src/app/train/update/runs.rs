//! Runs that there are: sent on, used, compared, deleted and brought back.

use std::path::PathBuf;
use std::time::Instant;

use crate::app::command::Command;
use crate::app::explore::edit_labels;
use crate::app::settings::LabelRow;
use crate::app::shell::messages::Message;
use crate::app::shell::status::{counted, thousands};
use crate::app::shell::theme;
use crate::app::state::{Mode, State};
use crate::app::train::{AtWork, Page, TrainCommand};
use crate::app::update::load_model;
use crate::engine::ModelChoice;
use crate::engine::protocol::{Request, Severity, Topic};
use crate::engine::training::{RunRecord, TrainingRequest};
use crate::zero_shot::Label;

/// Classes that a message names; a longer list is a wall of words.
const NAMED_CLASSES: usize = 8;

/// Asks the engine; what the window can show of it before there is an answer is shown at once.
pub fn send(state: &mut State, request: TrainingRequest) -> Vec<Request> {
    let training = &mut state.training;
    match &request {
        TrainingRequest::Resume(run) => {
            training.at_work = Some(AtWork::Run {
                run: Some(run.clone()),
                paused: false,
            });
        }
        TrainingRequest::Pause(pause) => {
            if let Some(AtWork::Run { paused, .. }) = &mut training.at_work {
                *paused = *pause;
            }
        }
        TrainingRequest::Describe { .. } => training.description = None,
        TrainingRequest::UseBlend { run, blend } => training.blend = Some((run.clone(), *blend)),
        TrainingRequest::Delete(run) => deleted(state, run),
        _ => {}
    }
    vec![Request::Training(request)]
}

/// A run goes, and can be brought back.
fn deleted(state: &mut State, run: &str) {
    let training = &mut state.training;
    let name = training
        .record(run)
        .map_or(run, |record| record.name.as_str())
        .to_owned();
    let message = Message::new(Severity::Info, format!("{name} is deleted"));
    let undo = Command::Train(TrainCommand::Undelete);
    state.messages.add(message.about(Topic::Training).with("Undo", undo));
    training.deleted = Some((run.to_owned(), name));
    training.page = Page::Setup;
}

/// Brings the run that was deleted last back.
pub fn undelete(state: &mut State) -> Vec<Request> {
    let Some((run, _)) = state.training.deleted.take() else {
        return Vec::new();
    };
    state.messages.forget(Topic::Training);
    vec![Request::Training(TrainingRequest::Restore(run))]
}

/// Writes the model of the run that was asked about into this folder.
pub fn export(state: &mut State, to: PathBuf) -> Vec<Request> {
    let run = state.training.exported.take();
    run.map(|run| Request::Training(TrainingRequest::Export { run, to }))
        .into_iter()
        .collect()
}

/// A run's curves, where they are not known yet.
pub fn events(state: &State, run: &str) -> Option<Request> {
    let known = state.training.working_on(run).is_some() && state.training.curves.contains_key(run);
    (!known).then(|| Request::Training(TrainingRequest::Events(run.into())))
}

/// Computes with a run's model, and looks for what it was taught: under other labels it would seem to have learnt nothing.
pub fn use_model(state: &mut State, run: &str, now: Instant) -> Vec<Request> {
    let Some(record) = state.training.record(run).cloned() else {
        return Vec::new();
    };
    let Some(model) = record.model.clone() else {
        return Vec::new();
    };
    state.mode = Mode::Explore;
    if record.classes.is_empty() {
        let words = format!(
            "{} is in use. It was taught with captions, so your labels stay.",
            record.name
        );
        state.training.awaited = Some((model.clone(), words));
    } else {
        let rows = taught_rows(state, &record);
        let changed = rows != state.settings.labels;
        edit_labels(state, rows, false, now);
        let words = taught_words(&record.name, &record.classes, changed);
        state.training.awaited = Some((model.clone(), words));
    }
    load_model(state, ModelChoice::Path(model))
}

/// The classes of a run as labels; those that are there already keep their ids and descriptions.
fn taught_rows(state: &State, record: &RunRecord) -> Vec<LabelRow> {
    let known = &state.settings.labels;
    let row = |(place, class): (usize, &String)| {
        let (label, colour) = (Label::named(class), place % theme::label_colours());
        match known.iter().find(|row| row.label == label) {
            Some(known) => LabelRow {
                colour,
                ..known.clone()
            },
            None => LabelRow::new(label, colour),
        }
    };
    record.classes.iter().enumerate().map(row).collect()
}

fn taught_words(name: &str, classes: &[String], changed: bool) -> String {
    let named = classes
        .iter()
        .take(NAMED_CLASSES)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let more = match classes.len().saturating_sub(NAMED_CLASSES) {
        0 => String::new(),
        more => format!(" and {} more", thousands(more)),
    };
    let they = if classes.len() == 1 {
        "It is the label"
    } else {
        "They are the labels"
    };
    let undo = match changed {
        true => format!(" {they} now; Ctrl+Z brings yours back."),
        false => String::new(),
    };
    let count = counted(classes.len(), "class", "classes");
    format!("{name} is in use. It was taught {count}: {named}{more}.{undo}")
}

/// Back to the model that the run in use started from.
pub fn use_base(state: &mut State) -> Vec<Request> {
    let Some(record) = state.training.run_of(&state.opened_model) else {
        return Vec::new();
    };
    let (base, name) = (record.config.base.clone(), record.base_name.clone());
    state.say(Severity::Info, format!("{name} is in use again"));
    load_model(state, base.map_or(ModelChoice::Starter, ModelChoice::Path))
}

/// Puts a run beside others, or away.
pub fn compare(state: &mut State, run: String) -> Vec<Request> {
    let training = &mut state.training;
    let mut requests = Vec::new();
    match training.compared.iter().position(|known| *known == run) {
        Some(place) => {
            training.compared.remove(place);
        }
        None => {
            training.compared.push(run.clone());
            requests.extend(events(state, &run));
        }
    }
    requests.extend(contrast(state));
    requests
}

/// What the runs side by side say of each other.
pub fn contrast(state: &mut State) -> Option<Request> {
    state.training.contrasts.clear();
    let compared = state.training.compared.clone();
    (compared.len() > 1).then_some(Request::Training(TrainingRequest::Contrast(compared)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_was_taught_is_counted_in_one_and_in_many() {
        let one = taught_words("A run", &["cat".into()], true);
        assert_eq!(
            one,
            "A run is in use. It was taught 1 class: cat. It is the label now; Ctrl+Z brings yours back."
        );
        let many: Vec<String> = (0..1_208).map(|place| place.to_string()).collect();
        let many = taught_words("A run", &many, false);
        assert!(many.contains("taught 1,208 classes: 0, 1, "), "{many}");
        assert!(many.ends_with("7 and 1,200 more."), "{many}");
    }
}
