//! The one decoding path: what the window shows is what the model gets, orientation applied once.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use super::budget::{PICTURE_BUDGET, Room};
use super::exif::{Directory, first_directory, orientation_of_xmp};
use super::kinds::UnreadKind;
use super::rescue;
use super::rgb::{RGB_BYTES, decode_rgb};
use super::thumbnail::fitted;
use crate::clip::preprocess::jpeg::{self, Wholeness};
use crate::logging::{panic_text, place};

/// Larger files are no photographs; they would only exhaust the memory.
const MAX_FILE_BYTES: u64 = 300_000_000;
/// A TIFF of 16 bits a channel is large without being long: from this length on it is read where it lies.
const STREAMED_BYTES: u64 = 64 << 20;
const MAX_STREAMED_BYTES: u64 = 4 << 30;
/// The longest side of a JPEG; what tables by rows and columns take grows with it.
const MAX_SIDE: u32 = 65_535;
/// Enough of a file's beginning to know what it is.
const HEAD_BYTES: u64 = 4_096;
/// What a PNG's colour profile and texts may take when they are unpacked, and its rows.
const MAX_PNG_EXTRA_BYTES: u64 = 16 << 20;
/// What other files may take beside their pixels: colour profiles, tables, texts.
const MAX_EXTRA_BYTES: u64 = 64 << 20;

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
    /// A picture of a kind that is known and not read.
    #[error("{} is not read: {}", .0.name(), .0.advice())]
    Kind(UnreadKind),
    /// A TIFF whose content is of a kind that is not read.
    #[error("a TIFF {0}, which is not read: save it as PNG, or as a TIFF with 8 or 16 bits a channel")]
    TiffKind(String),
    /// The content is broken.
    #[error("damaged: {0}")]
    Damaged(String),
}

/// A picture, and what there is to say about its file.
#[derive(Debug)]
pub struct Decoded {
    /// Upright, in RGB.
    pub picture: RgbImage,
    /// What is odd about the file, where the picture is whole all the same.
    pub note: Option<&'static str>,
    /// How coarsely brightness was rounded when the file was saved, by frequency; none where it was not.
    pub steps: Option<[u16; 64]>,
    /// The pixels' part of the memory that all pictures share: keep it as long as them where many are decoded at once.
    pub room: Room,
}

/// Reads a picture, upright, in RGB; transparency is dropped as the reference does. Its memory is not counted any more:
/// where several are held at once, see [`decode_with_notes`].
///
/// # Errors
/// Why the file is not a whole picture.
pub fn decode(path: &Path) -> Result<RgbImage, PictureError> {
    decode_with_notes(path).map(|decoded| decoded.picture)
}

/// Reads a picture no larger than `max_side`. The memory that the whole one takes is given back when it is gone, and not
/// before.
///
/// # Errors
/// Why the file is not a whole picture.
pub fn decode_fitted(path: &Path, max_side: u32) -> Result<RgbImage, PictureError> {
    let Decoded {
        picture, room: _room, ..
    } = decode_with_notes(path)?;
    Ok(fitted(&picture, max_side))
}

/// Reads a picture, and what there is to say about its file. Where other pictures take all the memory that there is for
/// them, it waits.
///
/// # Errors
/// Why the file is not a whole picture.
pub fn decode_with_notes(path: &Path) -> Result<Decoded, PictureError> {
    decode_raw(read(path)?, path, &|_| true)
}

/// A file that was read, and not decoded yet.
pub(super) enum Raw {
    /// All of it, with its part of the memory that all pictures share.
    Whole {
        /// Its bytes.
        bytes: Vec<u8>,
        /// What it is.
        format: ImageFormat,
        /// Its part of the memory.
        room: Room,
        /// Whether it can be read once more; a pipe cannot.
        is_file: bool,
    },
    /// A large TIFF, which is read where it lies.
    Large,
}

