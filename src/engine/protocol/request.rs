//! What the window asks, by who does it.

use std::path::PathBuf;
use std::sync::Arc;

use super::{
    Dab, Fill, Generation, HeatmapMethod, HeatmapPicture, LabelId, PictureId, Precision, Question, SettingChange, Shift,
};
use crate::engine::ModelChoice;
use crate::engine::device::DeviceChoice;
use crate::engine::evaluation::EvaluationRequest;
use crate::engine::training::TrainingRequest;

/// What the window wants, by who does it.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Something of the model, or of what it answers.
    Inference(InferenceRequest),
    /// Something of the list of pictures, of what is stored, or of files that are written.
    Library(LibraryRequest),
    /// Something of models on this machine and on the Hub.
    Hub(HubRequest),
    Training(TrainingRequest),
    Evaluation(EvaluationRequest),
    /// The large picture and its heatmaps; none to stop making them.
    Inspect {
        /// The list it belongs to.
        library: Generation,
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
    /// The picture of one such file as sharp as it is shown. Replaces what was asked before.
    SharpPicture {
        path: PathBuf,
        /// Its longest side at most, in pixels.
        side: u32,
    },
    /// Hold or go on with indexing.
    PauseIndexing(bool),
    /// Measure how fast a model embeds pictures here.
    MeasureModel(ModelChoice),
    UseDevice(DeviceChoice),
    /// Compute in another precision, where there is a GPU.
    UsePrecision(Precision),
}

/// What the inference thread is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum InferenceRequest {
    LoadModel(ModelChoice),
    /// Score every picture, now and as they are indexed. Only the newest question is answered.
    Classify(Arc<Question>),
    /// How like every picture is to one of them.
    Alike {
        /// The list they belong to.
        library: Generation,
        /// The one that they are compared with.
        picture: PictureId,
    },
    /// Make other heatmaps from now on: by this method, or by the model's own default where it is none or does not fit.
    UseHeatmap(Option<HeatmapMethod>),
    /// Make no further heatmaps, or go on with them.
    HoldHeatmaps(bool),
    /// Test how far a heatmap of the inspected picture can be trusted; none to stop testing.
    TestMap(Option<MapTest>),
    /// Make a second set of heatmaps beside the first; none to stop that.
    Compare(Option<ComparedWith>),
    /// Show the inspected picture to the model in another way; none for as it is.
    Probe(Option<Probe>),
}

/// What the library thread is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum LibraryRequest {
    /// Replace the list of pictures by what these folders (or single pictures) hold, and index it.
    OpenFolders {
        library: Generation,
        /// Folders and pictures, in order.
        paths: Vec<PathBuf>,
    },
    /// The same with the sample pictures, unpacked first where needed.
    OpenSamples { library: Generation },
    /// Try skipped pictures once more.
    Retry {
        /// The list they belong to.
        library: Generation,
        pictures: Vec<PictureId>,
    },
    /// Keep the settings that were changed.
    SaveSettings(Vec<SettingChange>),
    /// Forget all about pictures, and every setting and label, also on the disk.
    ForgetEverything,
    /// Write a file for the user.
    Export { path: PathBuf, content: String },
    /// Draw heatmaps with their legend, into a file or for the clipboard.
    DrawHeatmap {
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
pub struct ComparedWith {
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
    pub dabs: Vec<Dab>,
    /// What erased pixels become.
    pub fill: Fill,
}
