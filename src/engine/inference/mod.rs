//! The inference thread: owns the model and the device, answers the newest question, embeds what is decoded.
//!
//! It works in steps, none longer than one picture takes (or [`STEP`], where that is more), and looks for what is more
//! urgent between two of them: first what it is told, then the question, then the inspected picture, then indexing. A
//! GPU goes on with a batch of pictures meanwhile, of which two take no longer than a step.

mod answering;
mod indexing;
mod inspecting;
mod loading;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, select};

use super::Events;
use super::choice::ModelChoice;
use super::classes::ClassCache;
use super::compared::ComparedMaps;
use super::device::DeviceChoice;
use super::embeddings::Embeddings;
use super::explainer::Explainer;
use super::loaded::Loaded;
use super::loader::Loader;
use super::messages::{InferenceMessage, InspectedPixels, LibraryMessage};
use super::protocol::{Generation, HeatmapMethod, InferenceRequest, PictureId, Precision, Probe, Question, Severity};
use super::queue::Queue;
use super::threads::keep_going;
use crate::fine_tune::run::RunSignals;
use crate::progress::Speed;
use crate::zero_shot::ClassEmbeddings;
use indexing::Pending;

/// Pictures are embedded together as long as that takes no longer than this.
pub const STEP: Duration = Duration::from_millis(250);
/// Pictures per second are those of the last few seconds.
const SPEED_WINDOW: Duration = Duration::from_secs(3);
/// Steps that may fail in a row until what they work on is let go of: it would fail for ever.
const MOST_FAILURES: usize = 3;
const TELL_SPEED_EVERY: Duration = Duration::from_millis(500);

/// What the inference thread needs.
pub struct Channels {
    pub work: Receiver<InferenceMessage>,
    pub prepared: Receiver<InferenceMessage>,
    pub librarian: Sender<LibraryMessage>,
    pub queue: Arc<Queue>,
    pub events: Events,
    /// The newest question that was asked.
    pub asked: Arc<AtomicU64>,
    /// Training waits while this says that the device is needed here.
    pub training: Arc<RunSignals>,
}

/// The inference thread's state.
pub struct Inference {
    channels: Channels,
    loader: Loader,
    choice: ModelChoice,
    device: DeviceChoice,
    precision: Precision,
    loaded: Option<Loaded>,
    /// The identity of the model that everyone was told of.
    announced: String,
    library: Generation,
    embeddings: Embeddings,
    cache: ClassCache,
    question: Option<Arc<Question>>,
    /// The labels' embeddings by the model, with the question as it answers it.
    classes: Option<(Arc<Question>, ClassEmbeddings)>,
    explainer: Explainer,
    /// Whether no further heatmaps are wanted.
    holding: bool,
    /// The picture that the user is at, prepared or not.
    inspecting: Option<PictureId>,
    /// The inspected picture, prepared for the model.
    seen: Option<(PictureId, InspectedPixels)>,
    /// How the picture is shown to the model, and whether that is still to be answered.
    probe: Option<Probe>,
    probe_due: bool,
    compared: Option<ComparedMaps>,
    compared_method: Option<HeatmapMethod>,
    speed: Speed,
    /// Pictures that were embedded since the start.
    worked: usize,
    /// What a picture took lately; none before the first of a model.
    seconds_a_picture: Option<f32>,
    /// What a GPU computes between two steps.
    pending: Option<Pending>,
    /// Steps that were begun since the last one that came to its end.
    begun: usize,
}

impl Inference {
    /// Nothing loaded yet.
    pub fn new(
        channels: Channels,
        loader: Loader,
        choice: ModelChoice,
        device: DeviceChoice,
        precision: Precision,
    ) -> Self {
        Self {
            channels,
            loader,
            choice,
            device,
            precision,
            loaded: None,
            announced: String::new(),
            library: 0,
            embeddings: Embeddings::default(),
            cache: ClassCache::default(),
            question: None,
            classes: None,
            explainer: Explainer::default(),
            holding: false,
            inspecting: None,
            seen: None,
            probe: None,
            probe_due: false,
            compared: None,
            compared_method: None,
            speed: Speed::over(SPEED_WINDOW, TELL_SPEED_EVERY),
            worked: 0,
            seconds_a_picture: None,
            pending: None,
            begun: 0,
        }
    }

    /// Works until it is told to stop.
    pub fn run(mut self) {
        let events = self.channels.events.clone();
        self.load(self.choice.clone());
        keep_going("inference", &events, || {
            self.count_step();
            let goes_on = self.step();
            self.begun = 0;
            goes_on
        });
    }

    /// Counts a step that begins. Where the last ones ended in a panic, what they may have worked on is let go of; another
    /// question, or another picture, is taken on as ever.
    fn count_step(&mut self) {
        if self.begun >= MOST_FAILURES {
            self.begun = 0;
            self.question = None;
            self.pending = None;
            self.forget_inspected();
        }
        self.begun += 1;
    }

