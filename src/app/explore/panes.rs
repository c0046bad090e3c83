//! The inspected picture with its heatmap, or two side by side: the frame that can be dragged, the brush that erases.

use std::sync::Arc;

use egui::{Align2, Color32, CornerRadius, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::command::Command;
use crate::app::explore::looking::{self, ShownMap};
use crate::app::explore::state::Brush;
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::textures::{OverlayKey, Textures};
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, ends_ui, icon_button, note};
use crate::app::state::State;
use crate::engine::protocol::{Dab, Fill, InspectedPicture, Scores, Shift, ViewRect};

/// Side of a drawn heatmap, in pixels; the graphics card smooths between them.
const OVERLAY_SIDE: u32 = 336;
/// What the rest of the panel needs below the picture, a few bars included.
const BELOW: f32 = 336.0;
/// A picture is no higher than this share of the width: the bars need the rest.
const MOST_HEIGHT: f32 = 0.8;
/// Unless there is this much of the width.
const MUCH_ROOM: f32 = 1.1;
/// No picture is lower than this.
const LEAST_HEIGHT: f32 = 130.0;
/// What the button that takes all back needs, about.
const RESTORE_WIDTH: f32 = 130.0;
/// How far a key moves the divider, of the picture's width.
const DIVIDER_STEP: f32 = 0.02;
const FRAME_WORDS: &str = "The frame shows what the model sees; drag to move it";
const WHOLE: Rect = Rect {
    min: pos2(0.0, 0.0),
    max: pos2(1.0, 1.0),
};

/// Draws the picture, and beside it or behind a divider what it is compared with.
pub fn picture_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let width = ui.available_width();
    let compared = state.explore.compare.is_some();
    let divider = state.settings.divider.filter(|_| compared);
    let beside = compared && divider.is_none();
    let room = ui.available_height() - BELOW;
    let most = match beside {
        true => width / 2.0,
        // Where there is more than room for a square, the bars lose nothing by it.
        false if room >= MUCH_ROOM * width => width,
        false => width * MOST_HEIGHT,
    };
    let height = room.clamp(LEAST_HEIGHT.min(most), most);
    let (area, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let Some(inspected) = state.explore.inspected.picture.clone() else {
        loading_ui(ui, state, textures, area);
        return;
    };
    let (first, second) = looking::shown_maps(state);
    if !compared {
        commands.extend(pane_ui(ui, area, state, textures, &inspected, first.as_ref()));
    } else if let Some(at) = divider {
        divided_ui(
            ui,
            area,
            at,
            (state, textures, &inspected),
            (first.as_ref(), second.as_ref()),
            commands,
        );
    } else {
        let (left, right) = area.split_left_right_at_fraction(0.5);
        let gap = theme::GAP_SMALL / 2.0;
        let left = left.with_max_x(left.right() - gap);
        let right = right.with_min_x(right.left() + gap);
        commands.extend(pane_ui(ui, left, state, textures, &inspected, first.as_ref()));
        pane_ui(ui, right, state, textures, &inspected, second.as_ref());
        if second.is_none() {
            caption_ui(ui, right, Align2::LEFT_BOTTOM, "computing");
        }
    }
}

/// The thumbnail, until the picture is decoded.
fn loading_ui(ui: &mut Ui, state: &State, textures: &mut Textures, area: Rect) {
    let palette = theme::palette(ui);
    ui.painter()
        .rect_filled(area, CornerRadius::same(theme::RADIUS), palette.ground);
    let thumbnail = state.explore.selected.and_then(|id| textures.thumbnail(id));
    match thumbnail {
        Some(texture) => {
            let rect = fitted(texture.size_vec2(), area.shrink(2.0));
            egui::Image::new(texture).paint_at(ui, rect);
        }
        None => {
            let middle = Rect::from_center_size(area.center(), vec2(24.0, 24.0));
            ui.put(middle, egui::Spinner::new());
        }
    }
}

