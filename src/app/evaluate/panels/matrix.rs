//! The confusion matrix as a map: zoomed and panned, and a click leads to the pictures of a cell.

use std::sync::Arc;

use egui::epaint::TextShape;
use egui::{
    Align2, Color32, EventFilter, Key, Pos2, Rect, Sense, Stroke, StrokeKind, TextureOptions, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

use super::Sheet;
use crate::app::evaluate::matrix::Grid;
use crate::app::evaluate::{Door, EvaluateCommand, Evaluating, MatrixLook, MatrixOrder};
use crate::app::shell::theme;
use crate::app::shell::widgets::{checkbox, combo, note, segmented_ui};
use crate::app::state::State;
use crate::engine::evaluation::Evaluation;

/// Room for the names of rows, and of columns.
const NAMES: f32 = 120.0;
/// Cells from which names and counts are written into them.
const NAMED_CELL: f32 = 13.0;
const COUNTED_CELL: f32 = 24.0;
/// Classes up to which the whole matrix is shown at first.
const CHOICES: [(Option<usize>, &str); 4] = [
    (None, "all"),
    (Some(10), "10 most confused"),
    (Some(25), "25 most confused"),
    (Some(50), "50 most confused"),
];

const BY_MARGIN: &str = "smallest margin first";

/// Which part of the matrix is seen: cells from the left and the top, and how many.
#[derive(Debug, Clone, Copy)]
struct Window {
    corner: Vec2,
    cells: f32,
}

/// Draws the page.
pub fn matrix_page_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let (Some(shown), Some(grid)) = (evaluating.shown(), evaluating.grid()) else {
        return;
    };
    let mut look = evaluating.matrix();
    look_ui(ui, &mut look);
    if look != evaluating.matrix() {
        page.want(EvaluateCommand::UseMatrix(look));
    }
    confused_ui(ui, evaluating, shown, page);
    ui.label(note(ui, "Rows show the class, columns the answer; colours are logarithmic. Wheel zooms, dragging moves; a click, or arrows and Enter, lead to the pictures."));
    grid_ui(ui, shown, grid, look, page);
}

fn look_ui(ui: &mut Ui, look: &mut MatrixLook) {
    ui.horizontal_wrapped(|ui| {
        ui.label(note(ui, "Order"));
        let orders = [
            (MatrixOrder::Name, "name"),
            (MatrixOrder::Similarity, "similarity"),
            (MatrixOrder::Size, "size"),
        ];
        if let Some(order) = segmented_ui(ui, look.order, &orders) {
            look.order = order;
        }
        let chosen = CHOICES
            .iter()
            .find(|(most, _)| *most == look.most)
            .map_or("all", |(_, title)| title);
        combo("matrix classes").selected_text(chosen).show_ui(ui, |ui| {
            for (most, title) in CHOICES {
                ui.selectable_value(&mut look.most, most, title);
            }
        });
        checkbox(ui, &mut look.rates, "rates");
    });
}

/// The fullest cells beside the diagonal, for who cannot point at one.
fn confused_ui(ui: &mut Ui, evaluating: &Evaluating, shown: &Evaluation, page: &mut Sheet<'_>) {
    let titles = evaluating.titles();
    ui.horizontal_wrapped(|ui| {
        for cell in evaluating.confused() {
            let words = format!("{} answered {}", titles[cell.truth], titles[cell.answer]);
            if ui.button(format!("{}  {words}", cell.count)).clicked() {
                let places = shown.cell(cell.truth, cell.answer);
                page.want(EvaluateCommand::Enter(Some(Door::ordered(words, places, BY_MARGIN))));
            }
        }
    });
}

