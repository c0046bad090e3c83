//! The inference thread: owns the model and the device, answers the newest question, embeds what is decoded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, select};

use super::Events;
use super::classes::ClassCache;
use super::device::{DeviceChoice, DeviceInfo};
use super::embeddings::Embeddings;
use super::explainer::{Asked, Explainer};
use super::loaded::{Loaded, place};
use super::messages::{Chore, Learnt, Seen, Work};
use super::probe::Answer;
use super::protocol::{Event, Generation, PictureId, Precision, Probe, Question, Rival, Severity, Shift};
use super::queue::{Queue, Wanted};
use super::rival::RivalMaps;
use super::session::IMAGE_BATCH;
use super::speed::Speed;
use crate::engine::ModelChoice;
use crate::fine_tune::run::Control;
use crate::zero_shot::{ClassEmbeddings, score};

/// What the inference thread needs.
pub struct Channels {
    pub work: Receiver<Work>,
    pub prepared: Receiver<Work>,
    /// For the thread that prepares a GPU.
    pub own_work: Sender<Work>,
    pub librarian: Sender<Chore>,
    pub queue: Arc<Queue>,
    pub events: Events,
    /// The newest question that was asked.
    pub asked: Arc<AtomicU64>,
    /// Training waits while this says that the device is needed here.
    pub training: Arc<Control>,
}

/// The inference thread's state.
pub struct Inference {
    channels: Channels,
    choice: ModelChoice,
    device: DeviceChoice,
    precision: Precision,
    loaded: Option<Loaded>,
    attempt: u64,
    library: Generation,
    embeddings: Embeddings,
    cache: ClassCache,
    question: Option<Question>,
    classes: Option<ClassEmbeddings>,
    explainer: Explainer,
    /// The inspected picture, prepared for the model.
    seen: Option<(PictureId, Seen)>,
    /// How the picture is shown to the model, and whether that is still to be answered.
    probe: Option<Probe>,
    probe_due: bool,
    rival: Option<RivalMaps>,
    speed: Speed,
}

impl Inference {
    /// Nothing loaded yet.
    pub fn new(channels: Channels, choice: ModelChoice, device: DeviceChoice, precision: Precision) -> Self {
        Self {
            channels,
            choice,
            device,
            precision,
            loaded: None,
            attempt: 0,
            library: 0,
            embeddings: Embeddings::default(),
            cache: ClassCache::default(),
            question: None,
            classes: None,
            explainer: Explainer::default(),
            seen: None,
            probe: None,
            probe_due: false,
            rival: None,
            speed: Speed::default(),
        }
    }

