//! The one decoding path: what the window shows is what the model gets, orientation applied once.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

/// Larger files are no photographs; they would only exhaust the memory.
const MAX_FILE_BYTES: u64 = 1 << 30;
/// 300 megapixels: three times the largest sensors.
const MAX_PIXELS: u64 = 300_000_000;
/// What a decoder may allocate for itself.
const MAX_DECODER_BYTES: u64 = 2 << 30;

/// Why a file is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The file has no content.
    #[error("the file is empty")]
    Empty,
    /// The system does not give it out.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The end is missing.
    #[error("the file is cut short; copy it again from its source")]
    Truncated,
    /// Too large to be decoded safely.
    #[error("too large: {0}")]
    TooLarge(String),
    /// Not a kind of picture that is understood.
    #[error("not a picture format that Clipsight reads")]
    Unsupported,
    /// The content is broken.
    #[error("damaged: {0}")]
    Damaged(String),
}

/// Reads a picture, upright, in RGB; transparency is dropped as the reference does.
///
/// # Errors
/// Why the file is not a whole picture.
pub fn decode(path: &Path) -> Result<RgbImage, PictureError> {
    let bytes = read(path)?;
    // A decoder that panics on damaged content costs this file, never the scan.
    std::panic::catch_unwind(|| decode_bytes(&bytes))
        .unwrap_or_else(|_| Err(PictureError::Damaged("the decoder gave up".into())))
}

fn read(path: &Path) -> Result<Vec<u8>, PictureError> {
    let unreadable = |e: std::io::Error| PictureError::Unreadable(e.to_string());
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(PictureError::Unreadable("it is not a file".into()));
    }
    match metadata.len() {
        0 => Err(PictureError::Empty),
        bytes if bytes > MAX_FILE_BYTES => Err(PictureError::TooLarge(format!("{} MiB", bytes >> 20))),
        _ => std::fs::read(path).map_err(unreadable),
    }
}

fn decode_bytes(bytes: &[u8]) -> Result<RgbImage, PictureError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| PictureError::Unreadable(e.to_string()))?;
    let format = reader.format().ok_or(PictureError::Unsupported)?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(picture_error)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge(format!("{width} x {height} pixels")));
    }
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged("it has no pixels".into()));
    }
    if format == ImageFormat::Jpeg && !crate::clip::preprocess::jpeg::is_whole(bytes) {
        return Err(PictureError::Truncated);
    }
    let orientation = decoder.orientation().map_err(picture_error)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(picture_error)?;
    picture.apply_orientation(orientation);
    Ok(picture.into_rgb8())
}

fn picture_error(error: image::ImageError) -> PictureError {
    use image::ImageError;
    match &error {
        ImageError::Unsupported(_) => PictureError::Unsupported,
        ImageError::Limits(_) => PictureError::TooLarge(error.to_string()),
        ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => PictureError::Truncated,
        _ => PictureError::Damaged(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgb, RgbImage};

    use super::*;

    const FORMATS: [ImageFormat; 6] = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ];

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let noise = |x: u32, y: u32| (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) as u8;
        let picture = RgbImage::from_fn(67, 45, |x, y| Rgb([noise(x, y), noise(y, x), noise(x + y, y)]));
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_format_is_read() {
        for format in FORMATS {
            let picture = decode_bytes(&encoded(format)).unwrap();
            assert_eq!(picture.dimensions(), (67, 45), "{format:?}");
        }
    }

    #[test]
    fn every_format_cut_in_half_is_an_error() {
        for format in FORMATS {
            let bytes = encoded(format);
            assert!(decode_bytes(&bytes[..bytes.len() / 2]).is_err(), "{format:?}");
        }
    }
}
