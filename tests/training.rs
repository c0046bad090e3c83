//! Training equals its references (fixtures by `tests/reference/make_training.py`), survives being killed, and leaves
//! models that can be used.

mod program;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use burn::tensor::{DType, Device, Tensor};
use clipsight::clip::{Adapter, Flat, Flats, Model, Precision, export, is_adapter, numbers, parameter_id, read_flats};
use clipsight::fine_tune::config::RunConfig;
use clipsight::fine_tune::data::{Dataset, Example, Split};
use clipsight::fine_tune::methods::logistic::{Problem, Weights};
use clipsight::fine_tune::methods::{contrastive, towers::TowerLearner};
use clipsight::fine_tune::optimizer::{Moments, Optimizer};
use clipsight::fine_tune::{Context, Leaves};
use clipsight::library::decode;
use serde_json::Value;

use clipsight::progress::Unheard;
use program::{Program, lines};

const MAX_LOSS_DIFFERENCE: f32 = 1e-4;
const MAX_GRADIENT_DIFFERENCE: f32 = 1e-3;
const MAX_WEIGHT_DIFFERENCE: f32 = 1e-5;
const MAX_COEFFICIENT_DIFFERENCE: f32 = 1e-2;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(fixtures().join("training/expected.json")).unwrap()).unwrap()
}

fn list<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// The batch of the fixture as a training side, and a learner of everything.
fn batch(micro_batch: usize, precision: Precision, device: &Device) -> (Context, TowerLearner, Vec<String>) {
    let expected = expected()["contrastive"].clone();
    let (pictures, texts): (Vec<String>, Vec<String>) = (list(&expected["pictures"]), list(&expected["texts"]));
    let examples = pictures.iter().zip(&texts).map(|(name, text)| Example {
        path: fixtures().join("pictures").join(name),
        class: None,
        captions: vec![text.clone()],
    });
    let dataset = Dataset {
        examples: examples.collect(),
        ..Dataset::default()
    };
    let split = Split {
        train: (0..pictures.len()).collect(),
        ..Split::default()
    };
    let mut config = RunConfig::new(clipsight::fine_tune::FineTuneMethod::Contrastive, PathBuf::new());
    config.hyper.micro_batch = micro_batch;
    config.precision = precision;
    let model = Model::open(&fixtures().join("clip-f32"), device).unwrap();
    let context = Context::new(model, &dataset, &split, &config, None, &Unheard).unwrap();
    let learner = contrastive::learner(&config, &context).unwrap();
    (context, learner, texts)
}

fn transposed(flat: &Flat) -> Vec<f32> {
    let (rows, columns) = (flat.shape[0], flat.shape[1]);
    (0..columns)
        .flat_map(|c| (0..rows).map(move |r| flat.values[r * columns + c]))
        .collect()
}

/// Reference values by our names and layout.
fn reference(file: &str, model: &Model) -> Flats {
    let flats = read_flats(&fixtures().join("training").join(file)).unwrap();
    let mut ours = Flats::new();
    for parameter in model.parameters() {
        let Some(flat) = flats.get(&parameter.name) else {
            continue;
        };
        let values = match parameter.stored {
            clipsight::clip::Stored::Transposed => transposed(flat),
            _ => flat.values.clone(),
        };
        let shape = parameter.shape.clone();
        ours.insert(parameter.name.clone(), Flat { shape, values });
    }
    ours.insert("logit_scale".into(), flats["logit_scale"].clone());
    ours
}

