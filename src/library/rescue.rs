//! Files of a known format that the decoder refuses or fills otherwise than Pillow, and that are easily read all the same.

use image::{ImageFormat, Rgb, RgbImage};

use super::decode::PictureError;
use super::exif::Directory;

/// Reads what the decoder would not, or says what kind of file it is.
///
/// # Errors
/// `error`, or the file's kind.
pub fn by_other_means(
    bytes: Vec<u8>,
    format: ImageFormat,
    error: PictureError,
    decode: impl Fn(&[u8], ImageFormat) -> Result<RgbImage, PictureError>,
) -> Result<RgbImage, PictureError> {
    match format {
        ImageFormat::Tiff if error == PictureError::Unsupported => tiff(bytes, decode),
        ImageFormat::Ico => largest_png(&bytes).map_or(Err(error), |png| decode(png, ImageFormat::Png)),
        _ => Err(error),
    }
}

/// A TIFF with a palette, read as grey, whose values are then looked up.
fn tiff(
    mut bytes: Vec<u8>,
    decode: impl Fn(&[u8], ImageFormat) -> Result<RgbImage, PictureError>,
) -> Result<RgbImage, PictureError> {
    let kind = |directory: Option<&Directory>| {
        PictureError::TiffKind(directory.map_or("of a kind".into(), Directory::tiff_kind))
    };
    let directory = Directory::of(&bytes);
    let found = directory
        .as_ref()
        .and_then(|d| Some((d.palette()?, d.photometric_at()?, d.is_big_endian())));
    let other = kind(directory.as_ref());
    let Some((palette, at, big_endian)) = found else {
        return Err(other);
    };
    // 1 means that zero is black.
    let one = if big_endian { [0, 1] } else { [1, 0] };
    let Some(place) = bytes.get_mut(at..at + 2) else {
        return Err(other);
    };
    place.copy_from_slice(&one);
    let mut picture = decode(&bytes, ImageFormat::Tiff).map_err(|_| other)?;
    for pixel in picture.pixels_mut() {
        // A grey is the same in all three.
        *pixel = Rgb(palette.get(usize::from(pixel.0[0])).copied().unwrap_or_default());
    }
    Ok(picture)
}

/// The largest PNG among an icon's pictures.
fn largest_png(bytes: &[u8]) -> Option<&[u8]> {
    let pngs = icons(bytes).filter(|icon| is_png(icon.content));
    pngs.max_by_key(|icon| icon.pixels).map(|icon| icon.content)
}

/// The picture that the decoder for icons would choose, where it is a PNG: of the most bits, then of the most pixels; among
/// equals the last, else the first.
pub fn png_of_icon(bytes: &[u8]) -> Option<&[u8]> {
    let mut icons = icons(bytes).collect::<Vec<_>>();
    let last = icons.pop()?;
    let best = icons.into_iter().fold(last, |best, icon| {
        if (icon.bits, icon.pixels) > (best.bits, best.pixels) {
            icon
        } else {
            best
        }
    });
    is_png(best.content).then_some(best.content)
}

fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

/// One of an icon's pictures.
struct Icon<'a> {
    bits: u16,
    pixels: u32,
    content: &'a [u8],
}

fn icons(bytes: &[u8]) -> impl Iterator<Item = Icon<'_>> {
    let count = bytes
        .get(4..6)
        .map_or(0, |count| usize::from(u16::from_le_bytes([count[0], count[1]])));
    let (entries, _) = bytes.get(6..).unwrap_or_default().as_chunks::<16>();
    entries.iter().take(count).map(move |entry| {
        let number = |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]) as usize;
        // No side means 256 pixels.
        let side = |at: usize| if entry[at] == 0 { 256 } else { u32::from(entry[at]) };
        let rest = bytes.get(number(12)..).unwrap_or_default();
        Icon {
            bits: u16::from_le_bytes([entry[6], entry[7]]),
            pixels: side(0) * side(1),
            content: rest.get(..number(8)).unwrap_or(rest),
        }
    })
}

