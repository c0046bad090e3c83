//! What a taught model says: sure of what it was taught, still "none of these" for something else, found under every
//! spelling of a class's name, and silent about what could not be measured.

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use program::{Program, lines};

const STARTER: [&str; 2] = ["--model", "starter"];
const TINY: [&str; 2] = ["--model", "tests/fixtures/clip-f32"];

fn case(path: &str) -> String {
    format!("tests/fixtures/cases/{path}")
}

/// Every picture two folders deep, with its folder's name.
fn pictures(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let inside = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let classes = inside(&root).into_iter().filter(|path| path.is_dir());
    let each = classes.flat_map(|class| {
        let name = class.file_name().unwrap().to_str().unwrap().to_string();
        inside(&class)
            .into_iter()
            .map(move |path| (path.to_str().unwrap().to_string(), name.clone()))
    });
    each.collect()
}

/// Pictures of something else: the photographs of the samples and drawings.
fn something_else() -> Vec<String> {
    pictures("assets/samples").into_iter().map(|(path, _)| path).collect()
}

fn classified(program: &Program, model: &str, paths: &[String], labels: &[&str]) -> Vec<Value> {
    let mut args = vec!["classify", "--model", model];
    labels.iter().for_each(|label| args.extend(["--label", label]));
    args.extend(paths.iter().map(String::as_str));
    program.json(&args)
}

fn taught(program: &Program, folder: &str, method: &str, more: &[&str]) -> String {
    let events = program.json(&[&["fine-tune", folder, "--method", method], more].concat());
    let done = events.iter().rev().find(|event| event["event"] == "done").unwrap();
    done["run"].as_str().unwrap().to_string()
}

/// The label that comes first, its probability, and whether "none of these" won.
fn answer(line: &Value) -> (&str, f64, bool) {
    let first = &line["predictions"][0];
    let won = line["none_of_these"]["won"].as_bool().unwrap();
    (
        first["label"].as_str().unwrap(),
        first["probability"].as_f64().unwrap(),
        won,
    )
}

fn none_won(lines: &[Value]) -> usize {
    lines.iter().filter(|line| answer(line).2).count()
}

#[test]
fn an_easy_probe_is_sure_of_what_it_was_taught_and_knows_what_is_something_else() {
    let new = pictures(&case("64-easy-probe/new"));
    let paths: Vec<String> = new.iter().map(|(path, _)| path.clone()).collect();
    let labels = ["kiwi", "banana", "carrots"];
    let else_paths = something_else();
    let program = Program::new();
    let untaught = none_won(&classified(&program, "starter", &else_paths, &labels));
    for (seed, shots) in [
        ("0", None),
        ("1", None),
        ("2", None),
        ("0", Some("1")),
        ("1", Some("1")),
        ("2", Some("1")),
    ] {
        let mut more = vec!["--model", "starter", "--seed", seed];
        more.extend(shots.iter().flat_map(|shots| ["--shots", *shots]));
        let run = taught(&program, &case("64-easy-probe/data"), "linear-probe", &more);
        let answers = classified(&program, &run, &paths, &labels);
        for (line, (path, class)) in answers.iter().zip(&new) {
            let (label, probability, won) = answer(line);
            assert!(
                label == class && probability > 0.8 && !won,
                "seed {seed}, shots {shots:?}, {path}: {line}"
            );
            for prediction in line["predictions"].as_array().unwrap() {
                let (cosine, logit) = (&prediction["cosine"], &prediction["logit"]);
                let (cosine, logit) = (cosine.as_f64().unwrap(), logit.as_f64().unwrap());
                assert!((-1.0..=1.0).contains(&cosine), "{line}");
                assert!(
                    (logit / cosine - 20.0855).abs() < 0.01,
                    "the scale is the starter's: {line}"
                );
            }
        }
        let elsewhere = none_won(&classified(&program, &run, &else_paths, &labels));
        assert!(
            elsewhere * 10 >= untaught * 8,
            "seed {seed}, shots {shots:?}: {elsewhere} of {} are none of these, untaught {untaught}",
            else_paths.len()
        );
    }
}

