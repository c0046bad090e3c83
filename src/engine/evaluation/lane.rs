//! The lanes of evaluating: what needs a model waits its turn, what does not is answered at once beside it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::map::{MapJob, draw};
use super::open_evaluations::OpenEvaluations;
use super::without_model::{answer, look};
use super::worker::Worker;
use super::{EvaluationEvent, EvaluationRequest, FailureOrder, SliceBy};
use crate::engine::Events;
use crate::engine::device::DeviceChoice;
use crate::engine::protocol::Event;
use crate::engine::threads::{in_own_pool, keep_going, spawn};
use crate::fine_tune::run::RunSignals;
use crate::progress::{Progress, Step};

/// Steps in which progress is told.
const STEPS: f32 = 200.0;
/// How long work stands back for a question in the window, and how often it looks.
const COURTESY: Duration = Duration::from_millis(400);
const LOOK: Duration = Duration::from_millis(5);

/// Takes what the window wants of evaluating.
pub struct Evaluator {
    jobs: Sender<Job>,
    books: Sender<EvaluationRequest>,
    looks: Sender<EvaluationRequest>,
    orders: Arc<Orders>,
    device: DeviceChoice,
}

/// A request in its turn.
pub struct Job {
    /// Which of all it is, from 1 on.
    pub number: u64,
    pub request: EvaluationRequest,
    /// Where it computes.
    pub device: DeviceChoice,
}

/// Jobs by their numbers, and the newest of what only the newest is wanted of.
#[derive(Default)]
pub struct Orders {
    queued: AtomicU64,
    stopped: AtomicU64,
    look: AtomicU64,
    /// The newest picture that is to be explained.
    explain: AtomicU64,
    /// The newest map; 0 where none is wanted.
    map: AtomicU64,
}

impl Orders {
    /// Whether a job is still wanted.
    pub fn wants(&self, number: u64) -> bool {
        number > self.stopped.load(Ordering::Relaxed)
    }

    /// Whether nothing waits behind a job.
    pub fn is_last(&self, number: u64) -> bool {
        number == self.queued.load(Ordering::Relaxed)
    }

    /// Whether no newer folder was asked for.
    pub fn is_newest_look(&self, generation: u64) -> bool {
        generation == self.look.load(Ordering::Relaxed)
    }

    /// Whether no newer picture was asked for.
    pub fn is_newest_explanation(&self, number: u64) -> bool {
        number == self.explain.load(Ordering::Relaxed)
    }

    /// Whether no newer map was asked for, and this one was not stopped.
    pub fn is_newest_map(&self, number: u64) -> bool {
        number == self.map.load(Ordering::Relaxed)
    }
}

impl Evaluator {
    /// Starts the threads; `control` says when somebody waits for the device.
    pub fn start(data_dir: Option<PathBuf>, device: DeviceChoice, events: Events, control: Arc<RunSignals>) -> Self {
        let orders = Arc::new(Orders::default());
        let evaluations = Arc::new(OpenEvaluations::new(events.clone(), data_dir.as_deref()));
        let (jobs, long) = unbounded();
        let (books, short) = unbounded();
        let (looks, folders) = unbounded();
        let (maps, drawn) = unbounded();

        let (told, kept, known) = (events.clone(), evaluations.clone(), orders.clone());
        // In a pool of its own: in the one that all share, a prediction would stand behind a whole batch.
        spawn("evaluation", &events, move || {
            in_own_pool(|| {
                let mut worker = Worker::new(kept, known, told.clone(), data_dir, control, maps);
                lane("evaluation", &told, &long, |job| worker.step(job));
            });
        });
        let (told, kept) = (events.clone(), evaluations.clone());
        spawn("evaluation-books", &events, move || {
            lane("evaluation-books", &told, &short, |request| {
                answer(&kept, &told, request)
            });
        });
        let (told, known) = (events.clone(), orders.clone());
        spawn("evaluation-look", &events, move || {
            lane("evaluation-look", &told, &folders, |request| {
                look(&evaluations, &known, request)
            });
        });
        let (told, known) = (events.clone(), orders.clone());
        spawn("evaluation-map", &events, move || {
            in_own_pool(|| lane("evaluation-map", &told, &drawn, |job: MapJob| draw(&told, &known, &job)));
        });
        Self {
            jobs,
            books,
            looks,
            orders,
            device,
        }
    }

