//! The legend of a heatmap: its colour ramp, with the values at the ends.

use egui::{Align2, Color32, Mesh, Sense, Shape, Ui, pos2, vec2};

use super::heatmap::{NUMBERS_HEIGHT, RAMP_HEIGHT};
use crate::app::explore::shown_map::ShownMap;
use crate::app::shell::theme;
use crate::heatmap::short;

const RAMP_STEPS: usize = 48;

/// The colour ramp with the values at its ends, their unit, and a tick at zero.
pub(super) fn ramp_ui(ui: &mut Ui, shown: &ShownMap<'_>) {
    let overlay = &shown.overlay;
    let (low, high) = overlay.range;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), RAMP_HEIGHT), Sense::hover());
    let mut mesh = Mesh::default();
    for step in 0..=RAMP_STEPS {
        let t = step as f32 / RAMP_STEPS as f32;
        let [r, g, b] = overlay.ramp.colour(t);
        let x = rect.left() + t * rect.width();
        for y in [rect.top(), rect.bottom()] {
            mesh.colored_vertex(pos2(x, y), Color32::from_rgb(r, g, b));
        }
        if step > 0 {
            let n = 2 * step as u32;
            mesh.add_triangle(n - 2, n - 1, n);
            mesh.add_triangle(n - 1, n, n + 1);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    let at = |value: f32| rect.left() + (value - low) / (high - low).max(f32::MIN_POSITIVE) * rect.width();
    let half = shown.map.half();
    if overlay.contour.is_some() && (low..=high).contains(&half) {
        tick_ui(ui, at(half), rect, Color32::WHITE);
    }
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), NUMBERS_HEIGHT), Sense::hover());
    let colour = theme::palette(ui).text_weak;
    let font = || theme::body(theme::SIZE_SMALL);
    let write = |at, align, text: &str| ui.painter().text(at, align, text, font(), colour);
    let left = write(row.left_center(), Align2::LEFT_CENTER, &short(low, high - low));
    let right = write(row.right_center(), Align2::RIGHT_CENTER, &short(high, high - low));
    let mut middle = row.center().x;
    if low < 0.0 && high > 0.0 {
        let zero = at(0.0);
        tick_ui(ui, zero, rect, Color32::BLACK);
        let room = left.right() + 8.0..=right.left() - 14.0;
        if room.contains(&zero) {
            write(pos2(zero, row.center().y), Align2::CENTER_CENTER, "0");
            // The words take the larger part.
            middle = if zero < middle {
                (zero + right.left()) / 2.0
            } else {
                (left.right() + zero) / 2.0
            };
        }
    }
    let unit = shown.map.unit();
    let words = ui.painter().layout_no_wrap(unit.into(), font(), colour).size().x / 2.0;
    if (left.right() + words..right.left() - words).contains(&middle) {
        write(pos2(middle, row.center().y), Align2::CENTER_CENTER, unit);
    }
}

/// A tick on the ramp that is visible on every colour.
fn tick_ui(ui: &Ui, x: f32, ramp: egui::Rect, colour: Color32) {
    let other = if colour == Color32::BLACK {
        Color32::WHITE
    } else {
        Color32::BLACK
    };
    for (width, colour) in [(3.0, other), (1.0, colour)] {
        ui.painter().vline(x, ramp.y_range(), egui::Stroke::new(width, colour));
    }
}
