//! Pictures are only ever read, and what is learnt of them is kept in the data folder alone.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::everything::Place;
use crate::program::Program;

/// All that is known of a file or a folder, but for when it was last read.
#[derive(Debug, PartialEq)]
struct State {
    content: Vec<u8>,
    facts: Vec<i64>,
}

#[cfg(unix)]
fn facts(metadata: &Metadata) -> Vec<i64> {
    use std::os::unix::fs::MetadataExt;
    // The time of the last change tells of every other one: of rights, links, names, and dates that were set back.
    vec![
        metadata.ino() as i64,
        metadata.mode().into(),
        metadata.nlink() as i64,
        metadata.size() as i64,
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ]
}

#[cfg(not(unix))]
fn facts(metadata: &Metadata) -> Vec<i64> {
    let changed = metadata.modified().unwrap();
    let changed = changed.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    vec![
        metadata.len() as i64,
        metadata.permissions().readonly().into(),
        changed as i64,
    ]
}

fn state(folder: &Path) -> BTreeMap<PathBuf, State> {
    let entries = walkdir::WalkDir::new(folder).into_iter();
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            let content = if entry.file_type().is_file() {
                std::fs::read(entry.path()).unwrap()
            } else {
                Vec::new()
            };
            let facts = facts(&entry.metadata().unwrap());
            (entry.into_path(), State { content, facts })
        })
        .collect()
}

/// Takes the right to write away, and gives it back in the end, so that the folder can be deleted.
struct ReadOnly<'a>(&'a Path);

impl<'a> ReadOnly<'a> {
    fn new(folder: &'a Path) -> Self {
        set_modes(folder, 0o555, 0o444);
        Self(folder)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        set_modes(self.0, 0o755, 0o644);
    }
}

#[cfg(unix)]
fn set_modes(folder: &Path, folders: u32, files: u32) {
    use std::os::unix::fs::PermissionsExt;
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        let mode = if entry.file_type().is_dir() { folders } else { files };
        std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[cfg(not(unix))]
fn set_modes(_: &Path, _: u32, _: u32) {}

#[test]
fn every_command_leaves_pictures_as_they_were_and_keeps_nothing_but_in_the_data_folder() {
    let (place, program, home) = (Place::new(), Program::new(), tempfile::tempdir().unwrap());
    let _read_only = ReadOnly::new(place.pictures());
    let before = state(place.pictures());
    assert_eq!(before.len(), 25, "twenty pictures in four folders of one");
    for args in place.commands() {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = program.command(&args);
        command.env("HOME", home.path()).env("TMPDIR", home.path());
        for name in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {errors}");
        assert!(state(place.pictures()) == before, "{args:?} changed something");
        let elsewhere = std::fs::read_dir(home.path()).unwrap().count();
        assert_eq!(
            elsewhere, 0,
            "{args:?} left something in the home or among temporary files"
        );
    }
}
