//! `clipsight bench`: every performance figure, as medians, by the names that RESULTS.md uses.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use image::RgbImage;
use rayon::prelude::*;
use serde_json::json;

use super::Common;
use super::args::BenchArgs;
use super::bench_busy::{Waits, waits_while_busy};
use super::bench_gpu::{has_gpu, ready};
use super::bench_large::large_sharp_ms;
use super::bench_scores::scores_mb;
use super::bench_store::{Costs, costs};
use super::crowd::{large_thumbnail_ms, scroll_frame_ms_p99};
use super::crowd_evaluation::{confusion_frame_ms_p99, map_frame_ms_p99};
use super::output::{Output, say};
use super::pictures::{device, model};
use super::{bench_description, bench_evaluation, bench_training};
use crate::clip::{Precision, TokenizedText};
use crate::engine::{DeviceChoice, ModelChoice, Session, place};
use crate::fine_tune::FineTuneMethod;
use crate::heatmap::HeatmapMethod;
use crate::heatmap::heat_maps;
use crate::library::{DATA_DIR_VARIABLE, decode, scan, unpack_samples};
use crate::memory::peak_mb;
use crate::progress::Unheard;
use crate::zero_shot::{Label, TemplateSet, score};

const REPEATS: usize = 5;
const TEXTS: usize = 64;
const LABELS: usize = 10;
/// Labels for which heatmaps are made.
const HEATMAP_LABELS: [usize; 2] = [1, 32];

/// Of a GPU alone: seconds to its first answer, and to the processor's, which answers meanwhile.
const GPU_READY: [&str; 2] = ["gpu_ready_s", "gpu_ready_processor_s"];

/// A figure: its name, its unit, how it is measured.
type Figure = (&'static str, &'static str, fn(&mut Bench) -> Result<f64>);

const FIGURES: [Figure; 34] = [
    ("start_to_first_frame_ms", "ms", |bench| bench.start_to("first-frame")),
    ("start_to_first_prediction_ms", "ms", |bench| {
        bench.start_to("first-prediction")
    }),
    ("pictures_per_s", "pictures/s", Bench::pictures_per_s),
    ("decoding_per_s", "pictures/s", Bench::decoding_per_s),
    ("image_tower_ms_batch_1", "ms/picture", |bench| bench.image_tower_ms(1)),
    ("image_tower_ms_batch_8", "ms/picture", |bench| bench.image_tower_ms(8)),
    ("image_tower_ms_batch_16", "ms/picture", |bench| {
        bench.image_tower_ms(16)
    }),
    ("image_tower_ms_batch_64", "ms/picture", |bench| {
        bench.image_tower_ms(64)
    }),
    ("texts_per_s", "texts/s", Bench::texts_per_s),
    ("labels_to_predictions_1000_ms", "ms", |bench| {
        bench.labels_to_predictions_ms(1_000)
    }),
    ("labels_to_predictions_10000_ms", "ms", |bench| {
        bench.labels_to_predictions_ms(10_000)
    }),
    ("scores_100000_by_1000_mb", "MB", |_| scores_mb()),
    ("linear_probe_10000_s", "s", |_| bench_training::linear_probe_s()),
    ("train_step_lora_batch_8_ms", "ms", |bench| {
        bench.train_step_ms(FineTuneMethod::Lora)
    }),
    ("train_step_full_batch_8_ms", "ms", |bench| {
        bench.train_step_ms(FineTuneMethod::Contrastive)
    }),
    ("evaluate_50000_1000_ms", "ms", |_| bench_evaluation::evaluate_ms()),
    ("evaluate_50000_1000_product_ms", "ms", |_| {
        bench_evaluation::product_ms()
    }),
    ("evaluate_50000_bootstrap_ms", "ms", |_| {
        bench_evaluation::bootstrap_ms()
    }),
    ("evaluate_description_10000_ms", "ms", |bench| {
        bench.changed_description_ms()
    }),
    ("map_tsne_50000_s", "s", |_| bench_evaluation::tsne_s()),
    ("confusion_frame_ms_p99", "ms", |_| confusion_frame_ms_p99()),
    ("map_frame_ms_p99", "ms", |_| map_frame_ms_p99()),
    ("scroll_frame_ms_p99", "ms", |_| scroll_frame_ms_p99(10_000, 8)),
    ("scroll_frame_ms_p99_pictures_100000", "ms", |_| {
        scroll_frame_ms_p99(100_000, 8)
    }),
    ("scroll_frame_ms_p99_labels_2000", "ms", |_| {
        scroll_frame_ms_p99(1_000, 2_000)
    }),
    ("large_thumbnail_ms", "ms", |_| large_thumbnail_ms()),
    ("large_sharp_ms", "ms", |_| large_sharp_ms()),
    ("peak_memory_mb", "MB", |_| {
        peak_mb().context("the system does not tell")
    }),
    ("classify_100000_again_s", "s", |bench| Ok(bench.costs()?.classify_s)),
    ("search_100000_again_s", "s", |bench| Ok(bench.costs()?.search_s)),
    ("scored_100000_again_s", "s", |bench| Ok(bench.costs()?.scored_s)),
    ("store_kb_a_picture", "kB/picture", |bench| Ok(bench.costs()?.kilobytes)),
    // A model of 2.4 GB: after the memory, which it would change.
    ("inspect_while_busy_ms", "ms", |bench| Ok(bench.waits()?.inspect_ms)),
    ("label_while_busy_ms", "ms", |bench| Ok(bench.waits()?.label_ms)),
];

