//! What a run works with on disk: the model that it learns from, and the pictures as they were split.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::folder::{RunFolder, RunRecord};
use crate::clip::{BASE_CHANGED, Model, sha256_of_bytes, source_below};
use crate::escape::check_classes;
use crate::files::check_local;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::control::{ControlSet, control_of};
use crate::fine_tune::data::{Dataset, Example, NearDuplicates, Preview, Reasons, Split, screen, split};
use crate::fine_tune::{Error, Result, base_model};
use crate::lossless::Lossless;
use crate::progress::Progress;

/// What a run learns from, as it was split.
pub const PREPARED: &str = "data.json";

/// The pictures of a run, read and split once, so that a run that goes on later has the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prepared {
    pub dataset: Dataset,
    /// Places in the dataset's examples.
    pub split: Split,
    /// What is measured by that the run never learns from; none in runs of before it was kept, which choose it again.
    #[serde(default)]
    pub control: Option<ControlSet>,
}

impl Prepared {
    /// The control set that it was prepared with.
    ///
    /// # Errors
    /// It was not kept, and cannot be chosen any more.
    pub fn control(
        &self,
        config: &RunConfig,
        samples: Option<&Path>,
        progress: &dyn Progress,
    ) -> Result<Cow<'_, ControlSet>> {
        match &self.control {
            Some(control) => Ok(Cow::Borrowed(control)),
            None => control_of(config, samples, progress).map(Cow::Owned),
        }
    }

    /// Reads `data.json` of a run's folder.
    ///
    /// # Errors
    /// It is missing or damaged, or names pictures or classes that there are not.
    pub fn read(folder: &RunFolder) -> Result<Self> {
        let prepared: Self = folder.read(PREPARED)?;
        let damaged = |reason: String| Error::Run(format!("{} is damaged: {reason}", folder.file(PREPARED).display()));
        prepared.check().map_err(damaged)?;
        Ok(prepared)
    }

    /// Refuses what no run of ours wrote: the file may come from somebody else.
    fn check(&self) -> std::result::Result<(), String> {
        let paths = self.dataset.examples.iter().map(|example| &example.path);
        let control = self.control.iter().flat_map(|control| &control.paths);
        paths.chain(control).try_for_each(|path| check_local(path))?;
        check_classes(&self.dataset.classes)?;
        let (examples, classes) = (&self.dataset.examples, self.dataset.classes.len());
        let split = &self.split;
        let mut places = split.train.iter().chain(&split.validation).chain(&split.test);
        let unknown = examples
            .iter()
            .filter_map(|example| example.class)
            .any(|class| class >= classes);
        let says_nothing = |example: &Example| match classes {
            0 => example.captions.is_empty(),
            _ => example.class.is_none(),
        };
        let without = |place: &usize| examples.get(*place).is_none_or(says_nothing);
        if unknown || places.any(without) {
            return Err("it names pictures or classes that there are not".into());
        }
        self.control.as_ref().map_or(Ok(()), check_control)
    }
}

/// Whether every picture of a control set has a class that there is.
fn check_control(control: &ControlSet) -> std::result::Result<(), String> {
    check_classes(&control.classes)?;
    let labels = &control.labels;
    if labels.len() == control.paths.len() && labels.iter().all(|label| *label < control.classes.len()) {
        return Ok(());
    }
    Err("its control set names pictures or classes that there are not".into())
}

/// Files that a report names; `data.json` has all.
const NAMED: usize = 50;

/// What of its folder a run does not learn from, and what repeats there.
#[serde_with::serde_as]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataReport {
    /// Files and rows of lists that are not used.
    pub left_aside: usize,
    /// Pictures that are copies of an earlier one.
    pub near_duplicates: usize,
    /// Copies that are said to be different things.
    pub contradictions: usize,
    /// The first of what is not used, with the reason.
    #[serde_as(as = "Vec<(Lossless, _)>")]
    pub files: Reasons,
    /// Pictures to choose by or to measure with that are copies of those to learn from.
    #[serde(default)]
    pub leaked: usize,
    /// What is wrong with the pictures, in words.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl DataReport {
    /// Of what was previewed.
    pub fn of(preview: &Preview) -> Self {
        let all = preview.problems.iter().chain(&preview.left_aside);
        Self {
            left_aside: preview.unused(),
            near_duplicates: preview.duplicates,
            contradictions: preview.contradictions.len(),
            files: all.take(NAMED).cloned().collect(),
            leaked: preview.leaked,
            warnings: preview.warnings.clone(),
        }
    }

    /// The same with what is to be known of the control set.
    #[must_use]
    pub fn with_control(mut self, config: &RunConfig, control: &ControlSet) -> Self {
        if let (Some(folder), Some((path, reason))) = (&config.control, control.problems.first()) {
            self.warnings.push(format!(
                "{} files of the control set {} are not used (the first: {}: {reason})",
                control.problems.len(),
                folder.display(),
                path.display()
            ));
        }
        self
    }

    /// Whether everything in the folder is learnt from, and nothing repeats.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The model that a run learns from.
