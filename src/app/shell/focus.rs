//! A ring around what has the focus: everything that can be clicked can be reached by key, and has to be seen to be.

use egui::{Context, CornerRadius, Stroke, StrokeKind};

use super::theme;

/// How far outside of a control its ring lies.
const GAP: f32 = 1.0;

pub fn focus_ui(ctx: &Context) {
    let focused = ctx.memory(|memory| memory.focused());
    let Some(response) = focused.and_then(|id| ctx.read_response(id)) else {
        return;
    };
    let visible = response.interact_rect;
    if !visible.is_positive() {
        return;
    }
    let palette = theme::palette_of(ctx);
    let painter = ctx.layer_painter(response.layer_id);
    painter.rect_stroke(
        visible.expand(GAP),
        CornerRadius::same(theme::RADIUS),
        Stroke::new(2.0, palette.accent),
        StrokeKind::Inside,
    );
}