/// Runs the command.
pub fn run(args: &BenchArgs, common: &Common, output: &mut Output) -> Result<()> {
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|start| name.starts_with(start.as_str()));
    if GPU_READY.into_iter().any(wanted) && (!args.only.is_empty() || has_gpu(device(common))) {
        // Before anything else of this process prepares the GPU.
        gpu_ready(common, output)?;
    }
    let mut bench = Bench::new(common)?;
    for (name, unit, measure) in FIGURES.into_iter().filter(|(name, _, _)| wanted(name)) {
        print(output, name, unit, measure(&mut bench))?;
    }
    let tower = bench.session.loaded.model.info().tower;
    for (method, labels) in
        HeatmapMethod::fitting(tower).flat_map(|method| HEATMAP_LABELS.map(|labels| (method, labels)))
    {
        let name = format!("heatmap_{}_labels_{labels}", method.name());
        if wanted(&name) {
            let measured = bench.heatmap_ms(method, labels);
            let passes = measured.as_ref().ok().map(|(_, passes)| *passes);
            print(output, &format!("{name}_ms"), "ms", measured.map(|(ms, _)| ms))?;
            if let Some(passes) = passes {
                print(output, &format!("{name}_passes"), "forward passes", Ok(passes))?;
            }
        }
    }
    Ok(())
}

/// The window's way to a GPU: what it takes to the first answer of all, and to the first by the GPU.
fn gpu_ready(common: &Common, output: &mut Output) -> Result<()> {
    let precision = common.precision.unwrap_or_default();
    let measured = ready(model(common)?, device(common), precision);
    let [gpu, processor] = GPU_READY;
    match measured {
        Ok(ready) => {
            print(output, processor, "s", Ok(ready.processor_s))?;
            print(output, gpu, "s", Ok(ready.gpu_s))
        }
        Err(reason) => print(output, gpu, "s", Err(reason)),
    }
}

fn print(output: &mut Output, name: &str, unit: &str, measured: Result<f64>) -> Result<()> {
    match measured {
        Ok(value) => output.result(
            &json!({ "name": name, "value": value, "unit": unit }),
            &["name", "value", "unit"],
            || vec![vec![name.into(), value.to_string(), unit.into()]],
            || format!("{name:<38} {value:>10.2} {unit}"),
        )?,
        Err(reason) => output.failure(name, &format!("{reason:#}")),
    }
    Ok(())
}

