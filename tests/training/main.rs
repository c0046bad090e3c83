//! Training equals its references (fixtures by `tests/reference/make_training.py`), survives being killed, and leaves
//! models that can be used.

mod exports;
mod interrupted;
mod intervals;
mod methods;
#[path = "../program/mod.rs"]
mod program;
mod references;
mod refusals;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clipsight::clip::{Flats, read_flats};
use program::Program;
use serde_json::Value;

const TINY: [&str; 2] = ["--model", "tests/fixtures/clip-f32"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Three classes of plain colours with noise, so many of each.
fn colours(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, base) in [
        ("red", [200u8, 40, 40]),
        ("green", [40, 200, 40]),
        ("blue", [40, 40, 200]),
    ] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        for n in 0..count {
            let mut random = fastrand::Rng::with_seed(n as u64 * 31 + u64::from(base[0]) + 7 * u64::from(base[1]));
            let picture = image::RgbImage::from_fn(48, 48, |x, y| {
                let block = ((x / 8 * 13 + y / 8 * 7 + n as u32 * 5) % 11) as u8 * 4;
                image::Rgb(base.map(|value| value.saturating_add(block).saturating_sub(random.u8(0..30))))
            });
            picture
                .save(folder.path().join(class).join(format!("{n}.png")))
                .unwrap();
        }
    }
    folder
}

/// The program, printing JSON.
fn command(program: &Program, args: &[&str]) -> Command {
    program.command(&[args, &["--format", "json"]].concat())
}

fn run(program: &Program, args: &[&str]) -> Output {
    command(program, args).output().unwrap()
}

fn learnt(program: &Program, run: &str) -> Flats {
    let folder = program.0.path().join("runs").join(run);
    read_flats(&folder.join("learnt/adapter.safetensors")).unwrap()
}

fn last_event(lines: &[Value], event: &str) -> Value {
    lines
        .iter()
        .rev()
        .find(|line| line["event"] == event)
        .unwrap_or_else(|| panic!("no {event}: {lines:?}"))
        .clone()
}
