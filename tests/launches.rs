//! What a GPU is asked to do: how many launches a pass takes, and that a model laid out for a GPU, with kernels of our own,
//! gives what it gives on the processor. On a software adapter, which counts and computes as any other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use burn::tensor::{DType, Device};
use clipsight::clip::kernels::gpu::use_own;
use clipsight::clip::{Embedding, Model, Pixels, Precision, TokenizedText};
use cubecl::logging::{LaunchObservation, LaunchObserver};
use safetensors::{SafeTensors, tensor::TensorView};

mod software;

use software::software;

/// Launches of a tower of twelve blocks, at most.
const MOST_LAUNCHES: usize = 120;
/// Cosines that the project promises.
const MIN_COSINE: f32 = 0.9999;
const MIN_HALF_COSINE: f32 = 0.999;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[derive(Default)]
struct Counted(Mutex<BTreeMap<&'static str, usize>>);

impl LaunchObserver for Counted {
    fn launched(&self, kernel: &'static str) {
        *self.0.lock().unwrap().entry(kernel).or_default() += 1;
    }
}

/// Launches of some work, by kernel, after it ran once.
fn launches(mut work: impl FnMut()) -> (usize, BTreeMap<&'static str, usize>) {
    work();
    let counted = Arc::new(Counted::default());
    let watching = LaunchObservation::new(counted.clone());
    work();
    drop(watching);
    let by_kernel = counted.0.lock().unwrap().clone();
    (by_kernel.values().sum(), by_kernel)
}

/// The fixture with as many blocks as real towers have: its own, over and over.
fn twelve_blocks() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixture("clip-f32")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let config = folder.path().join("config.json");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    for tower in ["vision_config", "text_config"] {
        json[tower]["num_hidden_layers"] = 12.into();
    }
    std::fs::write(&config, json.to_string()).unwrap();
    let weights = folder.path().join("model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    let stored = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: BTreeMap<String, TensorView<'_>> = stored.tensors().into_iter().collect();
    for (name, tensor) in stored.tensors() {
        for block in 2..12usize {
            let (from, to) = (format!(".layers.{}.", block % 2), format!(".layers.{block}."));
            if name.contains(&from) {
                tensors.insert(name.replace(&from, &to), tensor.clone());
            }
        }
    }
    std::fs::write(&weights, safetensors::serialize(&tensors, None).unwrap()).unwrap();
    folder
}

fn pictures(model: &Model, count: u32) -> Vec<Pixels> {
    let picture = |n: u32| {
        image::RgbImage::from_fn(60 + n, 50, |x, y| {
            image::Rgb([(x * 4 + n) as u8, (y * 5) as u8, (x * y + 31 * n) as u8])
        })
    };
    (0..count)
        .map(|n| model.preprocessing().pixels(&picture(n)).unwrap())
        .collect()
}

fn texts(model: &Model) -> Vec<TokenizedText> {
    ["a photo of a cat.", "dog", "42 lemons on a table"]
        .map(|text| model.tokenize(text).unwrap())
        .to_vec()
}

fn same(what: &str, ours: &[Embedding], theirs: &[Embedding]) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        let cosine: f32 = a.vector.iter().zip(&b.vector).map(|(a, b)| a * b).sum();
        assert!(cosine >= MIN_COSINE, "{what}: cosine {cosine}");
        assert!(
            (a.norm / b.norm - 1.0).abs() < 1e-3,
            "{what}: {} and {}",
            a.norm,
            b.norm
        );
    }
}

#[test]
fn a_pass_of_twelve_blocks_takes_few_launches() {
    let Some((_turn, device)) = software() else { return };
    let folder = twelve_blocks();
    let model = Model::open(folder.path(), &device).unwrap().laid_out();
    let reference = Model::open(folder.path(), &Device::flex()).unwrap().laid_out();
    let (pictures, texts) = (pictures(&model, 2), texts(&model));
    for own in [false, true] {
        use_own(own);
        let embedded = model.embed_images(&pictures).unwrap();
        same("pictures", &embedded, &reference.embed_images(&pictures).unwrap());
        let embedded = model.embed_texts(&texts).unwrap();
        same("texts", &embedded, &reference.embed_texts(&texts).unwrap());
        let (of_pictures, by_kernel) = launches(|| drop(model.embed_images(&pictures).unwrap()));
        let (of_texts, _) = launches(|| drop(model.embed_texts(&texts).unwrap()));
        let started = Instant::now();
        for _ in 0..20 {
            model.embed_images(&pictures).unwrap();
        }
        let ms = started.elapsed().as_secs_f64() * 1e3 / 20.0;
        eprintln!("own kernels {own}: {of_pictures} launches for pictures in {ms:.2} ms, {of_texts} for texts");
        for (kernel, count) in &by_kernel {
            eprintln!("  {count:4} {kernel}");
        }
        if own {
            assert!(of_pictures <= MOST_LAUNCHES, "{of_pictures} launches for pictures");
            assert!(of_texts <= MOST_LAUNCHES, "{of_texts} launches for texts");
        }
    }
}

#[test]
fn a_model_laid_out_for_a_gpu_gives_what_it_gives_on_the_processor() {
    let Some((_turn, device)) = software() else { return };
    for name in [
        "clip-f32",
        "clip-bf16",
        "openclip-vit",
        "openclip-custom-text",
        "siglip",
        "siglip2",
    ] {
        let open = |device: &Device| Model::open(&fixture(name), device).unwrap().laid_out();
        let (model, reference) = (open(&device), open(&Device::flex()));
        let (pictures, texts) = (pictures(&model, 3), texts(&model));
        let embedded = model.embed_images(&pictures).unwrap();
        same(name, &embedded, &reference.embed_images(&pictures).unwrap());
        let begun = model.begin(&pictures).expect("a GPU begins");
        assert_eq!(model.finish(begun).unwrap(), embedded, "{name}: the same, but later");
        let embedded = model.embed_texts(&texts).unwrap();
        same(name, &embedded, &reference.embed_texts(&texts).unwrap());
        let (_, embedded) = model.features_and_embeddings(&pictures).unwrap();
        same(name, &embedded, &reference.embed_images(&pictures).unwrap());
        if device.supports_dtype(DType::F16) {
            let half = Model::open_in(&fixture(name), &device, Precision::Half)
                .unwrap()
                .laid_out();
            let half = [half.embed_images(&pictures).unwrap(), half.embed_texts(&texts).unwrap()].concat();
            let full = [
                reference.embed_images(&pictures).unwrap(),
                reference.embed_texts(&texts).unwrap(),
            ];
            for (half, full) in half.iter().zip(&full.concat()) {
                let cosine: f32 = half.vector.iter().zip(&full.vector).map(|(a, b)| a * b).sum();
                assert!(cosine >= MIN_HALF_COSINE, "{name} in half precision: cosine {cosine}");
            }
        }
    }
}
