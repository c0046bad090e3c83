//! Four pictures in one: does the map of each label point at its own? (The grid pointing game.)

use image::{RgbImage, imageops};

use crate::clip::{Model, Result};
use crate::heatmap::HeatMap;

/// Pictures in a mosaic, from left to right and from top to bottom.
pub const TILES: usize = 4;

/// Four pictures, each as the model sees it, as one picture twice as large.
///
/// # Errors
/// A picture has no pixels.
pub fn mosaic(model: &Model, pictures: [&RgbImage; TILES]) -> Result<RgbImage> {
    let side = model.info().image_size as u32;
    let mut out = RgbImage::new(2 * side, 2 * side);
    for (n, picture) in pictures.into_iter().enumerate() {
        let tile = model.preprocessing().square_view(picture, side)?;
        let (left, top) = (side * (n as u32 % 2), side * (n as u32 / 2));
        imageops::replace(&mut out, &tile, left.into(), top.into());
    }
    Ok(out)
}

/// The share of a map's positive mass in one tile. A map that marks nothing points nowhere: 0.
pub fn share_in_tile(map: &HeatMap, tile: usize) -> f32 {
    share(&map.positive(), map, tile)
}

/// The same of any non-negative values on the map's grid, row by row.
pub fn share(values: &[f32], map: &HeatMap, tile: usize) -> f32 {
    let (rows, columns, covers) = (map.rows, map.columns, map.covers);
    let total: f32 = values.iter().sum();
    if total <= 0.0 {
        return 0.0;
    }
    let inside: f32 = values
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let across = overlap(i % columns, columns as f32 / covers, tile % 2);
            value * across * overlap(i / columns, rows as f32 / covers, tile / 2)
        })
        .sum();
    inside / total
}

/// The share of a cell that lies in the first or second half of an axis so many cells long.
fn overlap(cell: usize, length: f32, half: usize) -> f32 {
    let middle = length / 2.0;
    let in_first = (middle - cell as f32).clamp(0.0, 1.0);
    if half == 0 { in_first } else { 1.0 - in_first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heatmap::HeatmapMethod;

    #[test]
    fn mass_is_counted_in_its_tile_and_halved_where_a_cell_is() {
        let map = |covers: f32| HeatMap {
            method: HeatmapMethod::Occlusion,
            rows: 3,
            columns: 3,
            covers,
            values: vec![0.0; 9],
        };
        let mut values = vec![0.0; 9];
        values[2] = 3.0;
        assert_eq!(
            [0, 1, 2, 3].map(|tile| share(&values, &map(1.0), tile)),
            [0.0, 1.0, 0.0, 0.0]
        );
        values[4] = 1.0;
        assert_eq!(
            [0, 1, 2, 3].map(|tile| share(&values, &map(1.0), tile)),
            [0.0625, 0.8125, 0.0625, 0.0625]
        );
        // Three cells on three quarters of the side: the middle of the square is the end of the second.
        assert_eq!(
            [0, 1, 2, 3].map(|tile| share(&values, &map(0.75), tile)),
            [0.25, 0.75, 0.0, 0.0]
        );
        assert_eq!(share(&[0.0; 9], &map(1.0), 0), 0.0);
    }
}
