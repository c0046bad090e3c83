//! Labels without end.

use std::time::{Duration, Instant};

use crate::measured::measured;
use crate::program::Program;

const CAT: &str = "assets/samples/photos/cat.jpg";

#[test]
fn a_label_that_is_too_long_is_refused_by_its_name() {
    let program = Program::new();
    let long = "x".repeat(100_000);
    let file = program.0.path().join("labels.txt");
    std::fs::write(&file, format!("cat\n{}\n", "y".repeat(1_001))).unwrap();
    let labels_file = ["classify", CAT, "--labels-file", file.to_str().unwrap()];
    let output = program.0.path().join("o.png").display().to_string();
    let evaluate = [
        "evaluate",
        "tests/fixtures/cases/50-label-as-folder/new",
        "--labels-file",
        file.to_str().unwrap(),
    ];
    let heatmap = ["heatmap", CAT, "--label", &long, "--output", &output];
    for (args, name) in [
        (&["classify", CAT, "--label", &long][..], "\"xxxx"),
        (&labels_file[..], "\"yyyy"),
        (&heatmap[..], "\"xxxx"),
        (&evaluate[..], "\"yyyy"),
        (
            &["classify", CAT, "--label", "cat", "--template", &format!("{{}}{long}")][..],
            "\"{}xx",
        ),
    ] {
        let output = program.run(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(name) && errors.contains("at most 1000"), "{errors}");
        assert!(errors.len() < 2_000, "{} bytes of errors", errors.len());
    }
    let most = "z".repeat(1_000);
    assert!(program.run(&["classify", CAT, "--label", &most]).status.success());
}

#[cfg(unix)]
#[test]
fn labels_files_without_end_are_refused() {
    let program = Program::new();
    let line = program.0.path().join("line.txt");
    std::fs::write(&line, vec![b'a'; 100 << 20]).unwrap();
    for file in ["/dev/zero", line.to_str().unwrap()] {
        let measured = measured(&program, &["classify", CAT, "--labels-file", file]);
        measured.assert_modest(file);
        assert_eq!(measured.output.status.code(), Some(1), "{}", measured.errors());
        assert!(measured.errors().contains("cannot read"), "{}", measured.errors());
    }
}

#[test]
fn scores_of_100_000_pictures_for_1_000_labels_fit_into_600_mb() {
    let program = Program::new();
    let figures = program.json(&["bench", "--only", "scores_"]);
    let mb = figures[0]["value"].as_f64().unwrap();
    assert!(mb > 300.0 && mb < 600.0, "{mb} MB");
}

#[test]
fn ten_thousand_labels_are_answered_at_once() {
    let program = Program::new();
    let file = program.0.path().join("labels.txt");
    let names: Vec<String> = (0..10_000).map(|n| format!("thing {n}")).collect();
    std::fs::write(&file, names.join("\n")).unwrap();
    let file = file.to_str().unwrap();
    let classify = |paths: &[&str]| {
        let started = Instant::now();
        let args = [&["classify"], paths, &["--labels-file", file, "--top-k", "1"]].concat();
        assert_eq!(program.json(&args).len(), paths.len());
        started.elapsed()
    };
    let folder = tempfile::tempdir().unwrap();
    let copies: Vec<String> = (0..40)
        .map(|n| {
            let path = folder.path().join(format!("{n}.jpg"));
            std::fs::copy(CAT, &path).unwrap();
            path.display().to_string()
        })
        .collect();
    let copies: Vec<&str> = copies.iter().map(String::as_str).collect();
    // From the store the second time, so that only scores are computed.
    classify(&copies);
    let (one, all) = (classify(&copies[..1]), classify(&copies));
    let each = all.saturating_sub(one) / 39;
    assert!(each < Duration::from_millis(200), "{each:?} a picture");
}
