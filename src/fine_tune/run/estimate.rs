//! What a run would take, measured from one step.

use std::time::Instant;

use super::folder::Runs;
use super::prepared::{DataReport, Prepared, base_of, prepare};
use super::start::RunEnvironment;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::context::{Context, MAX_VALIDATION, validation_sample};
use crate::fine_tune::data::Preview;
use crate::fine_tune::methods::{learner, scratch, towers};
use crate::fine_tune::search::trials;
use crate::fine_tune::subsample::stratified;
use crate::fine_tune::{Error, FineTuneMethod, Result};
use crate::memory::peak_mb;
use crate::progress::Progress;

/// Pictures of a trial step, at least.
const TRAIN: usize = 32;
const VALIDATION: usize = 16;

/// What a run would take, measured on this device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// To embed all pictures, and for all steps; without validations.
    pub seconds: f64,
    pub steps: usize,
    /// The most memory of this process after the trial step, in megabytes; none where the system does not tell.
    pub memory_mb: Option<f64>,
}

/// How long a run would take and what memory it would need, from one step; `found` hears first what it would learn from.
///
/// # Errors
/// It could not start.
pub fn estimate(
    config: &RunConfig,
    environment: &RunEnvironment<'_>,
    progress: &(dyn Progress + Sync),
    found: impl FnOnce(&DataReport),
) -> Result<Estimate> {
    config.check()?;
    let config = &environment.able(config);
    let trial =
        tempfile::tempdir().map_err(|error| Error::Run(format!("a trial needs a temporary folder: {error}")))?;
    let folder = Runs::at(trial.path()).create("trial")?;
    let (mut prepared, duplicates) = prepare(config, progress)?;
    found(&DataReport::of(&Preview::new(
        &prepared.dataset,
        &duplicates,
        &prepared.split,
    )));
    if config.method == FineTuneMethod::Scratch {
        scratch::create(&folder.file("start"), &config.hyper, config.seed)?;
    }
    let base = base_of(&folder, config, environment.device)?;
    let all = prepared.split.clone();
    take_few(&mut prepared, config);
    let few = &prepared.split;
    let begun = Instant::now();
    let context = Context::new(base, &prepared.dataset, few, config, None, progress)?;
    let picture_s = begun.elapsed().as_secs_f64() / (few.train.len() + few.validation.len()).max(1) as f64;
    let (steps, step_s) = time_steps(config, &context, all.train.len())?;
    let validation = validation_sample(&prepared.dataset, &all, MAX_VALIDATION, config.seed);
    let pictures = all.train.len() + validation.len() + all.test.len();
    Ok(Estimate {
        seconds: picture_s * pictures as f64 + step_s * steps as f64,
        steps,
        memory_mb: peak_mb(),
    })
}

/// The steps of a run that learns from so many pictures, and the seconds that each takes, of one on a few.
fn time_steps(config: &RunConfig, context: &Context, pictures: usize) -> Result<(usize, f64)> {
    let mut method = learner(config, context)?;
    let begun = Instant::now();
    method.step(context, 0)?;
    let step_s = begun.elapsed().as_secs_f64();
    let share = pictures as f64 / context.train.len().max(1) as f64;
    let on_all = matches!(config.method, FineTuneMethod::LinearProbe | FineTuneMethod::ProLip);
    let step_s = if on_all { step_s * share.max(1.0) } else { step_s };
    let steps = if on_all || config.method == FineTuneMethod::TipAdapter {
        method.steps()
    } else {
        trials(config)?.len() * towers::steps(&config.hyper, pictures, context.classes.len())
    };
    Ok((steps, step_s))
}

/// Leaves a few of every class: their features are computed, and the time of the others follows.
fn take_few(prepared: &mut Prepared, config: &RunConfig) {
    let examples = &prepared.dataset.examples;
    let few = |side: &mut Vec<usize>, count: usize| {
        *side = stratified(side, |place| examples[place].class, count, config.seed);
    };
    let batch = config.hyper.batch.max(prepared.dataset.classes.len());
    few(&mut prepared.split.train, batch.max(TRAIN));
    few(&mut prepared.split.validation, VALIDATION);
    prepared.split.test.clear();
}
