//! The library thread: keeps the list that a scan fills, knows what the store has, and writes what was learnt.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};

use super::Events;
use super::messages::{Chore, Learnt, Work, absolute};
use super::protocol::{Event, Generation, PictureFile, Severity};
use super::queue::{Job, Queue};
use super::saver::Saver;
use super::scanner::{Roots, Scanner};
use super::threads::keep_going;
use crate::library::{Inputs, PictureRecord, Store};

/// What was learnt waits at most so long before it is written, or for so many pictures.
const FLUSH_AFTER: Duration = Duration::from_millis(250);
const FLUSH_AT: usize = 64;
/// Pictures that are looked up in the store in one go.
const LOOK_UP: usize = 256;

/// The name under which the store keeps the window's settings.
pub const SETTINGS: &str = "window";

/// The library thread's state.
pub struct Librarian {
    chores: Receiver<Chore>,
    events: Events,
    queue: Arc<Queue>,
    inference: Sender<Work>,
    store: Option<Store>,
    scanner: Scanner,
    saver: Saver,
    data_dir: Option<PathBuf>,
    library: Generation,
    list: Vec<Job>,
    /// The model's identity, and the width of its embeddings.
    model: Option<(String, usize)>,
    /// The model's files, which nothing that is saved may replace.
    model_files: Vec<PathBuf>,
    /// Pictures of the list that were looked up for this model.
    looked_up: usize,
    /// Why the store could not be read, and whether that was said.
    unreadable_store: Option<String>,
    told_unreadable: bool,
    unwritten: Vec<Learnt>,
    flushed: Instant,
}

impl Librarian {
    /// Nothing listed yet.
    pub fn new(
        chores: Receiver<Chore>,
        queue: Arc<Queue>,
        inference: Sender<Work>,
        store: Option<Store>,
        scanner: Scanner,
        saver: Saver,
        data_dir: Option<PathBuf>,
    ) -> Self {
        Self {
            chores,
            events: scanner.events.clone(),
            queue,
            inference,
            store,
            scanner,
            saver,
            data_dir,
            library: 0,
            list: Vec::new(),
            model: None,
            model_files: Vec::new(),
            looked_up: 0,
            unreadable_store: None,
            told_unreadable: false,
            unwritten: Vec::new(),
            flushed: Instant::now(),
        }
    }

    /// Works until it is told to stop or nobody is left to ask.
    pub fn run(mut self) {
        let events = self.events.clone();
        keep_going("library", &events, || self.step());
    }

    /// Does the next chore, or looks a few pictures up; false once it is told to stop.
    fn step(&mut self) -> bool {
        let next = if self.has_to_look_up() {
            self.chores
                .try_recv()
                .map_err(|error| error == TryRecvError::Disconnected)
        } else {
            let next = self.chores.recv_timeout(FLUSH_AFTER);
            next.map_err(|error| error == RecvTimeoutError::Disconnected)
        };
        match next {
            Ok(Chore::Stop) | Err(true) => {
                self.flush();
                return false;
            }
            Ok(chore) => self.handle(chore),
            Err(false) => self.look_up(),
        }
        if self.unwritten.len() >= FLUSH_AT || self.flushed.elapsed() >= FLUSH_AFTER {
            self.flush();
        }
        true
    }

    fn handle(&mut self, chore: Chore) {
        match chore {
            Chore::Open { library, paths } => self.open(library, Roots::Paths(paths)),
            Chore::OpenSamples { library } => self.open(library, Roots::Samples(self.data_dir.clone())),
            Chore::Found { library, pictures } if library == self.library => self.found(pictures),
            Chore::Scanned { library, unreadable } if library == self.library => {
                self.events.send(Event::Scanned { library, unreadable });
            }
            Chore::Retry { library, pictures } if library == self.library => {
                let jobs = pictures
                    .iter()
                    .filter_map(|&id| self.list.get(id))
                    .map(refreshed)
                    .collect();
                self.queue.index_more(jobs);
            }
            Chore::Found { .. } | Chore::Scanned { .. } | Chore::Retry { .. } => {}
            Chore::Model { identity, dim, files } => {
                // What was learnt and not written yet would be taken for missing.
                self.flush();
                self.model = Some((identity, dim));
                self.model_files = files;
                self.queue.index(Vec::new());
                self.looked_up = 0;
            }
            Chore::Keep(learnt) => self.unwritten.push(learnt),
            Chore::SaveSettings(json) => self.save_settings(&json),
            Chore::Export { path, content } => self.saver.write(path, content, self.inputs()),
            Chore::Draw { picture, path } => self.saver.draw(picture, path, self.inputs()),
            Chore::Stop => {}
        }
    }

