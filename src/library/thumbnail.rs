//! Small pictures for the gallery.

use fast_image_resize as fir;
use fir::images::{TypedImage, TypedImageRef};
use fir::pixels::U8x3;
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
    let mut out = vec![0; 3 * new_width as usize * new_height as usize];
    let resized = resize(picture, &mut out, (new_width, new_height))
        .and_then(|()| RgbImage::from_raw(new_width, new_height, out));
    resized.unwrap_or_else(|| image::imageops::thumbnail(picture, new_width, new_height))
}

/// For the one kind of pixel that there is: the other kinds need not be in the program.
fn resize(picture: &RgbImage, out: &mut [u8], (width, height): (u32, u32)) -> Option<()> {
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Hamming))
        .use_alpha(false);
    let source = TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture.as_raw()).ok()?;
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, out).ok()?;
    fir::Resizer::new().resize_typed(&source, &mut target, &options).ok()
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
