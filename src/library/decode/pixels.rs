//! From bytes to upright pixels in RGB, within the memory that is set aside for them.

use std::fs::File;
use std::io::{BufReader, Cursor, Seek};

use image::codecs::tiff::TiffDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};
use jpeg_decoder::PixelFormat;

use super::error::{PictureError, picture_error, unreadable};
use super::memory::{needed_by, room_for};
use super::orientation::orientation;
use super::{Decoded, STREAMED_BYTES};
use crate::clip::preprocess::jpeg::{self, Wholeness};
use crate::library::budget::Room;
use crate::library::exif::first_directory;
use crate::library::rescue;
use crate::library::rgb::{RGB_BYTES, decode_rgb};

/// What a PNG's colour profile and texts may take when they are unpacked, and its rows.
const MAX_PNG_EXTRA_BYTES: u64 = 16 << 20;
/// What other files may take beside their pixels: colour profiles, tables, texts.
const MAX_EXTRA_BYTES: u64 = 64 << 20;

/// A large TIFF may hold layers beside its picture, and more pictures; a file with far less of a picture than this part of
/// it holds nothing.
const MOST_OF_PICTURE: u64 = 32;

/// A large TIFF whose header was read, and none of its pixels.
struct Streamed<'a> {
    decoder: TiffDecoder<BufReader<&'a File>>,
    turn: Orientation,
    /// The memory that decoding takes, in bytes.
    needed: u64,
}

impl<'a> Streamed<'a> {
    fn open(mut file: &'a File) -> Result<Self, PictureError> {
        let length = file.metadata().map_err(unreadable)?.len();
        let directory = first_directory(file).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let mut decoder = TiffDecoder::new(BufReader::new(file)).map_err(picture_error)?;
        decoder.set_limits(limits(MAX_EXTRA_BYTES)).map_err(picture_error)?;
        let turn = orientation(&mut decoder, &directory, ImageFormat::Tiff);
        let needed = needed_by(&decoder, ImageFormat::Tiff, &directory, length, turn)?;
        if length > STREAMED_BYTES + MOST_OF_PICTURE * decoder.total_bytes() {
            return Err(PictureError::Damaged(format!(
                "it has {} MB, and its picture is far smaller",
                length / 1_000_000
            )));
        }
        Ok(Self { decoder, turn, needed })
    }
}

/// Whether a large TIFF can be a picture at all, before all of it is read.
///
/// # Errors
/// It is none.
pub(super) fn check_streamed(file: &File) -> Result<(), PictureError> {
    Streamed::open(file).map(drop)
}

/// A large TIFF, of which no more is in memory than its pixels.
pub(super) fn decode_streamed(file: &File) -> Result<Decoded, PictureError> {
    let Streamed { decoder, turn, needed } = Streamed::open(file)?;
    let mut room = room_for(needed)?;
    let picture = turned(decoder, turn, MAX_EXTRA_BYTES)?;
    room.shrink(u64::from(picture.width()) * u64::from(picture.height()) * RGB_BYTES as u64);
    Ok(Decoded {
        picture,
        note: None,
        steps: None,
        room,
    })
}

/// Reads a picture for which `room` bytes are set aside.
pub(super) fn decode_bytes(bytes: Vec<u8>, format: ImageFormat, room: u64) -> Result<Decoded, PictureError> {
    let (bytes, note) = match format {
        ImageFormat::Jpeg => with_its_end(bytes)?,
        _ => (bytes, None),
    };
    let read = |bytes: &[u8], format| pixels(bytes, format, room);
    let steps = match format {
        ImageFormat::Jpeg => jpeg::brightness_steps(&bytes),
        // Neither has a table: so much do their usual settings change.
        ImageFormat::WebP if bytes.get(12..16) == Some(b"VP8 ") => Some([12; 64]),
        ImageFormat::Gif => Some([24; 64]),
        _ => None,
    };
    let picture = match read(&bytes, format) {
        Err(error) => rescue::by_other_means(bytes, format, error, read)?,
        Ok(picture) => rescue::with_ground(picture, &bytes, format),
    };
    Ok(Decoded {
        picture,
        note,
        steps,
        room: Room::default(),
    })
}

