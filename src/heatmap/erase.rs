//! Erase and see: paint over parts of a picture, before preprocessing, and ask the model again.

use image::{Rgb, RgbImage, imageops};

/// A touch of the brush.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dab {
    /// Its centre, as a fraction of the width.
    pub x: f32,
    /// Its centre, as a fraction of the height.
    pub y: f32,
    /// Its radius, as a fraction of the longer side.
    pub radius: f32,
}

/// What erased pixels become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fill {
    /// What is around them, grown inwards.
    #[default]
    Neighbourhood,
    /// A strong blur of what was there.
    Blur,
    MeanColour,
}

impl Fill {
    pub const ALL: [Self; 3] = [Self::Neighbourhood, Self::Blur, Self::MeanColour];

    /// The fill's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Neighbourhood => "Surroundings",
            Self::Blur => "Blur",
            Self::MeanColour => "Average colour",
        }
    }
}

/// The blur's standard deviation, as a fraction of the longer side.
const BLUR: f32 = 0.06;

/// The picture with what the brush touched filled.
pub fn erase(picture: &RgbImage, dabs: &[Dab], fill: Fill) -> RgbImage {
    let mask = mask(picture.dimensions(), dabs);
    if !mask.contains(&true) {
        return picture.clone();
    }
    match fill {
        Fill::Neighbourhood => grown_inwards(picture, &mask),
        Fill::Blur => {
            let sigma = BLUR * picture.width().max(picture.height()) as f32;
            filled(picture, &mask, &imageops::fast_blur(picture, sigma.max(1.0)))
        }
        Fill::MeanColour => {
            let (width, height) = picture.dimensions();
            filled(
                picture,
                &mask,
                &RgbImage::from_pixel(width, height, mean_colour(picture)),
            )
        }
    }
}

/// Pixels that the brush touched, row by row.
pub(super) fn mask((width, height): (u32, u32), dabs: &[Dab]) -> Vec<bool> {
    let mut mask = vec![false; width as usize * height as usize];
    let longer = width.max(height) as f32;
    for dab in dabs {
        let (x, y, radius) = (dab.x * width as f32, dab.y * height as f32, dab.radius * longer);
        let range = |centre: f32, length: u32| {
            let within = |at: f32| at.clamp(0.0, length as f32) as u32;
            within((centre - radius).floor())..within((centre + radius).ceil() + 1.0)
        };
        for row in range(y, height) {
            for column in range(x, width) {
                let (dx, dy) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
                if dx * dx + dy * dy <= radius * radius {
                    mask[(row * width + column) as usize] = true;
                }
            }
        }
    }
    mask
}

fn filled(picture: &RgbImage, mask: &[bool], by: &RgbImage) -> RgbImage {
    let mut out = picture.clone();
    for ((pixel, other), erased) in out.pixels_mut().zip(by.pixels()).zip(mask) {
        if *erased {
            *pixel = *other;
        }
    }
    out
}

/// Erased pixels become the mean of the known ones at the smallest scale at which there are any: halve the picture,
/// counting known pixels only, until nothing is erased, and take from there (push and pull, Gortler et al. 1996).
fn grown_inwards(picture: &RgbImage, mask: &[bool]) -> RgbImage {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = picture.pixels().zip(mask).map(|(pixel, erased)| {
        let known = if *erased { 0.0 } else { 1.0 };
        [pixel[0], pixel[1], pixel[2]]
            .map(|v| f32::from(v) * known)
            .into_iter()
            .chain([known])
    });
    let level: Vec<[f32; 4]> = pixels
        .map(|values| {
            let mut sums = [0.0; 4];
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum = value);
            sums
        })
        .collect();
    let known = completed(level, width, height);
    let by = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, _] = known[y as usize * width + x as usize];
        Rgb([r, g, b].map(|v| v.round().clamp(0.0, 255.0) as u8))
    });
    filled(picture, mask, &by)
}

/// Weighted colours `[r w, g w, b w, w]` to colours with a weight of 1 everywhere.
fn completed(level: Vec<[f32; 4]>, width: usize, height: usize) -> Vec<[f32; 4]> {
    let normal = |sums: [f32; 4]| sums.map(|v| v / sums[3].max(f32::MIN_POSITIVE));
    if width * height == 1 || level.iter().all(|sums| sums[3] > 0.0) {
        return level.into_iter().map(normal).collect();
    }
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let mut half = vec![[0.0f32; 4]; half_width * half_height];
    for (i, sums) in level.iter().enumerate() {
        let place = (i / width / 2) * half_width + (i % width) / 2;
        half[place].iter_mut().zip(sums).for_each(|(sum, value)| *sum += value);
    }
    let half = completed(half, half_width, half_height);
    // Between the four nearest, so that no blocks are seen.
    let from_half = |x: usize, y: usize| {
        let axis = |at: usize, cells: usize| {
            let at = ((at as f32 + 0.5) / 2.0 - 0.5).clamp(0.0, (cells - 1) as f32);
            (at as usize, (at as usize + 1).min(cells - 1), at.fract())
        };
        let ((x0, x1, u), (y0, y1, v)) = (axis(x, half_width), axis(y, half_height));
        let at = |x: usize, y: usize, channel: usize| half[y * half_width + x][channel];
        let mut colour = [1.0; 4];
        for (channel, value) in colour.iter_mut().take(3).enumerate() {
            let upper = at(x0, y0, channel) * (1.0 - u) + at(x1, y0, channel) * u;
            let lower = at(x0, y1, channel) * (1.0 - u) + at(x1, y1, channel) * u;
            *value = upper * (1.0 - v) + lower * v;
        }
        colour
    };
    let each = level.into_iter().enumerate();
    each.map(|(i, sums)| {
        if sums[3] > 0.0 {
            normal(sums)
        } else {
            from_half(i % width, i / width)
        }
    })
    .collect()
}

/// The mean of all pixels.
pub fn mean_colour(picture: &RgbImage) -> Rgb<u8> {
    let mut sums = [0u64; 3];
    for pixel in picture.pixels() {
        for (sum, value) in sums.iter_mut().zip(pixel.0) {
            *sum += u64::from(value);
        }
    }
    let count = (u64::from(picture.width()) * u64::from(picture.height())).max(1);
    Rgb(sums.map(|sum| (sum / count) as u8))
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

    #[test]
    fn only_what_the_brush_touched_changes() {
        for fill in Fill::ALL {
            let erased = erase(&picture(), &[MIDDLE], fill);
            assert_eq!(erased.get_pixel(2, 2), picture().get_pixel(2, 2), "{fill:?}");
            assert_eq!(erased.get_pixel(30, 5), picture().get_pixel(30, 5), "{fill:?}");
            assert_ne!(erased.get_pixel(30, 20), picture().get_pixel(30, 20), "{fill:?}");
        }
        assert_eq!(erase(&picture(), &[], Fill::Blur), picture());
    }

    #[test]
    fn what_is_around_grows_inwards_without_a_trace_of_what_was_there() {
        let erased = erase(&picture(), &[MIDDLE], Fill::Neighbourhood);
        let [r, g, b] = erased.get_pixel(30, 20).0;
        assert_eq!((r, g), (g, b), "no red is left");
        assert!((i16::from(r) - 120).abs() < 25, "{r}");
        let everything = Dab { radius: 2.0, ..MIDDLE };
        assert_eq!(
            erase(&picture(), &[everything], Fill::Neighbourhood).dimensions(),
            (60, 40)
        );
    }
}
