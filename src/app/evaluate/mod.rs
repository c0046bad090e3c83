//! The evaluating mode: how good a model's answers are on pictures of which is known what they show, and the pictures
//! behind every number.

mod difference;
mod door;
mod keys;
mod matrix;
mod panels;
mod scatter;
mod sixty;
mod state;
mod update;

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::shell::icons as icon;
use crate::app::shell::rail::{Drawn, ModeEntry, ModeHistory};
use crate::app::state::Mode;
use crate::engine::evaluation::{Class, EvaluationConfig, ExportKind, FailureOrder, MapKind, Marked, SliceBy};

pub use door::Door;
pub use state::{Evaluating, Figures};
pub use update::{due_test, export_name, update};

/// The mode, as the rail knows it.
pub const MODE: ModeEntry = ModeEntry {
    mode: Mode::Evaluate,
    title: "Evaluate",
    icon: icon::CHART_BAR,
    keys: keys::KEYS,
    palette: |_| Vec::new(),
    open: |state, now| update(state, EvaluateCommand::List, now),
    ui: |ui, state, textures| {
        let mut drawn = Drawn::default();
        panels::evaluate_ui(ui, state, textures, &mut drawn);
        drawn
    },
    drop_hint: "Drop a folder with a folder for each class, or a list, to evaluate on it",
    drop: |state, paths, now| match paths.into_iter().next() {
        Some(folder) => update(state, EvaluateCommand::UseFolder(folder), now),
        None => Vec::new(),
    },
    opens_lists: true,
    history: Some(ModeHistory {
        undoes: |state| Some(format!("deleting {}", state.evaluating.deleted()?.name)),
        redoes: |_| None,
        undo: |state, now| update(state, EvaluateCommand::Undelete, now),
        redo: |_, _| Vec::new(),
    }),
};

/// What the middle of the mode shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Page {
    /// What a new evaluation is to be, and its start.
    #[default]
    Setup,
    /// Accuracy and the other measures of all pictures.
    Summary,
    /// Which class is taken for which.
    Matrix,
    /// Recall, precision and F1 of each class.
    Classes,
    /// Whether probabilities can be believed.
    Calibration,
    /// Which words do better.
    Prompts,
    /// What is fixed and what is broken beside another evaluation.
    Compare,
    /// Parts of the pictures, and mistakes that lie together.
    Groups,
    /// The map of the embeddings.
    Map,
    /// The accuracy on a folder without labels.
    Sixty,
}

impl Page {
    /// The pages of an evaluation that is there.
    pub const RESULTS: [Self; 8] = [
        Self::Summary,
        Self::Matrix,
        Self::Classes,
        Self::Calibration,
        Self::Prompts,
        Self::Compare,
        Self::Groups,
        Self::Map,
    ];

    /// Whether it has something to say of pictures with captions: those have no classes.
    pub fn is_of_captions(self) -> bool {
        matches!(self, Self::Summary | Self::Compare | Self::Groups | Self::Map)
    }

    /// What its tab is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Setup => "New evaluation",
            Self::Summary => "Summary",
            Self::Matrix => "Confusion",
            Self::Classes => "Classes",
            Self::Calibration => "Calibration",
            Self::Prompts => "Prompts",
            Self::Compare => "Compare",
            Self::Groups => "Groups",
            Self::Map => "Map",
            Self::Sixty => "Accuracy without labels",
        }
    }
}

/// In which order the matrix has its classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MatrixOrder {
    /// By name.
    #[default]
    Name,
    /// Classes that are taken for each other lie side by side.
    Similarity,
    /// By the number of pictures.
    Size,
}

/// How the matrix is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MatrixLook {
    /// The order of its classes.
    pub order: MatrixOrder,
    /// Only so many of the most confused classes, all others as one; none for all.
    pub most: Option<usize>,
    /// Shares of the row instead of counts.
    pub rates: bool,
}

/// By what classes are ordered in their table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClassOrder {
    /// The lowest recall first.
    #[default]
    Recall,
    /// By name.
    Name,
    /// The most pictures first.
    Count,
    /// The lowest precision first.
    Precision,
    /// The lowest F1 first.
    F1,
}

/// By what points of the map are coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MapColour {
    /// By what pictures show.
    #[default]
    Truth,
    /// By what is answered.
    Answer,
    /// By whether that is right.
    Correctness,
    /// By the probability of the answer.
    Score,
}

