//! A stand-in for the engine: keeps what the window asks, says what a test wants said.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use clipsight::app::App;
use clipsight::app::settings::Settings;
use clipsight::clip::{Layout, ModelInfo, Precision, Scoring, TowerKind, WeightsFile};
use clipsight::engine::protocol::{
    ComparedWith, Event, HeatMap, InferenceRequest, InspectedPicture, LabelId, LibraryRequest, MapSet, PictureFile,
    PictureId, Probe, Probed, Question, Request, ScreenImage, Verdict, ViewRect,
};
use clipsight::engine::{Backend, DeviceInfo, ModelChoice};
use clipsight::heatmap::HeatmapMethod;
use clipsight::heatmap::trust::deletion::Curve;
use clipsight::zero_shot::score;
use egui_kittest::Harness;

/// Files in this folder need not be there: their pictures are painted.
const PRETENDED: &str = "/pictures";

thread_local! {
    /// When this test began, by its own clock, and how far that went on.
    static CLOCK: (Instant, Cell<Duration>) = (Instant::now(), Cell::default());
}

/// The time, which stands still unless a test lets it go on.
pub fn now() -> Instant {
    CLOCK.with(|(began, gone)| *began + gone.get())
}

/// Lets time go on.
pub fn advance(by: Duration) {
    CLOCK.with(|(_, gone)| gone.set(gone.get() + by));
}

#[derive(Default)]
struct Shared {
    requests: Vec<Request>,
    events: VecDeque<Event>,
    names: Vec<String>,
    library: u64,
    inspected: Option<PictureId>,
    silent: bool,
}

/// The test's side of the stand-in.
#[derive(Clone, Default)]
pub struct StandIn(Rc<RefCell<Shared>>);

/// A window without a graphics card.
pub fn window(settings: Settings) -> (StandIn, Harness<'static, App>) {
    window_of(settings, [1_280.0, 800.0])
}

/// The same of another size.
pub fn window_of(settings: Settings, size: [f32; 2]) -> (StandIn, Harness<'static, App>) {
    let engine = StandIn::default();
    let backend = engine.clone();
    let mut harness = Harness::builder().with_size(size).build_eframe(move |cc| {
        let app = App::new(&cc.egui_ctx, settings, Box::new(backend));
        app.with_clock(Box::new(now))
    });
    harness.run_steps(2);
    (engine, harness)
}

/// The newest question among requests.
pub fn question(requests: &[Request]) -> Option<Question> {
    requests.iter().rev().find_map(|request| match request {
        Request::Inference(InferenceRequest::Classify(question)) => Some(Question::clone(question)),
        _ => None,
    })
}

impl StandIn {
    /// Everything that was asked.
    pub fn requests(&self) -> Vec<Request> {
        self.0.borrow().requests.clone()
    }

    /// Says something.
    pub fn say(&self, event: Event) {
        self.0.borrow_mut().events.push_back(event);
    }

    /// Pretends that a model is loaded and these pictures are scored, the last one highest.
    pub fn load(&self, names: &[&str]) {
        self.0.borrow_mut().names = names.iter().map(ToString::to_string).collect();
        self.say(Event::ModelReady(Box::new(starter())));
        self.say(Event::Device {
            info: DeviceInfo::cpu(),
            preparing: None,
        });
        let library = self.0.borrow().library;
        let pictures = (0..).zip(names).map(file).collect();
        self.say(Event::Pictures { library, pictures });
        self.say(Event::Scanned {
            library,
            unreadable: Vec::new(),
        });
        let asked = question(&self.requests()).unwrap();
        self.answer(&asked);
    }

