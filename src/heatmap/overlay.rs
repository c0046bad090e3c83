//! A map drawn over the picture.

use image::{Rgb, RgbImage, Rgba, RgbaImage};
use serde::{Deserialize, Serialize};

use super::{HeatMap, Ramp};
use crate::clip::ViewRect;

/// Which values the ends of the ramp stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// The lowest and the highest.
    #[default]
    Absolute,
    /// As far below neutral as above it: the middle of the ramp says nothing for the label, and nothing against it.
    Signed,
}

impl Scale {
    pub const ALL: [Self; 2] = [Self::Absolute, Self::Signed];

    /// The scale's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Absolute => "Low to high",
            Self::Signed => "For and against",
        }
    }

    /// The values at the ends of the ramp, the same for all these maps.
    pub fn range<'a>(self, maps: impl IntoIterator<Item = &'a HeatMap>) -> (f32, f32) {
        let mut ends = (f32::INFINITY, f32::NEG_INFINITY);
        for map in maps {
            let (low, high) = map.range();
            let (low, high) = match self {
                Self::Absolute => (low, high),
                Self::Signed => {
                    let neutral = map.neutral();
                    let reach = (high - neutral).max(neutral - low);
                    (neutral - reach, neutral + reach)
                }
            };
            ends = (ends.0.min(low), ends.1.max(high));
        }
        if ends.0 <= ends.1 { ends } else { (0.0, 1.0) }
    }
}

/// How a map lies over its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// The more a value says, the more of its colour; where it says little, the picture is dimmed.
    #[default]
    Strength,
    /// Every value's colour in the same strength.
    Tint,
}

impl Style {
    pub const ALL: [Self; 2] = [Self::Strength, Self::Tint];

    /// The style's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Strength => "By strength, picture dimmed",
            Self::Tint => "Tint over the picture",
        }
    }
}

/// How far a picture is dimmed where a map says nothing, for each part of opacity.
const DIMMED: f32 = 0.75;
/// A line is so many cells of this across the square.
const LINE_CELLS: f32 = 320.0;

/// How a map is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlay {
    /// How it lies over its picture.
    pub style: Style,
    /// Whether the middle of the ramp is what says nothing, or its low end.
    pub signed: bool,
    /// The value around which a line is drawn.
    pub contour: Option<f32>,
    /// Colours from low to high.
    pub ramp: Ramp,
    /// 0 shows the picture alone, 1 the map alone.
    pub opacity: f32,
    /// The values at the ends of the ramp.
    pub range: (f32, f32),
    /// Whether the values run into each other, or every cell is seen.
    pub smooth: bool,
}

impl Overlay {
    /// The map as a square of colours, with the opacity in its alpha.
    pub fn colours(&self, map: &HeatMap, side: u32) -> RgbaImage {
        RgbaImage::from_fn(side, side, |x, y| {
            let at = |pixel: u32| (pixel as f32 + 0.5) / side as f32;
            let ([r, g, b], alpha) = self.at(map, at(x), at(y));
            Rgba([r, g, b, (alpha * 255.0).round() as u8])
        })
    }

    /// The picture with the map over the part of which the model's cells saw something.
    pub fn blend(&self, picture: &RgbImage, view: ViewRect, map: &HeatMap) -> RgbImage {
        let (width, height) = picture.dimensions();
        let mut out = picture.clone();
        for (x, y, pixel) in out.enumerate_pixels_mut() {
            let u = ((x as f32 + 0.5) / width as f32 - view.left) / view.width;
            let v = ((y as f32 + 0.5) / height as f32 - view.top) / view.height;
            let (colour, alpha) = self.at(map, u, v);
            *pixel = mixed(*pixel, colour, alpha);
        }
        out
    }

    /// What lies over a place, in 0..1 of the input square: a colour, and how much of it.
    fn at(&self, map: &HeatMap, x: f32, y: f32) -> ([u8; 3], f32) {
        // Where no cell is, the picture shows.
        if !map.covers(x, y) {
            return ([0; 3], 0.0);
        }
        match self.line(map, x, y) {
            Some(true) => ([255; 3], 1.0),
            Some(false) => ([0; 3], 0.7),
            None => self.over(self.value(map, x, y)),
        }
    }

    fn over(&self, value: f32) -> ([u8; 3], f32) {
        let opacity = self.opacity.clamp(0.0, 1.0);
        let colour = self.colour(value);
        if self.style == Style::Tint {
            return (colour, opacity);
        }
        // First the dimmed picture, then the colour over it: one layer that does both.
        let alpha = opacity * self.strength(value);
        let covered = 1.0 - (1.0 - DIMMED * opacity) * (1.0 - alpha);
        let part = if covered > 0.0 { alpha / covered } else { 0.0 };
        (colour.map(|channel| (f32::from(channel) * part).round() as u8), covered)
    }

    /// How much a value says, 0 to 1.
    fn strength(&self, value: f32) -> f32 {
        let t = self.fraction(value);
        if self.signed { (2.0 * t - 1.0).abs() } else { t }
    }

    /// Whether a place is on the line around what is above the contour's value: its bright inside, or its dark outside.
    fn line(&self, map: &HeatMap, x: f32, y: f32) -> Option<bool> {
        let level = self.contour?;
        let step = 1.0 / LINE_CELLS;
        let above = |x: f32, y: f32| self.value(map, x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)) >= level;
        let inside = above(x, y);
        let beside = [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)];
        let on_line = beside.into_iter().any(|(dx, dy)| above(x + dx, y + dy) != inside);
        on_line.then_some(inside)
    }

    /// The value that is drawn at `x` and `y` in 0..1 of the input square.
    pub fn value(&self, map: &HeatMap, x: f32, y: f32) -> f32 {
        if self.smooth { map.sample(x, y) } else { map.cell(x, y) }
    }

    fn colour(&self, value: f32) -> [u8; 3] {
        self.ramp.colour(self.fraction(value))
    }

    /// Where a value lies between the ends of the ramp.
    fn fraction(&self, value: f32) -> f32 {
        let (low, high) = self.range;
        ((value - low) / (high - low).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0)
    }
}

