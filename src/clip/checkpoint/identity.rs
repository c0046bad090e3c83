//! A model's identity: a hash of everything that shapes an embedding.
//!
//! Cached embeddings are keyed by it, so that two models, two preprocessing configs or two versions of this pipeline
//! never share a score.

use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::clip::{Error, Precision, Result};
use crate::files::open_file;

/// Counted up whenever the same files give other embeddings than before.
pub const PIPELINE_VERSION: u32 = 2;

/// Collects the parts of an identity.
pub struct IdentityHasher(Sha256);

impl IdentityHasher {
    /// Starts with what does not depend on the model's files.
    pub fn new(precision: Precision) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(format!("clipsight {PIPELINE_VERSION} {}", precision.name()));
        Self(hasher)
    }

    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        self.0.update(name);
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The identity, 64 hexadecimal digits.
    pub fn finish(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

/// The SHA-256 of a file, 64 hexadecimal digits, without holding it in memory.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_of_file(path: &Path) -> Result<String> {
    let read_error = |source| Error::Read {
        path: path.to_path_buf(),
        source,
    };
    let mut file = open_file(path).map_err(read_error)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(read_error)?;
        if read == 0 {
            return Ok(hexadecimal(&hasher.finalize()));
        }
        hasher.update(&buffer[..read]);
    }
}

/// The SHA-256 of bytes, 64 hexadecimal digits.
pub fn sha256_of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
