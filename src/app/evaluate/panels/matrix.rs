//! The confusion matrix as a map: zoomed and panned, and a click leads to the pictures of a cell.

use egui::{Align2, Color32, Rect, Sense, Stroke, StrokeKind, TextureOptions, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::matrix_texts::texts_ui;
use super::matrix_window::{Window, cell_at, keys_ui, moved};
use super::{Sheet, share};
use crate::app::evaluate::matrix::Grid;
use crate::app::evaluate::{Door, EvaluateCommand, Evaluating, MatrixLook, MatrixOrder};
use crate::app::shell::theme;
use crate::app::shell::widgets::{checkbox, combo, note, segmented_ui};
use crate::app::state::State;
use crate::engine::evaluation::Evaluation;

/// Room for the names of rows, and of columns.
const NAMES: f32 = 120.0;
/// Classes up to which the whole matrix is shown at first.
const CHOICES: [(Option<usize>, &str); 4] = [
    (None, "all"),
    (Some(10), "10 most confused"),
    (Some(25), "25 most confused"),
    (Some(50), "50 most confused"),
];

/// Below this height the matrix has all the room, and its fullest cells are not listed above it.
const SPARE_HEIGHT: f32 = 380.0;

const BY_MARGIN: &str = "smallest margin first";

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
    if ui.available_height() > SPARE_HEIGHT {
        confused_ui(ui, evaluating, shown, page);
    }
    ui.label(note(ui, "Rows show the class, columns the answer; colours are logarithmic. Wheel zooms, dragging moves; a click, or arrows and Enter, lead to the pictures."));
    grid_ui(ui, evaluating, shown, grid, page);
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

fn grid_ui(ui: &mut Ui, evaluating: &Evaluating, shown: &Evaluation, grid: &Grid, page: &mut Sheet<'_>) {
    let look = evaluating.matrix();
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

    picture_ui(ui, evaluating, grid, window, square, page);
    let cell = side / window.cells;
    texts_ui(ui, grid, look, window, square, cell);
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
    let stroke = Stroke::new(2.0, theme::palette(ui).text);
    ui.painter_at(square.expand(2.0))
        .rect_stroke(framed, 0.0, stroke, StrokeKind::Outside);
    let entered = response.clicked() || (pointed.is_none() && walked.is_some_and(|walked| walked.entered));
    let words = grid.words(row, column);
    let told = format!(
        "{words}\n{}, {} of the row",
        grid.at(row, column),
        share(grid.share(row, column))
    );
    if pointed.is_some() {
        response.on_hover_text_at_pointer(told);
    } else {
        below_ui(ui, square, &told);
    }
    if entered && grid.at(row, column) > 0 {
        let places = grid.places(shown, row, column);
        page.want(EvaluateCommand::Enter(Some(Door::ordered(words, places, BY_MARGIN))));
    }
}

/// Draws the part that is seen of the matrix, which is one picture.
fn picture_ui(ui: &Ui, evaluating: &Evaluating, grid: &Grid, window: Window, square: Rect, page: &mut Sheet<'_>) {
    let palette = theme::palette(ui);
    let dark = ui.visuals().dark_mode;
    let rates = evaluating.matrix().rates;
    let version = format!("{} {rates} {dark}", evaluating.grid_version());
    let draw = || grid.image(rates, palette.raised);
    let texture = page
        .textures
        .drawn(ui.ctx(), "matrix", version, TextureOptions::NEAREST, draw);
    let lines = grid.lines.len() as f32;
    let (from, to) = (
        window.corner / lines,
        (window.corner + Vec2::splat(window.cells)) / lines,
    );
    let uv = Rect::from_min_max(from.to_pos2(), to.to_pos2());
    ui.painter().image(texture.id(), square, uv, Color32::WHITE);
    let frame = Stroke::new(1.0, palette.control);
    ui.painter().rect_stroke(square, 0.0, frame, StrokeKind::Outside);
}

/// What is told of a cell that was walked to by keys.
fn below_ui(ui: &Ui, square: Rect, told: &str) {
    let at = pos2(square.left(), square.bottom() + 4.0);
    let (line, font) = (told.replace('\n', ": "), theme::body(theme::SIZE_SMALL));
    let colour = theme::palette(ui).text_weak;
    ui.painter().text(at, Align2::LEFT_TOP, line, font, colour);
}
