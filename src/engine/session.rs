//! The engine without a window: one model, many pictures, in order, with the store beside it.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::bounded;

use super::classes::ClassCache;
use super::device::DeviceChoice;
use super::halves::in_halves;
use super::loaded::{Loaded, place};
use super::messages::absolute;
use super::prepare::{Prepared, prepare_read};
use crate::clip::{Begun, Embedding, Error, Pixels, Precision, Preprocessing, Result};
use crate::engine::ModelChoice;
use crate::library::{Computed, Content, Fact, PictureError, ReadPicture, Stamp, Store, stamp};
use crate::logging::{panic_text, place as log_place};
use crate::zero_shot::{ClassEmbeddings, Label, TemplateSet};

/// A model with a cache, for commands and benchmarks.
pub struct Session {
    /// The model on its device.
    pub loaded: Loaded,
    store: Store,
    classes: ClassCache,
    warn: Box<dyn FnMut(String)>,
}

/// One picture's embedding, or why there is none.
pub type Embedded = std::result::Result<Embedding, String>;

/// A file that was read.
struct Pending {
    index: usize,
    /// Absolute.
    path: PathBuf,
    read: std::result::Result<Read, String>,
}

enum Read {
    /// Its content is known: the file was touched or moved, or is a copy.
    Known(Content, Option<Stamp>, Embedding),
    /// It is to be embedded.
    New(Box<Prepared>),
}

impl Session {
    /// Loads a model; `warn` hears of fallbacks.
    ///
    /// # Errors
    /// The model cannot be loaded.
    pub fn open(
        model: &ModelChoice,
        device: DeviceChoice,
        precision: Precision,
        store: Option<Store>,
        mut warn: Box<dyn FnMut(String)>,
    ) -> Result<Self> {
        let mut placement = place(device, precision);
        if let Some(warning) = placement.warning.take() {
            warn(warning);
        }
        let loaded = Loaded::open(model, placement)?;
        loaded.model.info().notes.iter().cloned().for_each(&mut warn);
        let mut store = store.unwrap_or_else(|| Store::keeper(None));
        store.uses_model(&loaded.model.info().identity, model.path().map(absolute));
        Ok(Self {
            loaded,
            store,
            classes: ClassCache::default(),
            warn,
        })
    }