/// What a user can want of the test of a folder without labels.
#[derive(Debug, Clone, PartialEq)]
pub enum SixtyCommand {
    /// Begin, with the folder and the labels that are open.
    Begin,
    /// The picture shows this label; or none of them.
    Say(Option<usize>),
    /// The model is right.
    Confirm,
    /// The picture shows the label at this place of those that the model finds most likely.
    Choose(usize),
    /// Take the last answer back.
    TakeBack,
    /// Write what was said into a list.
    Save(PathBuf),
    /// Ask whether all that was said shall be forgotten; or do not any more.
    AskAnew(bool),
    /// Forget all that was said, and begin anew.
    Anew,
    /// The picture of this file is shown, its longest side no longer than so many pixels.
    Sharpen(PathBuf, u32),
}

/// What a user can want of evaluating.
#[derive(Debug, Clone, PartialEq)]
pub enum EvaluateCommand {
    /// Which evaluations there are.
    List,
    /// Show a page, and ask for what it needs.
    Open(Page),
    /// Show an evaluation that is kept.
    Show(String),
    /// Set up one on this folder or list.
    UseFolder(PathBuf),
    /// Change what is set up.
    Configure(Box<EvaluationConfig>),
    /// Call the classes of what is set up as a labels file says.
    UseNames(String),
    /// Open an evaluation from a file; where its pictures lie is asked next.
    Import(PathBuf),
    /// Its pictures lie below this folder.
    ImportFrom(PathBuf),
    /// Evaluate what is set up.
    Start,
    /// Evaluate what is shown again, with the model that is open now.
    AgainWithOpenModel,
    /// Stop what is at work; what is embedded is kept.
    Stop,
    /// Only the pictures behind a number; none for all.
    Enter(Option<Arc<Door>>),
    /// Show pictures in another order.
    OrderBy(FailureOrder),
    /// Leave out pictures that were marked, and measure without them.
    LeaveOutMarked(bool),
    /// Look at a picture by its place; none closes it.
    Look(Option<usize>),
    /// Look at the next picture of the gallery, or at one before.
    Step(isize),
    /// Show the picture that is looked at in Explore, with the brush that erases and the labels that it is torn between.
    EraseInExplore,
    /// Show it there with both labels, and test the heatmap of what it shows.
    TestInExplore,
    /// Show a file in Explore that is no picture of the evaluation.
    ShowInExplore(PathBuf),
    /// Mark the picture that is looked at; none takes the mark away.
    Mark(Option<Marked>),
    /// Call a class otherwise, or describe it.
    Call(Class),
    /// Look at the matrix in another way.
    UseMatrix(MatrixLook),
    /// Order the table of classes by this.
    OrderClasses(ClassOrder),
    /// Give the evaluation another name and note.
    Describe(String, String),
    /// Measure kinds of prompts, and nonsense.
    StudyPrompts,
    /// Measure "none of these" on the pictures of this folder.
    UseNegatives(PathBuf),
    /// Put another evaluation beside this one.
    Compare(String),
    /// Part the pictures by this, with the accuracy of each part.
    Slice(SliceBy),
    /// Give the pictures behind a door a name, to be measured again on another model.
    KeepSlice(String, Vec<usize>),
    /// Take such a name away.
    ForgetSlice(String),
    /// Group the mistakes, worded by these texts; by those that come with Clipsight where there are none.
    Cluster(Vec<String>),
    /// Label sets at a level from 0 to 1.
    GuaranteeAt(f64),
    /// Draw the map in another way.
    Project(MapKind),
    /// Stop the map that is being drawn.
    StopMap,
    /// Colour the map otherwise.
    ColourMap(MapColour),
    /// Show a class on the map, or not.
    ToggleOnMap(usize),
    /// Show right answers on the map, or not; or wrong ones.
    ToggleAnswersOnMap(bool),
    /// Estimate the accuracy on the open folder, which has no labels; and what is said of its pictures.
    Sixty(SixtyCommand),
    /// Ask where something shall be written.
    AskWhereTo(ExportKind),
    /// Write what was asked about into this file.
    Export(PathBuf),
    /// Write the card of the picture that is looked at into a file.
    SaveCard(PathBuf),
    /// Write the cards of all pictures of the gallery into a folder.
    SaveCards(PathBuf),
    /// Delete an evaluation; can be undone.
    Delete(String),
    /// Bring the evaluation that was deleted last back.
    Undelete,
}
