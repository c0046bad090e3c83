//! The threads between the window and the work.
//!
//! What a person waits for never waits for what nobody waits for, and no thread is silent about its end ([`threads`]).
//!
//! - the *inspect* and *thumbnail* threads decode what is on screen;
//! - the *index* threads decode the rest for the model, and stand back while somebody waits;
//! - the *inference* thread owns the model and the device, and works in steps of a picture;
//! - a *model* thread loads a model while the one before goes on answering;
//! - the *library* thread keeps the list, and writes to the store what is learnt of it; a *scan* thread fills the list;
//! - the *preview* thread looks through folders that a run could learn from;
//! - the *training* thread teaches, one run at a time, and gives way to the inference thread between two steps; the *runs*
//!   thread keeps its books;
//! - the *evaluation* thread measures answers, one evaluation after the other;
//! - *fetch*, *save* and other short threads live as long as what the user asked for.
//!
//! [`Engine`] starts them and routes requests; what they have to say comes back as [`protocol::Event`]s. Commands use
//! [`Session`], which does the same work in order and without threads of its own.

mod benchmark;
mod choice;
mod classes;
mod compared;
mod device;
mod embeddings;
pub mod evaluation;
mod events;
mod explainer;
mod fetch;
mod file_pictures;
mod gpu_warmup;
mod halves;
mod inference;
mod librarian;
mod loaded;
mod loader;
mod messages;
mod pictures;
mod placement;
mod prepare;
mod previews;
mod probe;
pub mod protocol;
mod queue;
mod saver;
mod scanner;
mod session;
mod threads;
mod trainer;
pub mod training;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use benchmark::Benchmark;
use evaluation::Evaluator;
use fetch::Fetcher;
use file_pictures::FilePictures;
use inference::{Channels, Inference};
use librarian::Librarian;
use loader::Loader;
use messages::{InferenceMessage, LibraryMessage};
use pictures::PictureThread;
use protocol::{Event, InferenceRequest, LibraryRequest, PictureId, Request};
use queue::{Job, Lane, Queue};
use saver::Saver;
use scanner::Scanner;
use threads::spawn;
use trainer::Trainer;

use crate::clip::Precision;
use crate::fine_tune::run::RunSignals;
use crate::library::Store;

pub use choice::ModelChoice;
pub use device::{Adapter, DEVICE_VARIABLE, DeviceChoice, DeviceInfo, adapters, gpu, no_gpu_reason};
pub use events::{Events, Wake};
pub use loaded::{GPU_BATCH, IMAGE_BATCH, Loaded};
pub use placement::{Placement, place};
pub use prepare::{Prepared, prepare};
pub use session::{Embedded, Session, decoders};

/// Threads for the picture that was clicked: one may still be at the picture before.
const INSPECTORS: usize = 2;
/// Closing waits at most so long for what is not written yet.
const CLOSING: Duration = Duration::from_secs(2);
/// No list has this generation.
const NO_LIBRARY: u64 = u64::MAX;

/// Something that answers requests with events: the engine, or a stand-in for tests.
pub trait Backend {
    /// Takes a request; never waits.
    fn send(&mut self, request: Request);
    /// Takes the next event, if there is one.
    fn next_event(&mut self) -> Option<Event>;
}

/// What to start with.
pub struct EngineOptions {
    /// Where the store is; none works without one.
    pub data_dir: Option<PathBuf>,
    /// The first model.
    pub model: ModelChoice,
    /// Where it computes.
    pub device: DeviceChoice,
    /// The precision in which a GPU computes.
    pub precision: Precision,
}

/// The running engine. Dropping it writes what is not written yet and ends its threads; that never takes long.
pub struct Engine {
    events: Receiver<Event>,
    work: Sender<InferenceMessage>,
    messages: Sender<LibraryMessage>,
    queue: Arc<Queue>,
    fetcher: Fetcher,
    benchmark: Benchmark,
    trainer: Trainer,
    evaluator: Evaluator,
    file_pictures: FilePictures,
    asked: Arc<AtomicU64>,
    wanted_library: Arc<AtomicU64>,
    /// The open list, to route thumbnails without asking the library thread.
    library: u64,
    list: HashMap<PictureId, PathBuf>,
    /// Hears when the last one who had something to write is gone.
    unsaved: Receiver<()>,
}

/// The ends of the channels that threads listen to.
struct Ends {
    work: Receiver<InferenceMessage>,
    messages: Receiver<LibraryMessage>,
    unsaved: Sender<()>,
}

impl Engine {
    /// Starts the threads; returns at once.
    pub fn start(options: EngineOptions, wake: Wake) -> Self {
        let (event_sender, event_receiver) = unbounded();
        let (work_sender, work_receiver) = unbounded();
        let (message_sender, message_receiver) = unbounded();
        let (unsaved_sender, unsaved_receiver) = bounded(0);
        let events = Events::new(event_sender, wake);
        let training = Arc::new(RunSignals::default());
        let data_dir = options.data_dir.clone();
        let engine = Self {
            events: event_receiver,
            work: work_sender,
            messages: message_sender,
            queue: Arc::default(),
            fetcher: Fetcher::new(events.clone()),
            benchmark: Benchmark::new(events.clone(), options.device, options.precision),
            file_pictures: FilePictures::start(&events),
            evaluator: Evaluator::start(data_dir.clone(), options.device, events.clone(), training.clone()),
            trainer: Trainer::start(data_dir, options.device, events.clone(), training.clone()),
            asked: Arc::default(),
            wanted_library: Arc::default(),
            library: 0,
            list: HashMap::new(),
            unsaved: unsaved_receiver,
        };
        let ends = Ends {
            work: work_receiver,
            messages: message_receiver,
            unsaved: unsaved_sender,
        };
        engine.start_threads(ends, options, &events, training);
        engine
    }

