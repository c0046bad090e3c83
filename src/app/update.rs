//! Carries out what the user wants: changes the state, and says what to ask the engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::command::{Command, Compare, Dialog, Step};
use super::explore::view;
use super::settings::{LabelRow, Settings};
use super::state::{Fetching, Focus, Inspected, Mode, State, TestedMap};
use super::train::{self, Page, TrainCommand};
use crate::engine::ModelChoice;
use crate::engine::protocol::{AskedLabel, LabelId, MapTest, PictureId, Question, Request, Severity};

/// Carries out a command.
pub fn update(state: &mut State, command: Command, now: Instant) -> Vec<Request> {
    match command {
        Command::Choose(dialog) => state.wanted_dialog = Some(dialog),
        Command::ShowFolder(folder) => state.wanted_folder = Some(folder),
        Command::Open(paths) if state.mode == Mode::Train => return learn_from(state, paths, now),
        Command::Open(paths) => return open(state, paths),
        Command::OpenSamples => return open(state, Vec::new()),
        Command::Rescan => return vec![list(state)],
        Command::Retry(picture) => return retry(state, picture),
        Command::PauseIndexing(paused) => {
            state.paused = paused;
            return vec![Request::PauseIndexing(paused)];
        }
        Command::EditLabels(labels) => edit_labels(state, labels, false, now),
        Command::TypeLabel(labels) => edit_labels(state, labels, true, now),
        Command::Undo => step_back(state, now),
        Command::Redo => step_forth(state, now),
        Command::UseTemplates(templates) => {
            state.settings.templates = templates;
            state.question_changed(now);
        }
        Command::SetNoneBias(bias) => {
            state.settings.none_bias = bias;
            state.question_changed(now);
        }
        Command::Select(picture) => return select(state, picture),
        Command::Go(step) => return go(state, step),
        Command::LoadModel(choice) => return load_model(state, choice),
        Command::OpenDialog(dialog) => {
            state.dialog = Some(dialog);
            if dialog == Dialog::Models {
                return vec![Request::ListModels];
            }
        }
        Command::FetchModel(name) => {
            state.fetching = Some(Fetching {
                name: name.clone(),
                progress: None,
            });
            return vec![Request::Fetch(name)];
        }
        Command::StopFetching => return vec![Request::StopFetching],
        Command::RemoveModel(name) => {
            state.asked_to_remove = None;
            return vec![Request::RemoveModel(name)];
        }
        Command::ForgetEverything => return forget_everything(state, now),
        Command::UseDevice(device) => {
            state.settings.device = device;
            return vec![Request::UseDevice(device)];
        }
        Command::UseMethod(method) => {
            state.settings.heatmap_method = method;
            state.settings.heatmap = true;
            state.inspected.forget_maps();
            return vec![Request::UseHeatmap(method)];
        }
        Command::UsePrecision(precision) => {
            state.settings.precision = precision;
            return vec![Request::UsePrecision(precision)];
        }
        Command::Compare(compare) => return super::explore::looking::compare(state, compare),
        Command::ShiftView(_)
        | Command::ToggleBrush
        | Command::Erase { .. }
        | Command::UndoStroke
        | Command::ResetProbe
        | Command::UseFill(_)
        | Command::SizeBrush(_) => return super::explore::looking::probe(state, command),
        Command::CopyHeatmap => return super::explore::looking::take_away(state, None),
        Command::SaveHeatmap(path) => return super::explore::looking::take_away(state, Some(path)),
        Command::SaveGrid(path) => return super::explore::looking::save_grid(state, path),
        Command::UseMode(Mode::Explore) => state.mode = Mode::Explore,
        Command::UseMode(Mode::Train) => {
            let page = state.training.page.clone();
            return train::update(state, TrainCommand::Open(page), now);
        }
        Command::Train(command) => return train::update(state, command, now),
        Command::TestMap => return test_map(state),
        Command::StopTestingMap => {
            state.inspected.tested = None;
            return vec![Request::TestMap(None)];
        }
        Command::ExportCsv(path) => return export(state, path),
        Command::Report(text) => state.say(Severity::Error, text),
        other => look(state, other),
    }
    Vec::new()
}

