//! Pixels in RGB, in one piece of memory: what a decoder yields is turned into RGB where it lies.

use image::{ColorType, DynamicImage, ImageBuffer, ImageDecoder, Pixel, RgbImage};

use super::decode::{PictureError, picture_error};

/// Pixels that are turned in one go.
const STRIP: usize = 1 << 16;
/// Bytes a pixel in RGB.
pub const RGB_BYTES: usize = 3;

/// Decodes, without transparency, 8 bits a channel.
///
/// # Errors
/// The picture is damaged, or there is no memory for it.
pub fn decode_rgb(decoder: impl ImageDecoder) -> Result<RgbImage, PictureError> {
    let (width, height) = decoder.dimensions();
    let colour = decoder.color_type();
    let stored = usize::from(colour.bytes_per_pixel());
    let count = width as usize * height as usize;
    let length = count * stored.max(RGB_BYTES);
    let mut bytes = Vec::new();
    let no_memory = |_| PictureError::TooLarge(format!("{width} x {height} pixels do not fit into the memory"));
    bytes.try_reserve_exact(length).map_err(no_memory)?;
    bytes.resize(length, 0);
    // What grows is read into the end, so that it never overtakes itself.
    let start = length - count * stored;
    decoder.read_image(&mut bytes[start..]).map_err(picture_error)?;
    if colour != ColorType::Rgb8 {
        for first in (0..count).step_by(STRIP) {
            let end = count.min(first + STRIP);
            let strip = to_rgb(colour, &bytes[start + first * stored..start + end * stored]);
            let strip = strip.ok_or(PictureError::Unsupported)?;
            bytes[first * RGB_BYTES..end * RGB_BYTES].copy_from_slice(&strip);
        }
    }
    bytes.truncate(count * RGB_BYTES);
    bytes.shrink_to_fit();
    RgbImage::from_raw(width, height, bytes).ok_or_else(|| PictureError::Damaged("pixels are missing".into()))
}

/// A row of pixels as decoders store them, in RGB; none for a kind that no decoder yields.
fn to_rgb(colour: ColorType, bytes: &[u8]) -> Option<Vec<u8>> {
    let halves = || -> Vec<u16> {
        let pairs = bytes.as_chunks().0.iter();
        pairs.map(|pair| u16::from_ne_bytes(*pair)).collect()
    };
    let floats = || -> Vec<f32> {
        let fours = bytes.as_chunks().0.iter();
        fours.map(|four| f32::from_ne_bytes(*four)).collect()
    };
    let picture = match colour {
        ColorType::L8 => row(bytes.to_vec()).map(DynamicImage::ImageLuma8),
        ColorType::La8 => row(bytes.to_vec()).map(DynamicImage::ImageLumaA8),
        ColorType::Rgb8 => row(bytes.to_vec()).map(DynamicImage::ImageRgb8),
        ColorType::Rgba8 => row(bytes.to_vec()).map(DynamicImage::ImageRgba8),
        ColorType::L16 => row(halves()).map(DynamicImage::ImageLuma16),
        ColorType::La16 => row(halves()).map(DynamicImage::ImageLumaA16),
        ColorType::Rgb16 => row(halves()).map(DynamicImage::ImageRgb16),
        ColorType::Rgba16 => row(halves()).map(DynamicImage::ImageRgba16),
        ColorType::Rgb32F => row(floats()).map(DynamicImage::ImageRgb32F),
        ColorType::Rgba32F => row(floats()).map(DynamicImage::ImageRgba32F),
        _ => None,
    };
    Some(picture?.into_rgb8().into_raw())
}

/// A picture of one row.
fn row<P: Pixel>(values: Vec<P::Subpixel>) -> Option<ImageBuffer<P, Vec<P::Subpixel>>> {
    let count = values.len() / usize::from(P::CHANNEL_COUNT);
    ImageBuffer::from_raw(u32::try_from(count).ok()?, 1, values)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, ImageReader};

    use super::*;

    #[test]
    fn every_kind_of_pixel_is_what_the_library_makes_of_it() {
        // More than a strip, and no multiple of it.
        let (width, height) = (521, 257);
        let noise = |n: usize| (n as u32).wrapping_mul(2_654_435_761) >> 16;
        let bytes = |channels: usize| -> Vec<u8> {
            (0..width as usize * height as usize * channels)
                .map(|n| noise(n) as u8)
                .collect()
        };
        let halves = |channels: usize| -> Vec<u16> {
            (0..width as usize * height as usize * channels)
                .map(|n| noise(n) as u16)
                .collect()
        };
        let floats: Vec<f32> = halves(3).iter().map(|value| f32::from(*value) / 60_000.0).collect();
        let pictures = [
            DynamicImage::ImageLuma8(ImageBuffer::from_raw(width, height, bytes(1)).unwrap()),
            DynamicImage::ImageLumaA8(ImageBuffer::from_raw(width, height, bytes(2)).unwrap()),
            DynamicImage::ImageRgb8(ImageBuffer::from_raw(width, height, bytes(3)).unwrap()),
            DynamicImage::ImageRgba8(ImageBuffer::from_raw(width, height, bytes(4)).unwrap()),
            DynamicImage::ImageLuma16(ImageBuffer::from_raw(width, height, halves(1)).unwrap()),
            DynamicImage::ImageLumaA16(ImageBuffer::from_raw(width, height, halves(2)).unwrap()),
            DynamicImage::ImageRgb16(ImageBuffer::from_raw(width, height, halves(3)).unwrap()),
            DynamicImage::ImageRgba16(ImageBuffer::from_raw(width, height, halves(4)).unwrap()),
            DynamicImage::ImageRgb32F(ImageBuffer::from_raw(width, height, floats).unwrap()),
        ];
        for picture in pictures {
            let format = match picture.color() {
                ColorType::Rgb32F => ImageFormat::OpenExr,
                _ => ImageFormat::Png,
            };
            let mut file = Cursor::new(Vec::new());
            picture.write_to(&mut file, format).unwrap();
            let bytes = file.into_inner();
            let read = || ImageReader::with_format(Cursor::new(&bytes), format);
            let expected = read().decode().unwrap().into_rgb8();
            let found = decode_rgb(read().into_decoder().unwrap()).unwrap();
            assert_eq!(found, expected, "{:?}", picture.color());
        }
    }
}
