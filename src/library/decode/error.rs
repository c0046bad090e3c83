//! Why a file is not shown.

use crate::library::kinds::UnreadKind;

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

/// Whether a picture is not shown, for this reason as people are told it, because it is a kind of TIFF that is not read.
/// Unlike other kinds, those are known only once they are opened.
pub fn is_unread_tiff(reason: &str) -> bool {
    let big = PictureError::Kind(UnreadKind::BigTiff).to_string();
    reason == big || reason.starts_with("a TIFF ") && reason.contains(", which is not read: ")
}

pub(super) fn unreadable(error: std::io::Error) -> PictureError {
    PictureError::Unreadable(error.to_string())
}

pub(super) fn file_too_large(bytes: u64) -> PictureError {
    PictureError::TooLarge(format!("a file of {} MiB", bytes >> 20))
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
