//! From a failure to the brush: its picture in Explore, between what it shows and what is answered.

use std::path::Path;
use std::time::Instant;

use crate::app::command::Command;
use crate::app::explore::{self, Compare, ExploreCommand};
use crate::app::settings::LabelRow;
use crate::app::shell::keys::for_this_platform;
use crate::app::state::{Mode, State};
use crate::app::update::update;
use crate::engine::evaluation::{Answer, Evaluation};
use crate::engine::protocol::{Request, Severity, Topic};
use crate::zero_shot::Label;

/// Shows the picture that is looked at in Explore, with the brush in hand and two labels: what it shows and what is
/// answered, so that erasing tells what it does to both. The labels from before come back by undo.
pub fn erase_in_explore(state: &mut State, now: Instant) -> Vec<Request> {
    let evaluating = &state.evaluating;
    let (Some(shown), Some(place)) = (evaluating.shown().cloned(), evaluating.looked_at()) else {
        return Vec::new();
    };
    let Some(judged) = shown.pictures.get(place) else {
        return Vec::new();
    };
    let rows = rows(state, &shown, &judged.answer);
    state.mode = Mode::Explore;
    let mut requests = show(state, &judged.path, now);
    use_labels(state, &rows, now);
    if let Some(words) = other_model(state, &shown) {
        state.say(Severity::Warning, words);
    }
    let mut want = |state: &mut State, command| requests.extend(update(state, Command::Explore(command), now));
    if let [truth, rival] = rows.as_slice() {
        want(state, ExploreCommand::Compare(Some(Compare::Label(rival.id))));
        // A label that is pinned already would be released.
        if state.explore.pinned() != Some(truth.id) {
            want(state, ExploreCommand::MapLabel(truth.id));
        }
    }
    if state.explore.brush().is_none() {
        want(state, ExploreCommand::ToggleBrush);
    }
    requests
}

/// Takes these labels for those that are there, and says how to go back.
fn use_labels(state: &mut State, rows: &[LabelRow], now: Instant) {
    if rows.is_empty() || rows == state.settings.labels {
        return;
    }
    let names: Vec<&str> = rows.iter().map(|row| row.label.name.as_str()).collect();
    let verb = match names.len() {
        1 => "is the label",
        _ => "are the labels",
    };
    let words = format!("{} {verb} now; Ctrl+Z brings yours back", names.join(" and "));
    explore::edit_labels(state, rows.to_vec(), false, now);
    state.say_about(Topic::Labels, for_this_platform(&words));
}

/// What is to be said where another model answers in Explore than the one that was evaluated.
fn other_model(state: &State, shown: &Evaluation) -> Option<String> {
    let evaluated = &shown.setup.model;
    let open = state
        .model
        .as_ref()
        .filter(|open| open.identity != evaluated.identity)?;
    let name = state.name_of(open);
    Some(format!("{name} answers here; the evaluation is of {}", evaluated.name))
}

/// Inspects the picture where it is listed already; opens it alone otherwise.
fn show(state: &mut State, path: &Path, now: Instant) -> Vec<Request> {
    let mut listed = state.explore.pictures().iter();
    let usable = listed.find(|picture| picture.skipped.is_none() && picture.file.path == path);
    match usable.map(|picture| picture.file.id) {
        Some(id) => update(state, Command::Explore(ExploreCommand::Select(id)), now),
        None => explore::open(state, vec![path.to_path_buf()]),
    }
}

/// The two labels as rows; those that are there already keep their ids and colours.
fn rows(state: &State, shown: &Evaluation, answer: &Answer) -> Vec<LabelRow> {
    let taught = state
        .model
        .as_ref()
        .map_or(&[][..], |model| model.taught_classes.as_slice());
    let mut rows: Vec<LabelRow> = Vec::new();
    for class in classes(answer) {
        let Some(label) = label(shown, class, taught).filter(|label| label.too_long().is_none()) else {
            continue;
        };
        let is_free = |own: &&LabelRow| own.label == label && rows.iter().all(|row| row.id != own.id);
        let own = state.settings.labels.iter().find(is_free).cloned();
        let colour = usize::from(rows.first().is_some_and(|row| row.colour == 0));
        rows.push(own.unwrap_or_else(|| LabelRow::new(label, colour)));
    }
    rows
}

/// The true class and the one that is answered instead; of a right answer, the one that comes next.
fn classes(answer: &Answer) -> impl Iterator<Item = usize> {
    let mut best = answer.best.iter().map(|ranked| ranked.class);
    let rival = best.find(|class| *class != answer.truth);
    std::iter::once(answer.truth).chain(rival)
}

/// A class as the open model is asked about it; a caption as it stands, for it goes through no template.
fn label(shown: &Evaluation, class: usize, taught: &[String]) -> Option<Label> {
    if shown.is_of_captions() {
        let text = &shown.captions.get(class)?.text;
        return Some(Label {
            name: text.clone(),
            descriptions: vec![text.clone()],
        });
    }
    Some(shown.classes.get(class)?.label_for(taught))
}
