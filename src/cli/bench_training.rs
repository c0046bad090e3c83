//! The training figures of `clipsight bench`. `benches/training.py` measures the same beside scikit-learn and PyTorch.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use burn::tensor::Device;

use crate::clip::{Flat, Model, Precision};
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::data::{Dataset, Example, Split};
use crate::fine_tune::methods::learner;
use crate::fine_tune::methods::logistic::{Problem, Weights};
use crate::fine_tune::{Context, RunConfig};
use crate::progress::Unheard;

/// Features of the linear probe, their width, and their classes.
const PROBE: [usize; 3] = [10_000, 512, 100];
/// The strength at which the probe is solved.
const STRENGTH: f64 = 1.0;
const ITERATIONS: usize = 1_000;
/// Pictures of a training step.
const BATCH: usize = 8;

/// A number from 0 to 1 that looks random and is the same everywhere.
fn noise(row: usize, column: usize) -> f64 {
    let value = (row as f64 * 12.9898 + column as f64 * 78.233).sin() * 43_758.545_3;
    value - value.floor()
}

/// A feature of a picture of a class: the class's own direction, and as much noise again.
fn feature(row: usize, column: usize) -> f32 {
    let class = row % PROBE[2];
    (0.08 * (noise(1_000_003 + class, column) + 2.0 * noise(row, column) - 1.5)) as f32
}

/// Seconds to solve a linear probe on cached features.
pub fn linear_probe_s() -> Result<f64> {
    let [count, width, classes] = PROBE;
    let features: Vec<Vec<f32>> = (0..count)
        .map(|row| (0..width).map(|column| feature(row, column)).collect())
        .collect();
    let labels: Vec<usize> = (0..count).map(|row| row % classes).collect();
    let start = Weights {
        weight: Flat {
            shape: vec![classes, width],
            values: vec![0.0; classes * width],
        },
        bias: vec![0.0; classes],
    };
    let started = Instant::now();
    let problem = Problem::new(&features, &labels, classes);
    let (_, loss) = problem.solve(STRENGTH, &start, ITERATIONS)?;
    std::hint::black_box(loss);
    Ok(started.elapsed().as_secs_f64())
}

/// Milliseconds of a training step on eight pictures, decoded and prepared anew.
pub fn train_step_ms(
    method: FineTuneMethod,
    model: Option<&OsStr>,
    (device, precision): (&Device, Precision),
    pictures: &[PathBuf],
    repeats: usize,
) -> Result<f64> {
    let model = match model {
        Some(path) if path != "starter" => Model::open(path.as_ref(), device)?,
        _ => Model::starter(device)?,
    };
    let classes = method == FineTuneMethod::Lora;
    let name = |place: usize| format!("thing number {place}");
    let examples = pictures.iter().take(BATCH).enumerate().map(|(place, path)| Example {
        path: path.clone(),
        class: classes.then_some(place),
        captions: if classes { Vec::new() } else { vec![name(place)] },
    });
    let dataset = Dataset {
        examples: examples.collect(),
        classes: if classes {
            (0..BATCH).map(name).collect()
        } else {
            Vec::new()
        },
        ..Dataset::default()
    };
    let split = Split {
        train: (0..dataset.examples.len()).collect(),
        ..Split::default()
    };
    let mut config = RunConfig::new(method, PathBuf::new());
    config.hyper.batch = BATCH;
    config.hyper.micro_batch = BATCH;
    config.precision = precision;
    let context = Context::new(model, &dataset, &split, &config, None, &Unheard)?;
    let mut learner = learner(&config, &context)?;
    learner.step(&context, 0)?;
    let mut fastest = Vec::new();
    for step in 1..=repeats {
        let started = Instant::now();
        learner.step(&context, step)?;
        fastest.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    fastest.sort_by(f64::total_cmp);
    fastest.get(repeats / 2).copied().context("nothing was measured")
}
