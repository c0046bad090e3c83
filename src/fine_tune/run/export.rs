//! A run for elsewhere: its model, its settings, its curves.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use walkdir::WalkDir;

use super::blend::export_to;
use super::events::RunEvent;
use super::folder::{LEARNT, RunFolder, RunRecord};
use super::prepared::same_base_of;
use crate::clip::{Adapter, AdapterKind, base_of_adapter, is_adapter, model_root, write_whole};
use crate::files::folder_of;
use crate::fine_tune::{Error, Result};
use crate::library::same_file;

/// Models that learnt from models that learnt from models; a longer chain is a circle.
const MAX_CHAIN: usize = 8;
/// How deep a model's files lie below the folder that is named: `snapshots/COMMIT/0_Part/config.json`.
const MODEL_DEPTH: usize = 4;

/// In which form a run's model was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// A whole model, in standard files.
    Model,
    /// A classifier, as an adapter.
    Adapter,
}

impl Exported {
    pub fn title(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Adapter => "adapter",
        }
    }
}

/// Writes the run's model into a folder, in standard files where it can be, with `metrics.csv` and `run.json`.
///
/// Everything is written beside the folder first and moved there when it is whole; `replace` says that files of the same
/// names may be replaced in a folder that holds some.
///
/// # Errors
/// The run has learnt nothing yet, its base is gone or has changed, the folder holds files or is one that the run needs,
/// or a file cannot be written.
pub fn export_run(folder: &RunFolder, device: &Device, target: &Path, replace: bool) -> Result<Exported> {
    let record = folder.record()?;
    let learnt = folder.file(LEARNT);
    if !is_adapter(&learnt) {
        return Err(Error::Run("the run has learnt nothing yet: resume it first".into()));
    }
    let adapter = Adapter::read(&learnt)?;
    check_target(folder, &record, target, replace)?;
    let written = |source: std::io::Error| {
        Error::Model(crate::clip::Error::Write {
            path: target.to_path_buf(),
            source,
        })
    };
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(written)?;
    let aside = tempfile::Builder::new()
        .prefix(".clipsight-")
        .tempdir_in(parent)
        .map_err(written)?;
    // Its own folder is readable by its owner alone; what is exported shall be as any other.
    let whole = aside.path().join("export");
    std::fs::create_dir(&whole).map_err(written)?;
    let exported = write_all(folder, &record, device, &adapter, &whole)?;
    move_to(&whole, target).map_err(written)?;
    Ok(exported)
}

fn write_all(
    folder: &RunFolder,
    record: &RunRecord,
    device: &Device,
    adapter: &Adapter,
    target: &Path,
) -> Result<Exported> {
    let classifier = matches!(
        adapter.config.kind,
        AdapterKind::Linear { .. } | AdapterKind::Cache { .. }
    );
    if classifier {
        // It is of no use beside another base.
        same_base_of(folder, record, device)?;
        adapter.write(target)?;
    } else {
        export_to(folder, record, device, adapter, target)?;
    }
    write_whole(&target.join("metrics.csv"), curves(&folder.events()).as_bytes())?;
    let json = serde_json::to_vec_pretty(record).map_err(|e| Error::Run(e.to_string()))?;
    write_whole(&target.join("run.json"), &json)?;
    Ok(if classifier { Exported::Adapter } else { Exported::Model })
}

/// Whether the run may be written there: not where it learnt from, nor where it lies itself, nor among other files unless
/// they may be replaced.
fn check_target(folder: &RunFolder, record: &RunRecord, target: &Path, replace: bool) -> Result<()> {
    let refused = |reason: &str| Err(Error::Run(format!("{} {reason}", target.display())));
    let mut base = record.config.base.clone();
    for _ in 0..MAX_CHAIN {
        let Some(path) = base.take() else { break };
        if folders_of_model(&path).iter().any(|folder| same_file(folder, target)) {
            return refused("holds the model that this run learnt from, which is never replaced: name another folder");
        }
        base = base_of_adapter(&path);
    }
    let inside = std::path::absolute(target).unwrap_or_else(|_| target.to_path_buf());
    if inside.ancestors().any(|above| same_file(above, folder.path())) {
        return refused("lies in the run's own folder: name another");
    }
    if target.is_file() {
        return refused("is a file: name a folder");
    }
    let holds_files = std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
    let data = [Some(&record.config.folder), record.config.control.as_ref()];
    let among_data = |above: &Path| data.into_iter().flatten().any(|data| same_file(above, data));
    if holds_files && inside.ancestors().any(among_data) {
        return refused("holds pictures or lists that this run learnt from: name another folder");
    }
    if holds_files && !replace {
        return refused("already holds files: name another folder, or replace them with --force");
    }
    Ok(())
}

/// The folders in which a model's files lie: the one that was named, those inside it (a repository of the Hub's cache, a
/// model of sentence-transformers), and those that their links lead to.
fn folders_of_model(path: &Path) -> Vec<PathBuf> {
    let named = if path.is_dir() { path } else { folder_of(path) };
    let mut folders = vec![named.to_path_buf(), model_root(named)];
    let depth = if path.is_dir() { MODEL_DEPTH } else { 0 };
    let found = WalkDir::new(path).follow_links(true).max_depth(depth).into_iter();
    for entry in found.flatten() {
        if entry.file_type().is_dir() {
            folders.push(entry.into_path());
        } else if let Ok(file) = entry.path().canonicalize() {
            folders.push(folder_of(&file).to_path_buf());
        }
    }
    folders.sort();
    folders.dedup();
    folders
}

/// Moves a folder where another name for it is free, else what is in it into the folder that is there.
fn move_to(whole: &Path, target: &Path) -> std::io::Result<()> {
    if !target.is_dir() {
        return std::fs::rename(whole, target);
    }
    for entry in std::fs::read_dir(whole)? {
        let entry = entry?;
        std::fs::rename(entry.path(), target.join(entry.file_name()))?;
    }
    Ok(())
}

/// A run's curves as a table: one line a step.
fn curves(events: &[RunEvent]) -> String {
    let mut table =
        String::from("step,loss,learning_rate,logit_scale,validation_loss,validation_accuracy,control_accuracy\r\n");
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for event in events {
        let cells = match event {
            RunEvent::Step {
                step,
                loss,
                learning_rate,
                logit_scale,
                ..
            } => [
                step.to_string(),
                loss.to_string(),
                number(*learning_rate),
                number(logit_scale.map(f64::from)),
                String::new(),
                String::new(),
                String::new(),
            ],
            RunEvent::Validation {
                step,
                loss,
                accuracy,
                control,
                ..
            } => [
                step.to_string(),
                String::new(),
                String::new(),
                String::new(),
                number(loss.map(f64::from)),
                number(accuracy.map(f64::from)),
                number(control.map(f64::from)),
            ],
            _ => continue,
        };
        table += &crate::table::line(&cells);
    }
    table
}
