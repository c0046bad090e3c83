//! Looks through pictures before a run: which are broken, and which are copies of others.
//!
//! Copies stay on one side of the split: a test that has seen its answers measures nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Dataset;
use crate::library::{Fingerprint, decode_with_notes, find_copies};
use crate::logging::{panic_text, place as log_place};
use crate::progress::{Progress, while_wanted};

/// Pictures that are copies of others, as near as a fingerprint and its verification tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NearDuplicates {
    /// For each example the first one that it is a copy of; itself, mostly.
    pub groups: Vec<usize>,
    /// Examples that are a copy of an earlier one.
    pub count: usize,
    /// Places of two examples each, the earlier first.
    pub pairs: Vec<(usize, usize)>,
}

/// Decodes every picture once. Broken ones are moved to the dataset's problems; among the others copies are found.
///
/// Ends early where it is called off.
pub fn screen(dataset: &mut Dataset, progress: &(dyn Progress + Sync)) -> NearDuplicates {
    let paths: Vec<PathBuf> = dataset.examples.iter().map(|example| example.path.clone()).collect();
    let read = fingerprints(&paths, progress);
    let mut prints = Vec::new();
    for (example, print) in std::mem::take(&mut dataset.examples).into_iter().zip(read) {
        match print {
            Some(Ok(print)) => {
                dataset.examples.push(example);
                prints.push(print);
            }
            Some(Err(reason)) => dataset.problems.push((example.path, reason)),
            None => {}
        }
    }
    let copies = find_copies(&prints, &while_wanted(|| !progress.cancelled()));
    NearDuplicates {
        count: (0..prints.len())
            .filter(|place| copies.groups[*place] != *place)
            .count(),
        groups: copies.groups,
        pairs: copies.pairs,
    }
}

/// What each picture looks like, or why it cannot be read, on every core; none of those that were not reached before it
/// was called off.
fn fingerprints(paths: &[PathBuf], progress: &(dyn Progress + Sync)) -> Vec<Option<Result<Fingerprint, String>>> {
    let read: Vec<Mutex<Option<Result<Fingerprint, String>>>> = paths.iter().map(|_| Mutex::new(None)).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while !progress.cancelled() {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(place) else { return };
            let print = fingerprint(path);
            if let Ok(mut slot) = read[place].lock() {
                *slot = Some(print);
            }
            progress.counted(done.fetch_add(1, Ordering::Relaxed) + 1, paths.len());
        }
    };
    std::thread::scope(|scope| {
        for number in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let named = std::thread::Builder::new().name(format!("screen-{number}"));
            if named.spawn_scoped(scope, work).is_err() {
                // Where the system gives no thread, this one does the work.
                work();
            }
        }
    });
    read.into_iter().map(|slot| slot.into_inner().ok().flatten()).collect()
}

/// What a picture looks like. One that makes something panic costs itself alone.
fn fingerprint(path: &Path) -> Result<Fingerprint, String> {
    let look = || decode_with_notes(path).map(|decoded| Fingerprint::of(&decoded));
    match catch_unwind(AssertUnwindSafe(look)) {
        Ok(print) => print.map_err(|error| error.to_string()),
        Err(panic) => Err(format!(
            "looking at it failed ({}); {}",
            panic_text(panic.as_ref()),
            log_place()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Example;
    use super::*;
    use crate::library::{decode, fitted};
    use crate::progress::Unheard;

    #[test]
    fn a_smaller_copy_is_found_and_a_broken_picture_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
        let photograph = |name: &str| decode(&samples.join(name)).unwrap();
        photograph("cat.jpg").save(folder.path().join("a.png")).unwrap();
        fitted(&photograph("cat.jpg"), 200)
            .save(folder.path().join("b.png"))
            .unwrap();
        photograph("coffee.jpg").save(folder.path().join("c.png")).unwrap();
        std::fs::write(folder.path().join("d.png"), b"broken").unwrap();
        let example = |name: &str| Example {
            path: folder.path().join(name),
            class: Some(0),
            captions: Vec::new(),
        };
        let mut dataset = Dataset {
            classes: vec!["x".into()],
            examples: ["a.png", "b.png", "c.png", "d.png"].map(example).to_vec(),
            ..Dataset::default()
        };
        let duplicates = screen(&mut dataset, &Unheard);
        assert_eq!(duplicates.groups, [0, 0, 2]);
        assert_eq!(
            (duplicates.count, duplicates.pairs, dataset.problems.len()),
            (1, vec![(0, 1)], 1)
        );
    }
}