    fn answer(&self, asked: &Question) {
        let (count, library) = (self.0.borrow().names.len(), self.0.borrow().library);
        let question = answered(asked);
        let rows = (0..count).map(|place| {
            let cosines = cosines(place, count, asked.labels.len());
            (place as PictureId, Arc::new(score(&cosines, SCORING, 0.0)))
        });
        self.say(Event::Predictions {
            library,
            question: question.clone(),
            rows: rows.collect(),
        });
        self.say(Event::Indexed { library, done: count });
        self.say(Event::Answered {
            question,
            lost_words: Vec::new(),
            untaught: Vec::new(),
            latency_ms: 12.0,
        });
    }

    /// Answers a question that was kept waiting.
    pub fn reply(&self, asked: &Question) {
        self.answer(asked);
    }

    /// Scores one picture; the last cosine is that of "none of these".
    pub fn predict(&self, picture: PictureId, asked: &Question, cosines: &[f32]) {
        self.predict_as(picture, &answered(asked), cosines);
    }

    /// Scores one picture, as an answer to exactly this.
    pub fn predict_as(&self, picture: PictureId, question: &Question, cosines: &[f32]) {
        let library = self.0.borrow().library;
        let rows = vec![(picture, Arc::new(score(cosines, SCORING, 0.0)))];
        self.say(Event::Predictions {
            library,
            question: Arc::new(question.clone()),
            rows,
        });
    }

    /// Answers questions from now on, or keeps them waiting.
    pub fn answer_at_once(&self, at_once: bool) {
        self.0.borrow_mut().silent = !at_once;
    }

    /// Makes the heatmaps of the inspected picture for the newest question.
    pub fn explain(&self) {
        let picture = self.0.borrow().inspected.unwrap_or_default();
        self.inspect(picture);
    }

    fn inspect(&self, picture: PictureId) {
        self.0.borrow_mut().inspected = Some(picture);
        let library = self.0.borrow().library;
        self.say(Event::Inspected {
            library,
            picture,
            inspected: Box::new(inspected(picture)),
        });
        let Some(asked) = question(&self.requests()) else {
            return;
        };
        let maps = (0..=asked.labels.len()).map(heat_map).collect();
        self.say(Event::HeatMaps {
            library,
            picture,
            compared: false,
            maps: Arc::new(MapSet {
                question: answered(&asked),
                method: HeatmapMethod::ClassActivation,
                done: 1.0,
                maps,
            }),
        });
    }
}

impl StandIn {
    /// Pretends that a map was tested: the score falls faster than elsewhere.
    fn test(&self, label: LabelId) {
        let asked = question(&self.requests()).unwrap();
        let curve = |bend: f32| Curve {
            cosines: (0..=10).map(|n| 0.9 - 0.6 * (n as f32 / 10.0).powf(bend)).collect(),
        };
        let library = self.0.borrow().library;
        let picture = self.0.borrow().inspected.unwrap_or_default();
        let tested = |done, verdict| Event::MapTested {
            library,
            picture,
            question: answered(&asked),
            label,
            done,
            verdict,
        };
        self.say(tested(0.5, None));
        let elsewhere = [0.8, 0.9, 1.0, 1.1, 1.2].map(curve);
        let verdict = Verdict::new(curve(0.4), &elsewhere, Some(curve(1.6)));
        self.say(tested(1.0, Some(Box::new(verdict))));
    }
}

impl StandIn {
    /// Pretends that another method, or another model, made maps, too.
    fn compare(&self, compared: &ComparedWith) {
        let asked = question(&self.requests()).unwrap();
        let (library, picture) = (self.0.borrow().library, self.0.borrow().inspected.unwrap_or_default());
        let model = compared.model.as_ref().map(|_| other_model());
        let by = model
            .as_ref()
            .map_or(starter().identity, |model| model.identity.clone());
        self.say(Event::ComparedReady(model.map(Box::new)));
        let other = |label| HeatMap {
            method: HeatmapMethod::Occlusion,
            ..heat_map(label + 2)
        };
        self.say(Event::HeatMaps {
            library,
            picture,
            compared: true,
            maps: Arc::new(MapSet {
                question: Arc::new(asked.to_model(&by)),
                method: HeatmapMethod::Occlusion,
                done: 1.0,
                maps: (0..=asked.labels.len()).map(other).collect(),
            }),
        });
    }

