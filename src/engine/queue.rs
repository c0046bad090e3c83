//! What the picture threads do next. Each lane has threads of its own: the inspected picture never waits for a thumbnail,
//! a thumbnail never for indexing.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard};

use super::protocol::{Generation, PictureId};
use crate::clip::Preprocessing;

/// One picture of a list.
#[derive(Debug, Clone)]
pub struct Job {
    pub library: Generation,
    pub picture: PictureId,
    pub path: PathBuf,
}

impl Job {
    fn key(&self) -> (Generation, PictureId) {
        (self.library, self.picture)
    }
}

/// Which threads ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Those for the picture that was clicked.
    Inspect,
    /// Those for thumbnails on screen.
    Thumbnails,
    /// Those that decode for the model: they stand back while the other lanes have work.
    Index,
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

impl Task {
    pub fn job(&self) -> &Job {
        let (Self::Inspect(job, _) | Self::Thumbnail(job) | Self::Index(job, _)) = self;
        job
    }
}

/// The model for which pictures are prepared.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub identity: String,
    /// The width of its embeddings.
    pub dim: usize,
    /// How it wants its pictures.
    pub preprocessing: Preprocessing,
}

#[derive(Default)]
struct Lanes {
    inspect: Option<Job>,
    /// The picture in the inspector, to be looked at again by another model.
    inspected: Option<Job>,
    thumbnails: VecDeque<Job>,
    /// Thumbnails that are being made, or are made and not taken by the window yet.
    making: HashSet<(Generation, PictureId)>,
    /// Tasks in work for which somebody waits.
    awaited: usize,
    index: VecDeque<Job>,
    model: Option<Wanted>,
    /// Another model that looks at the inspected picture.
    compared: Option<Wanted>,
    paused: bool,
    closed: bool,
}

impl Lanes {
    fn take(&mut self, lane: Lane) -> Option<Task> {
        match lane {
            Lane::Inspect => {
                let job = self.inspect.take()?;
                self.awaited += 1;
                let models = self.model.iter().chain(&self.compared);
                Some(Task::Inspect(job, models.cloned().collect()))
            }
            Lane::Thumbnails => {
                let job = self.thumbnails.pop_front()?;
                self.awaited += 1;
                self.making.insert(job.key());
                Some(Task::Thumbnail(job))
            }
            Lane::Index => {
                let somebody_waits = self.awaited > 0 || self.inspect.is_some() || !self.thumbnails.is_empty();
                if self.paused || somebody_waits {
                    return None;
                }
                let model = self.model.clone()?;
                Some(Task::Index(self.index.pop_front()?, model))
            }
        }
    }
}

/// The queue that the picture threads share.
#[derive(Default)]
pub struct Queue {
    lanes: Mutex<Lanes>,
    changed: Condvar,
}

