//! What the window and the evaluating thread say to each other: plain data.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::choice::ModelChoice;
use crate::engine::protocol::ScreenImage;

pub use crate::evaluation::{
    AMONG, ActiveTest, Answer, BesideNonsense, Bin, Calibration, Caption, Class, ClassChange, ClassMeasures, Cluster,
    ClusterOf, Columns, Comparison, Conformal, Confused, Confusion, Evaluation, Facts, FailureOrder, Fate, Fitted,
    Folded, GroundTruth, Interval, Judged, KeptSlice, Listed, MapKind, Mark, Marked, Measures, ModelRef, Negatives,
    Nonsense, Part, Picture, Preset, Projection, PromptRow, PromptStudy, Published, Ranked, Reliability, Remeasured,
    Retrieval, Setup, Side, SideBySide, Slice, SliceBy, Source, Suspect, Threshold, Verdict, Wanted, bin_of, call_as,
    p_words, worst,
};
pub use crate::zero_shot::{Label, TemplateSet};

/// What to evaluate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EvaluationConfig {
    /// A folder, or a list.
    pub folder: PathBuf,
    /// How it is read.
    pub wanted: Wanted,
    /// Which of its pictures.
    pub part: Part,
    /// The classes as they were edited, by their folders; those that are not there are called as their folder is.
    pub classes: Vec<Class>,
    /// The templates for names.
    pub templates: Option<TemplateSet>,
    /// The published set whose names and templates are used.
    pub preset: Option<String>,
    /// The model.
    pub model: ModelChoice,
    /// A name for people; one is made where it is empty.
    pub name: String,
}

/// As what an evaluation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportKind {
    /// One page that needs no other file; its pictures in it, or not.
    Html {
        /// Small versions of the pictures are in the page.
        pictures: bool,
    },
    /// A line a picture.
    Csv,
    /// An object a picture.
    JsonLines,
    /// A table for a paper.
    Latex,
    /// A table for a page.
    Markdown,
    /// A table for a paper of every evaluation that is kept: models against sets.
    LatexOfAll,
    /// The same for a page.
    MarkdownOfAll,
    /// As CLIP_benchmark writes its results.
    ClipBenchmark,
    /// A row a picture with its place on the map.
    Parquet,
    /// The whole evaluation, to be opened on another machine.
    Evaluation,
}

/// What the window wants of evaluating. Long work is done one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum EvaluationRequest {
    /// Which evaluations there are.
    List,
    /// What a folder says of its pictures. Only the newest is looked at.
    Look {
        /// Counts what was asked; the answer carries it.
        generation: u64,
        /// A folder, or a list.
        folder: PathBuf,
        /// How it is to be read.
        wanted: Wanted,
    },
    /// Evaluate.
    Evaluate {
        /// Counts what was asked; the answer carries it.
        generation: u64,
        /// What.
        config: Box<EvaluationConfig>,
    },
    /// Evaluate again what was evaluated, with another model.
    Again {
        /// Counts what was asked; the answer carries it.
        generation: u64,
        /// The evaluation.
        id: String,
        /// The model.
        model: ModelChoice,
    },
    /// What a model answers to a folder of which nobody knows what it shows.
    Guess {
        /// Counts what was asked; the answer carries it.
        generation: u64,
        /// The folder.
        folder: PathBuf,
        /// The labels that it answers with.
        labels: Vec<Label>,
        /// Their templates.
        templates: TemplateSet,
        /// The model.
        model: ModelChoice,
    },
    /// Open one that is kept.
    Open(String),
    /// Open one from a file: its pictures are found by their content, and its numbers computed again.
    Import {
        /// The file.
        file: PathBuf,
        /// Where its pictures lie here.
        pictures: PathBuf,
        /// The model that is open: it may be the one that it was measured with.
        model: ModelChoice,
    },
    /// Call a class otherwise, or describe it; the measures follow.
    Call {
        /// The evaluation.
        id: String,
        /// The class as it is to be, found by its folder.
        class: Class,
    },
    /// Give it another name and note.
    Describe {
        /// The evaluation.
        id: String,
        /// Its name.
        name: String,
        /// Its note.
        note: String,
    },
    /// Mark a picture; none takes the mark away.
    Mark {
        /// The evaluation.
        id: String,
        /// The picture.
        place: usize,
        /// The mark.
        mark: Option<Marked>,
    },
    /// Give pictures a name together, to be measured again on another model.
    KeepSlice {
        /// The evaluation.
        id: String,
        /// The name.
        name: String,
        /// The pictures.
        places: Vec<usize>,
    },
    /// Take such a name away.
    ForgetSlice {
        /// The evaluation.
        id: String,
        /// The name.
        name: String,
    },
    /// Measure these pictures alone.
    Measure {
        /// The evaluation.
        id: String,
        /// Counts what was asked; the answer carries it.
        generation: u64,
        /// The pictures.
        places: Vec<usize>,
    },
    /// Look through the pictures: size, light, copies.
    LookThrough(String),
    /// Pictures in an order.
    Order(String, FailureOrder),
    /// Label sets at a level.
    Conformal(String, f64),
    /// Which words do better.
    StudyPrompts(String),
    /// "None of these" against the pictures of a folder.
    Negatives(String, PathBuf),
    /// The second against the first.
    Compare {
        /// The first.
        first: String,
        /// The second.
        second: String,
        /// Whether pictures that are marked in the second are left out.
        without_marked: bool,
    },
    /// Parts of the pictures.
    Slices(String, SliceBy),
    /// Mistakes that lie together, worded by these texts (those that come with Clipsight, where there are none).
    Clusters(String, Vec<String>),
    /// The map.
    Map(String, MapKind),
    /// Stop the map that is being drawn; what is there of it stays.
    StopMap,
    /// Of a picture, the nearest pictures of its true class.
    Nearest {
        /// The evaluation.
        id: String,
        /// The picture.
        place: usize,
    },
    /// Heatmaps of what a picture shows and of what is answered. Only the newest is computed.
    Explain {
        /// The evaluation.
        id: String,
        /// The picture.
        place: usize,
        /// Another evaluation of the same pictures, whose model is asked, too.
        beside: Option<String>,
    },
    /// Write failures as pictures: one into this file, or several into this folder.
    SaveCards {
        /// The evaluation.
        id: String,
        /// The pictures.
        places: Vec<usize>,
        /// The file or folder.
        to: PathBuf,
        /// Another evaluation of the same pictures, whose model is asked, too.
        beside: Option<String>,
    },
    /// Write it into a file.
    Export {
        /// The evaluation.
        id: String,
        /// As what.
        kind: ExportKind,
        /// Where to.
        path: PathBuf,
        /// The evaluation that it is compared with, which reports tell.
        against: Option<String>,
    },
    /// Put it aside.
    Delete(String),
    /// Bring it back.
    Restore(String),
    /// Stop what is at work; what is embedded is kept.
    Stop,
}

