//! The names beside the matrix, and the counts in its cells.

use std::ops::Range;

use egui::epaint::TextShape;
use egui::{Align2, Color32, Pos2, Rect, Ui, pos2};

use super::matrix_window::Window;
use crate::app::evaluate::MatrixLook;
use crate::app::evaluate::matrix::Grid;
use crate::app::shell::theme;

/// Cells from which names and counts are written into them.
const NAMED_CELL: f32 = 13.0;
const COUNTED_CELL: f32 = 24.0;

/// Names beside the rows and above the columns, and counts in the cells, where they have room.
pub fn texts_ui(ui: &Ui, grid: &Grid, look: MatrixLook, window: Window, square: Rect, cell: f32) {
    if cell < NAMED_CELL {
        return;
    }
    let palette = theme::palette(ui);
    let font = theme::body(theme::SIZE_SMALL.min(cell - 1.0));
    let seen =
        |corner: f32| corner.floor().max(0.0) as usize..((corner + window.cells).ceil() as usize).min(grid.lines.len());
    let (rows, columns) = (seen(window.corner.y), seen(window.corner.x));
    let middle = |at: f32, n: usize, corner: f32| at + cell * (n as f32 + 0.5 - corner);
    for row in rows.clone() {
        let y = middle(square.top(), row, window.corner.y);
        if square.y_range().contains(y) {
            let at = pos2(square.left() - 6.0, y);
            ui.painter().text(
                at,
                Align2::RIGHT_CENTER,
                short(&grid.lines[row].title),
                font.clone(),
                palette.text,
            );
        }
    }
    for column in columns.clone() {
        let x = middle(square.left(), column, window.corner.x);
        if square.x_range().contains(x) {
            let galley = ui
                .painter()
                .layout_no_wrap(short(&grid.lines[column].title), font.clone(), palette.text);
            let at = pos2(x - galley.size().y / 2.0, square.top() - 6.0);
            ui.painter()
                .add(TextShape::new(at, galley, palette.text).with_angle(-std::f32::consts::FRAC_PI_2));
        }
    }
    if cell >= COUNTED_CELL {
        counts_ui(ui, grid, look, (rows, columns), square, |row, column| {
            pos2(
                middle(square.left(), column, window.corner.x),
                middle(square.top(), row, window.corner.y),
            )
        });
    }
}

/// The counts, or the shares of the row in percent, of the cells that are seen.
fn counts_ui(
    ui: &Ui,
    grid: &Grid,
    look: MatrixLook,
    (rows, columns): (Range<usize>, Range<usize>),
    square: Rect,
    at: impl Fn(usize, usize) -> Pos2,
) {
    let empty = theme::palette(ui).raised;
    let font = theme::body(theme::SIZE_SMALL);
    let painter = ui.painter_at(square);
    for row in rows {
        for column in columns.clone() {
            let count = grid.at(row, column);
            if count == 0 {
                continue;
            }
            let text = if look.rates {
                format!("{:.0}", 100.0 * grid.rate(row, column))
            } else {
                count.to_string()
            };
            let ground = grid.colour(row, column, look.rates, empty);
            painter.text(
                at(row, column),
                Align2::CENTER_CENTER,
                text,
                font.clone(),
                ink_on(ground),
            );
        }
    }
}

/// Black or white, whichever is read better on this.
pub fn ink_on(ground: Color32) -> Color32 {
    if ground.intensity() > 0.45 {
        Color32::BLACK
    } else {
        Color32::WHITE
    }
}

/// A name as long as there is room beside a matrix.
pub fn short(title: &str) -> String {
    const MOST: usize = 16;
    if title.chars().count() <= MOST {
        return title.into();
    }
    title.chars().take(MOST - 1).chain(['\u{2026}']).collect()
}
