//! What cannot be learnt from, or with, is said before or while it happens.

use burn::tensor::Device;
use clipsight::clip::{Adapter, Model, export, is_adapter, read_flats};

use super::program::{Program, lines};
use super::{colours, fixtures, last_event, run};

#[test]
fn a_rate_that_is_too_high_stops_the_run_with_the_step_and_the_cause() {
    let folder = colours(6);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    // Logits beyond every number are the surest way to a loss that is none.
    let model = tempfile::tempdir().unwrap();
    let source = fixtures().join("clip-f32");
    let base = Model::open(&source, &Device::flex()).unwrap();
    export(&base, Some(&source), model.path()).unwrap();
    let weights = model.path().join("model.safetensors");
    let mut flats = read_flats(&weights).unwrap();
    flats.get_mut("logit_scale").unwrap().values[0] = 88.0;
    clipsight::clip::write_flats(&weights, &flats).unwrap();
    let model = model.path().to_str().unwrap();
    let args = [
        "fine-tune",
        path,
        "--method",
        "contrastive",
        "--epochs",
        "1",
        "--model",
        model,
    ];
    let output = run(&program, &args);
    assert_eq!(output.status.code(), Some(1));
    let failed = last_event(&lines(&output), "failed");
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.contains("step 0") && reason.contains("not a number"), "{reason}");
    let shown = program.json(&["runs", "show", "contrastive-1"]);
    assert_eq!(shown[0]["state"], "failed");
}

#[test]
fn previews_name_what_is_wrong_before_anything_starts() {
    let program = Program::new();
    let folder = colours(3);
    std::fs::write(folder.path().join("red/broken.png"), b"no picture").unwrap();
    std::fs::create_dir(folder.path().join("lonely")).unwrap();
    std::fs::copy(folder.path().join("red/0.png"), folder.path().join("lonely/0.png")).unwrap();
    let path = folder.path().to_str().unwrap();
    let output = run(&program, &["fine-tune", path, "--method", "linear-probe", "--preview"]);
    assert_eq!(output.status.code(), Some(1), "a broken picture was asked for, too");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        errors.contains("broken.png") && errors.contains("fewer than 3 pictures"),
        "{errors}"
    );
    let printed = lines(&output);
    assert_eq!(printed.len(), 5, "four classes, and what is left aside");
    assert_eq!(
        (&printed[4]["left_aside"], &printed[4]["contradictions"]),
        (&1.into(), &1.into())
    );
    assert!(program.json(&["runs", "list"]).is_empty());

    let wrong = run(&program, &["fine-tune", path, "--method", "lora", "--set", "rang=3"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("rank"));
    let empty = tempfile::tempdir().unwrap();
    let nothing = run(
        &program,
        &["fine-tune", empty.path().to_str().unwrap(), "--method", "lora"],
    );
    assert_eq!(nothing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("one folder per class"));
}

#[test]
fn an_adapter_is_refused_once_its_base_changed() {
    let folder = colours(6);
    let program = Program::new();
    let base = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixtures().join("clip-f32")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), base.path().join(entry.file_name())).unwrap();
    }
    let path = folder.path().to_str().unwrap();
    let model = base.path().to_str().unwrap();
    program.json(&["fine-tune", path, "--method", "tip-adapter", "--model", model]);
    let learnt = program.0.path().join("runs/tip-adapter-1/learnt");
    assert!(is_adapter(&learnt));
    assert!(Adapter::read(&learnt).is_ok());
    let preprocessor = base.path().join("preprocessor_config.json");
    let text = std::fs::read_to_string(&preprocessor).unwrap();
    std::fs::write(&preprocessor, text + " ").unwrap();
    let output = run(&program, &["embed", "--text", "red", "--model", "tip-adapter-1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("has changed"));
}
