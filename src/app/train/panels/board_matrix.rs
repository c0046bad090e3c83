//! The matrix of a board: a cell for each picture and text, as cosines or as what the loss asks.

use std::f32::consts::FRAC_PI_4;

use egui::accesskit::Role;
use egui::epaint::TextShape;
use egui::{Align2, Color32, CornerRadius, Image, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::app::shell::textures::FilePictures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{middle_elided, note, segmented_ui};
use crate::app::train::{Pair, Reading, TrainCommand};
use crate::fixed::{fixed, probability};
use crate::heatmap::Ramp;

/// Side of a cell, as long as there is room.
pub const CELL: f32 = 52.0;
/// Height of the slanted texts over the columns.
const HEADS: f32 = 96.0;
/// Cells from which their numbers are written into them.
const NUMBERED_CELL: f32 = 36.0;

/// The switch between cosines and what the loss asks; how the matrix is read now.
pub fn reading_ui(ui: &mut Ui, reading: Reading, commands: &mut Vec<TrainCommand>) -> Reading {
    let choices = [
        (Reading::Cosines, "Cosines"),
        (Reading::Texts, "Softmax over each row"),
        (Reading::Pictures, "Softmax over each column"),
    ];
    let chosen = segmented_ui(ui, reading, &choices);
    commands.extend(chosen.map(TrainCommand::Read));
    ui.label(note(ui, reading_words(reading)));
    reading
}

fn reading_words(reading: Reading) -> &'static str {
    match reading {
        Reading::Cosines => "How near each picture is to each text, from -1 to 1.",
        Reading::Texts => {
            "Which text belongs to this picture? Rows sum to 100 %. The loss is the mean of this and the other question."
        }
        Reading::Pictures => {
            "Which picture belongs to this text? Columns sum to 100 %. The loss is the mean of this and the other question."
        }
    }
}

/// The cosines as they are, or as shares of a softmax with the model's scale over rows or columns.
fn read(cosines: &[Vec<f32>], reading: Reading, scale: f32) -> Vec<Vec<f32>> {
    match reading {
        Reading::Cosines => cosines.to_vec(),
        Reading::Texts => cosines.iter().map(|row| softmax(row, scale)).collect(),
        Reading::Pictures => transposed(&read(&transposed(cosines), Reading::Texts, scale)),
    }
}

