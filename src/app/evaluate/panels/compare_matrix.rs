//! The difference of both confusion matrices, small: what is answered more often than before, and what less.

use egui::epaint::TextShape;
use egui::{Align2, Color32, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::Sheet;
use super::matrix_texts::{ink_on, short};
use super::matrix_window::{Window, cell_at, keys_ui};
use crate::app::evaluate::difference::Difference;
use crate::app::evaluate::{Door, EvaluateCommand};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::engine::evaluation::{Evaluation, SideBySide};

/// Classes with a line of their own.
const MOST: usize = 12;
/// A cell's side, and room for the names of rows and columns.
const CELL: f32 = 34.0;
const NAMES: f32 = 120.0;

/// Draws it, where it is known what the first one answers; every cell leads to its pictures.
pub fn difference_ui(ui: &mut Ui, shown: &Evaluation, titles: &[String], found: &SideBySide, page: &mut Sheet<'_>) {
    let Some(difference) = Difference::of(found, shown, titles, MOST) else {
        return;
    };
    ui.label(section("Confusion, after less before"));
    ui.label(note(
        ui,
        "Rows show the class, columns the answer; the classes whose answers changed most. Blue is better, red is worse. A click, \
         or arrows and Enter, lead to the pictures of a cell before or after.",
    ));
    let lines = difference.lines.len();
    let cell = CELL.min((ui.available_width() - NAMES) / lines as f32).max(8.0);
    let side = cell * lines as f32;
    let (area, response) = ui.allocate_exact_size(vec2(NAMES + side, NAMES + side + 20.0), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(
            egui::accesskit::Role::Image,
            true,
            "Difference of the confusion matrices",
        )
    });
    let square = Rect::from_min_size(area.min + Vec2::splat(NAMES), Vec2::splat(side));
    names_ui(ui, &difference, square, cell);
    cells_ui(ui, &difference, square, cell);
    let mut window = Window {
        corner: Vec2::ZERO,
        cells: lines as f32,
    };
    let walked = keys_ui(ui, &response, lines, &mut window);
    let pointed = response.hover_pos().and_then(|at| cell_at(at, square, window, lines));
    let Some((row, column)) = pointed.or(walked.map(|walked| walked.cell)) else {
        return;
    };
    let framed = cell_rect(square, cell, row, column);
    let stroke = Stroke::new(2.0, theme::palette(ui).text);
    ui.painter().rect_stroke(framed, 0.0, stroke, StrokeKind::Outside);
    let words = difference.words(row, column);
    let [before, after] = difference.counts(row, column);
    let told = format!("{words}: {before} before, {after} after");
    let at = pos2(square.left(), square.bottom() + 4.0);
    let font = theme::body(theme::SIZE_SMALL);
    let colour = theme::palette(ui).text_weak;
    ui.painter().text(at, Align2::LEFT_TOP, told, font, colour);
    let entered = response.clicked() || (pointed.is_none() && walked.is_some_and(|walked| walked.entered));
    let places = difference.places(found, shown, row, column);
    if entered && !places.is_empty() {
        page.want(EvaluateCommand::Enter(Some(Door::new(words, places))));
    }
}

fn cell_rect(square: Rect, cell: f32, row: usize, column: usize) -> Rect {
    let corner = square.min + cell * vec2(column as f32, row as f32);
    Rect::from_min_size(corner, Vec2::splat(cell))
}

/// The changes: the stronger the colour, the larger.
fn cells_ui(ui: &Ui, difference: &Difference, square: Rect, cell: f32) {
    let palette = theme::palette(ui);
    let (lines, most) = (difference.lines.len(), difference.most());
    for (row, column) in (0..lines).flat_map(|row| (0..lines).map(move |column| (row, column))) {
        let rect = cell_rect(square, cell, row, column);
        let change = difference.at(row, column);
        let strength = (change.unsigned_abs() as f32 / most as f32).sqrt();
        let colour = colour(ui, difference, row, column);
        let ground = palette.raised.lerp_to_gamma(colour, 0.75 * strength);
        ui.painter().rect_filled(rect.shrink(0.5), 0.0, ground);
        if change != 0 && cell >= 20.0 {
            let text = format!("{change:+}").replace('-', "\u{2212}");
            let font = theme::body(theme::SIZE_SMALL);
            ui.painter()
                .text(rect.center(), Align2::CENTER_CENTER, text, font, ink_on(ground));
        }
    }
}

/// Whether a change is for the better; where a cell holds right and wrong answers, it is neither.
fn colour(ui: &Ui, difference: &Difference, row: usize, column: usize) -> Color32 {
    let palette = theme::palette(ui);
    let is_more = difference.at(row, column) > 0;
    match difference.is_mixed(row, column) {
        true => palette.text_weak,
        false if is_more == difference.is_right(row, column) => palette.accent,
        false => palette.error,
    }
}

/// The names beside the rows and above the columns.
fn names_ui(ui: &Ui, difference: &Difference, square: Rect, cell: f32) {
    let palette = theme::palette(ui);
    let font = theme::body(theme::SIZE_SMALL.min(cell - 1.0));
    for (n, line) in difference.lines.iter().enumerate() {
        let middle = cell * (n as f32 + 0.5);
        let at = pos2(square.left() - 6.0, square.top() + middle);
        ui.painter()
            .text(at, Align2::RIGHT_CENTER, short(&line.title), font.clone(), palette.text);
        let galley = ui
            .painter()
            .layout_no_wrap(short(&line.title), font.clone(), palette.text);
        let at = pos2(square.left() + middle - galley.size().y / 2.0, square.top() - 6.0);
        let turned = TextShape::new(at, galley, palette.text).with_angle(-std::f32::consts::FRAC_PI_2);
        ui.painter().add(turned);
    }
}
