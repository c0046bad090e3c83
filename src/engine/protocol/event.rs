//! What the engine has to say, from any of its threads.

use std::path::PathBuf;
use std::sync::Arc;

use super::{
    CachedModel, Generation, InspectedPicture, LabelId, MapSet, ModelInfo, ModelSpeed, PictureFile, PictureId, Probed,
    Question, Scores, ScreenImage, Verdict,
};
use crate::engine::ModelChoice;
use crate::engine::device::DeviceInfo;
use crate::engine::evaluation::EvaluationEvent;
use crate::engine::training::TrainingEvent;

/// What the engine has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// More pictures for the list, in order.
    Pictures {
        library: Generation,
        pictures: Vec<PictureFile>,
    },
    /// The list is complete.
    Scanned {
        library: Generation,
        /// Paths that could not be looked at, with the reason.
        unreadable: Vec<(PathBuf, String)>,
    },
    /// A picture of the list cannot be used.
    Skipped {
        library: Generation,
        picture: PictureId,
        reason: String,
    },
    /// Pictures that the model has an embedding of.
    Indexed {
        library: Generation,
        done: usize,
    },
    /// Pictures per second, over the last few seconds.
    Speed(f32),
    /// How fast a model was measured to be; none where it could not be measured.
    Measured(Option<ModelSpeed>),
    /// Scores of some pictures.
    Predictions {
        library: Generation,
        /// The question they answer.
        question: Arc<Question>,
        rows: Vec<(PictureId, Arc<Scores>)>,
    },
    /// The question is answered for every picture that is indexed; labels of which words were cut, and which.
    Answered {
        question: Arc<Question>,
        lost_words: Vec<(LabelId, String)>,
        /// Labels that the model was not taught, where it was taught some, and what is to be known of each.
        untaught: Vec<(LabelId, String)>,
        /// From the arrival of the question to its answer, in milliseconds.
        latency_ms: f32,
    },
    /// How like the pictures are to one of them, of those that have an embedding.
    Alike {
        library: Generation,
        /// The one that they are compared with.
        picture: PictureId,
        /// Places, and cosines with it.
        rows: Vec<(PictureId, f32)>,
    },
    Thumbnail {
        library: Generation,
        picture: PictureId,
        image: ScreenImage,
    },
    Inspected {
        library: Generation,
        picture: PictureId,
        inspected: Box<InspectedPicture>,
    },
    /// Heatmaps of the inspected picture, or how far they are.
    HeatMaps {
        library: Generation,
        picture: PictureId,
        /// Whether they are the second set.
        compared: bool,
        maps: Arc<MapSet>,
    },
    /// A probe of the inspected picture is answered.
    Probed {
        library: Generation,
        picture: PictureId,
        probed: Box<Probed>,
    },
    /// The model that makes the second set of heatmaps; none where it is the first.
    ComparedReady(Option<Box<ModelInfo>>),
    /// Heatmaps with their legend, for the clipboard.
    Drawn(ScreenImage),
    /// The test of a heatmap, or how far it is.
    MapTested {
        library: Generation,
        picture: PictureId,
        /// The question whose labels are meant.
        question: Arc<Question>,
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
        name: String,
        progress: Download,
    },
    Fetched {
        name: String,
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
        info: DeviceInfo,
        /// A GPU that is being prepared meanwhile.
        preparing: Option<String>,
    },
    /// How much memory this machine has, in bytes.
    MachineMemory(u64),
    Training(TrainingEvent),
    Evaluation(EvaluationEvent),
    /// A small picture of a file, or why there is none.
    FilePicture {
        path: PathBuf,
        image: Result<ScreenImage, String>,
    },
    /// The picture of a file as sharp as it was asked for, or why there is none.
    SharpPicture {
        path: PathBuf,
        /// Its longest side at most, in pixels.
        side: u32,
        image: Result<ScreenImage, String>,
    },
    /// What was to be saved lies there.
    Saved(PathBuf),
    /// Something to read.
    Message {
        severity: Severity,
        /// What it is about: a later one about the same replaces it.
        topic: Option<Topic>,
        /// In words that say what to do.
        text: String,
    },
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
    Info,
    /// Something is not as it was asked for.
    Warning,
    /// Something could not be done.
    Error,
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
