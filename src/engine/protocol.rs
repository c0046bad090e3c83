//! What the window and the engine say to each other: plain data.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use image::RgbImage;

use super::device::{DeviceChoice, DeviceInfo};
use super::evaluation::{EvaluationEvent, EvaluationRequest};
use super::training::{TrainingEvent, TrainingRequest};
use crate::engine::ModelChoice;

pub use crate::clip::{ModelInfo, Precision, Scoring, Shift, ViewRect, model_name};
pub use crate::heatmap::HeatmapMethod;
pub use crate::heatmap::trust::check::Verdict;
pub use crate::heatmap::{Dab, Fill, HeatMap, HeatmapPicture};
pub use crate::hub::CachedModel;
pub use crate::library::{PictureId, SettingChange, StoredSetting};
pub use crate::zero_shot::{Label, LabelId, Scores, TemplateSet};

/// Counts what replaces each other: lists of pictures, or questions about them. The newest wins.
pub type Generation = u64;

/// What the window wants, by who does it.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Something of the model, or of what it answers.
    Inference(InferenceRequest),
    /// Something of the list of pictures, of what is stored, or of files that are written.
    Library(LibraryRequest),
    /// Something of models on this machine and on the Hub.
    Hub(HubRequest),
    /// Something about training.
    Training(TrainingRequest),
    /// Something about evaluating.
    Evaluation(EvaluationRequest),
    /// The large picture and its heatmaps; none to stop making them.
    Inspect {
        /// The list it belongs to.
        library: Generation,
        /// Which.
        picture: Option<PictureId>,
    },
    /// Thumbnails of the pictures on screen; whatever was wanted before is not any more.
    Thumbnails {
        /// The list they belong to.
        library: Generation,
        /// Which, most urgent first.
        pictures: Vec<PictureId>,
    },
    /// Small pictures of files that need not be in the list. Replaces what was asked before.
    FilePictures(Vec<PathBuf>),
    /// Hold or go on with indexing.
    PauseIndexing(bool),
    /// Measure how fast a model embeds pictures here.
    MeasureModel(ModelChoice),
    /// Compute elsewhere.
    UseDevice(DeviceChoice),
    /// Compute in another precision, where there is a GPU.
    UsePrecision(Precision),
}

/// What the inference thread is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum InferenceRequest {
    /// Load another model.
    LoadModel(ModelChoice),
    /// Score every picture, now and as they are indexed. Only the newest question is answered.
    Classify(Arc<Question>),
    /// How like every picture is to one of them.
    Alike {
        /// The list they belong to.
        library: Generation,
        /// The one.
        picture: PictureId,
    },
    /// Make other heatmaps from now on: by this method, or by the model's own default where it is none or does not fit.
    UseHeatmap(Option<HeatmapMethod>),
    /// Make no further heatmaps, or go on with them.
    HoldHeatmaps(bool),
    /// Test how far a heatmap of the inspected picture can be trusted; none to stop testing.
    TestMap(Option<MapTest>),
    /// Make a second set of heatmaps beside the first; none to stop that.
    Compare(Option<Rival>),
    /// Show the inspected picture to the model in another way; none for as it is.
    Probe(Option<Probe>),
}

/// What the library thread is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum LibraryRequest {
    /// Replace the list of pictures by what these folders (or single pictures) hold, and index it.
    OpenFolders {
        /// The list's generation.
        library: Generation,
        /// Folders and pictures, in order.
        paths: Vec<PathBuf>,
    },
    /// The same with the sample pictures, unpacked first where needed.
    OpenSamples {
        /// The list's generation.
        library: Generation,
    },
    /// Try skipped pictures once more.
    Retry {
        /// The list they belong to.
        library: Generation,
        /// Which.
        pictures: Vec<PictureId>,
    },
    /// Keep the settings that were changed.
    SaveSettings(Vec<SettingChange>),
    /// Forget all about pictures, and every setting and label, also on the disk.
    ForgetEverything,
    /// Write a file for the user.
    Export {
        /// Where to.
        path: PathBuf,
        /// The whole file.
        content: String,
    },
    /// Draw heatmaps with their legend, into a file or for the clipboard.
    DrawHeatmap {
        /// What is drawn.
        picture: Box<HeatmapPicture>,
        /// Where to; none for the clipboard.
        path: Option<PathBuf>,
    },
}

