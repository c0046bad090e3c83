//! A whole model, from the Hub into the cache.

use std::path::{Component, Path, PathBuf};

use super::cache::Cache;
use super::download::Transfer;
use super::files::{self, Plan};
use super::partial::incomplete;
use super::remote::{Hub, RemoteFile, Repository};
use super::twins::twin;
use super::{PullError, PullResult};
use crate::clip::{check_family, check_layout, instead_of, is_model_folder, sha256_of_file};
use crate::files::write_whole;
use crate::library::same_file;
use crate::progress::{Progress, Step, progress_fn};

/// A terabyte: the largest model of this family has a hundredth of it.
const MAX_FILE_BYTES: u64 = 1_000_000_000_000;
/// Left free on the disk.
const SPARE_BYTES: u64 = 100 << 20;
const MEGABYTE: u64 = 1_000_000;

/// A model that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    pub folder: PathBuf,
    /// Bytes of its files.
    pub bytes: u64,
}

/// Fetches a model at a revision, verifies it, and says where it is.
///
/// Its small files come first and are read as they are for opening it: what cannot be opened is refused before its weights
/// are fetched. `progress` hears of bytes, all files together, and names the file; called off, the download keeps what it
/// has.
///
/// # Errors
/// Why it cannot be had, in words that say what to do.
pub fn pull(hub: &Hub, cache: &Cache, model: &str, revision: &str, progress: &dyn Progress) -> PullResult<Pulled> {
    let root = cache.model(model)?;
    let repository = hub.repository(model, revision)?;
    let names: Vec<String> = repository.files.iter().map(|file| file.name.clone()).collect();
    let plans = files::plans(&names).map_err(|reason| no_clip(model, with_kin(model, reason)))?;
    let (blobs, snapshot) = (root.join("blobs"), root.join("snapshots").join(&repository.commit));
    for folder in [&blobs, &snapshot] {
        std::fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
    }
    let mut download = Download {
        hub,
        model,
        repository: &repository,
        blobs,
        snapshot,
        progress,
        done_bytes: 0,
        total_bytes: 0,
    };
    let plan = download.choose(&plans)?;
    for name in &plan.weights {
        download.fetch(name)?;
    }
    let (folder, bytes) = (download.snapshot, download.total_bytes);
    remember(&root, revision, &repository.commit)?;
    if !is_model_folder(&folder) {
        return Err(no_clip(
            model,
            "its configuration is that of another kind of model".into(),
        ));
    }
    Ok(Pulled { folder, bytes })
}

/// Without a configuration only the model's name says what it is.
fn with_kin(model: &str, reason: String) -> String {
    match (twin(model), instead_of(model)) {
        (None, Some(kin)) => format!("{reason}; {kin}"),
        _ => reason,
    }
}

fn no_clip(model: &str, reason: String) -> PullError {
    PullError::NoClip {
        model: model.into(),
        reason,
        twin: twin(model),
    }
}

/// A model on its way into the cache.
struct Download<'a> {
    hub: &'a Hub,
    model: &'a str,
    repository: &'a Repository,
    blobs: PathBuf,
    snapshot: PathBuf,
    progress: &'a dyn Progress,
    done_bytes: u64,
    total_bytes: u64,
}

impl<'a> Download<'a> {
    /// Fetches small files until those of one layout are such that the model can be opened.
    fn choose<'p>(&mut self, plans: &'p [Plan]) -> PullResult<&'p Plan> {
        let mut refused = None;
        for plan in plans {
            self.begin(plan)?;
            match self.small_files(plan)? {
                Ok(()) => return Ok(plan),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        let reason = match refused {
            // The snapshot's folder says nothing to anybody.
            Some(crate::clip::Error::Layout { reason, .. }) => reason,
            Some(other) => other.to_string(),
            None => "it holds no model".into(),
        };
        Err(no_clip(self.model, reason))
    }

    fn begin(&mut self, plan: &Plan) -> PullResult<()> {
        let files: Vec<&RemoteFile> = plan.files().filter_map(|name| self.file(name)).collect();
        if let Some(file) = files.iter().find(|file| file.bytes > MAX_FILE_BYTES) {
            return Err(PullError::Answer {
                endpoint: self.hub.endpoint().into(),
                reason: format!("{} is said to have {} bytes, which no model has", file.name, file.bytes),
            });
        }
        self.done_bytes = 0;
        self.total_bytes = files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes));
        check_space(&self.blobs, &files)
    }

    /// Fetches a plan's small files, the configuration first; whether they are those of a model that can be opened.
    fn small_files(&mut self, plan: &Plan) -> PullResult<crate::clip::Result<()>> {
        self.fetch(&plan.config)?;
        let config = self.snapshot.join(&plan.config);
        let folder = config.parent().unwrap_or(&self.snapshot).to_path_buf();
        if let Err(error) = check_family(&folder, plan.layout) {
            return Ok(Err(error));
        }
        for name in &plan.small {
            self.fetch(name)?;
        }
        Ok(check_layout(&folder, plan.layout))
    }

    fn file(&self, name: &str) -> Option<&'a RemoteFile> {
        let repository: &'a Repository = self.repository;
        repository.files.iter().find(|file| file.name == name)
    }

    fn fetch(&mut self, name: &str) -> PullResult<()> {
        let Some(file) = self.file(name) else {
            return Ok(());
        };
        let (before, total_bytes) = (self.done_bytes, self.total_bytes);
        let progress = progress_fn(
            |step| {
                self.progress.report(Step {
                    what: &file.name,
                    done: before as f64 + step.done,
                    total: total_bytes as f64,
                });
            },
            || !self.progress.cancelled(),
        );
        let blob = self.blobs.join(file.checksum.digits());
        let transfer = Transfer {
            hub: self.hub,
            model: self.model,
            commit: &self.repository.commit,
            progress: &progress,
        };
        transfer.fetch(file, &blob)?;
        self.done_bytes = before.saturating_add(file.bytes);
        link(&blob, &self.snapshot, &file.name)
    }
}

