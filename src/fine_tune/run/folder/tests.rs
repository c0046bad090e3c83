use std::fs::File;

use super::curves::METRICS;
use super::lock::{LOCK, LOOK_AGAIN};
use super::trash::{DELETED, TRASH_KEPT};
use super::*;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::run::{Flip, RunEvent};

/// A run that was never measured.
fn record(run: &str) -> RunRecord {
    RunRecord {
        state: RunState::Stopped,
        base_name: "Starter".into(),
        device: "cpu".into(),
        started_s: 1,
        worked_s: 1.0,
        steps: 1,
        classes: vec!["a".into(), "b".into()],
        n_train: 2,
        n_test: 2,
        ..RunRecord::new(run.into(), RunConfig::new(FineTuneMethod::LinearProbe, "x".into()))
    }
}

#[test]
fn what_is_damaged_is_listed_as_damaged_and_can_be_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let good = runs.create("probe").unwrap();
    good.keep(&record("probe-1")).unwrap();
    // Killed before it began.
    let early = runs.create("probe").unwrap();
    std::fs::write(early.file("data.json"), "{}").unwrap();
    let cut = runs.create("probe").unwrap();
    std::fs::write(cut.file(RECORD), "{\"run\": ").unwrap();
    let mut beyond = record("probe-4");
    beyond.config.hyper.epochs = 1_000_000_000_000_000;
    runs.create("probe").unwrap().keep(&beyond).unwrap();
    let listed: Vec<String> = runs.list().into_iter().map(|record| record.run).collect();
    assert_eq!(listed, ["probe-1"]);
    let damaged = runs.damaged();
    let names: Vec<&str> = damaged.iter().map(|run| run.run.as_str()).collect();
    assert_eq!(names, ["probe-2", "probe-3", "probe-4"]);
    assert!(damaged[0].reason.contains("before it began"), "{damaged:?}");
    assert!(damaged[2].reason.contains("epochs is 1000000000000000"), "{damaged:?}");
    // While one is prepared it is neither.
    let lock = early.lock().unwrap();
    assert_eq!(runs.damaged().len(), 2);
    assert!(runs.delete("probe-2").is_err());
    drop(lock);
    for run in names {
        runs.delete(run).unwrap();
    }
    assert!(runs.damaged().is_empty());
    for outside in ["..", ".", "", "../x", ".trash", "/etc"] {
        assert!(runs.delete(outside).is_err(), "{outside}");
        assert!(runs.restore(outside).is_err(), "{outside}");
        assert!(runs.purge(outside).is_err(), "{outside}");
    }
    assert!(folder.path().join("runs/probe-1").is_dir());
}

#[test]
fn where_no_run_is_at_work_nothing_is_said_of_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder of runs should be.
    std::fs::write(folder.path().join("runs"), "").unwrap();
    let runs = Runs::at(folder.path());
    let refused = runs.create("probe").unwrap_err().to_string();
    assert!(
        refused.contains("cannot write") && !refused.contains("resumed"),
        "{refused}"
    );
    let lost = runs.restore("probe-1").unwrap_err().to_string();
    assert!(!lost.contains("resumed"), "{lost}");
    let run = RunFolder(folder.path().join("runs"));
    let at_work = run.append(&RunEvent::Paused { run: "a".into() }).unwrap_err();
    assert!(at_work.to_string().contains("resumed"), "{at_work}");
}

#[cfg(unix)]
#[test]
fn what_is_written_of_a_run_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let run = Runs::at(folder.path()).create("probe").unwrap();
    run.append(&RunEvent::Paused { run: "probe-1".into() }).unwrap();
    std::fs::create_dir(run.file(LEARNT)).unwrap();
    std::fs::write(run.file(LEARNT).join("adapter.json"), "{}").unwrap();
    run.keep(&record("probe-1")).unwrap();
    for entry in walkdir::WalkDir::new(folder.path().join("runs")) {
        let entry = entry.unwrap();
        let others = entry.metadata().unwrap().permissions().mode() & 0o077;
        assert_eq!(others, 0, "{}", entry.path().display());
    }
}

#[test]
fn curves_are_kept_to_the_last_digit_when_a_run_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder(folder.path().into());
    let line = |step: usize| {
        format!(
            "{{\"event\":\"step\",\"run\":\"a\",\"step\":{step},\"steps\":9,\"loss\":0.5,\"learning_rate\":\
             1.0129602041783015,\"logit_scale\":null,\"gradient_norm\":null,\"pictures_per_s\":1.0,\"seconds_left\":1.0}}"
        )
    };
    let events = [line(1), line(2), line(3)].map(|line| line + "\n").concat();
    std::fs::write(run.file(METRICS), &events).unwrap();
    assert_eq!(run.events().len(), 3, "{events}");
    run.forget_after(2).unwrap();
    let kept = std::fs::read_to_string(run.file(METRICS)).unwrap();
    assert_eq!(kept, format!("{}\n{}\n", line(1), line(2)));
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links_in_a_runs_folder() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let run = runs.create("probe").unwrap();
    run.keep(&record("probe-1")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), run.file(LEARNT)).unwrap();
    let refused = run.lock().unwrap_err().to_string();
    assert!(refused.contains("learnt is a link"), "{refused}");
    std::fs::remove_file(run.file(LEARNT)).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("x"), run.file(LOCK)).unwrap();
    assert!(run.lock().is_err() && run.try_lock().is_err());
    std::os::unix::fs::symlink(run.path(), folder.path().join("runs/linked")).unwrap();
    let listed: Vec<String> = runs.list().into_iter().map(|record| record.run).collect();
    assert_eq!(listed, ["probe-1"], "what is listed can be shown and deleted");
    assert!(runs.find("linked").is_err());
    assert!(!elsewhere.path().join("x").exists());
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_a_pipe_in_a_runs_folder() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let run = runs.create("probe").unwrap();
    let mut at_work = record("probe-1");
    at_work.state = RunState::Running;
    run.keep(&at_work).unwrap();
    for name in [LOCK, METRICS] {
        let made = std::process::Command::new("mkfifo")
            .arg(run.file(name))
            .status()
            .unwrap();
        assert!(made.success());
    }
    assert_eq!(runs.list().len(), 1);
    assert!(run.events().is_empty());
    let event = RunEvent::Paused { run: "probe-1".into() };
    assert!(run.append(&event).unwrap_err().to_string().contains("no file"));
    assert!(runs.delete("probe-1").unwrap_err().to_string().contains("no file"));
}

