//! Losses, gradients, optimisers and regressions against PyTorch, SciPy and scikit-learn.

use std::path::PathBuf;

use burn::tensor::{DType, Device, Tensor};
use clipsight::clip::{Flat, Flats, Model, Precision, numbers, read_flats};
use clipsight::fine_tune::config::RunConfig;
use clipsight::fine_tune::data::{Dataset, Example, Split};
use clipsight::fine_tune::methods::logistic::{Problem, Weights};
use clipsight::fine_tune::methods::{contrastive, towers::TowerLearner};
use clipsight::fine_tune::optimizer::{Moments, Optimizer};
use clipsight::fine_tune::{Context, Leaves};
use clipsight::progress::Unheard;
use serde_json::Value;

use super::fixtures;

const MAX_LOSS_DIFFERENCE: f32 = 1e-4;
const MAX_GRADIENT_DIFFERENCE: f32 = 1e-3;
const MAX_WEIGHT_DIFFERENCE: f32 = 1e-5;
const MAX_COEFFICIENT_DIFFERENCE: f32 = 1e-2;

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
