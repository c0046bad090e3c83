//! The inspected picture with its heatmap, or two side by side: the frame that can be dragged, the brush that erases.

use std::sync::Arc;

use egui::{Align, Color32, CornerRadius, Layout, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::command::Command;
use crate::app::explore::looking::{self, ShownMap};
use crate::app::shell::icons as icon;
use crate::app::shell::textures::{OverlayKey, Textures};
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, icon_button, note};
use crate::app::state::{Brush, State};
use crate::engine::protocol::{Dab, Fill, InspectedPicture, Shift, ViewRect};
use crate::heatmap::short;

/// Side of a drawn heatmap, in pixels; the graphics card smooths between them.
const OVERLAY_SIDE: u32 = 168;
/// The picture's share of the panel's height.
const PICTURE_SHARE: f32 = 0.4;
const WHOLE: Rect = Rect {
    min: pos2(0.0, 0.0),
    max: pos2(1.0, 1.0),
};

/// Draws the picture, and beside it what it is compared with; what the pointer does to it.
pub fn picture_ui(ui: &mut Ui, state: &State, textures: &mut Textures) -> Vec<Command> {
    let palette = theme::palette(ui);
    let width = ui.available_width();
    let height = (ui.available_height() * PICTURE_SHARE).clamp(140.0, width);
    let height = height.min(pane_height(state, width));
    let (area, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let Some(inspected) = state.inspected.picture.clone() else {
        ui.painter()
            .rect_filled(area, CornerRadius::same(theme::RADIUS), palette.ground);
        let middle = Rect::from_center_size(area.center(), vec2(24.0, 24.0));
        ui.put(middle, egui::Spinner::new());
        return Vec::new();
    };
    let (first, second) = looking::shown_maps(state);
    let mut commands = Vec::new();
    if state.compare.is_none() {
        commands.extend(pane_ui(ui, area, state, textures, &inspected, first.as_ref()));
    } else {
        let (left, right) = area.split_left_right_at_fraction(0.5);
        let gap = theme::GAP_SMALL / 2.0;
        let left = left.with_max_x(left.right() - gap);
        let right = right.with_min_x(right.left() + gap);
        commands.extend(pane_ui(ui, left, state, textures, &inspected, first.as_ref()));
        pane_ui(ui, right, state, textures, &inspected, second.as_ref());
        if second.is_none() {
            let at = right.center_bottom() - vec2(0.0, 14.0);
            caption_ui(ui, right, at, "computing");
        }
    }
    commands
}

/// The height that two panes beside each other have a use for.
fn pane_height(state: &State, width: f32) -> f32 {
    match &state.inspected.picture {
        Some(inspected) if state.compare.is_some() && !state.model_view => {
            let image = &inspected.image;
            width / 2.0 * image.height as f32 / image.width.max(1) as f32
        }
        Some(_) if state.compare.is_some() => width / 2.0,
        _ => f32::INFINITY,
    }
}

/// Draws the picture with one heatmap; what the pointer does to it.
fn pane_ui(
    ui: &mut Ui,
    area: Rect,
    state: &State,
    textures: &mut Textures,
    inspected: &Arc<InspectedPicture>,
    shown: Option<&ShownMap<'_>>,
) -> Vec<Command> {
    let palette = theme::palette(ui);
    let salt = ("picture pane", area.left() as i32);
    let response = ui.interact(area, ui.scope_id().with(salt), Sense::click_and_drag());
    response.widget_info(|| {
        let words = shown.map_or_else(|| "Picture".into(), |shown| format!("Heatmap: {}", shown.told()));
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, words)
    });
    ui.painter()
        .rect_filled(area, CornerRadius::same(theme::RADIUS), palette.ground);
    let (picture, model_view) = textures.inspected(ui.ctx(), inspected);
    let probed = state.probed().map(|probed| textures.probed(ui.ctx(), probed));
    let view = shown.map_or_else(|| looking::view_now(state, inspected.view), |shown| shown.view);
    let (texture, view) = match (&probed, state.model_view) {
        (Some((_, view)), true) => (view.clone(), WHOLE),
        (None, true) => (model_view, WHOLE),
        (Some((Some(erased), _)), false) => (erased.clone(), rect_of(view)),
        (_, false) => (picture, rect_of(view)),
    };
    let rect = fitted(texture.size_vec2(), area.shrink(2.0));
    egui::Image::new(&texture)
        .corner_radius(CornerRadius::same(3))
        .paint_at(ui, rect);
    let seen = Rect::from_min_max(
        rect.min + view.min.to_vec2() * rect.size(),
        rect.min + view.max.to_vec2() * rect.size(),
    );
    if let Some(shown) = shown {
        let key = OverlayKey {
            values: shown.map.values.clone(),
            overlay: shown.overlay,
        };
        let drawn = textures.overlay(ui.ctx(), key, || shown.overlay.colours(shown.map, OVERLAY_SIDE));
        ui.painter_at(rect).image(drawn.id(), seen, WHOLE, Color32::WHITE);
    }
    if !state.model_view && seen != rect {
        frame_ui(ui, rect, seen);
    }
    if let Some(shown) = shown.filter(|shown| !shown.caption.is_empty()) {
        let (low, high) = shown.overlay.range;
        let span = high - low;
        let text = format!("{}\n{} to {}", shown.caption, short(low, span), short(high, span));
        caption_ui(ui, area, area.center_bottom() - vec2(0.0, 22.0), &text);
    }
    if state.model_view {
        return Vec::new();
    }
    if let Some(brush) = state.brush {
        return brush_commands(ui, &response, rect, brush);
    }
    if response.dragged() {
        return drag_commands(state, inspected, response.drag_delta() / rect.size());
    }
    if let (Some(shown), Some(pointer)) = (shown, response.hover_pos()) {
        let at = (pointer - seen.min) / seen.size();
        if (0.0..1.0).contains(&at.x) && (0.0..1.0).contains(&at.y) {
            response.on_hover_text_at_pointer(format!("{:.3}", shown.overlay.value(shown.map, at.x, at.y)));
        }
    }
    Vec::new()
}

