//! Looks through pictures before a run: which are broken, and which are nearly the same.
//!
//! Pictures are nearly the same where their difference hashes (a bit for each of 8 x 8 steps from left to right: brighter
//! or not) differ in few bits. Such pictures stay on one side of the split: a test that has seen its answers measures
//! nothing.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::RgbImage;
use image::imageops::{FilterType, grayscale, resize};

use super::Dataset;
use crate::library::{decode, fitted};

/// Bits that may differ.
const NEAR_BITS: u32 = 3;
const STEPS: u32 = 8;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// For each example the first one that is nearly the same; itself, mostly.
    pub groups: Vec<usize>,
    /// Examples that are nearly the same as an earlier one.
    pub duplicates: usize,
}

/// Decodes every picture once. Broken ones are moved to the dataset's problems; the others are grouped.
///
/// `wanted` hears how many are done, and ends the work by saying no.
pub fn look_through(dataset: &mut Dataset, wanted: impl Fn(usize) -> bool + Sync) -> Looked {
    let paths: Vec<PathBuf> = dataset.examples.iter().map(|example| example.path.clone()).collect();
    let hashes: Vec<Mutex<Option<Result<u64, String>>>> = paths.iter().map(|_| Mutex::new(None)).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(place) else { return };
                    let hash = decode(path)
                        .map(|picture| difference_hash(&picture))
                        .map_err(|e| e.to_string());
                    if let Ok(mut slot) = hashes[place].lock() {
                        *slot = Some(hash);
                    }
                    if !wanted(done.fetch_add(1, Ordering::Relaxed) + 1) {
                        return;
                    }
                }
            });
        }
    });
    let hashes = hashes.into_iter().map(|slot| slot.into_inner().ok().flatten());
    let mut kept = Vec::new();
    let mut kept_hashes = Vec::new();
    for (example, hash) in std::mem::take(&mut dataset.examples).into_iter().zip(hashes) {
        match hash {
            Some(Ok(hash)) => {
                kept.push(example);
                kept_hashes.push(hash);
            }
            Some(Err(reason)) => dataset.problems.push((example.path, reason)),
            None => {}
        }
    }
    dataset.examples = kept;
    grouped(&kept_hashes)
}

fn grouped(hashes: &[u64]) -> Looked {
    let mut groups: Vec<usize> = (0..hashes.len()).collect();
    let mut duplicates = 0;
    for i in 0..hashes.len() {
        let near = (0..i).find(|&j| (hashes[i] ^ hashes[j]).count_ones() <= NEAR_BITS);
        if let Some(near) = near {
            groups[i] = groups[near];
            duplicates += 1;
        }
    }
    Looked { groups, duplicates }
}

fn difference_hash(picture: &RgbImage) -> u64 {
    let small = grayscale(&fitted(picture, 64));
    let small = resize(&small, STEPS + 1, STEPS, FilterType::Triangle);
    let bits = (0..STEPS).flat_map(|y| (0..STEPS).map(move |x| (x, y)));
    bits.fold(0, |hash, (x, y)| {
        hash << 1 | u64::from(small.get_pixel(x + 1, y).0[0] > small.get_pixel(x, y).0[0])
    })
}

#[cfg(test)]
mod tests {
    use super::super::Example;
    use super::*;

    #[test]
    fn a_smaller_copy_is_found_and_a_broken_picture_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let wave = |phase: f32| {
            RgbImage::from_fn(200, 160, |x, y| {
                let value = ((x as f32 / 17.0 + phase).sin() * (y as f32 / 23.0 + phase).cos() + 1.0) * 120.0;
                image::Rgb([value as u8; 3])
            })
        };
        wave(0.0).save(folder.path().join("a.png")).unwrap();
        fitted(&wave(0.0), 100).save(folder.path().join("b.png")).unwrap();
        wave(2.0).save(folder.path().join("c.png")).unwrap();
        std::fs::write(folder.path().join("d.png"), b"broken").unwrap();
        let example = |name: &str| Example {
            path: folder.path().join(name),
            class: Some(0),
            captions: Vec::new(),
        };
        let mut dataset = Dataset {
            classes: vec!["x".into()],
            examples: ["a.png", "b.png", "c.png", "d.png"].map(example).to_vec(),
            problems: Vec::new(),
        };
        let looked = look_through(&mut dataset, |_| true);
        assert_eq!(looked.groups, [0, 0, 2]);
        assert_eq!((looked.duplicates, dataset.problems.len()), (1, 1));
    }
}
