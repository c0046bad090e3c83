//! Processes that are killed at any moment leave nothing broken.
//!
//! `CLIPSIGHT_KILLS` says how often each kind of work is killed (8 where it is not set). The moments are the same in every
//! run, spread over the time that the work takes.

mod stored;
mod work;
mod written;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::Program;

/// How often each kind of work is killed.
fn kills() -> u64 {
    let value = std::env::var("CLIPSIGHT_KILLS").ok();
    value.and_then(|value| value.parse().ok()).unwrap_or(8)
}

/// A moment within a time, the same one in every run.
fn moment(n: u64, within: Duration) -> Duration {
    let mut mixed = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    within.mul_f64((mixed ^ (mixed >> 27)) as f64 / u64::MAX as f64)
}

/// Starts a command and ends it without a warning after a while; whether it was still at work.
fn killed(mut command: Command, after: Duration) -> bool {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    let at_work = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    at_work
}

/// Runs a command to its good end; how long it took.
fn time_of(mut command: Command) -> Duration {
    let started = Instant::now();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    started.elapsed()
}

/// The stores of a data folder are sound.
fn assert_sound(data: &Path, what: &str) {
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sqlite") {
            let store = rusqlite::Connection::open(&path).unwrap();
            let sound: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(sound, "ok", "{} after {what}", path.display());
        }
    }
}

/// Copies of the sample photographs.
fn samples(folder: &Path, copies: usize) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("assets/samples/photos").unwrap() {
        let from = entry.unwrap().path();
        if from.extension().is_some_and(|extension| extension == "jpg") {
            for n in 0..copies {
                let name = format!("{n}-{}", from.file_name().unwrap().to_string_lossy());
                let to = folder.join(name);
                std::fs::copy(&from, &to).unwrap();
                all.push(to);
            }
        }
    }
    all
}

/// The same in two classes, whose names the tiny model reads.
fn classes(copies: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (n, path) in samples(folder.path(), copies).into_iter().enumerate() {
        let class = folder.path().join(["red", "blue"][n % 2]);
        std::fs::create_dir_all(&class).unwrap();
        std::fs::rename(&path, class.join(path.file_name().unwrap())).unwrap();
    }
    folder
}

/// A run on a tiny CLIP, as a command of this program.
fn teaching(program: &Program, data: &str, method: &str, epochs: &str) -> Command {
    let model = ["--model", "tests/fixtures/clip-f32"];
    let args = [
        "fine-tune",
        data,
        "--method",
        method,
        "--epochs",
        epochs,
        "--control",
        data,
    ];
    program.command(&[&args[..], &model].concat())
}