fn softmax(row: &[f32], scale: f32) -> Vec<f32> {
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = row.iter().map(|value| (scale * (value - highest)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn transposed(rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let columns = rows.iter().map(Vec::len).min().unwrap_or(0);
    (0..columns)
        .map(|column| rows.iter().map(|row| row[column]).collect())
        .collect()
}

/// What a board shows.
pub struct Matrix {
    /// Rows of pictures, columns of texts.
    pub values: Vec<Vec<f32>>,
    /// Whether the values are shares.
    pub shares: bool,
    /// Pictures beside their rows, as far as they are there.
    pub pictures: Vec<Option<egui::TextureHandle>>,
    /// Texts over their columns; none where they are not known.
    pub texts: Vec<String>,
}

impl Matrix {
    /// Cosines of pairs, as they are read; of runs from before the pairs were kept, without them.
    pub fn of(
        cosines: &[Vec<f32>],
        pairs: &[Pair],
        reading: Reading,
        scale: f32,
        files: &mut FilePictures<'_>,
    ) -> Self {
        Self {
            values: read(cosines, reading, scale),
            shares: reading != Reading::Cosines,
            pictures: pairs.iter().map(|(path, _)| files.get(path)).collect(),
            texts: pairs.iter().map(|(_, text)| text.clone()).collect(),
        }
    }

    /// What the ends of the colours stand for.
    fn ends(&self) -> (f32, f32) {
        if self.shares {
            return (0.0, 1.0);
        }
        let values = || self.values.iter().flatten().copied();
        (
            values().fold(f32::INFINITY, f32::min),
            values().fold(f32::NEG_INFINITY, f32::max),
        )
    }

    fn told(&self, value: f32) -> String {
        match self.shares {
            true => probability(value, 0),
            false => fixed(value, 2),
        }
    }
}

/// Draws the cells, with pictures beside the rows and texts over the columns.
pub fn board_ui(ui: &mut Ui, matrix: &Matrix) {
    let columns = matrix.values.first().map_or(0, Vec::len).max(1);
    let side = CELL
        .min((ui.available_width() - CELL - HEADS) / columns as f32)
        .max(16.0);
    let left = if matrix.pictures.is_empty() { 0.0 } else { side };
    let heads = if matrix.texts.is_empty() { 0.0 } else { HEADS };
    // The last text leans out to the right.
    let size = vec2(
        left + side * columns as f32 + heads,
        heads + side * matrix.values.len() as f32,
    );
    let (area, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Similarity matrix of pictures and texts"));
    let corner = area.min + vec2(left, heads);
    for (column, text) in matrix.texts.iter().take(columns).enumerate() {
        head_ui(ui, text, corner + vec2(side * (column as f32 + 0.5), -theme::GAP_SMALL));
    }
    for (row, texture) in matrix.pictures.iter().enumerate() {
        let Some(texture) = texture else { continue };
        let size = texture.size_vec2();
        let fitted = size * ((side - 4.0) / size.max_elem().max(1.0));
        let centre = pos2(area.left() + side / 2.0, corner.y + side * (row as f32 + 0.5));
        Image::new(texture).paint_at(ui, Rect::from_center_size(centre, fitted));
    }
    cells_ui(ui, matrix, corner, side);
    legend_ui(ui, matrix);
}

/// A text over its column, slanted so that it has room; a long one gives way in its middle.
fn head_ui(ui: &Ui, text: &str, foot: Pos2) {
    let colour = theme::palette(ui).text;
    let room = HEADS * std::f32::consts::SQRT_2 - theme::GAP;
    let galley = middle_elided(ui, text, theme::body(theme::SIZE_SMALL), colour, room);
    let shape = TextShape::new(
        foot - vec2(galley.size().y / 2.0, galley.size().y / 2.0),
        galley,
        colour,
    );
    ui.painter().add(shape.with_angle(-FRAC_PI_4));
}

fn cells_ui(ui: &Ui, matrix: &Matrix, corner: Pos2, side: f32) {
    let (low, high) = matrix.ends();
    let painter = ui.painter();
    let accent = theme::palette(ui).accent;
    for (row, cells) in matrix.values.iter().enumerate() {
        for (column, value) in cells.iter().enumerate() {
            let min = corner + vec2(side * column as f32, side * row as f32);
            let cell = Rect::from_min_size(min, vec2(side, side)).shrink(1.0);
            let share = (value - low) / (high - low).max(1e-6);
            let [r, g, b] = Ramp::Viridis.colour(share);
            painter.rect_filled(cell, CornerRadius::same(3), Color32::from_rgb(r, g, b));
            if row == column {
                let stroke = Stroke::new(2.0, accent);
                painter.rect_stroke(cell, CornerRadius::same(3), stroke, StrokeKind::Inside);
            }
            if side >= NUMBERED_CELL {
                let ink = if share > 0.6 { Color32::BLACK } else { Color32::WHITE };
                let font = theme::body(theme::SIZE_SMALL);
                painter.text(cell.center(), Align2::CENTER_CENTER, matrix.told(*value), font, ink);
            }
        }
    }
}

/// What the colours stand for.
fn legend_ui(ui: &mut Ui, matrix: &Matrix) {
    let (low, high) = matrix.ends();
    if !(low.is_finite() && high.is_finite()) {
        return;
    }
    ui.horizontal(|ui| {
        ui.label(note(ui, matrix.told(low)));
        let (bar, _) = ui.allocate_exact_size(vec2(2.0 * CELL, theme::SWATCH), Sense::hover());
        let steps = bar.width() as usize;
        for step in 0..steps {
            let [r, g, b] = Ramp::Viridis.colour(step as f32 / steps as f32);
            let x = bar.left() + step as f32;
            let stroke = Stroke::new(1.0, Color32::from_rgb(r, g, b));
            ui.painter().vline(x, bar.y_range(), stroke);
        }
        ui.label(note(ui, matrix.told(high)));
        let what = if matrix.shares {
            "share of the softmax"
        } else {
            "cosine"
        };
        ui.label(note(ui, what));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_certainty_and_none_is_less_than_zero_by_rounding() {
        let told = |shares, value| {
            let matrix = Matrix {
                values: Vec::new(),
                shares,
                pictures: Vec::new(),
                texts: Vec::new(),
            };
            matrix.told(value)
        };
        assert_eq!(
            [0.0, 0.3, 0.994, 1.0].map(|share| told(true, share)),
            ["<1 %", "30 %", "99 %", ">99 %"]
        );
        assert_eq!([-0.001, 0.25].map(|cosine| told(false, cosine)), ["0.00", "0.25"]);
    }

    #[test]
    fn rows_and_columns_of_a_softmax_sum_to_one() {
        let cosines = vec![vec![0.3, 0.1, 0.2], vec![0.0, 0.4, 0.1], vec![0.2, 0.2, 0.2]];
        let rows = read(&cosines, Reading::Texts, 20.0);
        for row in &rows {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        assert!((rows[2][0] - 1.0 / 3.0).abs() < 1e-6);
        let columns = read(&cosines, Reading::Pictures, 20.0);
        for column in 0..3 {
            let sum: f32 = columns.iter().map(|row| row[column]).sum();
            assert!((sum - 1.0).abs() < 1e-6);
        }
        // exp(20 (0.3 - 0.2)) to 1 between the first and the last picture, and the second one far behind.
        let ratio = columns[0][0] / columns[2][0];
        assert!((ratio - 2f32.exp()).abs() < 1e-3, "{ratio}");
        assert_eq!(read(&cosines, Reading::Cosines, 20.0), cosines);
    }
}
