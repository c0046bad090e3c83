//! One picture with one heatmap: the frame that can be dragged, and the brush that erases.

use std::sync::Arc;

use egui::{Align2, Color32, CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::shown_map::{ShownMap, view_now};
use crate::app::explore::state::Brush;
use crate::app::shell::textures::{OverlayKey, Textures};
use crate::app::shell::theme;
use crate::app::state::State;
use crate::engine::protocol::{Dab, InspectedPicture, Shift, ViewRect};
use crate::fixed::fixed;

/// Side of a drawn heatmap, in pixels; the graphics card smooths between them.
const OVERLAY_SIDE: u32 = 336;
const FRAME_WORDS: &str = "The frame shows what the model sees; drag to move it";
const WHOLE: Rect = Rect {
    min: pos2(0.0, 0.0),
    max: pos2(1.0, 1.0),
};

/// A picture as a pane shows it: its pixels, where they are, and the part that the model sees.
pub(super) struct Pane {
    texture: egui::TextureHandle,
    rect: Rect,
    seen: Rect,
}

impl Pane {
    pub(super) fn new(
        ui: &Ui,
        area: Rect,
        state: &State,
        textures: &mut Textures,
        inspected: &Arc<InspectedPicture>,
        shown: Option<&ShownMap<'_>>,
    ) -> Self {
        let (picture, model_view) = textures.inspected(ui.ctx(), inspected);
        let probed = state.probed().map(|probed| textures.probed(ui.ctx(), probed));
        let view = shown.map_or_else(|| view_now(state, inspected.view), |shown| shown.view);
        let (texture, view) = match (probed, state.explore.model_view) {
            (Some((_, view)), true) => (view, WHOLE),
            (None, true) => (model_view, WHOLE),
            (Some((Some(erased), _)), false) => (erased, rect_of(view)),
            (_, false) => (picture, rect_of(view)),
        };
        let rect = fitted(texture.size_vec2(), area.shrink(2.0));
        let seen = Rect::from_min_max(
            rect.min + view.min.to_vec2() * rect.size(),
            rect.min + view.max.to_vec2() * rect.size(),
        );
        Self { texture, rect, seen }
    }

    /// Draws it with its heatmap; without one while it shows what the model sees, or is being erased.
    pub(super) fn paint(
        &self,
        ui: &Ui,
        area: Rect,
        state: &State,
        textures: &mut Textures,
        shown: Option<&ShownMap<'_>>,
        corner: Align2,
    ) {
        let palette = theme::palette(ui);
        ui.painter()
            .rect_filled(area, CornerRadius::same(theme::RADIUS), palette.ground);
        egui::Image::new(&self.texture)
            .corner_radius(CornerRadius::same(3))
            .paint_at(ui, self.rect);
        let bare = state.explore.model_view || state.explore.brush.is_some();
        if let Some(shown) = shown.filter(|_| !bare) {
            let key = OverlayKey {
                values: shown.map.values.clone(),
                overlay: shown.overlay,
            };
            let drawn = textures.overlay(ui.ctx(), key, || shown.overlay.colours(shown.map, OVERLAY_SIDE));
            ui.painter_at(self.rect.intersect(ui.clip_rect()))
                .image(drawn.id(), self.seen, WHOLE, Color32::WHITE);
        }
        if !state.explore.model_view && self.seen != self.rect {
            frame_ui(ui, self.rect, self.seen);
        }
        if let Some(shown) = shown.filter(|_| !bare) {
            caption_ui(ui, self.rect, corner, &shown.caption);
        }
    }
}

/// Draws the picture with one heatmap; returns what the pointer asks for.
pub(super) fn pane_ui(
    ui: &mut Ui,
    area: Rect,
    state: &State,
    textures: &mut Textures,
    inspected: &Arc<InspectedPicture>,
    shown: Option<&ShownMap<'_>>,
) -> Vec<Command> {
    let salt = ("picture pane", area.left() as i32);
    // What it does by pointer has keys of its own: Tab goes past it.
    let response = ui.interact(area, ui.scope_id().with(salt), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| {
        let words = shown.map_or_else(
            || "Picture".into(),
            |shown| format!("Heatmap: {}", shown.accessible_name()),
        );
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, words)
    });
    let pane = Pane::new(ui, area, state, textures, inspected, shown);
    pane.paint(ui, area, state, textures, shown, Align2::LEFT_TOP);
    let (rect, seen) = (pane.rect, pane.seen);
    if response.double_clicked() && state.explore.brush.is_none() {
        return vec![ExploreCommand::OpenLarge(None).into()];
    }
    if state.explore.model_view {
        return Vec::new();
    }
    if let Some(brush) = state.explore.brush {
        return brush_commands(ui, &response, rect, brush);
    }
    if response.dragged() {
        return drag_commands(state, inspected, response.drag_delta() / rect.size());
    }
    hover_ui(response, shown, seen, seen != rect);
    Vec::new()
}

