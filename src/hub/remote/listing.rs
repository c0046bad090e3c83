//! What the Hub says of a repository: its files, and what they hash to.

use serde::Deserialize;

/// A repository at one commit.
#[derive(Debug)]
pub struct Repository {
    pub commit: String,
    pub files: Vec<RemoteFile>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    pub name: String,
    /// Its length, in bytes.
    pub bytes: u64,
    /// What its content hashes to.
    pub checksum: Checksum,
}

/// How a file's content is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checksum {
    /// The SHA-256 of a large file.
    Sha256(String),
    /// Git's hash of a small one: the SHA-1 of `blob LENGTH`, a zero byte, and the content.
    Git(String),
}

impl Checksum {
    /// The hash, in hexadecimal digits; the name of the blob in the cache.
    pub fn digits(&self) -> &str {
        match self {
            Self::Sha256(digits) | Self::Git(digits) => digits,
        }
    }
}

#[derive(Deserialize)]
struct RawRepository {
    sha: String,
    #[serde(default)]
    siblings: Vec<RawFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFile {
    rfilename: String,
    size: Option<u64>,
    blob_id: Option<String>,
    lfs: Option<RawLfs>,
}

#[derive(Deserialize)]
struct RawLfs {
    sha256: String,
    size: u64,
}

impl Repository {
    /// Reads the Hub's answer.
    ///
    /// # Errors
    /// It is no such answer; in words.
    pub fn parse(json: &str) -> Result<Self, String> {
        let raw: RawRepository = serde_json::from_str(json).map_err(|e| e.to_string())?;
        if !is_hash(&raw.sha) {
            return Err("a commit that is no hash".into());
        }
        let files = raw.siblings.into_iter().filter_map(remote_file).collect();
        Ok(Self { commit: raw.sha, files })
    }
}

/// A file whose content can be verified; others are as good as not there.
fn remote_file(raw: RawFile) -> Option<RemoteFile> {
    let (bytes, checksum) = match raw.lfs {
        Some(lfs) => (lfs.size, Checksum::Sha256(lfs.sha256)),
        None => (raw.size?, Checksum::Git(raw.blob_id?)),
    };
    is_hash(checksum.digits()).then_some(RemoteFile {
        name: raw.rfilename,
        bytes,
        checksum,
    })
}

/// 40 or 64 hexadecimal digits, which is also a safe file name.
fn is_hash(digits: &str) -> bool {
    [40, 64].contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}
