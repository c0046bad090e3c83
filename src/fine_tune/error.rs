//! What can go wrong with a run, in words that say what to do next.

use std::path::PathBuf;

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
    /// A setting is out of its range, or does not fit the model or the method.
    #[error("{0}")]
    Config(String),
    /// A run is not there, or its folder is damaged.
    #[error("{0}")]
    Run(String),
    /// A loss or a gradient is not finite any more.
    #[error("step {step}: {what} is not a number any more. {advice}")]
    NotANumber {
        /// From 0.
        step: usize,
        /// A loss, or the gradient of a parameter by its name.
        what: String,
        /// What to try instead, as a sentence without its stop.
        advice: &'static str,
    },
    /// The folder of runs, or what tells of one, cannot be written: nothing was learnt that could be lost.
    #[error("cannot write {path}: {source}")]
    Folders { path: PathBuf, source: std::io::Error },
    /// A file of a run that is at work cannot be written.
    #[error("cannot write {path}: {source}. The run can be resumed from its last checkpoint")]
    Write { path: PathBuf, source: std::io::Error },
    /// The user stopped it before there was anything to keep.
    #[error("stopped before it began")]
    Stopped,
}
