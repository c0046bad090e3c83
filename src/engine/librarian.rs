//! The library thread: keeps the list that a scan fills, knows what the store has, and writes what was learnt.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};

use super::Events;
use super::messages::{FoundFile, InferenceMessage, LibraryMessage, absolute};
use super::protocol::{Event, Generation, LibraryRequest, PictureFile, PictureId, Severity};
use super::queue::{Job, Queue};
use super::saver::Saver;
use super::scanner::{Roots, Scanner};
use super::threads::keep_going;
use crate::library::{Content, Inputs, Sighting, Store};

/// What was learnt waits at most so long before it is written, or for so many pictures.
const FLUSH_AFTER: Duration = Duration::from_millis(250);
const FLUSH_AT: usize = 64;
/// Pictures that are looked up in the store in one go.
const LOOK_UP: usize = 256;

/// The library thread's state.
pub struct Librarian {
    messages: Receiver<LibraryMessage>,
    events: Events,
    queue: Arc<Queue>,
    inference: Sender<InferenceMessage>,
    store: Store,
    /// Facts that wait to be written.
    unwritten: usize,
    scanner: Scanner,
    saver: Saver,
    library: Generation,
    list: Vec<Listed>,
    /// Where each picture is in the list.
    places: HashMap<PictureId, usize>,
    /// The model's identity, and the width of its embeddings.
    model: Option<(String, usize)>,
    /// The model's files, which nothing that is saved may replace.
    model_files: Vec<PathBuf>,
    /// Pictures of the list that were looked up for this model.
    looked_up: usize,
    flushed: Instant,
    /// Whether pictures that are gone are still to be forgotten, once after the first scan.
    to_prune: bool,
    /// The last picture that was looked at for it.
    unpruned: Option<i64>,
}

impl Librarian {
    /// Nothing listed yet.
    pub fn new(
        messages: Receiver<LibraryMessage>,
        queue: Arc<Queue>,
        inference: Sender<InferenceMessage>,
        store: Store,
        scanner: Scanner,
        saver: Saver,
    ) -> Self {
        Self {
            messages,
            events: scanner.events.clone(),
            queue,
            inference,
            store,
            unwritten: 0,
            scanner,
            saver,
            library: 0,
            list: Vec::new(),
            places: HashMap::new(),
            model: None,
            model_files: Vec::new(),
            looked_up: 0,
            flushed: Instant::now(),
            to_prune: true,
            unpruned: None,
        }
    }

    /// Works until it is told to stop or nobody is left to ask.
    pub fn run(mut self) {
        let events = self.events.clone();
        keep_going("library", &events, || self.step());
    }

    /// Does what the next message asks for, or looks a few pictures up; false once it is told to stop.
    fn step(&mut self) -> bool {
        let next = if self.has_to_look_up() {
            self.messages
                .try_recv()
                .map_err(|error| error == TryRecvError::Disconnected)
        } else {
            let next = self.messages.recv_timeout(FLUSH_AFTER);
            next.map_err(|error| error == RecvTimeoutError::Disconnected)
        };
        match next {
            Ok(LibraryMessage::Stop) | Err(true) => {
                self.store.flush_now();
                return false;
            }
            Ok(message) => self.handle(message),
            Err(false) if self.has_to_look_up() => self.look_up(),
            Err(false) => self.prune(),
        }
        if self.unwritten >= FLUSH_AT || self.flushed.elapsed() >= FLUSH_AFTER {
            self.flush();
        }
        self.tell();
        true
    }

    fn handle(&mut self, message: LibraryMessage) {
        match message {
            LibraryMessage::Asked(request) => self.asked(request),
            LibraryMessage::Found { library, pictures } if library == self.library => self.found(pictures),
            LibraryMessage::Scanned { library, unreadable } if library == self.library => {
                self.unpruned = std::mem::take(&mut self.to_prune).then_some(0).or(self.unpruned);
                self.events.send(Event::Scanned { library, unreadable });
            }
            // Of another list.
            LibraryMessage::Found { .. } | LibraryMessage::Scanned { .. } => {}
            LibraryMessage::Model {
                identity,
                dim,
                place,
                files,
            } => {
                self.store.uses_model(&identity, place);
                // What was learnt and not written yet would be taken for missing.
                self.flush();
                self.model = Some((identity, dim));
                self.model_files = files;
                self.queue.index(Vec::new());
                self.looked_up = 0;
            }
            LibraryMessage::Keep(fact) => {
                self.unwritten += 1;
                self.store.keep(fact);
            }
            LibraryMessage::Stop => {}
        }
    }

