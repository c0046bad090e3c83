//! The engine without a window: one model, many pictures, in order, with the store as a cache.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::bounded;

use super::classes::ClassCache;
use super::device::DeviceChoice;
use super::loaded::{Loaded, place};
use super::prepare::{Prepared, prepare};
use crate::clip::{Embedding, Precision, Preprocessing, Result};
use crate::engine::ModelChoice;
use crate::library::{PictureRecord, Stamp, Store, stamp};
use crate::zero_shot::{ClassEmbeddings, Label, TemplateSet};

/// Pictures in one pass of the image tower.
pub const IMAGE_BATCH: usize = 8;

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
        let (sender, receiver) = bounded::<Pending>(4 * IMAGE_BATCH);
        std::thread::scope(|scope| {
            for _ in 0..decoders().min(missing.len()) {
                let (sender, missing, next, preprocessing) = (sender.clone(), &missing, &next, &preprocessing);
                scope.spawn(move || {
                    while let Some((index, path)) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let pending = prepare_pending(*index, path, preprocessing, with_thumbnail);
                        if sender.send(pending).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            // Its end, however this ends, tells the decoders to stop.
            let receiver = receiver;
            let mut batch = Vec::new();
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
                if batch.len() == IMAGE_BATCH && self.embed_batch(&mut batch, &mut done)?.is_break() {
                    return Ok(());
                }
            }
            self.embed_batch(&mut batch, &mut done).map(drop)
        })
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
        batch: &mut Vec<Pending>,
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let batch = std::mem::take(batch);
        let prepared: Vec<(&Pending, &Prepared)> = batch
            .iter()
            .filter_map(|p| Some((p, p.prepared.as_ref().ok()?)))
            .collect();
        let pixels: Vec<_> = prepared.iter().map(|(_, p)| p.pixels.clone()).collect();
        let (embeddings, warning) = self.loaded.embed_each(&pixels)?;
        if let Some(warning) = warning {
            (self.warn)(warning);
        }
        self.save(&prepared, &embeddings);
        for ((pending, _), embedding) in prepared.iter().zip(embeddings) {
            let embedded = embedding.map_err(|error| error.to_string());
            if done(pending.index, embedded).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// A cache that cannot be written costs time and nothing else: say so once and go on without it.
    fn save(&mut self, prepared: &[(&Pending, &Prepared)], embeddings: &[Result<Embedding>]) {
        let identity = &self.loaded.model.info().identity;
        let Some(store) = &mut self.store else { return };
        let records: Vec<PictureRecord> = prepared
            .iter()
            .zip(embeddings)
            .filter_map(|((pending, prepared), embedding)| {
                Some(PictureRecord {
                    path: &pending.path,
                    stamp: pending.stamp?,
                    thumbnail: prepared
                        .thumbnail
                        .as_deref()
                        .map(|jpeg| (prepared.size.0, prepared.size.1, jpeg)),
                    embedding: Some((identity, embedding.as_ref().ok()?)),
                })
            })
            .collect();
        if let Err(error) = store.save(&records) {
            self.store = None;
            (self.warn)(format!("{error}; going on without a cache"));
        }
    }
}

fn prepare_pending(index: usize, path: &Path, preprocessing: &Preprocessing, with_thumbnail: bool) -> Pending {
    // The stamp is taken before reading: a file that changes meanwhile is read again next time.
    let stamp = stamp(path).ok();
    Pending {
        index,
        path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
        stamp,
        prepared: prepare(path, preprocessing, with_thumbnail).map_err(|e| e.to_string()),
    }
}

/// Decoding threads: every core but the one that feeds the model, and at least one.
pub fn decoders() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).clamp(1, 8))
}
