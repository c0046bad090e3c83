//! Runs that are killed go on to the same numbers, and searches keep the best of their trials.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::program::Program;
use super::{TINY, colours, command, last_event, learnt, run};

/// When a run is killed.
#[derive(Clone, Copy, PartialEq)]
enum Kill {
    /// Some steps after a checkpoint, so that work is lost.
    AfterCheckpoint,
    /// Before its first step: it is over within the seconds between two checkpoints.
    BeforeSteps,
}

#[test]
fn a_killed_run_of_every_method_is_resumed_to_the_numbers_of_an_unbroken_one() {
    let starter: &[&str] = &["--model", "starter"];
    let small = "width=32 layers=2 image-size=32 batch=12 learning-rate=0.003";
    killed_and_resumed("linear-probe", "", 1_000, starter, Kill::BeforeSteps);
    killed_and_resumed("tip-adapter", "", 1, starter, Kill::BeforeSteps);
    killed_and_resumed("tip-adapter-f", "batch=4", 150, starter, Kill::AfterCheckpoint);
    killed_and_resumed("prolip", "", 2_500, starter, Kill::AfterCheckpoint);
    killed_and_resumed("lora", "batch=4", 150, &TINY, Kill::AfterCheckpoint);
    killed_and_resumed(
        "contrastive",
        "learning-rate=0.001 batch=12 micro-batch=5",
        150,
        &TINY,
        Kill::AfterCheckpoint,
    );
    killed_and_resumed("scratch", small, 200, &TINY, Kill::AfterCheckpoint);
}

#[test]
fn a_killed_search_goes_on_with_its_trial() {
    killed_and_resumed(
        "lora",
        "batch=4 rank=1,2 learning-rate=0.0002,0.002",
        30,
        &TINY,
        Kill::AfterCheckpoint,
    );
}

fn killed_and_resumed(method: &str, settings: &str, epochs: usize, model: &[&str], kill: Kill) {
    let folder = colours(12);
    let path = folder.path().to_str().unwrap();
    let epochs = epochs.to_string();
    let mut args = [&["fine-tune", path, "--method", method, "--epochs", &epochs], model].concat();
    settings
        .split_whitespace()
        .for_each(|setting| args.extend(["--set", setting]));
    let unbroken = Program::new();
    unbroken.json(&args);

    let broken = Program::new();
    let mut child = command(&broken, &args).stdout(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let mut kept = false;
    let mut after = 0;
    while after < 7 {
        line.clear();
        assert!(
            reader.read_line(&mut line).unwrap() > 0,
            "{method}: it ended before it was killed"
        );
        kept |= line.contains("\"event\":\"checkpoint\"");
        after += usize::from(kept && line.contains("\"event\":\"step\""));
        if kill == Kill::BeforeSteps && line.contains("Embedding the pictures") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let run = format!("{method}-1");
    assert_eq!(broken.json(&["runs", "list"])[0]["state"], "interrupted", "{method}");
    let resumed = broken.json(&["runs", "resume", &run]);
    let started = last_event(&resumed, "started");
    let anew = started["step"].as_u64().unwrap() == 1;
    assert_eq!(anew, kill == Kill::BeforeSteps, "{method}: {started}");
    assert_eq!(learnt(&unbroken, &run), learnt(&broken, &run), "{method}");
    let shown = |program: &Program| program.json(&["runs", "show", &run])[0].clone();
    let (unbroken, broken) = (shown(&unbroken), shown(&broken));
    for what in ["accuracy", "zero_shot_accuracy", "control", "chosen"] {
        assert_eq!(unbroken[what], broken[what], "{method}: {what}");
    }
    let losses = |shown: &Value| -> Vec<(u64, String)> {
        let events = shown["events"].as_array().unwrap();
        let steps = events.iter().filter(|event| event["event"] == "step");
        steps
            .map(|event| (event["step"].as_u64().unwrap(), event["loss"].to_string()))
            .collect()
    };
    assert_eq!(losses(&unbroken), losses(&broken), "{method}");
}

#[test]
fn a_search_keeps_what_is_best_on_the_validation_side() {
    let folder = colours(12);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    // The first rate learns nothing, and the last one diverges.
    let args = [
        "fine-tune",
        path,
        "--method",
        "lora",
        "--epochs",
        "15",
        "--set",
        "batch=12",
    ];
    let tried = ["--set", "learning-rate=0.000000001,0.01,1.0", "--set", "clip=0"];
    let events = program.json(&[&args[..], &tried, &TINY].concat());
    let validations: Vec<&Value> = events.iter().filter(|event| event["event"] == "validation").collect();
    let rates: Vec<f64> = validations
        .iter()
        .map(|event| event["trial"][0][1].as_f64().unwrap())
        .collect();
    assert!(rates.contains(&1e-9) && rates.contains(&0.01), "{rates:?}");
    let best = validations.iter().rev().find(|event| event["best"] == true).unwrap();
    let highest = validations
        .iter()
        .map(|event| event["accuracy"].as_f64().unwrap())
        .fold(0.0, f64::max);
    assert_eq!(best["accuracy"].as_f64().unwrap(), highest);
    let shown = program.json(&["runs", "show", "lora-1"])[0].clone();
    assert_eq!(shown["chosen"]["learning-rate"], best["trial"][0][1]);
    assert_eq!(shown["state"], "done");
    assert!(
        shown["accuracy"].as_f64() > shown["zero_shot_accuracy"].as_f64(),
        "{shown}"
    );

    let usual = program.json(
        &[
            &["fine-tune", path, "--method", "prolip", "--search", "--epochs", "5"],
            &TINY[..],
        ]
        .concat(),
    );
    let trials: std::collections::BTreeSet<String> = usual
        .iter()
        .filter(|event| event["event"] == "validation")
        .map(|event| event["trial"].to_string())
        .collect();
    assert_eq!(trials.len(), 9);
    let refused = run(
        &program,
        &[
            &["fine-tune", path, "--method", "lora", "--set", "batch=2,4"],
            &TINY[..],
        ]
        .concat(),
    );
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("cannot search for batch"));

    let table = program.run(&[&["fine-tune", path, "--method", "linear-probe"], &TINY[..]].concat());
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.contains("chosen by validation: C "), "{table}");
}
