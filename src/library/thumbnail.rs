//! Small pictures for the gallery.

use fast_image_resize as fir;
use fir::PixelType;
use fir::images::{Image, ImageRef};
use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Longest side of a stored thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;
/// With colours at half the resolution: two thirds of the bytes of what was kept before (85, and all colours), at a
/// structural similarity to that of 0.971.
const JPEG_QUALITY: u8 = 75;

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
    let (width, height) = (u16::try_from(thumbnail.width()), u16::try_from(thumbnail.height()));
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, JPEG_QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder
        .encode(thumbnail.as_raw(), width.ok()?, height.ok()?, ColorType::Rgb)
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
    fn what_is_kept_looks_like_the_picture_and_takes_little() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
        let cat = image::open(folder.join("cat.jpg")).unwrap().into_rgb8();
        let small = fitted(&cat, THUMBNAIL_SIDE);
        let jpeg = thumbnail_to_jpeg(&small).unwrap();
        assert!(jpeg.len() < 20_000, "{} bytes", jpeg.len());
        let kept = thumbnail_from_jpeg(&jpeg).unwrap();
        assert_eq!(kept.dimensions(), small.dimensions());
        let pairs = kept.as_raw().iter().zip(small.as_raw());
        let off: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(off < 8 * small.as_raw().len() as u64, "{off} off");
    }

    #[test]
    fn the_longest_side_fits_and_small_pictures_stay() {
        assert_eq!(fitted(&RgbImage::new(1_000, 10), 100).dimensions(), (100, 1));
        assert_eq!(fitted(&RgbImage::new(30, 40), 100).dimensions(), (30, 40));
        assert_eq!(fitted(&RgbImage::new(3, 9_000), 100).dimensions(), (1, 100));
    }
}
