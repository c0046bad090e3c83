//! Accuracy against the number of shots: few-shot against zero-shot (paper, section 3.1 and figure 6).
//!
//! Features are computed once; for every seed one split, whose test side is the same for all shots. The paper's human
//! figures on Oxford Pets stand beside it for reference (table 2).

use std::path::Path;

use burn::tensor::Device;

use super::config::RunConfig;
use super::context::Context;
use super::data::{Dataset, Preview, look_through, split};
use super::methods::learner;
use super::run::DataReport;
use super::{Error, Result};
use crate::clip::Model;
use crate::evaluation::{self, Comparison, Interval, Verdict, accuracy_interval, mean};
use crate::fine_tune::FineTuneMethod;
use crate::progress::{Progress, part};

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
    /// Shots of each class that were asked for.
    pub shots: usize,
    /// Examples of the largest class: fewer than the shots where no class has as many.
    pub examples: usize,
    /// The seed.
    pub seed: u64,
    /// On the test side.
    pub accuracy: f32,
    /// Its interval; none where there is no picture to test with.
    pub interval: Option<Interval>,
    /// Beside zero-shot on the same pictures; none for zero-shot itself.
    pub compared: Option<Comparison>,
}

/// What is found on the way.
pub enum Found {
    /// What is learnt from, and what is not; once, before anything is measured.
    Data(DataReport),
    /// An accuracy.
    Point(KShot),
}

/// Measures every method with every number of shots; `found` hears each, and first what is learnt from.
///
/// # Errors
/// The folder has no classes, the device failed, or it was called off.
pub fn k_shot_curve(
    config: &RunConfig,
    open: impl Fn() -> Result<Model>,
    progress: &(dyn Progress + Sync),
    mut found: impl FnMut(Found),
) -> Result<()> {
    let mut dataset = Dataset::read(&config.folder)?;
    if dataset.classes.len() < 2 {
        return Err(Error::Data("the curve needs two folders or more, one a class".into()));
    }
    let looked = look_through(&mut dataset, &part(progress, 0.0, 0.2));
    dataset.check()?;
    let whole = split(&dataset, &looked.groups, None, config.seed);
    whole.check(&dataset)?;
    found(Found::Data(DataReport::of(&Preview::new(&dataset, &looked, &whole))));
    // All of it once, embedded in one go.
    let everything = super::data::Split {
        train: (0..dataset.examples.len()).collect(),
        ..Default::default()
    };
    let all = Context::new(open()?, &dataset, &everything, config, None, &part(progress, 0.2, 0.7))?;
    let total = SEEDS as usize * (1 + METHODS.len() * SHOTS.len());
    let mut done = 0;
    let mut model = Some(open()?);
    for n in 0..SEEDS {
        let seed = config.seed.wrapping_add(n);
        let go_on = |done: usize| {
            if part(progress, 0.7, 1.0).counted(done, total) {
                Ok(())
            } else {
                Err(Error::Stopped)
            }
        };
        let whole = split(&dataset, &looked.groups, None, seed);
        let test = all.train.picked(&whole.test);
        let before = all.zero_shot_answers(&test, &all.classes)?;
        found(Found::Point(KShot {
            method: None,
            shots: 0,
            examples: 0,
            seed,
            accuracy: mean(&before).ok_or_else(nothing_to_test)?,
            interval: accuracy_interval(&before),
            compared: None,
        }));
        done += 1;
        for shots in SHOTS {
            let few = split(&dataset, &looked.groups, Some(shots), seed);
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
                let after = evaluation::right(&rows, &context.test.labels);
                found(Found::Point(KShot {
                    method: Some(method),
                    shots,
                    examples: largest(&context.train.labels),
                    seed,
                    accuracy: mean(&after).ok_or_else(nothing_to_test)?,
                    interval: accuracy_interval(&after),
                    compared: Comparison::of(&before, &after),
                }));
                done += 1;
            }
            model = Some(context.model);
        }
    }
    Ok(())
}