/// A JPEG that misses only its end gets one; what follows the picture is no part of it.
fn with_its_end(mut bytes: Vec<u8>) -> Result<(Vec<u8>, Option<&'static str>), PictureError> {
    match jpeg::wholeness(&bytes) {
        Wholeness::Whole => Ok((bytes, None)),
        Wholeness::NoEnd(end) => {
            bytes.truncate(end);
            bytes.extend(b"\xFF\xD9");
            Ok((bytes, Some("its end marker is missing; every pixel is there")))
        }
        Wholeness::Cut => {
            // What is wrong before the pixels is said before what is missing of them.
            reader(&bytes, ImageFormat::Jpeg)
                .into_decoder()
                .map_err(picture_error)?;
            Err(PictureError::Truncated)
        }
    }
}

/// The picture itself: an icon that is a PNG is read as one, because the decoder for icons bounds nothing in it.
pub(super) fn content_of(bytes: &[u8], format: ImageFormat) -> (&[u8], ImageFormat) {
    match format {
        ImageFormat::Ico => rescue::png_of_icon(bytes).map_or((bytes, format), |png| (png, ImageFormat::Png)),
        _ => (bytes, format),
    }
}

pub(super) fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits(match format {
        ImageFormat::Png => MAX_PNG_EXTRA_BYTES,
        _ => MAX_EXTRA_BYTES,
    }));
    reader
}

fn limits(bytes: u64) -> image::Limits {
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(bytes);
    limits
}

/// The pixels, upright; no more than there is room for.
fn pixels(bytes: &[u8], format: ImageFormat, room: u64) -> Result<RgbImage, PictureError> {
    let (bytes, format) = content_of(bytes, format);
    let mut decoder = reader(bytes, format).into_decoder().map_err(picture_error)?;
    let turn = orientation(&mut decoder, bytes, format);
    if needed_by(&decoder, format, bytes, bytes.len() as u64, turn)? > room {
        return Err(PictureError::Damaged("it changed while it was read".into()));
    }
    match format {
        ImageFormat::Jpeg if jpeg::has_separate_scans(bytes) => by_scans(bytes, turn),
        ImageFormat::Png => turned(decoder, turn, MAX_PNG_EXTRA_BYTES),
        _ => turned(decoder, turn, MAX_EXTRA_BYTES.min(bytes.len() as u64)),
    }
}

/// A JPEG whose colours come one after the other: the usual decoder (zune-jpeg 0.5.15) makes other colours of those that
/// are stored at a lower resolution, and says nothing.
fn by_scans(bytes: &[u8], turn: Orientation) -> Result<RgbImage, PictureError> {
    let damaged = |reason: String| PictureError::Damaged(reason);
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let values = decoder.decode().map_err(|error| damaged(error.to_string()))?;
    let kind = decoder.info().map(|info| (info.width, info.height, info.pixel_format));
    let picture = kind.and_then(|(width, height, format)| {
        let (width, height) = (u32::from(width), u32::from(height));
        match format {
            PixelFormat::RGB24 => RgbImage::from_raw(width, height, values).map(DynamicImage::ImageRgb8),
            PixelFormat::L8 => GrayImage::from_raw(width, height, values).map(DynamicImage::ImageLuma8),
            PixelFormat::L16 | PixelFormat::CMYK32 => None,
        }
    });
    let mut picture =
        picture.ok_or_else(|| damaged("its colours are of a kind that is not read in separate scans".into()))?;
    picture.apply_orientation(turn);
    Ok(picture.into_rgb8())
}

/// Decodes, with so much beside the pixels as `extra` says, and turns upright.
fn turned(mut decoder: impl ImageDecoder, turn: Orientation, extra: u64) -> Result<RgbImage, PictureError> {
    let limits = limits(decoder.total_bytes().saturating_mul(2).saturating_add(extra));
    decoder.set_limits(limits).map_err(picture_error)?;
    let mut picture = DynamicImage::ImageRgb8(decode_rgb(decoder)?);
    picture.apply_orientation(turn);
    Ok(picture.into_rgb8())
}
