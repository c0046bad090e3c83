//! Work that goes on where it was: indexing and training.

use std::time::Duration;

use serde_json::Value;

use super::{assert_sound, classes, killed, kills, moment, samples, teaching, time_of};
use crate::program::Program;

fn numbers(line: &Value) -> Vec<f64> {
    let embedding = line["embedding"].as_array().unwrap().iter();
    embedding.map(|number| number.as_f64().unwrap()).collect()
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
        // Each goes on where the one before was: short ones, so that the last has something left to do.
        at_work += usize::from(killed(program.command(&args), moment(n, Duration::from_secs(2))));
        assert_sound(program.0.path(), "indexing");
    }
    let finished = program.json(&args);
    assert_eq!(finished.len(), count);
    for (a, b) in finished.iter().zip(&unbroken) {
        assert_eq!(a["path"], b["path"]);
        let pairs = numbers(a).into_iter().zip(numbers(b));
        assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 1e-5);
    }
    println!("kills_survived indexing {at_work}");
}

#[test]
fn a_run_that_is_killed_is_listed_and_resumes_or_can_be_deleted() {
    let folder = classes(2);
    let data = folder.path().to_str().unwrap();
    let start = |program: &Program| teaching(program, data, "tip-adapter-f", "40");
    let takes = time_of(start(&Program::new()));
    let mut at_work = 0;
    for n in 0..kills() {
        let program = Program::new();
        at_work += usize::from(killed(start(&program), moment(100 + n, takes)));
        assert_sound(program.0.path(), "training");
        let listed = program.json(&["runs", "list"]);
        assert!(listed.len() <= 1, "{listed:?}");
        let Some(run) = listed.first() else { continue };
        let name = run["run"].as_str().unwrap();
        if run["state"] != "damaged" {
            let resumed = program.run(&["runs", "resume", name]);
            let errors = String::from_utf8_lossy(&resumed.stderr);
            assert!(resumed.status.success(), "{errors}");
            let shown = program.json(&["runs", "list"]);
            assert_eq!(shown[0]["state"], "done", "{shown:?}");
        }
        assert!(program.run(&["runs", "delete", name]).status.success());
        assert!(program.json(&["runs", "list"]).is_empty());
    }
    println!("kills_survived training {at_work}");
}
