//! Files that are read and decoded for a model, on other threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::clip::{Embedding, Preprocessing};
use crate::engine::messages::absolute;
use crate::engine::prepare::{Prepared, prepare_read};
use crate::library::{Content, PictureError, ReadPicture, Stamp, Store};
use crate::logging::{panic_text, place as log_place};

/// A file that was read.
pub(super) struct Pending {
    pub index: usize,
    /// Absolute.
    pub path: PathBuf,
    pub read: std::result::Result<Read, String>,
}

pub(super) enum Read {
    /// Its content is known: the file was touched or moved, or is a copy.
    Known(Content, Option<Stamp>, Embedding),
    /// It is to be embedded.
    New(Box<Prepared>),
}

/// What decoding threads know.
pub(super) struct Reader {
    pub preprocessing: Preprocessing,
    pub identity: String,
    pub dim: usize,
    pub data_dir: Option<PathBuf>,
}

impl Reader {
    pub(super) fn pending(&self, index: usize, path: &Path, store: &mut Store) -> Pending {
        let guarded = catch_unwind(AssertUnwindSafe(|| self.read(path, store)));
        let read = guarded.unwrap_or_else(|panic| {
            let reason = panic_text(panic.as_ref());
            Err(PictureError::Damaged(format!(
                "preparing it failed ({reason}); {}",
                log_place()
            )))
        });
        Pending {
            index,
            path: absolute(path),
            read: read.map_err(|error| error.to_string()),
        }
    }

    fn read(&self, path: &Path, store: &mut Store) -> std::result::Result<Read, PictureError> {
        let read = ReadPicture::read(path)?;
        if let Some(embedding) = store.embedding(read.content, &self.identity, self.dim) {
            return Ok(Read::Known(read.content, read.stamp, embedding));
        }
        let with_thumbnail = self.data_dir.is_some() && store.thumbnail(read.content).is_none();
        let prepared = prepare_read(&read, &self.preprocessing, with_thumbnail)?;
        Ok(Read::New(Box::new(prepared)))
    }
}

/// Decoding threads: every core but the one that feeds the model, and at least one.
pub fn decoders() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}