/// Commands that change only what is shown.
fn look(state: &mut State, command: Command) {
    match command {
        Command::Show(measure) => {
            state.settings.measure = measure;
            state.filter.score = 0.0;
            state.reorder_now();
        }
        Command::SortBy(sort) => {
            state.settings.sort = sort;
            state.reorder_now();
        }
        Command::FilterName(name) => {
            state.filter.name = name.to_lowercase();
            state.reorder_now();
        }
        Command::FilterLabel(label) => {
            state.filter.label = label;
            state.reorder_now();
        }
        Command::FilterScore(score) => {
            state.filter.score = score;
            state.reorder_now();
        }
        Command::ClearFilters => {
            state.filter = Default::default();
            state.reorder_now();
        }
        Command::SizeThumbnails(side) => state.settings.thumbnail_side = side.clamp(80.0, 320.0),
        Command::MapLabel(label) => {
            state.mapped_label = Some(label);
            state.settings.heatmap = true;
        }
        Command::ToggleHeatmap => state.settings.heatmap = !state.settings.heatmap,
        Command::ToggleModelView => state.model_view = !state.model_view,
        Command::SetOpacity(opacity) => state.settings.opacity = opacity.clamp(0.0, 1.0),
        Command::UseRamp(ramp) => state.settings.ramp = ramp,
        Command::UseScale(scale) => state.settings.heatmap_scale = scale,
        Command::ToggleSameScale => state.settings.same_scale = !state.settings.same_scale,
        Command::ToggleSmooth => state.settings.smooth = !state.settings.smooth,
        Command::UseTheme(theme) => state.settings.theme = theme,
        Command::Scale(scale) => state.settings.scale = scale.clamp(0.5, 3.0),
        Command::CloseDialog => {
            state.dialog = None;
            state.asked_to_remove = None;
            state.asked_to_forget = false;
        }
        Command::AskToRemove(name) => state.asked_to_remove = name,
        Command::AskToForget(asked) => state.asked_to_forget = asked,
        Command::Dismiss(message) if message < state.messages.len() => {
            state.messages.remove(message);
        }
        Command::HideStarterNote => state.settings.starter_note_hidden = true,
        Command::FocusNewLabel => state.focus = Some(Focus::NewLabel),
        Command::FocusFilter => state.focus = Some(Focus::Filter),
        _ => {}
    }
}

/// A folder that is dropped while teaching is what is learnt from.
fn learn_from(state: &mut State, mut paths: Vec<PathBuf>, now: Instant) -> Vec<Request> {
    if paths.is_empty() {
        return Vec::new();
    }
    state.training.page = Page::Setup;
    train::update(state, TrainCommand::UseFolder(paths.swap_remove(0)), now)
}

/// Opens folders; none means the samples.
fn open(state: &mut State, paths: Vec<PathBuf>) -> Vec<Request> {
    state.settings.remember_folders(&paths);
    state.settings.folders = paths;
    state.filter = Default::default();
    vec![list(state)]
}

/// Asks for the open folders' pictures anew.
pub fn list(state: &mut State) -> Request {
    state.library += 1;
    state.pictures.clear();
    state.unreadable.clear();
    state.new_thumbnails.clear();
    state.scanned = false;
    state.indexed = 0;
    state.speed = None;
    state.selected = None;
    state.inspected = Inspected::default();
    state.forget_probe();
    state.reorder_now();
    let library = state.library;
    match state.settings.folders.clone() {
        paths if paths.is_empty() => Request::OpenSamples { library },
        paths => Request::OpenFolders { library, paths },
    }
}

fn retry(state: &mut State, picture: Option<PictureId>) -> Vec<Request> {
    let pictures: Vec<PictureId> = match picture {
        Some(picture) => vec![picture],
        None => {
            let skipped = state.pictures.iter().filter(|picture| picture.skipped.is_some());
            skipped.map(|picture| picture.file.id).collect()
        }
    };
    for &id in &pictures {
        if let Some(picture) = state.pictures.get_mut(id) {
            picture.skipped = None;
        }
    }
    state.reorder_now();
    vec![Request::Retry {
        library: state.library,
        pictures,
    }]
}

/// Replaces the labels; can be undone.
pub fn edit_labels(state: &mut State, labels: Vec<LabelRow>, typing: bool, now: Instant) {
    if labels == state.settings.labels {
        return;
    }
    let before = std::mem::replace(&mut state.settings.labels, labels);
    state.history.record(before, typing);
    // Only typing waits for a pause.
    let since = if typing {
        now
    } else {
        now.checked_sub(super::DEBOUNCE).unwrap_or(now)
    };
    labels_changed(state, since);
}

fn step_back(state: &mut State, now: Instant) {
    let labels = std::mem::take(&mut state.settings.labels);
    let (Ok(labels) | Err(labels)) = state.history.undo(labels);
    state.settings.labels = labels;
    labels_changed(state, now);
}

fn step_forth(state: &mut State, now: Instant) {
    let labels = std::mem::take(&mut state.settings.labels);
    let (Ok(labels) | Err(labels)) = state.history.redo(labels);
    state.settings.labels = labels;
    labels_changed(state, now);
}

fn labels_changed(state: &mut State, now: Instant) {
    let there: Vec<LabelId> = state.settings.labels.iter().map(|row| row.id).collect();
    let is_there = |label: &LabelId| there.contains(label);
    state.mapped_label = state.mapped_label.filter(is_there);
    state.hovered_label = state.hovered_label.filter(is_there);
    state.expanded_label = state.expanded_label.filter(is_there);
    if let Some(Some(label)) = state.filter.label
        && !is_there(&label)
    {
        state.filter.label = None;
        state.reorder_now();
    }
    if let Some(Compare::Label(label)) = &state.compare
        && !is_there(label)
    {
        state.compare = None;
    }
    state.question_changed(now);
}

