//! The one decoding path: what the window shows is what the model gets, orientation applied once.

use std::borrow::Cow;
use std::io::{Cursor, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use super::exif::{Directory, orientation_of_xmp};
use super::kinds::UnreadKind;
use super::rescue;
use crate::clip::preprocess::jpeg::{self, Wholeness};

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
}

/// Reads a picture, upright, in RGB; transparency is dropped as the reference does.
///
/// # Errors
/// Why the file is not a whole picture.
pub fn decode(path: &Path) -> Result<RgbImage, PictureError> {
    decode_with_notes(path).map(|decoded| decoded.picture)
}

/// Reads a picture, and what there is to say about its file.
///
/// # Errors
/// Why the file is not a whole picture.
pub fn decode_with_notes(path: &Path) -> Result<Decoded, PictureError> {
    decode_guarded(&read(path)?, path)
}

/// Decodes the bytes of a file. A decoder that panics on damaged content costs this file, never the scan.
pub(super) fn decode_guarded(bytes: &[u8], path: &Path) -> Result<Decoded, PictureError> {
    std::panic::catch_unwind(|| decode_bytes(bytes, path))
        .unwrap_or_else(|_| Err(PictureError::Damaged("the decoder gave up".into())))
}

/// The whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, PictureError> {
    let unreadable = |e: std::io::Error| PictureError::Unreadable(e.to_string());
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() && !is_pipe(&metadata) {
        return Err(PictureError::Unreadable(not_a_file(&metadata).into()));
    }
    let too_large = |bytes: u64| PictureError::TooLarge(format!("{} MiB", bytes >> 20));
    if metadata.len() > MAX_FILE_BYTES {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    // A pipe has no length until it is read.
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    match bytes.len() as u64 {
        0 => Err(PictureError::Empty),
        length if length > MAX_FILE_BYTES => Err(too_large(length)),
        _ => Ok(bytes),
    }
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

fn decode_bytes(bytes: &[u8], path: &Path) -> Result<Decoded, PictureError> {
    let format = format_of(bytes, path)?;
    let (bytes, note) = match format {
        ImageFormat::Jpeg => with_its_end(bytes)?,
        _ => (Cow::Borrowed(bytes), None),
    };
    let picture = match pixels(&bytes, format) {
        Err(error) => rescue::by_other_means(&bytes, format, error, pixels)?,
        Ok(picture) => rescue::with_ground(picture, &bytes, format),
    };
    let steps = match format {
        ImageFormat::Jpeg => jpeg::brightness_steps(&bytes),
        // Neither has a table: so much do their usual settings change.
        ImageFormat::WebP if bytes.get(12..16) == Some(b"VP8 ") => Some([12; 64]),
        ImageFormat::Gif => Some([24; 64]),
        _ => None,
    };
    Ok(Decoded {
        picture: picture.into_rgb8(),
        note,
        steps,
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
fn with_its_end(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, Option<&'static str>), PictureError> {
    match jpeg::wholeness(bytes) {
        Wholeness::Whole => Ok((Cow::Borrowed(bytes), None)),
        Wholeness::NoEnd(end) => {
            let ended = [&bytes[..end], b"\xFF\xD9"].concat();
            Ok((
                Cow::Owned(ended),
                Some("its end marker is missing; every pixel is there"),
            ))
        }
        Wholeness::Cut => {
            // What is wrong before the pixels is said before what is missing of them.
            reader(bytes, ImageFormat::Jpeg).into_decoder().map_err(picture_error)?;
            Err(PictureError::Truncated)
        }
    }
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    reader
}

/// The pixels, upright.
fn pixels(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, PictureError> {
    let mut decoder = reader(bytes, format).into_decoder().map_err(picture_error)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge(format!("{width} x {height} pixels")));
    }
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged("it has no pixels".into()));
    }
    let turn = orientation(&mut decoder, bytes, format);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(picture_error)?;
    picture.apply_orientation(turn);
    Ok(picture)
}

/// How the picture is turned, as Pillow reads it: from EXIF, or from the file itself for a TIFF, else from XMP.
fn orientation(decoder: &mut impl ImageDecoder, bytes: &[u8], format: ImageFormat) -> Orientation {
    let block = match format {
        ImageFormat::Tiff => Some(Cow::Borrowed(bytes)),
        _ => decoder.exif_metadata().ok().flatten().map(Cow::Owned),
    };
    let in_exif = block.and_then(|block| Directory::of(&block)?.orientation());
    let turn = in_exif.or_else(|| orientation_of_xmp(&decoder.xmp_metadata().ok().flatten()?));
    turn.and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms)
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

    fn decoded(bytes: &[u8], name: &str) -> Result<RgbImage, PictureError> {
        decode_bytes(bytes, Path::new(name)).map(|decoded| decoded.picture)
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
        let without = decode_bytes(&bytes[..bytes.len() - 2], Path::new("x.jpg")).unwrap();
        assert!(without.note.unwrap().contains("end marker"));
        assert_eq!(without.picture, decoded(&bytes, "x.jpg").unwrap());
        let cut = decode_bytes(&bytes[..bytes.len() - 9], Path::new("x.jpg"));
        assert_eq!(cut.unwrap_err(), PictureError::Truncated);
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
