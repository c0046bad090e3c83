//! What a run would take, measured from one step.

use std::time::Instant;

use super::drive::Start;
use super::folder::Runs;
use super::prepared::{DataReport, base_of, prepare};
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::Result;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::context::Context;
use crate::fine_tune::data::Preview;
use crate::fine_tune::methods::{learner, scratch, towers};
use crate::fine_tune::search::trials;
use crate::fine_tune::subsample::stratified;
use crate::memory::peak_mb;
use crate::progress::Progress;

/// What a run would take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Seconds, from a trial step.
    pub seconds: f64,
    /// Steps.
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
    start: &Start<'_>,
    progress: &(dyn Progress + Sync),
    found: impl FnOnce(&DataReport),
) -> Result<Estimate> {
    config.check()?;
    let scratch_folder = std::env::temp_dir().join(format!("clipsight-trial-{}", std::process::id()));
    let config = &start.able(config);
    let trial = (|| {
        let runs = Runs::at(&scratch_folder);
        let folder = runs.create("trial")?;
        let (mut prepared, looked) = prepare(config, progress)?;
        found(&DataReport::of(&Preview::new(
            &prepared.dataset,
            &looked,
            &prepared.split,
        )));
        if config.method == FineTuneMethod::Scratch {
            scratch::create(&folder.file("start"), &config.hyper, config.seed)?;
        }
        let base = base_of(&folder, config, start.device)?;
        let all = prepared.split.clone();
        // Features are computed for a few of every class, and the time of the others follows.
        let examples = &prepared.dataset.examples;
        let few = |side: &mut Vec<usize>, count: usize| {
            *side = stratified(side, |place| examples[place].class, count, config.seed);
        };
        let batch = config.hyper.batch.max(prepared.dataset.classes.len());
        few(&mut prepared.split.train, batch.max(32));
        few(&mut prepared.split.validation, 16);
        prepared.split.test.clear();
        let embedded = prepared.split.train.len() + prepared.split.validation.len();
        let begun = Instant::now();
        let context = Context::new(base, &prepared.dataset, &prepared.split, config, None, progress)?;
        let picture_s = begun.elapsed().as_secs_f64() / embedded.max(1) as f64;
        let mut method = learner(config, &context)?;
        let begun = Instant::now();
        method.step(&context, 0)?;
        let step_s = begun.elapsed().as_secs_f64();
        let share = all.train.len() as f64 / prepared.split.train.len().max(1) as f64;
        let on_all = matches!(config.method, FineTuneMethod::LinearProbe | FineTuneMethod::ProLip);
        let as_many = matches!(
            config.method,
            FineTuneMethod::LinearProbe | FineTuneMethod::TipAdapter | FineTuneMethod::ProLip
        );
        let steps = if as_many {
            method.steps()
        } else {
            trials(config)?.len() * towers::steps(&config.hyper, all.train.len(), prepared.dataset.classes.len())
        };
        let pictures = all.train.len() + all.validation.len() + all.test.len();
        let step_s = if on_all { step_s * share.max(1.0) } else { step_s };
        Ok(Estimate {
            seconds: picture_s * pictures as f64 + step_s * steps as f64,
            steps,
            memory_mb: peak_mb(),
        })
    })();
    let _ = std::fs::remove_dir_all(&scratch_folder);
    trial
}
