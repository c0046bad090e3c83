//! Heatmaps to take away: a picture with its legend, and the raw grid.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage};
use serde_json::{Value, json};

use super::{HeatMap, Overlay, card, side_by_side};
use crate::clip::ViewRect;
use crate::fixed::fixed;
use crate::fonts::INTER_REGULAR;

const INK: Rgb<u8> = Rgb([0x1b, 0x20, 0x28]);
const PAPER: Rgb<u8> = Rgb([255; 3]);
/// Pictures narrower than this are enlarged: the legend needs the room.
const MIN_WIDTH: u32 = 360;
const MARGIN: u32 = 12;
const RAMP_HEIGHT: u32 = 12;
const TEXT_HEIGHT: f32 = 17.0;
const LINE: u32 = 24;

/// One or more heatmaps on their pictures, with everything that their legend says.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatmapPicture {
    /// Each with its own picture and label.
    pub maps: Vec<LabelledMap>,
}

/// A heatmap on its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledMap {
    pub picture: RgbImage,
    /// The part of it that the model saw.
    pub view: ViewRect,
    pub map: HeatMap,
    pub overlay: Overlay,
    pub label: String,
    /// Its number, as written; empty where the model's number is not known.
    pub score: String,
    /// What the model is called that the map explains.
    pub model: String,
}

impl HeatmapPicture {
    pub fn draw(&self) -> RgbImage {
        let drawn: Vec<RgbImage> = self.maps.iter().map(LabelledMap::draw).collect();
        side_by_side(&drawn, MARGIN)
    }
}

impl LabelledMap {
    fn draw(&self) -> RgbImage {
        let blended = self.overlay.blend(&self.picture, self.view, &self.map);
        let picture = enlarged(blended);
        let (width, height) = picture.dimensions();
        let mut out = RgbImage::from_pixel(width, height + 3 * MARGIN + RAMP_HEIGHT + 3 * LINE, PAPER);
        image::imageops::replace(&mut out, &picture, 0, 0);
        let mut y = height + MARGIN;
        let title = format!("{}  {}", self.label, self.score);
        write(&mut out, &title, MARGIN, y, Align::Left);
        y += LINE;
        let (low, high) = self.overlay.range;
        for x in MARGIN..width - MARGIN {
            let t = (x - MARGIN) as f32 / (width - 2 * MARGIN) as f32;
            let colour = Rgb(self.overlay.ramp.colour(t));
            (y..y + RAMP_HEIGHT).for_each(|row| out.put_pixel(x, row, colour));
        }
        y += RAMP_HEIGHT + 2;
        write(&mut out, &short(low, high - low), MARGIN, y, Align::Left);
        write(&mut out, &short(high, high - low), width - MARGIN, y, Align::Right);
        y += LINE;
        let about = card(self.map.method);
        let note = format!("{} ({}), {}", about.title, about.shows.title(), self.model);
        write(&mut out, &note, MARGIN, y, Align::Left);
        out
    }
}

fn enlarged(picture: RgbImage) -> RgbImage {
    let factor = MIN_WIDTH.div_ceil(picture.width().max(1));
    if factor <= 1 {
        return picture;
    }
    let (width, height) = (picture.width() * factor, picture.height() * factor);
    image::imageops::resize(&picture, width, height, image::imageops::FilterType::Triangle)
}

/// A number with as many digits as its scale asks for.
pub fn short(value: f32, span: f32) -> String {
    match span {
        span if span >= 0.1 => fixed(value, 2),
        span if span >= 0.001 => fixed(value, 4),
        // Zero has no minus here, either.
        _ => format!("{:.1e}", value + 0.0),
    }
}

#[derive(Clone, Copy)]
enum Align {
    Left,
    Right,
}

