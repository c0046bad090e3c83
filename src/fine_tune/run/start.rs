//! Starts a run, or goes on with one, and keeps what goes wrong.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use burn::tensor::Device;

use super::events::RunEvent;
use super::folder::{RunFolder, RunRecord, RunState, Runs};
use super::prepared::{DataReport, PREPARED, Prepared, base_of, data_hash, prepare};
use super::training_loop::TrainingLoop;
use crate::clip::Precision;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::control::control_of;
use crate::fine_tune::data::Preview;
use crate::fine_tune::methods::{check_fits, scratch};
use crate::fine_tune::{Error, Result};
use crate::progress::while_wanted;

/// How a run is told what to do while it goes on.
#[derive(Debug, Default)]
pub struct RunSignals {
    /// Stop, and keep what was learnt.
    pub stop: AtomicBool,
    /// Hold before the next step, until it is false again.
    pub pause: AtomicBool,
    /// Someone else needs the device now: wait a moment before the next step.
    pub busy: AtomicBool,
}

/// What a run needs of the machine that it works on.
pub struct RunEnvironment<'a> {
    pub device: &'a Device,
    /// For the record.
    pub device_name: &'a str,
    /// Whether the device computes in half precision; where it does not, runs learn in full.
    pub has_half: bool,
    /// The unpacked samples, the control set where none is named.
    pub samples: Option<&'a Path>,
}

impl RunEnvironment<'_> {
    /// The configuration as the device can carry it out.
    pub fn able(&self, config: &RunConfig) -> RunConfig {
        let mut config = config.clone();
        if !self.has_half {
            config.precision = Precision::Full;
        }
        config
    }
}

/// Starts a run, in a folder of its own, and works until it is over.
///
/// # Errors
/// It cannot start; once it has started, what goes wrong is kept with the run, too.
pub fn run(
    runs: &Runs,
    config: &RunConfig,
    environment: &RunEnvironment<'_>,
    signals: &RunSignals,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<RunRecord> {
    config.check()?;
    let folder = runs.create(config.method.name())?;
    // Until it has begun it is told from one that was killed by being at work.
    let preparing = folder.lock()?;
    let begun = begin(&folder, config, environment, signals, report);
    drop(preparing);
    match begun {
        Ok(record) => resume(&folder, record, environment, signals, report),
        Err(error) => {
            // A run that never began leaves nothing behind.
            let _ = std::fs::remove_dir_all(folder.path());
            Err(error)
        }
    }
}

fn begin(
    folder: &RunFolder,
    config: &RunConfig,
    environment: &RunEnvironment<'_>,
    signals: &RunSignals,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<RunRecord> {
    let run = folder.name();
    let (prepared, data) = prepare_data(folder, config, environment, signals, report)?;
    if config.method == FineTuneMethod::Scratch {
        scratch::create(&folder.file("start"), &config.hyper, config.seed)?;
    }
    let base = base_of(folder, config, environment.device)?;
    check_fits(config.method, &base)?;
    let record = RunRecord {
        name: format!("{}, {}", config.method.title(), folder_name(&config.folder)),
        base_name: base.info().name.clone(),
        base_identity: base.info().full_identity.clone(),
        data_hash: data_hash(&prepared, &config.folder),
        device: environment.device_name.into(),
        started_s: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        classes: prepared.dataset.classes.clone(),
        n_train: prepared.split.train.len(),
        n_test: prepared.split.test.len(),
        data,
        ..RunRecord::new(run, config.clone())
    };
    folder.keep(&record)?;
    Ok(record)
}

/// Reads and splits what is learnt from, keeps it in the run's folder, and says what is left aside.
fn prepare_data(
    folder: &RunFolder,
    config: &RunConfig,
    environment: &RunEnvironment<'_>,
    signals: &RunSignals,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<(Prepared, DataReport)> {
    let run = folder.name();
    let wanted = while_wanted(|| !signals.stop.load(Ordering::Relaxed));
    report(&preparing(&run, "Choosing the control set", 0.0));
    let control_set = control_of(config, environment.samples, &wanted)?;
    report(&preparing(&run, "Looking through the pictures", 0.0));
    let (mut prepared, duplicates) = prepare(config, &wanted)?;
    let data = DataReport::of(&Preview::new(&prepared.dataset, &duplicates, &prepared.split));
    let data = data.with_control(config, &control_set);
    prepared.control = Some(control_set);
    folder.write(PREPARED, &prepared)?;
    if !data.is_empty() {
        let event = RunEvent::Data {
            run,
            report: data.clone(),
        };
        folder.append(&event)?;
        report(&event);
    }
    Ok((prepared, data))
}

fn folder_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// What is done before the first step.
pub fn preparing(run: &str, what: &str, done: f32) -> RunEvent {
    RunEvent::Preparing {
        run: run.into(),
        what: what.into(),
        done,
    }
}

/// Goes on with a run from its last checkpoint (from the start, where there is none) and works until it is over.
///
/// # Errors
/// What went wrong; it is kept with the run.
pub fn resume(
    folder: &RunFolder,
    mut record: RunRecord,
    environment: &RunEnvironment<'_>,
    signals: &RunSignals,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<RunRecord> {
    let _lock = folder.lock()?;
    record.state = RunState::Running;
    record.error = None;
    record.device = environment.device_name.into();
    record.config = environment.able(&record.config);
    folder.keep(&record)?;
    let mut training = TrainingLoop {
        folder,
        record,
        environment,
        signals,
        report,
    };
    match training.go() {
        Ok(()) => Ok(training.record),
        Err(Error::Stopped) => {
            training.record.state = RunState::Stopped;
            folder.keep(&training.record)?;
            Err(Error::Stopped)
        }
        Err(error) => {
            training.record.state = RunState::Failed;
            training.record.error = Some(error.to_string());
            // A full disk may be why it failed: then this fails, too, and the run is found interrupted.
            let _ = folder.keep(&training.record);
            let event = RunEvent::Failed {
                run: training.record.run.clone(),
                reason: error.to_string(),
            };
            let _ = folder.append(&event);
            (training.report)(&event);
            Err(error)
        }
    }
}