    /// Pretends that the best label loses what is erased, the more the larger the brush is, and that this was writing.
    fn probe(&self, probe: &Probe) {
        let asked = question(&self.requests()).unwrap();
        let (library, picture) = (self.0.borrow().library, self.0.borrow().inspected.unwrap_or_default());
        let before = cosines(picture as usize, 9, asked.labels.len());
        let mut after = before.clone();
        let best = picture as usize % asked.labels.len().max(1);
        after[best] -= probe.dabs.first().map_or(0.25, |dab| 4.0 * dab.radius);
        self.say(Event::Probed {
            library,
            picture,
            probed: Box::new(Probed {
                number: probe.number,
                question: answered(&asked),
                before: Arc::new(score(&before, SCORING, 0.0)),
                after: Arc::new(score(&after, SCORING, 0.0)),
                view: inspected(picture).view,
                model_view: painted(picture as usize + 1, 224, 224),
                image: (!probe.dabs.is_empty()).then(|| painted(picture as usize + 1, 320, 240)),
                read_the_word: !probe.dabs.is_empty(),
            }),
        });
    }

    fn answers(&self) -> bool {
        let shared = self.0.borrow();
        !shared.names.is_empty() && !shared.silent
    }

    /// The newest of the requests that match.
    pub fn newest<T>(&self, matches: impl Fn(&Request) -> Option<T>) -> Option<T> {
        self.requests().iter().rev().find_map(matches)
    }
}

