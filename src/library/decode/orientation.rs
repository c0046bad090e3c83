//! How a picture is turned.

use std::borrow::Cow;

use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat};

use crate::library::exif::{Directory, orientation_of_xmp};

/// How the picture is turned, as Pillow reads it: from EXIF, or from the file itself for a TIFF, else from XMP.
pub(super) fn orientation(decoder: &mut impl ImageDecoder, bytes: &[u8], format: ImageFormat) -> Orientation {
    let block = match format {
        ImageFormat::Tiff => Some(Cow::Borrowed(bytes)),
        // The decoder takes as much memory as the file says that they are long.
        ImageFormat::WebP => chunk_of_webp(bytes, b"EXIF").map(Cow::Borrowed),
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
