//! The library thread: lists folders, knows what the store has, and writes what was learnt.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::Events;
use super::messages::{Chore, Learnt, Work, absolute};
use super::pictures::screen_image;
use super::protocol::{Event, Generation, HeatmapPicture, PictureFile, PictureId, Severity};
use super::queue::{Job, Queue};
use crate::library::{
    Inputs, OutputError, PictureRecord, Store, may_write, scan, unpack_samples, write_output, write_picture,
};

/// What was learnt waits at most so long before it is written, or for so many pictures.
const FLUSH_AFTER: Duration = Duration::from_millis(250);
const FLUSH_AT: usize = 64;
/// Stored embeddings handed over in one go.
const STORED_CHUNK: usize = 1_024;

/// The name under which the store keeps the window's settings.
pub const SETTINGS: &str = "window";

/// The library thread's state.
pub struct Librarian {
    pub chores: Receiver<Chore>,
    pub events: Events,
    pub queue: Arc<Queue>,
    pub inference: Sender<Work>,
    pub store: Option<Store>,
    /// The newest list that was asked for: an older scan gives up.
    pub wanted: Arc<AtomicU64>,
    pub data_dir: Option<PathBuf>,
    pub library: Generation,
    pub list: Vec<Job>,
    /// The model's identity, and the width of its embeddings.
    pub model: Option<(String, usize)>,
    /// The model's files, which nothing that is saved may replace.
    pub model_files: Vec<PathBuf>,
    pub unwritten: Vec<Learnt>,
}

impl Librarian {
    /// Works until it is told to stop or nobody is left to ask.
    pub fn run(mut self) {
        let mut flushed = Instant::now();
        loop {
            match self.chores.recv_timeout(FLUSH_AFTER) {
                Ok(Chore::Stop) | Err(RecvTimeoutError::Disconnected) => return self.flush(),
                Ok(chore) => self.handle(chore),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.unwritten.len() >= FLUSH_AT || flushed.elapsed() >= FLUSH_AFTER {
                self.flush();
                flushed = Instant::now();
            }
        }
    }

    fn handle(&mut self, chore: Chore) {
        match chore {
            Chore::Open { library, paths } => self.open(library, &paths),
            Chore::OpenSamples { library } => self.open_samples(library),
            Chore::Retry { library, pictures } if library == self.library => {
                let jobs = pictures
                    .iter()
                    .filter_map(|&id| self.list.get(id))
                    .map(refreshed)
                    .collect();
                self.queue.index_more(jobs);
            }
            Chore::Retry { .. } => {}
            Chore::Model { identity, dim, files } => {
                self.model = Some((identity, dim));
                self.model_files = files;
                self.index_all();
            }
            Chore::Keep(learnt) => self.unwritten.push(learnt),
            Chore::SaveSettings(json) => self.save_settings(&json),
            Chore::Export { path, content } => {
                let saved = self
                    .may_save(&path)
                    .and_then(|()| write_output(&path, content.as_ref(), true));
                self.tell_saved(&path, saved);
            }
            Chore::Draw { picture, path } => self.draw(&picture, path),
            Chore::Stop => {}
        }
    }

    fn open(&mut self, library: Generation, paths: &[PathBuf]) {
        let wanted = || self.wanted.load(Ordering::Relaxed) == library;
        let mut pictures = Vec::new();
        let mut unreadable = Vec::new();
        for path in paths {
            let found = scan(path, wanted);
            pictures.extend(found.pictures);
            unreadable.extend(found.unreadable);
        }
        if !wanted() {
            return;
        }
        self.library = library;
        self.list = pictures
            .iter()
            .enumerate()
            .map(|(picture, found)| Job {
                library,
                picture,
                path: found.path.clone(),
                stamp: found.stamp,
            })
            .collect();
        let pictures = pictures
            .into_iter()
            .map(|found| PictureFile {
                path: found.path,
                stamp: found.stamp,
            })
            .collect();
        self.events.send(Event::Pictures { library, pictures });
        self.events.send(Event::Scanned { library, unreadable });
        let _ = self.inference.send(Work::Library(library));
        self.index_all();
    }

    fn open_samples(&mut self, library: Generation) {
        let unpacked = match &self.data_dir {
            Some(data_dir) => unpack_samples(data_dir).map_err(|e| e.to_string()),
            None => Err("there is no folder for application data; set CLIPSIGHT_DATA_DIR".into()),
        };
        match unpacked {
            Ok(folder) => self.open(library, &[folder]),
            Err(reason) => {
                self.events
                    .message(Severity::Error, format!("The samples were not unpacked: {reason}"));
                self.open(library, &[]);
            }
        }
    }

    /// Hands what the store has to the model's thread, and queues the rest.
    fn index_all(&mut self) {
        self.flush();
        let Some((identity, dim)) = self.model.clone() else {
            return;
        };
        let mut missing = Vec::new();
        let mut stored = Vec::new();
        for job in &self.list {
            let known = self.store.as_ref().and_then(|store| {
                store
                    .embedding(&absolute(&job.path), job.stamp, &identity)
                    .ok()
                    .flatten()
            });
            // What a damaged store holds is computed again.
            match known.filter(|embedding| embedding.is_sound(dim)) {
                Some(embedding) => stored.push((job.picture, embedding.vector)),
                None => missing.push(job.clone()),
            }
            if stored.len() == STORED_CHUNK {
                self.hand_over(&identity, std::mem::take(&mut stored));
            }
        }
        self.hand_over(&identity, stored);
        self.queue.index(missing);
    }

    fn hand_over(&self, identity: &str, rows: Vec<(PictureId, Vec<f32>)>) {
        let _ = self.inference.send(Work::Stored {
            library: self.library,
            identity: identity.into(),
            rows,
        });
    }

    /// A store that cannot be written costs time at the next start, and nothing now: say so once.
    fn flush(&mut self) {
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

    fn draw(&self, picture: &HeatmapPicture, path: Option<PathBuf>) {
        let drawn = picture.draw();
        match path {
            Some(path) => {
                let saved = self.may_save(&path).and_then(|()| write_picture(&path, &drawn, true));
                self.tell_saved(&path, saved);
            }
            None => self.events.send(Event::Drawn(screen_image(drawn))),
        }
    }

    /// Whether this is neither a picture of the list nor a file of the model. The dialog has asked whether something else
    /// may be replaced.
    fn may_save(&self, path: &Path) -> Result<(), OutputError> {
        let inputs = Inputs {
            pictures: self.list.iter().map(|job| job.path.clone()).collect(),
            model: self.model_files.clone(),
        };
        may_write(path, &inputs, true)
    }

    fn tell_saved(&self, path: &Path, saved: Result<(), OutputError>) {
        match saved {
            Ok(()) => self.events.message(Severity::Info, format!("Saved {}", path.display())),
            Err(error) => self.events.message(Severity::Error, format!("Not saved: {error}")),
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
