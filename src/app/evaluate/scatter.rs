//! Points by the ten thousand, drawn into one picture: what is panned and zoomed stays smooth.

use egui::{Color32, ColorImage, Pos2, Rect, Vec2, pos2, vec2};

/// Which part of a square from -1 to 1 is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// What is in the middle.
    pub centre: Vec2,
    /// How much it is enlarged.
    pub zoom: f32,
}

impl Default for View {
    fn default() -> Self {
        Self {
            centre: Vec2::ZERO,
            zoom: 0.92,
        }
    }
}

impl View {
    /// Where a point of the map lies on screen.
    pub fn to_screen(self, rect: Rect, point: [f32; 2]) -> Pos2 {
        let half = self.zoom * rect.size().min_elem() / 2.0;
        let offset = vec2(point[0] - self.centre.x, point[1] - self.centre.y);
        rect.center() + half * offset
    }

    /// What lies there on the map.
    pub fn to_map(self, rect: Rect, at: Pos2) -> Vec2 {
        let half = self.zoom * rect.size().min_elem() / 2.0;
        self.centre + (at - rect.center()) / half
    }

    /// Enlarged by a factor, with what lies under the pointer staying there.
    pub fn zoomed(self, rect: Rect, at: Pos2, factor: f32) -> Self {
        let zoom = (self.zoom * factor).clamp(0.5, 200.0);
        let under = self.to_map(rect, at);
        let half = zoom * rect.size().min_elem() / 2.0;
        Self {
            centre: under - (at - rect.center()) / half,
            zoom,
        }
    }

    /// Moved by so many points of the screen.
    pub fn moved(self, rect: Rect, by: Vec2) -> Self {
        let half = self.zoom * rect.size().min_elem() / 2.0;
        Self {
            centre: self.centre - by / half,
            ..self
        }
    }
}

/// Draws points; those whose colour is transparent, and those that are nowhere, are left out.
pub fn draw(points: &[[f32; 2]], colours: &[Color32], view: View, size: [usize; 2], ground: Color32) -> ColorImage {
    let mut image = ColorImage::filled(size, ground);
    let rect = Rect::from_min_size(Pos2::ZERO, vec2(size[0] as f32, size[1] as f32));
    let radius = if points.len() > 5_000 { 1i32 } else { 2 };
    for (point, colour) in points.iter().zip(colours) {
        if *colour == Color32::TRANSPARENT || !point[0].is_finite() {
            continue;
        }
        let at = view.to_screen(rect, *point);
        let (x, y) = (at.x.round() as i32, at.y.round() as i32);
        for row in (y - radius).max(0)..=(y + radius).min(size[1] as i32 - 1) {
            for column in (x - radius).max(0)..=(x + radius).min(size[0] as i32 - 1) {
                image.pixels[row as usize * size[0] + column as usize] = *colour;
            }
        }
    }
    image
}

/// The point that is nearest to a place on screen, within a few points of it.
pub fn nearest(
    points: &[[f32; 2]],
    shown: impl Fn(usize) -> bool,
    view: View,
    rect: Rect,
    at: Pos2,
    within: f32,
) -> Option<usize> {
    let distance = |place: &usize| view.to_screen(rect, points[*place]).distance_sq(at);
    let found = (0..points.len())
        .filter(|place| shown(*place) && points[*place][0].is_finite())
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(&found) <= within * within).then_some(found)
}

/// The point to walk to from another one: the nearest that lies that way, and more that way than aside.
pub fn next_that_way(points: &[[f32; 2]], shown: impl Fn(usize) -> bool, from: usize, way: Vec2) -> Option<usize> {
    let start = points.get(from)?;
    let offset = |place: &usize| vec2(points[*place][0] - start[0], points[*place][1] - start[1]);
    let lies_that_way = |place: &usize| {
        let offset = offset(place);
        let along = offset.dot(way);
        along > 0.0 && along >= (offset - along * way).length()
    };
    (0..points.len())
        .filter(|place| *place != from && shown(*place) && lies_that_way(place))
        .min_by(|a, b| offset(a).length_sq().total_cmp(&offset(b).length_sq()))
}

