//! Training, for the window: long work on a thread of its own, one after the other; short work at once beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::device::DeviceChoice;
use super::loaded::{Placement, place};
use super::protocol::{Event, Precision, ScreenImage, Severity};
use super::training::{Comparison, Previewed, RunConfig, TrainingEvent, TrainingRequest};
use super::{Events, spawn};
use crate::fine_tune::board::board;
use crate::fine_tune::k_shot::{base, k_shot_curve};
use crate::fine_tune::run::{self, Control, Runs, Start};
use crate::fine_tune::{Error, Result};
use crate::library::{decode, fitted, unpack_samples};

/// Side of the small pictures in a preview.
const SAMPLE_SIDE: u32 = 96;
/// Classes whose pictures are shown.
const SAMPLED_CLASSES: usize = 24;
/// Pairs of copies that a preview shows.
const SAMPLED_PAIRS: usize = 12;
const NO_FOLDER: &str = "There is no folder for application data: set CLIPSIGHT_DATA_DIR";

/// Takes what the window wants of training.
pub struct Trainer {
    jobs: Sender<(TrainingRequest, DeviceChoice)>,
    control: Arc<Control>,
    events: Events,
    runs: Option<Runs>,
    device: DeviceChoice,
}

impl Trainer {
    /// Starts the thread. `control` also hears when somebody else needs the device.
    pub fn start(data_dir: Option<PathBuf>, device: DeviceChoice, events: Events, control: Arc<Control>) -> Self {
        let (jobs, receiver) = unbounded();
        let runs = data_dir.as_deref().map(Runs::at);
        if let Some(runs) = &runs {
            runs.empty_trash();
        }
        if let (Some(data_dir), Some(runs)) = (data_dir, runs.clone()) {
            let worker = Worker {
                jobs: receiver,
                events: events.clone(),
                control: control.clone(),
                runs,
                data_dir,
            };
            spawn("training", move || in_own_pool(|| worker.run()));
        }
        Self {
            jobs,
            control,
            events,
            runs,
            device,
        }
    }

    /// From now on, new work computes elsewhere.
    pub fn use_device(&mut self, device: DeviceChoice) {
        self.device = device;
    }

    /// Takes a request; never waits.
    pub fn send(&self, request: TrainingRequest) {
        let Some(runs) = self.runs.clone() else {
            if request == TrainingRequest::List {
                return tell(&self.events, TrainingEvent::Runs(Vec::new()));
            }
            self.events.message(Severity::Error, NO_FOLDER.into());
            return;
        };
        match request {
            TrainingRequest::Pause(pause) => self.control.pause.store(pause, Ordering::Relaxed),
            TrainingRequest::Stop => self.control.stop.store(true, Ordering::Relaxed),
            TrainingRequest::List
            | TrainingRequest::Events(_)
            | TrainingRequest::Describe { .. }
            | TrainingRequest::Contrast(_)
            | TrainingRequest::Delete(_)
            | TrainingRequest::Restore(_) => {
                let events = self.events.clone();
                spawn("runs", move || keep_books(&runs, request, &events));
            }
            long => {
                let _ = self.jobs.send((long, self.device));
            }
        }
    }
}

fn tell(events: &Events, event: TrainingEvent) {
    events.send(Event::Training(event));
}

fn list(runs: &Runs, events: &Events) {
    tell(events, TrainingEvent::Runs(runs.list()));
}

/// What needs no model.
fn keep_books(runs: &Runs, request: TrainingRequest, events: &Events) {
    let done = match request {
        TrainingRequest::Events(run) => runs.find(&run).map(|folder| {
            let known = folder.events();
            tell(events, TrainingEvent::Events { run, events: known });
        }),
        TrainingRequest::Describe { run, name, note } => runs.find(&run).and_then(|folder| folder.describe(name, note)),
        TrainingRequest::Contrast(compared) => {
            tell(events, TrainingEvent::Contrasts(contrasts(runs, &compared)));
            return;
        }
        TrainingRequest::Delete(run) => runs.delete(&run),
        TrainingRequest::Restore(run) => runs.restore(&run),
        _ => Ok(()),
    };
    if let Err(error) = done {
        events.message(Severity::Error, error.to_string());
    }
    list(runs, events);
}

/// Runs against the first of them.
fn contrasts(runs: &Runs, compared: &[String]) -> Vec<(String, Option<Comparison>)> {
    let tested = |run: &String| runs.find(run).and_then(|folder| folder.record()).ok()?.tested;
    let Some((first, others)) = compared.split_first() else {
        return Vec::new();
    };
    let baseline = tested(first);
    let against = |run: &String| tested(run)?.against(baseline.as_ref()?);
    others.iter().map(|run| (run.clone(), against(run))).collect()
}

struct Worker {
    jobs: Receiver<(TrainingRequest, DeviceChoice)>,
    events: Events,
    control: Arc<Control>,
    runs: Runs,
    data_dir: PathBuf,
}

