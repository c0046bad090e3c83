//! What a picture file holds, known by its hash: the same wherever it lies, another when one byte is another.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::decode::{self, Decoded, PictureError};
use super::stamp::{Stamp, stamp};

/// The SHA-256 of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Content(pub [u8; 32]);

impl Content {
    /// Of the bytes of a file.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
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
    bytes: Vec<u8>,
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
        let bytes = decode::read(path)?;
        let after = stamp(path).ok();
        Ok(Self {
            path: path.to_path_buf(),
            content: Content::of(&bytes),
            stamp: after.filter(|stamp| before == after && stamp.is_settled(SystemTime::now())),
            bytes,
        })
    }

    /// Where it was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The picture in it, upright, in RGB.
    ///
    /// # Errors
    /// Why the file is not a whole picture.
    pub fn decode(&self) -> Result<Decoded, PictureError> {
        decode::decode_guarded(&self.bytes, &self.path)
    }
}
