//! Carries out what the user wants of pictures and labels: changes the state, and says what to ask the engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::marks::{self, mark, walk};
use super::state::{Alike, Focus, Inspected, Restore, TestedMap};
use super::wording::Wording;
use super::{looking, view};
use crate::app::DEBOUNCE;
use crate::app::command::{Command, Compare};
use crate::app::settings::LabelRow;
use crate::app::shell::messages::Message;
use crate::app::state::State;
use crate::app::train::{Page, TrainCommand};
use crate::engine::protocol::{
    AskedLabel, InferenceRequest, LabelId, LibraryRequest, MapTest, PictureId, Question, Request, Severity, Topic,
};
use crate::zero_shot::TemplateSet;

/// Why a picture is not shown that the user skipped.
const SKIPPED_BY_USER: &str = "You skipped it; \"Try again\" brings it back";

/// Carries out a command.
pub fn update(state: &mut State, command: Command, now: Instant) -> Vec<Request> {
    match command {
        Command::OpenSamples => return open(state, Vec::new()),
        Command::Rescan => return rescan(state),
        Command::Retry(picture) => return retry(state, picture),
        Command::PauseIndexing(paused) => {
            state.explore.paused = paused;
            return vec![Request::PauseIndexing(paused)];
        }
        Command::EditLabels(labels) => edit_labels(state, labels, false, now),
        Command::TypeLabel(labels) => edit_labels(state, labels, true, now),
        Command::Undo | Command::Redo => step(state, command == Command::Undo, now),
        Command::UseTemplates(templates) => use_templates(state, templates, now),
        Command::SetNoneBias(bias) => set_none_bias(state, bias, now),
        Command::Select(picture) => {
            state.explore.marked.clear();
            return select(state, picture, true);
        }
        Command::ShowFirst(picture) => return select(state, picture, false),
        Command::Go(step) => return walk(state, step),
        Command::Mark(which) => return mark(state, which),
        Command::OpenLarge(picture) => return marks::open_large(state, picture),
        Command::UseMethod(method) => {
            state.settings.heatmap_method = method;
            state.settings.heatmap = true;
            state.explore.inspected.forget_maps();
            let mut requests = go_on(state);
            requests.push(Request::Inference(InferenceRequest::UseHeatmap(method)));
            return requests;
        }
        Command::HoldHeatmap(hold) => {
            state.explore.stopped = hold;
            return vec![Request::Inference(InferenceRequest::HoldHeatmaps(hold))];
        }
        Command::Compare(compare) => return looking::compare(state, compare),
        Command::ShiftView(_)
        | Command::ToggleBrush
        | Command::Erase { .. }
        | Command::UndoStroke
        | Command::ResetProbe
        | Command::UseFill(_)
        | Command::SizeBrush(_) => return looking::probe(state, command),
        Command::CopyHeatmap => return looking::take_away(state, None),
        Command::SaveHeatmap(path) => return looking::take_away(state, Some(path)),
        Command::SaveGrid(path) => return looking::save_grid(state, path),
        Command::TestMap => return test_map(state),
        Command::StopTestingMap => {
            state.explore.inspected.tested = None;
            return vec![Request::Inference(InferenceRequest::TestMap(None))];
        }
        Command::MoreLike(picture) => return more_like(state, picture),
        Command::CopyPicture(picture) => return copy_picture(state, picture),
        Command::ExportCsv(path) => return export(state, path),
        other => look(state, other),
    }
    Vec::new()
}

