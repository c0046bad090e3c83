//! The thread that trains and measures, a job after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Receiver;

use super::orders::{Orders, is_run};
use super::{Job, list, tell};
use crate::engine::Events;
use crate::engine::device::DeviceChoice;
use crate::engine::placement::{Placement, place};
use crate::engine::protocol::{Precision, Severity, Topic};
use crate::engine::threads::keep_going;
use crate::engine::training::{RunConfig, RunEvent, TrainingEvent, TrainingRequest};
use crate::fine_tune::board::board;
use crate::fine_tune::k_shot::{CurveEvent, k_shot_curve};
use crate::fine_tune::run::{self, RunEnvironment, Runs};
use crate::fine_tune::{Error, Result, base_model};
use crate::library::unpack_samples;
use crate::logging::{panic_text, place as log_place};
use crate::progress::{Progress, Step, progress_fn};

pub(super) struct Worker {
    pub jobs: Receiver<Job>,
    pub events: Events,
    pub orders: Arc<Orders>,
    pub runs: Runs,
    pub data_dir: PathBuf,
}

impl Worker {
    pub(super) fn run(self) {
        keep_going("training", &self.events, || match self.jobs.recv() {
            Ok(job) => {
                self.take(job);
                true
            }
            Err(_) => false,
        });
    }

    fn take(&self, job: Job) {
        let was_run = is_run(&job.request);
        if self.orders.begin(job.number) {
            let work = || self.work(job.request, job.device);
            match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
                Ok(Ok(()) | Err(Error::Stopped)) => {}
                Ok(Err(error)) => self.events.message(Severity::Error, error.to_string()),
                Err(panic) => {
                    let text = format!(
                        "Training failed unexpectedly ({}), perhaps for want of memory. A run can be resumed from its last \
                         checkpoint; a smaller micro-batch, or the CPU, may carry it further; {}",
                        panic_text(panic.as_ref()),
                        log_place()
                    );
                    self.events.message(Severity::Error, text);
                }
            }
        }
        list(&self.runs, &self.events);
        if self.orders.done(job.number, was_run) {
            tell(&self.events, TrainingEvent::Idle);
        }
    }

    fn work(&self, request: TrainingRequest, device: DeviceChoice) -> Result<()> {
        let placement = self.place(device);
        let samples = unpack_samples(&self.data_dir).ok().map(|folder| folder.join("photos"));
        let environment = RunEnvironment {
            device: placement.device(),
            device_name: &placement.info().name,
            has_half: placement.has_half,
            samples: samples.as_deref(),
        };
        match request {
            TrainingRequest::Estimate { generation, config } => {
                let newest = &self.orders.estimate;
                let progress = self.newest("Trying one step", newest, generation);
                // The window has the preview beside it.
                let estimate = run::estimate(&config, &environment, &progress, |_| {})?;
                tell(&self.events, TrainingEvent::Estimated { generation, estimate });
                Ok(())
            }
            TrainingRequest::Start(config) => {
                run::run(&self.runs, &config, &environment, &self.orders.control, &mut |event| {
                    self.heard(event)
                })
                .map(drop)
            }
            TrainingRequest::Resume(run) => self.resume(&run, &environment),
            TrainingRequest::Export { run, to } => self.export(&run, &environment, &to),
            TrainingRequest::MeasureBlends(run) => {
                let folder = self.runs.find(&run)?;
                let progress = self.working("Measuring blends");
                let points = run::blend_curve(&folder, environment.device, environment.samples, &progress)?;
                tell(&self.events, TrainingEvent::Blends { run, points });
                Ok(())
            }
            TrainingRequest::UseBlend { run, blend } => {
                let progress = self.working("Measuring the blend");
                let record = run::set_blend(&self.runs.find(&run)?, &environment, blend, &progress)?;
                let text = format!("{} is now {}", record.name, record.mixture());
                self.events.message_about(Topic::Training, Severity::Info, text);
                Ok(())
            }
            TrainingRequest::KShot { generation, config } => self.k_shot(generation, &config, &environment),
            TrainingRequest::Board {
                pairs,
                base,
                steps,
                learning_rate,
            } => {
                self.say("Comparing pictures and texts", 0.0);
                let board = Box::new(board(&pairs, base, steps, learning_rate, environment.device)?);
                tell(&self.events, TrainingEvent::Board { pairs, board });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn place(&self, device: DeviceChoice) -> Placement {
        let mut placement = place(device, Precision::Full);
        if let Some(warning) = placement.warning.take() {
            self.events.message(Severity::Warning, warning);
        }
        placement
    }

    /// Whether nothing newer of the kind was asked for.
    fn still_wanted(&self, newest: &AtomicU64, generation: u64) -> bool {
        newest.load(Ordering::Relaxed) == generation
    }

    /// The progress of work that can be stopped.
    fn working(&self, what: &'static str) -> impl Progress + Sync {
        progress_fn(
            move |step: Step<'_>| self.say(what, step.share()),
            || !self.orders.control.stop.load(Ordering::Relaxed),
        )
    }

    /// The same, of work that something newer of its kind replaces.
    fn newest(&self, what: &'static str, newest: &AtomicU64, generation: u64) -> impl Progress + Sync {
        progress_fn(
            move |step: Step<'_>| self.say(what, step.share()),
            move || self.still_wanted(newest, generation) && !self.orders.control.stop.load(Ordering::Relaxed),
        )
    }

    fn say(&self, what: &str, done: f32) {
        let what = what.to_owned();
        tell(&self.events, TrainingEvent::Working { what, done });
    }

    fn heard(&self, event: &RunEvent) {
        if matches!(event, RunEvent::Started { .. }) {
            list(&self.runs, &self.events);
        }
        tell(&self.events, TrainingEvent::Run(event.clone()));
    }

    fn resume(&self, run: &str, environment: &RunEnvironment<'_>) -> Result<()> {
        let folder = self.runs.find(run)?;
        let record = folder.record()?;
        run::resume(&folder, record, environment, &self.orders.control, &mut |event| {
            self.heard(event)
        })
        .map(drop)
    }

    fn export(&self, run: &str, environment: &RunEnvironment<'_>, to: &Path) -> Result<()> {
        let target = to.join(run);
        let exported = run::export_run(&self.runs.find(run)?, environment.device, &target, false)?;
        let text = format!("The {} is in {}", exported.title(), target.display());
        self.events.message_about(Topic::Saving, Severity::Info, text);
        Ok(())
    }

    fn k_shot(&self, generation: u64, config: &RunConfig, environment: &RunEnvironment<'_>) -> Result<()> {
        let open = || base_model(config.base.as_deref(), environment.device);
        k_shot_curve(config, open, &self.working("Measuring shots"), |found| match found {
            // The window has the preview beside it.
            CurveEvent::Data(_) => {}
            CurveEvent::Point(point) => tell(&self.events, TrainingEvent::KShot { generation, point }),
        })
    }
}
