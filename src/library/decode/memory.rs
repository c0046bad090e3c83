//! The memory that reading a picture takes, known before a pixel of it is read.

use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat};

use super::error::PictureError;
use super::orientation::orientation;
use super::parts::needed_beside;
use super::pixels::{content_of, reader};
use crate::clip::preprocess::jpeg;
use crate::library::budget::{PICTURE_BUDGET, Room};
use crate::library::rgb::RGB_BYTES;

/// The longest side of a JPEG; what tables by rows and columns take grows with it.
pub(super) const MAX_SIDE: u32 = 65_535;
/// Cameras of medium format have 100 megapixels and some 150. A file with more is read only where it is as long as such a
/// picture is: at least a byte for so many pixels. Nothing but an empty one is packed more tightly, and working on it
/// takes as long.
const MAX_EMPTY_PIXELS: u64 = 120_000_000;
const PIXELS_A_BYTE: u64 = 16;

pub(super) fn room_for(bytes: u64) -> Result<Room, PictureError> {
    let too_large = || PictureError::TooLarge(format!("reading it would take {} MiB of memory", bytes >> 20));
    Room::take(bytes).ok_or_else(too_large)
}

/// How often a file lies in memory while it is decoded: the decoder for JPEG keeps a copy of its own.
pub(super) fn copies_of_file(format: ImageFormat) -> u64 {
    match format {
        ImageFormat::Jpeg => 2,
        _ => 1,
    }
}

/// The memory that reading a picture takes at most, in bytes, its file included.
pub(super) fn needed(bytes: &[u8], format: ImageFormat) -> Result<u64, PictureError> {
    let file = copies_of_file(format) * bytes.len() as u64;
    let (bytes, format) = content_of(bytes, format);
    match reader(bytes, format).into_decoder() {
        Ok(mut decoder) => {
            let turn = orientation(&mut decoder, bytes, format);
            Ok(file.saturating_add(needed_by(&decoder, format, bytes, bytes.len() as u64, turn)?))
        }
        // What is read by other means alone has no size yet.
        Err(_) if matches!(format, ImageFormat::Tiff | ImageFormat::Ico) => Ok(PICTURE_BUDGET),
        Err(_) => Ok(file),
    }
}

/// What a decoder and the pixels take at most, in bytes; `length` is the file's, of which `bytes` may be the beginning.
pub(super) fn needed_by(
    decoder: &impl ImageDecoder,
    format: ImageFormat,
    bytes: &[u8],
    length: u64,
    turn: Orientation,
) -> Result<u64, PictureError> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged("it has no pixels".into()));
    }
    let pixels = u64::from(width) * u64::from(height);
    let stored = pixels.saturating_mul(decoder.color_type().bytes_per_pixel().into());
    let rgb = pixels.saturating_mul(RGB_BYTES as u64);
    let beside = match format {
        ImageFormat::Png | ImageFormat::Hdr => 0,
        // Coefficients of 16 bits, up to four a pixel.
        ImageFormat::Jpeg if jpeg::keeps_coefficients(bytes) => pixels.saturating_mul(8),
        ImageFormat::Jpeg => 0,
        // A canvas and a frame, each with transparency.
        ImageFormat::WebP => pixels.saturating_mul(8),
        _ => stored,
    };
    let beside = beside.saturating_add(needed_beside(bytes, format, (width, height))?);
    let turned = match turn {
        Orientation::NoTransforms | Orientation::Rotate180 => 0,
        Orientation::FlipHorizontal | Orientation::FlipVertical => 0,
        _ => rgb,
    };
    let needed = stored.max(rgb).saturating_add(beside.max(turned));
    let is_empty = pixels > MAX_EMPTY_PIXELS && length.saturating_mul(PIXELS_A_BYTE) < pixels;
    if width.max(height) > MAX_SIDE || needed > PICTURE_BUDGET || is_empty {
        return Err(PictureError::TooLarge(format!("{width} x {height} pixels")));
    }
    Ok(needed)
}
