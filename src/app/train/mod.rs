//! What the window knows about training, what a user can want of it, and how that is carried out.

mod curves;
mod panels;
mod state;
mod update;

use std::path::PathBuf;

use crate::engine::training::{FineTuneMethod, RunConfig};

pub use curves::{Curves, Trial, by_trial};
pub use panels::{taught_ui, train_ui};
pub use state::{AtWork, Pair, Training};
pub use update::update;

/// What the middle of the training mode shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Page {
    /// A new run.
    #[default]
    Setup,
    /// A run.
    Run(String),
    /// Runs side by side.
    Compare,
    /// Few-shot against zero-shot.
    Shots,
    /// Pictures against texts.
    Board,
}

/// What a user can want of training.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainCommand {
    /// Show a page.
    Open(Page),
    /// Learn from another folder.
    UseFolder(PathBuf),
    /// Measure forgetting on another folder; none for the samples.
    UseControl(Option<PathBuf>),
    /// Take a preset, by its place.
    UsePreset(usize),
    /// Learn by another method, with its defaults.
    UseMethod(FineTuneMethod),
    /// Change settings.
    Configure(Box<RunConfig>),
    /// Look through the pictures.
    Preview,
    /// Try one step.
    Estimate,
    /// Start the run that is set up.
    Start,
    /// Go on with a run.
    Resume(String),
    /// Hold the run that is at work, or go on.
    Pause(bool),
    /// Stop what is at work; what a run learnt is kept.
    Stop,
    /// Give a run another name and note.
    Describe {
        /// The run.
        run: String,
        /// Its name.
        name: String,
        /// Its note.
        note: String,
    },
    /// Delete a run; can be undone.
    Delete(String),
    /// Bring the run that was deleted last back.
    Undelete,
    /// Compute with a run's model, and look for the classes that it was taught.
    Use(String),
    /// Compute with the model again that the run whose model is in use started from.
    UseBase,
    /// Ask where a run's model shall be written.
    AskWhereTo(String),
    /// Write it into this folder.
    Export(PathBuf),
    /// Put a run beside others, or away.
    Compare(String),
    /// Measure blends of a run with what it started from.
    MeasureBlends(String),
    /// Put the slider between the models of a run elsewhere.
    SlideBlend(String, f32),
    /// Make a blend the run's model.
    UseBlend(String, f32),
    /// Measure accuracy against the number of shots.
    MeasureShots,
    /// Use other pictures and texts on the board.
    SetPairs(Vec<Pair>),
    /// Fill the board with the first picture of each of the best labels.
    FillBoard,
    /// Compare the board's pictures and texts, after so many contrastive steps.
    ShowBoard(usize),
}
