//! The loop around a method: prepare, step, validate, keep, resume.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::blend::finish_model;
use super::events::{Flip, RunEvent};
use super::folder::{RunFolder, RunRecord, RunState, Runs};
use crate::clip::{
    Adapter, AdapterConfig, FineTuneMethod, Flats, Model, is_adapter, read_flats, sha256_of_bytes, write_flats,
};
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::context::{Context, cosines};
use crate::fine_tune::data::{Dataset, Looked, Preview, Split, look_through, split};
use crate::fine_tune::methods::{Learner, learner, scratch};
use crate::fine_tune::{Error, PictureSet, Result, metrics};

/// What a run learns from, as it was split.
pub const PREPARED: &str = "data.json";
const CHECKPOINT: &str = "checkpoint.json";
const BEST: &str = "best.safetensors";
/// The window or another user of the device goes first; how long a step waits for it at most.
const COURTESY: Duration = Duration::from_millis(400);
const LOOK: Duration = Duration::from_millis(20);
/// Pictures on the board.
const BOARD: usize = 8;
/// Flips that are told.
const MAX_FLIPS: usize = 8;
/// Checkpoints are written at validations, and no more often than this, but for the last.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

/// How a run is told what to do while it goes on.
#[derive(Debug, Default)]
pub struct Control {
    /// Stop, and keep what was learnt.
    pub stop: AtomicBool,
    /// Hold.
    pub pause: AtomicBool,
    /// Someone else needs the device now.
    pub busy: AtomicBool,
}

/// Where a run works.
pub struct Start<'a> {
    /// Where the model computes.
    pub device: &'a Device,
    /// Its name.
    pub device_name: &'a str,
    /// The unpacked samples, the control set where none is named.
    pub samples: Option<&'a Path>,
}

/// What a run learns from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prepared {
    /// The pictures.
    pub dataset: Dataset,
    /// How they are split.
    pub split: Split,
}

/// Where a run was when it was last kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Checkpoint {
    /// The file with the method's state.
    file: String,
    step: usize,
    best: Option<f32>,
    best_step: usize,
    since_best: usize,
    zero_shot: f32,
    control: Option<f32>,
    worked_s: f64,
}

/// What a run would take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Seconds, from a trial step.
    pub seconds: f64,
    /// Steps.
    pub steps: usize,
    /// The most memory of this process after the trial step, in megabytes; none where the system does not tell.
    pub memory_mb: Option<f64>,
}

/// The control set's folder.
pub fn control_of(config: &RunConfig, samples: Option<&Path>) -> Option<PathBuf> {
    config.control.clone().or_else(|| samples.map(Path::to_path_buf))
}

/// The model that a run learns from.
///
/// # Errors
/// It cannot be opened.
pub fn base_of(folder: &RunFolder, config: &RunConfig, device: &Device) -> Result<Model> {
    if config.method == FineTuneMethod::Scratch {
        return Ok(Model::open(&folder.file("start"), device)?);
    }
    Ok(match &config.base {
        None => Model::starter(device)?,
        Some(path) => Model::open(path, device)?,
    })
}

/// The files that a run's base consists of, without adapters; none for the starter.
pub fn source_of(folder: &RunFolder, config: &RunConfig) -> Option<PathBuf> {
    if config.method == FineTuneMethod::Scratch {
        return Some(folder.file("start"));
    }
    let mut source = config.base.clone();
    while let Some(path) = source.as_deref().filter(|path| is_adapter(path)) {
        source = Adapter::read(path).ok().and_then(|adapter| adapter.config.base);
    }
    source
}

/// What a run would learn from. `wanted` hears the share that is done.
///
/// # Errors
/// Nothing can be learnt from the folder.
pub fn preview(config: &RunConfig, wanted: impl Fn(f32) -> bool + Sync) -> Result<Preview> {
    let (prepared, looked) = prepare(config, wanted)?;
    Ok(Preview::new(&prepared.dataset, &looked, &prepared.split))
}