    fn asked(&mut self, request: LibraryRequest) {
        match request {
            LibraryRequest::OpenFolders { library, paths } => self.open(library, Roots::Paths(paths)),
            LibraryRequest::OpenSamples { library } => self.open(library, Roots::Samples),
            LibraryRequest::Retry { library, pictures } if library == self.library => {
                let listed = pictures.iter().filter_map(|id| self.list.get(*self.places.get(id)?));
                self.queue.index_more(listed.map(|listed| listed.job.clone()).collect());
            }
            // Of another list.
            LibraryRequest::Retry { .. } => {}
            LibraryRequest::SaveSettings(changes) => {
                self.store.save_settings(changes);
                self.flush();
            }
            LibraryRequest::ForgetEverything => self.forget_everything(),
            LibraryRequest::Export { path, content } => self.saver.write(path, content, self.inputs()),
            LibraryRequest::DrawHeatmap { picture, path } => self.saver.draw(picture, path, self.inputs()),
        }
    }

    /// A new list: the scan fills it, while everything else goes on.
    fn open(&mut self, library: Generation, roots: Roots) {
        self.flush();
        self.library = library;
        self.list.clear();
        self.places.clear();
        self.looked_up = 0;
        self.queue.index(Vec::new());
        let _ = self.inference.send(InferenceMessage::Library(library));
        self.scanner.start(library, roots);
    }

    /// What nothing that is saved may replace: pictures of the list, and files of the model.
    fn inputs(&self) -> Inputs {
        Inputs {
            pictures: self.list.iter().map(|listed| listed.job.path.clone()).collect(),
            model: self.model_files.clone(),
            ..Inputs::default()
        }
    }

    /// Files that a scan found become pictures of the list, each once.
    fn found(&mut self, files: Vec<FoundFile>) {
        let library = self.library;
        let paths: Vec<PathBuf> = files.iter().map(|file| absolute(&file.path)).collect();
        let seen: Vec<Sighting> = files
            .iter()
            .zip(&paths)
            .map(|(file, path)| Sighting {
                path,
                stamp: file.stamp,
                read: file.read,
            })
            .collect();
        let registered = self.store.register(&seen);
        let mut pictures = Vec::new();
        for (file, registered) in files.into_iter().zip(registered) {
            let picture = registered.id;
            if self.places.contains_key(&picture) {
                continue;
            }
            self.places.insert(picture, self.list.len());
            pictures.push(PictureFile {
                id: picture,
                path: file.path.clone(),
            });
            self.list.push(Listed {
                job: Job {
                    library,
                    picture,
                    path: file.path,
                },
                content: registered.content,
            });
        }
        if !pictures.is_empty() {
            self.events.send(Event::Pictures { library, pictures });
        }
    }

    fn has_to_look_up(&self) -> bool {
        self.model.is_some() && self.looked_up < self.list.len()
    }

    /// Of the next few pictures, hands what the store has to the model's thread, and queues the rest.
    fn look_up(&mut self) {
        let Some((identity, dim)) = self.model.clone() else {
            return;
        };
        let end = self.list.len().min(self.looked_up + LOOK_UP);
        let listed = &self.list[self.looked_up..end];
        self.looked_up = end;
        let mut missing = Vec::new();
        let mut rows = Vec::new();
        for Listed { job, content } in listed {
            let known = content.and_then(|content| self.store.embedding(content, &identity, dim));
            match known {
                Some(embedding) => rows.push((job.picture, embedding.vector)),
                None => missing.push(job.clone()),
            }
        }
        if !rows.is_empty() {
            let _ = self.inference.send(InferenceMessage::Stored {
                library: self.library,
                identity,
                rows,
            });
        }
        self.queue.index_more(missing);
    }

    /// Forgets a few pictures that are gone, while nobody asks for anything.
    fn prune(&mut self) {
        if let Some(from) = self.unpruned.take() {
            // What fails, in whatever way, is tried again at the next launch.
            self.unpruned = self.store.prune_after(from).unwrap_or(None);
        }
    }

    fn flush(&mut self) {
        self.flushed = Instant::now();
        self.unwritten = 0;
        self.store.flush();
    }

    /// What the store has to say.
    fn tell(&mut self) {
        for text in self.store.notes() {
            self.events.message(Severity::Warning, text);
        }
    }

    fn forget_everything(&mut self) {
        match self.store.clear(true) {
            Ok(()) => {
                // Of the list that is open nothing is known any more either.
                self.list.iter_mut().for_each(|listed| listed.content = None);
                let text = "Everything is forgotten: pictures, labels, settings and evaluations. Runs and models stay";
                self.events.message(Severity::Info, text.into());
            }
            Err(error) => self.events.message(Severity::Error, format!("Not forgotten: {error}")),
        }
    }
}

/// A picture of the list.
struct Listed {
    job: Job,
    /// What the file holds; none where it has to be read to know.
    content: Option<Content>,
}
