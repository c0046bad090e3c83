//! The one decoding path: what the window shows is what the model gets, orientation applied once.

mod error;
mod memory;
mod orientation;
mod parts;
mod pixels;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use image::{ImageFormat, RgbImage};

use super::budget::Room;
use super::kinds::UnreadKind;
use super::rgb::RGB_BYTES;
use super::thumbnail::fitted;
use crate::logging::{panic_text, place};
use error::{file_too_large, unreadable};
use memory::{copies_of_file, needed, room_for};
use pixels::{check_streamed, decode_bytes, decode_streamed};

pub use error::{PictureError, is_unread_tiff, picture_error};

/// Larger files are no photographs; they would only exhaust the memory.
const MAX_FILE_BYTES: u64 = 300_000_000;
/// A TIFF of 16 bits a channel is large without being long: from this length on it is read where it lies.
const STREAMED_BYTES: u64 = 64 << 20;
const MAX_STREAMED_BYTES: u64 = 4 << 30;
/// Enough of a file's beginning to know what it is.
const HEAD_BYTES: u64 = 4_096;

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
        bytes: Vec<u8>,
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
        return match guarded(|| check_streamed(&file)) {
            // Of another kind, perhaps with a palette, which is read as a whole.
            Err(PictureError::Unsupported) if metadata.len() > MAX_FILE_BYTES => Err(file_too_large(metadata.len())),
            Err(PictureError::Unsupported) => Ok(Raw::Large),
            checked => checked.map(|()| Raw::Large),
        };
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
    let room = room_for(copies_of_file(format) * known.unwrap_or(0))?;
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

/// Decodes what was read. Where it has to be read once more, `same` says whether it still holds the same. A decoder that
/// panics on damaged content costs this file, never the scan.
pub(super) fn decode_raw(raw: Raw, path: &Path, same: &dyn Fn(&[u8]) -> bool) -> Result<Decoded, PictureError> {
    guarded(|| match raw {
        Raw::Large => decode_large(path, same),
        Raw::Whole {
            bytes,
            format,
            room,
            is_file,
        } => decode_whole(bytes, format, room, is_file.then_some(path), same),
    })
}

/// What a decoder panics at is damage of the file.
fn guarded<T>(work: impl FnOnce() -> Result<T, PictureError>) -> Result<T, PictureError> {
    let work = std::panic::AssertUnwindSafe(work);
    std::panic::catch_unwind(work).unwrap_or_else(|panic| {
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
        room = room_for(needed)?;
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