struct Bench {
    session: Session,
    model: Option<OsString>,
    device: DeviceChoice,
    precision: Precision,
    folder: PathBuf,
    pictures: Vec<PathBuf>,
    waits: Option<Waits>,
    costs: Option<Costs>,
}

impl Bench {
    fn new(common: &Common) -> Result<Self> {
        let choice = model(common)?;
        let (device, precision) = (device(common), common.precision.unwrap_or_default());
        let warn = |warning: String| say(&warning);
        let session = Session::open(&choice, device, precision, None, Box::new(warn))?;
        let folder = std::env::temp_dir().join(format!("clipsight-bench-{}", std::process::id()));
        let samples = unpack_samples(&folder).context("cannot write the samples to the temporary folder")?;
        let pictures = scan(&samples, &Unheard)
            .pictures
            .into_iter()
            .map(|found| found.path)
            .collect();
        Ok(Self {
            session,
            model: common.model.clone(),
            device,
            precision,
            folder,
            pictures,
            waits: None,
            costs: None,
        })
    }

    /// What a person waits for while the model is busy; measured once.
    fn waits(&mut self) -> Result<Waits> {
        if self.waits.is_none() {
            self.waits = Some(waits_while_busy(&self.folder, &self.pictures)?);
        }
        self.waits.context("it was not measured")
    }

    /// What a hundred thousand pictures cost that are known already; measured once.
    fn costs(&mut self) -> Result<Costs> {
        if self.costs.is_none() {
            let choice = self.choice()?;
            let info = self.session.loaded.model.info();
            self.costs = Some(costs(&self.folder, &self.pictures, &choice, info)?);
        }
        self.costs.context("it was not measured")
    }

    fn choice(&self) -> Result<ModelChoice> {
        let parsed = self.model.as_deref().map(ModelChoice::parse);
        parsed.unwrap_or(Ok(ModelChoice::Starter)).map_err(anyhow::Error::msg)
    }

    fn changed_description_ms(&mut self) -> Result<f64> {
        let choice = self.choice()?;
        let info = self.session.loaded.model.info();
        bench_description::changed_description_ms(&self.folder, &self.pictures, &choice, info)
    }

    /// Starts the window in a process of its own, with an empty data folder, until it gets there.
    fn start_to(&mut self, milestone: &str) -> Result<f64> {
        let program = std::env::current_exe()?;
        let mut runs = Vec::new();
        for run in 0..REPEATS {
            let mut command = Command::new(&program);
            command
                .args(["--exit-after", milestone])
                .env(DATA_DIR_VARIABLE, self.folder.join(format!("data-{milestone}-{run}")))
                .stderr(Stdio::null());
            if let Some(model) = &self.model {
                command.arg("--model").arg(model);
            }
            let output = command.output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            runs.push(text.trim().parse().context("no window could be opened here")?);
        }
        Ok(median(runs))
    }

    /// Decoding, preprocessing and embedding together, as in indexing.
    fn pictures_per_s(&mut self) -> Result<f64> {
        let mut runs = Vec::new();
        for _ in 0..REPEATS {
            let started = Instant::now();
            self.session
                .embed_pictures(&self.pictures, |_, _| std::ops::ControlFlow::Continue(()))?;
            runs.push(self.pictures.len() as f64 / started.elapsed().as_secs_f64());
        }
        Ok(median(runs))
    }

    /// Decoding and preprocessing alone, on all cores: no tower makes indexing faster than that.
    fn decoding_per_s(&mut self) -> Result<f64> {
        let preprocessing = self.session.loaded.model.preprocessing();
        let mut runs = Vec::new();
        for _ in 0..REPEATS {
            let started = Instant::now();
            self.pictures.par_iter().try_for_each(|path| -> Result<()> {
                let picture = decode(path).context("a sample cannot be read")?;
                std::hint::black_box(preprocessing.pixels(&picture)?);
                Ok(())
            })?;
            runs.push(self.pictures.len() as f64 / started.elapsed().as_secs_f64());
        }
        Ok(median(runs))
    }

