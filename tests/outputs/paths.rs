//! Names that are no text, and names that a terminal would obey.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::place::{cat, copy_of, stderr, text};
use crate::program::Program;

fn named(folder: &Path, name: &[u8]) -> PathBuf {
    folder.join(OsStr::from_bytes(name))
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        if first == b'%' {
            let hex = std::str::from_utf8(&others[..2]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &others[2..];
        } else {
            bytes.push(first);
            rest = others;
        }
    }
    PathBuf::from(OsStr::from_bytes(&bytes))
}

fn folder_of_names() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in [&b"caf\xe9 100%.jpg"[..], b"caf\xe8.jpg", b"plain.jpg"] {
        std::fs::copy(cat(), named(folder.path(), name)).unwrap();
    }
    folder
}

#[test]
fn every_path_in_json_and_csv_can_be_opened_again() {
    let folder = folder_of_names();
    let program = Program::new();
    let path = text(folder.path());
    let commands: [&[&str]; 3] = [
        &["classify", path, "--label", "cat"],
        &["embed", path],
        &["search", path, "--text", "cat"],
    ];
    for command in commands {
        let results = program.json(command);
        assert_eq!(results.len(), 3);
        let mut opened: Vec<PathBuf> = results
            .iter()
            .map(|line| match &line["path_bytes"] {
                Value::Null => PathBuf::from(line["path"].as_str().unwrap()),
                bytes => decoded(bytes.as_str().unwrap()),
            })
            .collect();
        assert_eq!(results.iter().filter(|line| !line["path_bytes"].is_null()).count(), 2);
        opened.sort();
        opened.dedup();
        assert_eq!(opened.len(), 3, "they are told apart");
        assert!(opened.iter().all(|path| path.is_file()), "{opened:?}");

        let output = program.run(&[command, &["--format", "csv"]].concat());
        let table = String::from_utf8(output.stdout).unwrap();
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows[0].last(), Some(&"path_bytes"));
        for row in &rows[1..] {
            let path = match *row.last().unwrap() {
                "" => PathBuf::from(row[0]),
                bytes => decoded(bytes),
            };
            assert!(path.is_file(), "{row:?}");
        }
    }
    // Where every name is text, the table is as it ever was.
    let plain = folder.path().join("plain.jpg");
    let output = program.run(&["search", text(&plain), "--text", "cat", "--format", "csv"]);
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("path,cosine\r\n"));
}

#[test]
fn a_terminal_is_shown_names_and_labels_and_obeys_none() {
    let folder = tempfile::tempdir().unwrap();
    let evil = &b"\x1b[31mred\x07\r\n\x1b]0;owned\x07\xe2\x80\xaegpj.jpg"[..];
    std::fs::copy(cat(), named(folder.path(), evil)).unwrap();
    std::fs::write(named(folder.path(), b"\x1b[2Jbroken.jpg"), b"no picture").unwrap();
    let program = Program::new();
    let labels = ["\x1b[2J", "a\u{202e}b"];
    for command in ["classify", "embed", "search"] {
        let options: &[&str] = match command {
            "classify" => &["--label", labels[0], "--label", labels[1]],
            "search" => &["--text", labels[0]],
            _ => &[],
        };
        let output = program.run(&[&[command, text(folder.path())], options].concat());
        assert_eq!(output.status.code(), Some(1));
        for stream in [&output.stdout, &output.stderr] {
            let shown = String::from_utf8(stream.clone()).unwrap();
            let obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!shown.contains(obeyed), "{command}: {shown:?}");
        }
        let (shown, said) = (String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output));
        assert!(shown.contains(r"\u{1b}[31mred\u{7}\u{d}\u{a}"), "{shown}");
        assert!(said.contains(r"\u{1b}[2Jbroken.jpg"), "{said}");
    }
}

#[test]
fn a_model_in_a_folder_that_is_no_text_is_opened() {
    let (folder, model) = (tempfile::tempdir().unwrap(), copy_of("clip-f32"));
    let path = named(folder.path(), b"mod\xe8le");
    std::fs::rename(model.path(), &path).unwrap();
    let program = Program::new();
    let output = program
        .command(&["embed", "--text", "cat", "--model"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let output = program.command(&["models", "info"]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let missing = named(folder.path(), b"mod\xe9le");
    let output = program
        .command(&["embed", "--text", "cat", "--model"])
        .arg(&missing)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn a_run_is_kept_and_told_in_a_data_folder_that_is_no_text() {
    let place = tempfile::tempdir().unwrap();
    let data = named(place.path(), b"donn\xe9es");
    let learnt = tempfile::tempdir().unwrap();
    for (class, name) in [
        ("fruit", "bananas"),
        ("fruit", "lemons"),
        ("fruit", "pineapple"),
        ("other", "cat"),
        ("other", "rocket"),
        ("other", "coffee"),
    ] {
        let folder = learnt.path().join(class);
        std::fs::create_dir_all(&folder).unwrap();
        let picture = format!("{name}.jpg");
        std::fs::copy(cat().with_file_name(&picture), folder.join(picture)).unwrap();
    }
    let program = Program::new();
    let lines = |args: &[&str]| {
        let mut command = program.command(&[args, &["--format", "json"]].concat());
        let output = command.env("CLIPSIGHT_DATA_DIR", &data).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        crate::program::lines(&output)
    };
    let events = lines(&["fine-tune", text(learnt.path()), "--method", "linear-probe"]);
    assert!(events.last().unwrap()["model"].is_string());
    for args in [&["runs", "list"][..], &["runs", "show", "linear-probe-1"]] {
        let run = lines(args).remove(0);
        assert_eq!(
            (&run["state"], &run["folder"]),
            (&"done".into(), &text(learnt.path()).into())
        );
        assert!(
            run["model"].is_string() && !run.to_string().contains("\"Unix\""),
            "{run}"
        );
    }
}