impl Queue {
    /// Waits for the next task of a lane; none once the queue is closed.
    pub fn next(&self, lane: Lane) -> Option<Task> {
        let mut lanes = self.lock();
        loop {
            if lanes.closed {
                return None;
            }
            if let Some(task) = lanes.take(lane) {
                return Some(task);
            }
            lanes = self
                .changed
                .wait(lanes)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// A task that [`Self::next`] gave is done, well or not.
    pub fn done(&self, lane: Lane) {
        if lane != Lane::Index {
            self.change(|lanes| lanes.awaited = lanes.awaited.saturating_sub(1));
        }
    }

    /// Replaces what is to be inspected.
    pub fn inspect(&self, job: Option<Job>) {
        self.change(|lanes| {
            lanes.inspect.clone_from(&job);
            lanes.inspected = job;
        });
    }

    /// Whether this picture is still the inspected one.
    pub fn is_inspected(&self, job: &Job) -> bool {
        self.lock()
            .inspected
            .as_ref()
            .is_some_and(|other| other.key() == job.key())
    }

    /// Replaces the thumbnails that are wanted. Those in work, or on their way to the window, are not made twice.
    pub fn thumbnails(&self, jobs: Vec<Job>) {
        self.change(|lanes| {
            lanes.thumbnails = jobs
                .into_iter()
                .filter(|job| !lanes.making.contains(&job.key()))
                .collect();
        });
    }

    /// The window took a thumbnail, or heard that there is none: it may ask for it again.
    pub fn thumbnail_taken(&self, library: Generation, picture: PictureId) {
        self.lock().making.remove(&(library, picture));
    }

    /// Replaces what is to be indexed.
    pub fn index(&self, jobs: Vec<Job>) {
        self.change(|lanes| lanes.index = jobs.into());
    }

    /// Adds to what is to be indexed.
    pub fn index_more(&self, jobs: Vec<Job>) {
        if !jobs.is_empty() {
            self.change(|lanes| lanes.index.extend(jobs));
        }
    }

    /// The model changed; indexing waits until there is one. The inspected picture is prepared for it at once.
    pub fn model(&self, model: Option<Wanted>) {
        self.change(|lanes| {
            lanes.model = model;
            lanes.inspect.clone_from(&lanes.inspected);
        });
    }

    /// Another model looks at the inspected picture, too, or none does any more.
    pub fn compared(&self, compared: Option<Wanted>) {
        self.change(|lanes| {
            lanes.compared = compared;
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
        }
    }

    fn model() -> Option<Wanted> {
        Some(Wanted {
            identity: "m".into(),
            dim: 8,
            preprocessing: Preprocessing::from_hugging_face(serde_json::json!({}), 224).unwrap(),
        })
    }

    fn taken(queue: &Queue, lane: Lane) -> Option<PictureId> {
        queue.lock().take(lane).map(|task| task.job().picture)
    }

    #[test]
    fn every_lane_has_its_own_work_and_indexing_stands_back_while_somebody_waits() {
        let queue = Queue::default();
        queue.index(vec![job(1)]);
        queue.model(model());
        queue.thumbnails(vec![job(2)]);
        queue.inspect(Some(job(3)));
        assert_eq!(taken(&queue, Lane::Index), None);
        assert_eq!(taken(&queue, Lane::Inspect), Some(3));
        assert_eq!(taken(&queue, Lane::Thumbnails), Some(2));
        assert_eq!(taken(&queue, Lane::Index), None, "both are in work");
        queue.done(Lane::Inspect);
        queue.done(Lane::Thumbnails);
        assert_eq!(taken(&queue, Lane::Index), Some(1));
        queue.close();
        assert!(queue.next(Lane::Inspect).is_none());
    }

    #[test]
    fn indexing_waits_for_a_model_and_for_the_pause_to_end() {
        let queue = Queue::default();
        queue.index(vec![job(1)]);
        queue.pause(true);
        assert_eq!(taken(&queue, Lane::Index), None);
        queue.model(model());
        assert_eq!(taken(&queue, Lane::Index), None);
        queue.pause(false);
        assert_eq!(taken(&queue, Lane::Index), Some(1));
    }

    #[test]
    fn a_thumbnail_is_not_made_twice_before_the_window_has_taken_it() {
        let queue = Queue::default();
        queue.thumbnails(vec![job(1), job(2), job(3)]);
        assert_eq!(taken(&queue, Lane::Thumbnails), Some(1));
        // One arrived: the window sends the whole rest again, with those in work.
        queue.thumbnails(vec![job(1), job(2), job(3)]);
        assert_eq!(taken(&queue, Lane::Thumbnails), Some(2));
        queue.done(Lane::Thumbnails);
        queue.thumbnails(vec![job(1), job(2), job(3)]);
        assert_eq!(taken(&queue, Lane::Thumbnails), Some(3));
        assert_eq!(taken(&queue, Lane::Thumbnails), None);
        // A texture that made room for others is asked for again.
        queue.thumbnail_taken(1, 2);
        queue.thumbnails(vec![job(2)]);
        assert_eq!(taken(&queue, Lane::Thumbnails), Some(2));
    }
}