fn prepare(config: &RunConfig, wanted: impl Fn(f32) -> bool + Sync) -> Result<(Prepared, Looked)> {
    let mut dataset = Dataset::read(&config.folder)?;
    let total = dataset.examples.len().max(1);
    let stopped = AtomicBool::new(false);
    let looked = look_through(&mut dataset, |done| {
        let go_on = wanted(done as f32 / total as f32);
        stopped.fetch_or(!go_on, Ordering::Relaxed);
        go_on
    });
    if stopped.into_inner() {
        return Err(Error::Stopped);
    }
    let split = split(&dataset, &looked.groups, config.shots, config.seed);
    Ok((Prepared { dataset, split }, looked))
}

/// A hash of what is learnt from.
fn data_hash(prepared: &Prepared, folder: &Path) -> String {
    let mut text = format!("{:?} {:?}", prepared.split, prepared.dataset.classes);
    for example in &prepared.dataset.examples {
        let path = example.path.strip_prefix(folder).unwrap_or(&example.path);
        let length = std::fs::metadata(&example.path).map_or(0, |metadata| metadata.len());
        text += &format!(
            "{} {length} {:?} {:?}\n",
            path.display(),
            example.class,
            example.captions
        );
    }
    sha256_of_bytes(text.as_bytes())
}