///
/// # Errors
/// It cannot be opened.
pub fn base_of(folder: &RunFolder, config: &RunConfig, device: &Device) -> Result<Model> {
    if config.method == FineTuneMethod::Scratch {
        return Ok(Model::open(&folder.file("start"), device)?);
    }
    base_model(config.base.as_deref(), device)
}

/// The model that a run learnt from, if it is still the same.
///
/// # Errors
/// It cannot be opened, or has changed.
pub fn same_base_of(folder: &RunFolder, record: &RunRecord, device: &Device) -> Result<Model> {
    let base = base_of(folder, &record.config, device)?;
    if base.info().full_identity == record.base_identity {
        Ok(base)
    } else {
        Err(Error::Run(format!("{}: {BASE_CHANGED}", record.run)))
    }
}

/// The files that a run's base consists of, without adapters; none for the starter.
///
/// # Errors
/// An adapter that it learnt from is damaged.
pub fn source_of(folder: &RunFolder, config: &RunConfig) -> Result<Option<PathBuf>> {
    if config.method == FineTuneMethod::Scratch {
        return Ok(Some(folder.file("start")));
    }
    match &config.base {
        Some(base) => Ok(source_below(base)?),
        None => Ok(None),
    }
}

/// What a run would learn from, classes without one readable picture included.
///
/// # Errors
/// Nothing can be learnt from the folder.
pub fn preview(config: &RunConfig, progress: &(dyn Progress + Sync)) -> Result<Preview> {
    let (prepared, duplicates) = screened(config, progress)?;
    Ok(Preview::new(&prepared.dataset, &duplicates, &prepared.split))
}

/// Reads a folder, leaves broken pictures aside, finds copies, and splits.
///
/// # Errors
/// Nothing can be learnt from the folder, a class has no picture that can be read, or it was called off.
pub fn prepare(config: &RunConfig, progress: &(dyn Progress + Sync)) -> Result<(Prepared, NearDuplicates)> {
    let (prepared, duplicates) = screened(config, progress)?;
    prepared.dataset.check()?;
    if prepared.split.train.is_empty() {
        return Err(Error::Data(format!(
            "no picture of {} can be used for training; --preview names what is left aside, and why",
            config.folder.display()
        )));
    }
    prepared.split.check(&prepared.dataset)?;
    Ok((prepared, duplicates))
}

fn screened(config: &RunConfig, progress: &(dyn Progress + Sync)) -> Result<(Prepared, NearDuplicates)> {
    let mut dataset = Dataset::read(&config.folder)?;
    let duplicates = screen(&mut dataset, progress);
    if progress.cancelled() {
        return Err(Error::Stopped);
    }
    let split = split(&dataset, &duplicates.groups, config.shots, config.seed);
    let prepared = Prepared {
        dataset,
        split,
        control: None,
    };
    Ok((prepared, duplicates))
}

/// A hash of what is learnt from.
pub fn data_hash(prepared: &Prepared, folder: &Path) -> String {
    let mut text = format!("{:?} {:?}", prepared.split, prepared.dataset.classes);
    for example in &prepared.dataset.examples {
        let path = example.path.strip_prefix(folder).unwrap_or(&example.path);
        let length = std::fs::metadata(&example.path).map_or(0, |metadata| metadata.len());
        text += &format!(
            "{} {length} {:?} {:?}\n",
            path.display(),
            example.class,
            example.captions
        );
    }
    sha256_of_bytes(text.as_bytes())
}

#[cfg(test)]
mod tests;
