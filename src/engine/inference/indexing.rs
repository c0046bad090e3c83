//! Embeds pictures that nobody waits for, a few at a time. A quick GPU has the next batch before the one before is waited
//! for, so that it is never idle.

use std::time::{Duration, Instant};

use super::{Inference, STEP};
use crate::clip::{Embedding, PendingEmbeddings, Pixels};
use crate::engine::halves::in_halves;
use crate::engine::loaded::{IMAGE_BATCH, Loaded};
use crate::engine::messages::{InferenceMessage, LibraryMessage};
use crate::engine::protocol::{Event, Severity};
use crate::engine::queue::Job;
use crate::library::{Computed, Content, Fact, Stamp, Thumbnail};

/// What of a picture is not for the model.
struct Beside {
    job: Job,
    path: std::path::PathBuf,
    content: Content,
    stamp: Option<Stamp>,
    thumbnail: Option<Thumbnail>,
}

/// Pictures that go through the model together.
struct Batch {
    /// The model that they were prepared for.
    identity: String,
    besides: Vec<Beside>,
    pixels: Vec<Pixels>,
}

/// A batch that a GPU computes, between two steps.
pub(super) struct Pending {
    batch: Batch,
    begun: PendingEmbeddings,
    /// When the GPU was done with what came before.
    since: Instant,
}

impl Inference {
    /// How many pictures make a step: one, or as many as the model looks at in a moment.
    pub(super) fn batch(&self) -> usize {
        let seconds = self
            .seconds_a_picture
            .map_or(f32::INFINITY, |seconds| seconds.max(1e-6));
        let fitting = (STEP.as_secs_f32() / seconds) as usize;
        // Few sizes: a GPU prepares itself for each of them.
        let most = self.loaded.as_ref().map_or(IMAGE_BATCH, Loaded::batch);
        [most, IMAGE_BATCH, IMAGE_BATCH / 2, IMAGE_BATCH / 4]
            .into_iter()
            .find(|size| *size <= fitting)
            .unwrap_or(1)
    }

    /// Embeds what is prepared: at once, or begins with it, where it is a GPU that does two such batches in a step.
    pub(super) fn embed(&mut self, prepared: Vec<InferenceMessage>) {
        let Some(batch) = self.to_embed(prepared) else { return };
        let started = Instant::now();
        let begun = self.begin(&batch.pixels);
        let waited = self.end_pending();
        match begun {
            Some(begun) => {
                let since = if waited { Instant::now() } else { started };
                self.pending = Some(Pending { batch, begun, since });
            }
            None => self.embed_now(batch),
        }
    }

    /// What of the prepared pictures is for the model that is here, and not embedded yet; none where that is nothing.
    fn to_embed(&self, prepared: Vec<InferenceMessage>) -> Option<Batch> {
        let identity = self.loaded.as_ref()?.model.info().identity.clone();
        let wanted = prepared.into_iter().filter_map(|one| match one {
            InferenceMessage::Prepared {
                job,
                path,
                identity: made_for,
                prepared,
            } if made_for == identity && !self.has(&job) => {
                let beside = Beside {
                    job,
                    path,
                    content: prepared.content,
                    stamp: prepared.stamp,
                    thumbnail: prepared.thumbnail,
                };
                Some((beside, prepared.pixels))
            }
            _ => None,
        });
        let (besides, pixels): (Vec<_>, Vec<_>) = wanted.unzip();
        (!pixels.is_empty()).then_some(Batch {
            identity,
            besides,
            pixels,
        })
    }

    /// Has a GPU begin with a batch while the one before may still run. What a person asks for waits for both, which
    /// together take no longer than any step.
    fn begin(&self, pixels: &[Pixels]) -> Option<PendingEmbeddings> {
        let two = 2.0 * self.seconds_a_picture? * pixels.len() as f32;
        let loaded = self.loaded.as_ref()?;
        (two <= STEP.as_secs_f32()).then(|| loaded.begin(pixels)).flatten()
    }

