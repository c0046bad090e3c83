//! What a picture file holds, known by its hash: the same wherever it lies, another when one byte is another.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::decode::{self, Decoded, PictureError, Raw};
use super::stamp::{Stamp, stamp};

/// The SHA-256 of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Content(pub [u8; 32]);

impl Content {
    /// Of the bytes of a file.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of a file, piece by piece.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of_file(path: &Path) -> std::io::Result<Self> {
        let mut hash = Sha256::new();
        std::io::copy(&mut std::fs::File::open(path)?, &mut hash)?;
        Ok(Self(hash.finalize().into()))
    }

    /// From what a store kept.
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A picture file that was read, and not decoded yet.
pub struct ReadPicture {
    path: PathBuf,
    /// None once it was decoded.
    raw: Option<Raw>,
    /// What it holds.
    pub content: Content,
    /// By which it is known again without being read; none where it changed while it was read, or so shortly before that
    /// a further change would not show, or where it is a pipe.
    pub stamp: Option<Stamp>,
}

impl ReadPicture {
    /// Reads a whole file.
    ///
    /// # Errors
    /// It cannot be read, or is too large to be a picture.
    pub fn read(path: &Path) -> Result<Self, PictureError> {
        let before = stamp(path).ok();
        let raw = decode::read(path)?;
        let content = match &raw {
            Raw::Whole { bytes, .. } => Content::of(bytes),
            Raw::Large => Content::of_file(path).map_err(|error| PictureError::Unreadable(error.to_string()))?,
        };
        let after = stamp(path).ok();
        Ok(Self {
            path: path.to_path_buf(),
            content,
            stamp: after.filter(|stamp| before == after && stamp.is_settled(SystemTime::now())),
            raw: Some(raw),
        })
    }

    /// The picture in it, upright, in RGB. What was read is given up for it; a second time, the file is read anew.
    ///
    /// # Errors
    /// Why the file is not a whole picture.
    pub fn decode(&mut self) -> Result<Decoded, PictureError> {
        let raw = self.raw.take().map_or_else(|| decode::read(&self.path), Ok)?;
        let content = self.content;
        decode::decode_raw(raw, &self.path, &|bytes| Content::of(bytes) == content)
    }
}
