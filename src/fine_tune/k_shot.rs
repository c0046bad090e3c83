//! Accuracy against the number of shots: few-shot against zero-shot (paper, section 3.1 and figure 6).
//!
//! Features are computed once; for every seed one split, whose test side is the same for all shots. The paper's human
//! figures on Oxford Pets stand beside it for reference (table 2).

use std::path::Path;

use burn::tensor::Device;

use super::config::RunConfig;
use super::context::Context;
use super::data::{Dataset, look_through, split};
use super::methods::learner;
use super::{Error, Result};
use crate::clip::Model;
use crate::evaluation;
use crate::fine_tune::FineTuneMethod;

/// Shots that are tried.
pub const SHOTS: [usize; 5] = [1, 2, 4, 8, 16];
/// Methods that are tried.
pub const METHODS: [FineTuneMethod; 2] = [FineTuneMethod::LinearProbe, FineTuneMethod::TipAdapter];
/// Seeds that are tried.
pub const SEEDS: u64 = 3;
/// People on Oxford Pets without an example, and with one (paper, table 2).
pub const PEOPLE: [f32; 2] = [0.537, 0.757];

/// One accuracy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KShot {
    /// The method; none for zero-shot.
    pub method: Option<FineTuneMethod>,
    /// Shots of each class.
    pub shots: usize,
    /// The seed.
    pub seed: u64,
    /// On the test side.
    pub accuracy: f32,
}

/// Measures every method with every number of shots; `found` hears each, `wanted` the share that is done.
///
/// # Errors
/// The folder has no classes, the device failed, or `wanted` said no.
pub fn k_shot_curve(
    config: &RunConfig,
    open: impl Fn() -> Result<Model>,
    mut wanted: impl FnMut(f32) -> bool + Sync + Send,
    mut found: impl FnMut(KShot),
) -> Result<()> {
    let mut dataset = Dataset::read(&config.folder)?;
    if dataset.classes.len() < 2 {
        return Err(Error::Data("the curve needs two folders or more, one a class".into()));
    }
    let looked = look_through(&mut dataset, |_| true);
    dataset.check()?;
    // All of it once, embedded in one go.
    let everything = super::data::Split {
        train: (0..dataset.examples.len()).collect(),
        ..Default::default()
    };
    let all = Context::new(open()?, &dataset, &everything, config, None, |done| wanted(0.7 * done))?;
    let total = SEEDS as usize * (1 + METHODS.len() * SHOTS.len());
    let mut done = 0;
    let mut model = Some(open()?);
    for seed in 0..SEEDS {
        let mut go_on = |done: usize| {
            if wanted(0.7 + 0.3 * done as f32 / total as f32) {
                Ok(())
            } else {
                Err(Error::Stopped)
            }
        };
        let whole = split(&dataset, &looked.groups, None, config.seed + seed);
        let test = all.train.picked(&whole.test);
        let accuracy = all.zero_shot_accuracy(&test, &all.classes)?;
        found(KShot {
            method: None,
            shots: 0,
            seed,
            accuracy,
        });
        done += 1;
        for shots in SHOTS {
            let few = split(&dataset, &looked.groups, Some(shots), config.seed + seed);
            let reused = model.take().map_or_else(&open, Ok)?;
            let context = Context {
                model: reused,
                classes: all.classes.clone(),
                train: all.train.picked(&few.train),
                validation: all.train.picked(&few.validation),
                test: test.clone(),
                control: Default::default(),
                control_classes: Vec::new(),
                templates: config.templates.clone(),
            };
            for method in METHODS {
                go_on(done)?;
                let mut config = RunConfig::new(method, config.folder.clone());
                config.seed = seed;
                let mut learner = learner(&config, &context)?;
                for step in 0..learner.steps() {
                    learner.step(&context, step)?;
                }
                let rows = learner.logits(&context, &context.test)?;
                let accuracy = evaluation::accuracy(&rows, &context.test.labels);
                found(KShot {
                    method: Some(method),
                    shots,
                    seed,
                    accuracy,
                });
                done += 1;
            }
            model = Some(context.model);
        }
    }
    Ok(())
}

/// Opens the model that a configuration names, for [`k_shot_curve`].
///
/// # Errors
/// It cannot be opened.
pub fn base(base: Option<&Path>, device: &Device) -> Result<Model> {
    Ok(match base {
        None => Model::starter(device)?,
        Some(path) => Model::open(path, device)?,
    })
}