impl Backend for StandIn {
    fn send(&mut self, request: Request) {
        self.0.borrow_mut().requests.push(request.clone());
        match request {
            Request::Library(LibraryRequest::OpenFolders { library, .. })
            | Request::Library(LibraryRequest::OpenSamples { library }) => {
                self.0.borrow_mut().library = library;
            }
            Request::Inspect {
                picture: Some(picture), ..
            } => self.inspect(picture),
            Request::Thumbnails { library, pictures } => {
                for picture in pictures {
                    let image = painted(picture as usize, 96, 72);
                    self.say(Event::Thumbnail {
                        library,
                        picture,
                        image,
                    });
                }
            }
            Request::FilePictures(paths) => {
                for path in paths.into_iter().filter(|path| path.starts_with(PRETENDED)) {
                    let seed = path.to_string_lossy().bytes().map(usize::from).sum();
                    let image = Ok(painted(seed, 64, 48));
                    self.say(Event::FilePicture { path, image });
                }
            }
            // Every model can be opened, but for one.
            Request::Inference(InferenceRequest::LoadModel(choice))
                if choice != ModelChoice::Path("/models/broken".into()) =>
            {
                self.say(Event::ModelOpened(choice));
            }
            Request::Inference(InferenceRequest::TestMap(Some(test))) => self.test(test.label),
            Request::Inference(InferenceRequest::Compare(Some(compared))) => self.compare(&compared),
            Request::Inference(InferenceRequest::Probe(Some(probe))) => self.probe(&probe),
            Request::Library(LibraryRequest::DrawHeatmap { path: None, .. }) => {
                self.say(Event::Drawn(painted(1, 64, 64)))
            }
            Request::Inference(InferenceRequest::Classify(asked)) if self.answers() => self.answer(&asked),
            _ => {}
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        self.0.borrow_mut().events.pop_front()
    }
}

/// The question as the starter answers it.
pub fn answered(asked: &Question) -> Arc<Question> {
    Arc::new(asked.to_model(&starter().identity))
}

const SCORING: Scoring = Scoring {
    logit_scale: 20.085_537,
    logit_bias: None,
};

/// The card of the model that stands beside the starter in comparisons.
fn other_model() -> ModelInfo {
    ModelInfo {
        name: "Other".into(),
        identity: "07e4".repeat(8),
        ..starter()
    }
}

/// The card of a model that can read, under the starter's identity.
pub fn reader() -> ModelInfo {
    ModelInfo {
        name: "Reader".into(),
        layout: Layout::HuggingFace,
        tower: TowerKind::Vit,
        ..starter()
    }
}

/// The starter's card.
pub fn starter() -> ModelInfo {
    ModelInfo {
        name: "Starter".into(),
        path: None,
        layout: Layout::Starter,
        image_tower: "EfficientNet-Lite0, 16 blocks".into(),
        text_tower: "Transformer, 4 blocks of 384, causal, 12,000 tokens known".into(),
        files: vec![WeightsFile {
            name: "model.safetensors".into(),
            sha256: "0e2a8d".repeat(10) + "beef",
        }],
        tower: TowerKind::EfficientNetLite,
        parameters: 11_353_049,
        size_bytes: 22_724_860,
        dtype: "f16".into(),
        image_size: 224,
        sees: "224 x 224 pixels".into(),
        context_length: 32,
        projection_dim: 384,
        scoring: SCORING,
        precision: Precision::Full,
        notes: Vec::new(),
        taught_classes: Vec::new(),
        identity: "a0203d363266da5d9e1c8dfff9777b10".into(),
        full_identity: "a0203d363266da5d9e1c8dfff9777b10".into(),
    }
}

/// In the stand-in's catalog, pictures are numbered as they are listed.
fn file((id, name): (PictureId, &&str)) -> PictureFile {
    PictureFile {
        id,
        path: format!("/pictures/{name}").into(),
    }
}

/// The highest for one label, lower for the others; every fifth picture fits none.
fn cosines(picture: usize, count: usize, labels: usize) -> Vec<f32> {
    let best = picture % labels.max(1);
    let top = 0.5 + 0.4 * (picture + 1) as f32 / count as f32;
    let mut cosines: Vec<f32> = (0..labels)
        .map(|label| {
            if label == best {
                top
            } else {
                0.3 + 0.02 * ((label * 7 + picture) % 9) as f32
            }
        })
        .collect();
    cosines.push(if picture % 5 == 4 { top + 0.05 } else { 0.4 });
    cosines
}

/// A square on plain ground, of other colours for every seed.
pub fn painted(seed: usize, width: usize, height: usize) -> ScreenImage {
    // A bright square on plain ground: easy on the size of the pictures that are compared.
    let ground = [40 + 13 * (seed % 12), 90 + 31 * (seed % 5), 200 - 17 * (seed % 9)].map(|c| c as u8);
    let square = ground.map(|c| c.wrapping_add(90));
    let pixel = |n: usize| {
        let (x, y) = (n % width, n / width);
        let inside = (width / 4..width * 3 / 4).contains(&x) && (height / 4..height * 3 / 4).contains(&y);
        if inside { square } else { ground }
    };
    ScreenImage {
        width,
        height,
        rgb: (0..width * height).flat_map(pixel).collect(),
    }
}

fn inspected(picture: PictureId) -> InspectedPicture {
    InspectedPicture {
        image: painted(picture as usize, 320, 240),
        original_size: (640, 480),
        original: None,
        file: Some((1_234_567, SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_730_000))),
        view: ViewRect {
            left: 0.125,
            top: 0.0,
            width: 0.75,
            height: 1.0,
        },
        model_view: painted(picture as usize, 224, 224),
        compared_view: None,
    }
}

fn heat_map(label: usize) -> HeatMap {
    let cell = |n: usize| {
        let (x, y) = ((n % 7) as f32 - 3.0, (n / 7) as f32 - (label % 5) as f32 - 1.0);
        4.0 * (-(x * x + y * y) / 4.0).exp() - 1.0
    };
    HeatMap {
        method: HeatmapMethod::ClassActivation,
        rows: 7,
        columns: 7,
        covers: 1.0,
        values: (0..49).map(cell).collect(),
    }
}
