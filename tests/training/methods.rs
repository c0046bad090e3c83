//! Every method learns, and leaves a model that can be used.

use std::path::Path;

use burn::tensor::Device;
use clipsight::clip::{Model, Precision, read_flats};

use super::program::Program;
use super::{TINY, colours, last_event, run};

#[test]
fn every_method_learns_colours_and_its_model_can_be_used_at_once() {
    let folder = colours(12);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    let methods: [(&str, &[&str]); 6] = [
        ("linear-probe", &[]),
        ("tip-adapter", &[]),
        ("tip-adapter-f", &["--epochs", "5"]),
        (
            "prolip",
            &["--epochs", "60", "--set", "learning-rate=0.01", "--set", "pull=0.01"],
        ),
        (
            "lora",
            &["--epochs", "20", "--set", "learning-rate=0.01", "--set", "batch=12"],
        ),
        (
            "contrastive",
            &[
                "--epochs",
                "20",
                "--set",
                "learning-rate=0.003",
                "--set",
                "batch=12",
                "--set",
                "micro-batch=5",
            ],
        ),
    ];
    for (method, more) in methods {
        let args = [&["fine-tune", path, "--method", method], &TINY[..], more].concat();
        let events = program.json(&args);
        let done = last_event(&events, "done");
        assert_eq!((&done["n_train"], &done["n_test"]), (&24.into(), &6.into()), "{method}");
        assert!(
            done["accuracy"].as_f64() >= done["zero_shot_accuracy"].as_f64(),
            "{method}: {done}"
        );
        assert!(done["accuracy"].as_f64().unwrap() > 0.8, "{method}: {done}");
        let run = done["run"].as_str().unwrap();
        assert_eq!(run, format!("{method}-1"));
        assert!(events.iter().any(|event| event["event"] == "step"), "{method}");

        // The run's name is a model; the classes it was taught are told apart by their names.
        let red = folder.path().join("red/0.png");
        let mut args = vec!["classify", red.to_str().unwrap(), "--model", run];
        ["red", "green", "blue"]
            .iter()
            .for_each(|label| args.extend(["--label", label]));
        let answer = program.json(&args)[0].clone();
        let predictions = answer["predictions"].clone();
        assert_eq!(predictions[0]["label"], "red", "{method}: {predictions}");
        let first = predictions[0]["probability"].as_f64().unwrap();
        assert!(first > 0.34, "{method}: no better than chance: {answer}");
        // LoRA's softmax tells the classes apart and knows no "none of these": in a model of random weights that is noise.
        assert!(
            method == "lora" || answer["none_of_these"]["won"] == false,
            "{method}: {answer}"
        );
        for prediction in predictions.as_array().unwrap() {
            let of = |name: &str| prediction[name].as_f64().unwrap();
            assert!(
                (-1.0..=1.0).contains(&of("cosine")) && of("logit").is_finite(),
                "{method}: {answer}"
            );
        }
        let sum: f64 = predictions
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["probability"].as_f64().unwrap())
            .sum();
        assert!((sum - 1.0).abs() < 1e-4, "{method}: {answer}");

        // What was learnt can be opened in half precision, too.
        let learnt = program.0.path().join("runs").join(run).join("learnt");
        let embed = |precision| {
            let model = Model::open_in(&learnt, &Device::flex(), precision).unwrap();
            let tokens = model.tokenize("red").unwrap();
            model.embed_texts(&[tokens]).unwrap().remove(0).vector
        };
        let (full, half) = (embed(Precision::Full), embed(Precision::Half));
        let cosine: f32 = full.iter().zip(&half).map(|(a, b)| a * b).sum();
        assert!(cosine >= 0.999, "{method}: {cosine}");
    }
    let listed = program.json(&["runs", "list"]);
    assert_eq!(listed.len(), methods.len());
    assert!(
        listed
            .iter()
            .all(|run| run["state"] == "done" && run["accuracy"].is_number())
    );

    let target = program.0.path().join("exported");
    let exported = program.json(&["runs", "export", "contrastive-1", "--output", target.to_str().unwrap()]);
    assert_eq!(exported[0]["kind"], "model");
    assert!(target.join("model.safetensors").is_file() && target.join("config.json").is_file());
    let metrics = std::fs::read_to_string(target.join("metrics.csv")).unwrap();
    assert!(metrics.lines().count() > 20, "{metrics}");
    let info = program.json(&["models", "info", target.to_str().unwrap()]);
    assert_eq!(info[0]["layout"], "Hugging Face");

    let blends = program.json(&["runs", "blend", "lora-1"]);
    assert_eq!(blends.len(), 5);
    program.json(&["runs", "blend", "lora-1", "--use-at", "0"]);
    let embed = |model: &str| program.json(&["embed", "--text", "red", "--model", model])[0]["embedding"].clone();
    assert_eq!(
        embed("lora-1"),
        embed("tests/fixtures/clip-f32"),
        "a blend of 0 is the model it started from"
    );

    program.json(&["runs", "delete", "lora-1"]);
    assert_eq!(run(&program, &["runs", "show", "lora-1"]).status.code(), Some(1));
}

