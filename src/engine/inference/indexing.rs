//! Embeds pictures that nobody waits for, a few at a time.

use std::time::Instant;

use super::{Inference, STEP};
use crate::clip::Embedding;
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

    pub(super) fn embed(&mut self, prepared: Vec<InferenceMessage>) {
        let Some(identity) = self.loaded.as_ref().map(|loaded| loaded.model.info().identity.clone()) else {
            return;
        };
        let (besides, pixels): (Vec<_>, Vec<_>) = prepared
            .into_iter()
            .filter_map(|one| match one {
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
            })
            .unzip();
        let (Some(loaded), false) = (&mut self.loaded, pixels.is_empty()) else {
            return;
        };
        let started = Instant::now();
        let mut warnings = Vec::new();
        let embedded = in_halves(&pixels, &mut |pixels| {
            let (embeddings, warning) = loaded.embed_images(pixels)?;
            warnings.extend(warning);
            Ok(embeddings)
        });
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

    /// Whether a picture was embedded already, for the same list: it may have been prepared twice.
    fn has(&self, job: &Job) -> bool {
        job.library == self.library && self.embeddings.has(job.picture)
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