/// Notes which commit a revision is, as huggingface_hub does: in a file of its name.
fn remember(root: &Path, revision: &str, commit: &str) -> PullResult<()> {
    // A commit needs no name for itself, and a name that leaves the folder has none.
    let plain = |part: Component| matches!(part, Component::Normal(_));
    if revision == commit || !Path::new(revision).components().all(plain) {
        return Ok(());
    }
    let reference = root.join("refs").join(revision);
    let folder = reference.parent().unwrap_or(root);
    let written = std::fs::create_dir_all(folder).and_then(|()| write_whole(&reference, commit.as_bytes()));
    written.map_err(|source| write_error(&reference, source))
}

/// Refuses what the disk cannot hold, before anything is fetched.
fn check_space(blobs: &Path, files: &[&RemoteFile]) -> PullResult<()> {
    let there = |file: &RemoteFile| {
        let blob = blobs.join(file.checksum.digits());
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        length(&blob).max(length(&incomplete(&blob)))
    };
    let missing = files.iter().map(|file| file.bytes.saturating_sub(there(file)));
    let needed = missing.fold(0u64, u64::saturating_add);
    // A file system that does not say how much is free is taken at its word.
    let Ok(free) = fs4::available_space(blobs) else {
        return Ok(());
    };
    let with_spare = needed.saturating_add(SPARE_BYTES);
    if needed > 0 && with_spare > free {
        return Err(PullError::Space {
            needed: with_spare.div_ceil(MEGABYTE),
            free: free / MEGABYTE,
            folder: blobs.display().to_string(),
        });
    }
    Ok(())
}

/// Gives a blob its name in the snapshot: a link, or, where links are not allowed, the blob under a second name.
fn link(blob: &Path, snapshot: &Path, name: &str) -> PullResult<()> {
    let path = &snapshot.join(name);
    if is_link_to(path, blob) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(snapshot);
    std::fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
    // What is there is a link whose blob went missing, or something that nobody has verified.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(write_error(path, error)),
        _ => {}
    }
    #[cfg(unix)]
    {
        let up = "../".repeat(2 + name.matches('/').count());
        let target = Path::new(&up).join("blobs").join(blob.file_name().unwrap_or_default());
        if std::os::unix::fs::symlink(target, path).is_ok() {
            return Ok(());
        }
    }
    std::fs::hard_link(blob, path)
        .or_else(|_| std::fs::copy(blob, path).map(drop))
        .map_err(|source| write_error(path, source))
}

/// Whether a name in the snapshot is the blob: a link to it, or the same file; where neither can be, an equal copy.
fn is_link_to(path: &Path, blob: &Path) -> bool {
    if same_file(path, blob) {
        return true;
    }
    let equal = || matches!((sha256_of_file(path), sha256_of_file(blob)), (Ok(a), Ok(b)) if a == b);
    !cfg!(unix) && path.is_file() && equal()
}

fn write_error(path: &Path, source: std::io::Error) -> PullError {
    PullError::Write {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_without_a_configuration_is_known_by_its_name() {
        let said = |model: &str| with_kin(model, "config.json is missing".into());
        for (model, opens) in [
            ("apple/MobileCLIP2-S4", "timm/MobileCLIP2-L-14-OpenCLIP"),
            ("QuanSun/EVA-CLIP", "openai/clip-vit-large-patch14"),
            ("M-CLIP/XLM-Roberta-Large-Vit-B-32", "google/siglip2-base-patch16-256"),
        ] {
            assert!(said(model).contains(opens), "{model}: {}", said(model));
        }
        // Its twin is named in a sentence of its own.
        assert_eq!(said("apple/MobileCLIP2-L-14"), "config.json is missing");
        assert_eq!(said("org/name"), "config.json is missing");
    }
}
