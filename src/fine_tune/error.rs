//! What can go wrong with a run, in words that say what to do next.

use std::path::PathBuf;

/// The result of everything in [`crate::fine_tune`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a run cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model failed, or a file of it.
    #[error(transparent)]
    Model(#[from] crate::clip::Error),
    /// What is to be learnt from does not suffice.
    #[error("{0}")]
    Data(String),
    /// The folder that is to be learnt from cannot be used.
    #[error(transparent)]
    Folder(#[from] crate::library::labelled::DataError),
    /// The settings cannot be.
    #[error("{0}")]
    Config(String),
    /// A run is not there, or its folder is damaged.
    #[error("{0}")]
    Run(String),
    /// A loss or a gradient is not finite any more.
    #[error("step {step}: {what} is not a number any more. {advice}")]
    NotANumber {
        /// The step.
        step: usize,
        /// What it is.
        what: String,
        /// What to do.
        advice: &'static str,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}. The run can be resumed from its last checkpoint")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The user stopped it before there was anything to keep.
    #[error("stopped before it began")]
    Stopped,
}
