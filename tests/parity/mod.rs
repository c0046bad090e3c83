//! What every model is held to: its reference's ids, embeddings, logits and maps, as its fixture has them.
#![allow(dead_code, reason = "each of the tests that share it uses its part")]

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use clipsight::clip::{Model, Pixels, Result};
use clipsight::heatmap::{HeatmapMethod, heat_maps};
use clipsight::library::decode;
use serde_json::Value;

/// The tolerances that the project promises.
pub const MIN_COSINE: f32 = 0.9999;
pub const MAX_LOGIT_DIFFERENCE: f32 = 1e-3;
pub const MAX_PIXEL_DIFFERENCE: u8 = 1;
pub const MAX_MEAN_PIXEL_DIFFERENCE: f64 = 0.02;
pub const MAX_MAP_DIFFERENCE: f32 = 1e-3;
pub const MIN_MAP_CORRELATION: f32 = 0.999;

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub struct Expected(pub Value);

impl Expected {
    pub fn read(model: &str) -> Self {
        let json = std::fs::read(fixtures().join(model).join("expected.json")).unwrap();
        Self(serde_json::from_slice(&json).unwrap())
    }

    pub fn strings(&self, key: &str) -> Vec<String> {
        serde_json::from_value(self.0[key].clone()).unwrap()
    }

    pub fn rows(&self, key: &str) -> Vec<Vec<f32>> {
        serde_json::from_value(self.0[key].clone()).unwrap()
    }

    pub fn ids(&self) -> Vec<Vec<u32>> {
        serde_json::from_value(self.0["ids"].clone()).unwrap()
    }
}

pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    (dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())) as f32
}

pub fn pixels(model: &Model, expected: &Expected) -> Vec<Pixels> {
    expected
        .strings("pictures")
        .iter()
        .map(|name| {
            let picture = decode(&fixtures().join("pictures").join(name)).unwrap();
            model.preprocessing().pixels(&picture).unwrap()
        })
        .collect()
}

/// As it is loaded for learning, and as it answers.
pub fn check(name: &str, open: impl Fn(&Device) -> Result<Model>, device: &Device) {
    check_model(name, &open(device).unwrap());
    check_model(name, &open(device).unwrap().laid_out());
}

pub fn check_model(name: &str, model: &Model) {
    let expected = Expected::read(name);

    let texts = expected.strings("texts");
    let tokens: Vec<_> = texts.iter().map(|text| model.tokenize(text).unwrap()).collect();
    let ids: Vec<Vec<u32>> = tokens.iter().map(|tokens| tokens.ids.clone()).collect();
    assert_eq!(ids, expected.ids(), "{name}: token ids");

    let text_embeddings = model.embed_texts(&tokens).unwrap();
    for ((ours, theirs), text) in text_embeddings.iter().zip(expected.rows("text_embeds")).zip(&texts) {
        let cosine = cosine(&ours.vector, &theirs);
        assert!(cosine >= MIN_COSINE, "{name}: \"{text}\" has cosine {cosine}");
        let norm = theirs.iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!(
            (ours.norm / norm - 1.0).abs() < 1e-3,
            "{name}: norm {} against {norm}",
            ours.norm
        );
    }

    let pictures = pixels(model, &expected);
    let image_embeddings = model.embed_images(&pictures).unwrap();
    let names = expected.strings("pictures");
    for ((ours, theirs), picture) in image_embeddings.iter().zip(expected.rows("image_embeds")).zip(&names) {
        let cosine = cosine(&ours.vector, &theirs);
        assert!(cosine >= MIN_COSINE, "{name}: {picture} has cosine {cosine}");
    }

    let scoring = model.info().scoring;
    assert_eq!(
        scoring.logit_bias.map(f64::from),
        expected.0["logit_bias"].as_f64(),
        "{name}: bias"
    );
    for (image, row) in image_embeddings.iter().zip(expected.rows("logits")) {
        for (text, theirs) in text_embeddings.iter().zip(row) {
            let ours = scoring.logit(cosine(&image.vector, &text.vector));
            assert!(
                (ours - theirs).abs() < MAX_LOGIT_DIFFERENCE,
                "{name}: logit {ours} against {theirs}"
            );
        }
    }
    check_heatmap(name, model, &expected);
}

/// Every map of `heatmaps.json` (and the one of `expected.json`) equals ours.
pub fn check_heatmap(name: &str, model: &Model, expected: &Expected) {
    let one = &expected.0["heatmap"];
    if !one.is_null() {
        let method = one["method"].as_str().unwrap();
        compare_maps(name, model, expected, &one["picture"], method, &one["maps"]);
    }
    let Ok(json) = std::fs::read(fixtures().join(name).join("heatmaps.json")) else {
        return;
    };
    let all: Value = serde_json::from_slice(&json).unwrap();
    for (method, maps) in all["maps"].as_object().unwrap() {
        compare_maps(name, model, expected, &all["picture"], method, maps);
    }
}

pub fn compare_maps(name: &str, model: &Model, expected: &Expected, picture: &Value, method: &str, theirs: &Value) {
    let picture = decode(&fixtures().join("pictures").join(picture.as_str().unwrap())).unwrap();
    let tokens: Vec<_> = expected.strings("texts")[..2]
        .iter()
        .map(|t| model.tokenize(t).unwrap())
        .collect();
    let texts: Vec<f32> = model
        .embed_texts(&tokens)
        .unwrap()
        .into_iter()
        .flat_map(|e| e.vector)
        .collect();
    let view = model.preprocessing().model_view(&picture).unwrap();
    let maps = heat_maps(model, HeatmapMethod::from_name(method).unwrap(), &view, &texts).unwrap();
    let theirs: Vec<Vec<Vec<f32>>> = serde_json::from_value(theirs.clone()).unwrap();
    assert_eq!(maps.len(), theirs.len());
    for (map, theirs) in maps.iter().zip(theirs) {
        assert_eq!((map.rows, map.columns), (theirs.len(), theirs[0].len()));
        let theirs: Vec<f32> = theirs.into_iter().flatten().collect();
        let (low, high) = map.range();
        assert!(high > low, "{name}: {method} is blank");
        for (ours, theirs) in map.values.iter().zip(&theirs) {
            let difference = (ours - theirs).abs() / (high - low);
            assert!(
                difference < MAX_MAP_DIFFERENCE,
                "{name}: {method} has {ours} against {theirs}"
            );
        }
        let correlation = cosine(&centred(&map.values), &centred(&theirs));
        assert!(
            correlation >= MIN_MAP_CORRELATION,
            "{name}: {method} correlates by {correlation}"
        );
    }
}

pub fn open(name: &'static str) -> impl Fn(&Device) -> Result<Model> {
    move |device| Model::open(&fixtures().join(name), device)
}

pub fn centred(values: &[f32]) -> Vec<f32> {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    values.iter().map(|value| value - mean).collect()
}

/// A copy of a fixture model that a test may damage.
pub fn copy_of(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixtures().join(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

pub fn error_of(folder: &Path) -> String {
    match Model::open(folder, &Device::flex()) {
        Ok(_) => panic!("the damaged model was opened"),
        Err(error) => error.to_string(),
    }
}
