//! A slider over a range of numbers, with their histogram above it.

use egui::{CornerRadius, Rect, Response, Sense, Slider, Ui, WidgetInfo, pos2, vec2};

use crate::app::explore::view::{BINS, Spread};
use crate::app::shell::theme;

const WIDTH: f32 = 112.0;
const BARS_HEIGHT: f32 = 12.0;
const SLIDER_HEIGHT: f32 = 16.0;

/// Which side of a bound passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Numbers above it.
    Above,
    /// Numbers below it.
    Below,
}

/// Draws it; `bound` is where the slider stands.
pub fn histogram_slider_ui(ui: &mut Ui, spread: &Spread, bound: &mut f32, side: Side, name: &str) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().interact_size.y = SLIDER_HEIGHT;
        ui.spacing_mut().slider_width = WIDTH;
        let (area, _) = ui.allocate_exact_size(vec2(WIDTH, BARS_HEIGHT), Sense::hover());
        // The slider's handle reaches from end to end within its radius.
        bars_ui(ui, spread, (*bound, side), area.shrink2(vec2(SLIDER_HEIGHT / 2.5, 0.0)));
        let (low, high) = spread.range;
        let response = ui.add(
            Slider::new(bound, low..=high)
                .show_value(false)
                .trailing_fill(side == Side::Below),
        );
        response.widget_info(|| WidgetInfo::slider(true, f64::from(*bound), name));
        response
    })
    .inner
}

/// What passes is drawn in the accent colour, the rest in grey.
fn bars_ui(ui: &Ui, spread: &Spread, (bound, side): (f32, Side), area: Rect) {
    let palette = theme::palette(ui);
    let (low, high) = spread.range;
    let most = spread.bins.iter().copied().max().unwrap_or(1).max(1);
    let width = area.width() / BINS as f32;
    for (bin, &count) in spread.bins.iter().enumerate() {
        if count == 0 {
            continue;
        }
        let edge = |bin: usize| low + bin as f32 / BINS as f32 * (high - low);
        let passes = match side {
            Side::Above => edge(bin + 1) > bound,
            Side::Below => edge(bin) < bound,
        };
        let colour = if passes { palette.accent } else { palette.text_weak };
        // By its root: few are seen beside many.
        let height = ((count as f32 / most as f32).sqrt() * area.height()).max(1.0);
        let left = area.left() + bin as f32 * width;
        let bar = Rect::from_min_max(
            pos2(left, area.bottom() - height),
            pos2(left + width - 0.5, area.bottom()),
        );
        ui.painter().rect_filled(bar, CornerRadius::ZERO, colour);
    }
}