/// Commands that change only what is shown.
fn look(state: &mut State, command: Command) {
    let explore = &mut state.explore;
    match command {
        Command::Show(measure) => {
            state.settings.measure = measure;
            explore.filter.least = None;
            explore.reorder_now();
        }
        Command::SortBy(sort) => {
            state.settings.sort = sort;
            explore.alike = None;
            explore.reorder_now();
        }
        Command::Reorder => explore.reorder_now(),
        Command::PointAtGallery(pointed) => explore.point(pointed),
        Command::LayOut { columns, rows } => explore.grid = (columns, rows),
        Command::Scrolled => explore.scroll_to_selected = false,
        Command::FilterName(name) => {
            explore.filter.name = name.to_lowercase();
            explore.reorder_now();
        }
        Command::FilterLabel(label) => {
            explore.filter.label = label;
            explore.reorder_now();
        }
        Command::FilterScore(least) => {
            explore.filter.least = least;
            explore.reorder_now();
        }
        Command::ClearFilters => {
            explore.filter = Default::default();
            explore.alike = None;
            explore.reorder_now();
        }
        Command::ShowNone(shown) => {
            state.settings.show_none = shown;
            explore.filter.label.take_if(|label| label.is_none() && !shown);
            explore.reorder_now();
        }
        Command::ForgetBaseline => explore.baseline = None,
        Command::MapLabel(label) => {
            let pinned = explore.mapped_label == Some(label);
            explore.mapped_label = (!pinned).then_some(label);
            state.settings.heatmap = true;
        }
        Command::HoverLabel(label) => explore.hovered_label = label,
        Command::ToggleHeatmap => state.settings.heatmap = !state.settings.heatmap,
        Command::ToggleModelView => {
            explore.model_view = !explore.model_view;
            explore.brush = None;
        }
        Command::CloseLarge => {
            explore.large = None;
            explore.scroll_to_selected = true;
        }
        Command::LookAt(large) => explore.large = explore.large.and(Some(large)),
        Command::Back => back(state),
        Command::CopyPath(text) => {
            explore.text_to_copy = Some(text);
            state.say_about(Topic::Saving, "Copied");
        }
        Command::Skip(picture) => {
            explore.skip(picture, SKIPPED_BY_USER.into());
            explore.reorder_now();
        }
        Command::UseAsExample(picture) => use_as_example(state, picture),
        Command::TypeNewLabel(text) => explore.new_label = text,
        Command::ExpandLabel(label) => explore.expanded_label = label,
        Command::FocusNewLabel => {
            state.settings.labels_shown = true;
            explore.focus = Some(Focus::NewLabel);
        }
        Command::FocusFilter => explore.focus = Some(Focus::Filter),
        Command::Focused => explore.focus = None,
        other => settle(state, other),
    }
}

/// Commands that change how things are shown, which is remembered.
fn settle(state: &mut State, command: Command) {
    let settings = &mut state.settings;
    match command {
        Command::SizeThumbnails(side) => settings.thumbnail_side = side.clamp(64.0, 320.0),
        Command::TileText(text) => settings.tile_text = text,
        Command::ToggleRows => settings.rows = !settings.rows,
        Command::SizePanels { labels, inspector } => {
            settings.labels_width = labels;
            settings.inspector_width = inspector;
        }
        Command::ToggleLabels => settings.labels_shown = !settings.labels_shown,
        Command::ToggleInspector => settings.inspector_shown = !settings.inspector_shown,
        Command::SetOpacity(opacity) => settings.opacity = opacity.clamp(0.0, 1.0),
        Command::UseRamp(ramp) => settings.ramp = ramp,
        Command::UseScale(scale) => settings.heatmap_scale = scale,
        Command::ToggleSameScale => settings.same_scale = !settings.same_scale,
        Command::ToggleSmooth => settings.smooth = !settings.smooth,
        Command::UseStyle(style) => settings.heatmap_style = style,
        Command::ToggleContour => settings.contour = !settings.contour,
        Command::Divide(divider) => settings.divider = divider.map(|at| at.clamp(0.02, 0.98)),
        Command::HideStarterNote => settings.starter_note_hidden = true,
        _ => {}
    }
}

/// Opens folders; none means the samples.
pub fn open(state: &mut State, paths: Vec<PathBuf>) -> Vec<Request> {
    state.settings.remember_folders(&paths);
    state.settings.folders = paths;
    state.explore.filter = Default::default();
    state.explore.opened += 1;
    state.explore.large = None;
    vec![list(state)]
}