/// Bright and dark noise.
fn bright() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, base) in [("day", 190u8), ("night", 20)] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        for n in 0..16u64 {
            let mut random = fastrand::Rng::with_seed(n * 31 + u64::from(base));
            let level = base + random.u8(0..40);
            let picture = image::RgbImage::from_fn(48, 48, |x, y| {
                let shade = ((x / 6 + 2 * (y / 6) + n as u32) % 7) as u8;
                image::Rgb([level + shade, level + random.u8(0..12), level + 2 * shade])
            });
            picture
                .save(folder.path().join(class).join(format!("{n}.png")))
                .unwrap();
        }
    }
    folder
}

#[test]
fn a_probe_on_clip_is_sure_of_day_and_night() {
    let folder = bright();
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    let new = pictures(path);
    let paths: Vec<String> = new.iter().map(|(path, _)| path.clone()).collect();
    for method in ["linear-probe", "tip-adapter"] {
        let run = taught(&program, path, method, &TINY);
        let answers = classified(&program, &run, &paths, &["day", "night"]);
        for (line, (path, class)) in answers.iter().zip(&new) {
            let (label, probability, won) = answer(line);
            assert_eq!(label, class, "{method}: {path}");
            let least = if method == "linear-probe" { 0.8 } else { 0.5 };
            assert!(probability > least && !won, "{method}: {line}");
        }
    }
}

#[test]
fn labels_that_were_not_taught_stand_beside_those_that_were() {
    let program = Program::new();
    let run = taught(&program, &case("64-easy-probe/data"), "linear-probe", &STARTER);
    let bananas: Vec<String> = pictures(&case("64-easy-probe/new"))
        .into_iter()
        .filter(|(_, class)| class == "banana")
        .map(|(path, _)| path)
        .collect();
    let labels = ["banana", "kiwi", "carrots", "bicycle", "elephant"];
    for line in classified(&program, &run, &bananas, &labels) {
        let (label, probability, won) = answer(&line);
        assert!(label == "banana" && probability > 0.8 && !won, "{line}");
    }
    // The untaught starter and the taught one say the same about what was not taught.
    let alone = |model: &str| classified(&program, model, &bananas, &["bicycle", "elephant"]);
    for (taught, untaught) in alone(&run).iter().zip(alone("starter")) {
        for place in 0..2 {
            let cosine = |line: &Value| {
                let predictions = line["predictions"].as_array().unwrap();
                let of = ["bicycle", "elephant"][place];
                predictions.iter().find(|one| one["label"] == of).unwrap()["cosine"]
                    .as_f64()
                    .unwrap()
            };
            assert!((cosine(taught) - cosine(&untaught)).abs() < 1e-4, "{taught} {untaught}");
        }
    }
}

#[test]
fn a_class_is_found_under_its_folder_its_words_and_any_case() {
    let program = Program::new();
    let run = taught(&program, &case("50-label-as-folder/data"), "linear-probe", &STARTER);
    let new = pictures(&case("50-label-as-folder/new"));
    let paths: Vec<String> = new.iter().map(|(path, _)| path.clone()).collect();
    let folders = ["t-shirt", "dress", "running_shoes"];
    let spellings = [
        folders,
        ["t shirt", "dress", "running shoes"],
        ["T-SHIRT", "Dress", "Running-Shoes"],
    ];
    let mut seen: Vec<Vec<Value>> = Vec::new();
    for labels in spellings {
        let output = program.run(&args_of(&run, &paths, &labels));
        assert!(output.status.success());
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let answers = lines(&output);
        for (line, (path, class)) in answers.iter().zip(&new) {
            let place = labels.iter().position(|label| *label == answer(line).0).unwrap();
            assert_eq!(folders[place], class, "{labels:?}: {path}");
            assert!(!answer(line).2, "{labels:?}: {line}");
        }
        let cosines = answers.iter().map(|line| line["predictions"][0]["cosine"].clone());
        seen.push(cosines.collect());
    }
    assert!(seen.iter().all(|cosines| *cosines == seen[0]));

    // Near misses and labels that were not taught are said.
    let output = program.run(&args_of(&run, &paths, &["t-shrit", "dress", "zebra"]));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        errors.contains("did you mean \"t-shirt\"") || errors.contains("did you mean \"t shirt\""),
        "{errors}"
    );
    assert!(errors.contains("zebra"), "{errors}");

    // The classes are named wherever the run is.
    let shown = program.json(&["runs", "show", &run])[0].clone();
    assert_eq!(shown["classes"].as_array().unwrap().len(), 3, "{shown}");
    let done = shown["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["event"] == "done")
        .unwrap();
    assert_eq!(done["classes"], shown["classes"]);
    let table = program.run(&["runs", "show", &run]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("dress"));
    let adapter = program.0.path().join("runs").join(&run).join("learnt/adapter.json");
    let adapter: Value = serde_json::from_slice(&std::fs::read(adapter).unwrap()).unwrap();
    assert_eq!(adapter["classes"], shown["classes"]);
}