fn grid_ui(ui: &mut Ui, shown: &Evaluation, grid: &Arc<Grid>, look: MatrixLook, page: &mut Sheet<'_>) {
    let lines = grid.lines.len() as f32;
    let room = ui.available_size();
    let names = NAMES.min(0.25 * room.x).min(0.4 * room.y);
    // Below it is a line for what was walked to by keys.
    let side = (room.x - names).min(room.y - names - 24.0).max(60.0);
    let (area, response) = ui.allocate_exact_size(vec2(side + names, side + names), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Image, true, "Confusion matrix"));
    let square = Rect::from_min_size(area.min + vec2(names, names), vec2(side, side));
    let id = ui.make_persistent_id(("matrix window", &shown.id, look.most));
    let whole = Window {
        corner: Vec2::ZERO,
        cells: lines,
    };
    let mut window = ui.data(|data| data.get_temp::<Window>(id)).unwrap_or(whole);
    moved(ui, &response, square, lines, &mut window);
    if response.double_clicked() {
        window = whole;
    }
    ui.data_mut(|data| data.insert_temp(id, window));

    let palette = theme::palette(ui);
    let dark = ui.visuals().dark_mode;
    let version = format!("{:p} {:?} {dark}", Arc::as_ptr(grid), look.rates);
    let texture = page
        .textures
        .drawn(ui.ctx(), "matrix", version, TextureOptions::NEAREST, || {
            grid.image(look.rates, palette.raised)
        });
    let (from, to) = (
        window.corner / lines,
        (window.corner + Vec2::splat(window.cells)) / lines,
    );
    let uv = Rect::from_min_max(from.to_pos2(), to.to_pos2());
    ui.painter().image(texture.id(), square, uv, Color32::WHITE);
    let cell = side / window.cells;
    texts_ui(ui, grid, look, window, square, cell);
    let frame = Stroke::new(1.0, palette.control);
    ui.painter().rect_stroke(square, 0.0, frame, StrokeKind::Outside);
    let walked = keys_ui(ui, &response, grid.lines.len(), &mut window);
    ui.data_mut(|data| data.insert_temp(id, window));
    let pointed = response
        .hover_pos()
        .and_then(|at| cell_at(at, square, window, grid.lines.len()));
    let Some((row, column)) = pointed.or(walked.map(|walked| walked.cell)) else {
        return;
    };
    let corner = square.min + cell * (vec2(column as f32, row as f32) - window.corner);
    let framed = Rect::from_min_size(corner, Vec2::splat(cell)).expand(1.0);
    ui.painter_at(square.expand(2.0))
        .rect_stroke(framed, 0.0, Stroke::new(2.0, palette.text), StrokeKind::Outside);
    let (truth, answer) = (&grid.lines[row].title, &grid.lines[column].title);
    let count = grid.at(row, column);
    let words = if row == column {
        format!("{truth}, rightly")
    } else {
        format!("{truth} answered {answer}")
    };
    let entered = response.clicked() || (pointed.is_none() && walked.is_some_and(|walked| walked.entered));
    let told = format!("{words}\n{count}, {:.1} % of the row", 100.0 * grid.rate(row, column));
    if pointed.is_some() {
        response.on_hover_text_at_pointer(told);
    } else {
        let below = pos2(square.left(), square.bottom() + 4.0);
        let line = told.replace('\n', ": ");
        let font = theme::body(theme::SIZE_SMALL);
        ui.painter()
            .text(below, Align2::LEFT_TOP, line, font, palette.text_weak);
    }
    if entered && count > 0 {
        let places = grid.places(shown, row, column);
        page.want(EvaluateCommand::Enter(Some(Door::ordered(words, places, BY_MARGIN))));
    }
}

/// The cell that was walked to by arrow keys, and whether Enter was pressed on it.
#[derive(Clone, Copy)]
struct Walked {
    cell: (usize, usize),
    entered: bool,
}

/// While the matrix has the focus, arrows walk from cell to cell, and the window follows.
fn keys_ui(ui: &Ui, response: &egui::Response, lines: usize, window: &mut Window) -> Option<Walked> {
    if !response.has_focus() || lines == 0 {
        return None;
    }
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let id = response.id.with("walked");
    let (mut row, mut column): (usize, usize) = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let last = lines - 1;
    let entered = ui.input(|input| {
        let pressed = |key| usize::from(input.key_pressed(key));
        row = (row + pressed(Key::ArrowDown))
            .saturating_sub(pressed(Key::ArrowUp))
            .min(last);
        column = (column + pressed(Key::ArrowRight))
            .saturating_sub(pressed(Key::ArrowLeft))
            .min(last);
        input.key_pressed(Key::Enter)
    });
    ui.data_mut(|data| data.insert_temp(id, (row, column)));
    let least = vec2(column as f32 + 1.0, row as f32 + 1.0) - Vec2::splat(window.cells);
    window.corner = window.corner.clamp(
        least.max(Vec2::ZERO),
        vec2(column as f32, row as f32).max(least.max(Vec2::ZERO)),
    );
    Some(Walked {
        cell: (row, column),
        entered,
    })
}

/// Follows wheel and dragging.
fn moved(ui: &Ui, response: &egui::Response, square: Rect, lines: f32, window: &mut Window) {
    let side = square.width();
    if response.dragged() {
        window.corner -= response.drag_delta() * window.cells / side;
    }
    if let Some(at) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = pinch * (scroll / 240.0).exp();
        if factor != 1.0 {
            let under = window.corner + (at - square.min) * window.cells / side;
            window.cells = (window.cells / factor).clamp(2.0f32.min(lines), lines);
            window.corner = under - (at - square.min) * window.cells / side;
        }
    }
    let most = Vec2::splat((lines - window.cells).max(0.0));
    window.corner = window.corner.clamp(Vec2::ZERO, most);
}

fn cell_at(at: Pos2, square: Rect, window: Window, lines: usize) -> Option<(usize, usize)> {
    if !square.contains(at) {
        return None;
    }
    let cell = window.corner + (at - square.min) * window.cells / square.width();
    let (column, row) = (cell.x.floor() as usize, cell.y.floor() as usize);
    (row < lines && column < lines).then_some((row, column))
}

/// Names beside the rows and above the columns, and counts in the cells, where they have room.
fn texts_ui(ui: &Ui, grid: &Grid, look: MatrixLook, window: Window, square: Rect, cell: f32) {
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
    if cell < COUNTED_CELL {
        return;
    }
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
            let at = pos2(
                middle(square.left(), column, window.corner.x),
                middle(square.top(), row, window.corner.y),
            );
            let ground = grid.colour(row, column, look.rates, palette.raised);
            // Whichever is read better on it.
            let colour = if ground.intensity() > 0.45 {
                Color32::BLACK
            } else {
                Color32::WHITE
            };
            painter.text(at, Align2::CENTER_CENTER, text, font.clone(), colour);
        }
    }
}

fn short(title: &str) -> String {
    const MOST: usize = 16;
    if title.chars().count() <= MOST {
        return title.into();
    }
    title.chars().take(MOST - 1).chain(['\u{2026}']).collect()
}
