//! What a picture file holds, known by its hash: the same wherever it lies, another when one byte is another.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
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
    /// None once it was decoded or given up.
    raw: Mutex<Option<Raw>>,
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
            raw: Mutex::new(Some(raw)),
        })
    }

    /// Where it was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The picture in it, upright, in RGB. What was read is given up for it; a second time, the file is read anew.
    ///
    /// # Errors
    /// Why the file is not a whole picture.
    pub fn decode(&self) -> Result<Decoded, PictureError> {
        let content = self.content;
        let same = |bytes: &[u8]| Content::of(bytes) == content;
        let raw = match self.take() {
            Some(raw) => raw,
            None => decode::read(&self.path)?,
        };
        if let Raw::Whole { bytes, .. } = &raw
            && !same(bytes)
        {
            return Err(PictureError::Unreadable("it changed while it was read".into()));
        }
        decode::decode_raw(raw, &self.path, &same)
    }

    /// Gives up what was read, and its part of the memory that all pictures share: who reads many before decoding one
    /// would have all others wait.
    pub fn release(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<Raw> {
        self.raw.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
