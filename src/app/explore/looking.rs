//! Carries out what the user wants of the inspected picture: another heatmap beside it, the picture shown to the model in
//! another way, a heatmap to take away.

use std::path::PathBuf;

use image::RgbImage;

use super::state::Brush;
use super::update::go_on;
use crate::app::command::{Command, Compare};
use crate::app::state::State;
use crate::engine::protocol::{
    HeatMap, HeatmapPicture, InferenceRequest, LabelId, LibraryRequest, MapSet, ModelInfo, Question, Request, Rival,
    Severity, Shift, ViewRect,
};
use crate::heatmap::{LabelledMap, Overlay, Ramp, Scale, card, raw_json};

/// What "none of these" is called.
pub const NONE_OF_THESE: &str = "none of these";
const BRUSH_RADIUS: f32 = 0.06;
/// The smallest and the largest brush.
pub const BRUSH_SIZES: std::ops::RangeInclusive<f32> = 0.01..=0.25;

/// A heatmap as the inspector shows it.
pub struct ShownMap<'a> {
    /// The map.
    pub map: &'a HeatMap,
    /// How it is drawn.
    pub overlay: Overlay,
    /// The part of the picture that it lies over.
    pub view: ViewRect,
    /// Label and method, and whose it is where two models are compared.
    pub caption: String,
    /// The question that it answers.
    pub question: &'a Question,
    /// The label, as it read then.
    pub name: &'a str,
    /// Which label that is.
    pub label: LabelId,
}

impl ShownMap<'_> {
    /// The label and the method, for those who do not see it.
    pub fn told(&self) -> String {
        format!("{}, by {}", self.name, card(self.map.method).title)
    }
}

/// Puts another heatmap beside the first.
pub fn compare(state: &mut State, compare: Option<Compare>) -> Vec<Request> {
    state.explore.compare.clone_from(&compare);
    state.explore.inspected.rival_maps = None;
    state.explore.rival_model = None;
    let rival = match compare {
        None | Some(Compare::Label(_)) => None,
        Some(Compare::Method(method)) => Some(Rival {
            model: None,
            method: Some(method),
        }),
        Some(Compare::Model(model)) => Some(Rival {
            model: Some(model),
            method: None,
        }),
    };
    let mut requests = go_on(state);
    requests.push(Request::Inference(InferenceRequest::Compare(rival)));
    if let Some(picture) = state.explore.selected {
        requests.push(Request::Inspect {
            library: state.explore.library,
            picture: Some(picture),
        });
    }
    requests
}

/// Changes how the picture is shown to the model, and asks it.
pub fn probe(state: &mut State, command: Command) -> Vec<Request> {
    match command {
        Command::ShiftView(shift) => {
            state.explore.probe.shift = Shift {
                x: shift.x.clamp(-1.0, 1.0),
                y: shift.y.clamp(-1.0, 1.0),
            };
        }
        Command::ToggleBrush => {
            state.explore.brush = match state.explore.brush {
                Some(_) => None,
                None => Some(Brush { radius: BRUSH_RADIUS }),
            };
            // There is nothing to paint on in what the model sees.
            state.explore.model_view = false;
            return Vec::new();
        }
        Command::SizeBrush(radius) => {
            let radius = radius.clamp(*BRUSH_SIZES.start(), *BRUSH_SIZES.end());
            state.explore.brush = Some(Brush { radius });
            return Vec::new();
        }
        Command::Erase { dab, begins } => {
            if begins {
                state.explore.strokes.push(state.explore.probe.dabs.len());
            }
            state.explore.probe.dabs.push(dab);
        }
        Command::UndoStroke => {
            if let Some(begin) = state.explore.strokes.pop() {
                state.explore.probe.dabs.truncate(begin);
            }
        }
        Command::UseFill(fill) => {
            state.explore.probe.fill = fill;
            if state.explore.probe.dabs.is_empty() {
                return Vec::new();
            }
        }
        Command::ResetProbe if state.explore.is_probing() => state.explore.forget_probe(),
        _ => return Vec::new(),
    }
    state.explore.probe.number += 1;
    state.explore.inspected.tested = None;
    if state.explore.is_probing() {
        return vec![Request::Inference(InferenceRequest::Probe(Some(
            state.explore.probe.clone(),
        )))];
    }
    state.explore.inspected.probed = None;
    vec![Request::Inference(InferenceRequest::Probe(None))]
}

/// The part of the picture that the model sees, as the probe has it.
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
    let (first, rival) = (whole(state, false), whole(state, true));
    let model = |model: Option<&ModelInfo>| model.map(|model| state.name_of(model));
    let (here, second) = match &state.explore.compare {
        None => (None, None),
        Some(Compare::Label(other)) => (None, one(first, *other, view, None)),
        Some(Compare::Method(_)) => (None, one(rival, label, view, None)),
        Some(Compare::Model(_)) => {
            let other_view = inspected.rival_view.map_or(view, |view| view_now(state, view));
            let there = model(state.explore.rival_model.as_ref());
            (model(state.model.as_ref()), one(rival, label, other_view, there))
        }
    };
    let first = one(first, label, view, here);
    (first.map(|one| one.drawn(state)), second.map(|one| one.drawn(state)))
}

/// How a label read when it was asked about.
fn name_in(question: &Question, label: LabelId) -> Option<&str> {
    if label == LabelId::NONE_OF_THESE {
        return Some(NONE_OF_THESE);
    }
    Some(&question.label(label)?.name)
}

/// One map of a set.
struct One<'a> {
    map: &'a HeatMap,
    set: &'a MapSet,
    name: &'a str,
    label: LabelId,
    view: ViewRect,
    /// Whose map it is, where that is not plain.
    model: Option<String>,
}

fn one(set: Option<&MapSet>, label: LabelId, view: ViewRect, model: Option<String>) -> Option<One<'_>> {
    let set = set?;
    Some(One {
        map: set.of(label)?,
        set,
        name: name_in(&set.question, label)?,
        label,
        view,
        model,
    })
}

impl<'a> One<'a> {
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
fn whole(state: &State, rival: bool) -> Option<&MapSet> {
    let inspected = &state.explore.inspected;
    let set = if rival {
        inspected.rival_maps.as_deref()
    } else {
        inspected.maps.as_deref()
    };
    set.filter(|set| !set.maps.is_empty())
}

/// How a map is drawn: on a scale of its own, or on one for all labels, so that they can be compared.
fn overlay(state: &State, map: &HeatMap, set: &MapSet) -> Overlay {
    let settings = &state.settings;
    let signed = settings.heatmap_scale == Scale::Signed;
    let labels = &set.maps[..set.question.labels.len().min(set.maps.len())];
    let shared = labels.iter().filter(|_| settings.same_scale);
    Overlay {
        style: settings.heatmap_style,
        signed,
        contour: settings.contour.then(|| map.half()),
        ramp: if signed { Ramp::BlueRed } else { settings.ramp },
        opacity: settings.opacity,
        range: settings.heatmap_scale.range(shared.chain([map])),
        smooth: settings.smooth,
    }
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
            Some(Compare::Model(_)) => (name(state.explore.rival_model.as_ref()), String::new()),
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
    let content = whole(state, false).map(|set| {
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
