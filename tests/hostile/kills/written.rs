//! What is being written is whole, or not there: reports and tables of an evaluation, an exported model.

use std::path::{Path, PathBuf};

use clipsight::evaluation::read_evaluation;

use super::{classes, killed, kills, moment, teaching, time_of};
use crate::program::Program;

/// Ten photographs each of three classes.
const GROCERY: &str = "tests/fixtures/cases/64-easy-probe/data";
const CAT: &str = "assets/samples/photos/cat.jpg";
/// What is not whole yet is called so, beside the place where it shall be.
const UNFINISHED: &str = ".clipsight-";

/// What lies in a folder and is said to be finished.
fn finished(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let unfinished = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(UNFINISHED);
    paths.filter(|path| !unfinished(path)).collect()
}

fn assert_whole(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let lines = String::from_utf8_lossy(&bytes).lines().count();
    let whole = match path.extension().unwrap().to_str().unwrap() {
        "html" => bytes.trim_ascii_end().ends_with(b"</html>"),
        "csv" => lines == 31,
        "jsonl" => lines == 30,
        "parquet" => bytes.ends_with(b"PAR1"),
        "evaluation" => read_evaluation(path).is_ok(),
        other => panic!("nobody asked for .{other}"),
    };
    assert!(whole, "{} has {} bytes", path.display(), bytes.len());
}

#[test]
fn files_of_an_evaluation_that_is_killed_are_whole_or_not_there() {
    let (program, out) = (Program::new(), tempfile::tempdir().unwrap());
    let mut args = vec!["evaluate".to_string(), GROCERY.into(), "--force".into()];
    for name in ["t.csv", "t.jsonl", "t.parquet", "t.evaluation", "t.html"] {
        args.extend(["--export".into(), out.path().join(name).display().to_string()]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    // What is embedded is kept: from the second time on, most of the time is measuring and writing.
    time_of(program.command(&args));
    let takes = time_of(program.command(&args));
    let mut at_work = 0;
    for n in 0..kills() {
        // Every other one finds files of before, which stay until new ones are whole.
        if n % 2 == 0 {
            finished(out.path())
                .iter()
                .for_each(|path| std::fs::remove_file(path).unwrap());
        }
        at_work += usize::from(killed(program.command(&args), moment(200 + n, takes)));
        finished(out.path()).iter().for_each(|path| assert_whole(path));
    }
    time_of(program.command(&args));
    assert_eq!(finished(out.path()).len(), 5);
    println!("kills_survived evaluating {at_work}");
}

#[test]
fn a_model_whose_export_is_killed_is_whole_or_not_there() {
    let (program, folder, out) = (Program::new(), classes(1), tempfile::tempdir().unwrap());
    time_of(teaching(&program, folder.path().to_str().unwrap(), "lora", "1"));
    let export = |name: &str| {
        let target = out.path().join(name);
        program.command(&["runs", "export", "lora-1", "--output", target.to_str().unwrap()])
    };
    let takes = time_of(export("unbroken"));
    let mut at_work = 0;
    for n in 0..kills() {
        at_work += usize::from(killed(export(&n.to_string()), moment(300 + n, takes)));
    }
    for model in finished(out.path()) {
        let model = model.to_str().unwrap();
        program.json(&["classify", CAT, "--label", "red", "--label", "blue", "--model", model]);
    }
    println!("kills_survived exporting {at_work}");
}
