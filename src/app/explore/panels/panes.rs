//! The inspected picture with its heatmap, or two: side by side, or with a divider between them.

use std::sync::Arc;

use egui::{Align2, Color32, CornerRadius, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::pane::{Pane, caption_ui, fitted, pane_ui};
use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::shown_map::{ShownMap, shown_maps};
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::state::State;
use crate::engine::protocol::InspectedPicture;

/// Height that the rest of the panel needs below the picture, a few bars included.
const BELOW: f32 = 336.0;
/// A picture is no higher than this share of the width: the bars need the rest.
const MOST_HEIGHT: f32 = 0.8;
/// Unless there is this much of the width.
const MUCH_ROOM: f32 = 1.1;
/// No picture is lower than this.
const LEAST_HEIGHT: f32 = 130.0;
/// How far a key moves the divider, of the picture's width.
const DIVIDER_STEP: f32 = 0.02;

/// Draws the picture; if it is compared, also the other one, beside it or behind a divider.
pub fn picture_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let width = ui.available_width();
    // Under the brush both would be the same bare picture.
    let compared = state.explore.compare.is_some() && state.explore.brush.is_none();
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
    let (first, second) = shown_maps(state);
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

/// Shows the thumbnail until the picture is decoded.
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
        commands.push(ExploreCommand::Divide(Some((pointer.x - area.left()) / area.width())).into());
    }
    let by_key = divider_keys(ui, &response);
    if by_key != 0.0 {
        commands.push(ExploreCommand::Divide(Some(at + by_key)).into());
    }
}

/// How far the arrow keys move the divider, which has them to itself while it has the focus.
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
