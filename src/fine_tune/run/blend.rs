//! Between the model that a run started from and what it learnt (WiSE-FT, Wortsman et al. 2021, arXiv 2109.01903):
//! `(1 - a) theta_0 + a theta_1`, which often keeps most of both.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::folder::{LEARNT, MODEL, RunFolder, RunRecord};
use super::prepared::{PREPARED, Prepared, control_of, same_base_of, source_of};
use crate::clip::{Adapter, Model, export};
use crate::evaluation;
use crate::fine_tune::context::{Context, accuracy, cosines};
use crate::fine_tune::data::Split;
use crate::fine_tune::subsample::stratified;
use crate::fine_tune::{PictureSet, Result};

/// Steps from one to the other.
const POINTS: usize = 5;
/// Pictures of the validation side that are measured, one of each class at least.
const MAX_PICTURES: usize = 100;

/// How good a blend is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BlendPoint {
    /// `a`.
    pub blend: f32,
    /// Accuracy on the validation side, by which it may be chosen; none where that side is empty.
    pub validation: Option<f32>,
    /// Accuracy on the control set.
    pub control: Option<f32>,
}

/// The accuracy of blends on the validation side and on the control set; `wanted` hears the share that is done.
///
/// # Errors
/// The run has learnt nothing yet, its base is gone, or the device failed.
pub fn blend_curve(
    folder: &RunFolder,
    device: &Device,
    samples: Option<&Path>,
    mut wanted: impl FnMut(f32) -> bool,
) -> Result<Vec<BlendPoint>> {
    let record = folder.record()?;
    let prepared: Prepared = folder.read(PREPARED)?;
    let mut split = prepared.split.clone();
    split.train.clear();
    split.test.clear();
    let examples = &prepared.dataset.examples;
    split.validation = stratified(
        &split.validation,
        |place| examples[place].class,
        MAX_PICTURES,
        record.config.seed,
    );
    let mut adapter = Adapter::read(&folder.file(LEARNT))?;
    let mut points = Vec::new();
    for number in 0..POINTS {
        let blend = number as f32 / (POINTS - 1) as f32;
        adapter.config.blend = blend;
        let model = adapter.apply(same_base_of(folder, &record, device)?)?;
        let part = |done: f32| (number as f32 + done) / POINTS as f32;
        let control = control_of(&record.config, samples);
        let context = Context::new(model, &prepared.dataset, &split, &record.config, control, |done| {
            wanted(part(done))
        })?;
        points.push(BlendPoint {
            blend,
            validation: measured(&context, &context.validation)?,
            control: context.zero_shot_accuracy(&context.control, &context.control_classes)?,
        });
    }
    Ok(points)
}

/// Accuracy on a side, of classes that were taught or described; recall for captions. None where it is empty.
fn measured(context: &Context, set: &PictureSet) -> Result<Option<f32>> {
    if set.is_empty() {
        return Ok(None);
    }
    if context.classes.is_empty() {
        let texts: Vec<String> = set
            .captions
            .iter()
            .filter_map(|captions| captions.first().cloned())
            .collect();
        let embedded = context.model.embed_texts(&context.tokens(&texts)?)?;
        let embedded: Vec<Vec<f32>> = embedded.into_iter().map(|one| one.vector).collect();
        let (to_texts, to_images) = evaluation::recall_at_1(&set.embeddings, &embedded, &texts);
        return Ok(Some((to_texts + to_images) / 2.0));
    }
    let described = context.class_embeddings(&context.classes)?;
    let classes = context.classes.iter().zip(described);
    let classes: Vec<Vec<f32>> = classes
        .map(|(name, described)| context.model.class_vector(name).unwrap_or(described))
        .collect();
    Ok(accuracy(&cosines(&set.embeddings, &classes), &set.labels))
}

/// Makes a blend the run's model, and measures it: the record says what the model is now, and how good it is on the
/// test side and on the control set. `wanted` hears the share that is done; until it is measured nothing changes.
///
/// # Errors
/// The run has learnt nothing yet, `wanted` said no, or a file cannot be written.
pub fn set_blend(
    folder: &RunFolder,
    device: &Device,
    samples: Option<&Path>,
    blend: f32,
    wanted: impl FnMut(f32) -> bool,
) -> Result<RunRecord> {
    let _lock = folder.lock()?;
    let mut record = folder.record()?;
    let prepared: Prepared = folder.read(PREPARED)?;
    let mut adapter = Adapter::read(&folder.file(LEARNT))?;
    adapter.config.blend = blend.clamp(0.0, 1.0);
    let split = Split {
        test: prepared.split.test.clone(),
        ..Split::default()
    };
    let model = adapter.apply(base_of(folder, &record.config, device)?)?;
    let control = control_of(&record.config, samples);
    let context = Context::new(model, &prepared.dataset, &split, &record.config, control, wanted)?;
    record.accuracy = measured(&context, &context.test)?;
    let after = context.zero_shot_accuracy(&context.control, &context.control_classes)?;
    record.control = record.control.zip(after).map(|((before, _), after)| (before, after));
    record.blend = adapter.config.blend;
    adapter.write(&folder.file(LEARNT))?;
    record.model = Some(finish_model(folder, &record, device, &adapter)?);
    folder.keep(&record)?;
    Ok(record)
}

/// The folder of the run's model: standard files where the whole model may have been trained, else the adapter.
///
/// # Errors
/// A file cannot be written.
pub fn finish_model(folder: &RunFolder, record: &RunRecord, device: &Device, adapter: &Adapter) -> Result<PathBuf> {
    use crate::fine_tune::FineTuneMethod::{Contrastive, Scratch};
    if !matches!(record.config.method, Contrastive | Scratch) {
        return Ok(folder.file(LEARNT));
    }
    let target = folder.file(MODEL);
    export_to(folder, record, device, adapter, &target)?;
    Ok(target)
}

/// Writes the run's model in standard files, whatever its method; a classifier on top cannot be one of these.
///
/// # Errors
/// The adapter is a classifier, or a file cannot be written.
pub fn export_to(
    folder: &RunFolder,
    record: &RunRecord,
    device: &Device,
    adapter: &Adapter,
    target: &Path,
) -> Result<()> {
    let model: Model = adapter.apply(same_base_of(folder, record, device)?)?;
    let source = source_of(folder, &record.config);
    Ok(export(&model, source.as_deref(), target)?)
}