    fn image_tower_ms(&mut self, batch: usize) -> Result<f64> {
        let side = self.session.loaded.model.info().image_size as u32;
        let view = RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
        let pictures = vec![self.session.loaded.model.preprocessing().normalise(&view); batch];
        self.session.loaded.embed_images(&pictures)?;
        let mut runs = Vec::new();
        for _ in 0..REPEATS {
            let started = Instant::now();
            self.session.loaded.embed_images(&pictures)?;
            runs.push(ms(started) / batch as f64);
        }
        Ok(median(runs))
    }

    /// The maps of so many labels, in milliseconds and in forward passes of one picture.
    fn heatmap_ms(&mut self, method: HeatmapMethod, labels: usize) -> Result<(f64, f64)> {
        let info = self.session.loaded.model.info();
        let (side, dim) = (info.image_size as u32, info.projection_dim);
        let view = RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
        let texts: Vec<f32> = (0..labels * dim)
            .map(|i| ((i * 7_919) % 1_000) as f32 / 500.0 - 1.0)
            .collect();
        let (mut maps, mut passes) = (Vec::new(), Vec::new());
        for _ in 0..REPEATS {
            let model = &self.session.loaded.model;
            let started = Instant::now();
            model.embed_images(&[model.preprocessing().normalise(&view)])?;
            let pass = ms(started);
            let started = Instant::now();
            heat_maps(model, method, &view, &texts)?;
            maps.push(ms(started));
            passes.push(ms(started) / pass);
        }
        Ok((median(maps), median(passes)))
    }

    fn train_step_ms(&mut self, method: FineTuneMethod) -> Result<f64> {
        let model = self.model.as_deref();
        let placement = place(self.device, self.precision);
        let on = (placement.device(), placement.precision());
        bench_training::train_step_ms(method, model, on, &self.pictures, REPEATS)
    }

    fn texts_per_s(&mut self) -> Result<f64> {
        let model = &self.session.loaded.model;
        let texts = (0..TEXTS)
            .map(|n| model.tokenize(&format!("a photo of a thing with the number {n}.")))
            .collect::<crate::clip::Result<Vec<TokenizedText>>>()?;
        self.session.loaded.embed_texts(&texts)?;
        let mut runs = Vec::new();
        for _ in 0..REPEATS {
            let started = Instant::now();
            self.session.loaded.embed_texts(&texts)?;
            runs.push(TEXTS as f64 / started.elapsed().as_secs_f64());
        }
        Ok(median(runs))
    }

    /// One label of ten changes: its text is embedded, and every cached picture is scored anew.
    fn labels_to_predictions_ms(&mut self, pictures: usize) -> Result<f64> {
        let info = self.session.loaded.model.info();
        let (dim, scoring) = (info.projection_dim, info.scoring);
        let embeddings: Vec<f32> = (0..pictures * dim)
            .map(|i| ((i * 7_919) % 1_000) as f32 / 10_000.0)
            .collect();
        let mut labels: Vec<Label> = (0..LABELS).map(|n| Label::named(format!("label {n}"))).collect();
        self.session.classes(&labels, &TemplateSet::One)?;
        let mut runs = Vec::new();
        for run in 0..REPEATS {
            labels[0] = Label::named(format!("changed label {run} of {pictures}"));
            let started = Instant::now();
            let classes = self.session.classes(&labels, &TemplateSet::One)?;
            let cosines = classes.cosines(&embeddings);
            let scored: Vec<_> = cosines.chunks(LABELS + 1).map(|row| score(row, scoring, 0.0)).collect();
            std::hint::black_box(&scored);
            runs.push(ms(started));
        }
        Ok(median(runs))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
