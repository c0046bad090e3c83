//! Training, for the window: long work on a thread of its own, one after the other; short work at once beside it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::Events;
use super::device::DeviceChoice;
use super::loaded::{Placement, place};
use super::protocol::{Event, Precision, ScreenImage, Severity, Topic};
use super::threads::{keep_going, spawn};
use super::training::{Comparison, Previewed, RunConfig, TrainingEvent, TrainingRequest};
use crate::fine_tune::board::board;
use crate::fine_tune::k_shot::{base, k_shot_curve};
use crate::fine_tune::run::{self, Control, Runs, Start};
use crate::fine_tune::{Error, Result};
use crate::library::{decode_fitted, unpack_samples};
use crate::logging::{panic_text, place as log_place};
use crate::progress::{Progress, Step, heard};

/// Side of the small pictures in a preview.
const SAMPLE_SIDE: u32 = 96;
/// Classes whose pictures are shown.
const SAMPLED_CLASSES: usize = 24;
/// Pairs of copies that a preview shows.
const SAMPLED_PAIRS: usize = 12;
const AT_WORK: &str = "Another run is still running: stop it first, or wait until it is done";
const NO_FOLDER: &str = "There is no folder for application data: set CLIPSIGHT_DATA_DIR";

/// Takes what the window wants of training.
pub struct Trainer {
    jobs: Sender<Job>,
    books: Sender<TrainingRequest>,
    orders: Arc<Orders>,
    events: Events,
    has_runs: bool,
    device: DeviceChoice,
}

/// Long work.
struct Job {
    number: u64,
    request: TrainingRequest,
    device: DeviceChoice,
}

/// What is to be done, and what not any more.
#[derive(Default)]
struct Orders {
    control: Arc<Control>,
    waiting: Mutex<Waiting>,
    /// The newest preview and estimate that were asked for: older ones are outdated.
    preview: AtomicU64,
    estimate: AtomicU64,
}

/// Jobs by their numbers.
#[derive(Default)]
struct Waiting {
    queued: u64,
    done: u64,
    /// This job and those before it were stopped.
    stopped: u64,
    /// Runs that are queued or at work.
    runs: usize,
}

impl Orders {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Puts work at the end of the queue: its number; none where a run waits or works already.
    fn queue(&self, request: &TrainingRequest) -> Option<u64> {
        let mut waiting = self.waiting();
        if is_run(request) {
            if waiting.runs > 0 {
                return None;
            }
            waiting.runs += 1;
        }
        match request {
            TrainingRequest::Preview { generation, .. } => self.preview.store(*generation, Ordering::Relaxed),
            TrainingRequest::Estimate { generation, .. } => self.estimate.store(*generation, Ordering::Relaxed),
            _ => {}
        }
        waiting.queued += 1;
        Some(waiting.queued)
    }

    /// Stops what is at work, and all that waits.
    fn stop(&self) {
        let mut waiting = self.waiting();
        waiting.stopped = waiting.queued;
        self.control.stop.store(true, Ordering::Relaxed);
    }

    /// Begins with a job; false where it was stopped before.
    fn begin(&self, number: u64) -> bool {
        let waiting = self.waiting();
        if number <= waiting.stopped {
            return false;
        }
        self.control.stop.store(false, Ordering::Relaxed);
        self.control.pause.store(false, Ordering::Relaxed);
        true
    }

    /// A job is done, well or not; whether no other waits.
    fn done(&self, number: u64, request_was_run: bool) -> bool {
        let mut waiting = self.waiting();
        waiting.done = number;
        if request_was_run {
            waiting.runs = waiting.runs.saturating_sub(1);
        }
        waiting.done == waiting.queued
    }
}

fn is_run(request: &TrainingRequest) -> bool {
    matches!(request, TrainingRequest::Start(_) | TrainingRequest::Resume(_))
}

impl Trainer {
    /// Starts the threads. `control` also hears when somebody else needs the device.
    pub fn start(data_dir: Option<PathBuf>, device: DeviceChoice, events: Events, control: Arc<Control>) -> Self {
        let (jobs, job_receiver) = unbounded();
        let (books, book_receiver) = unbounded();
        let orders = Arc::new(Orders {
            control,
            ..Orders::default()
        });
        let has_runs = data_dir.is_some();
        if let Some(data_dir) = data_dir {
            let runs = Runs::at(&data_dir);
            let (kept, told) = (runs.clone(), events.clone());
            spawn("runs", &events, move || {
                kept.forget_trash();
                keep_going("runs", &told, || match book_receiver.recv() {
                    Ok(request) => {
                        keep_books(&kept, request, &told);
                        true
                    }
                    Err(_) => false,
                });
            });
            let worker = Worker {
                jobs: job_receiver,
                events: events.clone(),
                orders: orders.clone(),
                runs,
                data_dir,
            };
            spawn("training", &events, move || in_own_pool(|| worker.run()));
        }
        Self {
            jobs,
            books,
            orders,
            events,
            has_runs,
            device,
        }
    }

