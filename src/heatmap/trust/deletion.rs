//! Erase cell by cell, in an order, and see how the score goes.
//!
//! The pixels of the picture are filled with its mean colour, before preprocessing; what lies outside the part that the
//! model sees is left alone. Deletion starts from the whole picture, insertion from the filled one.

use image::RgbImage;

use crate::clip::{Embedding, Model, Pixels, Result};
use crate::heatmap::HeatMap;
use crate::heatmap::erase::mean_colour;

/// Steps from nothing erased to everything.
pub const STEPS: usize = 10;

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the whole picture, the first cells of the order erased first.
    Deletion,
    /// From the filled picture, the first cells of the order restored first.
    Insertion,
}

/// The cells of a grid over what the model sees, in the order in which they are erased.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    rows: usize,
    columns: usize,
    covers: f32,
    cells: Vec<usize>,
}

impl Order {
    /// From the highest value of a map to the lowest.
    pub fn of(map: &HeatMap) -> Self {
        Self {
            rows: map.rows,
            columns: map.columns,
            covers: map.covers,
            cells: map.ranked_cells(),
        }
    }

    /// The same cells from the centre outwards.
    pub fn from_centre(&self) -> Self {
        let distance = |cell: usize| {
            let off = |place: usize, cells: usize| (place as f32 + 0.5) / cells as f32 - 0.5;
            off(cell % self.columns, self.columns).powi(2) + off(cell / self.columns, self.rows).powi(2)
        };
        let mut cells = self.cells.clone();
        cells.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
        Self { cells, ..*self }
    }
}

/// Scores along the way, and the area under them.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Cosines after each step, `STEPS + 1` of them.
    pub cosines: Vec<f32>,
}

impl Curve {
    /// The area under the curve, with the way from 0 to 1: the mean cosine on the way.
    pub fn area(&self) -> f32 {
        let pairs = self.cosines.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
        pairs.sum::<f32>() / (self.cosines.len() - 1).max(1) as f32
    }
}

/// Curves of one picture that are being computed.
pub struct Curves {
    picture: RgbImage,
    ways: Vec<(Direction, Order)>,
    embeddings: Vec<Embedding>,
}

impl Curves {
    /// Prepares the ways through a picture.
    pub fn new(picture: RgbImage, ways: Vec<(Direction, Order)>) -> Self {
        Self {
            picture,
            ways,
            embeddings: Vec::new(),
        }
    }

    /// Goes on by at most so many passes; the share that is done.
    ///
    /// # Errors
    /// The device failed.
    pub fn advance(&mut self, model: &Model, passes: usize) -> Result<f32> {
        let total = self.ways.len() * (STEPS + 1);
        let first = self.embeddings.len();
        let batch = (first..total.min(first + passes))
            .map(|n| self.pixels(model, n))
            .collect::<Result<Vec<_>>>()?;
        self.embeddings.extend(model.embed_images(&batch)?);
        Ok(self.embeddings.len() as f32 / total.max(1) as f32)
    }

    /// The curve of every way for a unit text, as far as they are computed.
    pub fn curves(&self, text: &[f32]) -> Vec<Curve> {
        let cosine = |embedding: &Embedding| embedding.vector.iter().zip(text).map(|(a, b)| a * b).sum();
        self.embeddings
            .chunks(STEPS + 1)
            .map(|way| Curve {
                cosines: way.iter().map(cosine).collect(),
            })
            .collect()
    }

    fn pixels(&self, model: &Model, n: usize) -> Result<Pixels> {
        let (direction, order) = &self.ways[n / (STEPS + 1)];
        let changed = (order.cells.len() * (n % (STEPS + 1))).div_ceil(STEPS);
        let (first, last) = order.cells.split_at(changed);
        let erased = match direction {
            Direction::Deletion => first,
            Direction::Insertion => last,
        };
        let picture = without(model, &self.picture, order, erased);
        model.preprocessing().pixels(&picture)
    }
}

/// The picture with cells of what the model sees filled with its mean colour.
fn without(model: &Model, picture: &RgbImage, order: &Order, cells: &[usize]) -> RgbImage {
    let mut out = picture.clone();
    let fill = mean_colour(picture);
    let (width, height) = picture.dimensions();
    let view = model.preprocessing().view_rect(width, height);
    let stretch = |start: f32, size: f32, place: usize, cells: usize, length: u32| {
        let pixel = |place: usize| (start + size * place as f32 / cells as f32) * length as f32;
        let within = |at: f32| (at.round().max(0.0) as u32).min(length);
        within(pixel(place))..within(pixel(place + 1))
    };
    let Order {
        rows, columns, covers, ..
    } = *order;
    for cell in cells {
        let across = stretch(view.left, view.width * covers, cell % columns, columns, width);
        for y in stretch(view.top, view.height * covers, cell / columns, rows, height) {
            for x in across.clone() {
                out.put_pixel(x, y, fill);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heatmap::HeatmapMethod;

    fn order() -> Order {
        Order::of(&HeatMap {
            method: HeatmapMethod::Occlusion,
            rows: 3,
            columns: 3,
            covers: 1.0,
            values: vec![0.0, 5.0, 1.0, 2.0, 8.0, 3.0, 4.0, 6.0, 7.0],
        })
    }

    #[test]
    fn orders_hold_every_cell_once() {
        assert_eq!(order().cells[..3], [4, 8, 7]);
        assert_eq!(order().from_centre().cells, [4, 1, 3, 5, 7, 0, 2, 6, 8]);
        let mut sorted = order().cells;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..9).collect::<Vec<_>>());
    }

    #[test]
    fn the_area_is_the_mean_on_the_way() {
        let falling = Curve {
            cosines: vec![1.0, 0.5, 0.0],
        };
        assert_eq!(falling.area(), 0.5);
        let at_once = Curve {
            cosines: vec![1.0, 0.0, 0.0],
        };
        assert_eq!(at_once.area(), 0.25);
    }
}