#[test]
fn lines_and_values_of_a_stranger_are_counted_before_they_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder(folder.path().into());
    let event = "{\"event\":\"paused\",\"run\":\"a\"}\n";
    let long = format!("{{\"event\":\"paused\",\"run\":\"{}\"}}\n", "a".repeat(17 << 20));
    let text = ["\n".repeat(1 << 20), long, event.repeat(3), "{".into()].concat();
    std::fs::write(run.file(METRICS), text).unwrap();
    assert_eq!(run.events().len(), 3);
    std::fs::write(run.file("data.json"), format!("[{}0]", "0,".repeat(MAX_VALUES + 1))).unwrap();
    let refused = run.read::<serde::de::IgnoredAny>("data.json").unwrap_err().to_string();
    assert!(refused.contains("more than"), "{refused}");
}

#[test]
fn a_board_of_a_stranger_is_no_larger_than_ours() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder(folder.path().into());
    let line = |rows: usize, columns: usize| {
        let row = format!("[{}]", vec!["0"; columns].join(","));
        let board = vec![row; rows].join(",");
        format!(
            "{{\"event\":\"validation\",\"run\":\"a\",\"step\":1,\"loss\":null,\"accuracy\":null,\"control\":null,\
             \"recall\":null,\"board\":[{board}],\"flips\":[],\"best\":true}}\n"
        )
    };
    let sizes = [(12, 12), (13, 1), (1, 13), (5_000, 1), (200_000, 1)];
    let text: String = sizes.map(|(rows, columns)| line(rows, columns)).concat();
    std::fs::write(run.file(METRICS), text).unwrap();
    let rows = run.events().into_iter().map(|event| match event {
        RunEvent::Validation { board, .. } => board.map(|rows| rows.len()),
        other => panic!("{other:?}"),
    });
    // The last is no event at all.
    assert_eq!(rows.collect::<Vec<_>>(), [Some(12), None, None, None]);
}

#[test]
fn no_picture_of_another_machine_is_shown_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder(folder.path().into());
    let flip = |path: &str| Flip {
        path: path.into(),
        class: "a".into(),
        before: "b".into(),
        after: "a".into(),
    };
    let event = RunEvent::Validation {
        run: "probe-1".into(),
        step: 1,
        loss: None,
        accuracy: None,
        control: None,
        recall: None,
        board: Some(vec![vec![0.5]]),
        board_pairs: vec![("\\\\machine\\share\\a.jpg".into(), "a".into())],
        flips: vec![flip("\\\\machine\\share\\b.jpg"), flip("/pictures/c.jpg")],
        best: false,
        trial: Vec::new(),
    };
    run.append(&event).unwrap();
    let events = run.events();
    let [
        RunEvent::Validation {
            board,
            board_pairs,
            flips,
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert!(board.is_none() && board_pairs.is_empty());
    assert_eq!(flips, &[flip("/pictures/c.jpg")]);
}

#[test]
fn a_glance_at_a_run_does_not_keep_another_from_going_on_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder(folder.path().into());
    let glance = run.try_lock().unwrap();
    assert!(run.try_lock().is_err());
    std::thread::spawn(move || {
        std::thread::sleep(2 * LOOK_AGAIN);
        drop(glance);
    });
    run.lock().unwrap();
}

#[test]
fn the_trash_of_another_run_is_left_alone_and_what_was_deleted_lately_stays() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    for run in ["a-1", "b-1", "c-1"] {
        std::fs::create_dir_all(folder.path().join("runs").join(run)).unwrap();
        std::fs::write(folder.path().join("runs").join(run).join(RECORD), "{}").unwrap();
        runs.delete(run).unwrap();
    }
    runs.purge("b-1").unwrap();
    assert!(runs.restore("b-1").is_err());
    runs.restore("a-1").unwrap();
    assert!(runs.find("a-1").is_ok() && !runs.find("a-1").unwrap().file(DELETED).exists());
    // A second window starts.
    runs.forget_trash();
    runs.restore("c-1").unwrap();
    runs.delete("c-1").unwrap();
    let marker = File::options()
        .write(true)
        .open(folder.path().join("runs/.trash/c-1").join(DELETED))
        .unwrap();
    marker
        .set_modified(std::time::SystemTime::now() - 2 * TRASH_KEPT)
        .unwrap();
    runs.forget_trash();
    assert!(runs.restore("c-1").is_err(), "it was deleted two days ago");
}