impl Worker {
    fn run(self) {
        while let Ok((request, device)) = self.jobs.recv() {
            self.control.stop.store(false, Ordering::Relaxed);
            self.control.pause.store(false, Ordering::Relaxed);
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work(request, device)));
            match done {
                Ok(Ok(()) | Err(Error::Stopped)) => {}
                Ok(Err(error)) => self.events.message(Severity::Error, error.to_string()),
                Err(_) => {
                    let text = "Training failed unexpectedly, perhaps for want of memory. A run can be resumed from its \
                                last checkpoint; a smaller micro-batch, or the CPU, may carry it further";
                    self.events.message(Severity::Error, text.into());
                }
            }
            list(&self.runs, &self.events);
            tell(&self.events, TrainingEvent::Idle);
        }
    }

    fn work(&self, request: TrainingRequest, device: DeviceChoice) -> Result<()> {
        let placement = self.place(device);
        let samples = unpack_samples(&self.data_dir).ok().map(|folder| folder.join("photos"));
        let start = Start {
            device: placement.device(),
            device_name: &placement.info().name,
            has_half: placement.has_half,
            samples: samples.as_deref(),
        };
        match request {
            TrainingRequest::Preview(config) => {
                self.preview(&config);
                Ok(())
            }
            TrainingRequest::Estimate(config) => {
                let estimate = run::estimate(&config, &start, |done| self.wanted("Trying one step", done))?;
                tell(&self.events, TrainingEvent::Estimated(estimate));
                Ok(())
            }
            TrainingRequest::Start(config) => run::run(&self.runs, &config, &start, &self.control, &mut |event| {
                self.heard(event)
            })
            .map(drop),
            TrainingRequest::Resume(run) => self.resume(&run, &start),
            TrainingRequest::Export { run, to } => self.export(&run, &start, &to),
            TrainingRequest::MeasureBlends(run) => {
                let folder = self.runs.find(&run)?;
                let wanted = |done| self.wanted("Measuring blends", done);
                let points = run::blend_curve(&folder, start.device, start.samples, wanted)?;
                tell(&self.events, TrainingEvent::Blends { run, points });
                Ok(())
            }
            TrainingRequest::UseBlend { run, blend } => {
                let wanted = |done| self.wanted("Measuring the blend", done);
                let record = run::set_blend(&self.runs.find(&run)?, &start, blend, wanted)?;
                self.events
                    .message(Severity::Info, format!("{} is now {}", record.name, record.mixture()));
                Ok(())
            }
            TrainingRequest::KShot(config) => self.k_shot(&config, &start),
            TrainingRequest::Board {
                pairs,
                base,
                steps,
                learning_rate,
            } => {
                self.wanted("Comparing pictures and texts", 0.0);
                let board = board(&pairs, base, steps, learning_rate, start.device)?;
                let pictures = pairs.iter().map(|(path, _)| small(path)).collect();
                tell(&self.events, TrainingEvent::Board(Box::new(board), pictures));
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

    /// Says how far something is, and hears whether it is still wanted.
    fn wanted(&self, what: &str, done: f32) -> bool {
        let what = what.to_owned();
        tell(&self.events, TrainingEvent::Working { what, done });
        !self.control.stop.load(Ordering::Relaxed)
    }

    fn heard(&self, event: &super::training::RunEvent) {
        if matches!(event, super::training::RunEvent::Started { .. }) {
            list(&self.runs, &self.events);
        }
        tell(&self.events, TrainingEvent::Run(event.clone()));
    }

    fn resume(&self, run: &str, start: &Start<'_>) -> Result<()> {
        let folder = self.runs.find(run)?;
        let record = folder.record()?;
        run::resume(&folder, record, start, &self.control, &mut |event| self.heard(event)).map(drop)
    }

    fn export(&self, run: &str, start: &Start<'_>, to: &Path) -> Result<()> {
        let target = to.join(run);
        let exported = run::export_run(&self.runs.find(run)?, start.device, &target, false)?;
        let text = format!("The {} is in {}", exported.title(), target.display());
        self.events.message(Severity::Info, text);
        Ok(())
    }

    fn preview(&self, config: &RunConfig) {
        let looked = run::preview(config, |done| self.wanted("Looking through the pictures", done));
        let previewed = match looked {
            Ok(preview) => {
                let classes = preview.classes.iter().take(SAMPLED_CLASSES);
                let pictures = classes.map(|class| class.samples.iter().map(|path| small(path)).collect());
                let pictures = pictures.collect();
                let pairs = preview
                    .pairs
                    .iter()
                    .take(SAMPLED_PAIRS)
                    .map(|(a, b)| [small(a), small(b)]);
                let pairs = pairs.collect();
                Ok(Box::new(Previewed {
                    preview,
                    pictures,
                    pairs,
                }))
            }
            Err(Error::Stopped) => return,
            Err(error) => Err(error.to_string()),
        };
        tell(&self.events, TrainingEvent::Previewed(previewed));
    }

    fn k_shot(&self, config: &RunConfig, start: &Start<'_>) -> Result<()> {
        let open = || base(config.base.as_deref(), start.device);
        let wanted = |done| self.wanted("Measuring shots", done);
        k_shot_curve(config, open, wanted, |point| {
            tell(&self.events, TrainingEvent::KShot(point))
        })
    }
}

/// A picture for a preview; a grey one where it cannot be read.
fn small(path: &Path) -> ScreenImage {
    let grey = || image::RgbImage::from_pixel(SAMPLE_SIDE, SAMPLE_SIDE, image::Rgb([128; 3]));
    let picture = decode(path).map_or_else(|_| grey(), |picture| fitted(&picture, SAMPLE_SIDE));
    ScreenImage {
        width: picture.width() as usize,
        height: picture.height() as usize,
        rgb: picture.into_raw(),
    }
}

/// Does work whose parallel parts wait for each other alone: in the pool that all share, a prediction's would stand behind
/// a whole batch of the run's.
fn in_own_pool(work: impl FnOnce() + Send) {
    match rayon::ThreadPoolBuilder::new().build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}
