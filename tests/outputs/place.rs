//! Places and programs that the tests share.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use clipsight::engine::protocol::Event;
use clipsight::engine::{Backend, Engine};
use serde_json::Value;

use crate::program::Program;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn cat() -> PathBuf {
    root().join("assets/samples/photos/cat.jpg")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every file below a folder with its content.
pub fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|file| (file.path().to_path_buf(), std::fs::read(file.path()).unwrap()))
        .collect()
}

pub fn copy_of(fixture: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root().join("tests/fixtures").join(fixture)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

/// Two classes that any model tells apart.
pub fn two_classes() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(5);
    for (class, base) in [("red", [200u8, 40, 40]), ("blue", [40, 40, 200])] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        for n in 0..8 {
            let noise: Vec<u8> = (0..64).map(|_| random.u8(0..60)).collect();
            let colour = |x: u32, y: u32| base.map(|v| v.saturating_sub(noise[(x / 8 + y / 8 * 8) as usize]));
            let picture = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb(colour(x, y)));
            picture
                .save(folder.path().join(class).join(format!("{n}.png")))
                .unwrap();
        }
    }
    folder
}

/// A run of a method on a copy of the tiny CLIP.
pub fn run_on(program: &Program, pictures: &Path, model: &Path, method: &str) {
    let output = program.run(&[
        "fine-tune",
        text(pictures),
        "--method",
        method,
        "--epochs",
        "1",
        "--model",
        text(model),
        "--format",
        "json",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Changes one number of a stored tensor.
pub fn put_number(path: &Path, tensor: &str, place: usize, number: f32) {
    let mut bytes = std::fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let start = header[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
    let at = 8 + length + start + place * 4;
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    std::fs::write(path, bytes).unwrap();
}

pub fn rows(data_dir: &Path, table: &str) -> i64 {
    let Ok(store) = rusqlite::Connection::open(data_dir.join("cache.sqlite")) else {
        return 0;
    };
    let count = format!("SELECT count(*) FROM {table}");
    store.query_row(&count, [], |row| row.get(0)).unwrap_or(0)
}

/// The first event that is looked for.
pub fn wait_for<T>(engine: &mut Engine, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        match engine.next_event().map(&mut wanted) {
            Some(Some(found)) => return found,
            Some(None) => {}
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    panic!("it never came");
}
