//! The heatmaps as they are shown: of which label, over which part of the picture, on which scale.

use super::command::Compare;
use crate::app::state::State;
use crate::engine::protocol::{HeatMap, LabelId, MapSet, ModelInfo, Question, ViewRect};
use crate::heatmap::{Overlay, Ramp, Scale, card};

/// How "none of these" is written.
pub const NONE_OF_THESE: &str = "none of these";

/// A heatmap as the inspector shows it.
pub struct ShownMap<'a> {
    pub map: &'a HeatMap,
    pub overlay: Overlay,
    /// The part of the picture that it lies over.
    pub view: ViewRect,
    /// Label and method, and the model where two are compared.
    pub caption: String,
    /// The question that it answers.
    pub question: &'a Question,
    /// The label, as it read when the question was asked.
    pub name: &'a str,
    /// Which label that is.
    pub label: LabelId,
}

impl ShownMap<'_> {
    /// The label and the method, for screen readers.
    pub fn accessible_name(&self) -> String {
        format!("{}, by {}", self.name, card(self.map.method).title)
    }
}

/// The part of the picture that the model sees, moved as the probe asks.
pub fn view_now(state: &State, view: ViewRect) -> ViewRect {
    let at = |size: f32, start: f32, shift: f32| {
        let spare = 1.0 - size;
        if spare > 0.0 {
            start + shift * spare / 2.0
        } else {
            start
        }
    };
    let shift = state.explore.probe.shift;
    ViewRect {
        left: at(view.width, view.left, shift.x).clamp(0.0_f32.min(view.left), (1.0 - view.width).max(view.left)),
        top: at(view.height, view.top, shift.y).clamp(0.0_f32.min(view.top), (1.0 - view.height).max(view.top)),
        ..view
    }
}

/// The heatmap that is shown, and the one beside it.
pub fn shown_maps(state: &State) -> (Option<ShownMap<'_>>, Option<ShownMap<'_>>) {
    let Some(inspected) = state
        .explore
        .inspected
        .picture
        .as_deref()
        .filter(|_| state.settings.heatmap)
    else {
        return (None, None);
    };
    let view = view_now(state, inspected.view);
    let Some(label) = state.shown_label() else {
        return (None, None);
    };
    let (first, compared) = (finished_maps(state, false), finished_maps(state, true));
    let model = |model: Option<&ModelInfo>| model.map(|model| state.name_of(model));
    let (here, second) = match &state.explore.compare {
        None => (None, None),
        Some(Compare::Label(other)) => (None, label_map(first, *other, view, None)),
        Some(Compare::Method(_)) => (None, label_map(compared, label, view, None)),
        Some(Compare::Model(_)) => {
            let other_view = inspected.compared_view.map_or(view, |view| view_now(state, view));
            let there = model(state.explore.compared_model.as_ref());
            (
                model(state.model.as_ref()),
                label_map(compared, label, other_view, there),
            )
        }
    };
    let first = label_map(first, label, view, here);
    (first.map(|map| map.drawn(state)), second.map(|map| map.drawn(state)))
}

/// How a label read when it was asked about.
fn name_in(question: &Question, label: LabelId) -> Option<&str> {
    if label == LabelId::NONE_OF_THESE {
        return Some(NONE_OF_THESE);
    }
    Some(&question.label(label)?.name)
}

/// A label's map, one of a set.
struct LabelMap<'a> {
    map: &'a HeatMap,
    set: &'a MapSet,
    name: &'a str,
    label: LabelId,
    view: ViewRect,
    /// The model's name, where two models are compared.
    model: Option<String>,
}

fn label_map(set: Option<&MapSet>, label: LabelId, view: ViewRect, model: Option<String>) -> Option<LabelMap<'_>> {
    let set = set?;
    Some(LabelMap {
        map: set.of(label)?,
        set,
        name: name_in(&set.question, label)?,
        label,
        view,
        model,
    })
}

impl<'a> LabelMap<'a> {
    fn drawn(self, state: &State) -> ShownMap<'a> {
        let method = card(self.map.method).title;
        ShownMap {
            map: self.map,
            overlay: overlay(state, self.map, self.set),
            view: self.view,
            caption: match &self.model {
                Some(model) => format!("{} · {method}\n{model}", self.name),
                None => format!("{} · {method}", self.name),
            },
            question: &self.set.question,
            name: self.name,
            label: self.label,
        }
    }
}

/// The maps of a set, once all are made: of the newest question, or of the one before until that is answered.
pub(super) fn finished_maps(state: &State, compared: bool) -> Option<&MapSet> {
    let inspected = &state.explore.inspected;
    let set = if compared {
        inspected.compared_maps.as_deref()
    } else {
        inspected.maps.as_deref()
    };
    set.filter(|set| !set.maps.is_empty())
}

/// How a map is drawn: on its own scale, or on one scale for all labels so that they can be compared.
fn overlay(state: &State, map: &HeatMap, set: &MapSet) -> Overlay {
    let settings = &state.settings;
    let labels = &set.maps[..set.question.labels.len().min(set.maps.len())];
    let shared = labels.iter().filter(|_| settings.same_scale);
    let scale = settings
        .heatmap_scale
        .unwrap_or_else(|| fitting(shared.clone().chain([map])));
    let signed = scale == Scale::Signed;
    Overlay {
        style: settings.heatmap_style,
        signed,
        contour: settings.contour.then(|| map.half()),
        ramp: if signed { Ramp::BlueRed } else { settings.ramp },
        opacity: settings.opacity,
        range: scale.range(shared.chain([map])),
        smooth: settings.smooth,
    }
}

/// Values on both sides of a zero that means "no evidence" are drawn in two colours; others from low to high.
fn fitting<'a>(maps: impl Iterator<Item = &'a HeatMap> + Clone) -> Scale {
    let has_zero = maps.clone().all(|map| map.neutral() == 0.0);
    let (low, high) = Scale::Absolute.range(maps);
    if has_zero && low < 0.0 && 0.0 < high {
        Scale::Signed
    } else {
        Scale::Absolute
    }
}
