//! Whether what is about to be erased looks like writing.

use image::{Rgb, RgbImage};

use super::Dab;
use super::erase::mask;

/// Rows that must look like a line of writing, as a share of the rows with anything in them.
const WRITTEN_ROWS: f32 = 0.35;
/// Changes from ink to ground and back that a written row has, for each stretch as long as the writing is high.
const CHANGES_PER_HEIGHT: f32 = 1.2;
/// Ink and ground differ by so many levels.
const CONTRAST: f32 = 60.0;

/// Whether what the brush touched looks like writing: two levels of brightness, far apart, that alternate along rows.
///
/// It reads nothing and can be wrong both ways; stripes, fences and windows alternate, too.
pub fn looks_like_writing(picture: &RgbImage, dabs: &[Dab]) -> bool {
    let (width, height) = picture.dimensions();
    let mask = mask((width, height), dabs);
    let rows: Vec<Vec<f32>> = mask
        .chunks(width.max(1) as usize)
        .enumerate()
        .map(|(y, row)| {
            let touched = row.iter().enumerate().filter(|(_, touched)| **touched);
            touched
                .map(|(x, _)| brightness(picture.get_pixel(x as u32, y as u32)))
                .collect()
        })
        .filter(|row: &Vec<f32>| row.len() > 4)
        .collect();
    let all: Vec<f32> = rows.iter().flatten().copied().collect();
    let Some((dark, bright)) = two_levels(&all) else {
        return false;
    };
    if bright - dark < CONTRAST {
        return false;
    }
    let (low, high) = (dark + (bright - dark) / 3.0, bright - (bright - dark) / 3.0);
    let changes: Vec<f32> = rows.iter().map(|row| changes(row, low, high)).collect();
    let with_ink = changes.iter().filter(|changes| **changes > 0.0).count();
    let lines = with_ink.max(1) as f32;
    let written = rows.iter().zip(&changes).filter(|(row, changes)| {
        let stretches = row.len() as f32 / lines;
        **changes >= 4.0 && **changes >= CHANGES_PER_HEIGHT * stretches
    });
    written.count() as f32 >= WRITTEN_ROWS * lines
}

fn brightness(pixel: &Rgb<u8>) -> f32 {
    let [r, g, b] = pixel.0.map(f32::from);
    0.299 * r + 0.587 * g + 0.114 * b
}

/// The means of the darker and the brighter pixels (two-means clustering).
fn two_levels(values: &[f32]) -> Option<(f32, f32)> {
    let mut levels = (
        values.iter().copied().fold(f32::INFINITY, f32::min),
        values.iter().copied().fold(f32::NEG_INFINITY, f32::max),
    );
    for _ in 0..8 {
        let middle = (levels.0 + levels.1) / 2.0;
        let mean = |bright: bool| {
            let these = values.iter().filter(|value| (**value > middle) == bright);
            let count = these.clone().count();
            (count > 0).then(|| these.sum::<f32>() / count as f32)
        };
        levels = (mean(false)?, mean(true)?);
    }
    Some(levels)
}

/// How often a row changes between dark and bright.
fn changes(row: &[f32], low: f32, high: f32) -> f32 {
    let mut bright = None;
    let mut changes = 0.0;
    for value in row {
        let now = if *value > high {
            true
        } else if *value < low {
            false
        } else {
            continue;
        };
        if bright.is_some_and(|before| before != now) {
            changes += 1.0;
        }
        bright = Some(now);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: Dab = Dab {
        x: 0.5,
        y: 0.5,
        radius: 0.2,
    };

    /// Grey from left to right, with a red square in the middle.
    fn picture() -> RgbImage {
        RgbImage::from_fn(60, 40, |x, y| {
            if (25..35).contains(&x) && (15..25).contains(&y) {
                Rgb([255, 0, 0])
            } else {
                Rgb([x as u8 * 4; 3])
            }
        })
    }

    /// Five bars of ink like the letters of a word, on light ground.
    fn word() -> RgbImage {
        RgbImage::from_fn(120, 60, |x, y| {
            let ink = (24..36).contains(&y) && (20..100).contains(&x) && (x / 4) % 2 == 0;
            Rgb([if ink { 20 } else { 230 }; 3])
        })
    }

    #[test]
    fn writing_is_told_from_a_plain_thing() {
        let over = [0.2, 0.35, 0.5, 0.65, 0.8].map(|x| Dab {
            x,
            y: 0.5,
            radius: 0.12,
        });
        assert!(looks_like_writing(&word(), &over));
        assert!(!looks_like_writing(&picture(), &[MIDDLE]));
        let plain = RgbImage::from_pixel(50, 50, Rgb([90; 3]));
        assert!(!looks_like_writing(&plain, &[MIDDLE]));
        assert!(!looks_like_writing(&word(), &[]));
    }
}
