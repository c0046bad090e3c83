//! One picture from disk to what the model and the store need. The only place that decodes for either.

use std::path::Path;

use image::RgbImage;

use crate::clip::{Pixels, Preprocessing};
use crate::library::{Decoded, PictureError, THUMBNAIL_SIDE, decode_with_notes, fitted, thumbnail_to_jpeg};

/// A decoded and prepared picture.
pub struct Prepared {
    /// Numbers for the image tower.
    pub pixels: Pixels,
    /// Width and height of the original, upright, in pixels.
    pub size: (u32, u32),
    /// A small JPEG for the store.
    pub thumbnail: Option<Vec<u8>>,
    /// What is odd about the file, where the picture is whole all the same.
    pub note: Option<&'static str>,
}

/// Decodes a picture and prepares it for a model.
///
/// # Errors
/// Why the file is not shown.
pub fn prepare(path: &Path, preprocessing: &Preprocessing, with_thumbnail: bool) -> Result<Prepared, PictureError> {
    let Decoded {
        picture,
        note,
        room: _room,
        ..
    } = decode_with_notes(path)?;
    Ok(Prepared {
        note,
        pixels: pixels(&picture, preprocessing)?,
        size: picture.dimensions(),
        thumbnail: with_thumbnail
            .then(|| thumbnail_to_jpeg(&fitted(&picture, THUMBNAIL_SIDE)))
            .flatten(),
    })
}

/// The numbers for the image tower.
///
/// # Errors
/// The picture has no pixels.
pub fn pixels(picture: &RgbImage, preprocessing: &Preprocessing) -> Result<Pixels, PictureError> {
    preprocessing
        .pixels(picture)
        .map_err(|e| PictureError::Damaged(e.to_string()))
}