#[test]
fn loss_gradients_and_a_step_equal_pytorchs_in_one_piece_and_in_parts() {
    for micro_batch in [4, 3, 1] {
        let (context, learner, texts) = batch(micro_batch, Precision::Full, &Device::flex());
        let (loss, gradients) = learner.gradients_of_pairs(&context, &texts).unwrap();
        let theirs = expected()["contrastive"]["loss"].as_f64().unwrap() as f32;
        assert!((loss - theirs).abs() < MAX_LOSS_DIFFERENCE, "{loss} against {theirs}");
        let expected_gradients = reference("gradients.safetensors", &context.model);
        let after = reference("after.safetensors", &context.model);
        let start = context.model.parameter_values().unwrap();
        assert_eq!(gradients.len(), expected_gradients.len());
        for (name, gradient) in gradients {
            let ours = numbers(gradient).unwrap();
            let theirs = &expected_gradients[&name].values;
            let largest = theirs
                .iter()
                .fold(0.0f32, |largest, value| largest.max(value.abs()))
                .max(1e-4);
            for (place, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                let difference = (ours - theirs).abs() / largest;
                assert!(
                    difference < MAX_GRADIENT_DIFFERENCE,
                    "{name}[{place}]: {ours} against {theirs}"
                );
            }
            let stepped = start[&name]
                .values
                .iter()
                .zip(&ours)
                .map(|(value, gradient)| value - 0.1 * gradient);
            for (ours, theirs) in stepped.zip(&after[&name].values) {
                assert!(
                    (ours - theirs).abs() < MAX_WEIGHT_DIFFERENCE,
                    "{name}: {ours} against {theirs}"
                );
            }
        }
    }
}

/// Half precision on the GPU where one has it, else on the CPU, as slowly as that is.
#[test]
fn gradients_in_half_precision_stay_near_full() {
    const MAX_HALF_LOSS_DIFFERENCE: f32 = 1e-2;
    const MIN_HALF_COSINE: f64 = 0.999;
    let device = match clipsight::engine::gpu() {
        Ok(Some((device, _))) if device.supports_dtype(DType::F16) => device,
        _ => Device::flex(),
    };
    for micro_batch in [4, 3] {
        let of = |precision| {
            let (context, learner, texts) = batch(micro_batch, precision, &device);
            let (loss, gradients) = learner.gradients_of_pairs(&context, &texts).unwrap();
            let each = gradients.into_values().flat_map(|gradient| numbers(gradient).unwrap());
            (loss, each.map(f64::from).collect::<Vec<f64>>())
        };
        let ((full_loss, full), (half_loss, half)) = (of(Precision::Full), of(Precision::Half));
        assert!(
            (full_loss - half_loss).abs() < MAX_HALF_LOSS_DIFFERENCE,
            "{half_loss} against {full_loss}"
        );
        assert_ne!(full, half, "it was not computed in half precision");
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let cosine = dot(&full, &half) / (dot(&full, &full) * dot(&half, &half)).sqrt();
        assert!(cosine >= MIN_HALF_COSINE, "{cosine}");
        let lengths = (dot(&half, &half) / dot(&full, &full)).sqrt();
        assert!((lengths - 1.0).abs() < 1e-2, "{lengths}");
    }
}

#[test]
fn adamw_equals_pytorchs() {
    follows_pytorch("adamw", Moments::CLIP, 0.2);
}

/// Gradients as small as the epsilon: with another one the steps would be several times as long.
#[test]
fn tip_adapters_and_prolips_adam_equals_pytorchs_with_their_epsilon() {
    follows_pytorch("few_shot_adamw", Moments::FEW_SHOT, 0.01);
}

fn follows_pytorch(name: &str, moments: Moments, weight_decay: f64) {
    let expected = expected()[name].clone();
    let start: Vec<f32> = list(&expected["start"]);
    let flat = Flat {
        shape: vec![3, 4],
        values: start,
    };
    let mut leaves = Leaves::from_flats(&[("w".to_string(), flat)].into_iter().collect(), &Device::flex());
    let mut optimizer = Optimizer::new(moments, weight_decay);
    let (gradients, steps): (Vec<Vec<f32>>, Vec<Vec<f32>>) = (list(&expected["gradients"]), list(&expected["steps"]));
    for (gradient, theirs) in gradients.into_iter().zip(steps) {
        let gradient = Tensor::<1>::from_data(gradient.as_slice(), &Device::flex());
        let gradient = [("w".to_string(), gradient)].into_iter().collect();
        optimizer.step(&mut leaves, gradient, 0.01, (1.0, 0.0));
        let ours = &leaves.to_flats().unwrap()["w"].values;
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() < 1e-6, "{ours} against {theirs}");
        }
    }
}

