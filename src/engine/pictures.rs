//! The picture threads: decode for the inspector, for the gallery, and for the model, each lane on its own threads.

use std::sync::Arc;

use crossbeam_channel::Sender;
use image::RgbImage;

use super::Events;
use super::messages::{Chore, Learnt, Seen, Work, absolute};
use super::prepare::prepare;
use super::protocol::{Event, InspectedPicture, ScreenImage, ViewRect};
use super::queue::{Job, Lane, Queue, Task, Wanted};
use super::threads::keep_going;
use crate::library::{PictureError, Store, THUMBNAIL_SIDE, decode, fitted, thumbnail_from_jpeg, thumbnail_to_jpeg};
use crate::logging::place;

/// Longest side of the inspected picture, in pixels: below every GPU's limit on textures.
pub const INSPECTED_SIDE: u32 = 2_048;

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
    pub inference: Sender<Work>,
    /// Bounded: the threads that index wait here for the model, and no others.
    pub prepared: Sender<Work>,
    pub librarian: Sender<Chore>,
    pub store: Option<Store>,
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
            if guarded.is_err() {
                self.skipped(
                    &job,
                    &PictureError::Damaged(format!("preparing it failed; {}", place())),
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
        let decoded = decode(&job.path);
        // By now the user may be at another picture.
        if !self.queue.is_inspected(job) {
            return;
        }
        let inspected = decoded.and_then(|picture| self.send_inspected(job, picture, models));
        if let Err(error) = inspected {
            self.skipped(job, &error);
        }
    }

    /// Hands the picture to the window, and what each model sees of it to the model's thread.
    fn send_inspected(&self, job: &Job, picture: RgbImage, models: &[Wanted]) -> Result<(), PictureError> {
        let (width, height) = picture.dimensions();
        let mut views = Vec::new();
        for model in models {
            let preprocessing = &model.preprocessing;
            let view = preprocessing
                .model_view(&picture)
                .map_err(|e| PictureError::Damaged(e.to_string()))?;
            views.push((preprocessing.view_rect(width, height), view));
        }
        let rival_view = views.get(1).map(|(view, _)| *view);
        let (view, model_view) = views.first().cloned().unwrap_or((WHOLE, RgbImage::new(1, 1)));
        self.events.send(Event::Inspected {
            library: job.library,
            picture: job.picture,
            inspected: Box::new(InspectedPicture {
                image: screen_image(fitted(&picture, INSPECTED_SIDE)),
                original_size: picture.dimensions(),
                view,
                model_view: screen_image(model_view),
                rival_view,
            }),
        });
        let copy = Arc::new(fitted(&picture, CHECKED_SIDE));
        let picture = Arc::new(picture);
        for (model, (_, view)) in models.iter().zip(views) {
            let _ = self.inference.send(Work::Dense {
                library: job.library,
                picture: job.picture,
                identity: model.identity.clone(),
                inspected: Seen {
                    picture: picture.clone(),
                    copy: copy.clone(),
                    view,
                },
            });
        }
        Ok(())
    }

    fn thumbnail(&mut self, job: &Job) {
        let stored = self
            .store
            .as_ref()
            .and_then(|store| store.thumbnail(&absolute(&job.path), job.stamp).ok().flatten())
            .and_then(|(_, _, jpeg)| thumbnail_from_jpeg(&jpeg));
        let thumbnail = match stored {
            Some(thumbnail) => thumbnail,
            None => match decode(&job.path) {
                Ok(picture) => {
                    let thumbnail = fitted(&picture, THUMBNAIL_SIDE);
                    self.keep_thumbnail(job, &picture, &thumbnail);
                    thumbnail
                }
                Err(error) => return self.skipped(job, &error),
            },
        };
        self.events.send(Event::Thumbnail {
            library: job.library,
            picture: job.picture,
            image: screen_image(thumbnail),
        });
    }

    fn keep_thumbnail(&self, job: &Job, picture: &RgbImage, thumbnail: &RgbImage) {
        let Some(jpeg) = thumbnail_to_jpeg(thumbnail) else {
            return;
        };
        let _ = self.librarian.send(Chore::Keep(Learnt {
            path: absolute(&job.path),
            stamp: job.stamp,
            thumbnail: Some((picture.width(), picture.height(), jpeg)),
            embedding: None,
        }));
    }

    fn index(&mut self, job: Job, model: Wanted) {
        match prepare(&job.path, &model.preprocessing, true) {
            Ok(prepared) => {
                let _ = self.prepared.send(Work::Prepared {
                    path: absolute(&job.path),
                    job,
                    identity: model.identity,
                    prepared: Box::new(prepared),
                });
            }
            Err(error) => self.skipped(&job, &error),
        }
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
