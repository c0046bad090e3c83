//! One file, from the Hub into the cache: resumed where it broke off, verified before it is used.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use super::partial::{BUFFER_BYTES, Hash, Partial, incomplete};
use super::remote::{Hub, RemoteFile};
use super::{PullError, PullResult, verified};
use crate::progress::{Progress, Step};

/// Breaks in a row, without a byte between them, after which we give up.
const MAX_BREAKS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The user may have had enough: how often that is looked at while waiting.
const LOOK: Duration = Duration::from_millis(50);

/// What a download needs to know besides the file.
pub struct Transfer<'a> {
    /// Where it comes from.
    pub hub: &'a Hub,
    pub model: &'a str,
    pub commit: &'a str,
    /// Hears how many bytes of this file are there, and can call it off.
    pub progress: &'a dyn Progress,
}

impl Transfer<'_> {
    /// Brings a file to `blob`, unless it is there.
    ///
    /// # Errors
    /// It cannot be fetched, written or verified; what arrived is kept unless it is wrong.
    pub fn fetch(&self, file: &RemoteFile, blob: &Path) -> PullResult<()> {
        if self.is_here(file, blob)? {
            self.there(file.bytes, file);
            return Ok(());
        }
        let path = incomplete(blob);
        let mut partial = Partial::open(&path, file, self.model)?;
        self.there(partial.bytes, file);
        let mut breaks = 0;
        while partial.bytes < file.bytes {
            let before = partial.bytes;
            let broken = match self.receive(file, &mut partial) {
                Ok(()) if partial.bytes < file.bytes => "it ended early".to_string(),
                Ok(()) => break,
                Err(error) => transient(error)?,
            };
            breaks = if partial.bytes > before { 1 } else { breaks + 1 };
            if breaks >= MAX_BREAKS {
                return Err(PullError::Broken {
                    file: file.name.clone(),
                    reason: broken,
                });
            }
            self.pause(FIRST_PAUSE * 2u32.pow(breaks - 1))?;
        }
        partial.finish(&path, blob, file)
    }

    fn there(&self, bytes: u64, file: &RemoteFile) {
        self.progress.report(Step {
            what: &file.name,
            done: bytes as f64,
            total: file.bytes as f64,
        });
    }

    /// Whether a blob is there and right: hashed once, and again when it is another file. What is wrong is thrown away.
    fn is_here(&self, file: &RemoteFile, blob: &Path) -> PullResult<bool> {
        let failed = |source| PullError::Write {
            path: blob.display().to_string(),
            source,
        };
        let there = match blob.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failed(error)),
        };
        let may_be = there.is_file() && there.len() == file.bytes;
        if may_be && (verified::is_known(blob) || self.is_right(file, blob)?) {
            verified::remember(blob).map_err(failed)?;
            return Ok(true);
        }
        std::fs::remove_file(blob).map_err(failed)?;
        Ok(false)
    }

    fn is_right(&self, file: &RemoteFile, blob: &Path) -> PullResult<bool> {
        let failed = |source| PullError::Write {
            path: blob.display().to_string(),
            source,
        };
        let mut handle = File::open(blob).map_err(failed)?;
        let mut hash = Hash::of(file);
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            if self.progress.cancelled() {
                return Err(PullError::Cancelled);
            }
            match handle.read(&mut buffer).map_err(failed)? {
                0 => return Ok(hash.is(file)),
                read => hash.update(&buffer[..read]),
            }
        }
    }

    /// Receives until the connection ends.
    fn receive(&self, file: &RemoteFile, partial: &mut Partial) -> PullResult<()> {
        let (start, response) = self.hub.content(self.model, self.commit, &file.name, partial.bytes)?;
        if start != partial.bytes {
            // The server does not resume: from the beginning.
            partial.restart(file)?;
        }
        let mut reader = response.into_body().into_with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; BUFFER_BYTES];
        while partial.bytes < file.bytes {
            if self.progress.cancelled() {
                return Err(PullError::Cancelled);
            }
            let read = match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(PullError::Broken {
                        file: file.name.clone(),
                        reason: error.to_string(),
                    });
                }
            };
            let missing = usize::try_from(file.bytes - partial.bytes).unwrap_or(usize::MAX);
            partial.append(&buffer[..read.min(missing)])?;
            self.there(partial.bytes, file);
        }
        Ok(())
    }

    fn pause(&self, length: Duration) -> PullResult<()> {
        let mut waited = Duration::ZERO;
        while waited < length {
            if self.progress.cancelled() {
                return Err(PullError::Cancelled);
            }
            std::thread::sleep(LOOK);
            waited += LOOK;
        }
        Ok(())
    }
}

/// What a break was, if it is worth another try.
fn transient(error: PullError) -> PullResult<String> {
    match error {
        PullError::Broken { reason, .. } | PullError::Unreachable { reason, .. } => Ok(reason),
        PullError::Server { status, .. } if status >= 500 || status == 429 || status == 408 => {
            Ok(format!("the server answered {status}"))
        }
        other => Err(other),
    }
}
