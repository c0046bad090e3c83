//! How long a person waits while the model has far more to do than it can: a Vision Transformer of ViT-L's size with random
//! weights on the CPU, a folder being indexed, and an occlusion map of the inspected picture being made.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::bench::{median, ms};
use super::output::say;
use crate::clip::Precision;
use crate::engine::protocol::{
    AskedLabel, Event, HeatmapMethod, InferenceRequest, Label, LabelId, LibraryRequest, PictureId, Question, Request,
    TemplateSet,
};
use crate::engine::{Backend, DeviceChoice, Engine, EngineOptions, ModelChoice};
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::Hyper;
use crate::fine_tune::methods::scratch;

/// As ViT-L/14 at 224 pixels has: 24 blocks of 1,024 over 257 tokens.
const LAYERS: usize = 24;
const WIDTH: usize = 1_024;
/// 16 x 16 patches of 8 pixels.
const SIDE: usize = 128;
const LABELS: u64 = 8;
const REPEATS: usize = 5;
/// Longer than anything takes that goes on at all.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a person waited for, in milliseconds.
#[derive(Clone, Copy)]
pub struct Waits {
    /// From a click on another picture to its pixels.
    pub inspect_ms: f64,
    /// From a typed label to the answer.
    pub label_ms: f64,
}

/// Measures both, as medians.
pub fn waits_while_busy(folder: &Path, pictures: &[PathBuf]) -> Result<Waits> {
    let model = folder.join("vit-l-random");
    let hyper = Hyper {
        width: WIDTH,
        layers: LAYERS,
        image_size: SIDE,
        ..Hyper::of(FineTuneMethod::Scratch)
    };
    scratch::create(&model, &hyper, 0)?;
    let mut busy = Busy::start(folder, model, pictures)?;
    let (mut inspect, mut label) = (Vec::new(), Vec::new());
    for run in 0..REPEATS {
        inspect.push(busy.click(run + 1)?);
        busy.until("a heatmap begun", |event| matches!(event, Event::HeatMaps { .. }))?;
        label.push(busy.type_label()?);
    }
    Ok(Waits {
        inspect_ms: median(inspect),
        label_ms: median(label),
    })
}

struct Busy {
    engine: Engine,
    generation: u64,
    /// The list.
    pictures: Vec<PictureId>,
}

impl Busy {
    /// Begins to index, and to explain the first picture.
    fn start(folder: &Path, model: PathBuf, pictures: &[PathBuf]) -> Result<Self> {
        let options = EngineOptions {
            data_dir: Some(folder.join("data-busy")),
            model: ModelChoice::Path(model),
            device: DeviceChoice::Cpu,
            precision: Precision::Full,
        };
        let mut busy = Self {
            engine: Engine::start(options, Arc::new(|| {})),
            generation: 0,
            pictures: Vec::new(),
        };
        busy.engine.send(Request::Library(LibraryRequest::OpenFolders {
            library: 1,
            paths: copies(folder, pictures)?,
        }));
        busy.engine.send(Request::Inference(InferenceRequest::UseHeatmap(Some(
            HeatmapMethod::Occlusion,
        ))));
        busy.until("the list", |event| matches!(event, Event::Scanned { .. }))?;
        busy.type_label()?;
        busy.until("indexing", |event| matches!(event, Event::Indexed { done: 1.., .. }))?;
        Ok(busy)
    }

    /// From a click on a picture to its pixels.
    fn click(&mut self, place: usize) -> Result<f64> {
        let picture = *self.pictures.get(place).context("there are too few pictures")?;
        let started = Instant::now();
        self.engine.send(Request::Inspect {
            library: 1,
            picture: Some(picture),
        });
        self.until(
            "the picture",
            |event| matches!(event, Event::Inspected { picture: shown, .. } if *shown == picture),
        )?;
        Ok(ms(started))
    }

    /// From a question with one new label to its answer.
    fn type_label(&mut self) -> Result<f64> {
        self.generation += 1;
        let generation = self.generation;
        let labels = (0..LABELS).map(|n| AskedLabel {
            id: LabelId::known(n),
            label: Label::named(if n == 0 {
                format!("label typed as number {generation}")
            } else {
                format!("label {n}")
            }),
        });
        let started = Instant::now();
        self.engine
            .send(Request::Inference(InferenceRequest::Classify(Arc::new(Question {
                generation,
                labels: labels.collect(),
                templates: TemplateSet::One,
                none_bias: 0.0,
                model: None,
            }))));
        self.until(
            "the answer",
            |event| matches!(event, Event::Answered { question, .. } if question.generation == generation),
        )?;
        Ok(ms(started))
    }

    fn until(&mut self, what: &str, mut found: impl FnMut(&Event) -> bool) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            match self.engine.next_event() {
                Some(event) if found(&event) => return Ok(()),
                Some(Event::Pictures { pictures, .. }) => {
                    self.pictures.extend(pictures.iter().map(|file| file.id));
                }
                Some(Event::Message { text, .. }) => say(&text),
                Some(_) => {}
                None => std::thread::sleep(Duration::from_micros(500)),
            }
        }
        bail!("waited in vain for {what}")
    }
}

/// Enough pictures to be busy with, no two of them of the same content, which would be known once it was embedded.
fn copies(folder: &Path, pictures: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let target = folder.join("pictures-busy");
    std::fs::create_dir_all(&target)?;
    for (place, picture) in pictures.iter().cycle().take(20 * REPEATS).enumerate() {
        let extension = picture.extension().unwrap_or_default().to_string_lossy();
        let copy = target.join(format!("{place:04}.{extension}"));
        let mut bytes = std::fs::read(picture)?;
        // What follows a JPEG's end is no part of the picture.
        bytes.extend(place.to_le_bytes());
        std::fs::write(copy, bytes).context("the samples cannot be copied")?;
    }
    Ok(vec![target])
}