#[test]
fn a_model_from_scratch_learns_in_both_shapes() {
    let folder = colours(12);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    for (architecture, layout) in [("vit", "Hugging Face"), ("resnet", "OpenCLIP")] {
        let small = [
            "--set",
            "width=32",
            "--set",
            "layers=2",
            "--set",
            "image-size=32",
            "--set",
            "batch=12",
        ];
        let args = [
            "fine-tune",
            path,
            "--method",
            "scratch",
            "--architecture",
            architecture,
            "--epochs",
            "12",
        ];
        let events = program.json(&[&args[..], &small, &["--set", "learning-rate=0.003"]].concat());
        let losses: Vec<f64> = events.iter().filter_map(|event| event["loss"].as_f64()).collect();
        assert!(losses.last() < losses.first(), "{architecture}: {losses:?}");
        let done = last_event(&events, "done");
        assert!(done["accuracy"].as_f64().unwrap() > 0.8, "{architecture}: {done}");
        let info = program.json(&["models", "info", done["run"].as_str().unwrap()]);
        assert_eq!(info[0]["layout"], layout);
        // transformers refuses a scale with a shape.
        let file = match architecture {
            "vit" => "model.safetensors",
            _ => "open_clip_model.safetensors",
        };
        let weights = read_flats(&Path::new(done["model"].as_str().unwrap()).join(file)).unwrap();
        assert!(weights["logit_scale"].shape.is_empty(), "{architecture}");
    }
}

#[test]
fn captions_are_learnt_from_and_recall_is_measured() {
    let folder = colours(8);
    let mut list = String::new();
    for class in ["red", "green", "blue"] {
        for n in 0..8 {
            list += &format!("{{\"file\": \"{class}/{n}.png\", \"caption\": \"a {class} picture\"}}\n");
        }
    }
    std::fs::write(folder.path().join("captions.jsonl"), list).unwrap();
    let program = Program::new();
    let path = folder.path().to_str().unwrap();
    let args = [
        "fine-tune",
        path,
        "--method",
        "contrastive",
        "--epochs",
        "3",
        "--set",
        "batch=8",
    ];
    let events = program.json(&[&args[..], &TINY].concat());
    let validation = last_event(&events, "validation");
    assert_eq!(validation["recall"].as_array().unwrap().len(), 2);
    assert!(validation["board"].as_array().is_some_and(|rows| !rows.is_empty()));
    let refused = run(
        &program,
        &[&["fine-tune", path, "--method", "linear-probe"], &TINY[..]].concat(),
    );
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("one a class"));
}

#[test]
fn the_k_shot_curve_has_zero_shot_as_its_star_and_every_seed() {
    let folder = colours(40);
    let path = folder.path().to_str().unwrap();
    let program = Program::new();
    let mut points = program.json(&[&["fine-tune", path, "--k-shot-curve"], &TINY[..]].concat());
    // What is to be said of the pictures comes first, where there is anything.
    points.retain(|point| point["event"] != "data");
    assert_eq!(points.len(), 3 * (1 + 2 * 5));
    assert!(
        points
            .iter()
            .all(|point| point["event"] == "k-shot" && point["accuracy"].is_number())
    );
    let of = |method: &str| points.iter().filter(|point| point["method"] == method).count();
    assert_eq!((of("zero-shot"), of("linear-probe"), of("tip-adapter")), (3, 15, 15));
}