fn args_of<'a>(run: &'a str, paths: &'a [String], labels: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["classify", "--model", run, "--format", "json"];
    labels.iter().for_each(|label| args.extend(["--label", label]));
    args.extend(paths.iter().map(String::as_str));
    args
}

#[test]
fn a_blend_of_0_is_the_model_as_it_was_and_the_record_says_which_blend_is_used() {
    let program = Program::new();
    let run = taught(&program, &case("50-label-as-folder/data"), "linear-probe", &STARTER);
    let shown = |program: &Program| program.json(&["runs", "show", &run])[0].clone();
    let before = shown(&program);
    assert_eq!(before["blend"], 1.0);
    let points = program.json(&["runs", "blend", &run]);
    let started = before["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["event"] == "started")
        .unwrap();
    assert_eq!(points[0]["validation_accuracy"], started["zero_shot"], "{points:?}");
    program.json(&["runs", "blend", &run, "--use-at", "0"]);
    let after = shown(&program);
    assert_eq!(after["blend"], 0.0);
    assert_eq!(
        after["accuracy"], after["zero_shot_accuracy"],
        "it is measured anew: {after}"
    );
    let new: Vec<String> = pictures(&case("50-label-as-folder/new"))
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    let labels = ["dress", "hat"];
    let say = |model: &str| classified(&program, model, &new, &labels);
    assert_eq!(say(&run), say("starter"));
    program.json(&["runs", "blend", &run, "--use-at", "1"]);
    let again = shown(&program);
    assert_eq!(
        (&again["accuracy"], &again["blend"]),
        (&before["accuracy"], &before["blend"])
    );
}

/// Plain pictures, so many in each folder.
fn plain(folders: &[(&str, usize)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, (name, count)) in folders.iter().enumerate() {
        std::fs::create_dir_all(folder.path().join(name)).unwrap();
        for n in 0..*count {
            let mut random = fastrand::Rng::with_seed((class * 1_000 + n) as u64);
            let colour = [60 * class as u8 + 10, random.u8(0..255), 255 - 60 * class as u8];
            let picture = image::RgbImage::from_fn(48, 48, |x, y| {
                let shade = ((x / 5 * (class as u32 + 2) + y / 7 * (n as u32 + 1)) % 9) as u8 * 6;
                image::Rgb(colour.map(|value| value.saturating_add(shade).saturating_sub(random.u8(0..40))))
            });
            picture.save(folder.path().join(name).join(format!("{n}.png"))).unwrap();
        }
    }
    folder
}

#[test]
fn with_nothing_to_validate_or_to_test_by_nothing_is_chosen_and_nothing_is_made_up() {
    let folder = plain(&[("hat", 2), ("dress", 2)]);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    for method in ["linear-probe", "tip-adapter", "prolip"] {
        let output = program.run(&[&["fine-tune", path, "--method", method, "--epochs", "2"], &TINY[..]].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{method}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!text.contains("NaN") && !text.contains("0.0 %"), "{method}: {text}");
        assert!(!text.contains("chosen by validation"), "{method}: {text}");
        assert!(text.contains("no picture was left to test with"), "{method}: {text}");
        let run = format!("{method}-1");
        let shown = program.json(&["runs", "show", &run])[0].clone();
        assert!(shown["accuracy"].is_null() && shown["zero_shot_accuracy"].is_null());
        assert_eq!(shown["chosen"], serde_json::json!({}), "{method}");
        let events = shown["events"].as_array().unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        for kind in ["started", "step", "validation", "done"] {
            assert!(kinds.contains(&kind), "{method}: {kind} was lost: {kinds:?}");
        }
        // What has no numbers can be resumed, blended and listed all the same.
        program.json(&["runs", "resume", &run]);
        let blends = program.json(&["runs", "blend", &run]);
        assert!(blends.iter().all(|point| point["validation_accuracy"].is_null()));
        let csv = program.run(&["runs", "list", "--format", "csv"]);
        assert!(!String::from_utf8_lossy(&csv.stdout).contains("NaN"));
    }
}

#[test]
fn validation_sees_every_class_of_a_large_folder() {
    // The first pictures of the validation side are all of the first classes.
    let names: Vec<String> = "red green blue hat dress skirt day night tree bear sea star sand"
        .split(' ')
        .map(String::from)
        .collect();
    let folders: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 12)).collect();
    let folder = plain(&folders);
    let program = Program::new();
    let args = [
        "fine-tune",
        folder.path().to_str().unwrap(),
        "--method",
        "contrastive",
        "--epochs",
        "1",
    ];
    let events = program.json(&[&args[..], &TINY].concat());
    let validation = events.iter().find(|event| event["event"] == "validation").unwrap();
    // A board of pictures of one class would have one row of cosines again and again.
    let pairs = validation["board_pairs"].as_array().unwrap();
    let classes: BTreeSet<&str> = pairs.iter().map(|pair| pair[1].as_str().unwrap()).collect();
    assert_eq!((pairs.len(), classes.len()), (8, 8), "{pairs:?}");
    assert_eq!(validation["board"].as_array().unwrap().len(), 8);
    assert!(validation["loss"].as_f64().is_some());
}

