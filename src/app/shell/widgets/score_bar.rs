//! A label's name, its bar and its number.

use egui::accesskit::Role;
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, CornerRadius, Painter, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use crate::app::shell::icons as icon;
use crate::app::shell::theme::{self, Palette};

/// Height of a bar with its name.
pub const BAR_HEIGHT: f32 = 28.0;
const NUMBER_WIDTH: f32 = 66.0;
/// Room for what stands beside the number.
const ASIDE_WIDTH: f32 = 88.0;
/// Height of the bar, and of the thin one below it.
const BAR: f32 = 4.0;
const THIN: f32 = 2.0;

pub struct ScoreBar<'a> {
    pub name: &'a str,
    /// Its number, as written.
    pub number: String,
    /// What stands beside the number, and its colour: how far it moved, or what it was.
    pub aside: Option<(String, Color32)>,
    /// How far the bar reaches, 0 to 1.
    pub share: f32,
    /// How far a thin bar below it reaches, where there is another number to compare with.
    pub thin: Option<f32>,
    pub colour: Color32,
    /// Whether this is the answer.
    pub winner: bool,
    /// Whether its heatmap is shown.
    pub chosen: bool,
    /// Whether its heatmap stays, whatever is best.
    pub pinned: bool,
}

/// Draws the bar over the whole width; it can be clicked.
pub fn score_bar_ui(ui: &mut Ui, bar: &ScoreBar) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR_HEIGHT), Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(Role::Button, true, bar.chosen, format!("{} {}", bar.name, bar.number)));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let palette = theme::palette(ui);
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
    bar.paint_track(&painter, inner, palette);
    let is_cut = bar.paint_words(&painter, inner, palette);
    if is_cut {
        response.on_hover_text(bar.name)
    } else {
        response
    }
}

impl ScoreBar<'_> {
    fn paint_track(&self, painter: &Painter, inner: Rect, palette: Palette) {
        let track = Rect::from_min_max(
            pos2(inner.left(), inner.bottom() - 3.0 - BAR),
            pos2(inner.right(), inner.bottom() - 3.0),
        );
        painter.rect_filled(track, CornerRadius::same(2), palette.line);
        let reach = |share: f32, height: f32| vec2(track.width() * share.clamp(0.0, 1.0), height);
        let filled = Rect::from_min_size(track.min, reach(self.share, BAR));
        painter.rect_filled(filled, CornerRadius::same(2), self.colour);
        if let Some(share) = self.thin {
            let thin = Rect::from_min_size(track.left_bottom() + vec2(0.0, 1.0), reach(share, THIN));
            painter.rect_filled(thin, CornerRadius::ZERO, palette.text_weak);
        }
    }

    /// The number and what stands beside it on the right, the name in the room that is left; whether it is cut.
    fn paint_words(&self, painter: &Painter, inner: Rect, palette: Palette) -> bool {
        let font = if self.winner {
            theme::strong(theme::SIZE_BODY)
        } else {
            theme::body(theme::SIZE_BODY)
        };
        let middle = inner.top() + 10.0;
        let right = pos2(inner.right(), middle);
        painter.text(right, Align2::RIGHT_CENTER, &self.number, font.clone(), palette.text);
        let mut numbers = NUMBER_WIDTH;
        if let Some((aside, colour)) = &self.aside {
            let at = pos2(inner.right() - NUMBER_WIDTH, middle);
            let font = theme::body(theme::SIZE_SMALL);
            painter.text(at, Align2::RIGHT_CENTER, aside, font, *colour);
            numbers += ASIDE_WIDTH;
        }
        let mut left = inner.left();
        if self.pinned {
            let font = theme::body(theme::SIZE_BODY);
            let at = pos2(left, middle);
            painter.text(at, Align2::LEFT_CENTER, icon::PUSH_PIN, font, palette.accent);
            left += 18.0;
        }
        let mut job = LayoutJob::simple_singleline(self.name.to_owned(), font, palette.text);
        job.wrap = TextWrapping::truncate_at_width((inner.right() - numbers - left).max(0.0));
        let name = painter.layout_job(job);
        let is_cut = name.elided;
        painter.galley(pos2(left, middle - name.size().y / 2.0), name, palette.text);
        is_cut
    }
}
