//! Commands about the list of pictures: opening, rescanning, retrying, exporting.

use std::path::PathBuf;
use std::time::Instant;

use super::question::labels_changed;
use crate::app::explore::state::{Alike, Inspected};
use crate::app::explore::view;
use crate::app::state::State;
use crate::engine::protocol::{InferenceRequest, LibraryRequest, PictureId, Request, Severity, Topic};

/// Opens folders; none means the samples.
pub fn open(state: &mut State, paths: Vec<PathBuf>) -> Vec<Request> {
    state.settings.remember_folders(&paths);
    state.settings.folders = paths;
    state.explore.filter = Default::default();
    state.explore.opened += 1;
    state.explore.large = None;
    vec![list(state)]
}

/// Looks at the open folders again. What is shown stays until all of them are looked at, so that nothing jumps.
pub(super) fn rescan(state: &mut State) -> Vec<Request> {
    let explore = &mut state.explore;
    // Where nothing is shown yet, there is nothing to keep.
    if explore.pictures.is_empty() {
        return vec![list(state)];
    }
    explore.library += 1;
    explore.incoming = Some(Default::default());
    explore.scanned = false;
    explore.indexed = 0;
    explore.speed = None;
    vec![request_list(state)]
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
    explore.reach = None;
    explore.incoming = None;
    explore.outdated = None;
    explore.listed.0 += 1;
    explore.baseline = None;
    explore.alike = None;
    explore.forget_probe();
    explore.reorder_now();
    request_list(state)
}

fn request_list(state: &State) -> Request {
    let library = state.explore.library;
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

pub(super) fn retry(state: &mut State, pictures: Option<Vec<PictureId>>) -> Vec<Request> {
    let explore = &mut state.explore;
    let all = || {
        let skipped = explore.pictures.iter().filter(|picture| picture.skipped.is_some());
        skipped.map(|picture| picture.file.id).collect()
    };
    let pictures = pictures.unwrap_or_else(all);
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

pub(super) fn more_like(state: &mut State, picture: PictureId) -> Vec<Request> {
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

/// Saves what is shown, or what of it is marked: numbers stand under the names that they are for, also where the labels
/// are others by now.
pub(super) fn export(state: &mut State, path: PathBuf) -> Vec<Request> {
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
    let style = state.settings.csv_style();
    let content = view::csv(&explore.pictures, &meant, question, state.lens(), style);
    let asked: Vec<_> = question.labels.iter().map(|asked| (asked.id, &asked.label)).collect();
    let rows: Vec<_> = state.asked_rows().map(|row| (row.id, &row.label)).collect();
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
