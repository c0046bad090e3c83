//! The threads between the window and the work.
//!
//! - the *inference* thread owns the model and the device;
//! - the *library* thread lists folders and is the only one that writes to the store;
//! - a few *picture* threads decode, most urgent first;
//! - the *training* thread teaches, one run at a time, and gives way to the inference thread between two steps;
//! - a *fetch* thread lives as long as a download that the user asked for.
//!
//! [`Engine`] starts them and routes requests; what they have to say comes back as [`protocol::Event`]s. Commands use
//! [`Session`], which does the same work in order and without threads of its own.

mod choice;
mod classes;
mod device;
mod embeddings;
mod explainer;
mod fetch;
mod gpu_warmup;
mod inference;
mod librarian;
mod loaded;
mod messages;
mod pictures;
mod prepare;
mod probe;
pub mod protocol;
mod queue;
mod rival;
mod session;
mod speed;
mod trainer;
pub mod training;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use fetch::Fetcher;
use inference::{Channels, Inference};
use librarian::Librarian;
use messages::{Chore, Work};
use pictures::PictureThread;
use protocol::{Event, PictureFile, PictureId, Request, Severity};
use queue::{Job, Queue};
use trainer::Trainer;

use crate::clip::Precision;
use crate::fine_tune::run::Control;
use crate::library::Store;

pub use choice::ModelChoice;
pub use device::{Adapter, DEVICE_VARIABLE, DeviceChoice, DeviceInfo, adapters, gpu, no_gpu_reason};
pub use loaded::{Loaded, Placement, place};
pub use prepare::{Prepared, prepare};
pub use session::{Embedded, IMAGE_BATCH, Session, decoders};

/// Called after every event, from any thread: the window asks for a repaint.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

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
    /// In which numbers a GPU computes.
    pub precision: Precision,
}

/// Where events go.
#[derive(Clone)]
pub struct Events {
    sender: Sender<Event>,
    wake: Wake,
}

impl Events {
    fn send(&self, event: Event) {
        let _ = self.sender.send(event);
        (self.wake)();
    }

    fn message(&self, severity: Severity, text: String) {
        self.send(Event::Message { severity, text });
    }
}

/// The running engine. Dropping it writes what is not written yet and ends its threads.
pub struct Engine {
    events: Receiver<Event>,
    work: Sender<Work>,
    chores: Sender<Chore>,
    queue: Arc<Queue>,
    fetcher: Fetcher,
    trainer: Trainer,
    asked: Arc<AtomicU64>,
    wanted_library: Arc<AtomicU64>,
    /// The open list, to route thumbnails without asking the library thread.
    library: u64,
    list: Vec<PictureFile>,
    librarian: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the threads; returns at once.
    pub fn start(options: EngineOptions, wake: Wake) -> Self {
        let (event_sender, event_receiver) = unbounded();
        let (work_sender, work_receiver) = unbounded();
        let (prepared_sender, prepared_receiver) = bounded(2 * IMAGE_BATCH);
        let (chore_sender, chore_receiver) = unbounded();
        let events = Events {
            sender: event_sender,
            wake,
        };
        let queue = Arc::new(Queue::default());
        let asked = Arc::new(AtomicU64::new(0));
        let wanted_library = Arc::new(AtomicU64::new(0));
        let open_store = || options.data_dir.as_deref().map(Store::open);

        let store = match open_store() {
            Some(Err(error)) => {
                events.message(Severity::Error, format!("{error}. Nothing will be remembered"));
                None
            }
            opened => opened.and_then(Result::ok),
        };
        for n in 0..decoders() {
            let thread = PictureThread {
                queue: queue.clone(),
                events: events.clone(),
                inference: work_sender.clone(),
                prepared: prepared_sender.clone(),
                librarian: chore_sender.clone(),
                store: if store.is_some() {
                    open_store().and_then(Result::ok)
                } else {
                    None
                },
            };
            spawn(&format!("picture-{n}"), move || thread.run());
        }
        let librarian = Librarian {
            chores: chore_receiver,
            events: events.clone(),
            queue: queue.clone(),
            inference: work_sender.clone(),
            store,
            wanted: wanted_library.clone(),
            data_dir: options.data_dir.clone(),
            library: 0,
            list: Vec::new(),
            model: None,
            model_files: Vec::new(),
            unwritten: Vec::new(),
        };
        let librarian = spawn("library", move || librarian.run());
        let fetcher = Fetcher::new(events.clone());
        let training = Arc::new(Control::default());
        let trainer = Trainer::start(options.data_dir, options.device, events.clone(), training.clone());
        let channels = Channels {
            work: work_receiver,
            prepared: prepared_receiver,
            own_work: work_sender.clone(),
            librarian: chore_sender.clone(),
            queue: queue.clone(),
            events,
            asked: asked.clone(),
            training,
        };
        let inference = Inference::new(channels, options.model, options.device, options.precision);
        spawn("inference", move || inference.run());
        Self {
            events: event_receiver,
            work: work_sender,
            chores: chore_sender,
            queue,
            fetcher,
            trainer,
            asked,
            wanted_library,
            library: 0,
            list: Vec::new(),
            librarian,
        }
    }

