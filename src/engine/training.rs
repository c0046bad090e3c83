//! What the window and the training thread say to each other: plain data.

use std::path::PathBuf;

pub use crate::evaluation::{Comparison, Interval, Verdict};
pub use crate::fine_tune::FineTuneMethod;
pub use crate::fine_tune::board::{Board, MAX_PAIRS as MAX_BOARD_PAIRS};
pub use crate::fine_tune::config::{Architecture, FIELDS, Field, Hyper, PRESETS, RunConfig, TrainedPart};
pub use crate::fine_tune::data::{ClassCount, Contradiction, Preview};
pub use crate::fine_tune::k_shot::{Band, KShot, METHODS, PEOPLE, bands};
pub use crate::fine_tune::run::{BlendPoint, Estimate, Flip, RunEvent, RunRecord, RunState, Tested};
pub use crate::fine_tune::search::{Choice, trials};

/// What the window wants of training. Long work is done one after the other; the rest at once.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingRequest {
    /// Which runs there are.
    List,
    /// The events of a run.
    Events(String),
    /// Look through what would be learnt from. Only the newest is looked through.
    Preview {
        /// Counts what was asked; the answer carries it.
        generation: u64,
        /// What would be learnt from.
        config: Box<RunConfig>,
    },
    /// Look through nothing that was asked for before.
    StopPreview(u64),
    /// Try one step.
    Estimate {
        /// Counts what was asked; the answer carries it.
        generation: u64,
        config: Box<RunConfig>,
    },
    Start(Box<RunConfig>),
    /// Go on with a run.
    Resume(String),
    /// Hold the run, or go on.
    Pause(bool),
    /// Stop what is at work, and keep what a run learnt.
    Stop,
    /// Give a run another name and note.
    Describe {
        run: String,
        name: String,
        note: String,
    },
    /// Put a run aside.
    Delete(String),
    /// Bring it back.
    Restore(String),
    /// Write a run's model, settings and curves into a folder.
    Export {
        run: String,
        to: PathBuf,
    },
    /// Compare runs with the first of them, by their answers to the same test pictures.
    Contrast(Vec<String>),
    /// Measure blends of a run's model with the one it started from.
    MeasureBlends(String),
    /// Make a blend the run's model.
    UseBlend {
        run: String,
        /// From the model it started from (0) to what was learnt (1).
        blend: f32,
    },
    /// Measure accuracy against the number of shots.
    KShot {
        /// Counts what was asked; the answers carry it.
        generation: u64,
        /// What is learnt from.
        config: Box<RunConfig>,
    },
    /// Pictures against texts, after so many contrastive steps on them.
    Board {
        /// Pictures and their texts.
        pairs: Vec<(PathBuf, String)>,
        /// The model; none for the starter.
        base: Option<PathBuf>,
        steps: usize,
        learning_rate: f64,
    },
}

/// What training has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingEvent {
    /// The runs, the newest first.
    Runs(Vec<RunRecord>),
    /// The events of a run, so far.
    Events { run: String, events: Vec<RunEvent> },
    /// A run goes on.
    Run(RunEvent),
    /// Something that is no run goes on.
    Working {
        /// What, in words.
        what: String,
        /// The share that is done.
        done: f32,
    },
    /// Nothing is at work any more.
    Idle,
    /// A folder is being looked through.
    Looking {
        /// The request that this answers.
        generation: u64,
        /// The share that is done.
        done: f32,
    },
    /// What would be learnt from, or why nothing can be.
    Previewed {
        /// The request that this answers.
        generation: u64,
        previewed: Result<Box<Preview>, String>,
    },
    /// What a run would take.
    Estimated {
        /// The request that this answers.
        generation: u64,
        estimate: Estimate,
    },
    /// One accuracy of the curve over shots.
    KShot {
        /// The request that this answers.
        generation: u64,
        point: KShot,
    },
    /// Runs against the first of some; none where they were not tested on the same pictures, or their answers not kept.
    Contrasts {
        /// The runs that were compared, the first of them included.
        compared: Vec<String>,
        /// The others, each against the first.
        contrasts: Vec<(String, Option<Comparison>)>,
    },
    /// The accuracy of blends.
    Blends {
        run: String,
        /// From 0 to 1.
        points: Vec<BlendPoint>,
    },
    /// Pictures against texts.
    Board {
        /// The pairs that were compared.
        pairs: Vec<(PathBuf, String)>,
        board: Box<Board>,
    },
}