/// The points inside of a line that was drawn around them.
pub fn inside(points: &[[f32; 2]], shown: impl Fn(usize) -> bool, view: View, rect: Rect, line: &[Pos2]) -> Vec<usize> {
    let is_inside = |at: Pos2| {
        let mut crossings = false;
        let mut before = line.last().copied().unwrap_or(pos2(0.0, 0.0));
        for corner in line {
            let crosses = (corner.y > at.y) != (before.y > at.y);
            if crosses && at.x < (before.x - corner.x) * (at.y - corner.y) / (before.y - corner.y) + corner.x {
                crossings = !crossings;
            }
            before = *corner;
        }
        crossings
    };
    (0..points.len())
        .filter(|place| shown(*place) && is_inside(view.to_screen(rect, points[*place])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECT: Rect = Rect {
        min: Pos2 { x: 100.0, y: 50.0 },
        max: Pos2 { x: 500.0, y: 350.0 },
    };

    #[test]
    fn what_lies_under_the_pointer_stays_there_while_it_is_enlarged() {
        let view = View::default();
        let at = pos2(180.0, 300.0);
        let under = view.to_map(RECT, at);
        let zoomed = view.zoomed(RECT, at, 3.0);
        let there = zoomed.to_screen(RECT, [under.x, under.y]);
        assert!(there.distance(at) < 1e-3, "{there:?}");
        let moved = view.moved(RECT, vec2(10.0, -5.0)).to_screen(RECT, [0.2, 0.2]);
        assert!(moved.distance(view.to_screen(RECT, [0.2, 0.2]) + vec2(10.0, -5.0)) < 1e-3);
    }

    #[test]
    fn a_line_around_points_holds_these_and_no_others() {
        let view = View::default();
        let points = [[0.0, 0.0], [0.5, 0.5], [-0.9, 0.9]];
        let corner = |x: f32, y: f32| view.to_screen(RECT, [x, y]);
        let line = [
            corner(-0.2, -0.2),
            corner(0.7, -0.2),
            corner(0.7, 0.7),
            corner(-0.2, 0.7),
        ];
        assert_eq!(inside(&points, |_| true, view, RECT, &line), [0, 1]);
        assert_eq!(inside(&points, |place| place != 1, view, RECT, &line), [0]);
        let near = view.to_screen(RECT, points[1]) + vec2(2.0, 1.0);
        assert_eq!(nearest(&points, |_| true, view, RECT, near, 8.0), Some(1));
        assert_eq!(
            nearest(&points, |_| true, view, RECT, near + vec2(40.0, 0.0), 8.0),
            None
        );
    }

    #[test]
    fn arrows_walk_to_the_nearest_point_that_way() {
        let points = [[0.0, 0.0], [0.5, 0.1], [0.9, 0.0], [0.1, 0.6], [-0.4, 0.0]];
        let next = |from: usize, x: f32, y: f32| next_that_way(&points, |place| place != 1, from, vec2(x, y));
        assert_eq!((next(0, 1.0, 0.0), next(0, -1.0, 0.0)), (Some(2), Some(4)));
        assert_eq!((next(0, 0.0, 1.0), next(0, 0.0, -1.0)), (Some(3), None));
        assert_eq!(next(0, 0.0, 0.0), None);
    }

    #[test]
    fn every_point_is_drawn_where_it_is_pointed_at() {
        let view = View::default();
        let colours = [Color32::RED, Color32::TRANSPARENT, Color32::RED];
        let image = draw(
            &[[0.5, -0.5], [0.0, 0.0], [f32::NAN; 2]],
            &colours,
            view,
            [200, 100],
            Color32::BLACK,
        );
        let rect = Rect::from_min_size(Pos2::ZERO, vec2(200.0, 100.0));
        let at = view.to_screen(rect, [0.5, -0.5]);
        assert_eq!(
            image.pixels[at.y.round() as usize * 200 + at.x.round() as usize],
            Color32::RED
        );
        assert_eq!(image.pixels.iter().filter(|pixel| **pixel == Color32::RED).count(), 25);
    }
}
