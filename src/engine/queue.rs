//! What the picture threads do next: the inspected picture, then thumbnails on screen, then indexing.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

use super::protocol::{Generation, PictureId, Stamp};
use crate::clip::Preprocessing;
use std::path::PathBuf;

/// One picture of a list.
#[derive(Debug, Clone)]
pub struct Job {
    /// The list.
    pub library: Generation,
    /// Its place.
    pub picture: PictureId,
    /// The file.
    pub path: PathBuf,
    /// Its size and time when it was found.
    pub stamp: Stamp,
}

/// What a picture thread is to do.
#[derive(Debug)]
pub enum Task {
    /// Decode for the inspector, and for heatmaps.
    Inspect(Job, Vec<Wanted>),
    /// Fetch or make a thumbnail.
    Thumbnail(Job),
    /// Decode for the model.
    Index(Job, Wanted),
}

/// The model for which pictures are prepared.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its identity.
    pub identity: String,
    /// How it wants its pictures.
    pub preprocessing: Preprocessing,
}

#[derive(Default)]
struct Lanes {
    inspect: Option<Job>,
    /// The picture in the inspector, to be looked at again by another model.
    inspected: Option<Job>,
    thumbnails: VecDeque<Job>,
    index: VecDeque<Job>,
    model: Option<Wanted>,
    /// Another model that looks at the inspected picture.
    rival: Option<Wanted>,
    paused: bool,
    closed: bool,
}

/// The queue that the picture threads share.
#[derive(Default)]
pub struct Queue {
    lanes: Mutex<Lanes>,
    changed: Condvar,
}

impl Queue {
    /// Waits for the most urgent task; none once the queue is closed.
    pub fn next(&self) -> Option<Task> {
        let mut lanes = self.lock();
        loop {
            if lanes.closed {
                return None;
            }
            if let Some(job) = lanes.inspect.take() {
                let models = lanes.model.iter().chain(&lanes.rival);
                return Some(Task::Inspect(job, models.cloned().collect()));
            }
            if let Some(job) = lanes.thumbnails.pop_front() {
                return Some(Task::Thumbnail(job));
            }
            if let (false, Some(model)) = (lanes.paused, lanes.model.clone())
                && let Some(job) = lanes.index.pop_front()
            {
                return Some(Task::Index(job, model));
            }
            lanes = self
                .changed
                .wait(lanes)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// Replaces what is to be inspected.
    pub fn inspect(&self, job: Option<Job>) {
        self.change(|lanes| {
            lanes.inspect.clone_from(&job);
            lanes.inspected = job;
        });
    }

    /// Replaces the thumbnails that are wanted.
    pub fn thumbnails(&self, jobs: Vec<Job>) {
        self.change(|lanes| lanes.thumbnails = jobs.into());
    }

    /// Replaces what is to be indexed.
    pub fn index(&self, jobs: Vec<Job>) {
        self.change(|lanes| lanes.index = jobs.into());
    }

    /// Adds to what is to be indexed.
    pub fn index_more(&self, jobs: Vec<Job>) {
        self.change(|lanes| lanes.index.extend(jobs));
    }

    /// The model changed; indexing waits until there is one. The inspected picture is prepared for it at once.
    pub fn model(&self, model: Option<Wanted>) {
        self.change(|lanes| {
            lanes.model = model;
            lanes.inspect.clone_from(&lanes.inspected);
        });
    }

    /// Another model looks at the inspected picture, too, or none does any more.
    pub fn rival(&self, rival: Option<Wanted>) {
        self.change(|lanes| {
            lanes.rival = rival;
            lanes.inspect.clone_from(&lanes.inspected);
        });
    }

    /// Holds or goes on with indexing.
    pub fn pause(&self, paused: bool) {
        self.change(|lanes| lanes.paused = paused);
    }

    /// Ends the picture threads after what they do now.
    pub fn close(&self) {
        self.change(|lanes| lanes.closed = true);
    }

    fn change(&self, change: impl FnOnce(&mut Lanes)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(picture: PictureId) -> Job {
        Job {
            library: 1,
            picture,
            path: PathBuf::new(),
            stamp: Stamp {
                size_bytes: 0,
                modified_ns: 0,
            },
        }
    }

    #[test]
    fn what_is_on_screen_comes_before_indexing() {
        let queue = Queue::default();
        queue.index(vec![job(1)]);
        queue.thumbnails(vec![job(2)]);
        queue.inspect(Some(job(3)));
        assert!(matches!(queue.next(), Some(Task::Inspect(job, models)) if job.picture == 3 && models.is_empty()));
        assert!(matches!(queue.next(), Some(Task::Thumbnail(job)) if job.picture == 2));
        queue.close();
        assert!(queue.next().is_none());
    }

    #[test]
    fn indexing_waits_for_a_model_and_for_the_pause_to_end() {
        let queue = Queue::default();
        queue.index(vec![job(1)]);
        queue.pause(true);
        let preprocessing = Preprocessing::from_hugging_face(serde_json::json!({}), 224).unwrap();
        queue.model(Some(Wanted {
            identity: "m".into(),
            preprocessing,
        }));
        queue.thumbnails(vec![job(2)]);
        assert!(matches!(queue.next(), Some(Task::Thumbnail(_))));
        queue.pause(false);
        assert!(matches!(queue.next(), Some(Task::Index(job, _)) if job.picture == 1));
    }
}
