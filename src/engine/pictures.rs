//! The picture threads: decode for the inspector, for the gallery, and for the model, each lane on its own threads.

use std::sync::Arc;

use crossbeam_channel::Sender;
use image::RgbImage;

use super::Events;
use super::messages::{InferenceMessage, InspectedPixels, LibraryMessage, absolute};
use super::prepare::{prepare_read, small, thumbnail};
use super::protocol::{Event, InspectedPicture, ScreenImage, ViewRect};
use super::queue::{Job, Lane, Queue, Task, Wanted};
use super::threads::keep_going;
use crate::library::{
    Computed, Content, Decoded, Fact, PictureError, ReadPicture, Store, Thumbnail, decode_with_notes, fitted, stamp,
    thumbnail_from_jpeg,
};
use crate::logging::{panic_text, place};

/// Longest side of the inspected picture, in pixels: below every GPU's limit on textures.
const INSPECTED_SIDE: u32 = 2_048;

/// Longest side of what is kept of a picture while it is inspected, for another part of it to be shown to the model: with
/// that of a camera of 24 megapixels, it is the picture itself.
const PROBED_SIDE: u32 = 6_000;

/// Pixels of a picture that the window gets whole, to show it 1:1: 200 MB of them. Of a larger one it shows the smaller copy.
const MOST_HELD: u64 = 1 << 26;

/// Longest side of the copy on which heatmaps are tested.
const CHECKED_SIDE: u32 = 1_024;

const WHOLE: ViewRect = ViewRect {
    left: 0.0,
    top: 0.0,
    width: 1.0,
    height: 1.0,
};

/// What a picture thread needs.
pub struct PictureThread {
    pub name: String,
    pub lane: Lane,
    pub queue: Arc<Queue>,
    pub events: Events,
    pub inference: Sender<InferenceMessage>,
    /// Bounded: the threads that index wait here for the model, and no others.
    pub prepared: Sender<InferenceMessage>,
    pub librarian: Sender<LibraryMessage>,
    /// Beside the library thread's: to read.
    pub store: Store,
}

