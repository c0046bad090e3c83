//! Showing the model a changed picture: partly erased, or cropped elsewhere.

use super::inspected::unfold_inspector;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::state::{BRUSH_RADIUS, BRUSH_SIZES, Brush};
use crate::app::state::State;
use crate::engine::protocol::{InferenceRequest, Request, Shift};

/// Changes how the picture is shown to the model, and asks it.
pub fn probe(state: &mut State, command: ExploreCommand) -> Vec<Request> {
    let needs_sight = matches!(command, ExploreCommand::ShiftView(_) | ExploreCommand::ToggleBrush);
    let was_seen = !needs_sight || unfold_inspector(state);
    match command {
        ExploreCommand::ShiftView(shift) => {
            state.explore.probe.shift = Shift {
                x: shift.x.clamp(-1.0, 1.0),
                y: shift.y.clamp(-1.0, 1.0),
            };
        }
        ExploreCommand::ToggleBrush => {
            state.explore.brush = match state.explore.brush.filter(|_| was_seen) {
                Some(_) => None,
                None => Some(Brush { radius: BRUSH_RADIUS }),
            };
            // There is nothing to paint on in what the model sees.
            state.explore.model_view = false;
            return Vec::new();
        }
        ExploreCommand::SizeBrush(radius) => {
            let radius = radius.clamp(*BRUSH_SIZES.start(), *BRUSH_SIZES.end());
            state.explore.brush = Some(Brush { radius });
            return Vec::new();
        }
        ExploreCommand::Erase { dab, begins } => {
            if begins {
                state.explore.strokes.push(state.explore.probe.dabs.len());
            }
            state.explore.probe.dabs.push(dab);
        }
        ExploreCommand::UndoStroke => {
            if let Some(begin) = state.explore.strokes.pop() {
                state.explore.probe.dabs.truncate(begin);
            }
        }
        ExploreCommand::UseFill(fill) => {
            state.explore.probe.fill = fill;
            if state.explore.probe.dabs.is_empty() {
                return Vec::new();
            }
        }
        ExploreCommand::ResetProbe if state.explore.is_probing() => state.explore.forget_probe(),
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
