//! Batches of pictures: one is put together while another is embedded.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crossbeam_channel::Receiver;

use super::reader::{Pending, Read};
use super::{Embedded, Session};
use crate::clip::{Embedding, PendingEmbeddings, Pixels, Result};
use crate::engine::halves::in_halves;
use crate::engine::prepare::Prepared;
use crate::library::{Computed, Fact, Stamp};

struct ToEmbed {
    index: usize,
    path: PathBuf,
    prepared: Box<Prepared>,
}

impl Session {
    /// Embeds what is read, in batches of `size`, until nobody sends any more.
    pub(super) fn embed_received(
        &mut self,
        receiver: &Receiver<Pending>,
        paths: &[PathBuf],
        size: usize,
        done: &mut impl FnMut(usize, Embedded) -> ControlFlow<()>,
    ) -> Result<()> {
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
    }

    /// Has a GPU begin with a batch before the results of the one before are waited for: it is never idle meanwhile. Where
    /// the processor computes, a batch is embedded at once.
    fn go_on(
        &mut self,
        running: &mut Option<(Vec<ToEmbed>, PendingEmbeddings)>,
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
        running: &mut Option<(Vec<ToEmbed>, PendingEmbeddings)>,
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
}

fn pixels_of(batch: &[ToEmbed]) -> Vec<Pixels> {
    batch.iter().map(|one| one.prepared.pixels.clone()).collect()
}