/// Reads a file, as far as it has to be in memory.
pub(super) fn read(path: &Path) -> Result<Raw, PictureError> {
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() && !is_pipe(&metadata) {
        return Err(PictureError::Unreadable(not_a_file(&metadata).into()));
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut head = Vec::new();
    (&file).take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
    if head.is_empty() {
        return Err(PictureError::Empty);
    }
    // What is no picture is not read to its end.
    let format = format_of(&head, path)?;
    if format == ImageFormat::Tiff && (STREAMED_BYTES..MAX_STREAMED_BYTES).contains(&metadata.len()) {
        return Ok(Raw::Large);
    }
    read_whole(&file, head, format, &metadata)
}

fn read_whole(
    mut file: &File,
    head: Vec<u8>,
    format: ImageFormat,
    metadata: &std::fs::Metadata,
) -> Result<Raw, PictureError> {
    if metadata.len() > MAX_FILE_BYTES {
        return Err(file_too_large(metadata.len()));
    }
    // A pipe has no length until it is read, and may keep others waiting for ever: it gets its room afterwards.
    let known = metadata.is_file().then_some(metadata.len());
    let room = room(copies_of_file(format) * known.unwrap_or(0))?;
    if known.is_some() {
        file.seek(SeekFrom::Start(head.len() as u64)).map_err(unreadable)?;
    }
    Ok(Raw::Whole {
        bytes: with_rest(head, file, known)?,
        format,
        room,
        is_file: known.is_some(),
    })
}

/// Decodes what was read. Where it has to be read once more, `same` says whether it still holds the same. A decoder that
/// panics on damaged content costs this file, never the scan.
pub(super) fn decode_raw(raw: Raw, path: &Path, same: &dyn Fn(&[u8]) -> bool) -> Result<Decoded, PictureError> {
    let decode = std::panic::AssertUnwindSafe(|| match raw {
        Raw::Large => decode_large(path, same),
        Raw::Whole {
            bytes,
            format,
            room,
            is_file,
        } => decode_whole(bytes, format, room, is_file.then_some(path), same),
    });
    std::panic::catch_unwind(decode).unwrap_or_else(|panic| {
        let reason = panic_text(panic.as_ref());
        Err(PictureError::Damaged(format!(
            "its decoder failed ({reason}); {}",
            place()
        )))
    })
}

fn decode_large(path: &Path, same: &dyn Fn(&[u8]) -> bool) -> Result<Decoded, PictureError> {
    let file = File::open(path).map_err(unreadable)?;
    match decode_streamed(&file) {
        // Of another kind, perhaps with a palette.
        Err(PictureError::Unsupported) => {}
        other => return other,
    }
    (&file).rewind().map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    match read_whole(&file, Vec::new(), ImageFormat::Tiff, &metadata)? {
        Raw::Whole {
            bytes, format, room, ..
        } => decode_whole(bytes, format, room, Some(path), same),
        Raw::Large => Err(file_too_large(metadata.len())),
    }
}

/// `again` is where the file can be read once more.
fn decode_whole(
    mut bytes: Vec<u8>,
    format: ImageFormat,
    mut room: Room,
    again: Option<&Path>,
    same: &dyn Fn(&[u8]) -> bool,
) -> Result<Decoded, PictureError> {
    let needed = needed(&bytes, format)?;
    if !room.try_grow(needed) {
        // Nothing is held while waiting for more, but for what can be read only once.
        if again.is_some() {
            bytes = Vec::new();
        }
        drop(room);
        room = self::room(needed)?;
        if let Some(path) = again {
            let file = File::open(path).map_err(unreadable)?;
            let length = file.metadata().map_err(unreadable)?.len();
            bytes = with_rest(Vec::new(), &file, Some(length))?;
            if !same(&bytes) {
                return Err(PictureError::Unreadable("it changed while it was read".into()));
            }
        }
    }
    let mut decoded = decode_bytes(bytes, format, room.bytes())?;
    room.shrink(u64::from(decoded.picture.width()) * u64::from(decoded.picture.height()) * RGB_BYTES as u64);
    decoded.room = room;
    Ok(decoded)
}

/// A large TIFF, of which no more is in memory than its pixels.
fn decode_streamed(file: &File) -> Result<Decoded, PictureError> {
    let directory = first_directory(file).map_err(unreadable)?;
    let open = || -> Result<_, PictureError> {
        let mut reader = ImageReader::with_format(BufReader::new(file), ImageFormat::Tiff);
        reader.limits(limits(MAX_EXTRA_BYTES));
        (&*file).rewind().map_err(unreadable)?;
        reader.into_decoder().map_err(picture_error)
    };
    let mut decoder = open()?;
    let turn = orientation(&mut decoder, &directory, ImageFormat::Tiff);
    let needed = needed_by(&decoder, ImageFormat::Tiff, &[], turn)?;
    let mut room = room(needed)?;
    let picture = turned(decoder, turn, MAX_EXTRA_BYTES)?;
    room.shrink(u64::from(picture.width()) * u64::from(picture.height()) * RGB_BYTES as u64);
    Ok(Decoded {
        picture,
        note: None,
        steps: None,
        room,
    })
}

fn unreadable(error: std::io::Error) -> PictureError {
    PictureError::Unreadable(error.to_string())
}

fn file_too_large(bytes: u64) -> PictureError {
    PictureError::TooLarge(format!("a file of {} MiB", bytes >> 20))
}

fn room(bytes: u64) -> Result<Room, PictureError> {
    let too_large = || PictureError::TooLarge(format!("reading it would take {} MiB of memory", bytes >> 20));
    Room::take(bytes).ok_or_else(too_large)
}

/// The whole file, of which `head` was read already.
fn with_rest(mut head: Vec<u8>, file: &File, known: Option<u64>) -> Result<Vec<u8>, PictureError> {
    let length = known.unwrap_or_default() as usize;
    let no_memory = |_| file_too_large(length as u64);
    head.try_reserve_exact(length.saturating_sub(head.len()))
        .map_err(no_memory)?;
    // A file that grows meanwhile is not followed.
    let most = known.unwrap_or(MAX_FILE_BYTES + 1) - (head.len() as u64).min(known.unwrap_or(0));
    file.take(most).read_to_end(&mut head).map_err(unreadable)?;
    match head.len() as u64 {
        length if length > MAX_FILE_BYTES => Err(file_too_large(length)),
        _ => Ok(head),
    }
}

/// How often a file lies in memory while it is decoded: the decoder for JPEG keeps a copy of its own.
fn copies_of_file(format: ImageFormat) -> u64 {
    match format {
        ImageFormat::Jpeg => 2,
        _ => 1,
    }
}

/// The memory that reading a picture takes at most, in bytes, its file included.
fn needed(bytes: &[u8], format: ImageFormat) -> Result<u64, PictureError> {
    let file = copies_of_file(format) * bytes.len() as u64;
    let (bytes, format) = content_of(bytes, format);
    match reader(bytes, format).into_decoder() {
        Ok(mut decoder) => {
            let turn = orientation(&mut decoder, bytes, format);
            Ok(file.saturating_add(needed_by(&decoder, format, bytes, turn)?))
        }
        // What is read by other means alone has no size yet.
        Err(_) if matches!(format, ImageFormat::Tiff | ImageFormat::Ico) => Ok(PICTURE_BUDGET),
        Err(_) => Ok(file),
    }
}

/// What a decoder and the pixels take at most, in bytes.
fn needed_by(
    decoder: &impl ImageDecoder,
    format: ImageFormat,
    bytes: &[u8],
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
    let turned = match turn {
        Orientation::NoTransforms | Orientation::Rotate180 => 0,
        Orientation::FlipHorizontal | Orientation::FlipVertical => 0,
        _ => rgb,
    };
    let needed = stored.max(rgb).saturating_add(beside.max(turned));
    if width.max(height) > MAX_SIDE || needed > PICTURE_BUDGET {
        return Err(PictureError::TooLarge(format!("{width} x {height} pixels")));
    }
    Ok(needed)
}

/// Whether something is a pipe, which can be read once, from its beginning to its end.
pub fn is_pipe(metadata: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type());
    #[cfg(not(unix))]
    return {
        let _ = metadata;
        false
    };
}