    /// Embeds pictures: from the store where it knows them, else decoded in parallel and embedded in batches.
    ///
    /// `done` hears of each picture once, in no particular order; what it says decides whether the work goes on.
    ///
    /// A picture that the model cannot look at costs no other its embedding.
    ///
    /// # Errors
    /// The device failed for good.
    pub fn embed_pictures(
        &mut self,
        paths: &[PathBuf],
        mut done: impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut missing = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            match self.known(path) {
                Some(embedding) => {
                    if done(index, Ok(embedding)).is_break() {
                        return Ok(());
                    }
                }
                None => missing.push((index, path.clone())),
            }
        }
        let embedded = self.embed_missing(paths, &missing, &mut done);
        if self.store.has_unwritten() && !missing.is_empty() {
            self.store.flush_now();
        }
        self.tell();
        embedded
    }

    /// Reads pictures on other threads, and embeds those of which the content is not known.
    fn embed_missing(
        &mut self,
        paths: &[PathBuf],
        missing: &[(usize, PathBuf)],
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<()> {
        let reader = Reader {
            preprocessing: self.loaded.model.preprocessing().clone(),
            identity: self.loaded.model.info().identity.clone(),
            dim: self.loaded.model.info().projection_dim,
            data_dir: self.store.folder(),
        };
        let next = AtomicUsize::new(0);
        // Two batches: one that is put together while another is embedded.
        let size = self.loaded.batch();
        let (sender, receiver) = bounded::<Pending>(2 * size);
        std::thread::scope(|scope| {
            // Where this ends early, nobody takes what is decoded any more: without a receiver the threads see that, and end.
            let receiver = receiver;
            for n in 0..decoders().min(missing.len()) {
                let (sender, next, reader) = (sender.clone(), &next, &reader);
                let thread = std::thread::Builder::new().name(format!("decode-{n}"));
                let started = thread.spawn_scoped(scope, move || {
                    let mut store = Store::reader(reader.data_dir.as_deref());
                    while let Some((index, path)) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let pending = reader.pending(*index, path, &mut store);
                        if sender.send(pending).is_err() {
                            return;
                        }
                    }
                });
                // One is enough.
                if let (0, Err(error)) = (n, started) {
                    let reason = format!("no thread can be started to decode pictures: {error}");
                    return Err(Error::Device(reason));
                }
            }
            drop(sender);
            let (mut batch, mut running) = (Vec::new(), None);
            while let Ok(pending) = receiver.recv() {
                let (index, path) = (pending.index, pending.path);
                let go_on = match pending.read {
                    Err(reason) => done(index, Err(reason)),
                    Ok(Read::Known(content, stamp, embedding)) => {
                        self.keep(path, stamp, Computed::nothing(content));
                        done(index, Ok(embedding))
                    }
                    Ok(Read::New(prepared)) => {
                        if let Some(note) = prepared.note {
                            (self.warn)(format!("{}: {note}", paths[index].display()));
                        }
                        batch.push(ToEmbed { index, path, prepared });
                        ControlFlow::Continue(())
                    }
                };
                if go_on.is_break() {
                    return Ok(());
                }
                if batch.len() >= size && self.go_on(&mut running, std::mem::take(&mut batch), done)?.is_break() {
                    return Ok(());
                }
            }
            if self.go_on(&mut running, batch, done)?.is_break() {
                return Ok(());
            }
            self.end(&mut running, done).map(drop)
        })
    }

    /// Has a GPU begin with a batch before the results of the one before are waited for: it is never idle meanwhile. Where
    /// the processor computes, a batch is embedded at once.
    fn go_on(
        &mut self,
        running: &mut Option<(Vec<ToEmbed>, Begun)>,
        batch: Vec<ToEmbed>,
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let begun = match self.loaded.device.gpu {
            true => self.loaded.begin(&pixels_of(&batch)),
            false => None,
        };
        if self.end(running, done)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        match begun {
            Some(begun) => *running = Some((batch, begun)),
            None => return self.embed_batch(batch, done),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Waits for the batch that runs, if one does.
    fn end(
        &mut self,
        running: &mut Option<(Vec<ToEmbed>, Begun)>,
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let Some((batch, begun)) = running.take() else {
            return Ok(ControlFlow::Continue(()));
        };
        match self.loaded.finish(begun) {
            Ok(embedded) => Ok(self.keep_embedded(batch, embedded.into_iter().map(Ok).collect(), done)),
            // Anew, which finds out why.
            Err(_) => self.embed_batch(batch, done),
        }
    }

    /// Embeds texts as they stand, in order; texts that were cut are warned about.
    ///
    /// # Errors
    /// The tokenizer does not fit, or the device failed.
    pub fn embed_texts(&mut self, texts: &[String]) -> Result<Vec<Embedding>> {
        let tokenized = texts
            .iter()
            .map(|text| self.loaded.model.tokenize(text))
            .collect::<Result<Vec<_>>>()?;
        for (text, tokens) in texts.iter().zip(&tokenized) {
            if let Some(lost) = &tokens.lost {
                (self.warn)(format!("\"{text}\" is longer than the model reads; lost: \"{lost}\""));
            }
        }
        let (embeddings, warning) = self.loaded.embed_texts(&tokenized)?;
        if let Some(warning) = warning {
            (self.warn)(warning);
        }
        Ok(embeddings)
    }

    /// Class embeddings for labels; prompts that were cut are warned about.
    ///
    /// # Errors
    /// The tokenizer does not fit, or the device failed.
    pub fn classes(&mut self, labels: &[Label], templates: &TemplateSet) -> Result<ClassEmbeddings> {
        let classes = self.classes.classes(&mut self.loaded, labels, templates, || true)?;
        for warning in classes.warnings.into_iter().chain(classes.untaught) {
            (self.warn)(warning);
        }
        for (label, lost) in classes.lost {
            let name = &labels[label].name;
            (self.warn)(format!("\"{name}\" is longer than the model reads; lost: \"{lost}\""));
        }
        Ok(classes.embeddings)
    }

    /// What is known of an unchanged file.
    fn known(&mut self, path: &Path) -> Option<Embedding> {
        self.store.folder()?;
        let content = self.store.content(&absolute(path), stamp(path).ok()?)?;
        let info = self.loaded.model.info();
        self.store.embedding(content, &info.identity, info.projection_dim)
    }

    fn embed_batch(
        &mut self,
        batch: Vec<ToEmbed>,
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let pixels = pixels_of(&batch);
        let (loaded, warn) = (&mut self.loaded, &mut self.warn);
        let embedded = in_halves(&pixels, &mut |pixels| {
            let (embeddings, warning) = loaded.embed_images(pixels)?;
            warning.into_iter().for_each(&mut *warn);
            Ok(embeddings)
        })?;
        Ok(self.keep_embedded(batch, embedded, done))
    }

    fn keep_embedded(
        &mut self,
        batch: Vec<ToEmbed>,
        embedded: Vec<Result<Embedding>>,
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let identity = self.loaded.model.info().identity.clone();
        let mut results = Vec::new();
        for (one, embedding) in batch.into_iter().zip(embedded) {
            if let Ok(embedding) = &embedding {
                let computed = Computed {
                    content: one.prepared.content,
                    thumbnail: one.prepared.thumbnail,
                    embedding: Some((identity.clone(), embedding.clone())),
                };
                self.keep(one.path, one.prepared.stamp, computed);
            }
            results.push((one.index, embedding.map_err(|error| error.to_string())));
        }
        // What is printed is written.
        self.store.flush();
        self.tell();
        for (index, embedded) in results {
            if done(index, embedded).is_break() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn keep(&mut self, path: PathBuf, stamp: Option<Stamp>, computed: Computed) {
        self.store.keep(Fact { path, stamp, computed });
    }

    /// What the store has to say.
    fn tell(&mut self) {
        self.store.notes().into_iter().for_each(&mut self.warn);
    }
}

struct ToEmbed {
    index: usize,
    path: PathBuf,
    prepared: Box<Prepared>,
}

/// What decoding threads know.
struct Reader {
    preprocessing: Preprocessing,
    identity: String,
    dim: usize,
    data_dir: Option<PathBuf>,
}

impl Reader {
    fn pending(&self, index: usize, path: &Path, store: &mut Store) -> Pending {
        let guarded = catch_unwind(AssertUnwindSafe(|| self.read(path, store)));
        let read = guarded.unwrap_or_else(|panic| {
            let reason = panic_text(panic.as_ref());
            Err(PictureError::Damaged(format!(
                "preparing it failed ({reason}); {}",
                log_place()
            )))
        });
        Pending {
            index,
            path: absolute(path),
            read: read.map_err(|error| error.to_string()),
        }
    }

    fn read(&self, path: &Path, store: &mut Store) -> std::result::Result<Read, PictureError> {
        let read = ReadPicture::read(path)?;
        if let Some(embedding) = store.embedding(read.content, &self.identity, self.dim) {
            return Ok(Read::Known(read.content, read.stamp, embedding));
        }
        let with_thumbnail = self.data_dir.is_some() && store.thumbnail(read.content).is_none();
        let prepared = prepare_read(&read, &self.preprocessing, with_thumbnail)?;
        Ok(Read::New(Box::new(prepared)))
    }
}

fn pixels_of(batch: &[ToEmbed]) -> Vec<Pixels> {
    batch.iter().map(|one| one.prepared.pixels.clone()).collect()
}

/// Decoding threads: every core but the one that feeds the model, and at least one.
pub fn decoders() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::library::{scan, unpack_samples};
    use crate::progress::Unheard;

    fn samples(folder: &Path) -> Vec<PathBuf> {
        let samples = unpack_samples(folder).unwrap();
        scan(&samples, &Unheard)
            .pictures
            .into_iter()
            .map(|found| found.path)
            .collect()
    }

    fn session() -> Session {
        let (model, device) = (ModelChoice::Starter, DeviceChoice::Cpu);
        Session::open(&model, device, Precision::Full, None, Box::new(|_| {})).unwrap()
    }

    /// A command that hangs is worse than one that fails: this one has a minute.
    fn within_a_minute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let (sender, receiver) = bounded(1);
        std::thread::spawn(move || sender.send(work()));
        receiver.recv_timeout(Duration::from_secs(60)).expect("it hangs")
    }

    #[test]
    fn a_device_that_fails_ends_the_work_also_while_decoders_wait_for_it() {
        let failed = within_a_minute(|| {
            let folder = tempfile::tempdir().unwrap();
            // More than the queue holds.
            let paths: Vec<PathBuf> = samples(folder.path()).into_iter().cycle().take(100).collect();
            let mut session = session();
            session.loaded.fault = Some(|_| Err(Error::Device("gone".into())));
            session
                .embed_pictures(&paths, |_, _| ControlFlow::Continue(()))
                .map_err(|error| error.to_string())
        });
        assert_eq!(failed.unwrap_err(), "the device failed while computing: gone");
    }

    #[test]
    fn a_picture_that_the_model_cannot_look_at_is_named_and_costs_no_other_its_embedding() {
        fn dark(pixels: &Pixels) -> Result<()> {
            assert!(pixels.bytes.iter().any(|byte| *byte > 0), "too dark");
            Ok(())
        }
        let folder = tempfile::tempdir().unwrap();
        let black = folder.path().join("black.png");
        image::RgbImage::new(64, 64).save(&black).unwrap();
        let mut paths: Vec<PathBuf> = samples(folder.path()).into_iter().take(10).collect();
        paths.insert(3, black);
        let mut session = session();
        session.loaded.fault = Some(dark);
        let told = Arc::new(Mutex::new(Vec::new()));
        session
            .embed_pictures(&paths, |index, embedded| {
                told.lock().unwrap().push((index, embedded.err()));
                ControlFlow::Continue(())
            })
            .unwrap();
        let mut told = std::mem::take(&mut *told.lock().unwrap());
        told.sort();
        assert_eq!(told.len(), paths.len(), "each is heard of once");
        let failed: Vec<_> = told
            .into_iter()
            .filter_map(|(index, reason)| Some((index, reason?)))
            .collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert!(
            failed[0].0 == 3 && failed[0].1.contains("too dark") && failed[0].1.contains("Starter"),
            "{failed:?}"
        );
    }
}
