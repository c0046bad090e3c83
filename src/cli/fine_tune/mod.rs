//! `clipsight fine-tune`: teach a model from pictures.

mod curve;
mod printer;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;

use super::args::FineTuneArgs;
use super::interrupt::on_interrupt;
use super::output::{Output, say};
use super::pictures::device;
use super::preview;
use super::progress::Bar;
use super::{Common, Format};
use crate::engine::{Placement, place};
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::run::{self, DataReport, RunEnvironment, RunSignals, Runs};
use crate::library::{data_dir, unpack_samples};
use curve::curve;
pub use printer::Printer;
use settings::config;

/// Where runs of this machine are, what they compute on, and the samples.
pub struct Workshop {
    pub runs: Runs,
    placement: Placement,
    samples: Option<PathBuf>,
}

impl Workshop {
    /// Opens it; a GPU that is not there is said so.
    ///
    /// # Errors
    /// There is no folder for data.
    pub fn open(common: &Common) -> Result<Self> {
        let data_dir = data_dir().context("there is no folder for application data; set CLIPSIGHT_DATA_DIR")?;
        let mut placement = place(device(common), common.precision.unwrap_or_default());
        if let Some(warning) = placement.warning.take() {
            say(&warning);
        }
        // Without the samples there is no control set, and everything else goes on.
        let samples = unpack_samples(&data_dir).ok().map(|folder| folder.join("photos"));
        Ok(Self {
            runs: Runs::at(&data_dir),
            placement,
            samples,
        })
    }

    pub fn environment(&self) -> RunEnvironment<'_> {
        RunEnvironment {
            device: self.placement.device(),
            device_name: &self.placement.info().name,
            has_half: self.placement.has_half,
            samples: self.samples.as_deref(),
        }
    }
}

pub fn run(args: &FineTuneArgs, common: &Common, output: &mut Output) -> Result<()> {
    let config = config(args, common)?;
    if args.preview {
        return preview::run(&config, output);
    }
    let workshop = Workshop::open(common)?;
    if args.k_shot_curve {
        return curve(&config, &workshop, common, output);
    }
    if args.estimate {
        return estimate(&config, &workshop, common, output);
    }
    teach(args.name.as_deref(), &config, &workshop, common, output)
}

/// What a trial step says of the run: its time and memory.
fn estimate(config: &RunConfig, workshop: &Workshop, common: &Common, output: &mut Output) -> Result<()> {
    let bar = Bar::share("Trying one step");
    let mut written = Ok(());
    let estimate = run::estimate(config, &workshop.environment(), &bar, |report| {
        written = data(report, common, output);
    })?;
    written?;
    let memory = estimate
        .memory_mb
        .map_or(String::new(), |mb| format!(", about {mb:.0} MB of memory"));
    let line = json!({ "steps": estimate.steps, "seconds": estimate.seconds, "memory_mb": estimate.memory_mb });
    let cells = [estimate.steps.to_string(), estimate.seconds.to_string()];
    output.result(
        &line,
        &["steps", "seconds"],
        || vec![cells.to_vec()],
        || format!("{} steps, about {:.0} s{memory}", estimate.steps, estimate.seconds),
    )
}

fn teach(
    name: Option<&str>,
    config: &RunConfig,
    workshop: &Workshop,
    common: &Common,
    output: &mut Output,
) -> Result<()> {
    if config.hyper.steps_a_shot > 0 && common.format == Format::Table {
        say(&format!(
            "{} takes {} steps for each picture of a class, as published; --epochs goes by passes instead",
            config.method.title(),
            config.hyper.steps_a_shot
        ));
    }
    let control = stop_on_interrupt();
    let mut printer = Printer::new(common.format);
    let mut written = Ok(());
    let environment = workshop.environment();
    let record = run::run(&workshop.runs, config, &environment, &control, &mut |event| {
        if written.is_ok() {
            written = printer.event(event, output);
        }
    });
    printer.end();
    written?;
    let record = record?;
    if let Some(name) = name {
        let folder = workshop.runs.find(&record.run)?;
        folder.describe(name.into(), record.note.clone())?;
    }
    printer.chosen(&record, output)
}

/// Ctrl-C stops the run and keeps what it learnt; a second one ends the program.
pub fn stop_on_interrupt() -> Arc<RunSignals> {
    let control = Arc::new(RunSignals::default());
    let told = Arc::clone(&control);
    on_interrupt("what was learnt is kept", move || {
        told.stop.swap(true, Ordering::Relaxed)
    });
    control
}

/// What would be learnt from, and what not: for people in words, for programs as the event of a run.
fn data(report: &DataReport, common: &Common, output: &mut Output) -> Result<()> {
    preview::say(report);
    if common.format != Format::Json || report.is_empty() {
        return Ok(());
    }
    let mut line = serde_json::to_value(report).map_err(|e| anyhow!(e))?;
    line["event"] = "data".into();
    line["files"] = preview::pairs(&report.files);
    output.result(&line, &[], Vec::new, String::new)
}
