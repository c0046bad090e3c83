//! The engine without a window: one model, many pictures, in order, with the store beside it.

mod batches;
mod reader;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::bounded;

use super::classes::ClassCache;
use super::device::DeviceChoice;
use super::loaded::Loaded;
use super::messages::absolute;
use super::placement::place;
use crate::clip::{Embedding, Error, Precision, Result};
use crate::engine::ModelChoice;
use crate::library::{Store, stamp};
use crate::zero_shot::{ClassEmbeddings, Label, TemplateSet};
use reader::{Pending, Reader};

pub use reader::decoders;

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
            self.embed_received(&receiver, paths, size, done)
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

    /// What is known of an unchanged file.
    fn known(&mut self, path: &Path) -> Option<Embedding> {
        self.store.folder()?;
        let content = self.store.content(&absolute(path), stamp(path).ok()?)?;
        let info = self.loaded.model.info();
        self.store.embedding(content, &info.identity, info.projection_dim)
    }

    /// What the store has to say.
    fn tell(&mut self) {
        self.store.notes().into_iter().for_each(&mut self.warn);
    }
}