    fn start_threads(&self, ends: Ends, options: EngineOptions, events: &Events, training: Arc<RunSignals>) {
        let data_dir = options.data_dir.as_deref();
        let (prepared_sender, prepared) = bounded(2 * GPU_BATCH);
        let lanes = [
            (Lane::Inspect, "inspect", INSPECTORS),
            (Lane::Thumbnails, "thumbnail", decoders()),
            (Lane::Index, "index", decoders()),
        ];
        for (lane, name, count) in lanes {
            for n in 0..count {
                let name = format!("{name}-{n}");
                let thread = PictureThread {
                    name: name.clone(),
                    lane,
                    queue: self.queue.clone(),
                    events: events.clone(),
                    inference: self.work.clone(),
                    prepared: prepared_sender.clone(),
                    librarian: self.messages.clone(),
                    store: Store::reader(data_dir),
                };
                spawn(&name, events, move || thread.run());
            }
        }
        let scanner = Scanner {
            events: events.clone(),
            librarian: self.messages.clone(),
            wanted: self.wanted_library.clone(),
            data_dir: options.data_dir.clone(),
        };
        let saver = Saver {
            events: events.clone(),
            unsaved: ends.unsaved,
        };
        let (queue, work) = (self.queue.clone(), self.work.clone());
        let librarian = Librarian::new(ends.messages, queue, work, Store::keeper(data_dir), scanner, saver);
        spawn("library", events, move || librarian.run());
        let channels = Channels {
            work: ends.work,
            prepared,
            librarian: self.messages.clone(),
            queue: self.queue.clone(),
            events: events.clone(),
            asked: self.asked.clone(),
            training,
        };
        let loader = Loader::new(events.clone(), self.work.clone());
        let inference = Inference::new(channels, loader, options.model, options.device, options.precision);
        spawn("inference", events, move || inference.run());
    }

    fn job(&self, library: u64, picture: PictureId) -> Option<Job> {
        let path = self.list.get(&picture).filter(|_| library == self.library)?;
        Some(Job {
            library,
            picture,
            path: path.clone(),
        })
    }
}

impl Backend for Engine {
    fn send(&mut self, request: Request) {
        match request {
            Request::Inference(request) => {
                if let InferenceRequest::Classify(question) = &request {
                    self.asked.store(question.generation, Ordering::Relaxed);
                }
                let _ = self.work.send(InferenceMessage::Asked(request));
            }
            Request::Library(request) => {
                if let LibraryRequest::OpenFolders { library, .. } | LibraryRequest::OpenSamples { library } = &request
                {
                    self.wanted_library.store(*library, Ordering::Relaxed);
                }
                let _ = self.messages.send(LibraryMessage::Asked(request));
            }
            Request::Hub(request) => self.fetcher.send(request),
            Request::Training(request) => self.trainer.send(request),
            Request::Evaluation(request) => self.evaluator.send(request),
            Request::Inspect { library, picture } => {
                // First the model's thread, which stops explaining any other picture.
                let _ = self.work.send(InferenceMessage::Inspecting { library, picture });
                let job = picture.and_then(|id| self.job(library, id));
                self.queue.inspect(job);
            }
            Request::Thumbnails { library, pictures } => {
                let jobs = pictures.iter().filter_map(|&id| self.job(library, id)).collect();
                self.queue.thumbnails(jobs);
            }
            Request::FilePictures(paths) => self.file_pictures.want(paths),
            Request::SharpPicture { path, side } => self.file_pictures.want_sharp(path, side),
            Request::PauseIndexing(paused) => self.queue.pause(paused),
            Request::MeasureModel(choice) => self.benchmark.measure(choice),
            Request::UseDevice(device) => {
                self.trainer.use_device(device);
                self.evaluator.use_device(device);
                self.benchmark.use_device(device);
                let _ = self.work.send(InferenceMessage::UseDevice(device));
            }
            Request::UsePrecision(precision) => {
                self.benchmark.use_precision(precision);
                let _ = self.work.send(InferenceMessage::UsePrecision(precision));
            }
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        let event = self.events.try_recv().ok()?;
        match &event {
            Event::Pictures { library, pictures } => {
                if *library != self.library {
                    self.list.clear();
                    self.library = *library;
                }
                let paths = pictures.iter().map(|file| (file.id, file.path.clone()));
                self.list.extend(paths);
            }
            Event::Thumbnail { library, picture, .. } | Event::Skipped { library, picture, .. } => {
                self.queue.thumbnail_taken(*library, *picture);
            }
            _ => {}
        }
        Some(event)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.queue.close();
        self.fetcher.stop();
        self.evaluator.stop();
        self.wanted_library.store(NO_LIBRARY, Ordering::Relaxed);
        let _ = self.work.send(InferenceMessage::Stop);
        let _ = self.messages.send(LibraryMessage::Stop);
        // Only what the store and the user's files get is lost otherwise; a disk that hangs keeps no window open.
        let _ = self.unsaved.recv_timeout(CLOSING);
    }
}

#[cfg(test)]
mod tests;
