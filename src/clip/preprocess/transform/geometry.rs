//! How large a picture becomes, and which part of it the tower sees.

use super::{Offset, Preprocessing, Resize};
use crate::clip::preprocess::resample::Axis;

/// The part of a picture that the model sees, as fractions of its width and height.
///
/// It reaches beyond 0..1 where the square is padded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewRect {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

/// Where the square is cut from, off the centre: from -1, all the way to the left or top, to 1, all the way to the right
/// or bottom.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shift {
    pub x: f32,
    pub y: f32,
}

impl Preprocessing {
    /// The part of a picture of `width` x `height` pixels that the tower sees.
    pub fn view_rect(&self, width: u32, height: u32) -> ViewRect {
        self.view_rect_at(width, height, Shift::default())
    }

    /// The same with the square cut elsewhere.
    pub fn view_rect_at(&self, width: u32, height: u32, shift: Shift) -> ViewRect {
        let (resized_width, resized_height) = self.resized(width.max(1), height.max(1));
        let fraction = |resized: u64, shift: f32| {
            let start = self.first(resized, shift);
            (
                start as f32 / resized as f32,
                self.seen(resized) as f32 / resized as f32,
            )
        };
        let (left, view_width) = fraction(resized_width, shift.x);
        let (top, view_height) = fraction(resized_height, shift.y);
        ViewRect {
            left,
            top,
            width: view_width,
            height: view_height,
        }
    }

    /// The size to which a whole picture would be resized (HF `get_resize_output_image_size`: the long side floors).
    pub(super) fn resized(&self, width: u32, height: u32) -> (u64, u64) {
        match self.resize {
            Resize::None => (width.into(), height.into()),
            Resize::Exact { width, height } => (width.into(), height.into()),
            Resize::Patches { patch, most } => whole_patches(width, height, patch, most),
            Resize::LongestEdge(edge) => {
                let ratio = f64::from(edge) / f64::from(width.max(height));
                let resized = |size: u32| ((f64::from(size) * ratio).round_ties_even() as u64).max(1);
                (resized(width), resized(height))
            }
            Resize::ShortestEdge(edge) => {
                let (short, long) = (width.min(height), width.max(height));
                let long_edge = (f64::from(edge) * f64::from(long) / f64::from(short)) as u64;
                if width <= height {
                    (edge.into(), long_edge)
                } else {
                    (long_edge, edge.into())
                }
            }
        }
    }

    /// Pixels of a resized axis, padding included, that the tower sees.
    pub(super) fn seen(&self, resized: u64) -> u32 {
        match self.resize {
            Resize::Patches { .. } => resized as u32,
            _ => self.side,
        }
    }

    /// Where the square starts in a resized axis; before it, where the picture is smaller than the square.
    fn first(&self, resized: u64, shift: f32) -> i64 {
        let spare = resized as i64 - i64::from(self.seen(resized));
        let moved = (shift * spare as f32 / 2.0).round() as i64;
        let centred = match self.offset {
            Offset::HalfToEven if spare > 0 => (spare as f64 / 2.0).round_ties_even() as i64,
            // The smaller half of a padding comes first.
            Offset::HalfToEven => -(-spare / 2),
            Offset::Floor => spare.div_euclid(2),
        };
        if spare > 0 {
            (centred + moved).clamp(0, spare)
        } else {
            centred
        }
    }

    /// The stretch of one axis that ends up in the square, and where it starts there.
    pub(super) fn window(&self, source: u32, resized: u64, shift: f32) -> (Axis, u32) {
        let first = self.first(resized, shift);
        let axis = Axis {
            source,
            resized,
            first: first.max(0) as u64,
            count: u64::from(self.seen(resized)).min(resized) as u32,
        };
        (axis, (-first).max(0) as u32)
    }
}

/// The size of a picture in whole patches, as many as are allowed (transformers' `get_image_size_for_max_num_patches`,
/// whose search is repeated step by step: another would end on another size now and then).
fn whole_patches(width: u32, height: u32, patch: u32, most: u32) -> (u64, u64) {
    const PRECISION: f64 = 1e-5;
    let patches = |scale: f64, size: u32| (f64::from(size) * scale / f64::from(patch)).ceil().max(1.0);
    let (mut low, mut high) = (PRECISION / 10.0, 100.0);
    while high - low >= PRECISION {
        let middle = (low + high) / 2.0;
        if patches(middle, width) * patches(middle, height) <= f64::from(most) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let pixels = |size: u32| patches(low, size) as u64 * u64::from(patch);
    (pixels(width), pixels(height))
}
