//! What can go wrong with a model, in words that say what to do next.

use std::path::PathBuf;

/// The result of everything in [`crate::clip`].
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the model layer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the model could not be read.
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    /// A folder is not in a layout that is understood.
    #[error("{path} is not a model folder: {reason}")]
    Layout {
        path: PathBuf,
        /// What is missing or different.
        reason: String,
    },
    /// A configuration file says something that cannot be.
    #[error("{file}: {reason}")]
    Config { file: String, reason: String },
    /// The weights do not fit the configuration, or the file is damaged.
    #[error("{file}: {reason}")]
    Checkpoint {
        file: String,
        /// What is wrong, with the names of the tensors.
        reason: String,
    },
    /// The tokenizer could not be loaded or refused a text.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// A picture has no pixels to look at.
    #[error("the picture is {width} x {height} pixels: nothing to look at")]
    EmptyPicture { width: u32, height: u32 },
    /// A method does not fit a model.
    #[error("{0}")]
    Method(String),
    /// What came out is NaN or infinity: no number to show, to sort by, or to keep.
    #[error("{model}: {what} NaN or infinity instead of numbers{hint}")]
    NotFinite {
        model: String,
        /// Which part gives it, with its verb: `the image tower gives`.
        what: String,
        /// What to do about it, after a separator; may be empty.
        hint: &'static str,
    },
    /// A model cannot compute something, though its device is well: a mistake of ours, or of its files.
    #[error("{model} failed while computing: {reason}")]
    Computation { model: String, reason: String },
    /// The device failed while computing (a lost GPU, for one).
    #[error("the device failed while computing: {0}")]
    Device(String),
}

impl Error {
    pub(crate) fn config(file: &str, reason: impl Into<String>) -> Self {
        Self::Config {
            file: file.into(),
            reason: reason.into(),
        }
    }
}
