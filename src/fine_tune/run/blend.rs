//! Between the model that a run started from and what it learnt (WiSE-FT, Wortsman et al. 2021, arXiv 2109.01903):
//! `(1 - a) theta_0 + a theta_1`, which often keeps most of both.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::folder::{LEARNT, MODEL, RunFolder, RunRecord};
use super::prepared::{Prepared, same_base_of, source_of};
use super::start::RunEnvironment;
use super::tested::{Tested, answered};
use crate::clip::{Adapter, Model, export};
use crate::evaluation::{Comparison, mean};
use crate::fine_tune::Result;
use crate::fine_tune::context::{Context, validation_sample};
use crate::fine_tune::data::{Dataset, Split};
use crate::progress::{Progress, part};

/// Steps from one to the other.
const POINTS: usize = 5;
/// Pictures of the validation side that are measured, one of each class at least.
const MAX_PICTURES: usize = 100;

/// One blend, measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BlendPoint {
    /// `a`: 0 is the model as it was, 1 what was learnt.
    pub blend: f32,
    /// Accuracy on the validation side, by which it may be chosen; none where that side is empty.
    pub validation: Option<f32>,
    /// Accuracy on the control set; none where there is none.
    pub control: Option<f32>,
    /// The validation side beside blend 0, the model as it was; none where there is no picture.
    pub compared: Option<Comparison>,
    /// The control set beside blend 0.
    pub control_compared: Option<Comparison>,
}

/// The accuracy of blends on the validation side and on the control set.
///
/// # Errors
/// The run has learnt nothing yet, its base is gone, or the device failed.
pub fn blend_curve(
    folder: &RunFolder,
    device: &Device,
    samples: Option<&Path>,
    progress: &dyn Progress,
) -> Result<Vec<BlendPoint>> {
    let record = folder.record()?;
    let prepared = Prepared::read(folder)?;
    let split = few_to_choose_by(&prepared.dataset, &prepared.split, record.config.seed);
    let control_set = prepared.control(&record.config, samples, progress)?;
    let mut adapter = Adapter::read(&folder.file(LEARNT))?;
    let mut points = Vec::new();
    // Of blend 0, on the validation side and on the control set.
    let (mut before, mut control_before) = (Vec::new(), Vec::new());
    for number in 0..POINTS {
        let blend = number as f32 / (POINTS - 1) as f32;
        adapter.config.blend = blend;
        let model = adapter.apply(same_base_of(folder, &record, device)?)?;
        let (from, to) = (number as f32 / POINTS as f32, (number + 1) as f32 / POINTS as f32);
        let progress = part(progress, from, to);
        let control = Some(control_set.as_ref());
        let context = Context::new(model, &prepared.dataset, &split, &record.config, control, &progress)?;
        let after = answered(&context, &context.validation)?;
        let control = context.zero_shot_answers(&context.control, &context.control_classes)?;
        if number == 0 {
            before.clone_from(&after);
            control_before.clone_from(&control);
        }
        points.push(BlendPoint {
            blend,
            validation: mean(&after),
            compared: Comparison::of(&before, &after),
            control: mean(&control),
            control_compared: Comparison::of(&control_before, &control),
        });
    }
    Ok(points)
}

/// What blends are measured on: the beginning of what the run chose and stopped by.
fn few_to_choose_by(dataset: &Dataset, split: &Split, seed: u64) -> Split {
    Split {
        validation: validation_sample(dataset, split, MAX_PICTURES, seed),
        ..Split::default()
    }
}

/// Makes a blend the run's model, and measures it as the run was: the record says what the model is from then on. Where it
/// is called off, everything stays as it was.
///
/// # Errors
/// The run has learnt nothing yet, its base is gone, the device failed, or a file cannot be written.
pub fn set_blend(
    folder: &RunFolder,
    environment: &RunEnvironment<'_>,
    blend: f32,
    progress: &dyn Progress,
) -> Result<RunRecord> {
    let _lock = folder.lock()?;
    let mut record = folder.record()?;
    let mut adapter = Adapter::read(&folder.file(LEARNT))?;
    adapter.config.blend = blend.clamp(0.0, 1.0);
    measure(folder, &mut record, environment, &adapter, progress)?;
    adapter.write(&folder.file(LEARNT))?;
    record.model = Some(finish_model(folder, &record, environment.device, &adapter)?);
    record.blend = adapter.config.blend;
    folder.keep(&record)?;
    Ok(record)
}

/// Measures an adapter on the test side and on the control set.
fn measure(
    folder: &RunFolder,
    record: &mut RunRecord,
    environment: &RunEnvironment<'_>,
    adapter: &Adapter,
    progress: &dyn Progress,
) -> Result<()> {
    let prepared = Prepared::read(folder)?;
    let split = Split {
        test: prepared.split.test.clone(),
        ..Split::default()
    };
    let config = record.config.clone();
    let control = prepared.control(&config, environment.samples, progress)?;
    let context = |model: Model, from: f32| {
        let half = part(progress, from, from + 0.5);
        Context::new(model, &prepared.dataset, &split, &config, Some(&control), &half)
    };
    let base = || same_base_of(folder, record, environment.device);
    let blended = context(adapter.apply(base()?)?, 0.0)?;
    let (pictures, after) = (&blended.test, answered(&blended, &blended.test)?);
    let plain = context(base()?, 0.5)?;
    let before = answered(&plain, &plain.test)?;
    let of_control = |context: &Context| context.zero_shot_answers(&context.control, &context.control_classes);
    let (control_before, control_after) = (of_control(&plain)?, of_control(&blended)?);
    record.control = mean(&control_before).zip(mean(&control_after));
    record.control_compared = Comparison::of(&control_before, &control_after);
    record.tested = Tested::new(pictures, &config.folder, &before, &after);
    record.compared = record.tested.as_ref().and_then(Tested::compared);
    record.zero_shot_accuracy = mean(&before);
    record.accuracy = mean(&after);
    Ok(())
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
    let source = source_of(folder, &record.config)?;
    Ok(export(&model, source.as_deref(), target)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::many_classes::{ManyClasses, distinct};

    #[test]
    fn blends_are_measured_on_every_class() {
        let many = ManyClasses::new(120, 2);
        let context = many.context(&few_to_choose_by(&many.dataset, &many.split, 0));
        let labels = &context.validation.labels;
        assert_eq!((labels.len(), distinct(labels)), (120, 120));
        let many = ManyClasses::new(30, 10);
        let context = many.context(&few_to_choose_by(&many.dataset, &many.split, 0));
        let labels = &context.validation.labels;
        assert_eq!((labels.len(), distinct(labels)), (MAX_PICTURES, 30));
        // They are among what the run itself chose by.
        let chosen_by = many.context(&many.split).validation.paths;
        let measured_on = context.validation.paths;
        assert!(measured_on.iter().all(|path| chosen_by[..MAX_PICTURES].contains(path)));
    }
}
