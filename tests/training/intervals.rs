//! Accuracies with their intervals, in events, records and blends.

use clipsight::clip::Adapter;
use serde_json::Value;

use super::program::Program;
use super::{TINY, colours, last_event};

#[test]
fn accuracies_stand_with_their_intervals_and_their_difference_with_its_test() {
    let folder = colours(12);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    // The samples, which are the control set elsewhere, have names that the tiny model's vocabulary cannot spell.
    let control = colours(4);
    let named = ["--name", "Three colours", "--control", control.path().to_str().unwrap()];
    let events = program.json(&[&["fine-tune", path, "--method", "tip-adapter"], &TINY[..], &named].concat());
    let done = &last_event(&events, "done");
    let number = |line: &Value, name: &str| line[name].as_f64().unwrap_or_else(|| panic!("{name}: {line}"));
    let (accuracy, zero_shot) = (number(done, "accuracy"), number(done, "zero_shot_accuracy"));
    assert!(number(done, "accuracy_low") <= accuracy && accuracy <= number(done, "accuracy_high"));
    assert!((number(done, "difference") - (accuracy - zero_shot)).abs() < 1e-6);
    assert!(number(done, "difference_low") <= number(done, "difference"));
    assert!(number(done, "difference_high") >= number(done, "difference"));
    assert!((0.0..=1.0).contains(&number(done, "p")));
    assert!(
        done.get("compared").is_none() && done["control_difference"].is_number(),
        "{done}"
    );
    let shown = program.json(&["runs", "show", "tip-adapter-1"])[0].clone();
    for name in [
        "accuracy_low",
        "accuracy_high",
        "difference",
        "difference_low",
        "difference_high",
        "p",
        "verdict",
    ] {
        assert_eq!(shown[name], done[name], "{name}");
    }
    assert_eq!(shown["classes"], serde_json::json!(["blue", "green", "red"]));
    // The model is called as the run is.
    let learnt = program.0.path().join("runs/tip-adapter-1/learnt");
    assert_eq!(Adapter::read(&learnt).unwrap().config.name, "Three colours");

    // Blend 0 is the model as it was, and the record says so.
    let blends = program.json(&["runs", "blend", "tip-adapter-1"]);
    assert_eq!(blends[0]["difference"], 0.0);
    assert!(
        blends
            .iter()
            .all(|point| point["accuracy_low"].is_number() && point["p"].is_number())
    );
    let used = program.json(&["runs", "blend", "tip-adapter-1", "--use-at", "0"])[0].clone();
    assert_eq!(
        (&used["blend"], &used["difference"], &used["p"]),
        (&0.0.into(), &0.0.into(), &1.0.into())
    );
    assert_eq!(used["accuracy"], done["zero_shot_accuracy"]);
    assert_eq!(used["verdict"], "no difference shown");
    let back = program.json(&["runs", "blend", "tip-adapter-1", "--use-at", "1"])[0].clone();
    assert_eq!(
        (&back["accuracy"], &back["difference"]),
        (&done["accuracy"], &done["difference"])
    );

    // A record of before answers were kept still opens; its interval follows from the count, its difference has no test.
    let record = program.0.path().join("runs/tip-adapter-1/run.json");
    let mut old: Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    for name in ["tested", "compared", "control_compared", "blend"] {
        old.as_object_mut().unwrap().remove(name);
    }
    std::fs::write(&record, old.to_string()).unwrap();
    let old = program.json(&["runs", "show", "tip-adapter-1"])[0].clone();
    assert_eq!(old["accuracy_low"], done["accuracy_low"]);
    assert!(old["difference"].is_null() && old["p"].is_null(), "{old}");
    let table = program.run(&["runs", "show", "tip-adapter-1"]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.contains("its difference has no test"), "{table}");
}