    /// From now on, new work computes elsewhere.
    pub fn use_device(&mut self, device: DeviceChoice) {
        self.device = device;
    }

    /// Takes a request; never waits.
    pub fn send(&self, request: EvaluationRequest) {
        match &request {
            EvaluationRequest::Stop => return self.stop(),
            EvaluationRequest::StopMap => return self.orders.map.store(0, Ordering::Relaxed),
            EvaluationRequest::Look { generation, .. } => {
                self.orders.look.store(*generation, Ordering::Relaxed);
                let _ = self.looks.send(request);
                return;
            }
            short if needs_no_model(short) => {
                let _ = self.books.send(request);
                return;
            }
            _ => {}
        }
        let number = self.orders.queued.fetch_add(1, Ordering::Relaxed) + 1;
        match &request {
            EvaluationRequest::Explain { .. } => self.orders.explain.store(number, Ordering::Relaxed),
            EvaluationRequest::Map(..) => self.orders.map.store(number, Ordering::Relaxed),
            _ => {}
        }
        let _ = self.jobs.send(Job {
            number,
            request,
            device: self.device,
        });
    }

    /// Stops what is at work, and all that waits.
    pub fn stop(&self) {
        let queued = self.orders.queued.load(Ordering::Relaxed);
        self.orders.stopped.store(queued, Ordering::Relaxed);
    }
}

/// One after the other, until nobody sends any more.
fn lane<T>(name: &str, events: &Events, requests: &Receiver<T>, mut work: impl FnMut(T)) {
    keep_going(name, events, || match requests.recv() {
        Ok(request) => {
            work(request);
            true
        }
        Err(_) => false,
    });
}

/// Whether a request can be answered from what is kept.
fn needs_no_model(request: &EvaluationRequest) -> bool {
    match request {
        EvaluationRequest::List
        | EvaluationRequest::Open(_)
        | EvaluationRequest::Describe { .. }
        | EvaluationRequest::Mark { .. }
        | EvaluationRequest::KeepGiven { .. }
        | EvaluationRequest::KeepSlice { .. }
        | EvaluationRequest::ForgetSlice { .. }
        | EvaluationRequest::Measure { .. }
        | EvaluationRequest::Delete(_)
        | EvaluationRequest::Restore(_) => true,
        EvaluationRequest::Order(_, order) => matches!(
            order,
            FailureOrder::Disagreement | FailureOrder::Margin | FailureOrder::Entropy
        ),
        EvaluationRequest::Slices(_, by) => matches!(by, SliceBy::Folder | SliceBy::Mark | SliceBy::Kept),
        _ => false,
    }
}

/// Says how far a job is, in steps that can be seen, and hears whether it is still wanted.
pub struct JobProgress {
    events: Events,
    orders: Arc<Orders>,
    number: u64,
    control: Arc<RunSignals>,
    told: Mutex<(String, u32)>,
    /// When it last stood back.
    waited: Mutex<Option<Instant>>,
}

impl JobProgress {
    /// Of the job of that number.
    pub fn of(number: u64, events: &Events, orders: &Arc<Orders>, control: &Arc<RunSignals>) -> Self {
        Self {
            events: events.clone(),
            orders: orders.clone(),
            number,
            control: control.clone(),
            told: Mutex::default(),
            waited: Mutex::default(),
        }
    }

    /// Stands back for a moment while the window waits for the device; not again at once, or nothing would go on.
    fn stand_back(&self) {
        // Where several threads come by, one of them waits.
        let Ok(mut waited) = self.waited.try_lock() else { return };
        if waited.is_some_and(|at| at.elapsed() < COURTESY) {
            return;
        }
        let since = Instant::now();
        while self.control.busy.load(Ordering::Relaxed) && since.elapsed() < COURTESY && !self.cancelled() {
            std::thread::sleep(LOOK);
            *waited = Some(Instant::now());
        }
    }
}

impl Progress for JobProgress {
    fn report(&self, step: Step<'_>) {
        self.stand_back();
        let now = (STEPS * step.share()) as u32;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.0 != step.what || told.1 != now {
            *told = (step.what.to_owned(), now);
            self.events.send(Event::Evaluation(EvaluationEvent::Working {
                what: step.what.to_owned(),
                done: step.share(),
            }));
        }
    }

    fn cancelled(&self) -> bool {
        !self.orders.wants(self.number)
    }
}