/// Two heatmaps on one picture: the first left of the divider, the second right of it.
fn divided_ui(
    ui: &mut Ui,
    area: Rect,
    at: f32,
    (state, textures, inspected): (&State, &mut Textures, &Arc<InspectedPicture>),
    (first, second): (Option<&ShownMap<'_>>, Option<&ShownMap<'_>>),
    commands: &mut Vec<Command>,
) {
    let x = area.left() + at * area.width();
    let clip = ui.clip_rect();
    ui.set_clip_rect(clip.intersect(area.with_max_x(x)));
    commands.extend(pane_ui(ui, area, state, textures, inspected, first));
    ui.set_clip_rect(clip.intersect(area.with_min_x(x)));
    let shown = Pane::new(ui, area, state, textures, inspected, second);
    shown.paint(ui, area, state, textures, second, Align2::RIGHT_TOP);
    ui.set_clip_rect(clip);
    let handle = Rect::from_min_max(pos2(x - 6.0, area.top()), pos2(x + 6.0, area.bottom()));
    let response = ui.interact(handle, ui.scope_id().with("divider"), Sense::drag());
    let response = response.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
    response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(at), "Divider between the heatmaps"));
    for (width, colour) in [(4.0, Color32::from_black_alpha(160)), (2.0, Color32::WHITE)] {
        ui.painter_at(area).vline(x, area.y_range(), Stroke::new(width, colour));
    }
    if let (true, Some(pointer)) = (response.dragged(), response.interact_pointer_pos()) {
        commands.push(Command::Divide(Some((pointer.x - area.left()) / area.width())));
    }
    let by_key = divider_keys(ui, &response);
    if by_key != 0.0 {
        commands.push(Command::Divide(Some(at + by_key)));
    }
}

/// How far the arrow keys move the divider while it has the focus; they are its own then.
fn divider_keys(ui: &Ui, response: &egui::Response) -> f32 {
    if !response.has_focus() {
        return 0.0;
    }
    let own = egui::EventFilter {
        horizontal_arrows: true,
        ..Default::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, own));
    ui.input(|input| {
        let pressed = |key| input.num_presses(key) as f32;
        DIVIDER_STEP * (pressed(egui::Key::ArrowRight) - pressed(egui::Key::ArrowLeft))
    })
}

/// A picture as a pane shows it: which pixels, where, and which part the model sees.
struct Pane {
    texture: egui::TextureHandle,
    rect: Rect,
    seen: Rect,
}