/// Starts a run, in a folder of its own, and works until it is over.
///
/// # Errors
/// It cannot start; once it has started, what goes wrong is kept with the run, too.
pub fn run(
    runs: &Runs,
    config: &RunConfig,
    start: &Start<'_>,
    control: &Control,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<RunRecord> {
    config.check()?;
    let folder = runs.create(config.method.name())?;
    let begun = begin(&folder, config, start, control, report);
    match begun {
        Ok(record) => resume(&folder, record, start, control, report),
        Err(error) => {
            // A run that never began leaves nothing behind.
            let _ = std::fs::remove_dir_all(folder.path());
            Err(error)
        }
    }
}

fn begin(
    folder: &RunFolder,
    config: &RunConfig,
    start: &Start<'_>,
    control: &Control,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<RunRecord> {
    let run = folder.name();
    report(&preparing(&run, "Looking through the pictures", 0.0));
    let (prepared, _) = prepare(config, |_| !control.stop.load(Ordering::Relaxed))?;
    folder.write(PREPARED, &prepared)?;
    if config.method == FineTuneMethod::Scratch {
        scratch::create(&folder.file("start"), &config.hyper, config.seed)?;
    }
    let base = base_of(folder, config, start.device)?;
    base.info().tower.can_learn(config.method).map_err(|reason| {
        Error::Config(format!(
            "{} cannot be learnt by {}: {reason}",
            base.info().name,
            config.method.title()
        ))
    })?;
    let record = RunRecord {
        name: format!("{}, {}", config.method.title(), folder_name(&config.folder)),
        note: String::new(),
        config: config.clone(),
        state: RunState::Running,
        base_name: base.info().name.clone(),
        base_identity: base.info().full_identity.clone(),
        data_hash: data_hash(&prepared, &config.folder),
        device: start.device_name.into(),
        started_s: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        worked_s: 0.0,
        step: 0,
        steps: 0,
        classes: prepared.dataset.classes.clone(),
        n_train: prepared.split.train.len(),
        n_test: prepared.split.test.len(),
        zero_shot_accuracy: None,
        accuracy: None,
        control: None,
        model: None,
        error: None,
        run,
    };
    folder.keep(&record)?;
    Ok(record)
}

fn folder_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn preparing(run: &str, what: &str, done: f32) -> RunEvent {
    RunEvent::Preparing {
        run: run.into(),
        what: what.into(),
        done,
    }
}

/// Goes on with a run from its last checkpoint (from the start, where there is none) and works until it is over.
///
/// # Errors
/// What went wrong; it is kept with the run.
pub fn resume(
    folder: &RunFolder,
    mut record: RunRecord,
    start: &Start<'_>,
    control: &Control,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<RunRecord> {
    let _lock = folder.lock()?;
    record.state = RunState::Running;
    record.error = None;
    record.device = start.device_name.into();
    folder.keep(&record)?;
    let mut work = Work {
        folder,
        record,
        start,
        control,
        report,
    };
    match work.go() {
        Ok(()) => Ok(work.record),
        Err(Error::Stopped) => {
            work.record.state = RunState::Stopped;
            folder.keep(&work.record)?;
            Err(Error::Stopped)
        }
        Err(error) => {
            work.record.state = RunState::Failed;
            work.record.error = Some(error.to_string());
            // A full disk may be why it failed: then this fails, too, and the run is found interrupted.
            let _ = folder.keep(&work.record);
            let event = RunEvent::Failed {
                run: work.record.run.clone(),
                reason: error.to_string(),
            };
            let _ = folder.append(&event);
            (work.report)(&event);
            Err(error)
        }
    }
}

/// How long a run would take and what memory it would need, from one step.
///
/// # Errors
/// It could not start.
pub fn estimate(config: &RunConfig, start: &Start<'_>, wanted: impl Fn(f32) -> bool + Sync) -> Result<Estimate> {
    config.check()?;
    let scratch_folder = std::env::temp_dir().join(format!("clipsight-trial-{}", std::process::id()));
    let trial = (|| {
        let runs = Runs::at(&scratch_folder);
        let folder = runs.create("trial")?;
        let (mut prepared, _) = prepare(config, &wanted)?;
        if config.method == FineTuneMethod::Scratch {
            scratch::create(&folder.file("start"), &config.hyper, config.seed)?;
        }
        let base = base_of(&folder, config, start.device)?;
        let all = prepared.split.clone();
        // Features are computed for a few, and the time of the others follows.
        let few = |side: &mut Vec<usize>, count: usize| side.truncate(count);
        let batch = config.hyper.batch.max(prepared.dataset.classes.len());
        few(&mut prepared.split.train, batch.max(32));
        few(&mut prepared.split.validation, 16);
        few(&mut prepared.split.test, 0);
        let embedded = prepared.split.train.len() + prepared.split.validation.len();
        let begun = Instant::now();
        let context = Context::new(base, &prepared.dataset, &prepared.split, config, None, |done| {
            wanted(done)
        })?;
        let picture_s = begun.elapsed().as_secs_f64() / embedded.max(1) as f64;
        let mut method = learner(config, &context)?;
        let begun = Instant::now();
        method.step(&context, 0)?;
        let step_s = begun.elapsed().as_secs_f64();
        let share = all.train.len() as f64 / prepared.split.train.len().max(1) as f64;
        let on_all = matches!(config.method, FineTuneMethod::LinearProbe | FineTuneMethod::ProLip);
        let by_epochs = matches!(
            config.method,
            FineTuneMethod::LinearProbe | FineTuneMethod::TipAdapter | FineTuneMethod::ProLip
        );
        let steps = if by_epochs {
            method.steps()
        } else {
            config.hyper.epochs * (all.train.len() / config.hyper.batch.clamp(1, all.train.len().max(1))).max(1)
        };
        let pictures = all.train.len() + all.validation.len() + all.test.len();
        let step_s = if on_all { step_s * share.max(1.0) } else { step_s };
        Ok(Estimate {
            seconds: picture_s * pictures as f64 + step_s * steps as f64,
            steps,
            memory_mb: memory_mb(),
        })
    })();
    let _ = std::fs::remove_dir_all(&scratch_folder);
    trial
}

/// The most memory that this process had in use; only Linux tells.
fn memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1_024.0)
}

struct Work<'a, 'b> {
    folder: &'a RunFolder,
    record: RunRecord,
    start: &'a Start<'b>,
    control: &'a Control,
    report: &'a mut dyn FnMut(&RunEvent),
}

impl Work<'_, '_> {
    fn tell(&mut self, event: RunEvent) -> Result<()> {
        self.folder.append(&event)?;
        (self.report)(&event);
        Ok(())
    }

    fn go(&mut self) -> Result<()> {
        let begun = Instant::now();
        let config = self.record.config.clone();
        let run = self.record.run.clone();
        let prepared: Prepared = self.folder.read(PREPARED)?;
        let base = base_of(self.folder, &config, self.start.device)?;
        if base.info().full_identity != self.record.base_identity {
            return Err(Error::Run(
                "the model that this run learns from has changed since; bring the old one back, or start anew".into(),
            ));
        }
        let control_set = control_of(&config, self.start.samples);
        let (report, control) = (&mut self.report, self.control);
        let context = Context::new(base, &prepared.dataset, &prepared.split, &config, control_set, |done| {
            report(&preparing(&run, "Embedding the pictures", done));
            !control.stop.load(Ordering::Relaxed)
        })?;
        let mut method = learner(&config, &context)?;
        let mut checkpoint = self.restore(&context, method.as_mut())?;
        let earlier_s = checkpoint.worked_s;
        let board = board_set(&context.validation);
        let before = answers_before(&context)?;
        if checkpoint.step == 0 {
            checkpoint.zero_shot = if context.classes.is_empty() {
                self.measure(&context, method.as_ref())?.0
            } else {
                context.zero_shot_accuracy(&context.validation, &context.classes)?
            };
            checkpoint.control = self.control_accuracy(&context, method.as_ref())?;
        }
        self.record.steps = method.steps();
        self.tell(RunEvent::Started {
            run: run.clone(),
            steps: method.steps(),
            step: checkpoint.step + 1,
            n_train: context.train.len(),
            n_validation: context.validation.len(),
            n_test: context.test.len(),
            zero_shot: checkpoint.zero_shot,
            control: checkpoint.control,
        })?;
        let mut speed = Speed::new(checkpoint.step);
        let mut kept = Instant::now();
        let mut stopped = false;
        while checkpoint.step < method.steps() {
            if self.wait()? {
                stopped = true;
                break;
            }
            let report = method.step(&context, checkpoint.step)?;
            checkpoint.step += 1;
            checkpoint.worked_s = earlier_s + begun.elapsed().as_secs_f64();
            let (pictures_per_s, seconds_left) = speed.count(report.pictures, checkpoint.step, method.steps());
            self.record.step = checkpoint.step;
            self.tell(RunEvent::Step {
                run: run.clone(),
                step: checkpoint.step,
                steps: method.steps(),
                loss: report.loss,
                learning_rate: report.learning_rate,
                logit_scale: report.logit_scale,
                gradient_norm: report.gradient_norm,
                pictures_per_s,
                seconds_left,
            })?;
            let last = checkpoint.step == method.steps();
            if checkpoint.step.is_multiple_of(method.validate_every()) || last {
                self.validate(&context, method.as_ref(), &mut checkpoint, &board, &before)?;
                if last || kept.elapsed() >= CHECKPOINT_EVERY {
                    self.keep(method.as_ref(), &mut checkpoint)?;
                    kept = Instant::now();
                }
                if config.hyper.patience > 0 && checkpoint.since_best >= config.hyper.patience {
                    break;
                }
            }
        }
        if checkpoint.file.is_empty() || stopped {
            self.keep(method.as_ref(), &mut checkpoint)?;
        }
        self.record.worked_s = earlier_s + begun.elapsed().as_secs_f64();
        self.finish(&context, method.as_mut(), &checkpoint, stopped)
    }

    /// Waits while the run is held, and a moment for whoever needs the device; whether to stop.
    fn wait(&mut self) -> Result<bool> {
        let since = Instant::now();
        while self.control.busy.load(Ordering::Relaxed) && since.elapsed() < COURTESY {
            std::thread::sleep(LOOK);
        }
        let mut told = false;
        loop {
            if self.control.stop.load(Ordering::Relaxed) {
                return Ok(true);
            }
            if !self.control.pause.load(Ordering::Relaxed) {
                return Ok(false);
            }
            if !told {
                (self.report)(&RunEvent::Paused {
                    run: self.record.run.clone(),
                });
                told = true;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The last checkpoint, if there is one; what came after it is forgotten.
    fn restore(&self, context: &Context, method: &mut dyn Learner) -> Result<Checkpoint> {
        if !self.folder.file(CHECKPOINT).is_file() {
            self.folder.forget_after(0)?;
            return Ok(Checkpoint::default());
        }
        let checkpoint: Checkpoint = self.folder.read(CHECKPOINT)?;
        let state = read_flats(&self.folder.file(&checkpoint.file))?;
        method.restore(context, &state)?;
        self.folder.forget_after(checkpoint.step)?;
        Ok(checkpoint)
    }

    /// Writes a checkpoint: the state first, then the file that names it, then the old state goes.
    fn keep(&mut self, method: &dyn Learner, checkpoint: &mut Checkpoint) -> Result<()> {
        let old = std::mem::replace(
            &mut checkpoint.file,
            format!("checkpoint-{}.safetensors", checkpoint.step),
        );
        write_flats(&self.folder.file(&checkpoint.file), &method.state()?)?;
        self.folder.write(CHECKPOINT, checkpoint)?;
        if old != checkpoint.file && !old.is_empty() {
            let _ = std::fs::remove_file(self.folder.file(&old));
        }
        self.record.worked_s = checkpoint.worked_s;
        self.folder.keep(&self.record)?;
        self.tell(RunEvent::Checkpoint {
            run: self.record.run.clone(),
            step: checkpoint.step,
        })
    }

    /// Accuracy on the validation side, or recall for captions, and recall both ways.
    fn measure(&self, context: &Context, method: &dyn Learner) -> Result<(f32, Option<(f32, f32)>)> {
        let set = &context.validation;
        if context.classes.is_empty() {
            let recall = self.recall(context, method, set)?;
            return Ok((recall.map_or(f32::NAN, |(a, b)| (a + b) / 2.0), recall));
        }
        Ok((metrics::accuracy(&method.logits(context, set)?, &set.labels), None))
    }

    fn recall(&self, context: &Context, method: &dyn Learner, set: &PictureSet) -> Result<Option<(f32, f32)>> {
        let pairs = method.pairs(context, set)?;
        let keys: Vec<&String> = set.captions.iter().filter_map(|captions| captions.first()).collect();
        Ok(pairs.map(|(images, texts)| metrics::recall_at_1(&images, &texts, &keys)))
    }

    fn control_accuracy(&self, context: &Context, method: &dyn Learner) -> Result<Option<f32>> {
        if context.control.is_empty() {
            return Ok(None);
        }
        method.control_accuracy(context).map(Some)
    }

    fn validate(
        &mut self,
        context: &Context,
        method: &dyn Learner,
        checkpoint: &mut Checkpoint,
        board: &PictureSet,
        before: &[usize],
    ) -> Result<()> {
        let set = &context.validation;
        let (accuracy, recall, flips) = if context.classes.is_empty() {
            let (accuracy, recall) = self.measure(context, method)?;
            (accuracy, recall, Vec::new())
        } else {
            let rows = method.logits(context, set)?;
            (
                metrics::accuracy(&rows, &set.labels),
                None,
                flips(context, &rows, before),
            )
        };
        let best = checkpoint.best.is_none_or(|best| accuracy > best) || accuracy.is_nan();
        if best {
            checkpoint.best = Some(accuracy);
            checkpoint.best_step = checkpoint.step;
            checkpoint.since_best = 0;
            write_flats(&self.folder.file(BEST), &method.state()?)?;
        } else {
            checkpoint.since_best += 1;
        }
        let board = method
            .pairs(context, board)?
            .map(|(images, texts)| cosines(&images, &texts));
        self.tell(RunEvent::Validation {
            run: self.record.run.clone(),
            step: checkpoint.step,
            loss: method.validation_loss(context)?,
            accuracy,
            control: self.control_accuracy(context, method)?,
            recall,
            board,
            flips,
            best,
        })
    }

    /// Measures the best state on the test side, once, and makes it a model.
    fn finish(
        &mut self,
        context: &Context,
        method: &mut dyn Learner,
        checkpoint: &Checkpoint,
        stopped: bool,
    ) -> Result<()> {
        let best: Option<Flats> = read_flats(&self.folder.file(BEST)).ok();
        if let Some(best) = best {
            method.restore(context, &best)?;
        }
        let (zero_shot, accuracy) = if context.classes.is_empty() {
            let fresh = learner(&self.record.config, context)?;
            let mean = |recall: Option<(f32, f32)>| recall.map_or(f32::NAN, |(a, b)| (a + b) / 2.0);
            let before = self.recall(context, fresh.as_ref(), &context.test)?;
            (mean(before), mean(self.recall(context, method, &context.test)?))
        } else {
            let rows = method.logits(context, &context.test)?;
            let zero_shot = context.zero_shot_accuracy(&context.test, &context.classes)?;
            (zero_shot, metrics::accuracy(&rows, &context.test.labels))
        };
        let control = checkpoint.control.zip(self.control_accuracy(context, method)?);
        let (kind, tensors) = method.learnt(context)?;
        let adapter = Adapter {
            config: AdapterConfig {
                name: self.record.name.clone(),
                method: self.record.config.method.name().into(),
                base: self.base_path(),
                base_identity: self.record.base_identity.clone(),
                kind,
                classes: self.record.classes.clone(),
                blend: 1.0,
            },
            tensors,
        };
        adapter.write(&self.folder.file("learnt"))?;
        let model = finish_model(self.folder, &self.record, self.start.device, &adapter)?;
        self.record.state = if stopped { RunState::Stopped } else { RunState::Done };
        self.record.zero_shot_accuracy = Some(zero_shot);
        self.record.accuracy = Some(accuracy);
        self.record.control = control;
        self.record.model = Some(model.clone());
        self.folder.keep(&self.record)?;
        self.tell(RunEvent::Done {
            run: self.record.run.clone(),
            model,
            zero_shot_accuracy: zero_shot,
            accuracy,
            n_train: self.record.n_train,
            n_test: self.record.n_test,
            control,
            stopped,
        })
    }

    fn base_path(&self) -> Option<PathBuf> {
        if self.record.config.method == FineTuneMethod::Scratch {
            Some(self.folder.file("start"))
        } else {
            self.record.config.base.clone()
        }
    }
}

/// The zero-shot answers to the validation side.
fn answers_before(context: &Context) -> Result<Vec<usize>> {
    if context.classes.is_empty() {
        return Ok(Vec::new());
    }
    let rows = cosines(
        &context.validation.embeddings,
        &context.class_embeddings(&context.classes)?,
    );
    Ok(rows.iter().map(|row| metrics::best(row).unwrap_or(0)).collect())
}

/// A few pictures of different classes, or with different captions.
fn board_set(set: &PictureSet) -> PictureSet {
    let mut places: Vec<usize> = Vec::new();
    for place in 0..set.len() {
        let differs = |other: &usize| match (set.labels.get(place), set.labels.get(*other)) {
            (Some(a), Some(b)) => a != b,
            _ => set.captions.get(place) != set.captions.get(*other),
        };
        if places.len() < BOARD && places.iter().all(differs) {
            places.push(place);
        }
    }
    set.picked(&places)
}

fn flips(context: &Context, rows: &[Vec<f32>], before: &[usize]) -> Vec<Flip> {
    let set = &context.validation;
    let name = |class: usize| context.classes.get(class).cloned().unwrap_or_default();
    let changed = rows
        .iter()
        .zip(before)
        .enumerate()
        .filter_map(|(place, (row, before))| {
            let after = metrics::best(row)?;
            (after != *before).then(|| Flip {
                path: set.paths[place].clone(),
                class: name(set.labels[place]),
                before: name(*before),
                after: name(after),
            })
        });
    changed.take(MAX_FLIPS).collect()
}

/// Pictures per second, and what is left.
struct Speed {
    begun: Instant,
    first: usize,
    pictures: usize,
}

impl Speed {
    fn new(step: usize) -> Self {
        Self {
            begun: Instant::now(),
            first: step,
            pictures: 0,
        }
    }

    fn count(&mut self, pictures: usize, step: usize, steps: usize) -> (f32, f32) {
        self.pictures += pictures;
        let seconds = self.begun.elapsed().as_secs_f32().max(1e-6);
        let each = seconds / (step - self.first).max(1) as f32;
        (self.pictures as f32 / seconds, each * (steps - step) as f32)
    }
}
