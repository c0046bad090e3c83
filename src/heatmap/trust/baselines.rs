//! Maps of the same shape in other places: what a map has to beat before its places mean anything.
//!
//! A map's marked cells lie together, and erasing them leaves the rest of the picture whole; cells at random are scattered
//! and damage every thing and every edge a little. A model minds the second more, whatever the map marks, so scattered
//! cells are no measure of a map.

use std::f64::consts::TAU;

use crate::heatmap::HeatMap;

/// The map turned or mirrored, and moved with what leaves on one side entering on the other: the same shapes elsewhere.
pub fn moved(map: &HeatMap, random: &mut fastrand::Rng) -> HeatMap {
    let (rows, columns) = (map.rows, map.columns);
    if rows * columns <= 1 {
        return map.clone();
    }
    loop {
        // A grid that is not square cannot be turned by a quarter.
        let turned = rows == columns && random.bool();
        let (upside_down, mirrored) = (random.bool(), random.bool());
        let (down, right) = (random.usize(..rows), random.usize(..columns));
        if !turned && !upside_down && !mirrored && down == 0 && right == 0 {
            continue;
        }
        let from = |cell: usize| {
            let (row, column) = ((cell / columns + down) % rows, (cell % columns + right) % columns);
            let row = if upside_down { rows - 1 - row } else { row };
            let column = if mirrored { columns - 1 - column } else { column };
            if turned {
                column * columns + row
            } else {
                row * columns + column
            }
        };
        return with_values(map, (0..rows * columns).map(|cell| map.values[from(cell)]).collect());
    }
}

/// Blobs as many, as large and as strong as the map's, anywhere: noise of the map's own spectrum, with its own values in
/// the noise's order.
pub fn blobs(map: &HeatMap, random: &mut fastrand::Rng) -> HeatMap {
    let grid = (map.rows, map.columns);
    let mean = map.values.iter().map(|v| f64::from(*v)).sum::<f64>() / map.values.len().max(1) as f64;
    let spectrum = fourier_transform(map.values.iter().map(|v| (f64::from(*v) - mean, 0.0)).collect(), grid);
    let noise = fourier_transform(map.values.iter().map(|_| (random.f64() - 0.5, 0.0)).collect(), grid);
    let shaped = spectrum.iter().zip(noise).map(|(of_map, of_noise)| {
        let strength = of_map.0.hypot(of_map.1) / of_noise.0.hypot(of_noise.1).max(f64::MIN_POSITIVE);
        // The transform of the conjugate is the way back, and the field is real.
        (of_noise.0 * strength, -of_noise.1 * strength)
    });
    let field = fourier_transform(shaped.collect(), grid);
    let mut cells: Vec<usize> = (0..map.values.len()).collect();
    cells.sort_by(|&a, &b| field[b].0.total_cmp(&field[a].0));
    let mut values = vec![0.0; cells.len()];
    for (cell, from) in cells.into_iter().zip(map.ranked_cells()) {
        values[cell] = map.values[from];
    }
    with_values(map, values)
}

fn with_values(map: &HeatMap, values: Vec<f32>) -> HeatMap {
    HeatMap { values, ..map.clone() }
}