fn mixed(below: Rgb<u8>, above: [u8; 3], opacity: f32) -> Rgb<u8> {
    let channel = |i: usize| {
        let mix = f32::from(below.0[i]) * (1.0 - opacity) + f32::from(above[i]) * opacity;
        mix.round() as u8
    };
    Rgb([channel(0), channel(1), channel(2)])
}

/// The size of so many pictures of one size in a row, with a gap between them.
pub fn size_side_by_side((width, height): (u32, u32), count: usize, gap: u32) -> (u64, u64) {
    let count = count as u64;
    (
        u64::from(width) * count + u64::from(gap) * count.saturating_sub(1),
        height.into(),
    )
}

/// Pictures of one size in a row, with a gap between them.
pub fn side_by_side(pictures: &[RgbImage], gap: u32) -> RgbImage {
    let width: u32 = pictures.iter().map(RgbImage::width).sum();
    let gaps = gap * (pictures.len() as u32).saturating_sub(1);
    let height = pictures.iter().map(RgbImage::height).max().unwrap_or(0);
    let mut out = RgbImage::from_pixel(width + gaps, height, Rgb([255; 3]));
    let mut left = 0;
    for picture in pictures {
        image::imageops::replace(&mut out, picture, i64::from(left), 0);
        left += picture.width() + gap;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heatmap::HeatmapMethod;

    fn map(method: HeatmapMethod, values: [f32; 2]) -> HeatMap {
        HeatMap {
            method,
            rows: 1,
            columns: 2,
            covers: 1.0,
            values: values.to_vec(),
        }
    }

    #[test]
    fn the_size_of_pictures_side_by_side_is_known_before_they_are_drawn() {
        let pictures = vec![RgbImage::new(7, 5); 3];
        let drawn = side_by_side(&pictures, 2);
        let size = size_side_by_side((7, 5), 3, 2);
        assert_eq!(size, (drawn.width().into(), drawn.height().into()));
    }

    #[test]
    fn what_no_cell_covers_stays_as_it_is() {
        let map = HeatMap {
            covers: 0.75,
            ..map(HeatmapMethod::ClearClip, [0.0, 1.0])
        };
        let overlay = Overlay {
            style: Style::Tint,
            signed: false,
            contour: None,
            ramp: Ramp::Grey,
            opacity: 1.0,
            range: (0.0, 1.0),
            smooth: false,
        };
        let view = ViewRect {
            left: 0.0,
            top: 0.0,
            width: 1.0,
            height: 1.0,
        };
        let picture = RgbImage::from_pixel(8, 8, Rgb([9, 99, 199]));
        let drawn = overlay.blend(&picture, view, &map);
        let row: Vec<[u8; 3]> = (0..8).map(|x| drawn.get_pixel(x, 0).0).collect();
        let (dark, bright, bare) = ([0; 3], [255; 3], [9, 99, 199]);
        assert_eq!(row, [dark, dark, dark, bright, bright, bright, bare, bare]);
        assert_eq!(drawn.get_pixel(0, 7).0, bare);
        let alphas: Vec<u8> = (0..8).map(|x| overlay.colours(&map, 8).get_pixel(x, 0).0[3]).collect();
        assert_eq!(alphas, [255, 255, 255, 255, 255, 255, 0, 0]);
    }

    #[test]
    fn a_strong_value_covers_and_a_weak_one_dims() {
        let map = map(HeatmapMethod::Occlusion, [0.0, 1.0]);
        let overlay = Overlay {
            style: Style::Strength,
            signed: false,
            contour: None,
            ramp: Ramp::Grey,
            opacity: 0.8,
            range: (0.0, 1.0),
            smooth: false,
        };
        let drawn = overlay.colours(&map, 4);
        // Nothing: 0.75 * 0.8 of black. Everything: 0.8 of white over that.
        assert_eq!(drawn.get_pixel(0, 0).0, [0, 0, 0, 153]);
        let [grey, _, _, alpha] = drawn.get_pixel(3, 0).0;
        assert_eq!(alpha, 235);
        assert!((f32::from(grey) / 255.0 - 0.8 / 0.92).abs() < 0.01, "{grey}");
        let signed = Overlay {
            signed: true,
            range: (-1.0, 1.0),
            ..overlay
        };
        assert_eq!(signed.colours(&map, 4).get_pixel(0, 0).0[3], 153, "zero says nothing");
        let outlined = Overlay {
            contour: Some(0.5),
            ..overlay
        };
        let row: Vec<[u8; 4]> = outlined
            .colours(&map, 640)
            .enumerate_pixels()
            .filter(|(_, y, _)| *y == 9)
            .map(|(_, _, p)| p.0)
            .collect();
        assert_eq!(
            (row[318], row[319], row[320]),
            ([0, 0, 0, 179], [0, 0, 0, 179], [255, 255, 255, 255])
        );
    }

    #[test]
    fn a_signed_scale_has_neutral_in_its_middle() {
        let maps = [
            map(HeatmapMethod::Occlusion, [-0.1, 0.4]),
            map(HeatmapMethod::Occlusion, [-0.2, 0.1]),
        ];
        assert_eq!(Scale::Absolute.range(&maps), (-0.2, 0.4));
        assert_eq!(Scale::Signed.range(&maps), (-0.4, 0.4));
        assert_eq!(Scale::Absolute.range(&[]), (0.0, 1.0));
    }
}