/// Looks at the open folders again: what was selected stays so.
fn rescan(state: &mut State) -> Vec<Request> {
    let explore = &state.explore;
    let path = |id: &PictureId| explore.pictures.get(*id).map(|picture| picture.file.path.clone());
    let restore = Restore {
        selected: explore.selected.as_ref().and_then(path),
        found: None,
        marked: explore.marked.iter().filter_map(path).collect(),
    };
    let large = explore.large;
    let request = list(state);
    state.explore.restore = restore;
    state.explore.large = large;
    vec![request]
}

/// Asks for the open folders' pictures anew.
pub fn list(state: &mut State) -> Request {
    let explore = &mut state.explore;
    explore.library += 1;
    explore.pictures.clear();
    explore.skipped = 0;
    explore.names.clear();
    explore.marked.clear();
    explore.unreadable.clear();
    explore.unread = 0;
    explore.new_thumbnails.clear();
    explore.scanned = false;
    explore.indexed = 0;
    explore.speed = None;
    explore.selected = None;
    explore.chosen = false;
    explore.inspected = Inspected::default();
    explore.restore = Restore::default();
    explore.baseline = None;
    explore.alike = None;
    explore.forget_probe();
    explore.reorder_now();
    let library = explore.library;
    match state.settings.folders.clone() {
        paths if paths.is_empty() => Request::Library(LibraryRequest::OpenSamples { library }),
        paths => Request::Library(LibraryRequest::OpenFolders { library, paths }),
    }
}

/// The pictures and labels of the first launch.
pub fn begin_anew(state: &mut State, now: Instant) -> Vec<Request> {
    state.explore.history = Default::default();
    state.explore.filter = Default::default();
    labels_changed(state, now);
    vec![list(state)]
}

fn retry(state: &mut State, picture: Option<PictureId>) -> Vec<Request> {
    let explore = &mut state.explore;
    let pictures: Vec<PictureId> = match picture {
        Some(picture) => vec![picture],
        None => {
            let skipped = explore.pictures.iter().filter(|picture| picture.skipped.is_some());
            skipped.map(|picture| picture.file.id).collect()
        }
    };
    for &id in &pictures {
        if let Some(picture) = explore.pictures.get_mut(id) {
            explore.skipped -= usize::from(picture.skipped.take().is_some());
        }
    }
    explore.reorder_now();
    vec![Request::Library(LibraryRequest::Retry {
        library: explore.library,
        pictures,
    })]
}

/// Replaces the labels; can be undone.
pub fn edit_labels(state: &mut State, labels: Vec<LabelRow>, typing: bool, now: Instant) {
    if labels == state.settings.labels {
        return;
    }
    let before = Wording::of(&state.settings);
    state.explore.history.record(before, typing);
    state.settings.labels = labels;
    // Only typing waits for a pause.
    let since = if typing {
        now
    } else {
        now.checked_sub(DEBOUNCE).unwrap_or(now)
    };
    labels_changed(state, since);
}

fn step(state: &mut State, back: bool, now: Instant) {
    let wording = Wording::of(&state.settings);
    let history = &mut state.explore.history;
    let stepped = if back {
        history.undo(wording)
    } else {
        history.redo(wording)
    };
    if let Ok(wording) = stepped {
        keep_baseline(state, &wording.templates);
        wording.put_into(&mut state.settings);
        labels_changed(state, now);
    }
}

fn labels_changed(state: &mut State, now: Instant) {
    let there: Vec<LabelId> = state.settings.labels.iter().map(|row| row.id).collect();
    let is_there = |label: &LabelId| *label == LabelId::NONE_OF_THESE || there.contains(label);
    let explore = &mut state.explore;
    explore.mapped_label.take_if(|label| !is_there(label));
    explore.hovered_label.take_if(|label| !is_there(label));
    explore.expanded_label.take_if(|label| !is_there(label));
    if let Some(Some(label)) = explore.filter.label
        && !is_there(&label)
    {
        explore.filter.label = None;
        explore.reorder_now();
    }
    if let Some(Compare::Label(label)) = &explore.compare
        && !is_there(label)
    {
        explore.compare = None;
    }
    // Shares of other labels cannot be compared.
    let asked = |question: &Question| {
        question
            .labels
            .iter()
            .map(|asked| (asked.id, asked.label.clone()))
            .collect()
    };
    let rows: Vec<_> = state
        .settings
        .labels
        .iter()
        .map(|row| (row.id, row.label.clone()))
        .collect();
    explore.baseline.take_if(|baseline| {
        let known: Vec<_> = asked(&baseline.question);
        known != rows
    });
    question_changed(state, now);
}

