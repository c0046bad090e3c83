//! What people made, and what is forgotten: the stores while they are written to.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clipsight::clip::Embedding;
use clipsight::library::{Computed, Content, Fact, SettingChange, Store, stamp};

use super::{assert_sound, killed, kills, moment, time_of};
use crate::program::Program;

/// Names the data folder in a process that writes to it until it is killed.
const WRITES_TO: &str = "CLIPSIGHT_KILLS_WRITES_TO";
const NAMES: [&str; 2] = ["labels", "scale"];

fn values(n: u64) -> [String; 2] {
    [format!("[\"label {n}\"]"), n.to_string()]
}

/// Changes labels and a setting again and again, and says how often they were written.
fn write_until_killed(folder: &Path) -> ! {
    let mut store = Store::keeper(Some(folder));
    let mut n = 0;
    let mut before = [String::new(), String::new()];
    loop {
        let each = NAMES.iter().zip(values(n)).zip(before);
        let change = |((name, value), before): ((&&str, String), String)| SettingChange {
            name: (*name).into(),
            value,
            before,
            precious: *name == "labels",
        };
        store.save_settings(each.map(change).collect());
        assert!(store.flush_now());
        // On a line of its own, whatever the harness says in front of it.
        println!("\n{n}");
        before = values(n);
        n += 1;
    }
}

/// Starts this test again as a process that only writes, and kills it; the last number of which it said that it was written.
fn last_written(folder: &Path, after: Duration) -> Option<u64> {
    let thread = std::thread::current();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", thread.name().unwrap(), "--nocapture", "--test-threads=1"])
        .env(WRITES_TO, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines().filter_map(|line| line.parse().ok()).next_back()
}

#[test]
fn labels_and_settings_are_those_that_were_written_last() {
    if let Some(folder) = std::env::var_os(WRITES_TO) {
        write_until_killed(Path::new(&folder));
    }
    let mut at_work = 0;
    for n in 0..kills() {
        let folder = tempfile::tempdir().unwrap();
        let last = last_written(folder.path(), moment(400 + n, Duration::from_secs(1)));
        at_work += usize::from(last.is_some());
        assert_sound(folder.path(), "writing settings");
        let mut store = Store::keeper(Some(folder.path()));
        let stored = store.settings();
        assert_eq!(store.notes(), [""; 0]);
        for (place, name) in NAMES.iter().enumerate() {
            let found = stored.iter().find(|setting| setting.name == *name);
            let value = found.map(|setting| setting.value.clone().unwrap());
            // What was being written when it was killed may be there, too.
            let right = last.unwrap_or(0)..=last.map_or(0, |last| last + 1);
            assert!(
                value.is_none() && last.is_none() || right.clone().any(|n| value.as_ref() == Some(&values(n)[place])),
                "{name} is {value:?}, written was {last:?}"
            );
        }
    }
    println!("kills_survived settings {at_work}");
}

/// A data folder that knows of one picture that is there, and of many that are gone.
fn mostly_gone(pictures: &Path) -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::keeper(Some(data.path()));
    let here = pictures.join("here.jpg");
    std::fs::write(&here, b"\xFF\xD8\xFF\xE0").unwrap();
    let gone = (0..3_000).map(|n| pictures.join(format!("{n}.jpg")));
    for path in gone.chain([here.clone()]) {
        let vector = vec![0.5; 4];
        store.keep(Fact {
            stamp: stamp(&here).ok(),
            computed: Computed {
                content: Content::of(path.as_os_str().as_encoded_bytes()),
                thumbnail: None,
                embedding: Some(("model".into(), Embedding { vector, norm: 2.0 })),
            },
            path,
        });
    }
    assert!(store.flush_now());
    data
}

/// The program with a data folder that is a copy of this one.
fn with_copy_of(data: &Path) -> Program {
    let program = Program::new();
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, program.0.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    program
}

#[test]
fn forgetting_what_is_gone_goes_on_after_a_kill_and_keeps_what_is_there() {
    let pictures = tempfile::tempdir().unwrap();
    let data = mostly_gone(pictures.path());
    let prune = ["store", "prune"];
    let takes = time_of(with_copy_of(data.path()).command(&prune));
    let mut at_work = 0;
    for n in 0..kills() {
        let program = with_copy_of(data.path());
        at_work += usize::from(killed(program.command(&prune), moment(500 + n, takes)));
        assert_sound(program.0.path(), "pruning");
        assert_eq!(program.json(&prune)[0]["pictures"], 1);
        assert_eq!(program.json(&prune)[0]["forgotten"], 0);
    }
    println!("kills_survived pruning {at_work}");
}