/// What evaluating has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum EvaluationEvent {
    /// The evaluations, the newest first.
    List(Vec<Listed>),
    /// What a folder says, or why it says nothing.
    Looked {
        /// The request that this answers.
        generation: u64,
        /// The answer, and the published set that its folders are called like.
        truth: Result<(Box<GroundTruth>, Option<String>), String>,
        /// The columns of its lists: those that were used, or could be where none was.
        columns: Vec<Columns>,
    },
    /// Something goes on.
    Working {
        /// What, in words.
        what: String,
        /// The share that is done.
        done: f32,
    },
    /// Nothing is at work any more.
    Idle,
    /// An evaluation is done, was opened, or has changed; or why it could not be made.
    Evaluated {
        /// The request that this answers; none where it was no new one.
        generation: Option<u64>,
        /// The evaluation.
        evaluation: Result<Arc<Evaluation>, String>,
    },
    /// What a model answers to a folder of which nobody knows what it shows, or why it does not.
    Guessed {
        /// The request that this answers.
        generation: u64,
        /// The answers.
        guessed: Result<Arc<Guessed>, String>,
    },
    /// What an opened evaluation says of its pictures and numbers here.
    Imported {
        /// The evaluation.
        id: String,
        /// What came out again and what did not, a sentence each.
        says: Vec<String>,
    },
    /// The measures of some pictures.
    Measured {
        /// The evaluation.
        id: String,
        /// The request that this answers.
        generation: u64,
        /// The measures; none of no picture.
        measures: Option<Box<Remeasured>>,
    },
    /// Pictures in an order.
    Ordered(String, FailureOrder, Arc<Vec<usize>>),
    /// Label sets.
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
        /// The evaluation.
        id: String,
        /// The picture.
        place: usize,
        /// Places and cosines, the nearest first.
        nearest: Vec<(usize, f32)>,
    },
    /// Heatmaps of a picture, or why there are none.
    Explained {
        /// The evaluation.
        id: String,
        /// The picture.
        place: usize,
        /// The heatmaps.
        explained: Result<Arc<Explained>, String>,
    },
    /// It was written.
    Exported(PathBuf),
}

/// What a model answers to pictures of which nobody knows what they show.
#[derive(Debug, Clone, PartialEq)]
pub struct Guessed {
    /// The folder.
    pub folder: PathBuf,
    /// The labels.
    pub labels: Vec<String>,
    /// The pictures.
    pub pictures: Vec<Guess>,
    /// Pictures that cannot be read.
    pub unreadable: usize,
}

/// An answer to such a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// The file.
    pub path: PathBuf,
    /// The five best labels with their probabilities, the best first.
    pub best: Vec<(usize, f32)>,
}

impl Guess {
    /// The label that is answered.
    pub fn answered(&self) -> Option<usize> {
        self.best.first().map(|(label, _)| *label)
    }

    /// Its probability.
    pub fn confidence(&self) -> f32 {
        self.best.first().map_or(0.0, |(_, probability)| *probability)
    }
}

/// A picture, and what speaks in it for what it shows and for what is answered, both on one scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The picture.
    pub picture: ScreenImage,
    /// With the heatmap of its class.
    pub truth: ScreenImage,
    /// With the heatmap of the answer.
    pub answer: ScreenImage,
    /// How the heatmaps were made, for people.
    pub method: String,
    /// What another model says.
    pub beside: Option<Beside>,
}

/// What the model of another evaluation says of the same picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// What the evaluation is called.
    pub name: String,
    /// What it answers.
    pub answered: String,
    /// Whether that is right.
    pub right: bool,
    /// The picture with the heatmap of its class.
    pub truth: ScreenImage,
    /// With the heatmap of what it answers.
    pub answer: ScreenImage,
}
