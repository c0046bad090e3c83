//! A label's name, its bar, its number.

use egui::accesskit::Role;
use egui::{Align2, Color32, CornerRadius, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::app::shell::theme;

/// The height of a bar with its name, in points.
pub const SCORE_BAR_HEIGHT: f32 = 28.0;
const NUMBER_WIDTH: f32 = 62.0;

/// What a bar shows.
pub struct ScoreBar<'a> {
    /// The label.
    pub name: &'a str,
    /// Its number, as written.
    pub number: String,
    /// How far the number moved, as written.
    pub change: Option<String>,
    /// How far the bar reaches, 0 to 1.
    pub share: f32,
    /// Its colour.
    pub colour: Color32,
    /// Whether this is the answer.
    pub winner: bool,
    /// Whether its heatmap is shown.
    pub chosen: bool,
}

/// Draws the bar over the whole width; it can be clicked.
pub fn score_bar_ui(ui: &mut Ui, bar: &ScoreBar) -> Response {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), SCORE_BAR_HEIGHT), Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(Role::Button, true, bar.chosen, format!("{} {}", bar.name, bar.number)));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let painter = ui.painter_at(rect);
    let radius = CornerRadius::same(theme::RADIUS);
    if response.hovered() || bar.chosen {
        let fill = if bar.chosen { palette.accent_soft } else { palette.hover };
        painter.rect_filled(rect, radius, fill);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, radius, Stroke::new(1.5, palette.accent), StrokeKind::Inside);
    }
    let inner = rect.shrink2(vec2(6.0, 0.0));
    let track = Rect::from_min_max(
        pos2(inner.left(), inner.bottom() - 7.0),
        pos2(inner.right(), inner.bottom() - 3.0),
    );
    painter.rect_filled(track, CornerRadius::same(2), palette.line);
    let reach = track.width() * bar.share.clamp(0.0, 1.0);
    let filled = Rect::from_min_size(track.min, vec2(reach, track.height()));
    painter.rect_filled(filled, CornerRadius::same(2), bar.colour);

    let font = if bar.winner {
        theme::strong(theme::SIZE_BODY)
    } else {
        theme::body(theme::SIZE_BODY)
    };
    let middle = inner.top() + 10.0;
    painter.text(
        pos2(inner.right(), middle),
        Align2::RIGHT_CENTER,
        &bar.number,
        font.clone(),
        palette.text,
    );
    let mut numbers = NUMBER_WIDTH;
    if let Some(change) = &bar.change {
        let at = pos2(inner.right() - NUMBER_WIDTH, middle);
        let font = theme::body(theme::SIZE_SMALL);
        painter.text(at, Align2::RIGHT_CENTER, change, font, palette.text_weak);
        numbers += NUMBER_WIDTH;
    }
    let name_area = Rect::from_min_max(inner.min, pos2(inner.right() - numbers, inner.bottom()));
    ui.painter_at(name_area.intersect(ui.clip_rect())).text(
        pos2(inner.left(), middle),
        Align2::LEFT_CENTER,
        bar.name,
        font,
        palette.text,
    );
    response.on_hover_text(bar.name)
}
