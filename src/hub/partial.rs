//! A file that has arrived in part, and the hash of that part.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::remote::{Checksum, RemoteFile};
use super::{PullError, PullResult, verified};
use crate::files::is_shared;

pub const BUFFER_BYTES: usize = 128 << 10;

/// Where a file grows until it is whole.
pub fn incomplete(blob: &Path) -> PathBuf {
    let mut name = blob.as_os_str().to_owned();
    name.push(".incomplete");
    name.into()
}

/// The file, locked for one process.
pub struct Partial {
    path: String,
    file: File,
    pub bytes: u64,
    hash: Hash,
}

impl Partial {
    /// Opens what an earlier attempt left, or starts anew; one process at a time.
    pub fn open(path: &Path, file: &RemoteFile, model: &str) -> PullResult<Self> {
        let shown = path.display().to_string();
        let failed = |source| PullError::Write {
            path: shown.clone(),
            source,
        };
        // What a link leads to, or has another name, is somebody else's: it is neither read nor emptied.
        if is_shared(path) {
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

    pub fn restart(&mut self, file: &RemoteFile) -> PullResult<()> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|source| self.failed(source))?;
        self.bytes = 0;
        self.hash = Hash::of(file);
        Ok(())
    }

    pub fn append(&mut self, bytes: &[u8]) -> PullResult<()> {
        self.file.write_all(bytes).map_err(|source| self.failed(source))?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Verifies, and only then gives the file its name.
    pub fn finish(self, path: &Path, blob: &Path, file: &RemoteFile) -> PullResult<()> {
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

pub enum Hash {
    Sha256(Sha256),
    Git(Sha1),
}

impl Hash {
    pub fn of(file: &RemoteFile) -> Self {
        match file.checksum {
            Checksum::Sha256(_) => Self::Sha256(Sha256::new()),
            Checksum::Git(_) => Self::Git(Sha1::new_with_prefix(format!("blob {}\0", file.bytes))),
        }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Git(hash) => hash.update(bytes),
        }
    }

    /// Whether it is that of the file.
    pub fn is(self, file: &RemoteFile) -> bool {
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
