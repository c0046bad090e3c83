//! What the window knows about training, what a user can want of it, and how that is carried out.

mod curves;
mod keys;
mod pairs;
mod palette;
mod panels;
mod ready;
mod state;
mod update;
mod work;

use std::path::PathBuf;

use crate::app::shell::icons as icon;
use crate::app::shell::rail::{Drawn, ModeEntry, ModeHistory};
use crate::app::shell::textures::FilePictures;
use crate::app::state::Mode;
use crate::engine::training::{FineTuneMethod, RunConfig, TrainingRequest};

pub use curves::{Curves, Trial, by_trial};
pub use panels::taught_ui;
pub use state::{Pair, Training};
pub use update::update;
pub use work::AtWork;

/// The mode, as the rail knows it.
pub const MODE: ModeEntry = ModeEntry {
    mode: Mode::Train,
    title: "Train",
    icon: icon::GRADUATION_CAP,
    keys: keys::KEYS,
    palette: palette::rows,
    open: |state, now| {
        let page = state.training.page.clone();
        update(state, TrainCommand::Open(page), now)
    },
    ui: |ui, state, textures| {
        let mut drawn = Drawn::default();
        let mut files = FilePictures {
            textures,
            missing: &mut drawn.missing_files,
        };
        panels::train_ui(ui, state, &mut files, &mut drawn.commands);
        drawn
    },
    drop_hint: "Drop a folder to train on it",
    drop: |state, paths, now| match paths.into_iter().next() {
        Some(folder) => update(state, TrainCommand::Drop(folder), now),
        None => Vec::new(),
    },
    opens_lists: false,
    history: Some(ModeHistory {
        undoes: |state| {
            let (_, name) = state.training.deleted.as_ref()?;
            Some(format!("deleting {name}"))
        },
        redoes: |_| None,
        undo: |state, now| update(state, TrainCommand::Undelete, now),
        redo: |_, _| Vec::new(),
    }),
};

/// What the middle of the training mode shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Page {
    /// What a new run is to be, and its start.
    #[default]
    Setup,
    /// The run of this name: how far it is, and what it came to.
    Run(String),
    /// Runs side by side.
    Compare,
    /// Accuracy against the number of examples, beside zero-shot.
    Shots,
    /// A few pictures against as many texts, step by step.
    Board,
}

/// How the board is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// As cosines.
    #[default]
    Cosines,
    /// As what the loss asks of each picture: which text is its own?
    Texts,
    /// As what the loss asks of each text: which picture is its own?
    Pictures,
}

/// What a user can want of training.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainCommand {
    /// Show a page, and ask for what it needs.
    Open(Page),
    /// Learn from another folder.
    UseFolder(PathBuf),
    /// A folder was dropped, or chosen in another mode: learn from it, and show that.
    Drop(PathBuf),
    /// Measure forgetting on another folder; none for the samples.
    UseControl(Option<PathBuf>),
    /// Take a preset, by its place.
    UsePreset(usize),
    /// Learn by another method, with its defaults.
    UseMethod(FineTuneMethod),
    /// Change settings of the run that is set up.
    Configure(Box<RunConfig>),
    /// Look through the pictures.
    Preview,
    /// Stop looking through them.
    StopPreview,
    /// Try one step, to tell how long the run will take.
    Estimate,
    /// Start the run that is set up.
    Start,
    /// Ask the engine for this, as it is.
    Send(TrainingRequest),
    /// Type another name and note for a run.
    Edit {
        /// Which one, by the name of its folder.
        run: String,
        /// As it stands in the field by now.
        name: String,
        /// The same of the note.
        note: String,
    },
    /// Leave a run's name and note as they were.
    EndEdit,
    /// Width of the list of runs, in points.
    SizeList(f32),
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
    /// Put the slider between the models of a run elsewhere.
    SlideBlend(String, f32),
    /// Measure accuracy against the number of shots.
    MeasureShots,
    /// Use other pictures and texts on the board.
    SetPairs(Vec<Pair>),
    /// Fill the board with the first picture of each of the best labels.
    FillBoard,
    /// Read the board in another way.
    Read(Reading),
    /// Compare the board's pictures and texts, after so many contrastive steps.
    ShowBoard(usize),
}
