//! Pictures of files that need not be in the list, for pages that show what was measured or taught: many small ones, and one
//! as sharp as it is shown.

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::Events;
use super::pictures::screen_image;
use super::protocol::{Event, ScreenImage};
use super::threads::{keep_going, spawn};
use crate::library::decode_fitted;
use crate::logging::{panic_text, place};

const THREADS: usize = 2;
/// Longest side of a small one, in pixels.
const SIDE: u32 = 256;

/// Decodes files on threads of its own.
pub struct FilePictures {
    wanted: Arc<Wanted>,
}

#[derive(Default)]
struct Wanted {
    files: Mutex<Files>,
    changed: Condvar,
}

#[derive(Default)]
struct Files {
    waiting: VecDeque<PathBuf>,
    in_work: BTreeSet<PathBuf>,
    sharp: Option<(PathBuf, u32)>,
    closed: bool,
}

enum Job {
    Small(PathBuf),
    Sharp(PathBuf, u32),
}

impl Wanted {
    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next file, small ones first; none once nobody wants any more.
    fn next(&self) -> Option<Job> {
        let mut files = self.lock();
        loop {
            if files.closed {
                return None;
            }
            if let Some(path) = files.waiting.pop_front() {
                files.in_work.insert(path.clone());
                return Some(Job::Small(path));
            }
            if let Some((path, side)) = files.sharp.take() {
                return Some(Job::Sharp(path, side));
            }
            files = self.changed.wait(files).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl FilePictures {
    pub fn start(events: &Events) -> Self {
        let wanted = Arc::new(Wanted::default());
        for n in 0..THREADS {
            let (wanted, told) = (wanted.clone(), events.clone());
            let name = format!("file-{n}");
            spawn(&name.clone(), events, move || {
                keep_going(&name, &told, || step(&wanted, &told))
            });
        }
        Self { wanted }
    }

    /// These files are on screen and not there yet; what was wanted before and is not among them is not any more.
    pub fn want(&self, paths: Vec<PathBuf>) {
        let mut files = self.wanted.lock();
        let in_work = std::mem::take(&mut files.in_work);
        files.waiting = paths.into_iter().filter(|path| !in_work.contains(path)).collect();
        files.in_work = in_work;
        self.wanted.changed.notify_all();
    }

    /// This file is shown larger than a small picture is; what was wanted before is not any more.
    pub fn want_sharp(&self, path: PathBuf, side: u32) {
        self.wanted.lock().sharp = Some((path, side));
        self.wanted.changed.notify_all();
    }
}

impl Drop for FilePictures {
    fn drop(&mut self) {
        self.wanted.lock().closed = true;
        self.wanted.changed.notify_all();
    }
}

fn step(wanted: &Wanted, events: &Events) -> bool {
    match wanted.next() {
        None => return false,
        Some(Job::Small(path)) => {
            let image = decoded(&path, SIDE);
            wanted.lock().in_work.remove(&path);
            events.send(Event::FilePicture { path, image });
        }
        Some(Job::Sharp(path, side)) => {
            let image = decoded(&path, side);
            events.send(Event::SharpPicture { path, side, image });
        }
    }
    true
}

/// A file's picture with its longest side no longer than this, or why there is none.
fn decoded(path: &Path, side: u32) -> Result<ScreenImage, String> {
    let decoded = catch_unwind(AssertUnwindSafe(|| decode_fitted(path, side).map(screen_image)));
    match decoded {
        Ok(image) => image.map_err(|error| error.to_string()),
        // It is not waited for any more, whatever happened.
        Err(panic) => Err(format!(
            "preparing it failed ({}); {}",
            panic_text(panic.as_ref()),
            place()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_comes_once_and_what_cannot_be_read_says_why() {
        let (events, said) = Events::listened_to();
        let folder = tempfile::tempdir().unwrap();
        let (good, bad) = (folder.path().join("good.png"), folder.path().join("bad.png"));
        image::RgbImage::new(300, 600).save(&good).unwrap();
        std::fs::write(&bad, b"no picture").unwrap();
        let pictures = FilePictures::start(&events);
        pictures.want(vec![good.clone(), bad.clone()]);
        let mut told: Vec<(PathBuf, Option<usize>)> = Vec::new();
        while told.len() < 2 {
            if let Event::FilePicture { path, image } = said.recv_timeout(std::time::Duration::from_secs(30)).unwrap() {
                told.push((path, image.ok().map(|image| image.height)));
            }
        }
        told.sort();
        assert_eq!(told, [(bad, None), (good.clone(), Some(256))]);
        pictures.want_sharp(good.clone(), 512);
        let Event::SharpPicture { path, side, image } = said.recv_timeout(std::time::Duration::from_secs(30)).unwrap()
        else {
            panic!("the sharp one is told as such")
        };
        assert_eq!((path, side, image.unwrap().height), (good, 512, 512));
    }
}
