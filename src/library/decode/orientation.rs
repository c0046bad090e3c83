//! How a picture is turned.

use std::borrow::Cow;

use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::library::exif::{Directory, orientation_of_xmp};

/// How the picture is turned, as Pillow reads it: from EXIF, or from the file itself for a TIFF, else from XMP.
pub(super) fn orientation(decoder: &mut impl ImageDecoder, bytes: &[u8], format: ImageFormat) -> Orientation {
    let block = match format {
        ImageFormat::Tiff => Some(Cow::Borrowed(bytes)),
        // The decoder takes as much memory as the file says that they are long.
        ImageFormat::WebP => chunk_of_webp(bytes, b"EXIF").map(Cow::Borrowed),
        ImageFormat::Png => {
            let block = decoder.exif_metadata().ok().flatten();
            block.or_else(|| exif_in_text_of_png(bytes)).map(Cow::Owned)
        }
        _ => decoder.exif_metadata().ok().flatten().map(Cow::Owned),
    };
    let in_exif = block.and_then(|block| Directory::of(&block)?.orientation());
    let turn = in_exif.or_else(|| {
        let xmp = match format {
            ImageFormat::WebP => Cow::Borrowed(chunk_of_webp(bytes, b"XMP ")?),
            _ => Cow::Owned(decoder.xmp_metadata().ok().flatten()?),
        };
        orientation_of_xmp(&xmp)
    });
    turn.and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms)
}

/// A part of a WebP by its name, where all of it is there.
pub(super) fn chunk_of_webp<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let mut rest = bytes.get(12..)?;
    loop {
        let (header, after) = rest.split_first_chunk::<8>()?;
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let content = after.get(..size)?;
        if header.starts_with(name) {
            return Some(content);
        }
        // Each begins at an even place.
        rest = after.get(size + size % 2..)?;
    }
}

/// Larger blocks are not read; a camera's, with its thumbnail, has 64 KiB.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// The EXIF block that ImageMagick wrote as a text before PNG had a place for it: a line that names it, one with its
/// length, and its bytes in hexadecimal digits. Read as Pillow does.
pub(super) fn exif_in_text_of_png(bytes: &[u8]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"Raw profile type exif\0";
    let mut rest = bytes.get(8..)?;
    loop {
        let (header, after) = rest.split_first_chunk::<8>()?;
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let content = after.get(..size)?;
        let text = match (&header[4..], content.strip_prefix(NAME)) {
            (b"tEXt", Some(text)) => Some(text.to_vec()),
            // Behind a byte that names the only method there is.
            (b"zTXt", Some(text)) => decompress_to_vec_zlib_with_limit(text.get(1..)?, MAX_TEXT_BYTES).ok(),
            _ => None,
        };
        if let Some(text) = text {
            return from_hexadecimal(&text);
        }
        // Behind each is a checksum.
        rest = after.get(size + 4..)?;
    }
}

/// The bytes of such a text, which begin in its fourth line.
fn from_hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n').skip(3);
    let digits = lines.flatten().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Option<Vec<u8>> = digits.map(|byte| Some(char::from(*byte).to_digit(16)? as u8)).collect();
    Some(digits?.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