/// A GIF's first frame may be smaller than its canvas: what lies around it has the palette's transparent colour, else its
/// first, as in Pillow, not black.
pub fn with_ground(mut picture: RgbImage, bytes: &[u8], format: ImageFormat) -> RgbImage {
    let frame = if format == ImageFormat::Gif {
        FirstFrame::of(bytes)
    } else {
        None
    };
    let Some(FirstFrame { sides, ground }) = frame else {
        return picture;
    };
    let [left, top, right, bottom] = sides;
    if left == 0 && top == 0 && right >= picture.width() && bottom >= picture.height() {
        return picture;
    }
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if x < left || y < top || x >= right || y >= bottom {
            *pixel = Rgb(ground);
        }
    }
    picture
}

struct FirstFrame {
    /// Left, top, right and bottom, in pixels of the canvas.
    sides: [u32; 4],
    /// The colour around it.
    ground: [u8; 3],
}

impl FirstFrame {
    fn of(bytes: &[u8]) -> Option<Self> {
        let (shared, mut at) = palette(bytes, *bytes.get(10)?, 13);
        let mut transparent = 0;
        loop {
            match *bytes.get(at)? {
                // An extension: a label, then blocks up to an empty one.
                0x21 => {
                    if let [0xF9, 4, flags, _, _, place] = *bytes.get(at + 1..at + 7)?
                        && flags & 1 == 1
                    {
                        transparent = usize::from(place);
                    }
                    at += 2;
                    while *bytes.get(at)? != 0 {
                        at += 1 + usize::from(bytes[at]);
                    }
                    at += 1;
                }
                0x2C => {
                    let frame = bytes.get(at + 1..at + 10)?;
                    let number = |n: usize| u32::from(u16::from_le_bytes([frame[2 * n], frame[2 * n + 1]]));
                    let (own, _) = palette(bytes, frame[8], at + 10);
                    let colour = own.or(shared)?.get(3 * transparent..3 * transparent + 3)?;
                    return Some(Self {
                        sides: [number(0), number(1), number(0) + number(2), number(1) + number(3)],
                        ground: [colour[0], colour[1], colour[2]],
                    });
                }
                _ => return None,
            }
        }
    }
}

/// The palette that flags announce, and where it ends.
fn palette(bytes: &[u8], flags: u8, start: usize) -> (Option<&[u8]>, usize) {
    if flags & 0x80 == 0 {
        return (None, start);
    }
    let end = start + 3 * (2 << (flags & 7));
    (bytes.get(start..end), end)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use super::super::decode::decode;
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> Result<RgbImage, PictureError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        decode(Path::new(&path))
    }

    #[test]
    fn around_a_smaller_first_frame_lies_the_palettes_colour() {
        let palette = [10, 200, 30, 255, 0, 0, 0, 0, 255, 255, 255, 255];
        let gif = |transparency: &[u8]| {
            let start = [&b"GIF89a\x08\0\x08\0\x81\x02\0"[..], &palette, transparency].concat();
            // A frame of 4 x 4 pixels, all of the second colour, at 2, 2.
            let frame = b"\x2c\x02\0\x02\0\x04\0\x04\0\0\x02\x0a\x4c\x98\x30\x61\xc2\x84\x09\x13\x26\x2c\0;";
            read("x.gif", &[&start[..], frame].concat()).unwrap()
        };
        let opaque = gif(b"");
        assert_eq!(
            (opaque.get_pixel(0, 0).0, opaque.get_pixel(3, 3).0),
            ([10, 200, 30], [255, 0, 0])
        );
        assert_eq!(gif(b"\x21\xf9\x04\x01\0\0\x02\0").get_pixel(0, 0).0, [0, 0, 255]);
    }

    #[test]
    fn an_icon_with_a_png_in_rgb_is_read() {
        let mut png = Cursor::new(Vec::new());
        let blue = RgbImage::from_pixel(16, 16, Rgb([0, 0, 255]));
        blue.write_to(&mut png, ImageFormat::Png).unwrap();
        let png = png.into_inner();
        let mut icon = b"\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x18\0".to_vec();
        icon.extend((png.len() as u32).to_le_bytes());
        icon.extend(22u32.to_le_bytes());
        icon.extend(png);
        assert_eq!(read("x.ico", &icon).unwrap(), blue);
    }
}
