//! What the engine's threads tell each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::RgbImage;

use super::device::DeviceChoice;
use super::loaded::Loaded;
use super::prepare::Prepared;
use super::protocol::{Generation, InferenceRequest, LibraryRequest, PictureId, Precision};
use super::queue::Job;
use crate::engine::ModelChoice;
use crate::library::{Content, Fact, Stamp};

/// What the inference thread is to do.
pub enum InferenceMessage {
    /// What the window asks.
    Asked(InferenceRequest),
    UseDevice(DeviceChoice),
    /// A new list of pictures: forget the old one's embeddings.
    Library(Generation),
    /// Embeddings that the store had.
    Stored {
        library: Generation,
        /// The model they are from.
        identity: String,
        /// Pictures and unit vectors.
        rows: Vec<(PictureId, Vec<f32>)>,
    },
    /// A decoded picture to embed.
    Prepared {
        job: Job,
        /// Its absolute path.
        path: PathBuf,
        /// The model it was prepared for.
        identity: String,
        prepared: Box<Prepared>,
    },
    /// Another picture is inspected, or none: heatmaps of any other are not wanted any more.
    Inspecting {
        library: Generation,
        picture: Option<PictureId>,
    },
    /// The inspected picture: make its heatmaps.
    Dense {
        library: Generation,
        picture: PictureId,
        /// The model it was prepared for.
        identity: String,
        inspected: InspectedPixels,
    },
    /// Compute in another precision.
    UsePrecision(Precision),
    /// A model is loaded onto the CPU; or why it is not.
    Loaded {
        /// What the loading was for; an outdated one is dropped.
        attempt: u64,
        choice: ModelChoice,
        loaded: std::result::Result<Box<Loaded>, String>,
    },
    /// The model that makes the second set of heatmaps is loaded; or why it is not.
    ComparedLoaded {
        /// What the loading was for; an outdated one is dropped.
        attempt: u64,
        loaded: std::result::Result<Box<Loaded>, String>,
    },
    /// A GPU is ready, with the model on it; or why it is not.
    Gpu {
        /// What the preparation was for; an outdated one is dropped.
        attempt: u64,
        /// The model on the GPU, nothing where there is no GPU.
        loaded: std::result::Result<Option<Box<Loaded>>, String>,
    },
    Stop,
}

/// A picture as the inspector's work needs it.
#[derive(Clone)]
pub struct InspectedPixels {
    /// The picture, upright; a smaller one where it is larger than a camera's.
    pub picture: Arc<RgbImage>,
    /// The same, no larger than tests and the brush need.
    pub copy: Arc<RgbImage>,
    /// What the model sees of it.
    pub view: RgbImage,
}

/// What the library thread is to do.
pub enum LibraryMessage {
    /// What the window asks.
    Asked(LibraryRequest),
    /// A scan found more pictures.
    Found {
        library: Generation,
        pictures: Vec<FoundFile>,
    },
    /// A scan is done.
    Scanned {
        library: Generation,
        /// Paths that could not be looked at, with the reason.
        unreadable: Vec<(PathBuf, String)>,
    },
    /// Another model: its identity. Look up what the store has for it, and index the rest.
    Model {
        identity: String,
        /// The width of its embeddings.
        dim: usize,
        /// Where it is; none for the one in the binary.
        place: Option<PathBuf>,
        files: Vec<PathBuf>,
    },
    /// Write this down.
    Keep(Fact),
    /// Write everything and end.
    Stop,
}

/// A picture file that a scan found.
pub struct FoundFile {
    /// As found: below the folder as it was given.
    pub path: PathBuf,
    /// When it was found.
    pub stamp: Stamp,
    /// What it holds, where the scan had to look since it may be a picture that was moved; and the stamp by which that is
    /// known again.
    pub read: Option<(Content, Option<Stamp>)>,
}

/// The path by which the store knows a picture.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
