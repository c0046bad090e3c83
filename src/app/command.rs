//! What a user can want of the window, as values; the commands of one mode are in its folder. [`super::update`] is the
//! one place that executes them.

use std::path::PathBuf;

use super::evaluate::EvaluateCommand;
use super::explore::ExploreCommand;
use super::models::ModelsCommand;
use super::settings::{Settings, ThemeChoice};
use super::state::Mode;
use super::train::TrainCommand;
use crate::engine::DeviceChoice;
use crate::engine::ModelChoice;
use crate::engine::evaluation::ExportKind;
use crate::engine::protocol::Precision;
use crate::table::Style;

/// Dialogs over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// Files that were skipped.
    Skipped,
    Shortcuts,
    /// Every command, to search.
    Palette,
    /// A list of labels, to paste or edit as text.
    LabelList,
    /// The user's own templates.
    Templates,
    /// Theme, scale, device.
    Settings,
    /// What this program is, and where its data and its log lie.
    About,
}

/// What the platform's dialogs ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileDialog {
    /// One or more folders of pictures.
    Folders,
    /// A folder with a model.
    ModelFolder,
    /// A file with a model's weights.
    ModelFile,
    /// A file for the predictions.
    Csv,
    /// A file for the heatmap, drawn with its legend.
    HeatmapPicture,
    /// A file for the heatmap's numbers.
    HeatmapGrid,
    /// A folder to learn from.
    TrainingFolder,
    /// A folder to measure forgetting on.
    ControlFolder,
    /// A folder for a run's model and curves.
    RunFolder,
    /// A folder to evaluate on.
    EvaluationFolder,
    /// A list to evaluate on.
    EvaluationList,
    /// A folder of pictures that show none of an evaluation's classes.
    EvaluationNegatives,
    /// A file with what the classes of a new evaluation are called.
    EvaluationNames,
    /// A file with words that groups of mistakes are told by.
    EvaluationWords,
    /// An evaluation from another machine, or from a backup.
    EvaluationFile,
    /// Where its pictures lie.
    EvaluationPictures,
    /// A file for the labels that were given while an accuracy was estimated.
    EvaluationLabels,
    /// A file for a failure's card.
    EvaluationCard,
    /// A folder for the cards of many.
    EvaluationCards,
    /// A file for an evaluation.
    EvaluationExport(ExportKind),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Ask the platform for a file or folder.
    Choose(FileDialog),
    /// Show a folder in the platform's file manager.
    ShowFolder(PathBuf),
    /// Folders and pictures were dropped: open them, or learn from them, as the mode has it.
    Drop(Vec<PathBuf>),
    /// Take back the last change that was made in the open mode.
    Undo,
    /// Make the change again that was taken back last.
    Redo,
    /// Switch to another mode.
    UseMode(Mode),
    /// A command of the mode Explore; likewise those of the other modes below.
    Explore(ExploreCommand),
    Train(TrainCommand),
    Evaluate(EvaluateCommand),
    Models(ModelsCommand),
    LoadModel(ModelChoice),
    /// Fetch a model from the Hub, and open it.
    FetchModel(String),
    StopFetching,
    /// Delete a model from the cache.
    RemoveModel(String),
    /// Measure how fast a model is here.
    MeasureModel(ModelChoice),
    /// Where models compute.
    UseDevice(DeviceChoice),
    /// The precision in which a GPU computes.
    UsePrecision(Precision),
    /// Ask whether everything shall be forgotten; false withdraws the question.
    AskToForget(bool),
    /// Forget all about pictures, labels, settings and evaluations.
    ForgetEverything,
    /// Save tables in this style.
    UseCsvStyle(Style),
    /// Light or dark.
    UseTheme(ThemeChoice),
    /// The interface's size; 1 is 100 %.
    Scale(f32),
    OpenDialog(Dialog),
    CloseDialog,
    /// Close the dialog without using what was typed into it, which a message offers to bring back.
    CancelDialog,
    /// Open a dialog with what was typed into it.
    ReopenDialog(Dialog, String),
    /// Settings as on the first launch; labels, folders and the model stay.
    ResetSettings,
    /// Take these settings again.
    RestoreSettings(Box<Settings>),
    /// Show an error of the window's own.
    Report(String),
    /// Full screen, or not.
    ToggleFullScreen,
    /// Dismiss a message, by its place.
    Dismiss(usize),
    /// Do what a message offers, and dismiss it.
    Answer(usize),
    /// Change what is typed into the open dialog.
    Draft(String),
}
