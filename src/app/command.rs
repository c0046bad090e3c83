//! What a user can want, as values. [`super::update`] is the one place that carries them out.

use std::path::PathBuf;

use super::evaluate::EvaluateCommand;
use super::explore::Large;
use super::models::ModelsCommand;
use super::settings::{LabelRow, Measure, Settings, Sort, ThemeChoice, TileText};
use super::state::Mode;
use super::train::TrainCommand;
use crate::engine::DeviceChoice;
use crate::engine::ModelChoice;
use crate::engine::evaluation::ExportKind;
use crate::engine::protocol::{Dab, Fill, HeatmapMethod, LabelId, PictureId, Precision, Shift};
use crate::heatmap::{Ramp, Scale, Style};
use crate::zero_shot::TemplateSet;

/// Dialogs over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// Files that were skipped.
    Skipped,
    /// Keys.
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

/// What stands beside the heatmap.
#[derive(Debug, Clone, PartialEq)]
pub enum Compare {
    /// That of another label.
    Label(LabelId),
    /// The same label by another method.
    Method(HeatmapMethod),
    /// The same label by another model.
    Model(ModelChoice),
}

/// A step through the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the picture before.
    Left,
    /// To the next picture.
    Right,
    /// A row up.
    Up,
    /// A row down.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the first picture.
    Home,
    /// To the last picture.
    End,
}

/// Which pictures are marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Every one that is shown.
    All,
    /// None.
    Nothing,
    /// These.
    These(Vec<PictureId>),
    /// This one, too, or not any more.
    Toggle(PictureId),
    /// Those from the selected one to this.
    UpTo(PictureId),
    /// Those from the selected one to one more in this direction.
    Extend(Step),
}