/// Writes a line, as far as there is room; `y` is its upper edge.
fn write(out: &mut RgbImage, text: &str, x: u32, y: u32, align: Align) {
    let Ok(font) = FontRef::try_from_slice(INTER_REGULAR) else {
        return;
    };
    let scaled = font.as_scaled(PxScale::from(TEXT_HEIGHT));
    let mut glyphs: Vec<Glyph> = Vec::new();
    let mut at = 0.0;
    for c in text.chars() {
        let mut glyph = scaled.scaled_glyph(c);
        glyph.position = point(at, scaled.ascent());
        at += scaled.h_advance(glyph.id);
        glyphs.push(glyph);
    }
    let left = match align {
        Align::Left => x as f32,
        Align::Right => x as f32 - at,
    };
    for outlined in glyphs.into_iter().filter_map(|glyph| font.outline_glyph(glyph)) {
        let bounds = outlined.px_bounds();
        outlined.draw(|dx, dy, coverage| {
            let px = left + bounds.min.x + dx as f32;
            let py = y as f32 + bounds.min.y + dy as f32;
            if px < 0.0 || py < 0.0 || px as u32 >= out.width() || py as u32 >= out.height() {
                return;
            }
            let pixel = out.get_pixel_mut(px as u32, py as u32);
            for (channel, ink) in pixel.0.iter_mut().zip(INK.0) {
                let mixed = f32::from(*channel) * (1.0 - coverage) + f32::from(ink) * coverage;
                *channel = mixed.round() as u8;
            }
        });
    }
}

/// Writes a line in ink on paper, as far as there is room; `x` and `y` are its left and upper edge.
pub fn write_line(out: &mut RgbImage, text: &str, x: u32, y: u32) {
    write(out, text, x, y, Align::Left);
}

/// The raw grids over the model's input square.
pub fn raw_json<'a>(maps: impl IntoIterator<Item = (&'a str, &'a HeatMap)>) -> Value {
    let grid = |(label, map): (&str, &HeatMap)| {
        json!({
            "label": label,
            "method": map.method.name(),
            "rows": map.rows,
            "cols": map.columns,
            "covers": map.covers,
            "values": map.values.chunks(map.columns).collect::<Vec<_>>(),
        })
    };
    Value::Array(maps.into_iter().map(grid).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heatmap::HeatmapMethod;
    use crate::heatmap::Ramp;
    use crate::heatmap::Style;

    #[test]
    fn a_legend_stands_below_every_picture() {
        let map = LabelledMap {
            picture: RgbImage::from_pixel(100, 80, Rgb([10, 200, 30])),
            view: ViewRect {
                left: 0.1,
                top: 0.0,
                width: 0.8,
                height: 1.0,
            },
            map: HeatMap {
                method: HeatmapMethod::Occlusion,
                rows: 1,
                columns: 2,
                covers: 1.0,
                values: vec![0.0, 1.0],
            },
            overlay: Overlay {
                style: Style::Tint,
                signed: false,
                contour: None,
                ramp: Ramp::Grey,
                opacity: 1.0,
                range: (0.0, 1.0),
                smooth: false,
            },
            label: "cat".into(),
            score: "0.91".into(),
            model: "Starter".into(),
        };
        let both = HeatmapPicture {
            maps: vec![map.clone(), map],
        };
        let drawn = both.draw();
        assert_eq!(drawn.width(), 2 * 400 + MARGIN);
        assert!(drawn.height() > 320 + 3 * LINE);
        assert_eq!(drawn.get_pixel(5, 5).0, [10, 200, 30], "outside of what the model saw");
        assert_eq!(drawn.get_pixel(300, 100).0, [255; 3]);
        let below = (320..drawn.height()).flat_map(|y| (0..200).map(move |x| (x, y)));
        let ink = below.filter(|(x, y)| drawn.get_pixel(*x, *y).0[0] < 90).count();
        assert!(ink > 100, "words are written: {ink}");
        let raw = raw_json([("cat", &both.maps[0].map)]);
        assert_eq!(raw[0]["values"], json!([[0.0, 1.0]]));
    }
}