fn nothing_to_test() -> Error {
    Error::Data("no picture is left to test with: the curve needs three pictures or more of a class".into())
}

/// What the seeds made of a number of examples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The method; none for zero-shot.
    pub method: Option<FineTuneMethod>,
    /// Examples of each class.
    pub examples: usize,
    /// Splits, each by its own seed.
    pub seeds: usize,
    /// The lowest accuracy.
    pub low: f64,
    /// Their mean.
    pub mean: f64,
    /// The highest accuracy.
    pub high: f64,
    /// The mean difference to zero-shot on the same pictures.
    pub gain: Option<f64>,
    /// Splits in which it is shown to be better than zero-shot.
    pub improved: usize,
    /// Splits in which it is shown to be worse.
    pub worsened: usize,
}

/// The bands of a curve: zero-shot first, then each method with ever more examples. Numbers of shots that no class has are
/// what the largest class gave, once.
pub fn bands(points: &[KShot]) -> Vec<Band> {
    let order = |method: Option<FineTuneMethod>| METHODS.iter().position(|known| Some(*known) == method);
    let mut keys: Vec<(Option<usize>, usize)> = points.iter().map(|p| (order(p.method), p.examples)).collect();
    keys.sort_unstable();
    keys.dedup();
    let band = |(place, examples): (Option<usize>, usize)| {
        let mut these: Vec<&KShot> = points
            .iter()
            .filter(|point| order(point.method) == place && point.examples == examples)
            .collect();
        these.sort_by_key(|point| (point.seed, point.shots));
        these.dedup_by_key(|point| point.seed);
        let values = || these.iter().map(|point| f64::from(point.accuracy));
        let seeds = these.len();
        let gains = these.iter().map(|point| Some(point.compared?.difference.mean));
        let count = |verdict| {
            let verdicts = these.iter().filter_map(|point| Some(point.compared?.verdict()));
            verdicts.filter(|found| *found == verdict).count()
        };
        Band {
            method: these.first().and_then(|point| point.method),
            examples,
            seeds,
            low: values().fold(f64::INFINITY, f64::min),
            mean: values().sum::<f64>() / seeds as f64,
            high: values().fold(f64::NEG_INFINITY, f64::max),
            gain: gains.sum::<Option<f64>>().map(|sum| sum / seeds as f64),
            improved: count(Verdict::Improved),
            worsened: count(Verdict::Worsened),
        }
    };
    keys.into_iter().map(band).collect()
}

/// How many pictures the largest class has.
fn largest(labels: &[usize]) -> usize {
    let count = |class: &usize| labels.iter().filter(|label| *label == class).count();
    let classes: std::collections::BTreeSet<usize> = labels.iter().copied().collect();
    classes.iter().map(count).max().unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_names_its_seeds_and_stands_where_its_examples_are() {
        let point = |method, shots, examples, seed, accuracy| KShot {
            method,
            shots,
            examples,
            seed,
            accuracy,
            interval: None,
            compared: Comparison::of(&[0.0; 40], &[1.0; 40]).filter(|_| method.is_some()),
        };
        let probe = Some(METHODS[0]);
        let points = [
            point(None, 0, 0, 0, 0.5),
            point(probe, 8, 8, 0, 0.7),
            point(probe, 16, 12, 0, 0.8),
            point(None, 0, 0, 1, 0.6),
            point(probe, 8, 8, 1, 0.75),
            // Nothing but 12 pictures is there for 16 and for 32.
            point(probe, 16, 12, 1, 0.9),
            point(probe, 32, 12, 1, 0.9),
        ];
        let found = bands(&points);
        let keys: Vec<_> = found
            .iter()
            .map(|band| (band.method, band.examples, band.seeds))
            .collect();
        assert_eq!(keys, [(None, 0, 2), (probe, 8, 2), (probe, 12, 2)]);
        assert!((found[2].low - 0.8).abs() < 1e-6 && (found[2].mean - 0.85).abs() < 1e-6);
        assert_eq!((found[0].gain, found[2].gain, found[2].improved), (None, Some(1.0), 2));
    }
}