    /// Works until it is told to stop. A panic becomes a message, and the work goes on with what comes next.
    pub fn run(mut self) {
        let choice = self.choice.clone();
        self.load(&choice);
        loop {
            let guarded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.step()));
            match guarded {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => self.message(
                    Severity::Error,
                    "The model's thread failed and was started again. If this repeats, choose the CPU below".into(),
                ),
            }
        }
    }

    /// Waits for work and does all that is there; false once it is told to stop.
    fn step(&mut self) -> bool {
        let mut prepared = Vec::new();
        let mut work: Vec<Work> = self.channels.work.try_iter().collect();
        self.needs_device(!work.is_empty());
        if work.is_empty() && self.explain() {
            return true;
        }
        if work.is_empty() {
            prepared.extend(self.channels.prepared.try_iter().take(IMAGE_BATCH));
            if prepared.is_empty() {
                select! {
                    recv(self.channels.work) -> one => match one {
                        Ok(one) => work.push(one),
                        Err(_) => return false,
                    },
                    recv(self.channels.prepared) -> one => prepared.extend(one),
                }
            }
        }
        self.needs_device(true);
        for one in work {
            if matches!(one, Work::Stop) {
                return false;
            }
            self.handle(one);
        }
        self.answer();
        self.answer_probe();
        self.embed(prepared);
        true
    }

    /// Training gives way meanwhile.
    fn needs_device(&self, needs: bool) {
        self.channels.training.busy.store(needs, Ordering::Relaxed);
    }

    fn handle(&mut self, work: Work) {
        match work {
            Work::Classify(question) => {
                self.classes = None;
                self.question = Some(question);
            }
            Work::LoadModel(choice) => self.load(&choice),
            Work::UseDevice(device) => {
                self.device = device;
                let choice = self.choice.clone();
                self.load(&choice);
            }
            Work::Library(library) => {
                self.library = library;
                self.embeddings = Embeddings::default();
                self.forget_inspected();
            }
            Work::Stored {
                library,
                identity,
                rows,
            } if library == self.library && self.is_current(&identity) => self.add(rows),
            Work::Dense {
                library,
                picture,
                identity,
                inspected,
            } if library == self.library => self.inspect(picture, &identity, inspected),
            Work::UseHeatmap(method) => self.explainer.use_method(method),
            Work::TestMap(test) => self.explainer.test(test),
            Work::Compare(rival) => self.compare(rival),
            Work::Probe(probe) => {
                self.probe_due = probe.is_some() || self.probe.is_some();
                self.probe = probe;
            }
            Work::UsePrecision(precision) => {
                self.precision = precision;
                let choice = self.choice.clone();
                self.load(&choice);
            }
            Work::Gpu { attempt, loaded } if attempt == self.attempt => self.gpu_ready(loaded),
            Work::Stored { .. } | Work::Dense { .. } | Work::Gpu { .. } | Work::Prepared { .. } | Work::Stop => {}
        }
    }

    fn inspect(&mut self, picture: PictureId, identity: &str, seen: Seen) {
        let current = self.is_current(identity);
        if let Some(rival) = &mut self.rival {
            rival.inspect(picture, identity, current, &seen);
        }
        if current {
            let same = self.seen.as_ref().is_some_and(|(known, _)| *known == picture);
            if !same {
                self.probe = None;
            }
            self.probe_due = self.probe.is_some();
            self.explainer.inspect(picture, seen.view.clone(), seen.copy.clone());
            self.seen = Some((picture, seen));
        }
    }

    fn forget_inspected(&mut self) {
        self.explainer.clear();
        self.seen = None;
        self.probe = None;
        self.probe_due = false;
        if let Some(rival) = &mut self.rival {
            rival.clear();
        }
    }

    /// Takes on a second maker of heatmaps, or lets it go; the picture is prepared for it anew.
    fn compare(&mut self, rival: Option<Rival>) {
        self.rival = None;
        if let Some(rival) = rival {
            match RivalMaps::new(&rival, self.device) {
                Ok(maps) => {
                    maps.announce(&self.channels.events);
                    self.rival = Some(maps);
                }
                Err(reason) => self.message(Severity::Error, format!("The second model was not opened: {reason}")),
            }
        }
        self.channels
            .queue
            .rival(self.rival.as_ref().and_then(RivalMaps::wanted));
    }

    /// Shows the inspected picture to the model as the newest probe has it, once; its heatmaps follow.
    fn answer_probe(&mut self) {
        if !self.probe_due {
            return;
        }
        let (Some(loaded), Some(question), Some(classes), Some((picture, seen))) =
            (&mut self.loaded, &self.question, &self.classes, &self.seen)
        else {
            return;
        };
        self.probe_due = false;
        let Some(probe) = &self.probe else {
            self.explainer.inspect(*picture, seen.view.clone(), seen.copy.clone());
            if let Some(rival) = &mut self.rival {
                rival.show(*picture, &seen.picture, &seen.view, Shift::default());
            }
            return;
        };
        let asked = (question.generation, question.none_bias);
        match super::probe::ask(loaded, seen, probe, classes, asked) {
            Ok(Answer { probed, view, shown }) => {
                if let Some(rival) = &mut self.rival {
                    rival.show(*picture, &shown, &view, probe.shift);
                }
                self.explainer.inspect(*picture, view, seen.copy.clone());
                self.channels.events.send(Event::Probed {
                    library: self.library,
                    picture: *picture,
                    probed: Box::new(probed),
                });
            }
            Err(error) => self.message(
                Severity::Error,
                format!("The picture could not be shown again: {error}"),
            ),
        }
    }

    fn is_current(&self, identity: &str) -> bool {
        self.loaded
            .as_ref()
            .is_some_and(|loaded| loaded.model.info().identity == identity)
    }

    fn message(&self, severity: Severity, text: String) {
        self.channels.events.message(severity, text);
    }

    /// Loads a model onto the CPU, which answers at once; a GPU is prepared meanwhile.
    fn load(&mut self, choice: &ModelChoice) {
        let name = match choice {
            ModelChoice::Starter => "Starter".into(),
            ModelChoice::Path(path) => path.display().to_string(),
        };
        self.channels.events.send(Event::ModelLoading(name));
        match Loaded::open(choice, place(DeviceChoice::Cpu, Precision::Full)) {
            Ok(loaded) => {
                for note in &loaded.model.info().notes {
                    self.message(Severity::Info, note.clone());
                }
                self.choice = choice.clone();
                self.announce(loaded);
                self.prepare_gpu();
            }
            Err(error) => {
                self.message(Severity::Error, format!("The model was not opened: {error}"));
                match &self.loaded {
                    Some(loaded) => {
                        let info = Box::new(loaded.model.info().clone());
                        self.channels.events.send(Event::ModelReady(info));
                        self.classes = None;
                    }
                    None if *choice != ModelChoice::Starter => self.load(&ModelChoice::Starter),
                    None => {}
                }
            }
        }
    }

    /// A model is here: tell everyone, forget what another computed.
    fn announce(&mut self, loaded: Loaded) {
        let info = loaded.model.info().clone();
        let changed = !self.is_current(&info.identity);
        self.channels.queue.model(Some(Wanted {
            identity: info.identity.clone(),
            preprocessing: loaded.model.preprocessing().clone(),
        }));
        self.device_is(&loaded.device, None);
        self.loaded = Some(loaded);
        self.forget_inspected();
        if changed {
            self.embeddings = Embeddings::default();
            let _ = self.channels.librarian.send(Chore::Model {
                identity: info.identity.clone(),
                dim: info.projection_dim,
                files: self.choice.files(),
            });
        }
        self.channels.events.send(Event::ModelReady(Box::new(info)));
        // The question is asked anew of this model.
        self.classes = None;
    }

    fn device_is(&self, info: &DeviceInfo, preparing: Option<String>) {
        self.channels.events.send(Event::Device {
            info: info.clone(),
            preparing,
        });
    }

    fn prepare_gpu(&mut self) {
        self.attempt += 1;
        if self.device == DeviceChoice::Cpu {
            return;
        }
        let (attempt, device, choice, precision) = (self.attempt, self.device, self.choice.clone(), self.precision);
        let (work, events) = (self.channels.own_work.clone(), self.channels.events.clone());
        std::thread::spawn(move || {
            let loaded = super::gpu_warmup::prepare(&choice, device, precision, &events);
            let _ = work.send(Work::Gpu { attempt, loaded });
        });
    }

    fn gpu_ready(&mut self, loaded: std::result::Result<Option<Box<Loaded>>, String>) {
        match loaded {
            Ok(Some(loaded)) => self.announce(*loaded),
            Ok(None) => {}
            Err(reason) => self.message(Severity::Warning, reason),
        }
        if let Some(loaded) = &self.loaded {
            self.device_is(&loaded.device, None);
        }
    }

    /// Embeds the labels of the newest question, if that is still to be done, and scores every picture.
    fn answer(&mut self) {
        let (Some(loaded), Some(question), None) = (&mut self.loaded, &self.question, &self.classes) else {
            return;
        };
        let started = Instant::now();
        let (asked, generation) = (&self.channels.asked, question.generation);
        let wanted = || asked.load(Ordering::Relaxed) == generation;
        let classes = self
            .cache
            .classes(loaded, &question.labels, &question.templates, wanted);
        match classes {
            Ok(classes) if classes.abandoned => {}
            Ok(classes) => {
                for warning in classes.warnings {
                    self.lost_gpu(warning);
                }
                self.classes = Some(classes.embeddings);
                self.probe_due = self.probe.is_some();
                self.score_from(0);
                self.channels.events.send(Event::Answered {
                    generation,
                    lost_words: classes.lost,
                    latency_ms: started.elapsed().as_secs_f32() * 1_000.0,
                });
            }
            Err(error) => {
                self.question = None;
                self.message(Severity::Error, format!("The labels could not be embedded: {error}"));
            }
        }
    }

    fn add(&mut self, rows: Vec<(PictureId, Vec<f32>)>) {
        let first = self.embeddings.len();
        for (picture, vector) in rows {
            self.embeddings.push(picture, &vector);
        }
        self.score_from(first);
        self.channels.events.send(Event::Indexed {
            library: self.library,
            done: self.embeddings.len(),
        });
    }

    /// Scores the pictures from a row on.
    fn score_from(&self, first: usize) {
        let (Some(loaded), Some(question), Some(classes)) = (&self.loaded, &self.question, &self.classes) else {
            return;
        };
        let scoring = loaded.model.info().scoring;
        let (pictures, vectors) = self.embeddings.from(first);
        let rows = pictures
            .iter()
            .zip(classes.cosines(vectors).chunks(classes.labels() + 1))
            .map(|(&picture, cosines)| (picture, Arc::new(score(cosines, scoring, question.none_bias))))
            .collect();
        self.channels.events.send(Event::Predictions {
            library: self.library,
            generation: question.generation,
            rows,
        });
    }

    fn embed(&mut self, prepared: Vec<Work>) {
        let library = self.library;
        let Some(loaded) = &mut self.loaded else { return };
        let identity = loaded.model.info().identity.clone();
        let mut jobs = Vec::new();
        let mut pictures = Vec::new();
        for one in prepared {
            if let Work::Prepared {
                job,
                path,
                identity: made_for,
                prepared,
            } = one
                && made_for == identity
            {
                pictures.push(prepared.pixels);
                jobs.push((job, path, prepared.size, prepared.thumbnail));
            }
        }
        if jobs.is_empty() {
            return;
        }
        match loaded.embed_each(&pictures) {
            Ok((embeddings, warning)) => {
                if let Some(warning) = warning {
                    self.lost_gpu(warning);
                }
                let mut rows = Vec::new();
                for ((job, path, (width, height), thumbnail), embedding) in jobs.into_iter().zip(embeddings) {
                    let embedding = match embedding {
                        Ok(embedding) => embedding,
                        Err(error) => {
                            self.channels.events.send(Event::Skipped {
                                library: job.library,
                                picture: job.picture,
                                reason: error.to_string(),
                            });
                            continue;
                        }
                    };
                    if job.library == library {
                        rows.push((job.picture, embedding.vector.clone()));
                    }
                    let _ = self.channels.librarian.send(Chore::Keep(Learnt {
                        path,
                        stamp: job.stamp,
                        thumbnail: thumbnail.map(|jpeg| (width, height, jpeg)),
                        embedding: Some((identity.clone(), embedding)),
                    }));
                }
                let count = rows.len();
                self.add(rows);
                if let Some(speed) = self.speed.count(count) {
                    self.channels.events.send(Event::Speed(speed));
                }
            }
            Err(error) => self.message(Severity::Error, format!("Pictures could not be embedded: {error}")),
        }
    }

    fn lost_gpu(&self, warning: String) {
        self.message(Severity::Warning, warning);
        if let Some(loaded) = &self.loaded {
            self.device_is(&loaded.device, None);
        }
    }

    /// The next step of the inspected picture's heatmaps; false where there is none.
    fn explain(&mut self) -> bool {
        let (Some(loaded), Some(question), Some(classes)) = (&mut self.loaded, &self.question, &self.classes) else {
            return false;
        };
        let was_gpu = loaded.device.gpu;
        let asked = Asked {
            library: self.library,
            generation: question.generation,
            classes,
        };
        let events = &self.channels.events;
        let mut worked = self.explainer.step(loaded, &asked, events);
        if let (false, Some(rival)) = (worked, &mut self.rival) {
            worked = rival.step(loaded, classes, question, self.library, events);
        }
        if was_gpu != loaded.device.gpu {
            let info = loaded.device.clone();
            self.device_is(&info, None);
        }
        worked
    }
}