/// What a user wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Ask the platform for a file or folder.
    Choose(FileDialog),
    /// Show a folder of ours in the platform's file manager.
    ShowFolder(PathBuf),
    /// Open folders and pictures.
    Open(Vec<PathBuf>),
    /// Folders and pictures were dropped: open them, or learn from them, as the mode has it.
    Drop(Vec<PathBuf>),
    /// Open the samples.
    OpenSamples,
    /// Look at the open folders again.
    Rescan,
    /// Try every skipped picture again, or these of them.
    Retry(Option<Vec<PictureId>>),
    /// Hold or go on with indexing.
    PauseIndexing(bool),
    /// Replace the labels; can be undone.
    EditLabels(Vec<LabelRow>),
    /// Replace the labels while typing: one step of undo for the whole typing.
    TypeLabel(Vec<LabelRow>),
    /// Take back the last change that was made in this mode.
    Undo,
    /// Do it again.
    Redo,
    /// Use other templates.
    UseTemplates(TemplateSet),
    /// Make "none of these" likelier or rarer.
    SetNoneBias(f32),
    /// Show another number.
    Show(Measure),
    /// Sort the gallery.
    SortBy(Sort),
    /// Show only pictures whose name holds this.
    FilterName(String),
    /// Show only pictures with this best label; `None` inside is "none of these".
    FilterLabel(Option<Option<LabelId>>),
    /// Show only pictures within this bound of the number that is sorted by.
    FilterScore(Option<f32>),
    /// Show everything again.
    ClearFilters,
    /// Put the gallery in its newest order.
    Reorder,
    /// The pointer came to the gallery, or left it.
    PointAtGallery(bool),
    /// The gallery shows so many pictures in a row, and rows on a screen.
    LayOut {
        /// Pictures in a row.
        columns: usize,
        /// Rows on a screen.
        rows: usize,
    },
    /// The gallery was scrolled to the selected picture.
    Scrolled,
    /// Let "none of these" compete, or hide it.
    ShowNone(bool),
    /// Put the answers under the templates before away.
    ForgetBaseline,
    /// Larger or smaller thumbnails.
    SizeThumbnails(f32),
    /// What a tile of the gallery says.
    TileText(TileText),
    /// Pictures in their own shape, in rows, or squares.
    ToggleRows,
    /// Panels were dragged to these widths.
    SizePanels {
        /// That of the labels.
        labels: Option<f32>,
        /// That of the inspector.
        inspector: Option<f32>,
    },
    /// Fold the labels, or show them.
    ToggleLabels,
    /// Fold the inspector, or show it.
    ToggleInspector,
    /// Inspect a picture.
    Select(PictureId),
    /// Inspect a picture that nobody chose.
    ShowFirst(PictureId),
    /// Read the inspected picture again: its file may have changed.
    ReadAgain(PictureId),
    /// Mark pictures.
    Mark(Mark),
    /// Show a picture large; the selected one where none is named.
    OpenLarge(Option<PictureId>),
    /// Back to the gallery.
    CloseLarge,
    /// Show another part of the large picture.
    LookAt(Large),
    /// One level out.
    Back,
    /// Show the menu of the picture that has the focus, or is selected.
    ShowMenu,
    /// It is shown.
    MenuShown,
    /// Sort the gallery by how like its pictures are to this one.
    MoreLike(PictureId),
    /// Copy a text, such as the path of a picture.
    CopyPath(String),
    /// Copy a picture.
    CopyPicture(PictureId),
    /// Leave pictures out.
    Skip(Vec<PictureId>),
    /// Make a picture an example of what its text means.
    UseAsExample(PictureId),
    /// What is typed into the field for new labels.
    TypeNewLabel(String),
    /// Open a label's descriptions, or close them.
    ExpandLabel(Option<LabelId>),
    /// The pointer is over a label.
    HoverLabel(Option<LabelId>),
    /// Inspect a neighbour.
    Go(Step),
    /// Draw the heatmap of this label, for every picture, until it is asked for once more.
    MapLabel(LabelId),
    /// Stop making heatmaps of this picture, or go on.
    HoldHeatmap(bool),
    /// Draw the heatmap or not.
    ToggleHeatmap,
    /// Show what the model sees, or the picture.
    ToggleModelView,
    /// How opaque the heatmap is.
    SetOpacity(f32),
    /// The heatmap's colours.
    UseRamp(Ramp),
    /// How heatmaps are made; none for the model's own default.
    UseMethod(Option<HeatmapMethod>),
    /// Which values the ends of the colours stand for; none for what fits each map.
    UseScale(Option<Scale>),
    /// One scale for all labels, or one for each.
    ToggleSameScale,
    /// Smooth heatmaps, or cells.
    ToggleSmooth,
    /// How a heatmap lies over its picture.
    UseStyle(Style),
    /// A line around what is above half of the maximum, or none.
    ToggleContour,
    /// Two heatmaps on one picture with a divider between them, or side by side.
    Divide(Option<f32>),
    /// Test how far the shown heatmap can be trusted.
    TestMap,
    /// Stop testing.
    StopTestingMap,
    /// Put another heatmap beside the first, or none.
    Compare(Option<Compare>),
    /// Cut the model's square from elsewhere.
    ShiftView(Shift),
    /// Take the brush that erases, or put it away.
    ToggleBrush,
    /// Erase; a touch that begins a stroke can be taken back with all that follow it.
    Erase {
        /// Where.
        dab: Dab,
        /// Whether a stroke begins.
        begins: bool,
    },
    /// Take back the last stroke.
    UndoStroke,
    /// Show the picture to the model as it is again.
    ResetProbe,
    /// What erased pixels become.
    UseFill(Fill),
    /// A larger or smaller brush.
    SizeBrush(f32),
    /// Copy the heatmap with its legend.
    CopyHeatmap,
    /// Save the heatmap with its legend.
    SaveHeatmap(PathBuf),
    /// Save the heatmap's numbers.
    SaveGrid(PathBuf),
    /// Use the window for something else.
    UseMode(Mode),
    /// Something about training.
    Train(TrainCommand),
    /// Something of evaluating.
    Evaluate(EvaluateCommand),
    /// Something about the page of models.
    Models(ModelsCommand),
    /// Load a model.
    LoadModel(ModelChoice),
    /// Fetch a model from the Hub, and open it.
    FetchModel(String),
    /// Stop fetching.
    StopFetching,
    /// Delete a model from the cache.
    RemoveModel(String),
    /// Measure how fast a model is here.
    MeasureModel(ModelChoice),
    /// Compute elsewhere.
    UseDevice(DeviceChoice),
    /// Compute in another precision on the GPU.
    UsePrecision(Precision),
    /// Ask whether everything shall be forgotten; false withdraws the question.
    AskToForget(bool),
    /// Forget all about pictures, labels, settings and evaluations.
    ForgetEverything,
    /// Light or dark.
    UseTheme(ThemeChoice),
    /// Everything larger or smaller.
    Scale(f32),
    /// Open a dialog.
    OpenDialog(Dialog),
    /// Close the dialog.
    CloseDialog,
    /// Close the dialog and what was typed into it, which can be brought back.
    CancelDialog,
    /// Open a dialog with what was typed into it.
    ReopenDialog(Dialog, String),
    /// Settings as on the first launch; labels, folders and the model stay.
    ResetSettings,
    /// Take these settings again.
    RestoreSettings(Box<Settings>),
    /// Something of the window's own failed.
    Report(String),
    /// The whole screen for the window, or not.
    ToggleFullScreen,
    /// Put a message away.
    Dismiss(usize),
    /// Do what a message offers, and put it away.
    Answer(usize),
    /// Change what is typed into the open dialog.
    Draft(String),
    /// Put the note about the starter away.
    HideStarterNote,
    /// Put the keyboard into the field for new labels.
    FocusNewLabel,
    /// Put the keyboard into the filter.
    FocusFilter,
    /// The keyboard is where it was to go.
    Focused,
    /// Write the predictions that are shown to a file.
    ExportCsv(PathBuf),
}
