//! What evaluating has to say.

use std::path::PathBuf;
use std::sync::Arc;

use super::{
    Cluster, Columns, Conformal, Evaluation, Explained, FailureOrder, GroundTruth, Guessed, Listed, Projection,
    Remeasured, SideBySide, Slice, SliceBy,
};

/// What evaluating has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum EvaluationEvent {
    /// The evaluations, the newest first.
    List(Vec<Listed>),
    /// What a folder says, or why it says nothing.
    Looked {
        generation: u64,
        /// The answer, and the published set that its folders are called like.
        truth: Result<(Box<GroundTruth>, Option<String>), String>,
        /// The columns of its lists: those that were used, or could be where none was.
        columns: Vec<Columns>,
    },
    /// Long work goes on.
    Working {
        /// In words, for the window: `Embedding pictures`.
        what: String,
        /// The share that is done.
        done: f32,
    },
    /// Nothing is at work any more.
    Idle,
    /// An evaluation is done, or was opened; or why it could not be made.
    Evaluated {
        /// The request that this answers; none where it was no new one.
        generation: Option<u64>,
        evaluation: Result<Arc<Evaluation>, String>,
    },
    /// An evaluation has changed. It is shown where it was shown, and nothing is opened by it.
    Changed(Arc<Evaluation>),
    /// What a model answers to a folder of which nobody knows what it shows, or why it does not.
    Guessed {
        generation: u64,
        guessed: Result<Arc<Guessed>, String>,
    },
    /// What an opened evaluation says of its pictures and numbers here.
    Imported {
        id: String,
        /// What came out again and what did not, a sentence each.
        says: Vec<String>,
    },
    /// The measures of some pictures.
    Measured {
        id: String,
        generation: u64,
        /// The measures; none of no picture.
        measures: Option<Box<Remeasured>>,
    },
    /// Pictures in an order.
    Ordered(String, FailureOrder, Arc<Vec<usize>>),
    /// For each picture the labels of which one is right at the level that was asked for.
    Conformal(String, Box<Conformal>),
    /// The second against the first; or why they cannot be compared.
    Compared(String, String, Result<Arc<SideBySide>, String>),
    /// Parts of the pictures.
    Sliced(String, SliceBy, Arc<Vec<Slice>>),
    /// Mistakes that lie together.
    Clustered(String, Arc<Vec<Cluster>>),
    /// The map; t-SNE comes several times, better each time.
    Mapped(String, Arc<Projection>),
    /// The nearest pictures of the true class, with their cosines.
    Nearest {
        id: String,
        place: usize,
        /// Places and cosines, the nearest first.
        nearest: Vec<(usize, f32)>,
    },
    /// Heatmaps of a picture, or why there are none.
    Explained {
        id: String,
        place: usize,
        explained: Result<Arc<Explained>, String>,
    },
    /// A file or a folder was written, here.
    Exported(PathBuf),
}