/// What is asked about models on this machine and on the Hub.
#[derive(Debug, Clone, PartialEq)]
pub enum HubRequest {
    /// Which models are on this machine.
    ListModels,
    /// Fetch a model from the Hub, by its name.
    Fetch(String),
    /// Stop fetching; what arrived is kept.
    StopFetching,
    /// Delete a model from the cache that other tools share.
    RemoveModel(String),
}

/// A label of a question, as it read when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedLabel {
    /// Which label it is.
    pub id: LabelId,
    /// How it read.
    pub label: Label,
}

/// What is asked about every picture. Every answer carries it: numbers and maps are in the order of its labels, and are
/// shown under the names that these had.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The newest generation wins.
    pub generation: Generation,
    /// The labels, in order.
    pub labels: Vec<AskedLabel>,
    /// The templates for names.
    pub templates: TemplateSet,
    /// Added to the cosine of "none of these".
    pub none_bias: f32,
    /// The identity of the model that answers; none before one does.
    pub model: Option<String>,
}

impl Question {
    /// Where a label stands in it.
    pub fn place(&self, id: LabelId) -> Option<usize> {
        self.labels.iter().position(|asked| asked.id == id)
    }

    /// Where a label's class stands; that of "none of these" is the last.
    pub fn class(&self, id: LabelId) -> Option<usize> {
        if id == LabelId::NONE_OF_THESE {
            return Some(self.labels.len());
        }
        self.place(id)
    }

    /// Which label stands at a place.
    pub fn id(&self, place: usize) -> Option<LabelId> {
        self.labels.get(place).map(|asked| asked.id)
    }

    /// How a label read when this was asked.
    pub fn label(&self, id: LabelId) -> Option<&Label> {
        Some(&self.labels[self.place(id)?].label)
    }

    /// The labels alone.
    pub fn words(&self) -> Vec<Label> {
        self.labels.iter().map(|asked| asked.label.clone()).collect()
    }

    /// The same question, with the model that answers it.
    pub fn to_model(&self, identity: &str) -> Self {
        Self {
            model: Some(identity.into()),
            ..self.clone()
        }
    }

    /// Whether an answer to this one, by the same model, is an answer to the other.
    pub fn is(&self, other: &Self) -> bool {
        self.generation == other.generation && self.model == other.model
    }
}

/// A test of one label's heatmap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapTest {
    /// The label whose map is tested.
    pub label: LabelId,
    /// A label that does not fit, whose map is tested beside it.
    pub unrelated: Option<LabelId>,
}

/// Who else makes heatmaps of the inspected picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Rival {
    /// Another model; none for the same.
    pub model: Option<ModelChoice>,
    /// Another method; none for the model's own default.
    pub method: Option<HeatmapMethod>,
}

/// Another way to show the inspected picture to the model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Probe {
    /// Counts probes; the newest wins.
    pub number: u64,
    /// Where the model's square is cut from.
    pub shift: Shift,
    /// What is erased.
    pub dabs: Vec<Dab>,
    /// What erased pixels become.
    pub fill: Fill,
}

/// What came of a probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    /// Its number.
    pub number: u64,
    /// The question that was asked.
    pub question: Arc<Question>,
    /// The scores of the same square without erasing.
    pub before: Arc<Scores>,
    /// The scores now.
    pub after: Arc<Scores>,
    /// The part of the picture that the model sees now.
    pub view: ViewRect,
    /// Exactly what it sees.
    pub model_view: ScreenImage,
    /// The picture as it is now; none where nothing was erased.
    pub image: Option<ScreenImage>,
    /// Whether what was erased looks like writing, and its erasing changed the answer.
    pub read_the_word: bool,
}