/// The labels or templates differ from the last question.
fn question_changed(state: &mut State, now: Instant) {
    state.explore.asking.changed_at = Some(now);
}

fn use_templates(state: &mut State, templates: TemplateSet, now: Instant) {
    if templates == state.settings.templates {
        return;
    }
    if let TemplateSet::Own(_) = &templates {
        state.settings.own_templates = Some(templates.clone());
    }
    keep_baseline(state, &templates);
    let before = Wording::of(&state.settings);
    state.explore.history.record(before, false);
    state.settings.templates = templates;
    question_changed(state, now);
}

/// Before other templates are used: what is answered under those of now stays, to compare with.
fn keep_baseline(state: &mut State, templates: &TemplateSet) {
    let explore = &mut state.explore;
    let Some(question) = explore.asking.answer.clone() else {
        return;
    };
    if *templates == state.settings.templates || question.templates != state.settings.templates {
        return;
    }
    explore.baseline = Some(super::state::Baseline {
        question,
        scores: explore
            .pictures
            .iter()
            .filter_map(|one| Some((one.file.id, one.scores.clone()?)))
            .collect(),
        changed: None,
    });
}

/// Changes of the offset that follow each other are one step.
fn set_none_bias(state: &mut State, bias: f32, now: Instant) {
    let wording = Wording::of(&state.settings);
    let history = &mut state.explore.history;
    let goes_on = history
        .before()
        .is_some_and(|before| before.differs_in_offset_alone(&wording));
    if !goes_on {
        history.record(wording, false);
    }
    state.settings.none_bias = bias;
    question_changed(state, now);
}

/// The question that the labels and templates make; asked after a short pause in typing.
pub fn ask(state: &mut State) -> Request {
    state.explore.doubled = super::labels::doubled(&state.settings.labels);
    let asking = &mut state.explore.asking;
    asking.changed_at = None;
    asking.generation += 1;
    let labels = state.settings.labels.iter().map(|row| AskedLabel {
        id: row.id,
        label: row.label.clone(),
    });
    Request::Inference(InferenceRequest::Classify(Arc::new(Question {
        generation: asking.generation,
        labels: labels.collect(),
        templates: state.settings.templates.clone(),
        none_bias: state.settings.none_bias,
        model: None,
    })))
}

/// Has a picture inspected.
pub(super) fn select(state: &mut State, picture: PictureId, chosen: bool) -> Vec<Request> {
    let explore = &mut state.explore;
    explore.chosen = chosen;
    if explore.selected == Some(picture) {
        return Vec::new();
    }
    explore.selected = Some(picture);
    explore.inspected = Inspected::default();
    explore.hovered_label = None;
    explore.copy_when_here = false;
    explore.forget_probe();
    let library = explore.library;
    let mut requests = go_on(state);
    requests.push(Request::Inspect {
        library,
        picture: Some(picture),
    });
    requests
}

/// Heatmaps are made again where they were stopped.
pub(super) fn go_on(state: &mut State) -> Vec<Request> {
    if std::mem::take(&mut state.explore.stopped) {
        vec![Request::Inference(InferenceRequest::HoldHeatmaps(false))]
    } else {
        Vec::new()
    }
}