/// What something is that is neither a file nor a pipe.
pub fn not_a_file(metadata: &std::fs::Metadata) -> &'static str {
    if metadata.is_dir() {
        "it is a folder, not a picture"
    } else {
        "it is a device, not a picture; save what it gives as a file first"
    }
}

/// Reads a picture for which `room` bytes are set aside.
fn decode_bytes(bytes: Vec<u8>, format: ImageFormat, room: u64) -> Result<Decoded, PictureError> {
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

/// The format by content; TGA has no mark, and is known by its name alone.
fn format_of(bytes: &[u8], path: &Path) -> Result<ImageFormat, PictureError> {
    let by_name = UnreadKind::by_name(path);
    match image::guess_format(bytes) {
        // The TIFF in a RAW file is a thumbnail.
        Ok(ImageFormat::Tiff) if by_name == Some(UnreadKind::Raw) => Err(PictureError::Kind(UnreadKind::Raw)),
        Ok(format) if format.reading_enabled() && UnreadKind::by_content(bytes).is_none() => Ok(format),
        _ if matches!(ImageFormat::from_path(path), Ok(ImageFormat::Tga)) => Ok(ImageFormat::Tga),
        _ => Err(UnreadKind::by_content(bytes)
            .or(by_name)
            .map_or(PictureError::Unsupported, PictureError::Kind)),
    }
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
fn content_of(bytes: &[u8], format: ImageFormat) -> (&[u8], ImageFormat) {
    match format {
        ImageFormat::Ico => rescue::png_of_icon(bytes).map_or((bytes, format), |png| (png, ImageFormat::Png)),
        _ => (bytes, format),
    }
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
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
    if needed_by(&decoder, format, bytes, turn)? > room {
        return Err(PictureError::Damaged("it changed while it was read".into()));
    }
    match format {
        ImageFormat::Png => turned(decoder, turn, MAX_PNG_EXTRA_BYTES),
        _ => turned(decoder, turn, MAX_EXTRA_BYTES.min(bytes.len() as u64)),
    }
}

/// Decodes, with so much beside the pixels as `extra` says, and turns upright.
fn turned(mut decoder: impl ImageDecoder, turn: Orientation, extra: u64) -> Result<RgbImage, PictureError> {
    let limits = limits(decoder.total_bytes().saturating_mul(2).saturating_add(extra));
    decoder.set_limits(limits).map_err(picture_error)?;
    let mut picture = DynamicImage::ImageRgb8(decode_rgb(decoder)?);
    picture.apply_orientation(turn);
    Ok(picture.into_rgb8())
}

/// How the picture is turned, as Pillow reads it: from EXIF, or from the file itself for a TIFF, else from XMP.
fn orientation(decoder: &mut impl ImageDecoder, bytes: &[u8], format: ImageFormat) -> Orientation {
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
fn chunk_of_webp<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
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

/// Why the library did not decode a picture.
pub fn picture_error(error: image::ImageError) -> PictureError {
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

    fn with_notes(bytes: &[u8], name: &str) -> Result<Decoded, PictureError> {
        let format = format_of(bytes, Path::new(name))?;
        decode_bytes(bytes.to_vec(), format, needed(bytes, format)?)
    }

    fn decoded(bytes: &[u8], name: &str) -> Result<RgbImage, PictureError> {
        with_notes(bytes, name).map(|decoded| decoded.picture)
    }

    #[test]
    fn every_format_is_read() {
        for format in FORMATS {
            let picture = decoded(&encoded(format), "x").unwrap();
            assert_eq!(picture.dimensions(), (67, 45), "{format:?}");
        }
        assert_eq!(
            decoded(&encoded(ImageFormat::Tga), "x.TGA").unwrap().dimensions(),
            (67, 45)
        );
    }

    #[test]
    fn every_format_cut_in_half_is_an_error() {
        for format in FORMATS {
            let bytes = encoded(format);
            assert!(decoded(&bytes[..bytes.len() / 2], "x").is_err(), "{format:?}");
        }
    }

    #[test]
    fn a_jpeg_without_its_end_is_read_with_a_note() {
        let bytes = encoded(ImageFormat::Jpeg);
        let without = with_notes(&bytes[..bytes.len() - 2], "x.jpg").unwrap();
        assert!(without.note.unwrap().contains("end marker"));
        assert_eq!(without.picture, decoded(&bytes, "x.jpg").unwrap());
        let cut = with_notes(&bytes[..bytes.len() - 9], "x.jpg");
        assert_eq!(cut.unwrap_err(), PictureError::Truncated);
    }

    #[test]
    fn a_large_tiff_is_read_where_it_lies_and_turned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tif");
        let mut bytes = encoded(ImageFormat::Tiff);
        // The entry of the directory that says how many rows a strip has, as long as one that says how to turn.
        let (start, count) = (u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize, 12);
        let entries = usize::from(u16::from_le_bytes(bytes[start..start + 2].try_into().unwrap()));
        let of =
            |bytes: &[u8], n: usize| u16::from_le_bytes([bytes[start + 2 + count * n], bytes[start + 3 + count * n]]);
        let spare = (0..entries).find(|n| of(&bytes, *n) == 282).unwrap();
        let at = start + 2 + count * spare;
        bytes[at..at + count].copy_from_slice(&[18, 1, 4, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        let file = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            File::open(&path).unwrap()
        };
        let turned = decode_streamed(&file(&bytes)).unwrap().picture;
        assert_eq!(turned.dimensions(), (45, 67));
        assert_eq!(turned, decoded(&bytes, "x.tif").unwrap());
        assert!(decode_streamed(&file(&bytes[..bytes.len() / 2])).is_err());
    }

    #[test]
    fn a_webp_is_turned_by_what_is_whole_in_it() {
        let lossless = encoded(ImageFormat::WebP);
        let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let extended = |claimed: u32| {
            let flags = b"VP8X\x0a\0\0\0\x08\0\0\0\x42\0\0\x2c\0\0";
            let chunks = [
                &b"WEBP"[..],
                flags,
                &lossless[12..],
                b"EXIF",
                &claimed.to_le_bytes(),
                exif,
            ]
            .concat();
            [&b"RIFF"[..], &(chunks.len() as u32).to_le_bytes(), &chunks].concat()
        };
        assert_eq!(
            decoded(&extended(exif.len() as u32), "x").unwrap().dimensions(),
            (45, 67)
        );
        let beyond = extended(0x7FFF_FFF0);
        assert_eq!(decoded(&beyond, "x").unwrap().dimensions(), (67, 45));
        assert_eq!(chunk_of_webp(&beyond, b"EXIF"), None);
    }

    #[test]
    fn kinds_that_are_not_read_are_named_with_a_way_out() {
        let heic = decoded(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "IMG_0001.JPG").unwrap_err();
        assert!(
            heic.to_string().starts_with("HEIC is not read: save it as JPEG"),
            "{heic}"
        );
        let raw = decoded(&encoded(ImageFormat::Tiff), "DSC_1.NEF").unwrap_err();
        assert_eq!(raw, PictureError::Kind(UnreadKind::Raw));
        assert_eq!(decoded(b"plain words", "x.jpg").unwrap_err(), PictureError::Unsupported);
    }
}
