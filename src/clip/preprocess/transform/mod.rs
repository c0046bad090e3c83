//! From a decoded picture to the numbers that an image tower gets (`preprocessor_config.json`, or OpenCLIP's
//! `preprocess_cfg`).
//!
//! Follows Pillow: an antialiased resize, width first and then height, each rounded to bytes; a centre crop or a squash
//! to the square; `(x * rescale_factor - mean) / std`. Transformers floors the offset of the crop, OpenCLIP (that is,
//! torchvision) rounds it half to even, and may pad the picture instead of cropping it. Only the crop window and the
//! kernel's margin are computed, so that a picture of 5000 x 1 pixels costs no more than any other.

mod geometry;
mod settings;
#[cfg(test)]
mod tests;

use image::RgbImage;

use super::pixels::{Normalisation, Pixels};
use super::resample::{Axis, Filter, resample};
use crate::clip::{Error, Result};

pub use geometry::{Shift, ViewRect};
pub use settings::OpenClipPreprocessing;

/// How a checkpoint wants its pictures.
#[derive(Debug, Clone)]
pub struct Preprocessing {
    resize: Resize,
    offset: Offset,
    filter: Filter,
    side: u32,
    normalisation: Normalisation,
}

/// How half an odd number of pixels is rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Offset {
    Floor,
    HalfToEven,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Resize {
    None,
    ShortestEdge(u32),
    LongestEdge(u32),
    Exact {
        width: u32,
        height: u32,
    },
    /// As many whole patches as `most` allows, at the picture's own aspect ratio.
    Patches {
        patch: u32,
        most: u32,
    },
}

impl Preprocessing {
    /// The picture as the tower gets it, before normalisation.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn model_view(&self, picture: &RgbImage) -> Result<RgbImage> {
        self.model_view_at(picture, Shift::default())
    }

    /// The same with the square cut elsewhere.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn model_view_at(&self, picture: &RgbImage, shift: Shift) -> Result<RgbImage> {
        let (width, height) = picture.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::EmptyPicture { width, height });
        }
        let (resized_width, resized_height) = self.resized(width, height);
        let (columns, left) = self.window(width, resized_width, shift.x);
        let (rows, top) = self.window(height, resized_height, shift.y);
        let visible = resample(picture, columns, rows, self.filter);
        let seen = (self.seen(resized_width), self.seen(resized_height));
        if visible.dimensions() == seen {
            return Ok(visible);
        }
        let mut square = RgbImage::new(seen.0, seen.1);
        image::imageops::replace(&mut square, &visible, i64::from(left), i64::from(top));
        Ok(square)
    }

    /// What the tower sees of a picture as a square of `side` pixels, which is the input square's: of a tower that keeps
    /// the aspect ratio, the picture's middle.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn square_view(&self, picture: &RgbImage, side: u32) -> Result<RgbImage> {
        if !matches!(self.resize, Resize::Patches { .. }) {
            return self.model_view(picture);
        }
        let (width, height) = picture.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::EmptyPicture { width, height });
        }
        let short = width.min(height);
        let middle = |source: u32| {
            let resized = u64::from(source) * u64::from(side) / u64::from(short);
            Axis {
                source,
                resized,
                first: (resized - u64::from(side)) / 2,
                count: side,
            }
        };
        Ok(resample(picture, middle(width), middle(height), self.filter))
    }

    /// The numbers for the tower, from what [`Self::model_view`] returned.
    pub fn normalise(&self, view: &RgbImage) -> Pixels {
        Pixels {
            bytes: view.as_raw().clone(),
            normalisation: self.normalisation,
            width: view.width() as usize,
            height: view.height() as usize,
        }
    }

    /// [`Self::model_view`] and [`Self::normalise`] in one.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn pixels(&self, picture: &RgbImage) -> Result<Pixels> {
        Ok(self.normalise(&self.model_view(picture)?))
    }
}
