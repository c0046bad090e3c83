//! The scan threads: one a list, gone once it is listed or another one is wanted. A folder on a slow disk holds nobody up:
//! what was found is handed on in chunks, and nobody waits for the end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::Events;
use super::messages::{FoundFile, LibraryMessage, absolute};
use super::protocol::{Generation, Severity};
use super::threads::spawn;
use crate::library::{Found, ReadPicture, Store, unpack_samples, walk};
use crate::progress::while_wanted;

/// Pictures in a chunk, and how long the first of them waits.
const CHUNK: usize = 256;
const CHUNK_AFTER: Duration = Duration::from_millis(100);

/// What is listed.
pub enum Roots {
    /// Folders and pictures.
    Paths(Vec<PathBuf>),
    /// The samples, unpacked into the data folder first.
    Samples,
}

/// What a scan needs.
#[derive(Clone)]
pub struct Scanner {
    pub events: Events,
    pub librarian: Sender<LibraryMessage>,
    /// The newest list that was asked for: an older scan gives up.
    pub wanted: Arc<AtomicU64>,
    pub data_dir: Option<PathBuf>,
}

impl Scanner {
    /// Lists pictures on a thread of its own.
    pub fn start(&self, library: Generation, roots: Roots) {
        let scanner = self.clone();
        spawn("scan", &self.events, move || scanner.scan(library, roots));
    }

    fn scan(&self, library: Generation, roots: Roots) {
        let paths = match roots {
            Roots::Paths(paths) => paths,
            Roots::Samples => self.samples(),
        };
        let mut chunk = Chunk {
            scanner: self,
            library,
            store: Store::reader(self.data_dir.as_deref()),
            pictures: Vec::new(),
            since: Instant::now(),
        };
        let mut unreadable = Vec::new();
        for path in &paths {
            let wanted = while_wanted(|| self.wanted.load(Ordering::Relaxed) == library);
            let found = walk(path, &wanted, |pictures| chunk.add(pictures));
            unreadable.extend(found.unreadable);
        }
        chunk.hand_over();
        let _ = self.librarian.send(LibraryMessage::Scanned { library, unreadable });
    }

    fn samples(&self) -> Vec<PathBuf> {
        let unpacked = match &self.data_dir {
            Some(data_dir) => unpack_samples(data_dir).map_err(|e| e.to_string()),
            None => Err("there is no folder for application data; set CLIPSIGHT_DATA_DIR".into()),
        };
        match unpacked {
            Ok(folder) => vec![folder],
            Err(reason) => {
                let text = format!("The samples were not unpacked: {reason}");
                self.events.message(Severity::Error, text);
                Vec::new()
            }
        }
    }
}

/// What was found and not handed on yet.
struct Chunk<'a> {
    scanner: &'a Scanner,
    library: Generation,
    store: Store,
    pictures: Vec<Found>,
    since: Instant,
}

impl Chunk<'_> {
    fn add(&mut self, found: &mut Vec<Found>) {
        self.pictures.append(found);
        if self.pictures.len() >= CHUNK || self.since.elapsed() >= CHUNK_AFTER {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let found = std::mem::take(&mut self.pictures);
        if !found.is_empty() {
            let pictures = found.into_iter().map(|found| self.looked_at(found)).collect();
            let _ = self.scanner.librarian.send(LibraryMessage::Found {
                library: self.library,
                pictures,
            });
        }
        self.since = Instant::now();
    }

    /// Where a file may be a picture that was moved here, its content tells.
    fn looked_at(&mut self, found: Found) -> FoundFile {
        let may_have_moved = self.store.may_have_moved(&absolute(&found.path), found.stamp);
        let read = may_have_moved.then(|| ReadPicture::read(&found.path).ok()).flatten();
        FoundFile {
            read: read.map(|read| (read.content, read.stamp)),
            path: found.path,
            stamp: found.stamp,
        }
    }
}