/// A tooltip with the map's value under the pointer, and what the frame means.
fn hover_ui(response: egui::Response, shown: Option<&ShownMap<'_>>, seen: Rect, has_frame: bool) {
    let Some(pointer) = response.hover_pos() else { return };
    let at = (pointer - seen.min) / seen.size();
    let is_in = (0.0..1.0).contains(&at.x) && (0.0..1.0).contains(&at.y);
    let value = shown.filter(|_| is_in).map(|shown| {
        let value = shown.overlay.value(shown.map, at.x, at.y);
        format!("{} {}", fixed(value, 3), shown.map.unit())
    });
    let words: Vec<String> = value.into_iter().chain(has_frame.then(|| FRAME_WORDS.into())).collect();
    let response = if has_frame {
        response.on_hover_cursor(egui::CursorIcon::Grab)
    } else {
        response
    };
    if !words.is_empty() {
        response.on_hover_text_at_pointer(words.join("\n"));
    }
}

/// A frame around what the model sees, visible on any picture.
fn frame_ui(ui: &Ui, rect: Rect, seen: Rect) {
    let painter = ui.painter_at(rect);
    for (width, colour) in [(2.0, Color32::from_white_alpha(200)), (1.0, theme::LINE_SHADE)] {
        painter.rect_stroke(seen, CornerRadius::ZERO, Stroke::new(width, colour), StrokeKind::Inside);
    }
}

/// A caption in a corner of a picture, readable on any picture.
pub(super) fn caption_ui(ui: &Ui, area: Rect, corner: Align2, text: &str) {
    let painter = ui.painter_at(area.intersect(ui.clip_rect()));
    let font = theme::body(theme::SIZE_SMALL);
    let room = (area.width() - 24.0).max(0.0);
    let galley = painter.layout(text.to_string(), font, theme::ON_PICTURE, room);
    let size = galley.size() + vec2(12.0, 6.0);
    let rect = corner.align_size_within_rect(size, area.shrink(4.0));
    painter.rect_filled(rect, CornerRadius::same(4), theme::SHADE);
    painter.galley(rect.min + vec2(6.0, 3.0), galley, theme::ON_PICTURE);
}

/// Draws the brush, and erases under it while it is pressed.
fn brush_commands(ui: &Ui, response: &egui::Response, rect: Rect, brush: Brush) -> Vec<Command> {
    let Some(pointer) = response.hover_pos().filter(|pointer| rect.contains(*pointer)) else {
        return Vec::new();
    };
    ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
    let radius = brush.radius * rect.size().max_elem();
    let painter = ui.painter_at(rect);
    painter.circle_stroke(pointer, radius, Stroke::new(2.5, theme::LINE_SHADE));
    painter.circle_stroke(pointer, radius, Stroke::new(1.0, theme::ON_PICTURE));
    let begins = response.drag_started() || response.clicked();
    let moved = response.dragged() && response.drag_delta() != egui::Vec2::ZERO;
    if !begins && !moved {
        return Vec::new();
    }
    let at = (pointer - rect.min) / rect.size();
    let dab = Dab {
        x: at.x,
        y: at.y,
        radius: brush.radius,
    };
    vec![ExploreCommand::Erase { dab, begins }.into()]
}

/// Moves the part that the model sees with the pointer, by a fraction of the picture.
fn drag_commands(state: &State, inspected: &InspectedPicture, moved: egui::Vec2) -> Vec<Command> {
    let (view, shift) = (inspected.view, state.explore.probe.shift);
    let along = |shift: f32, moved: f32, size: f32| {
        let spare = 1.0 - size;
        if spare > 0.0 { shift + 2.0 * moved / spare } else { 0.0 }
    };
    let shift = Shift {
        x: along(shift.x, moved.x, view.width),
        y: along(shift.y, moved.y, view.height),
    };
    vec![ExploreCommand::ShiftView(shift).into()]
}

fn rect_of(view: ViewRect) -> Rect {
    Rect::from_min_size(pos2(view.left, view.top), vec2(view.width, view.height))
}

pub(super) fn fitted(size: egui::Vec2, area: Rect) -> Rect {
    let scale = (area.width() / size.x).min(area.height() / size.y);
    Rect::from_center_size(area.center(), size * scale)
}