/// How fast a model embeds pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpeed {
    /// The model's name.
    pub model: String,
    /// The device's name.
    pub device: String,
    /// Pictures per second, their decoding not included.
    pub pictures_per_s: f32,
}

/// Heatmaps of the inspected picture for all labels, or how far they are.
#[derive(Debug, Clone, PartialEq)]
pub struct MapSet {
    /// The question whose labels they are for.
    pub question: Arc<Question>,
    /// How they are made.
    pub method: HeatmapMethod,
    /// The share that is done; there are no maps before 1.
    pub done: f32,
    /// In the order of the labels, and last that of "none of these".
    pub maps: Vec<HeatMap>,
}

impl MapSet {
    /// The map of a label, or of "none of these".
    pub fn of(&self, label: LabelId) -> Option<&HeatMap> {
        self.maps.get(self.question.class(label)?)
    }
}

/// A picture of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    /// Which picture it is.
    pub id: PictureId,
    /// Where it is, as found.
    pub path: PathBuf,
}

/// Pixels for the screen.
#[derive(Clone, PartialEq, Eq)]
pub struct ScreenImage {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height * 3` bytes, RGB.
    pub rgb: Vec<u8>,
}

impl ScreenImage {
    /// Stands for a picture that cannot be shown.
    pub fn grey() -> Self {
        Self {
            width: 1,
            height: 1,
            rgb: vec![128; 3],
        }
    }
}

impl std::fmt::Debug for ScreenImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ScreenImage({} x {})", self.width, self.height)
    }
}

/// The inspected picture.
#[derive(Debug, Clone, PartialEq)]
pub struct InspectedPicture {
    /// Upright, scaled to fit a screen.
    pub image: ScreenImage,
    /// Width and height of the original, upright, in pixels.
    pub original_size: (u32, u32),
    /// The original itself, where that is larger than what is scaled to fit a screen: the heatmaps' own.
    pub original: Option<Arc<RgbImage>>,
    /// The file's size in bytes, and when it was last changed; none where the system does not say.
    pub file: Option<(u64, SystemTime)>,
    /// The part that the model sees.
    pub view: ViewRect,
    /// Exactly what the model sees.
    pub model_view: ScreenImage,
    /// The part that a rival model sees, where there is one.
    pub rival_view: Option<ViewRect>,
}

/// How a download ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchOutcome {
    /// The model is in this folder, verified.
    Here(PathBuf),
    /// The user stopped it.
    Stopped,
    /// Why it failed, in words that say what to do.
    Failed(String),
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A file that is written.
    Saving,
    /// The model that is opened.
    Model,
    /// A model that is fetched or removed.
    Fetching,
    /// Labels and templates.
    Labels,
    /// Runs.
    Training,
}

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is not as it was asked for.
    Warning,
    /// Something could not be done.
    Error,
}

/// What the engine has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// More pictures for the list, in order.
    Pictures {
        /// The list.
        library: Generation,
        /// What was found.
        pictures: Vec<PictureFile>,
    },
    /// The list is complete.
    Scanned {
        /// The list.
        library: Generation,
        /// Paths that could not be looked at, with the reason.
        unreadable: Vec<(PathBuf, String)>,
    },
    /// A picture of the list cannot be used.
    Skipped {
        /// The list.
        library: Generation,
        /// Which.
        picture: PictureId,
        /// Why.
        reason: String,
    },
    /// Pictures that the model has an embedding of.
    Indexed {
        /// The list.
        library: Generation,
        /// How many.
        done: usize,
    },
    /// Pictures per second, over the last few seconds.
    Speed(f32),
    /// How fast a model was measured to be; none where it could not be measured.
    Measured(Option<ModelSpeed>),
    /// Scores of some pictures.
    Predictions {
        /// The list.
        library: Generation,
        /// The question they answer.
        question: Arc<Question>,
        /// Pictures and scores.
        rows: Vec<(PictureId, Arc<Scores>)>,
    },
    /// The question is answered for every picture that is indexed; labels of which words were cut, and which.
    Answered {
        /// The question.
        question: Arc<Question>,
        /// Label and lost words.
        lost_words: Vec<(LabelId, String)>,
        /// Labels that the model was not taught, where it was taught some, and what is to be known of each.
        untaught: Vec<(LabelId, String)>,
        /// From the arrival of the question to its answer, in milliseconds.
        latency_ms: f32,
    },
    /// How like the pictures are to one of them, of those that have an embedding.
    Alike {
        /// The list.
        library: Generation,
        /// The one's place.
        picture: PictureId,
        /// Places, and cosines with it.
        rows: Vec<(PictureId, f32)>,
    },
    /// A thumbnail.
    Thumbnail {
        /// The list.
        library: Generation,
        /// Which.
        picture: PictureId,
        /// The pixels.
        image: ScreenImage,
    },
    /// The large picture.
    Inspected {
        /// The list.
        library: Generation,
        /// Which.
        picture: PictureId,
        /// The picture.
        inspected: Box<InspectedPicture>,
    },
    /// Heatmaps of the inspected picture, or how far they are.
    HeatMaps {
        /// The list.
        library: Generation,
        /// The picture.
        picture: PictureId,
        /// Whether they are the second set.
        rival: bool,
        /// The maps.
        maps: Arc<MapSet>,
    },
    /// A probe of the inspected picture is answered.
    Probed {
        /// The list.
        library: Generation,
        /// The picture.
        picture: PictureId,
        /// The answer.
        probed: Box<Probed>,
    },
    /// The model that makes the second set of heatmaps; none where it is the first.
    RivalReady(Option<Box<ModelInfo>>),
    /// Heatmaps with their legend, for the clipboard.
    Drawn(ScreenImage),
    /// The test of a heatmap, or how far it is.
    MapTested {
        /// The list.
        library: Generation,
        /// The picture.
        picture: PictureId,
        /// The question whose labels are meant.
        question: Arc<Question>,
        /// The label.
        label: LabelId,
        /// The share that is done.
        done: f32,
        /// What came of it, at the end.
        verdict: Option<Box<Verdict>>,
    },
    /// The models of the Hugging Face cache.
    LocalModels(Vec<CachedModel>),
    /// A download goes on.
    Fetching {
        /// The model.
        name: String,
        /// How far it is.
        progress: Download,
    },
    /// A download ended.
    Fetched {
        /// The model.
        name: String,
        /// How.
        outcome: FetchOutcome,
    },
    /// A model is being loaded.
    ModelLoading(String),
    /// This model was opened, and is the one that computes from now on; its card follows.
    ModelOpened(ModelChoice),
    /// A model is ready; what was scored by another is void.
    ModelReady(Box<ModelInfo>),
    /// Where the model computes, and what it still prepares.
    Device {
        /// The device.
        info: DeviceInfo,
        /// A GPU that is being prepared meanwhile.
        preparing: Option<String>,
    },
    /// How much memory this machine has, in bytes.
    MachineMemory(u64),
    /// Something about training.
    Training(TrainingEvent),
    /// Something about evaluating.
    Evaluation(EvaluationEvent),
    /// A small picture of a file, or why there is none.
    FilePicture {
        /// The file.
        path: PathBuf,
        /// Its picture.
        image: Result<ScreenImage, String>,
    },
    /// What was to be saved lies there.
    Saved(PathBuf),
    /// Something to read.
    Message {
        /// How grave.
        severity: Severity,
        /// What it is about: a later one about the same replaces it.
        topic: Option<Topic>,
        /// In words that say what to do.
        text: String,
    },
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Download {
    /// Bytes that are there, all files together.
    pub done_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// Bytes a second, lately.
    pub bytes_per_s: f64,
}

impl Download {
    /// Seconds until it is done; none while the speed is unknown.
    pub fn seconds_left(&self) -> Option<f64> {
        let left = self.total_bytes.saturating_sub(self.done_bytes) as f64;
        (self.bytes_per_s > 0.0).then(|| left / self.bytes_per_s)
    }
}