impl Pane {
    fn new(
        ui: &Ui,
        area: Rect,
        state: &State,
        textures: &mut Textures,
        inspected: &Arc<InspectedPicture>,
        shown: Option<&ShownMap<'_>>,
    ) -> Self {
        let (picture, model_view) = textures.inspected(ui.ctx(), inspected);
        let probed = state.probed().map(|probed| textures.probed(ui.ctx(), probed));
        let view = shown.map_or_else(|| looking::view_now(state, inspected.view), |shown| shown.view);
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

    /// Draws it with its heatmap; what the model sees, and what is being erased, without.
    fn paint(
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

/// Draws the picture with one heatmap; what the pointer does to it.
fn pane_ui(
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
        let words = shown.map_or_else(|| "Picture".into(), |shown| format!("Heatmap: {}", shown.told()));
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, words)
    });
    let pane = Pane::new(ui, area, state, textures, inspected, shown);
    pane.paint(ui, area, state, textures, shown, Align2::LEFT_TOP);
    let (rect, seen) = (pane.rect, pane.seen);
    if response.double_clicked() && state.explore.brush.is_none() {
        return vec![Command::OpenLarge(None)];
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

/// The map's value under the pointer, and what the frame is.
fn hover_ui(response: egui::Response, shown: Option<&ShownMap<'_>>, seen: Rect, has_frame: bool) {
    let Some(pointer) = response.hover_pos() else { return };
    let at = (pointer - seen.min) / seen.size();
    let is_in = (0.0..1.0).contains(&at.x) && (0.0..1.0).contains(&at.y);
    let value = shown.filter(|_| is_in).map(|shown| {
        let value = shown.overlay.value(shown.map, at.x, at.y);
        format!("{value:.3} {}", shown.map.unit())
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
    for (width, colour) in [
        (2.0, Color32::from_white_alpha(200)),
        (1.0, Color32::from_black_alpha(200)),
    ] {
        painter.rect_stroke(seen, CornerRadius::ZERO, Stroke::new(width, colour), StrokeKind::Inside);
    }
}

/// A few words in a corner of a picture, readable on any.
fn caption_ui(ui: &Ui, area: Rect, corner: Align2, text: &str) {
    let painter = ui.painter_at(area.intersect(ui.clip_rect()));
    let font = theme::body(theme::SIZE_SMALL);
    let room = (area.width() - 24.0).max(0.0);
    let galley = painter.layout(text.to_string(), font, Color32::WHITE, room);
    let size = galley.size() + vec2(12.0, 6.0);
    let rect = corner.align_size_within_rect(size, area.shrink(4.0));
    painter.rect_filled(rect, CornerRadius::same(4), Color32::from_black_alpha(190));
    painter.galley(rect.min + vec2(6.0, 3.0), galley, Color32::WHITE);
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
    let (view, shift) = (inspected.view, state.explore.probe.shift);
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
    if let Some(brush) = state.explore.brush {
        ui.horizontal_wrapped(|ui| {
            ui.label(note(ui, "Fill"));
            combo("fill")
                .selected_text(state.explore.probe.fill.title())
                .width(118.0)
                .show_ui(ui, |ui| {
                    for fill in Fill::ALL {
                        if ui
                            .selectable_label(fill == state.explore.probe.fill, fill.title())
                            .clicked()
                        {
                            commands.push(Command::UseFill(fill));
                        }
                    }
                });
            ui.label(note(ui, "Size"));
            ui.spacing_mut().slider_width = 70.0;
            let mut radius = brush.radius;
            let slider = egui::Slider::new(&mut radius, looking::BRUSH_SIZES).show_value(false);
            let response = ui.add(slider).on_hover_text("Size of the brush");
            response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(radius), "Size of the brush"));
            if response.changed() {
                commands.push(Command::SizeBrush(radius));
            }
            let undo = icon_button(
                ui,
                icon::ARROW_U_UP_LEFT,
                &with_hint("Undo last stroke", state, &Command::Undo),
                false,
            );
            if undo.clicked() {
                commands.push(Command::UndoStroke);
            }
        });
        if state.explore.probe.dabs.is_empty() {
            ui.label(note(
                ui,
                "Paint over something and see what the model says without it. The file is not touched.",
            ));
        }
    }
    if !state.explore.is_probing() {
        return;
    }
    let palette = theme::palette(ui);
    if let Some(text) = may_have_read(state) {
        let text = format!("{} {text}", icon::WARNING);
        ui.label(RichText::new(text).small().color(palette.warning));
    }
    let words = if state.explore.probe.dabs.is_empty() {
        "Change caused by moving the frame"
    } else {
        "Change caused by erasing"
    };
    ends_ui(
        ui,
        RESTORE_WIDTH,
        commands,
        |ui, _| {
            ui.add(egui::Label::new(note(ui, words)).truncate());
        },
        |ui, commands| {
            let restore = with_hint("Restore picture", state, &Command::ResetProbe);
            if ui.button(RichText::new(restore).small()).clicked() {
                commands.push(Command::ResetProbe);
            }
        },
    );
}

/// Where erasing what looks like writing changed the answer of a model that can read: both answers.
fn may_have_read(state: &State) -> Option<String> {
    let probed = state.probed().filter(|probed| probed.read_the_word)?;
    if state.model.as_ref().is_none_or(|model| !model.can_read()) {
        return None;
    }
    let lens = state.lens();
    // As the window shows answers, which one of the two may be hidden from.
    if lens.winner(&probed.before) == lens.winner(&probed.after) {
        return None;
    }
    let answer = |scores: &Scores| match lens.winner(scores) {
        Some(place) => {
            let asked = probed.question.labels.get(place);
            let name = asked.map_or("", |asked| asked.label.name.as_str());
            format!("\"{name}\" ({})", lens.text(lens.value(scores, place)))
        }
        None => format!("{} ({})", looking::NONE_OF_THESE, lens.text(lens.none_value(scores))),
    };
    let (before, after) = (answer(&probed.before), answer(&probed.after));
    Some(format!(
        "The model may have read it: what you erased looks like writing, and the answer changed from {before} to {after}."
    ))
}

fn rect_of(view: ViewRect) -> Rect {
    Rect::from_min_size(pos2(view.left, view.top), vec2(view.width, view.height))
}

fn fitted(size: egui::Vec2, area: Rect) -> Rect {
    let scale = (area.width() / size.x).min(area.height() / size.y);
    Rect::from_center_size(area.center(), size * scale)
}
