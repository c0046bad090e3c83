//! One picture from disk to what the model and the store need. The only place that decodes for either.

use std::path::Path;

use image::RgbImage;

use crate::clip::{Pixels, Preprocessing};
use crate::library::{
    Content, Decoded, PictureError, ReadPicture, Stamp, THUMBNAIL_SIDE, Thumbnail, fitted, thumbnail_to_jpeg,
};

/// A decoded and prepared picture.
pub struct Prepared {
    /// Numbers for the image tower.
    pub pixels: Pixels,
    pub content: Content,
    /// By which the file is known again.
    pub stamp: Option<Stamp>,
    /// A small picture for the cache.
    pub thumbnail: Option<Thumbnail>,
    /// What is odd about the file, where the picture is whole all the same.
    pub note: Option<&'static str>,
}

/// Decodes a picture and prepares it for a model.
///
/// # Errors
/// Why the file is not shown.
pub fn prepare(path: &Path, preprocessing: &Preprocessing, with_thumbnail: bool) -> Result<Prepared, PictureError> {
    prepare_read(&ReadPicture::read(path)?, preprocessing, with_thumbnail)
}

/// The same with a file that was read.
///
/// # Errors
/// Why the file is not shown.
pub fn prepare_read(
    read: &ReadPicture,
    preprocessing: &Preprocessing,
    with_thumbnail: bool,
) -> Result<Prepared, PictureError> {
    let Decoded {
        picture,
        note,
        room: _room,
        ..
    } = read.decode()?;
    Ok(Prepared {
        note,
        pixels: pixels(&picture, preprocessing)?,
        content: read.content,
        stamp: read.stamp,
        thumbnail: with_thumbnail.then(|| thumbnail(&picture, &small(&picture))).flatten(),
    })
}

/// A picture as the gallery shows it.
pub fn small(picture: &RgbImage) -> RgbImage {
    fitted(picture, THUMBNAIL_SIDE)
}

/// A picture's small one, as the cache keeps it.
pub fn thumbnail(picture: &RgbImage, small: &RgbImage) -> Option<Thumbnail> {
    let (width, height) = picture.dimensions();
    let jpeg = thumbnail_to_jpeg(small)?;
    Some(Thumbnail { width, height, jpeg })
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