impl PictureThread {
    /// Works until the queue closes. Where a picture makes a decoder panic, that picture is skipped.
    pub fn run(mut self) {
        let (name, events) = (self.name.clone(), self.events.clone());
        keep_going(&name, &events, || {
            let Some(task) = self.queue.next(self.lane) else {
                return false;
            };
            let job = task.job().clone();
            let guarded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.perform(task)));
            if let Err(panic) = guarded {
                let reason = panic_text(panic.as_ref());
                self.skipped(
                    &job,
                    &PictureError::Damaged(format!("preparing it failed ({reason}); {}", place())),
                );
            }
            self.queue.done(self.lane);
            true
        });
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Inspect(job, models) => self.inspect(&job, &models),
            Task::Thumbnail(job) => self.thumbnail(&job),
            Task::Index(job, model) => self.index(job, model),
        }
    }

    fn inspect(&mut self, job: &Job, models: &[Wanted]) {
        let decoded = decode_with_notes(&job.path);
        // By now the user may be at another picture.
        if !self.queue.is_inspected(job) {
            return;
        }
        let inspected = decoded.and_then(|decoded| self.send_inspected(job, decoded, models));
        if let Err(error) = inspected {
            self.skipped(job, &error);
        }
    }

    /// Hands the picture to the window, and what each model sees of it to the model's thread.
    fn send_inspected(&self, job: &Job, decoded: Decoded, models: &[Wanted]) -> Result<(), PictureError> {
        let Decoded {
            picture, room: _room, ..
        } = decoded;
        let (width, height) = picture.dimensions();
        let mut views = Vec::new();
        for model in models {
            let preprocessing = &model.preprocessing;
            let view = preprocessing
                .model_view(&picture)
                .map_err(|e| PictureError::Damaged(e.to_string()))?;
            views.push((preprocessing.view_rect(width, height), view));
        }
        let compared_view = views.get(1).map(|(view, _)| *view);
        let (view, model_view) = views.first().cloned().unwrap_or((WHOLE, RgbImage::new(1, 1)));
        let copy = Arc::new(fitted(&picture, CHECKED_SIDE));
        let shown = fitted(&picture, INSPECTED_SIDE);
        let picture = Arc::new(picture);
        let file = std::fs::metadata(&job.path).ok();
        let is_larger = picture.dimensions() != shown.dimensions();
        // What the window holds is in no budget.
        let is_held = is_larger && u64::from(width) * u64::from(height) <= MOST_HELD;
        self.events.send(Event::Inspected {
            library: job.library,
            picture: job.picture,
            inspected: Box::new(InspectedPicture {
                image: screen_image(shown),
                original_size: picture.dimensions(),
                original: is_held.then(|| picture.clone()),
                file: file.and_then(|file| Some((file.len(), file.modified().ok()?))),
                view,
                model_view: screen_image(model_view),
                compared_view,
            }),
        });
        let fits = picture.width().max(picture.height()) <= PROBED_SIDE;
        let picture = if fits {
            picture
        } else {
            Arc::new(fitted(&picture, PROBED_SIDE))
        };
        for (model, (_, view)) in models.iter().zip(views) {
            let _ = self.inference.send(InferenceMessage::Dense {
                library: job.library,
                picture: job.picture,
                identity: model.identity.clone(),
                inspected: InspectedPixels {
                    picture: picture.clone(),
                    copy: copy.clone(),
                    view,
                },
            });
        }
        Ok(())
    }

    fn thumbnail(&mut self, job: &Job) {
        let path = absolute(&job.path);
        let known = stamp(&job.path).ok().and_then(|stamp| self.store.content(&path, stamp));
        let shown = match known.and_then(|content| self.stored_thumbnail(content)) {
            Some(stored) => Ok(stored),
            None => self.new_thumbnail(job),
        };
        match shown {
            Ok(image) => self.events.send(Event::Thumbnail {
                library: job.library,
                picture: job.picture,
                image: screen_image(image),
            }),
            Err(error) => self.skipped(job, &error),
        }
    }

    fn stored_thumbnail(&mut self, content: Content) -> Option<RgbImage> {
        thumbnail_from_jpeg(&self.store.thumbnail(content)?.jpeg)
    }

    /// Of a file that has to be looked at: it may hold what is known all the same.
    fn new_thumbnail(&mut self, job: &Job) -> Result<RgbImage, PictureError> {
        let read = ReadPicture::read(&job.path)?;
        if let Some(stored) = self.stored_thumbnail(read.content) {
            self.keep(job, &read, None);
            return Ok(stored);
        }
        let Decoded {
            picture, room: _room, ..
        } = read.decode()?;
        let small = small(&picture);
        self.keep(job, &read, thumbnail(&picture, &small));
        Ok(small)
    }

    fn keep(&self, job: &Job, read: &ReadPicture, thumbnail: Option<Thumbnail>) {
        let _ = self.librarian.send(LibraryMessage::Keep(Fact {
            path: absolute(&job.path),
            stamp: read.stamp,
            computed: Computed {
                thumbnail,
                ..Computed::nothing(read.content)
            },
        }));
    }

    fn index(&mut self, job: Job, model: Wanted) {
        if let Err(error) = self.read_for(&job, model) {
            self.skipped(&job, &error);
        }
    }

    /// Reads a file, and decodes it for the model where its content is not known: it may only have been touched or moved.
    fn read_for(&mut self, job: &Job, model: Wanted) -> Result<(), PictureError> {
        let read = ReadPicture::read(&job.path)?;
        if let Some(embedding) = self.store.embedding(read.content, &model.identity, model.dim) {
            self.keep(job, &read, None);
            let _ = self.inference.send(InferenceMessage::Stored {
                library: job.library,
                identity: model.identity,
                rows: vec![(job.picture, embedding.vector)],
            });
            return Ok(());
        }
        let with_thumbnail = self.store.thumbnail(read.content).is_none();
        let prepared = prepare_read(&read, &model.preprocessing, with_thumbnail)?;
        let _ = self.prepared.send(InferenceMessage::Prepared {
            path: absolute(&job.path),
            job: job.clone(),
            identity: model.identity,
            prepared: Box::new(prepared),
        });
        Ok(())
    }

    fn skipped(&self, job: &Job, error: &PictureError) {
        self.events.send(Event::Skipped {
            library: job.library,
            picture: job.picture,
            reason: error.to_string(),
        });
    }
}

/// A picture for the screen.
pub fn screen_image(picture: RgbImage) -> ScreenImage {
    ScreenImage {
        width: picture.width() as usize,
        height: picture.height() as usize,
        rgb: picture.into_raw(),
    }
}
