//! Models on this machine and on the Hub, for the window: each request on a thread of its own, one download at a time.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Events;
use super::protocol::{Download, Event, FetchOutcome, HubRequest, Severity};
use super::threads::spawn;
use crate::hub::{Cache, Hub, PullError, pull};
use crate::logging::{panic_text, place};
use crate::memory::machine_bytes;
use crate::progress::{Speed, Step, progress_fn};

const REVISION: &str = "main";
const SPEED_WINDOW: Duration = Duration::from_secs(5);
const TELL_EVERY: Duration = Duration::from_millis(100);
const NO_HOME: &str = "There is no home folder: set HF_HOME to where models shall lie";

/// Looks for models, fetches and removes them.
pub struct Fetcher {
    events: Events,
    running: Arc<AtomicBool>,
    /// Counted up to stop the running download.
    stopped: Arc<AtomicU64>,
    /// Lists are made one after the other, so that the newest arrives last.
    listing: Arc<Mutex<()>>,
}

impl Fetcher {
    /// Nothing is fetched yet.
    pub fn new(events: Events) -> Self {
        Self {
            events,
            running: Arc::default(),
            stopped: Arc::default(),
            listing: Arc::default(),
        }
    }

    /// Takes a request; never waits.
    pub fn send(&self, request: HubRequest) {
        match request {
            HubRequest::ListModels => self.list(),
            HubRequest::Fetch(name) => self.fetch(name),
            HubRequest::StopFetching => self.stop(),
            HubRequest::RemoveModel(name) => self.remove(name),
        }
    }

    /// Lists what is on this machine.
    fn list(&self) {
        let (events, listing) = (self.events.clone(), self.listing.clone());
        spawn("models", &self.events, move || {
            if let Some(bytes) = machine_bytes() {
                events.send(Event::MachineMemory(bytes));
            }
            list(&events, &listing);
        });
    }

    /// Fetches a model; another one meanwhile is refused.
    fn fetch(&self, name: String) {
        if self.running.swap(true, Ordering::SeqCst) {
            let text = "Another model is being downloaded; wait for it, or stop it first".into();
            self.events.message(Severity::Warning, text);
            return;
        }
        let (events, running, listing) = (self.events.clone(), self.running.clone(), self.listing.clone());
        let (stopped, start) = (self.stopped.clone(), self.stopped.load(Ordering::SeqCst));
        spawn("fetch", &self.events, move || {
            let wanted = || stopped.load(Ordering::SeqCst) == start;
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fetch(&name, &events, wanted)));
            running.store(false, Ordering::SeqCst);
            let outcome = outcome.unwrap_or_else(|panic| {
                let reason = panic_text(panic.as_ref());
                FetchOutcome::Failed(format!("the download failed unexpectedly ({reason}); {}", place()))
            });
            events.send(Event::Fetched { name, outcome });
            list(&events, &listing);
        });
    }

    /// Stops the running download; what arrived is kept.
    pub fn stop(&self) {
        self.stopped.fetch_add(1, Ordering::SeqCst);
    }

    /// Deletes a model from the cache.
    fn remove(&self, name: String) {
        let (events, listing) = (self.events.clone(), self.listing.clone());
        spawn("remove", &self.events, move || {
            match Cache::of_this_machine().map(|cache| cache.remove(&name)) {
                Some(Ok(bytes)) => {
                    let text = format!("{name} is removed; {} MB are free again", bytes / 1_000_000);
                    events.message(Severity::Info, text);
                }
                Some(Err(error)) => events.message(Severity::Error, format!("{name} was not removed: {error}")),
                None => events.message(Severity::Error, NO_HOME.into()),
            }
            list(&events, &listing);
        });
    }
}

fn list(events: &Events, listing: &Mutex<()>) {
    let _one_at_a_time = listing.lock();
    let models = Cache::of_this_machine().map(|cache| cache.models());
    events.send(Event::LocalModels(models.unwrap_or_default()));
}

fn fetch(name: &str, events: &Events, wanted: impl Fn() -> bool) -> FetchOutcome {
    let Some(cache) = Cache::of_this_machine() else {
        return FetchOutcome::Failed(NO_HOME.into());
    };
    let speed = RefCell::new(Speed::over(SPEED_WINDOW, TELL_EVERY));
    let hear = |step: Step<'_>| {
        let Some(bytes_per_s) = speed.borrow_mut().mark(step.done) else {
            return;
        };
        events.send(Event::Fetching {
            name: name.into(),
            progress: Download {
                done_bytes: step.done as u64,
                total_bytes: step.total as u64,
                bytes_per_s,
            },
        });
    };
    let progress = progress_fn(hear, wanted);
    match pull(&Hub::from_environment(), &cache, name, REVISION, &progress) {
        Ok(pulled) => FetchOutcome::Here(pulled.folder),
        Err(PullError::Cancelled) => FetchOutcome::Stopped,
        Err(error) => FetchOutcome::Failed(error.to_string()),
    }
}
