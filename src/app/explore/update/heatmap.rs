//! The heatmap of the inspected picture: whose it is, what it is compared with, testing it, saving it.

use std::path::PathBuf;

use image::RgbImage;

use super::gallery::arrange;
use super::inspected::{go_on, show_heatmap, unfold_inspector};
use super::probe::probe;
use crate::app::explore::command::{Compare, ExploreCommand};
use crate::app::explore::shown_map::{ShownMap, finished_maps, shown_maps};
use crate::app::explore::state::TestedMap;
use crate::app::state::State;
use crate::engine::protocol::{
    ComparedWith, HeatmapMethod, HeatmapPicture, InferenceRequest, LabelId, LibraryRequest, MapTest, ModelInfo,
    Request, Severity,
};
use crate::heatmap::{LabelledMap, raw_json};

/// Commands about the heatmap, and about how the picture is shown to the model.
pub(super) fn draw_heatmap(state: &mut State, command: ExploreCommand) -> Vec<Request> {
    match command {
        ExploreCommand::UseMethod(method) => return use_method(state, method),
        ExploreCommand::HoldHeatmap(hold) => {
            state.explore.stopped = hold;
            return vec![Request::Inference(InferenceRequest::HoldHeatmaps(hold))];
        }
        ExploreCommand::Compare(compare) => return self::compare(state, compare),
        ExploreCommand::ShiftView(_)
        | ExploreCommand::ToggleBrush
        | ExploreCommand::Erase { .. }
        | ExploreCommand::UndoStroke
        | ExploreCommand::ResetProbe
        | ExploreCommand::UseFill(_)
        | ExploreCommand::SizeBrush(_) => return probe(state, command),
        ExploreCommand::CopyHeatmap => return take_away(state, None),
        ExploreCommand::SaveHeatmap(path) => return take_away(state, Some(path)),
        ExploreCommand::SaveGrid(path) => return save_grid(state, path),
        ExploreCommand::TestMap => return test_map(state),
        ExploreCommand::StopTestingMap => return stop_testing(state),
        ExploreCommand::MapLabel(label) => map_label(state, label),
        ExploreCommand::HoverLabel(label) => state.explore.hovered_label = label,
        ExploreCommand::ToggleHeatmap => {
            // Where it is not seen, it is asked for.
            let was_seen = unfold_inspector(state);
            state.settings.heatmap = !(was_seen && state.settings.heatmap);
        }
        ExploreCommand::ToggleModelView => {
            let was_seen = unfold_inspector(state);
            let explore = &mut state.explore;
            explore.model_view = !(was_seen && explore.model_view);
            explore.brush = None;
        }
        other => arrange(state, other),
    }
    Vec::new()
}

fn use_method(state: &mut State, method: Option<HeatmapMethod>) -> Vec<Request> {
    state.settings.heatmap_method = method;
    show_heatmap(state);
    state.explore.inspected.forget_maps();
    let mut requests = go_on(state);
    requests.push(Request::Inference(InferenceRequest::UseHeatmap(method)));
    requests
}

/// Shows this label's map for every picture; where it is shown already, no label's any more.
fn map_label(state: &mut State, label: LabelId) {
    let pinned = state.explore.mapped_label == Some(label) && state.settings.inspector_shown;
    state.explore.mapped_label = (!pinned).then_some(label);
    show_heatmap(state);
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
    show_heatmap(state);
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

pub(super) fn stop_testing(state: &mut State) -> Vec<Request> {
    state.explore.inspected.tested = None;
    vec![Request::Inference(InferenceRequest::TestMap(None))]
}

/// Puts another heatmap beside the first.
fn compare(state: &mut State, compare: Option<Compare>) -> Vec<Request> {
    if compare.is_some() {
        show_heatmap(state);
    }
    state.explore.compare.clone_from(&compare);
    state.explore.inspected.compared_maps = None;
    state.explore.compared_model = None;
    let compared = match compare {
        None | Some(Compare::Label(_)) => None,
        Some(Compare::Method(method)) => Some(ComparedWith {
            model: None,
            method: Some(method),
        }),
        Some(Compare::Model(model)) => Some(ComparedWith {
            model: Some(model),
            method: None,
        }),
    };
    let mut requests = go_on(state);
    requests.push(Request::Inference(InferenceRequest::Compare(compared)));
    if let Some(picture) = state.explore.selected {
        requests.push(Request::Inspect {
            library: state.explore.library,
            picture: Some(picture),
        });
    }
    requests
}

/// Draws what the inspector shows, with legends, into a file or for the clipboard.
pub fn take_away(state: &mut State, path: Option<PathBuf>) -> Vec<Request> {
    let Some(picture) = to_draw(state) else {
        state.say(Severity::Warning, NOTHING_SHOWN);
        return Vec::new();
    };
    vec![Request::Library(LibraryRequest::DrawHeatmap {
        picture: Box::new(picture),
        path,
    })]
}

const NOTHING_SHOWN: &str = "No heatmap is shown: choose a picture, and a label for it";

fn to_draw(state: &State) -> Option<HeatmapPicture> {
    let (first, second) = shown_maps(state);
    let inspected = state.explore.inspected.picture.as_deref()?;
    let probed = state.probed().and_then(|probed| probed.image.as_ref());
    let image = probed.unwrap_or(&inspected.image);
    let picture = RgbImage::from_raw(image.width as u32, image.height as u32, image.rgb.clone())?;
    let name = |model: Option<&ModelInfo>| model.map_or_else(String::new, |model| state.name_of(model));
    let labelled = |shown: ShownMap<'_>, model: String, score: String| LabelledMap {
        picture: picture.clone(),
        view: shown.view,
        map: shown.map.clone(),
        overlay: shown.overlay,
        label: shown.name.to_owned(),
        score,
        model,
    };
    let first = first?;
    let score = score_of(state, &first);
    let mut maps = vec![labelled(first, name(state.model.as_ref()), score)];
    if let Some(second) = second {
        // The other model's number is not known here: none is better than the first one's.
        let (model, score) = match state.explore.compare {
            Some(Compare::Model(_)) => (name(state.explore.compared_model.as_ref()), String::new()),
            _ => (name(state.model.as_ref()), score_of(state, &second)),
        };
        maps.push(labelled(second, model, score));
    }
    Some(HeatmapPicture { maps })
}

/// A label's number for the inspected picture, as the bars show it; none where that is the answer to another question.
fn score_of(state: &State, map: &ShownMap<'_>) -> String {
    let lens = state.lens();
    let answer = state
        .inspected_answer()
        .filter(|answer| answer.question.is(map.question));
    let number = answer.map(|answer| match answer.question.place(map.label) {
        Some(place) => lens.text(lens.value(answer.scores, place)),
        None => lens.text(lens.none_value(answer.scores)),
    });
    number.unwrap_or_default()
}

/// Writes the numbers of every label's map.
pub fn save_grid(state: &mut State, path: PathBuf) -> Vec<Request> {
    let content = finished_maps(state, false).map(|set| {
        let labels = set.question.labels.iter();
        let named = labels.map(|asked| asked.label.name.as_str()).zip(&set.maps);
        raw_json(named).to_string()
    });
    match content {
        Some(content) => vec![Request::Library(LibraryRequest::Export { path, content })],
        None => {
            state.say(Severity::Warning, NOTHING_SHOWN);
            Vec::new()
        }
    }
}