    /// Does what it is told, then the most urgent step; waits where there is none. False once it is told to stop.
    fn step(&mut self) -> bool {
        let mut work: Vec<InferenceMessage> = self.channels.work.try_iter().collect();
        if work.is_empty() && self.go_on() {
            return true;
        }
        if work.is_empty() {
            let mut prepared = Vec::new();
            self.needs_device(false);
            select! {
                recv(self.channels.work) -> one => match one {
                    Ok(one) => work.push(one),
                    Err(_) => return false,
                },
                recv(self.channels.prepared) -> one => prepared.extend(one),
            }
            self.needs_device(true);
            self.embed(prepared);
        }
        for one in work {
            if matches!(one, InferenceMessage::Stop) {
                return false;
            }
            self.handle(one);
        }
        true
    }

    /// The most urgent step of what is known; false where nothing is left to do.
    fn go_on(&mut self) -> bool {
        self.needs_device(true);
        if self.answer() || self.answer_probe() {
            return true;
        }
        // Heatmaps and training share the device.
        self.needs_device(false);
        if self.explain() {
            // It was begun before, and is done by now.
            self.end_pending();
            return true;
        }
        let prepared: Vec<InferenceMessage> = self.channels.prepared.try_iter().take(self.batch()).collect();
        if prepared.is_empty() {
            return self.end_pending();
        }
        self.needs_device(true);
        self.embed(prepared);
        true
    }

    /// Training gives way meanwhile.
    fn needs_device(&self, needs: bool) {
        self.channels.training.busy.store(needs, Ordering::Relaxed);
    }

    fn handle(&mut self, work: InferenceMessage) {
        match work {
            InferenceMessage::Asked(request) => self.asked(request),
            InferenceMessage::UseDevice(device) => {
                self.device = device;
                self.load(self.choice.clone());
            }
            InferenceMessage::UsePrecision(precision) => {
                self.precision = precision;
                self.load(self.choice.clone());
            }
            InferenceMessage::Loaded {
                attempt,
                choice,
                loaded,
            } if self.loader.is_wanted(attempt) => self.loaded(choice, loaded),
            InferenceMessage::Gpu { attempt, loaded } if self.loader.is_wanted(attempt) => self.gpu_ready(loaded),
            InferenceMessage::ComparedLoaded { attempt, loaded } if self.loader.is_compared_wanted(attempt) => {
                self.compared_loaded(loaded)
            }
            InferenceMessage::Library(library) => {
                self.library = library;
                self.embeddings = Embeddings::default();
                self.inspecting = None;
                self.forget_inspected();
            }
            InferenceMessage::Stored {
                library,
                identity,
                rows,
            } if library == self.library && self.is_current(&identity) => self.add(rows),
            InferenceMessage::Inspecting { library, picture } if library == self.library => self.inspecting(picture),
            InferenceMessage::Dense {
                library,
                picture,
                identity,
                inspected,
            } if library == self.library && self.inspecting == Some(picture) => {
                self.inspect(picture, &identity, inspected);
            }
            InferenceMessage::Stored { .. }
            | InferenceMessage::Inspecting { .. }
            | InferenceMessage::Dense { .. }
            | InferenceMessage::Loaded { .. }
            | InferenceMessage::ComparedLoaded { .. }
            | InferenceMessage::Gpu { .. }
            | InferenceMessage::Prepared { .. }
            | InferenceMessage::Stop => {}
        }
    }

    fn asked(&mut self, request: InferenceRequest) {
        match request {
            InferenceRequest::LoadModel(choice) => self.load(choice),
            InferenceRequest::Classify(question) => {
                self.classes = None;
                self.question = Some(question);
            }
            InferenceRequest::Alike { library, picture } if library == self.library => self.compare_with(picture),
            // Of another list.
            InferenceRequest::Alike { .. } => {}
            InferenceRequest::UseHeatmap(method) => self.explainer.use_method(method),
            InferenceRequest::HoldHeatmaps(hold) => self.holding = hold,
            InferenceRequest::TestMap(test) => self.explainer.test(test),
            InferenceRequest::Compare(compared) => self.compare(compared),
            InferenceRequest::Probe(probe) => {
                self.probe_due = probe.is_some() || self.probe.is_some();
                self.probe = probe;
            }
        }
    }

    fn is_current(&self, identity: &str) -> bool {
        self.loaded
            .as_ref()
            .is_some_and(|loaded| loaded.model.info().identity == identity)
    }

    fn message(&self, severity: Severity, text: String) {
        self.channels.events.message(severity, text);
    }

    fn lost_gpu(&mut self, warning: String) {
        self.message(Severity::Warning, warning);
        self.moved();
    }
}

#[cfg(test)]
mod tests;
