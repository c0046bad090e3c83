//! A reader, and thousands of files that are broken in every way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::alone::{read_alone, reader_of_this_process};
use crate::limits::{Effort, MOST_BYTES, MOST_TIME, peak_bytes};
use crate::mutate::{Random, mutated};
use crate::place::fixtures;
use crate::watchdog::Watchdog;

fn number(variable: &str, default: u64) -> u64 {
    let value = std::env::var(variable).ok();
    value.and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Tries a reader on changed seeds, until the time is over; in a process of its own, so that its memory is its own and a file
/// that never ends takes no other reader with it.
pub fn fuzz(reader: &str, text: bool, seeds: &[Vec<u8>], read: impl Fn(&[u8])) {
    assert!(!seeds.is_empty(), "{reader} has no seeds");
    match reader_of_this_process() {
        None => read_alone(reader),
        Some(alone) if alone == reader => try_all(reader, text, seeds, &read),
        // This process is another reader's.
        Some(_) => {}
    }
}

fn try_all(reader: &str, text: bool, seeds: &[Vec<u8>], read: &impl Fn(&[u8])) {
    let kept = std::fs::read_dir(fixtures().join("fuzz").join(reader))
        .into_iter()
        .flatten();
    let kept: Vec<Vec<u8>> = kept
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let seed = number("CLIPSIGHT_FUZZ_SEED", 1);
    let watchdog = Watchdog::over(reader, seed);
    for bytes in seeds.iter().chain(&kept) {
        attempt(reader, bytes, &watchdog, read);
    }
    let seconds = number("CLIPSIGHT_FUZZ_SECONDS", 2);
    let mut random = Random::new(seed);
    let started = Instant::now();
    let mut cases = seeds.len() + kept.len();
    while started.elapsed() < Duration::from_secs(seconds) {
        attempt(reader, &mutated(&mut random, seeds, text), &watchdog, read);
        cases += 1;
    }
    let peak = peak_bytes().map_or("unknown".into(), |bytes| (bytes >> 20).to_string());
    println!("fuzz_cases {reader} {cases} (peak memory in MiB: {peak})");
}

fn attempt(reader: &str, bytes: &[u8], watchdog: &Watchdog, read: &impl Fn(&[u8])) {
    let effort = Effort::begins();
    watchdog.begins(effort, bytes);
    let survived = catch_unwind(AssertUnwindSafe(|| read(bytes))).is_ok();
    watchdog.ended();
    let took = effort.time();
    let peak = peak_bytes().unwrap_or(0);
    if survived && took < MOST_TIME && peak < MOST_BYTES {
        return;
    }
    let file = kept(reader, bytes);
    panic!(
        "{reader} failed (panic: {}, {took:?}, {peak} bytes) at {}",
        !survived,
        file.display()
    );
}

/// Where what failed is found again.
pub fn kept(reader: &str, bytes: &[u8]) -> PathBuf {
    let file = std::env::temp_dir().join(format!("clipsight-fuzz-{reader}-{}", std::process::id()));
    std::fs::write(&file, bytes).unwrap();
    file
}
