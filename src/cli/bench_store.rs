//! A hundred thousand pictures that are known already: hard links of a few small pictures, with made-up contents and
//! embeddings in the stores. What a second look at them costs.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::clip::{Embedding, ModelInfo, Precision};
use crate::engine::protocol::{
    AskedLabel, Event, InferenceRequest, Label, LabelId, LibraryRequest, Question, Request, TemplateSet,
};
use crate::engine::{Backend, DeviceChoice, Engine, EngineOptions, ModelChoice};
use crate::library::{
    Computed, Content, DATA_DIR_VARIABLE, Fact, Store, Thumbnail, decode_fitted, stamp, thumbnail_to_jpeg,
};

const PICTURES: usize = 100_000;
const IN_A_FOLDER: usize = 60;
/// Longest side of the pictures that are linked to.
const SIDE: u32 = 200;
const LABELS: [&str; 5] = ["cat", "dog", "car", "lemon", "rocket"];
const BATCH: usize = 2_000;
/// Longer than anything takes that goes on at all.
const PATIENCE: Duration = Duration::from_secs(120);

/// What it costs.
#[derive(Clone, Copy)]
pub struct Costs {
    /// `classify` with five labels, in seconds.
    pub classify_s: f64,
    /// `search --text`, in seconds.
    pub search_s: f64,
    /// From the start of the engine until all are scored, in seconds.
    pub scored_s: f64,
    /// Both stores on the disk, in kilobytes a picture.
    pub kilobytes: f64,
}

/// Makes the folder and the stores, and measures each once.
pub fn costs(folder: &Path, samples: &[PathBuf], choice: &ModelChoice, info: &ModelInfo) -> Result<Costs> {
    let (pictures, data) = (folder.join("pictures-known"), folder.join("data-known"));
    let paths = (0..PICTURES).map(|n| place_of(&pictures, n)).collect();
    fill(&pictures, &data, samples, info, paths)?;
    let command = |args: &[&str]| timed(&pictures, &data, choice, args);
    let labels: Vec<&str> = LABELS.iter().flat_map(|label| ["--label", label]).collect();
    let classify_s = command(&[&["classify"], labels.as_slice()].concat())?;
    let search_s = command(&["search", "--text", "a photo of a cat."])?;
    let scored_s = until_scored(&pictures, &data, choice)?;
    let holdings = Store::keeper(Some(&data)).holdings()?.context("there are no stores")?;
    Ok(Costs {
        classify_s,
        search_s,
        scored_s,
        kilobytes: (holdings.catalog_bytes + holdings.cache_bytes) as f64 / 1e3 / PICTURES as f64,
    })
}

/// Makes pictures at these paths below a folder, and stores in which they are known.
pub fn fill(pictures: &Path, data: &Path, samples: &[PathBuf], info: &ModelInfo, paths: Vec<PathBuf>) -> Result<()> {
    let sources = sources(pictures, samples)?;
    let mut store = Store::keeper(Some(data));
    let mut random = fastrand::Rng::with_seed(7);
    // First all links: each of them changes the stamp of the file.
    for (n, path) in paths.iter().enumerate() {
        let folder = path.parent().unwrap_or(pictures);
        if !folder.exists() {
            std::fs::create_dir_all(folder)?;
        }
        let (source, _) = &sources[n % sources.len()];
        std::fs::hard_link(source, path).context("this disk has no hard links")?;
    }
    let count = paths.len();
    for (n, path) in paths.into_iter().enumerate() {
        store.keep(Fact {
            computed: Computed {
                content: Content::of(&n.to_le_bytes()),
                thumbnail: Some(sources[n % sources.len()].1.clone()),
                embedding: Some((info.identity.clone(), embedding(&mut random, info.projection_dim))),
            },
            stamp: Some(stamp(&path)?),
            path,
        });
        if ((n + 1) % BATCH == 0 || n + 1 == count) && !store.flush_now() {
            bail!("the stores cannot be filled: {}", store.notes().join("; "));
        }
    }
    Ok(())
}

fn place_of(pictures: &Path, n: usize) -> PathBuf {
    pictures.join(format!("{:04}/{n:06}.jpg", n / IN_A_FOLDER))
}

/// Small pictures to link to, outside of the folder, with their thumbnails.
fn sources(pictures: &Path, samples: &[PathBuf]) -> Result<Vec<(PathBuf, Thumbnail)>> {
    let folder = pictures.with_extension("sources");
    std::fs::create_dir_all(&folder)?;
    let source = |(n, sample): (usize, &PathBuf)| {
        let small = decode_fitted(sample, SIDE)?;
        let jpeg = thumbnail_to_jpeg(&small).context("a thumbnail cannot be made")?;
        let path = folder.join(format!("{n}.jpg"));
        std::fs::write(&path, &jpeg)?;
        let (width, height) = small.dimensions();
        Ok((path, Thumbnail { width, height, jpeg }))
    };
    samples.iter().enumerate().map(source).collect()
}

fn embedding(random: &mut fastrand::Rng, dim: usize) -> Embedding {
    let raw: Vec<f32> = (0..dim).map(|_| random.f32() - 0.5).collect();
    let norm = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    Embedding {
        vector: raw.iter().map(|value| value / norm).collect(),
        norm,
    }
}

fn timed(pictures: &Path, data: &Path, choice: &ModelChoice, args: &[&str]) -> Result<f64> {
    let mut command = Command::new(std::env::current_exe()?);
    let model = choice.path().map_or(OsStr::new("starter"), Path::as_os_str);
    command
        .args([args[0].as_ref(), pictures.as_os_str()])
        .args(&args[1..])
        .args(["--format", "csv", "--device", "cpu", "--model"])
        .arg(model)
        .env(DATA_DIR_VARIABLE, data)
        .stdout(Stdio::null());
    let started = Instant::now();
    let status = command.status()?;
    if !status.success() {
        bail!("{} failed", args[0]);
    }
    Ok(started.elapsed().as_secs_f64())
}

fn until_scored(pictures: &Path, data: &Path, choice: &ModelChoice) -> Result<f64> {
    let started = Instant::now();
    let options = EngineOptions {
        data_dir: Some(data.into()),
        model: choice.clone(),
        device: DeviceChoice::Cpu,
        precision: Precision::Full,
    };
    let mut engine = Engine::start(options, Arc::new(|| {}));
    engine.send(Request::Library(LibraryRequest::OpenFolders {
        library: 1,
        paths: vec![pictures.into()],
    }));
    let labels = (0..).zip(LABELS).map(|(n, name)| AskedLabel {
        id: LabelId::known(n),
        label: Label::named(name),
    });
    engine.send(Request::Inference(InferenceRequest::Classify(Arc::new(Question {
        generation: 1,
        labels: labels.collect(),
        templates: TemplateSet::One,
        none_bias: 0.0,
        model: None,
    }))));
    let mut scored = HashSet::new();
    while started.elapsed() < PATIENCE {
        match engine.next_event() {
            Some(Event::Predictions { rows, .. }) => scored.extend(rows.into_iter().map(|(picture, _)| picture)),
            Some(_) => {}
            None => std::thread::sleep(Duration::from_millis(1)),
        }
        if scored.len() == PICTURES {
            return Ok(started.elapsed().as_secs_f64());
        }
    }
    bail!("only {} of {PICTURES} pictures are scored", scored.len())
}
