//! Small pictures for the gallery.

use fast_image_resize as fir;
use fir::PixelType;
use fir::images::{Image, ImageRef};
use image::{ExtendedColorType, RgbImage};

/// Longest side of a stored thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;
const JPEG_QUALITY: u8 = 85;

/// The picture scaled down, its aspect kept, so that no side exceeds `max_side`; never enlarged.
pub fn fitted(picture: &RgbImage, max_side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= max_side || longest == 0 {
        return picture.clone();
    }
    let scale = f64::from(max_side) / f64::from(longest);
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let (new_width, new_height) = (side(width), side(height));
    let resized = resize(picture, new_width, new_height);
    resized.unwrap_or_else(|| image::imageops::thumbnail(picture, new_width, new_height))
}

fn resize(picture: &RgbImage, width: u32, height: u32) -> Option<RgbImage> {
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Hamming))
        .use_alpha(false);
    let source = ImageRef::new(picture.width(), picture.height(), picture.as_raw(), PixelType::U8x3).ok()?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    fir::Resizer::new().resize(&source, &mut target, &options).ok()?;
    RgbImage::from_raw(width, height, target.into_vec())
}

/// A thumbnail as the store keeps it.
pub fn thumbnail_to_jpeg(thumbnail: &RgbImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode(
            thumbnail.as_raw(),
            thumbnail.width(),
            thumbnail.height(),
            ExtendedColorType::Rgb8,
        )
        .ok()?;
    Some(bytes)
}

/// A thumbnail from the store.
pub fn thumbnail_from_jpeg(bytes: &[u8]) -> Option<RgbImage> {
    image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg)
        .ok()
        .map(image::DynamicImage::into_rgb8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_side_fits_and_small_pictures_stay() {
        assert_eq!(fitted(&RgbImage::new(1_000, 10), 100).dimensions(), (100, 1));
        assert_eq!(fitted(&RgbImage::new(30, 40), 100).dimensions(), (30, 40));
        assert_eq!(fitted(&RgbImage::new(3, 9_000), 100).dimensions(), (1, 100));
    }
}
