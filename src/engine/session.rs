//! The engine without a window: one model, many pictures, in order, with the store as a cache.

use std::ops::ControlFlow;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::bounded;

use super::classes::ClassCache;
use super::device::DeviceChoice;
use super::halves::in_halves;
use super::loaded::{Loaded, place};
use super::prepare::{Prepared, prepare};
use crate::clip::{Begun, Embedding, Error, Pixels, Precision, Preprocessing, Result};
use crate::engine::ModelChoice;
use crate::library::{PictureError, PictureRecord, Stamp, Store, stamp};
use crate::logging::{panic_text, place as log_place};
use crate::zero_shot::{ClassEmbeddings, Label, TemplateSet};

/// A model with a cache, for commands and benchmarks.
pub struct Session {
    /// The model on its device.
    pub loaded: Loaded,
    store: Option<Store>,
    classes: ClassCache,
    warn: Box<dyn FnMut(String)>,
}

/// One picture's embedding, or why there is none.
pub type Embedded = std::result::Result<Embedding, String>;

struct Pending {
    index: usize,
    path: PathBuf,
    stamp: Option<Stamp>,
    prepared: std::result::Result<Prepared, String>,
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
            match self.cached(path) {
                Some(embedding) => {
                    if done(index, Ok(embedding)).is_break() {
                        return Ok(());
                    }
                }
                None => missing.push((index, path.clone())),
            }
        }
        let preprocessing = self.loaded.model.preprocessing().clone();
        let with_thumbnail = self.store.is_some();
        let next = AtomicUsize::new(0);
        // Two batches: one that is put together while another is embedded.
        let size = self.loaded.batch();
        let (sender, receiver) = bounded::<Pending>(2 * size);
        std::thread::scope(|scope| {
            // Where this ends early, nobody takes what is decoded any more: without a receiver the threads see that, and end.
            let receiver = receiver;
            for n in 0..decoders().min(missing.len()) {
                let (sender, missing, next, preprocessing) = (sender.clone(), &missing, &next, &preprocessing);
                let thread = std::thread::Builder::new().name(format!("decode-{n}"));
                let started = thread.spawn_scoped(scope, move || {
                    while let Some((index, path)) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let pending = prepare_pending(*index, path, preprocessing, with_thumbnail);
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
                let go_on = match &pending.prepared {
                    Err(reason) => done(pending.index, Err(reason.clone())),
                    Ok(prepared) => {
                        if let Some(note) = prepared.note {
                            (self.warn)(format!("{}: {note}", paths[pending.index].display()));
                        }
                        batch.push(pending);
                        ControlFlow::Continue(())
                    }
                };
                if go_on.is_break() {
                    return Ok(());
                }
                if batch.len() >= size
                    && self
                        .go_on(&mut running, std::mem::take(&mut batch), &mut done)?
                        .is_break()
                {
                    return Ok(());
                }
            }
            if self.go_on(&mut running, batch, &mut done)?.is_break() {
                return Ok(());
            }
            self.end(&mut running, &mut done).map(drop)
        })
    }

    /// Has a GPU begin with a batch before the results of the one before are waited for: it is never idle meanwhile. Where
    /// the processor computes, a batch is embedded at once.
    fn go_on(
        &mut self,
        running: &mut Option<(Vec<Pending>, Begun)>,
        batch: Vec<Pending>,
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
            None => return self.embed_batch(&batch, done),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Waits for the batch that runs, if one does.
    fn end(
        &mut self,
        running: &mut Option<(Vec<Pending>, Begun)>,
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let Some((batch, begun)) = running.take() else {
            return Ok(ControlFlow::Continue(()));
        };
        match self.loaded.finish(begun) {
            Ok(embedded) => Ok(self.keep(&batch, embedded.into_iter().map(Ok).collect(), done)),
            // Anew, which finds out why.
            Err(_) => self.embed_batch(&batch, done),
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

    fn cached(&self, path: &Path) -> Option<Embedding> {
        let store = self.store.as_ref()?;
        let absolute = std::path::absolute(path).ok()?;
        let identity = &self.loaded.model.info().identity;
        let stored = store.embedding(&absolute, stamp(path).ok()?, identity).ok().flatten();
        // What a damaged store holds is computed again.
        stored.filter(|embedding| embedding.is_sound(self.loaded.model.info().projection_dim))
    }

    fn embed_batch(
        &mut self,
        batch: &[Pending],
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let pixels = pixels_of(batch);
        let (loaded, warn) = (&mut self.loaded, &mut self.warn);
        let embedded = in_halves(&pixels, &mut |pixels| {
            let (embeddings, warning) = loaded.embed_images(pixels)?;
            warning.into_iter().for_each(&mut *warn);
            Ok(embeddings)
        })?;
        Ok(self.keep(batch, embedded, done))
    }

    fn keep(
        &mut self,
        batch: &[Pending],
        embedded: Vec<Result<Embedding>>,
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let prepared: Vec<(&Pending, &Prepared)> = batch
            .iter()
            .filter_map(|p| Some((p, p.prepared.as_ref().ok()?)))
            .collect();
        let both = prepared.iter().zip(&embedded);
        let well: Vec<_> = both
            .filter_map(|(one, embedding)| Some((*one, embedding.as_ref().ok()?)))
            .collect();
        self.save(&well);
        for ((pending, _), embedding) in prepared.iter().zip(embedded) {
            let embedded = embedding.map_err(|error| error.to_string());
            if done(pending.index, embedded).is_break() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// A cache that cannot be written costs time and nothing else: say so once and go on without it.
    fn save(&mut self, embedded: &[((&Pending, &Prepared), &Embedding)]) {
        let identity = &self.loaded.model.info().identity;
        let Some(store) = &mut self.store else { return };
        let records: Vec<PictureRecord> = embedded
            .iter()
            .filter_map(|((pending, prepared), embedding)| {
                Some(PictureRecord {
                    path: &pending.path,
                    stamp: pending.stamp?,
                    thumbnail: prepared
                        .thumbnail
                        .as_deref()
                        .map(|jpeg| (prepared.size.0, prepared.size.1, jpeg)),
                    embedding: Some((identity, embedding)),
                })
            })
            .collect();
        if let Err(error) = store.save(&records) {
            self.store = None;
            (self.warn)(format!("{error}; going on without a cache"));
        }
    }
}

fn pixels_of(batch: &[Pending]) -> Vec<Pixels> {
    let prepared = batch.iter().filter_map(|pending| pending.prepared.as_ref().ok());
    prepared.map(|prepared| prepared.pixels.clone()).collect()
}

fn prepare_pending(index: usize, path: &Path, preprocessing: &Preprocessing, with_thumbnail: bool) -> Pending {
    // The stamp is taken before reading: a file that changes meanwhile is read again next time.
    let stamp = stamp(path).ok();
    let prepared = catch_unwind(|| prepare(path, preprocessing, with_thumbnail)).unwrap_or_else(|panic| {
        let reason = panic_text(panic.as_ref());
        Err(PictureError::Damaged(format!(
            "preparing it failed ({reason}); {}",
            log_place()
        )))
    });
    Pending {
        index,
        path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
        stamp,
        prepared: prepared.map_err(|e| e.to_string()),
    }
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

    fn samples(folder: &Path) -> Vec<PathBuf> {
        let samples = unpack_samples(folder).unwrap();
        scan(&samples, || true)
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