    fn job(&self, library: u64, picture: PictureId) -> Option<Job> {
        let file = self.list.get(picture).filter(|_| library == self.library)?;
        Some(Job {
            library,
            picture,
            path: file.path.clone(),
            stamp: file.stamp,
        })
    }
}

impl Backend for Engine {
    fn send(&mut self, request: Request) {
        match request {
            Request::OpenFolders { library, paths } => {
                self.wanted_library.store(library, Ordering::Relaxed);
                self.queue.index(Vec::new());
                let _ = self.chores.send(Chore::Open { library, paths });
            }
            Request::OpenSamples { library } => {
                self.wanted_library.store(library, Ordering::Relaxed);
                self.queue.index(Vec::new());
                let _ = self.chores.send(Chore::OpenSamples { library });
            }
            Request::Retry { library, pictures } => {
                let _ = self.chores.send(Chore::Retry { library, pictures });
            }
            Request::PauseIndexing(paused) => self.queue.pause(paused),
            Request::Classify(question) => {
                self.asked.store(question.generation, Ordering::Relaxed);
                let _ = self.work.send(Work::Classify(question));
            }
            Request::Thumbnails { library, pictures } => {
                let jobs = pictures.iter().filter_map(|&id| self.job(library, id)).collect();
                self.queue.thumbnails(jobs);
            }
            Request::Inspect { library, picture } => {
                let job = picture.and_then(|id| self.job(library, id));
                self.queue.inspect(job);
            }
            Request::UseHeatmap(method) => {
                let _ = self.work.send(Work::UseHeatmap(method));
            }
            Request::TestMap(test) => {
                let _ = self.work.send(Work::TestMap(test));
            }
            Request::Compare(rival) => {
                let _ = self.work.send(Work::Compare(rival));
            }
            Request::Probe(probe) => {
                let _ = self.work.send(Work::Probe(probe));
            }
            Request::UsePrecision(precision) => {
                let _ = self.work.send(Work::UsePrecision(precision));
            }
            Request::LoadModel(choice) => {
                let _ = self.work.send(Work::LoadModel(choice));
            }
            Request::ListModels => self.fetcher.list(),
            Request::Fetch(name) => self.fetcher.fetch(name),
            Request::StopFetching => self.fetcher.stop(),
            Request::RemoveModel(name) => self.fetcher.remove(name),
            Request::Training(request) => self.trainer.send(request),
            Request::UseDevice(device) => {
                self.trainer.use_device(device);
                let _ = self.work.send(Work::UseDevice(device));
            }
            Request::SaveSettings(json) => {
                let _ = self.chores.send(Chore::SaveSettings(json));
            }
            Request::Export { path, content } => {
                let _ = self.chores.send(Chore::Export { path, content });
            }
            Request::DrawHeatmap { picture, path } => {
                let _ = self.chores.send(Chore::Draw { picture, path });
            }
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        let event = self.events.try_recv().ok()?;
        if let Event::Pictures { library, pictures } = &event {
            if *library != self.library {
                self.list.clear();
                self.library = *library;
            }
            self.list.extend(pictures.iter().cloned());
        }
        Some(event)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.queue.close();
        self.fetcher.stop();
        let _ = self.work.send(Work::Stop);
        let _ = self.chores.send(Chore::Stop);
        // Only the library thread has something to lose.
        if let Some(librarian) = self.librarian.take() {
            let _ = librarian.join();
        }
    }
}

/// The settings that the window stored last.
pub fn stored_settings(data_dir: Option<&std::path::Path>) -> Option<String> {
    Store::open(data_dir?).ok()?.setting(librarian::SETTINGS).ok()?
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(work).ok()
}
