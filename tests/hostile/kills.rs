//! Processes that are killed at any moment leave nothing broken.
//!
//! `CLIPSIGHT_KILLS` says how often each is killed (3 where it is not set).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::program::Program;

fn kills() -> u64 {
    let value = std::env::var("CLIPSIGHT_KILLS").ok();
    value.and_then(|value| value.parse().ok()).unwrap_or(3)
}

/// A moment within so many milliseconds that is the same in every run.
fn moment(n: u64, within_ms: u64) -> Duration {
    let mut mixed = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    Duration::from_millis((mixed ^ (mixed >> 27)) % within_ms)
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

#[test]
fn an_index_that_is_killed_goes_on_and_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let count = samples(folder.path(), 4).len();
    let args = ["embed", folder.path().to_str().unwrap()];
    let unbroken = Program::new().json(&args);
    assert_eq!(unbroken.len(), count);
    let program = Program::new();
    let mut at_work = 0;
    for n in 0..kills() {
        at_work += usize::from(killed(program.command(&args), moment(n, 6_000)));
        for entry in std::fs::read_dir(program.0.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "sqlite") {
                let store = rusqlite::Connection::open(&path).unwrap();
                let sound: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
                assert_eq!(sound, "ok", "{} after kill {n}", path.display());
            }
        }
    }
    let finished = program.json(&args);
    assert_eq!(finished.len(), count);
    for (a, b) in finished.iter().zip(&unbroken) {
        assert_eq!(a["path"], b["path"]);
        let numbers = |line: &Value| -> Vec<f64> {
            let embedding = line["embedding"].as_array().unwrap().iter();
            embedding.map(|number| number.as_f64().unwrap()).collect()
        };
        let pairs = numbers(a).into_iter().zip(numbers(b));
        assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 1e-5);
    }
    println!("kills_survived indexing {at_work}");
}

#[test]
fn a_run_that_is_killed_is_listed_and_resumes_or_can_be_deleted() {
    let folder = tempfile::tempdir().unwrap();
    for (n, path) in samples(folder.path(), 2).into_iter().enumerate() {
        let class = folder.path().join(["a", "b"][n % 2]);
        std::fs::create_dir_all(&class).unwrap();
        std::fs::rename(&path, class.join(path.file_name().unwrap())).unwrap();
    }
    let data = folder.path().to_str().unwrap();
    let mut at_work = 0;
    for n in 0..kills() {
        let program = Program::new();
        let args = [
            "fine-tune",
            data,
            "--method",
            "tip-adapter-f",
            "--epochs",
            "40",
            "--control",
            data,
        ];
        at_work += usize::from(killed(program.command(&args), moment(100 + n, 8_000)));
        let listed = program.json(&["runs", "list"]);
        assert!(listed.len() <= 1, "{listed:?}");
        let Some(run) = listed.first() else { continue };
        let name = run["run"].as_str().unwrap();
        if run["state"] == "damaged" {
            assert!(program.run(&["runs", "delete", name]).status.success());
        } else {
            let resumed = program.run(&["runs", "resume", name]);
            let errors = String::from_utf8_lossy(&resumed.stderr);
            assert!(resumed.status.success(), "{errors}");
            let shown = program.json(&["runs", "list"]);
            assert_eq!(shown[0]["state"], "done", "{shown:?}");
            assert!(program.run(&["runs", "delete", name]).status.success());
        }
        assert!(program.json(&["runs", "list"]).is_empty());
    }
    println!("kills_survived training {at_work}");
}
