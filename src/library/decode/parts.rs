//! What a file describes apart from its canvas: the data window and blocks of an EXR, the frames of a WebP, the tiles of a
//! TIFF. Decoders believe those sizes, so they are looked at before a decoder is asked.

use std::io::Cursor;

use exr::meta::attribute::TileDescription;
use exr::meta::header::Header;
use exr::meta::{BlockDescription, MetaData};
use image::ImageFormat;

use super::error::PictureError;
use super::memory::MAX_SIDE;
use crate::library::exif::Directory;

/// A block of an EXR lies in memory as it is stored, unpacked, and in its final order.
const COPIES_OF_BLOCK: u64 = 3;
/// More than its display window an EXR may hold a margin for effects, which is decoded and dropped: as much again, and this
/// many pixels for small ones.
const MARGIN_PIXELS: u64 = 1_000_000;

/// What the parts of a picture of so many pixels take beside its canvas while they are decoded, in bytes.
///
/// # Errors
/// A part is larger than any that belongs to this canvas.
pub(super) fn needed_beside(bytes: &[u8], format: ImageFormat, canvas: (u32, u32)) -> Result<u64, PictureError> {
    match format {
        ImageFormat::OpenExr => blocks_of_exr(bytes, canvas),
        ImageFormat::WebP => frames_of_webp(bytes, canvas).map(|()| 0),
        ImageFormat::Tiff => tiles_of_tiff(bytes).map(|()| 0),
        _ => Ok(0),
    }
}

fn blocks_of_exr(bytes: &[u8], canvas: (u32, u32)) -> Result<u64, PictureError> {
    let damaged = |error: exr::error::Error| PictureError::Damaged(error.to_string());
    let content = MetaData::read_from_buffered(Cursor::new(bytes), false).map_err(damaged)?;
    let shown = u64::from(canvas.0) * u64::from(canvas.1);
    let mut largest = 0;
    for header in &content.headers {
        let (width, height) = (header.layer_size.width() as u64, header.layer_size.height() as u64);
        let stored = width.saturating_mul(height);
        if width.max(height) > MAX_SIDE.into() || stored > 2 * shown + MARGIN_PIXELS {
            return Err(PictureError::TooLarge(format!(
                "it stores {width} x {height} pixels, of which {} x {} are shown",
                canvas.0, canvas.1
            )));
        }
        largest = block_bytes(header).max(largest);
    }
    Ok(largest.saturating_mul(COPIES_OF_BLOCK))
}

fn block_bytes(header: &Header) -> u64 {
    let pixels = match header.blocks {
        BlockDescription::Tiles(TileDescription { tile_size, .. }) => {
            (tile_size.width() as u64).saturating_mul(tile_size.height() as u64)
        }
        BlockDescription::ScanLines => {
            let lines = header.compression.scan_lines_per_block() as u64;
            lines.saturating_mul(header.layer_size.width() as u64)
        }
    };
    pixels.saturating_mul(header.channels.bytes_per_pixel as u64)
}

fn frames_of_webp(bytes: &[u8], canvas: (u32, u32)) -> Result<(), PictureError> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((header, after)) = rest.split_first_chunk::<8>() {
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        if let Some((width, height)) = frame_sides(header, after)
            && (width > canvas.0 || height > canvas.1)
        {
            return Err(PictureError::Damaged(format!(
                "its frame of {width} x {height} pixels is larger than its canvas of {} x {}",
                canvas.0, canvas.1
            )));
        }
        // What an animation's frame holds follows its own sixteen bytes.
        let next = if header.starts_with(b"ANMF") {
            16
        } else {
            size + size % 2
        };
        rest = after.get(next..).unwrap_or_default();
    }
    Ok(())
}

/// The sides of a frame by its own header, in pixels: 14 bits each; none where this is no frame, or one that is cut.
fn frame_sides(header: &[u8; 8], content: &[u8]) -> Option<(u32, u32)> {
    const SIDE: u32 = 0x3FFF;
    match &header[..4] {
        // Behind three bytes of settings and three that mark the start.
        b"VP8 " => {
            let side =
                |at: usize| Some(u32::from(u16::from_le_bytes(content.get(at..at + 2)?.try_into().ok()?)) & SIDE);
            Some((side(6)?, side(8)?))
        }
        // Behind one byte that marks the start; each is one less than the side.
        b"VP8L" => {
            let bits = u32::from_le_bytes(content.get(1..5)?.try_into().ok()?);
            Some(((bits & SIDE) + 1, (bits >> 14 & SIDE) + 1))
        }
        _ => None,
    }
}

/// A row of a tile is in memory as a whole, padding included.
fn tiles_of_tiff(bytes: &[u8]) -> Result<(), PictureError> {
    let width = Directory::of(bytes).and_then(|directory| directory.tile_width());
    match width {
        Some(width) if width > MAX_SIDE.into() => {
            Err(PictureError::TooLarge(format!("its tiles are {width} pixels wide")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chunk of a WebP with its header.
    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = (content.len() as u32).to_le_bytes();
        [&name[..], &size, content, &vec![0; content.len() % 2]].concat()
    }

    fn webp(chunks: &[u8]) -> Vec<u8> {
        [&b"RIFF\0\0\0\0WEBP"[..], chunks].concat()
    }

    #[test]
    fn a_frame_is_no_larger_than_its_canvas() {
        let lossy = chunk(b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f\0\0");
        let lossless = chunk(b"VP8L", &[&[0x2f][..], &(99_u32 | 49 << 14).to_le_bytes()].concat());
        let animated = chunk(b"ANMF", &[&[0; 16][..], &chunk(b"ALPH", b"abc"), &lossy].concat());
        for (frame, sides) in [
            (&lossy, (16_383, 16_383)),
            (&lossless, (100, 50)),
            (&animated, (16_383, 16_383)),
        ] {
            let file = webp(&[chunk(b"VP8X", &[0; 10]), frame.clone()].concat());
            assert!(needed_beside(&file, ImageFormat::WebP, sides).is_ok());
            let refused = needed_beside(&file, ImageFormat::WebP, (sides.0, sides.1 - 1)).unwrap_err();
            assert!(refused.to_string().contains("larger than its canvas"), "{refused}");
        }
    }

    #[test]
    fn a_tile_is_no_wider_than_a_picture() {
        let tiff = |width: u32| {
            let entry = b"\x42\x01\x04\0\x01\0\0\0";
            [&b"II*\0\x08\0\0\0\x01\0"[..], entry, &width.to_le_bytes(), &[0; 4]].concat()
        };
        assert!(needed_beside(&tiff(512), ImageFormat::Tiff, (9, 9)).is_ok());
        let refused = needed_beside(&tiff(4_000_000_000), ImageFormat::Tiff, (9, 9)).unwrap_err();
        assert!(refused.to_string().contains("4000000000 pixels wide"), "{refused}");
    }
}
