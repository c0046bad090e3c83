//! Models are loaded on threads of their own, one after the other: meanwhile the one that is there answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crossbeam_channel::Sender;

use super::choice::ModelChoice;
use super::device::DeviceChoice;
use super::gpu_warmup::{embed_probe, warmed_up};
use super::loaded::Loaded;
use super::messages::InferenceMessage;
use super::placement::place;
use super::threads::spawn;
use super::{Events, protocol::Precision};
use crate::clip::Embedding;
use crate::logging::{panic_text, place as log_place};

/// Loads models for the inference thread; only the newest of what was asked for counts.
pub struct Loader {
    events: Events,
    work: Sender<InferenceMessage>,
    model: Newest,
    compared: Newest,
    /// Two large models at once would fill the memory; a GPU is prepared beside that, for one model at a time.
    one_at_a_time: Arc<Mutex<()>>,
    one_on_gpu: Arc<Mutex<()>>,
}

/// Counts attempts.
#[derive(Clone, Default)]
struct Newest(Arc<AtomicU64>);

impl Newest {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn is(&self, attempt: u64) -> bool {
        self.0.load(Ordering::SeqCst) == attempt
    }
}

impl Loader {
    /// Sends what it loads as work.
    pub fn new(events: Events, work: Sender<InferenceMessage>) -> Self {
        Self {
            events,
            work,
            model: Newest::default(),
            compared: Newest::default(),
            one_at_a_time: Arc::default(),
            one_on_gpu: Arc::default(),
        }
    }

    /// Loads a model onto the CPU, which can answer at once, then prepares a GPU where one is wanted.
    pub fn load(&self, choice: ModelChoice, device: DeviceChoice, precision: Precision) {
        let (attempt, newest) = (self.model.next(), self.model.clone());
        let (work, gpu) = (self.work.clone(), self.gpu(attempt));
        let turn = self.one_at_a_time.clone();
        spawn("model", &self.events, move || {
            let turn = turn.lock();
            if !newest.is(attempt) {
                return;
            }
            let mut loaded = open(&choice, DeviceChoice::Cpu, Precision::Full);
            let is_there = loaded.is_ok();
            let probe = loaded.as_mut().ok().filter(|_| is_checked(device, precision));
            let expected = probe.and_then(|loaded| embed_probe(loaded).ok());
            let _ = work.send(InferenceMessage::Loaded {
                attempt,
                choice: choice.clone(),
                loaded,
            });
            drop(turn);
            if is_there {
                gpu.prepare(&choice, device, precision, expected.as_deref());
            }
        });
    }

    /// Prepares a GPU for the model that is there, again: another one that was asked for since then could not be loaded.
    pub fn prepare_gpu_again(
        &self,
        loaded: &mut Loaded,
        choice: ModelChoice,
        device: DeviceChoice,
        precision: Precision,
    ) {
        let checked = is_checked(device, precision).then(|| embed_probe(loaded).ok());
        let expected = checked.flatten();
        let gpu = self.gpu(self.model.next());
        spawn("model", &self.events, move || {
            gpu.prepare(&choice, device, precision, expected.as_deref())
        });
    }

    fn gpu(&self, attempt: u64) -> GpuTurn {
        GpuTurn {
            attempt,
            newest: self.model.clone(),
            one_on_gpu: self.one_on_gpu.clone(),
            events: self.events.clone(),
            work: self.work.clone(),
        }
    }

    /// Loads the model that makes a second set of heatmaps; what was loaded for it before does not count any more.
    pub fn load_compared(&self, choice: Option<ModelChoice>, device: DeviceChoice) {
        let (attempt, newest) = (self.compared.next(), self.compared.clone());
        let Some(choice) = choice else { return };
        let (work, turn) = (self.work.clone(), self.one_at_a_time.clone());
        spawn("second-model", &self.events, move || {
            let _turn = turn.lock();
            if newest.is(attempt) {
                let loaded = open(&choice, device, Precision::Full);
                let _ = work.send(InferenceMessage::ComparedLoaded { attempt, loaded });
            }
        });
    }

    /// Whether a model was loaded for what is still wanted.
    pub fn is_wanted(&self, attempt: u64) -> bool {
        self.model.is(attempt)
    }

    /// Whether a second model was loaded for what is still wanted.
    pub fn is_compared_wanted(&self, attempt: u64) -> bool {
        self.compared.is(attempt)
    }
}

/// One attempt's turn on the GPU.
struct GpuTurn {
    attempt: u64,
    newest: Newest,
    one_on_gpu: Arc<Mutex<()>>,
    events: Events,
    work: Sender<InferenceMessage>,
}

impl GpuTurn {
    /// `expected` is what the processor makes of the probe, by which half precision is checked.
    fn prepare(
        &self,
        choice: &ModelChoice,
        device: DeviceChoice,
        precision: Precision,
        expected: Option<&[Embedding]>,
    ) {
        let _turn = self.one_on_gpu.lock();
        let wanted = || self.newest.is(self.attempt);
        if device == DeviceChoice::Cpu || !wanted() {
            return;
        }
        let loaded = told("The GPU could not be prepared", || {
            warmed_up(choice, device, precision, expected, &self.events, wanted)
        });
        let attempt = self.attempt;
        let _ = self.work.send(InferenceMessage::Gpu { attempt, loaded });
    }
}

/// Whether a GPU is to answer in half precision, which is checked first. No driver is asked here: one that hangs would
/// keep the model from the window.
fn is_checked(device: DeviceChoice, precision: Precision) -> bool {
    device != DeviceChoice::Cpu && precision == Precision::Half
}

fn open(choice: &ModelChoice, device: DeviceChoice, precision: Precision) -> Result<Box<Loaded>, String> {
    told("Loading failed", || {
        let loaded = Loaded::open(choice, place(device, precision));
        loaded.map(Box::new).map_err(|error| error.to_string())
    })
}

/// A panic as a reason.
fn told<T>(what: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic_text(panic.as_ref());
        Err(format!("{what} ({reason}); {}", log_place()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_attempt_counts_and_a_panic_is_a_reason() {
        let (events, _said) = Events::listened_to();
        let (work, loaded) = crossbeam_channel::unbounded();
        let loader = Loader::new(events, work);
        let turn = loader.one_at_a_time.lock().unwrap();
        loader.load(
            ModelChoice::Path("/no/such/model".into()),
            DeviceChoice::Cpu,
            Precision::Full,
        );
        loader.load(ModelChoice::Starter, DeviceChoice::Cpu, Precision::Full);
        drop(turn);
        let Ok(InferenceMessage::Loaded {
            attempt,
            choice,
            loaded: Ok(_),
        }) = loaded.recv()
        else {
            panic!("the starter is loaded, and nothing else")
        };
        assert!(loader.is_wanted(attempt) && choice == ModelChoice::Starter);
        let failed = told("The GPU could not be prepared", || -> Result<(), String> {
            panic!("bad driver")
        });
        assert!(
            failed
                .unwrap_err()
                .starts_with("The GPU could not be prepared (bad driver)")
        );
    }
}
