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
use crate::engine::protocol::{Question, Request, Severity, Topic};
use crate::zero_shot::Label;

/// Shows the picture that is looked at in Explore, with the brush in hand and two labels: what it shows and what is
/// answered, so that erasing tells what it does to both. The labels from before come back by undo.
pub fn erase_in_explore(state: &mut State, now: Instant) -> Vec<Request> {
    let Some((rows, mut requests)) = with_both_labels(state, now) else {
        return Vec::new();
    };
    if let [_, other] = rows.as_slice() {
        let beside = ExploreCommand::Compare(Some(Compare::Label(other.id)));
        requests.extend(update(state, Command::Explore(beside), now));
    }
    requests.extend(pin(state, &rows, now));
    if state.explore.brush().is_none() {
        requests.extend(update(state, Command::Explore(ExploreCommand::ToggleBrush), now));
    }
    requests
}

/// The same without the brush; once its heatmap is there, that of what the picture shows is tested.
pub fn test_in_explore(state: &mut State, now: Instant) -> Vec<Request> {
    let Some((rows, mut requests)) = with_both_labels(state, now) else {
        return Vec::new();
    };
    requests.extend(pin(state, &rows, now));
    state.evaluating.to_test = rows.first().map(|truth| truth.id);
    requests
}

/// Shows a file that is no picture of the evaluation in Explore.
pub fn show_in_explore(state: &mut State, path: &Path, now: Instant) -> Vec<Request> {
    state.mode = Mode::Explore;
    show(state, path, now)
}

/// The test that [`test_in_explore`] asked for, once the heatmap is there for the labels that there are now; given up where
/// another mode is shown, or the label is gone.
pub fn due_test(state: &mut State) -> Option<Command> {
    let label = state.evaluating.to_test?;
    if state.mode != Mode::Explore || state.row(label).is_none() {
        state.evaluating.to_test = None;
        return None;
    }
    let rows = &state.settings.labels;
    let is_of_rows = |question: &Question| {
        let asked = question.labels.iter().map(|asked| (asked.id, &asked.label));
        asked.eq(rows.iter().map(|row| (row.id, &row.label)))
    };
    let maps = state.explore.inspected().maps.as_ref()?;
    let answered = is_of_rows(state.inspected_answer()?.question);
    let drawn = is_of_rows(&maps.question) && maps.of(label).is_some();
    if !answered || !drawn || state.shown_label() != Some(label) {
        return None;
    }
    state.evaluating.to_test = None;
    Some(Command::Explore(ExploreCommand::TestMap))
}

/// Shows the picture that is looked at in Explore with the labels that it is torn between; none where none is looked at.
fn with_both_labels(state: &mut State, now: Instant) -> Option<(Vec<LabelRow>, Vec<Request>)> {
    let evaluating = &state.evaluating;
    let (shown, place) = (evaluating.shown().cloned()?, evaluating.looked_at()?);
    let judged = shown.pictures.get(place)?;
    let rows = rows(state, &shown, &judged.answer);
    state.evaluating.to_test = None;
    state.mode = Mode::Explore;
    let requests = show(state, &judged.path, now);
    use_labels(state, &rows, now);
    if let Some(words) = other_model(state, &shown) {
        state.say(Severity::Warning, words);
    }
    Some((rows, requests))
}

/// Keeps the heatmap of what the picture shows in sight; a label that is pinned already would be released.
fn pin(state: &mut State, rows: &[LabelRow], now: Instant) -> Vec<Request> {
    match rows.first() {
        Some(truth) if state.explore.pinned() != Some(truth.id) => {
            update(state, Command::Explore(ExploreCommand::MapLabel(truth.id)), now)
        }
        _ => Vec::new(),
    }
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
    let other = best.find(|class| *class != answer.truth);
    std::iter::once(answer.truth).chain(other)
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
