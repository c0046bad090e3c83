//! Training, for the window: long work on a thread of its own, one after the other; short work at once beside it.

mod books;
mod orders;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::{Sender, unbounded};

use super::Events;
use super::device::DeviceChoice;
use super::previews::Previews;
use super::protocol::{Event, Severity};
use super::threads::{in_own_pool, keep_going, spawn};
use super::training::{TrainingEvent, TrainingRequest};
use crate::fine_tune::run::{RunSignals, Runs};
use books::keep_books;
use orders::Orders;
use worker::Worker;

const AT_WORK: &str = "Another run is still running: stop it first, or wait until it is done";
const NO_FOLDER: &str = "There is no folder for application data: set CLIPSIGHT_DATA_DIR";

/// Takes what the window wants of training.
pub struct Trainer {
    jobs: Sender<Job>,
    books: Sender<TrainingRequest>,
    previews: Previews,
    orders: Arc<Orders>,
    events: Events,
    has_runs: bool,
    device: DeviceChoice,
}

struct Job {
    pub number: u64,
    pub request: TrainingRequest,
    pub device: DeviceChoice,
}

impl Trainer {
    /// Starts the threads. `control` also hears when somebody else needs the device.
    pub fn start(data_dir: Option<PathBuf>, device: DeviceChoice, events: Events, control: Arc<RunSignals>) -> Self {
        let (jobs, job_receiver) = unbounded();
        let (books, book_receiver) = unbounded();
        let orders = Arc::new(Orders::new(control));
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
            previews: Previews::start(&events),
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
            TrainingRequest::Preview { generation, config } => self.previews.look(generation, config),
            TrainingRequest::StopPreview(generation) => self.previews.stop(generation),
            TrainingRequest::List
            | TrainingRequest::Events(_)
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