    /// From now on, new work computes elsewhere.
    pub fn use_device(&mut self, device: DeviceChoice) {
        self.device = device;
    }

    /// Takes a request; never waits.
    pub fn send(&self, request: TrainingRequest) {
        if !self.has_runs {
            if request == TrainingRequest::List {
                return tell(&self.events, TrainingEvent::Runs(Vec::new()));
            }
            self.events.message(Severity::Error, NO_FOLDER.into());
            return;
        }
        match request {
            TrainingRequest::Pause(pause) => self.orders.control.pause.store(pause, Ordering::Relaxed),
            TrainingRequest::Stop => self.orders.stop(),
            TrainingRequest::List
            | TrainingRequest::Events(_)
            | TrainingRequest::Small(_)
            | TrainingRequest::Describe { .. }
            | TrainingRequest::Contrast(_)
            | TrainingRequest::Delete(_)
            | TrainingRequest::Restore(_) => {
                // One after the other: bringing back what is being deleted comes second.
                let _ = self.books.send(request);
            }
            request => match self.orders.queue(&request) {
                Some(number) => {
                    let device = self.device;
                    let _ = self.jobs.send(Job {
                        number,
                        request,
                        device,
                    });
                }
                None => self.events.message(Severity::Warning, AT_WORK.into()),
            },
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
        TrainingRequest::Small(paths) => {
            let pictures = paths.into_iter().map(|path| {
                let picture = small(&path);
                (path, picture)
            });
            tell(events, TrainingEvent::Small(pictures.collect()));
            return;
        }
        TrainingRequest::Describe { run, name, note } => runs.find(&run).and_then(|folder| folder.describe(name, note)),
        TrainingRequest::Contrast(compared) => {
            tell(events, TrainingEvent::Contrasts(contrasts(runs, &compared)));
            return;
        }
        TrainingRequest::Delete(run) => runs.delete(&run),
        TrainingRequest::Restore(run) => runs.restore(&run),
        TrainingRequest::List => {
            let damaged = runs.damaged();
            if let Some(first) = damaged.first() {
                let names: Vec<&str> = damaged.iter().map(|run| run.run.as_str()).collect();
                let text = format!(
                    "Runs that cannot be shown: {} ({}). `clipsight runs delete {}` removes one",
                    names.join(", "),
                    first.reason,
                    first.run
                );
                events.message(Severity::Warning, text);
            }
            Ok(())
        }
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
    jobs: Receiver<Job>,
    events: Events,
    orders: Arc<Orders>,
    runs: Runs,
    data_dir: PathBuf,
}

impl Worker {
    fn run(self) {
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
        let start = Start {
            device: placement.device(),
            device_name: &placement.info().name,
            has_half: placement.has_half,
            samples: samples.as_deref(),
        };
        match request {
            TrainingRequest::Preview { generation, config } => {
                self.preview(generation, &config);
                Ok(())
            }
            TrainingRequest::Estimate { generation, config } => {
                let newest = &self.orders.estimate;
                let estimate = run::estimate(&config, &start, &self.newest("Trying one step", newest, generation))?;
                tell(&self.events, TrainingEvent::Estimated { generation, estimate });
                Ok(())
            }
            TrainingRequest::Start(config) => {
                run::run(&self.runs, &config, &start, &self.orders.control, &mut |event| {
                    self.heard(event)
                })
                .map(drop)
            }
            TrainingRequest::Resume(run) => self.resume(&run, &start),
            TrainingRequest::Export { run, to } => self.export(&run, &start, &to),
            TrainingRequest::MeasureBlends(run) => {
                let folder = self.runs.find(&run)?;
                let progress = self.working("Measuring blends");
                let points = run::blend_curve(&folder, start.device, start.samples, &progress)?;
                tell(&self.events, TrainingEvent::Blends { run, points });
                Ok(())
            }
            TrainingRequest::UseBlend { run, blend } => {
                let progress = self.working("Measuring the blend");
                let record = run::set_blend(&self.runs.find(&run)?, &start, blend, &progress)?;
                let text = format!("{} is now {}", record.name, record.mixture());
                self.events.message_about(Topic::Training, Severity::Info, text);
                Ok(())
            }
            TrainingRequest::KShot(config) => self.k_shot(&config, &start),
            TrainingRequest::Board {
                pairs,
                base,
                steps,
                learning_rate,
            } => {
                self.say("Comparing pictures and texts", 0.0);
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

    /// Whether nothing newer of the kind was asked for.
    fn still_wanted(&self, newest: &AtomicU64, generation: u64) -> bool {
        newest.load(Ordering::Relaxed) == generation
    }

    /// The progress of work that can be stopped.
    fn working(&self, what: &'static str) -> impl Progress + Sync {
        heard(
            move |step: Step<'_>| self.say(what, step.share()),
            || !self.orders.control.stop.load(Ordering::Relaxed),
        )
    }

    /// The same, of work that something newer of its kind replaces.
    fn newest(&self, what: &'static str, newest: &AtomicU64, generation: u64) -> impl Progress + Sync {
        heard(
            move |step: Step<'_>| self.say(what, step.share()),
            move || self.still_wanted(newest, generation) && !self.orders.control.stop.load(Ordering::Relaxed),
        )
    }

    fn say(&self, what: &str, done: f32) {
        let what = what.to_owned();
        tell(&self.events, TrainingEvent::Working { what, done });
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
        run::resume(&folder, record, start, &self.orders.control, &mut |event| {
            self.heard(event)
        })
        .map(drop)
    }

    fn export(&self, run: &str, start: &Start<'_>, to: &Path) -> Result<()> {
        let target = to.join(run);
        let exported = run::export_run(&self.runs.find(run)?, start.device, &target, false)?;
        let text = format!("The {} is in {}", exported.title(), target.display());
        self.events.message_about(Topic::Saving, Severity::Info, text);
        Ok(())
    }

    fn preview(&self, generation: u64, config: &RunConfig) {
        let newest = &self.orders.preview;
        if !self.still_wanted(newest, generation) {
            return;
        }
        let looked = run::preview(config, &self.newest("Looking through the pictures", newest, generation));
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
        tell(&self.events, TrainingEvent::Previewed { generation, previewed });
    }

    fn k_shot(&self, config: &RunConfig, start: &Start<'_>) -> Result<()> {
        let open = || base(config.base.as_deref(), start.device);
        k_shot_curve(config, open, &self.working("Measuring shots"), |point| {
            tell(&self.events, TrainingEvent::KShot(point))
        })
    }
}

/// A picture for a preview; a grey one where it cannot be read.
fn small(path: &Path) -> ScreenImage {
    let grey = || image::RgbImage::from_pixel(SAMPLE_SIDE, SAMPLE_SIDE, image::Rgb([128; 3]));
    let picture = decode_fitted(path, SAMPLE_SIDE).unwrap_or_else(|_| grey());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::training::FineTuneMethod;

    fn start() -> TrainingRequest {
        let config = RunConfig::new(FineTuneMethod::LinearProbe, PathBuf::new());
        TrainingRequest::Start(Box::new(config))
    }

    fn preview(generation: u64) -> TrainingRequest {
        let config = Box::new(RunConfig::new(FineTuneMethod::LinearProbe, PathBuf::new()));
        TrainingRequest::Preview { generation, config }
    }

    #[test]
    fn stop_stops_what_waits_and_nothing_that_is_asked_for_later() {
        let orders = Orders::default();
        let looking = orders.queue(&preview(1)).unwrap();
        assert!(orders.begin(looking));
        let run = orders.queue(&start()).unwrap();
        orders.stop();
        assert!(orders.control.stop.load(Ordering::Relaxed));
        assert!(!orders.done(looking, false), "the run waits");
        assert!(!orders.begin(run), "it was stopped before it began");
        assert!(orders.done(run, true));
        let again = orders.queue(&start()).unwrap();
        assert!(orders.begin(again));
        assert!(!orders.control.stop.load(Ordering::Relaxed));
    }

    #[test]
    fn a_run_is_not_started_beside_another_that_waits_or_works() {
        let orders = Orders::default();
        let first = orders.queue(&start()).unwrap();
        assert!(orders.queue(&start()).is_none());
        assert!(orders.queue(&TrainingRequest::Resume("lora-1".into())).is_none());
        assert!(orders.queue(&preview(1)).is_some());
        assert!(orders.begin(first));
        assert!(orders.queue(&start()).is_none());
        orders.done(first, true);
        assert!(orders.queue(&start()).is_some());
    }

    #[test]
    fn an_outdated_preview_is_not_made() {
        let (events, said) = Events::listened_to();
        let data = tempfile::tempdir().unwrap();
        let (_jobs, receiver) = unbounded();
        let worker = Worker {
            jobs: receiver,
            events,
            orders: Arc::default(),
            runs: Runs::at(data.path()),
            data_dir: data.path().into(),
        };
        worker.orders.preview.store(2, Ordering::Relaxed);
        let config = RunConfig::new(FineTuneMethod::LinearProbe, data.path().join("none"));
        worker.preview(1, &config);
        assert!(said.try_recv().is_err(), "the folder is another by now");
        worker.preview(2, &config);
        let heard = said.try_iter().any(|event| {
            matches!(
                event,
                Event::Training(TrainingEvent::Previewed {
                    generation: 2,
                    previewed: Err(_)
                })
            )
        });
        assert!(heard);
    }
}