/// The discrete Fourier transform of a grid of complex numbers, along its columns and then along its rows; maps are small.
fn fourier_transform(values: Vec<(f64, f64)>, (rows, columns): (usize, usize)) -> Vec<(f64, f64)> {
    let along = |values: Vec<(f64, f64)>, length: usize, step: usize, starts: Vec<usize>| {
        let mut out = values.clone();
        for start in starts {
            for frequency in 0..length {
                let terms = (0..length).map(|place| {
                    let (real, imaginary) = values[start + place * step];
                    let angle = -TAU * (frequency * place % length) as f64 / length as f64;
                    let (sine, cosine) = angle.sin_cos();
                    (real * cosine - imaginary * sine, real * sine + imaginary * cosine)
                });
                out[start + frequency * step] = terms.fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1));
            }
        }
        out
    };
    let by_columns = along(values, rows, columns, (0..columns).collect());
    along(by_columns, columns, 1, (0..rows).map(|row| row * columns).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heatmap::HeatmapMethod;

    /// A blob of 3 x 3 near a corner.
    fn map(rows: usize, columns: usize) -> HeatMap {
        let inside = |cell: usize| (1..4).contains(&(cell / columns)) && (2..5).contains(&(cell % columns));
        let value = |cell: usize| {
            if inside(cell) {
                5.0 + cell as f32 / 100.0
            } else {
                cell as f32 / 1_000.0
            }
        };
        HeatMap {
            method: HeatmapMethod::Occlusion,
            rows,
            columns,
            covers: 1.0,
            values: (0..rows * columns).map(value).collect(),
        }
    }

    fn sorted(map: &HeatMap) -> Vec<f32> {
        let mut values = map.values.clone();
        values.sort_by(f32::total_cmp);
        values
    }

    /// Pairs of marked cells side by side, around the edges.
    fn touching(map: &HeatMap) -> usize {
        let marked = |row: usize, column: usize| map.values[row % map.rows * map.columns + column % map.columns] > 4.0;
        let cells = (0..map.rows).flat_map(|row| (0..map.columns).map(move |column| (row, column)));
        let pairs = cells.map(|(row, column)| {
            let here = marked(row, column);
            usize::from(here && marked(row + 1, column)) + usize::from(here && marked(row, column + 1))
        });
        pairs.sum()
    }

    #[test]
    fn a_moved_map_keeps_its_values_and_its_shape_and_is_never_the_same() {
        let mut random = fastrand::Rng::with_seed(1);
        for (rows, columns) in [(8, 8), (7, 9)] {
            let map = map(rows, columns);
            for _ in 0..200 {
                let moved = moved(&map, &mut random);
                assert_eq!(sorted(&moved), sorted(&map));
                assert_eq!(touching(&moved), touching(&map));
                assert_ne!(moved, map);
            }
        }
        let single = HeatMap {
            rows: 1,
            columns: 1,
            values: vec![1.0],
            ..map(1, 1)
        };
        assert_eq!(moved(&single, &mut random), single);
    }

    #[test]
    fn every_place_is_reached() {
        let map = map(8, 8);
        let mut random = fastrand::Rng::with_seed(2);
        let mut marked = vec![0; 64];
        for _ in 0..400 {
            let moved = moved(&map, &mut random);
            marked
                .iter_mut()
                .zip(&moved.values)
                .for_each(|(count, value)| *count += usize::from(*value > 4.0));
        }
        // 9 of 64 cells are marked, 400 times: 56 for each on the average.
        assert!(marked.iter().all(|count| (25..100).contains(count)), "{marked:?}");
    }

    #[test]
    fn blobs_keep_the_values_and_hang_together_as_scattered_cells_do_not() {
        let map = map(12, 12);
        let mut random = fastrand::Rng::with_seed(3);
        let (mut together, mut scattered) = (0, 0);
        for _ in 0..50 {
            let blobs = blobs(&map, &mut random);
            assert_eq!(sorted(&blobs), sorted(&map));
            together += touching(&blobs);
            let mut values = map.values.clone();
            random.shuffle(&mut values);
            scattered += touching(&with_values(&map, values));
        }
        assert!(together > 4 * scattered, "{together} against {scattered}");
        // All nine in one piece touch in twelve pairs.
        assert!(together > 50 * 5, "{together}");
    }

    #[test]
    fn the_transform_and_its_way_back_give_what_went_in() {
        let values: Vec<(f64, f64)> = (0..35).map(|n| (((n * 7) % 11) as f64, 0.0)).collect();
        let there = fourier_transform(values.clone(), (5, 7));
        assert!((there[0].0 - values.iter().map(|v| v.0).sum::<f64>()).abs() < 1e-9);
        let back = fourier_transform(
            there.iter().map(|(real, imaginary)| (*real, -imaginary)).collect(),
            (5, 7),
        );
        for (value, back) in values.iter().zip(back) {
            assert!((value.0 - back.0 / 35.0).abs() < 1e-9 && back.1.abs() < 1e-9);
        }
    }
}
