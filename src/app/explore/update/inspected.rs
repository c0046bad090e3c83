//! Commands about the inspected picture.

use super::heatmap::{draw_heatmap, stop_testing};
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::marks::{self, mark, walk};
use crate::app::explore::state::Inspected;
use crate::app::state::State;
use crate::engine::protocol::{InferenceRequest, PictureId, Request};

/// Commands about one picture.
pub(super) fn inspect(state: &mut State, command: ExploreCommand) -> Vec<Request> {
    match command {
        ExploreCommand::Select(picture) => {
            state.explore.marked.clear();
            select(state, picture, true)
        }
        ExploreCommand::ShowFirst(picture) => select(state, picture, false),
        ExploreCommand::ReadAgain(picture) => vec![Request::Inspect {
            library: state.explore.library,
            picture: Some(picture),
        }],
        ExploreCommand::Go(step) => walk(state, step),
        ExploreCommand::Mark(which) => mark(state, which),
        ExploreCommand::OpenLarge(picture) => marks::open_large(state, picture),
        ExploreCommand::Back => back(state),
        ExploreCommand::CopyPicture(picture) => copy_picture(state, picture),
        other => draw_heatmap(state, other),
    }
}

/// Has a picture inspected.
pub fn select(state: &mut State, picture: PictureId, chosen: bool) -> Vec<Request> {
    let explore = &mut state.explore;
    explore.chosen = chosen;
    explore.reach = None;
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

/// Shows the inspector, where what was asked for is seen; whether it was shown already.
pub(super) fn unfold_inspector(state: &mut State) -> bool {
    std::mem::replace(&mut state.settings.inspector_shown, true)
}

/// Shows the inspector with its heatmap.
pub(super) fn show_heatmap(state: &mut State) {
    unfold_inspector(state);
    state.settings.heatmap = true;
}

/// One level out: of a test, the large picture, the brush, what is marked, the pinned label, at last the full screen.
fn back(state: &mut State) -> Vec<Request> {
    let tested = state.explore.inspected.tested.as_ref();
    if tested.is_some_and(|tested| state.shown_label() == Some(tested.label)) {
        return stop_testing(state);
    }
    let explore = &mut state.explore;
    if explore.large.is_some() {
        explore.large = None;
        explore.scroll_to_selected = true;
    } else if explore.brush.is_some() {
        explore.brush = None;
    } else if !explore.marked.is_empty() {
        explore.marked.clear();
        explore.reach = None;
    } else if explore.mapped_label.is_some() {
        explore.mapped_label = None;
    } else if explore.alike.take().is_some() {
        explore.reorder_now();
    } else {
        state.full_screen = false;
    }
    Vec::new()
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
