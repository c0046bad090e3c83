//! The lane of evaluations: one after the other on a thread of their own, each stopped by its number.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Sender, unbounded};

use super::worker::Worker;
use super::{EvaluationEvent, EvaluationRequest};
use crate::engine::Events;
use crate::engine::device::DeviceChoice;
use crate::engine::protocol::Event;
use crate::engine::threads::{keep_going, spawn};
use crate::progress::{Progress, Step};

/// Steps in which progress is told.
const STEPS: f32 = 200.0;

/// Takes what the window wants of evaluating.
pub struct Evaluator {
    jobs: Sender<Job>,
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

/// Jobs by their numbers, and the newest look that was asked for.
#[derive(Default)]
pub struct Orders {
    queued: AtomicU64,
    stopped: AtomicU64,
    look: AtomicU64,
    /// The newest picture that is to be explained.
    explain: AtomicU64,
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
}

impl Evaluator {
    /// Starts the thread.
    pub fn start(data_dir: Option<PathBuf>, device: DeviceChoice, events: Events) -> Self {
        let (jobs, receiver) = unbounded();
        let orders = Arc::new(Orders::default());
        let (told, known) = (events.clone(), orders.clone());
        spawn("evaluation", &events, move || {
            let mut worker = Worker::new(receiver, known, told.clone(), data_dir);
            keep_going("evaluation", &told, || worker.step());
        });
        Self { jobs, orders, device }
    }

    /// From now on, new work computes elsewhere.
    pub fn use_device(&mut self, device: DeviceChoice) {
        self.device = device;
    }

    /// Takes a request; never waits.
    pub fn send(&self, request: EvaluationRequest) {
        if request == EvaluationRequest::Stop {
            self.stop();
            return;
        }
        if let EvaluationRequest::Look { generation, .. } = &request {
            self.orders.look.store(*generation, Ordering::Relaxed);
        }
        let number = self.orders.queued.fetch_add(1, Ordering::Relaxed) + 1;
        if let EvaluationRequest::Explain { .. } = &request {
            self.orders.explain.store(number, Ordering::Relaxed);
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

/// Says how far a job is, in steps that can be seen, and hears whether it is still wanted.
pub struct Heard {
    events: Events,
    orders: Arc<Orders>,
    number: u64,
    told: Mutex<(String, u32)>,
}

impl Heard {
    /// Of the job of that number.
    pub fn of(number: u64, events: &Events, orders: &Arc<Orders>) -> Self {
        Self {
            events: events.clone(),
            orders: orders.clone(),
            number,
            told: Mutex::default(),
        }
    }
}

impl Progress for Heard {
    fn report(&self, step: Step<'_>) {
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