    /// Waits for the batch that was begun, if one was; false where none was.
    pub(super) fn end_pending(&mut self) -> bool {
        let (Some(Pending { batch, begun, since }), Some(loaded)) = (self.pending.take(), &self.loaded) else {
            return false;
        };
        let started = Instant::now();
        match loaded.finish(begun) {
            Ok(embedded) => {
                let (whole, waited) = (since.elapsed(), started.elapsed());
                self.seconds_a_picture = Some(pace(self.seconds_a_picture, whole, waited, batch.pixels.len()));
                self.keep(&batch.identity, batch.besides, embedded.into_iter().map(Ok).collect());
            }
            // Anew, which finds out why.
            Err(_) => self.embed_now(batch),
        }
        true
    }

    fn embed_now(&mut self, batch: Batch) {
        let Some(loaded) = &mut self.loaded else { return };
        let Batch { besides, pixels, .. } = batch;
        let started = Instant::now();
        let mut warnings = Vec::new();
        let embedded = in_halves(&pixels, &mut |pixels| {
            let (embeddings, warning) = loaded.embed_images(pixels)?;
            warnings.extend(warning);
            Ok(embeddings)
        });
        // Another one, where the model had to leave a GPU that computed in half precision.
        let identity = loaded.model.info().identity.clone();
        self.seconds_a_picture = Some(started.elapsed().as_secs_f32() / pixels.len() as f32);
        for warning in warnings {
            self.lost_gpu(warning);
        }
        match embedded {
            Ok(embedded) => self.keep(&identity, besides, embedded),
            Err(error) => {
                for beside in besides {
                    self.skipped(beside.job, &error);
                }
                self.message(Severity::Error, format!("Pictures could not be embedded: {error}"));
            }
        }
    }

    /// Whether a picture was embedded already, or is just being embedded, for the same list: it may have been prepared
    /// twice.
    fn has(&self, job: &Job) -> bool {
        let begun = self.pending.iter().flat_map(|pending| &pending.batch.besides);
        job.library == self.library
            && (self.embeddings.has(job.picture)
                || begun
                    .map(|beside| &beside.job)
                    .any(|other| (other.library, other.picture) == (job.library, job.picture)))
    }

    fn keep(&mut self, identity: &str, besides: Vec<Beside>, embedded: Vec<crate::clip::Result<Embedding>>) {
        let mut rows = Vec::new();
        for (beside, embedding) in besides.into_iter().zip(embedded) {
            let embedding = match embedding {
                Ok(embedding) => embedding,
                Err(error) => {
                    self.skipped(beside.job, &error);
                    continue;
                }
            };
            if beside.job.library == self.library {
                rows.push((beside.job.picture, embedding.vector.clone()));
            }
            let _ = self.channels.librarian.send(LibraryMessage::Keep(Fact {
                path: beside.path,
                stamp: beside.stamp,
                computed: Computed {
                    content: beside.content,
                    thumbnail: beside.thumbnail,
                    embedding: Some((identity.into(), embedding)),
                },
            }));
        }
        let count = rows.len();
        self.add(rows);
        self.worked += count;
        if let Some(speed) = self.speed.mark(self.worked as f64) {
            self.channels.events.send(Event::Speed(speed as f32));
        }
    }

    /// Named among the skipped, where it can be tried again.
    fn skipped(&self, job: Job, reason: &crate::clip::Error) {
        self.channels.events.send(Event::Skipped {
            library: job.library,
            picture: job.picture,
            reason: reason.to_string(),
        });
    }
}

/// What a picture takes, in seconds, by a batch that a GPU had for the `whole` time, of which it was `waited` for. Where
/// it was done before anybody waited, it took less than that, nobody knows how much.
fn pace(known: Option<f32>, whole: Duration, waited: Duration, pictures: usize) -> f32 {
    let most = whole.as_secs_f32() / pictures as f32;
    match known {
        Some(known) if waited < whole / 10 => known.min(most),
        _ => most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_that_was_done_before_anybody_waited_is_not_slower_than_it_was() {
        let ms = Duration::from_millis;
        assert_eq!(pace(None, ms(100), ms(0), 10), 0.01);
        assert_eq!(pace(Some(0.002), ms(100), ms(1), 10), 0.002);
        assert_eq!(pace(Some(0.02), ms(100), ms(1), 10), 0.01);
        assert_eq!(pace(Some(0.002), ms(100), ms(90), 10), 0.01);
    }
}