/// The question that the labels and templates make; asked after a short pause in typing.
pub fn ask(state: &mut State) -> Request {
    state.asking.changed_at = None;
    state.asking.generation += 1;
    let labels = state.settings.labels.iter().map(|row| AskedLabel {
        id: row.id,
        label: row.label.clone(),
    });
    Request::Classify(Arc::new(Question {
        generation: state.asking.generation,
        labels: labels.collect(),
        templates: state.settings.templates.clone(),
        none_bias: state.settings.none_bias,
        model: None,
    }))
}

fn select(state: &mut State, picture: PictureId) -> Vec<Request> {
    if state.selected == Some(picture) {
        return Vec::new();
    }
    state.selected = Some(picture);
    state.inspected = Inspected::default();
    state.hovered_label = None;
    state.forget_probe();
    vec![Request::Inspect {
        library: state.library,
        picture: Some(picture),
    }]
}

/// Asks for a test of the shown map; the label that fits least is the unrelated one.
fn test_map(state: &mut State) -> Vec<Request> {
    let (Some(label), Some(answer)) = (state.shown_label(), state.inspected_answer()) else {
        return Vec::new();
    };
    if state.row(label).is_none() {
        return Vec::new();
    }
    let others = answer.question.labels.iter().zip(answer.scores.cosines.iter());
    let unrelated = others
        .filter(|(other, _)| other.id != label)
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(other, _)| other.id);
    // From now on the pointer does not change what is looked at.
    state.mapped_label = Some(label);
    state.inspected.tested = Some(TestedMap {
        label,
        done: 0.0,
        verdict: None,
    });
    vec![Request::TestMap(Some(MapTest { label, unrelated }))]
}

fn go(state: &mut State, step: Step) -> Vec<Request> {
    let Some(last) = state.order.len().checked_sub(1) else {
        return Vec::new();
    };
    let (columns, rows) = state.grid;
    let page = columns * rows.max(1);
    let at = state
        .selected
        .and_then(|selected| state.order.iter().position(|&id| id == selected));
    let next = match (at, step) {
        (None, Step::End) => last,
        (None, _) | (_, Step::Home) => 0,
        (_, Step::End) => last,
        (Some(at), Step::Left) => at.saturating_sub(1),
        (Some(at), Step::Right) => (at + 1).min(last),
        (Some(at), Step::Up) if at >= columns => at - columns,
        (Some(at), Step::Up) => at,
        (Some(at), Step::Down) if at + columns <= last => at + columns,
        (Some(at), Step::Down) => at,
        (Some(at), Step::PageUp) => at.saturating_sub(page),
        (Some(at), Step::PageDown) => (at + page).min(last),
    };
    state.scroll_to_selected = true;
    let picture = state.order[next];
    select(state, picture)
}

/// As on the first launch, with the model that is open; only the window stays as large as it is.
fn forget_everything(state: &mut State, now: Instant) -> Vec<Request> {
    state.asked_to_forget = false;
    state.dialog = None;
    let known = &state.settings;
    state.settings = Settings {
        scale: known.scale,
        window_size: known.window_size,
        device: known.device,
        precision: known.precision,
        ..Settings::default()
    };
    state.history = Default::default();
    state.filter = Default::default();
    labels_changed(state, now);
    vec![Request::ForgetEverything, list(state)]
}

/// Has a model opened; once it is, it is remembered.
pub fn load_model(state: &mut State, choice: ModelChoice) -> Vec<Request> {
    state.asked_model = Some(choice.clone());
    vec![Request::LoadModel(choice)]
}

/// Saves what is shown: numbers stand under the names that they are for, also where the labels are others by now.
fn export(state: &mut State, path: PathBuf) -> Vec<Request> {
    let Some(question) = &state.asking.answer else {
        state.say(
            Severity::Warning,
            "There is nothing to save: the model has not answered yet",
        );
        return Vec::new();
    };
    let content = view::csv(&state.pictures, &state.order, question);
    let asked: Vec<_> = question.labels.iter().map(|asked| (asked.id, &asked.label)).collect();
    let rows: Vec<_> = state.settings.labels.iter().map(|row| (row.id, &row.label)).collect();
    if asked == rows && state.asking.changed_at.is_none() && question.generation == state.asking.generation {
        state.say(Severity::Info, format!("Saving {} ..", path.display()));
    } else {
        let text = "The labels or templates were changed, and the model has not answered yet: what is saved are the \
                    answers from before, under the names from before";
        state.say(Severity::Warning, text);
    }
    vec![Request::Export { path, content }]
}