/// Asks for a test of the shown map; the label that fits least is the unrelated one.
fn test_map(state: &mut State) -> Vec<Request> {
    let (Some(label), Some(answer)) = (state.shown_label(), state.inspected_answer()) else {
        return Vec::new();
    };
    if answer.question.class(label).is_none() {
        return Vec::new();
    }
    let others = answer.question.labels.iter().zip(answer.scores.cosines.iter());
    let unrelated = others
        .filter(|(other, _)| other.id != label)
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(other, _)| (other.id, other.label.name.clone()));
    let (unrelated, beside) = unrelated.unzip();
    // From now on the pointer does not change what is looked at.
    state.explore.mapped_label = Some(label);
    state.explore.inspected.tested = Some(TestedMap {
        label,
        beside,
        done: 0.0,
        verdict: None,
    });
    vec![Request::Inference(InferenceRequest::TestMap(Some(MapTest {
        label,
        unrelated,
    })))]
}

/// One level out: of the large picture, the brush, what is marked, the pinned label.
fn back(state: &mut State) {
    let explore = &mut state.explore;
    if explore.large.is_some() {
        explore.large = None;
        explore.scroll_to_selected = true;
    } else if explore.brush.is_some() {
        explore.brush = None;
    } else if !explore.marked.is_empty() {
        explore.marked.clear();
    } else if explore.mapped_label.is_some() {
        explore.mapped_label = None;
    } else if explore.alike.take().is_some() {
        explore.reorder_now();
    }
}

fn more_like(state: &mut State, picture: PictureId) -> Vec<Request> {
    state.explore.alike = Some(Alike {
        to: picture,
        ..Alike::default()
    });
    state.explore.large = None;
    state.explore.opened += 1;
    vec![Request::Inference(InferenceRequest::Alike {
        library: state.explore.library,
        picture,
    })]
}

fn copy_picture(state: &mut State, picture: PictureId) -> Vec<Request> {
    let requests = select(state, picture, true);
    let explore = &mut state.explore;
    match &explore.inspected.picture {
        Some(inspected) => explore.to_copy = Some((inspected.image.clone(), "The picture is copied")),
        None => explore.copy_when_here = true,
    }
    requests
}

/// A picture and the text of its best label become a pair of the board.
fn use_as_example(state: &mut State, picture: PictureId) {
    let Some(path) = state.explore.pictures.get(picture).map(|known| known.file.path.clone()) else {
        return;
    };
    let answer = state.answer(picture);
    let text = answer.and_then(|answer| Some(answer.name(answer.scores.best?).to_owned()));
    state.training.add_pair((path, text.unwrap_or_default()));
    let show = Command::Train(TrainCommand::Open(Page::Board));
    let message = Message::new(Severity::Info, "Added to the pictures and texts under Train");
    state.messages.add(message.about(Topic::Training).with("Show", show));
}

/// Saves what is shown, or what of it is marked: numbers stand under the names that they are for, also where the labels
/// are others by now.
fn export(state: &mut State, path: PathBuf) -> Vec<Request> {
    let explore = &state.explore;
    let Some(question) = &explore.asking.answer else {
        state.say(
            Severity::Warning,
            "There is nothing to save: the model has not answered yet",
        );
        return Vec::new();
    };
    let is_meant = |id: &&PictureId| explore.marked.is_empty() || explore.marked.contains(*id);
    let meant: Vec<PictureId> = explore.order().iter().filter(is_meant).copied().collect();
    let content = view::csv(&explore.pictures, &meant, question, state.lens());
    let asked: Vec<_> = question.labels.iter().map(|asked| (asked.id, &asked.label)).collect();
    let rows: Vec<_> = state.settings.labels.iter().map(|row| (row.id, &row.label)).collect();
    let is_current = question.generation == explore.asking.generation;
    if asked == rows && explore.asking.changed_at.is_none() && is_current {
        state.say_about(Topic::Saving, format!("Saving {}…", path.display()));
    } else {
        let text = "The labels or templates were changed, and the model has not answered yet: what is saved are the \
                    answers from before, under the names from before";
        state.say(Severity::Warning, text);
    }
    vec![Request::Library(LibraryRequest::Export { path, content })]
}