#[test]
fn a_regression_beside_known_logits_equals_scipys_and_is_nothing_at_the_strongest() {
    let expected = expected()["beside"].clone();
    let (features, known): (Vec<Vec<f32>>, Vec<Vec<f32>>) = (list(&expected["features"]), list(&expected["known"]));
    let labels: Vec<usize> = list(&expected["labels"]);
    let problem = Problem::new(&features, &labels, 3).beside(&known);
    for fit in expected["fits"].as_array().unwrap() {
        let c = fit["c"].as_f64().unwrap();
        let (weights, _) = problem.solve(c, &Weights::zero(3, 5), 1_000).unwrap();
        let (weight, bias): (Vec<f32>, Vec<f32>) = (list(&fit["weight"]), list(&fit["bias"]));
        let ours = weights.weight.values.iter().chain(&weights.bias);
        for (ours, theirs) in ours.zip(weight.iter().chain(&bias)) {
            assert!(
                (ours - theirs).abs() < MAX_COEFFICIENT_DIFFERENCE,
                "{c}: {ours} against {theirs}"
            );
            assert!(
                c > 1e-3 || ours.abs() < 1e-4,
                "the strongest regularisation leaves the texts alone"
            );
        }
    }
}

#[test]
fn logistic_regression_equals_scikit_learns() {
    let expected = expected()["logistic"].clone();
    let features: Vec<Vec<f32>> = list(&expected["features"]);
    let labels: Vec<usize> = list(&expected["labels"]);
    let problem = Problem::new(&features, &labels, 3);
    let start = Weights {
        weight: Flat {
            shape: vec![3, 6],
            values: vec![0.0; 18],
        },
        bias: vec![0.0; 3],
    };
    for fit in expected["fits"].as_array().unwrap() {
        let (weights, _) = problem.solve(fit["c"].as_f64().unwrap(), &start, 1_000).unwrap();
        let theirs: Vec<Vec<f32>> = list(&fit["coef"]);
        for (ours, theirs) in weights.weight.values.iter().zip(theirs.iter().flatten()) {
            assert!(
                (ours - theirs).abs() < MAX_COEFFICIENT_DIFFERENCE,
                "{ours} against {theirs}"
            );
        }
        // Biases are known up to a common number.
        let theirs: Vec<f32> = list(&fit["intercept"]);
        let centred = |values: &[f32]| -> Vec<f32> {
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            values.iter().map(|value| value - mean).collect()
        };
        for (ours, theirs) in centred(&weights.bias).iter().zip(centred(&theirs)) {
            assert!(
                (ours - theirs).abs() < MAX_COEFFICIENT_DIFFERENCE,
                "{ours} against {theirs}"
            );
        }
        let right = features.iter().zip(&labels).filter(|(row, label)| {
            let logit = |class: usize| {
                let weight = &weights.weight.values[class * 6..(class + 1) * 6];
                weights.bias[class] + row.iter().zip(weight).map(|(a, b)| a * b).sum::<f32>()
            };
            (0..3).all(|class| class == **label || logit(class) < logit(**label))
        });
        let accuracy = right.count() as f64 / labels.len() as f64;
        assert!(
            (accuracy - fit["accuracy"].as_f64().unwrap()).abs() < 1e-9,
            "{accuracy}"
        );
    }
}