/// A frame around what the model sees, visible on any picture.
fn frame_ui(ui: &Ui, rect: Rect, seen: Rect) {
    let painter = ui.painter_at(rect);
    for (width, colour) in [
        (2.0, Color32::from_white_alpha(200)),
        (1.0, Color32::from_black_alpha(200)),
    ] {
        painter.rect_stroke(seen, CornerRadius::ZERO, Stroke::new(width, colour), StrokeKind::Inside);
    }
}

/// A few words at the lower edge of a picture, readable on any.
fn caption_ui(ui: &Ui, area: Rect, at: egui::Pos2, text: &str) {
    let painter = ui.painter_at(area);
    let font = theme::body(theme::SIZE_SMALL);
    let mut job = egui::text::LayoutJob::simple(text.to_string(), font, Color32::WHITE, f32::INFINITY);
    job.halign = Align::Center;
    let galley = painter.layout_job(job);
    let rect = Rect::from_center_size(at, galley.size()).expand2(vec2(6.0, 3.0));
    painter.rect_filled(rect, CornerRadius::same(4), Color32::from_black_alpha(190));
    painter.galley(rect.center_top() + vec2(0.0, 3.0), galley, Color32::WHITE);
}

/// Draws the brush, and erases under it while it is pressed.
fn brush_commands(ui: &Ui, response: &egui::Response, rect: Rect, brush: Brush) -> Vec<Command> {
    let Some(pointer) = response.hover_pos().filter(|pointer| rect.contains(*pointer)) else {
        return Vec::new();
    };
    ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
    let radius = brush.radius * rect.size().max_elem();
    let painter = ui.painter_at(rect);
    painter.circle_stroke(pointer, radius, Stroke::new(2.5, Color32::from_black_alpha(200)));
    painter.circle_stroke(pointer, radius, Stroke::new(1.0, Color32::WHITE));
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
    vec![Command::Erase { dab, begins }]
}

/// Moves the part that the model sees with the pointer, by a fraction of the picture.
fn drag_commands(state: &State, inspected: &InspectedPicture, moved: egui::Vec2) -> Vec<Command> {
    let (view, shift) = (inspected.view, state.probe.shift);
    let along = |shift: f32, moved: f32, size: f32| {
        let spare = 1.0 - size;
        if spare > 0.0 { shift + 2.0 * moved / spare } else { 0.0 }
    };
    let shift = Shift {
        x: along(shift.x, moved.x, view.width),
        y: along(shift.y, moved.y, view.height),
    };
    vec![Command::ShiftView(shift)]
}

/// What can be done with the brush, and what came of it.
pub fn probe_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if let Some(brush) = state.brush {
        ui.horizontal(|ui| {
            ui.label(note(ui, "Fill"));
            combo("fill")
                .selected_text(state.probe.fill.title())
                .width(118.0)
                .show_ui(ui, |ui| {
                    for fill in Fill::ALL {
                        if ui.selectable_label(fill == state.probe.fill, fill.title()).clicked() {
                            commands.push(Command::UseFill(fill));
                        }
                    }
                });
            ui.spacing_mut().slider_width = 70.0;
            let mut radius = brush.radius;
            let slider = egui::Slider::new(&mut radius, looking::BRUSH_SIZES).show_value(false);
            let response = ui.add(slider).on_hover_text("Size of the brush");
            response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(radius), "Size of the brush"));
            if response.changed() {
                commands.push(Command::SizeBrush(radius));
            }
            let undo = icon_button(ui, icon::ARROW_U_UP_LEFT, "Take back the last stroke (Ctrl+Z)", false);
            if undo.clicked() {
                commands.push(Command::UndoStroke);
            }
        });
        if state.probe.dabs.is_empty() {
            ui.label(note(
                ui,
                "Paint over something and see what the model says without it. The file is not touched.",
            ));
        }
    }
    if !state.is_probing() {
        return;
    }
    let palette = theme::palette(ui);
    if state.probed().is_some_and(|probed| probed.read_the_word) {
        let text = format!(
            "{} It read the word: erasing what looks like writing changed the answer.",
            icon::WARNING
        );
        ui.label(RichText::new(text).small().color(palette.warning));
    }
    ui.horizontal(|ui| {
        let words = if state.probe.dabs.is_empty() {
            "Changes since it was moved"
        } else {
            "Changes since it was erased"
        };
        ui.label(note(ui, words));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.small_button("As it is (R)").clicked() {
                commands.push(Command::ResetProbe);
            }
        });
    });
}

fn rect_of(view: ViewRect) -> Rect {
    Rect::from_min_size(pos2(view.left, view.top), vec2(view.width, view.height))
}

fn fitted(size: egui::Vec2, area: Rect) -> Rect {
    let scale = (area.width() / size.x).min(area.height() / size.y);
    Rect::from_center_size(area.center(), size * scale)
}
