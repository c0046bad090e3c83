//! A few lines in one small chart.

use egui::accesskit::Role;
use egui::{Align2, Color32, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::shell::theme;

const HEIGHT: f32 = 64.0;
/// Room for the numbers on the left.
const NUMBERS: f32 = 40.0;

/// One line, its values evenly spaced from left to right.
pub struct Line<'a> {
    /// What it is.
    pub name: &'a str,
    /// Its colour.
    pub colour: Color32,
    /// Its values.
    pub values: &'a [f32],
}

/// Draws lines on one scale, with their names below.
pub fn curves_ui(ui: &mut Ui, title: &str, lines: &[Line<'_>]) {
    let palette = theme::palette(ui);
    let (area, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, title));
    let plot = Rect::from_min_max(pos2(area.left() + NUMBERS, area.top() + 4.0), area.max - vec2(2.0, 4.0));
    let values = || lines.iter().flat_map(|line| line.values.iter().copied());
    let low = values().fold(f32::INFINITY, f32::min);
    let high = values().fold(f32::NEG_INFINITY, f32::max);
    let span = (high - low).max(f32::MIN_POSITIVE);
    let painter = ui.painter_at(area);
    for (value, y) in [(high, plot.top()), (low, plot.bottom())] {
        painter.hline(plot.x_range(), y, Stroke::new(1.0, palette.line));
        let at = pos2(plot.left() - 6.0, y.clamp(area.top() + 7.0, area.bottom() - 7.0));
        let font = theme::body(theme::SIZE_SMALL);
        painter.text(at, Align2::RIGHT_CENTER, format!("{value:.2}"), font, palette.text_weak);
    }
    // The first line lies on top.
    for line in lines.iter().rev() {
        let last = (line.values.len().max(2) - 1) as f32;
        let point = |(n, value): (usize, &f32)| {
            pos2(
                plot.left() + plot.width() * n as f32 / last,
                plot.bottom() - plot.height() * (value - low) / span,
            )
        };
        let points = line.values.iter().enumerate().map(point).collect();
        painter.add(Shape::line(points, Stroke::new(2.0, line.colour)));
    }
    response.on_hover_text(format!("{title}, from nothing to everything"));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
        for line in lines {
            super::swatch_ui(ui, line.colour);
            ui.label(super::note(ui, line.name));
            ui.add_space(theme::GAP_SMALL);
        }
    });
}
