//! A whole model, from the Hub into the cache.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cache::Cache;
use super::download::Transfer;
use super::files;
use super::remote::{Hub, RemoteFile};
use super::{PullError, PullResult};
use crate::clip::is_model_folder;

/// Left free on the disk.
const SPARE_BYTES: u64 = 100 << 20;
const MEGABYTE: u64 = 1_000_000;
/// The speed is that of the last few seconds.
const SPEED_WINDOW: Duration = Duration::from_secs(5);
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// How far a download is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The file that arrives now.
    pub file: String,
    /// Bytes that are there, all files together.
    pub done_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// Bytes a second, lately.
    pub bytes_per_s: f64,
}

impl Progress {
    /// Seconds until it is done; none while the speed is unknown.
    pub fn seconds_left(&self) -> Option<f64> {
        let left = self.total_bytes.saturating_sub(self.done_bytes) as f64;
        (self.bytes_per_s > 0.0).then(|| left / self.bytes_per_s)
    }
}

/// A model that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Its folder.
    pub folder: PathBuf,
    /// Bytes of its files.
    pub bytes: u64,
}

/// Fetches a model at a revision, verifies it, and says where it is.
///
/// `wanted` is asked often; once it says no, the download stops and keeps what it has.
///
/// # Errors
/// Why it cannot be had, in words that say what to do.
pub fn pull(
    hub: &Hub,
    cache: &Cache,
    model: &str,
    revision: &str,
    wanted: &dyn Fn() -> bool,
    progress: &mut dyn FnMut(Progress),
) -> PullResult<Pulled> {
    let root = cache.model(model)?;
    let repository = hub.repository(model, revision)?;
    let names: Vec<String> = repository.files.iter().map(|file| file.name.clone()).collect();
    let needed = files::wanted(&names).map_err(|reason| PullError::NoClip {
        model: model.into(),
        reason,
    })?;
    let needed: Vec<&RemoteFile> = needed
        .iter()
        .filter_map(|name| repository.files.iter().find(|file| file.name == *name))
        .collect();
    let (blobs, snapshot) = (root.join("blobs"), root.join("snapshots").join(&repository.commit));
    for folder in [&blobs, &snapshot, &root.join("refs")] {
        std::fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
    }
    let total_bytes = needed.iter().map(|file| file.bytes).sum();
    check_space(&blobs, &needed)?;

    let mut speed = Speed::new();
    let mut before = 0;
    for file in needed {
        let mut report = |bytes: u64| {
            if let Some(bytes_per_s) = speed.count(before + bytes) {
                progress(Progress {
                    file: file.name.clone(),
                    done_bytes: before + bytes,
                    total_bytes,
                    bytes_per_s,
                });
            }
        };
        let blob = blobs.join(file.checksum.digits());
        let mut transfer = Transfer {
            hub,
            model,
            commit: &repository.commit,
            wanted,
            progress: &mut report,
        };
        transfer.fetch(file, &blob)?;
        before += file.bytes;
        link(&blob, &snapshot.join(&file.name))?;
    }
    let reference = root.join("refs").join(revision);
    // A commit needs no name for itself.
    if revision != repository.commit && !revision.contains('/') {
        std::fs::write(&reference, &repository.commit).map_err(|source| write_error(&reference, source))?;
    }
    if !is_model_folder(&snapshot) {
        return Err(PullError::NoClip {
            model: model.into(),
            reason: "its configuration is that of another kind of model".into(),
        });
    }
    Ok(Pulled {
        folder: snapshot,
        bytes: total_bytes,
    })
}

/// Refuses what the disk cannot hold, before anything is fetched.
fn check_space(blobs: &Path, files: &[&RemoteFile]) -> PullResult<()> {
    let there = |file: &RemoteFile| {
        let blob = blobs.join(file.checksum.digits());
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        length(&blob).max(length(&super::download::incomplete(&blob)))
    };
    let needed: u64 = files.iter().map(|file| file.bytes.saturating_sub(there(file))).sum();
    // A file system that does not say how much is free is taken at its word.
    let Ok(free) = fs4::available_space(blobs) else {
        return Ok(());
    };
    if needed > 0 && needed + SPARE_BYTES > free {
        return Err(PullError::Space {
            needed: (needed + SPARE_BYTES).div_ceil(MEGABYTE),
            free: free / MEGABYTE,
            folder: blobs.display().to_string(),
        });
    }
    Ok(())
}

/// Gives a blob its name in the snapshot: a link, or a copy where links are not allowed.
fn link(blob: &Path, path: &Path) -> PullResult<()> {
    if path.is_file() {
        return Ok(());
    }
    // What is there is a link whose blob went missing.
    let _ = std::fs::remove_file(path);
    #[cfg(unix)]
    {
        let name = blob.file_name().unwrap_or_default();
        let target = Path::new("../../blobs").join(name);
        if std::os::unix::fs::symlink(target, path).is_ok() {
            return Ok(());
        }
    }
    std::fs::copy(blob, path)
        .map(drop)
        .map_err(|source| write_error(path, source))
}

fn write_error(path: &Path, source: std::io::Error) -> PullError {
    PullError::Write {
        path: path.display().to_string(),
        source,
    }
}

/// Bytes a second over the last few seconds.
struct Speed {
    marks: std::collections::VecDeque<(Instant, u64)>,
    reported: Option<Instant>,
}

impl Speed {
    fn new() -> Self {
        Self {
            marks: std::collections::VecDeque::new(),
            reported: None,
        }
    }

    /// Notes how much is there; now and then, the speed.
    fn count(&mut self, bytes: u64) -> Option<f64> {
        let now = Instant::now();
        if self.reported.is_some_and(|at| now - at < REPORT_EVERY) {
            return None;
        }
        self.reported = Some(now);
        self.marks.push_back((now, bytes));
        while self.marks.len() > 2 && self.marks.front().is_some_and(|(at, _)| now - *at > SPEED_WINDOW) {
            self.marks.pop_front();
        }
        let (first, then) = self.marks.front().copied()?;
        let seconds = (now - first).as_secs_f64();
        Some(if seconds > 0.0 {
            bytes.saturating_sub(then) as f64 / seconds
        } else {
            0.0
        })
    }
}
