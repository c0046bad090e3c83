//! A bar at the bottom of a page, always in sight, that is drawn and reached by Tab after what is read before it.

use egui::{Frame, Id, Panel, Rect, Ui};

use super::{later_ui, reserved};
use crate::app::shell::theme;

/// Takes the room at the bottom, as high as the bar was drawn last.
pub fn footer_room(ui: &mut Ui, name: &'static str, frame: Frame) -> Rect {
    let height = height_drawn(ui, name).unwrap_or(theme::ROW_HEIGHT) + frame.total_margin().sum().y;
    let panel = Panel::bottom(name).exact_size(height).resizable(false);
    panel.frame(frame).show(ui, reserved).inner
}

/// Draws the bar into its room. Where it needs another height, the next frame gives it that.
pub fn footer_ui(ui: &mut Ui, name: &'static str, area: Rect, content: impl FnOnce(&mut Ui)) {
    let drawn = later_ui(ui, name, area, |ui| {
        content(ui);
        ui.min_rect().height()
    });
    if height_drawn(ui, name).is_none_or(|before| (before - drawn).abs() > 0.5) {
        ui.data_mut(|data| data.insert_temp(height_id(name), drawn));
        ui.ctx().request_repaint();
    }
}

/// How high it was in the frame before.
fn height_drawn(ui: &Ui, name: &'static str) -> Option<f32> {
    ui.data(|data| data.get_temp(height_id(name)))
}

fn height_id(name: &'static str) -> Id {
    Id::unique((name, "height"))
}