#[test]
fn an_exported_model_is_the_model_in_every_layout() {
    let sources = [
        ("clip-f32", "clip-f32"),
        ("openclip-vit", "openclip-vit"),
        ("openclip-custom-text", "openclip-custom-text"),
        ("openclip-resnet", "openclip-resnet"),
        ("openai-vit/model.pt", "openai-vit"),
        ("openai-resnet/model.pt", "openai-resnet"),
        ("siglip", "siglip"),
        ("siglip2", "siglip2"),
    ];
    let device = Device::flex();
    let picture = decode(&fixtures().join("pictures/photo-wide.png")).unwrap();
    let embed = |model: &Model| {
        let pixels = model.preprocessing().pixels(&picture).unwrap();
        let tokens = model.tokenize("a photo of a cat.").unwrap();
        let mut both = model.embed_images(&[pixels]).unwrap();
        both.extend(model.embed_texts(&[tokens]).unwrap());
        both
    };
    let check = |name: &str, source: Option<PathBuf>| {
        let open = |path: Option<&Path>| {
            path.map_or_else(|| Model::starter(&device), |p| Model::open(p, &device))
                .unwrap()
        };
        let model = open(source.as_deref());
        // A changed parameter must arrive, too.
        let values = model.parameter_values().unwrap();
        let changed = values
            .keys()
            .find(|key| key.ends_with("out_proj.weight") || key.contains("c_proj.weight"))
            .unwrap();
        let shifted: Vec<f32> = values[changed].values.iter().map(|value| value * 1.5 + 0.01).collect();
        let tensor = Tensor::<1>::from_data(shifted.as_slice(), &device);
        let model = model.with_parameters(
            &[(parameter_id(changed), tensor)].into_iter().collect(),
            Some(1.0),
            None,
        );
        let folder = tempfile::tempdir().unwrap();
        export(&model, source.as_deref(), folder.path()).unwrap();
        let again = open(Some(folder.path()));
        assert!((again.info().scoring.logit_scale - 1.0f32.exp()).abs() < 1e-5, "{name}");
        for (a, b) in embed(&model).iter().zip(embed(&again)) {
            let cosine: f32 = a.vector.iter().zip(&b.vector).map(|(a, b)| a * b).sum();
            assert!(cosine > 0.999_99, "{name}: {cosine}");
            assert!((a.norm / b.norm - 1.0).abs() < 1e-3, "{name}");
        }
    };
    for (source, name) in sources {
        check(name, Some(fixtures().join(source)));
    }
    check("starter", None);
}

/// Three classes of plain colours with noise, so many of each.
fn colours(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, base) in [
        ("red", [200u8, 40, 40]),
        ("green", [40, 200, 40]),
        ("blue", [40, 40, 200]),
    ] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        for n in 0..count {
            let mut random = fastrand::Rng::with_seed(n as u64 * 31 + u64::from(base[0]) + 7 * u64::from(base[1]));
            let picture = image::RgbImage::from_fn(48, 48, |x, y| {
                let block = ((x / 8 * 13 + y / 8 * 7 + n as u32 * 5) % 11) as u8 * 4;
                image::Rgb(base.map(|value| value.saturating_add(block).saturating_sub(random.u8(0..30))))
            });
            picture
                .save(folder.path().join(class).join(format!("{n}.png")))
                .unwrap();
        }
    }
    folder
}

/// The program, printing JSON.
fn command(program: &Program, args: &[&str]) -> Command {
    program.command(&[args, &["--format", "json"]].concat())
}

fn run(program: &Program, args: &[&str]) -> Output {
    command(program, args).output().unwrap()
}

fn learnt(program: &Program, run: &str) -> Flats {
    let folder = program.0.path().join("runs").join(run);
    read_flats(&folder.join("learnt/adapter.safetensors")).unwrap()
}

fn last_event(lines: &[Value], event: &str) -> Value {
    lines
        .iter()
        .rev()
        .find(|line| line["event"] == event)
        .unwrap_or_else(|| panic!("no {event}: {lines:?}"))
        .clone()
}

const TINY: [&str; 2] = ["--model", "tests/fixtures/clip-f32"];

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
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("one folder a class"));
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
