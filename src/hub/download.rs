//! One file, from the Hub into the cache: resumed where it broke off, verified before it is used.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::remote::{Checksum, Hub, RemoteFile};
use super::{PullError, PullResult, verified};
use crate::progress::{Progress, Step};

const BUFFER_BYTES: usize = 128 << 10;
/// Breaks in a row, without a byte between them, after which we give up.
const MAX_BREAKS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The user may have had enough: how often that is looked at while waiting.
const LOOK: Duration = Duration::from_millis(50);

/// What a download needs to know besides the file.
pub struct Transfer<'a> {
    /// Where it comes from.
    pub hub: &'a Hub,
    /// The model it belongs to.
    pub model: &'a str,
    /// The commit.
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

/// Where a file grows until it is whole.
pub fn incomplete(blob: &Path) -> PathBuf {
    let mut name = blob.as_os_str().to_owned();
    name.push(".incomplete");
    name.into()
}

/// A file that has arrived in part, with the hash of that part.
struct Partial {
    path: String,
    file: File,
    bytes: u64,
    hash: Hash,
}

enum Hash {
    Sha256(Sha256),
    Git(Sha1),
}

impl Hash {
    fn of(file: &RemoteFile) -> Self {
        match file.checksum {
            Checksum::Sha256(_) => Self::Sha256(Sha256::new()),
            Checksum::Git(_) => Self::Git(Sha1::new_with_prefix(format!("blob {}\0", file.bytes))),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Git(hash) => hash.update(bytes),
        }
    }

    /// Whether it is that of the file.
    fn is(self, file: &RemoteFile) -> bool {
        self.digits() == file.checksum.digits().to_ascii_lowercase()
    }

    fn digits(self) -> String {
        let hexadecimal = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sha256(hash) => hexadecimal(&hash.finalize()),
            Self::Git(hash) => hexadecimal(&hash.finalize()),
        }
    }
}

impl Partial {
    /// Opens what an earlier attempt left, or starts anew; one process at a time.
    fn open(path: &Path, file: &RemoteFile, model: &str) -> PullResult<Self> {
        let shown = path.display().to_string();
        let failed = |source| PullError::Write {
            path: shown.clone(),
            source,
        };
        // What a link leads to is somebody else's: it is neither read nor emptied.
        if path.is_symlink() {
            std::fs::remove_file(path).map_err(failed)?;
        }
        let mut handle = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let opened = handle.metadata().map_err(failed)?;
        let named = path.symlink_metadata().map_err(failed)?;
        if !named.is_file() || opened.len() != named.len() {
            return Err(failed(std::io::Error::other("it is no file of ours; remove it")));
        }
        match handle.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => return Err(PullError::Busy(model.into())),
            // A file system without locks: two downloads would only waste each other's time.
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => {}
        }
        let mut hash = Hash::of(file);
        let mut bytes = 0;
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let read = handle.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            bytes += read as u64;
        }
        let mut partial = Self {
            path: shown,
            file: handle,
            bytes,
            hash,
        };
        if partial.bytes > file.bytes {
            partial.restart(file)?;
        }
        Ok(partial)
    }

    fn restart(&mut self, file: &RemoteFile) -> PullResult<()> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|source| self.failed(source))?;
        self.bytes = 0;
        self.hash = Hash::of(file);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> PullResult<()> {
        self.file.write_all(bytes).map_err(|source| self.failed(source))?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Verifies, and only then gives the file its name.
    fn finish(self, path: &Path, blob: &Path, file: &RemoteFile) -> PullResult<()> {
        let shown = self.path;
        let failed = |source| PullError::Write {
            path: shown.clone(),
            source,
        };
        self.file.sync_all().map_err(failed)?;
        if !self.hash.is(file) {
            std::fs::remove_file(path).map_err(failed)?;
            return Err(PullError::Checksum {
                file: file.name.clone(),
            });
        }
        std::fs::rename(path, blob).map_err(failed)?;
        verified::remember(blob).map_err(failed)
    }

    fn failed(&self, source: std::io::Error) -> PullError {
        PullError::Write {
            path: self.path.clone(),
            source,
        }
    }
}