    /// A new list: the scan fills it, while everything else goes on.
    fn open(&mut self, library: Generation, roots: Roots) {
        self.flush();
        self.library = library;
        self.list.clear();
        self.looked_up = 0;
        self.queue.index(Vec::new());
        let _ = self.inference.send(Work::Library(library));
        self.scanner.start(library, roots);
    }

    /// What nothing that is saved may replace: pictures of the list, and files of the model.
    fn inputs(&self) -> Inputs {
        Inputs {
            pictures: self.list.iter().map(|job| job.path.clone()).collect(),
            model: self.model_files.clone(),
        }
    }

    fn found(&mut self, pictures: Vec<PictureFile>) {
        let (first, library) = (self.list.len(), self.library);
        let jobs = pictures.iter().enumerate().map(|(place, file)| Job {
            library,
            picture: first + place,
            path: file.path.clone(),
            stamp: file.stamp,
        });
        self.list.extend(jobs);
        self.events.send(Event::Pictures { library, pictures });
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
        let jobs = &self.list[self.looked_up..end];
        self.looked_up = end;
        let mut missing = Vec::new();
        let mut stored = Vec::new();
        for job in jobs {
            let known = self.store.as_ref().map(|store| {
                let path = absolute(&job.path);
                store.embedding(&path, job.stamp, &identity)
            });
            match known.transpose() {
                // What a damaged store holds is computed again.
                Ok(Some(Some(embedding))) if embedding.is_sound(dim) => {
                    stored.push((job.picture, embedding.vector));
                }
                Ok(_) => missing.push(job.clone()),
                Err(error) => {
                    self.unreadable_store.get_or_insert_with(|| error.to_string());
                    missing.push(job.clone());
                }
            }
        }
        if let Some(error) = self.unreadable_store.take_if(|_| !self.told_unreadable) {
            self.told_unreadable = true;
            let text = format!("{error}. What it cannot read is computed again");
            self.events.message(Severity::Warning, text);
        }
        if !stored.is_empty() {
            let _ = self.inference.send(Work::Stored {
                library: self.library,
                identity,
                rows: stored,
            });
        }
        self.queue.index_more(missing);
    }

    /// A store that cannot be written costs time at the next start, and nothing now: say so once.
    fn flush(&mut self) {
        self.flushed = Instant::now();
        let unwritten = std::mem::take(&mut self.unwritten);
        let Some(store) = &mut self.store else { return };
        if unwritten.is_empty() {
            return;
        }
        let records: Vec<PictureRecord> = unwritten
            .iter()
            .map(|learnt| PictureRecord {
                path: &learnt.path,
                stamp: learnt.stamp,
                thumbnail: learnt.thumbnail.as_ref().map(|(w, h, jpeg)| (*w, *h, jpeg.as_slice())),
                embedding: learnt.embedding.as_ref().map(|(model, e)| (model.as_str(), e)),
            })
            .collect();
        if let Err(error) = store.save(&records) {
            self.store = None;
            self.events.message(
                Severity::Error,
                format!("{error}. Everything goes on, but will be computed again next time: free some disk space"),
            );
        }
    }

    fn save_settings(&mut self, json: &str) {
        if let Some(store) = &mut self.store
            && let Err(error) = store.set_setting(SETTINGS, json)
        {
            self.events
                .message(Severity::Error, format!("settings were not saved: {error}"));
        }
    }
}

/// The job with the file's present size and time.
fn refreshed(job: &Job) -> Job {
    Job {
        stamp: crate::library::stamp(&job.path).unwrap_or(job.stamp),
        ..job.clone()
    }
}
