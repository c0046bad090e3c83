//! What is to be done, and what not any more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::engine::training::TrainingRequest;
use crate::fine_tune::run::RunSignals;

/// Jobs in their order, and what stops them.
#[derive(Default)]
pub(super) struct Orders {
    pub control: Arc<RunSignals>,
    waiting: Mutex<Waiting>,
    /// The newest estimate that was asked for: older ones are outdated.
    pub estimate: AtomicU64,
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
    /// Nothing is to be done yet. `control` is what the work itself listens to.
    pub(super) fn new(control: Arc<RunSignals>) -> Self {
        Self {
            control,
            ..Self::default()
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Puts work at the end of the queue: its number; none where a run waits or works already.
    pub(super) fn queue(&self, request: &TrainingRequest) -> Option<u64> {
        let mut waiting = self.waiting();
        if is_run(request) {
            if waiting.runs > 0 {
                return None;
            }
            waiting.runs += 1;
        }
        if let TrainingRequest::Estimate { generation, .. } = request {
            self.estimate.store(*generation, Ordering::Relaxed);
        }
        waiting.queued += 1;
        Some(waiting.queued)
    }

    /// Stops what is at work, and all that waits.
    pub(super) fn stop(&self) {
        let mut waiting = self.waiting();
        waiting.stopped = waiting.queued;
        self.control.stop.store(true, Ordering::Relaxed);
    }

    /// Begins with a job; false where it was stopped before.
    pub(super) fn begin(&self, number: u64) -> bool {
        let waiting = self.waiting();
        if number <= waiting.stopped {
            return false;
        }
        self.control.stop.store(false, Ordering::Relaxed);
        self.control.pause.store(false, Ordering::Relaxed);
        true
    }

    /// A job is done, well or not; whether no other waits.
    pub(super) fn done(&self, number: u64, request_was_run: bool) -> bool {
        let mut waiting = self.waiting();
        waiting.done = number;
        if request_was_run {
            waiting.runs = waiting.runs.saturating_sub(1);
        }
        waiting.done == waiting.queued
    }
}

pub(super) fn is_run(request: &TrainingRequest) -> bool {
    matches!(request, TrainingRequest::Start(_) | TrainingRequest::Resume(_))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::engine::training::{FineTuneMethod, RunConfig};

    fn start() -> TrainingRequest {
        let config = RunConfig::new(FineTuneMethod::LinearProbe, PathBuf::new());
        TrainingRequest::Start(Box::new(config))
    }

    fn estimate(generation: u64) -> TrainingRequest {
        let config = Box::new(RunConfig::new(FineTuneMethod::LinearProbe, PathBuf::new()));
        TrainingRequest::Estimate { generation, config }
    }

    #[test]
    fn stop_stops_what_waits_and_nothing_that_is_asked_for_later() {
        let orders = Orders::default();
        let looking = orders.queue(&estimate(1)).unwrap();
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
        assert!(orders.queue(&estimate(1)).is_some());
        assert!(orders.begin(first));
        assert!(orders.queue(&start()).is_none());
        orders.done(first, true);
        assert!(orders.queue(&start()).is_some());
    }
}