#[test]
fn folders_that_are_spelled_differently_are_different_classes_of_a_control_set() {
    let folder = plain(&[("red", 8), ("blue", 8)]);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    let measured = |control: &tempfile::TempDir| {
        let control = control.path().to_str().unwrap();
        let args = ["fine-tune", path, "--method", "tip-adapter", "--control", control];
        let events = program.json(&[&args[..], &STARTER].concat());
        events.iter().find(|event| event["event"] == "started").unwrap()["control"]
            .as_f64()
            .unwrap()
    };
    // Ten digits or two folders of numbered photographs: a measure that is always 100 % measures nothing.
    let digits: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    let digits: Vec<(&str, usize)> = digits.iter().map(|name| (name.as_str(), 3)).collect();
    assert!(measured(&plain(&digits)) < 0.9);
    let few = plain(&[("hat", 6), ("skirt", 6)]);
    for name in ["hat", "skirt"] {
        for n in 0..6 {
            let inside = few.path().join(name);
            std::fs::rename(inside.join(format!("{n}.png")), inside.join(format!("IMG_000{n}.png"))).unwrap();
        }
    }
    assert!((0.1..0.95).contains(&measured(&few)));

    let one = plain(&[("only", 3)]);
    let args = [
        "fine-tune",
        path,
        "--method",
        "tip-adapter",
        "--control",
        one.path().to_str().unwrap(),
    ];
    let refused = program.run(&[&args[..], &TINY].concat());
    assert_eq!(refused.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(errors.contains("two classes or more"), "{errors}");
}

#[test]
fn lora_takes_the_published_number_of_steps_unless_epochs_are_named() {
    let folder = plain(&[("hat", 3), ("dress", 3)]);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    let steps = |more: &[&str]| {
        let estimate =
            program.json(&[&["fine-tune", path, "--method", "lora", "--estimate"], &TINY[..], more].concat());
        estimate[0]["steps"].as_u64().unwrap()
    };
    // One picture of each class is left to learn from.
    assert_eq!(steps(&[]), 500);
    assert_eq!(steps(&["--set", "steps-a-shot=20"]), 20);
    assert_eq!(steps(&["--epochs", "7"]), 7);
}

#[test]
fn siglip_says_probabilities_after_a_softmax_taught_it() {
    let folder = bright();
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    let model = ["--model", "tests/fixtures/siglip"];
    let more = [
        &model[..],
        &["--epochs", "30", "--set", "learning-rate=0.01", "--set", "batch=8"],
    ]
    .concat();
    let run = taught(&program, path, "lora", &more);
    let new = pictures(path);
    let paths: Vec<String> = new.iter().map(|(path, _)| path.clone()).collect();
    let answers = classified(&program, &run, &paths, &["day", "night"]);
    let mut right = 0;
    let mut sum = 0.0;
    for (line, (_, class)) in answers.iter().zip(&new) {
        right += usize::from(answer(line).0 == class);
        let predictions = line["predictions"].as_array().unwrap();
        sum += predictions
            .iter()
            .map(|one| one["probability"].as_f64().unwrap())
            .sum::<f64>();
    }
    assert!(right * 10 >= 9 * new.len(), "{right} of {}", new.len());
    let mean = sum / new.len() as f64;
    assert!(
        (0.7..1.3).contains(&mean),
        "the sigmoids of a picture's classes add up to {mean}"
    );
}

#[test]
fn prolip_leaves_a_resnets_bias_as_it_is() {
    let folder = plain(&[("hat", 5), ("dress", 5)]);
    let program = Program::new();
    let more = ["--model", "tests/fixtures/openclip-resnet", "--epochs", "3"];
    let run = taught(&program, folder.path().to_str().unwrap(), "prolip", &more);
    let learnt = program
        .0
        .path()
        .join("runs")
        .join(run)
        .join("learnt/adapter.safetensors");
    let learnt = clipsight::clip::read_flats(&learnt).unwrap();
    let names: Vec<&String> = learnt.keys().collect();
    assert_eq!(names, ["visual.attnpool.c_proj.weight"]);
}

/// The pictures of three kinds of fruit and vegetables, six of each to learn from, and the others with their classes.
fn six_of_each() -> (tempfile::TempDir, Vec<(String, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let mut new = pictures(&case("64-easy-probe/new"));
    let mut learnt: BTreeMap<String, usize> = BTreeMap::new();
    for (path, class) in pictures(&case("64-easy-probe/data")) {
        let count = learnt.entry(class.clone()).or_default();
        if *count == 6 {
            new.push((path, class));
            continue;
        }
        *count += 1;
        let target = folder.path().join(&class);
        std::fs::create_dir_all(&target).unwrap();
        std::fs::copy(&path, target.join(Path::new(&path).file_name().unwrap())).unwrap();
    }
    (folder, new)
}

/// What a classifier was taught is hardly ever "none of these", and something else still is. ProLIP and LoRA change the
/// towers: their "none of these" stays where the untaught model has it.
#[test]
fn every_method_on_the_starter_knows_what_is_none_of_its_classes() {
    let (folder, new) = six_of_each();
    let path = folder.path().to_str().unwrap();
    let labels = ["kiwi", "banana", "carrots"];
    let new: Vec<String> = new.into_iter().map(|(path, _)| path).collect();
    // Drawings, and photographs of what is not eaten.
    let photographs = ["astronaut", "cap", "cat", "coffee", "milk-carton", "rocket"].map(|name| format!("{name}.jpg"));
    let is_other = |path: &String| path.contains("/drawings/") || photographs.iter().any(|name| path.ends_with(name));
    let other: Vec<String> = something_else().into_iter().filter(is_other).collect();
    assert_eq!((new.len(), other.len()), (18, 20));
    let program = Program::new();
    let won = |model: &str, paths: &[String]| none_won(&classified(&program, model, paths, &labels));
    let (untaught_new, untaught_other) = (won("starter", &new), won("starter", &other));
    for (method, epochs, most) in [
        ("linear-probe", None, 1),
        ("tip-adapter", None, 1),
        ("prolip", Some("100"), untaught_new + 2),
        ("lora", Some("10"), untaught_new + 2),
    ] {
        let more = [&STARTER[..], &epochs.map_or(vec![], |epochs| vec!["--epochs", epochs])].concat();
        let run = taught(&program, path, method, &more);
        let (of_new, of_other) = (won(&run, &new), won(&run, &other));
        assert!(
            of_new <= most,
            "{method}: {of_new} of 18 taught pictures are none of these"
        );
        assert!(
            of_other * 10 >= untaught_other * 8,
            "{method}: {of_other} of 20 others are none of these, untaught {untaught_other}"
        );
    }
}
