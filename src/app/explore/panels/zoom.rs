//! The geometry of a large picture: zoom and position, and which part is worth drawing sharp.

use egui::{Pos2, Rect, Vec2, vec2};

use crate::app::explore::state::Large;

/// The greatest zoom: points on the screen per pixel of the picture.
const MOST: f32 = 16.0;
/// Parts of the picture that are drawn sharp begin and end at whole steps of this, in pixels: a drag needs few of them.
const PART_STEP: u32 = 256;
/// The most pixels in such a part: what can be cropped and uploaded within a frame.
const MOST_PART: u64 = 10_000_000;

/// A picture as it is shown in an area.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) look: Large,
    size: Vec2,
    pub(super) area: Rect,
    /// Points per pixel at which the whole picture is shown.
    fit: f32,
}

impl Shown {
    /// A thumbnail is as large as the picture will be; a picture that is smaller than the area is not enlarged more than
    /// to twice its size.
    pub(super) fn new(look: Large, size: Vec2, area: Rect, is_whole: bool) -> Self {
        let fill = (area.width() / size.x).min(area.height() / size.y);
        let fit = if is_whole { fill.min(2.0) } else { fill };
        Self { look, size, area, fit }
    }

    pub(super) fn zoom(&self) -> f32 {
        self.look.zoom.unwrap_or(self.fit)
    }

    pub(super) fn rect(&self) -> Rect {
        let size = self.size * self.zoom();
        let (x, y) = self.look.middle;
        let corner = self.area.center() - vec2(x * size.x, y * size.y);
        Rect::from_min_size(corner, size)
    }

    /// The pixels of the picture that are seen, and some around them, as left, top, width and height: where the copy that
    /// fits a screen, which has `copy` pixels for one of the picture, is too coarse for so many pixels of the screen.
    pub(super) fn part(&self, copy: f32, pixels_per_point: f32, most: u32) -> Option<[u32; 4]> {
        if self.zoom() * pixels_per_point <= copy {
            return None;
        }
        let rect = self.rect();
        let seen = rect.intersect(self.area);
        let along = |from: f32, to: f32, start: f32, size: f32| {
            let step = PART_STEP as f32;
            let first = ((from - start) / self.zoom() / step).floor().max(0.0) * step;
            let last = (((to - start) / self.zoom() / step).ceil() * step).min(size);
            (first as u32, (last - first).max(0.0) as u32)
        };
        let (left, width) = along(seen.left(), seen.right(), rect.left(), self.size.x);
        let (top, height) = along(seen.top(), seen.bottom(), rect.top(), self.size.y);
        let fits = width.max(height) <= most && u64::from(width) * u64::from(height) <= MOST_PART;
        (width > 0 && height > 0 && fits).then_some([left, top, width, height])
    }

    /// Where a part of the picture is seen.
    pub(super) fn rect_of(&self, [left, top, width, height]: [u32; 4]) -> Rect {
        let corner = self.rect().min + vec2(left as f32, top as f32) * self.zoom();
        Rect::from_min_size(corner, vec2(width as f32, height as f32) * self.zoom())
    }

    /// The same, moved so that no empty margin shows; a picture that is smaller than the area stays centred.
    pub(super) fn held(self) -> Self {
        let size = self.size * self.zoom();
        let held = |at: f32, size: f32, area: f32| {
            let half = (area / size / 2.0).min(0.5);
            at.clamp(half, 1.0 - half)
        };
        let (x, y) = self.look.middle;
        let middle = (held(x, size.x, self.area.width()), held(y, size.y, self.area.height()));
        Self {
            look: Large { middle, ..self.look },
            ..self
        }
    }

    /// Zoomed so that what is under a point stays there.
    pub(super) fn zoomed(self, factor: f32, at: Pos2) -> Self {
        let before = self.rect();
        let zoom = (self.zoom() * factor).clamp(self.fit.min(1.0), MOST);
        let part = (at - before.min) / before.size();
        let size = self.size * zoom;
        let corner = at - part * size;
        let middle = (self.area.center() - corner) / size;
        let look = Large {
            zoom: (zoom > self.fit).then_some(zoom),
            middle: (middle.x, middle.y),
        };
        let look = if look.zoom.is_none() { Large::WHOLE } else { look };
        Self { look, ..self }.held()
    }

    pub(super) fn moved(self, by: Vec2) -> Self {
        let part = by / (self.size * self.zoom());
        let (x, y) = self.look.middle;
        let look = Large {
            middle: (x - part.x, y - part.y),
            ..self.look
        };
        Self { look, ..self }.held()
    }
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    fn shown() -> Shown {
        let area = Rect::from_min_size(pos2(100.0, 50.0), vec2(400.0, 300.0));
        Shown::new(Large::WHOLE, vec2(4_000.0, 2_000.0), area, true)
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let at = pos2(200.0, 180.0);
        let part = |shown: Shown| (at - shown.rect().min) / shown.rect().size();
        let zoomed = shown().zoomed(8.0, at);
        assert!((part(shown()) - part(zoomed)).length() < 1e-4);
        assert!((zoomed.rect().width() / shown().rect().width() - 8.0).abs() < 1e-3);
        let back = zoomed.zoomed(0.01, at);
        assert_eq!(back.look, Large::WHOLE);
    }

    #[test]
    fn one_to_one_shows_every_pixel_of_what_is_seen() {
        // The copy has half of the pixels: at a tenth of the size it is sharp, at 1:1 it is not.
        assert_eq!(shown().part(0.5, 1.0, 8_192), None);
        let one = shown().zoomed(1.0 / shown().zoom(), pos2(300.0, 200.0));
        assert!((one.zoom() - 1.0).abs() < 1e-4);
        let part = one.part(0.5, 1.0, 8_192).unwrap();
        let [left, top, width, height] = part;
        assert!(
            left <= 1_800 && left + width >= 2_200 && top <= 850 && top + height >= 1_150,
            "{part:?}"
        );
        assert!(
            width <= 400 + 2 * PART_STEP && height <= 300 + 2 * PART_STEP,
            "{part:?}"
        );
        assert!(one.rect_of(part).contains_rect(one.area));
        // A small drag needs no other part.
        let moved = one.moved(vec2(3.0, 3.0));
        assert_eq!(moved.part(0.5, 1.0, 8_192), Some(part));
        assert_eq!(one.part(0.5, 1.0, 256), None, "too large for the graphics card");
    }

    #[test]
    fn a_drag_moves_the_picture_and_ends_at_its_edge() {
        let zoomed = shown().zoomed(8.0, pos2(300.0, 200.0));
        let moved = zoomed.moved(vec2(20.0, 0.0));
        assert!((moved.rect().min - zoomed.rect().min - vec2(20.0, 0.0)).length() < 1e-2);
        let far = zoomed.moved(vec2(1e6, 1e6));
        assert!((far.rect().min - far.area.min).length() < 1e-2);
    }
}
