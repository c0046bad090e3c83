//! What a user can want, as values. [`super::update`] is the one place that carries them out.

use std::path::PathBuf;

use super::settings::{LabelRow, Measure, Sort, ThemeChoice};
use super::state::Mode;
use super::train::TrainCommand;
use crate::engine::DeviceChoice;
use crate::engine::ModelChoice;
use crate::engine::protocol::{Dab, Fill, HeatmapMethod, LabelId, PictureId, Precision, Shift};
use crate::heatmap::{Ramp, Scale};
use crate::zero_shot::TemplateSet;

/// Dialogs over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// Which model, and its card.
    Models,
    /// Files that were skipped.
    Skipped,
    /// Keys.
    Shortcuts,
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

/// What a user wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Ask the platform for a file or folder.
    Choose(FileDialog),
    /// Show a folder of ours in the platform's file manager.
    ShowFolder(PathBuf),
    /// Open folders and pictures.
    Open(Vec<PathBuf>),
    /// Open the samples.
    OpenSamples,
    /// Look at the open folders again.
    Rescan,
    /// Try every skipped picture again, or one of them.
    Retry(Option<PictureId>),
    /// Hold or go on with indexing.
    PauseIndexing(bool),
    /// Replace the labels; can be undone.
    EditLabels(Vec<LabelRow>),
    /// Replace the labels while typing: one step of undo for the whole typing.
    TypeLabel(Vec<LabelRow>),
    /// Take back the last change of labels.
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
    /// Show only pictures with at least this score.
    FilterScore(f32),
    /// Show everything again.
    ClearFilters,
    /// Larger or smaller thumbnails.
    SizeThumbnails(f32),
    /// Inspect a picture.
    Select(PictureId),
    /// Inspect a neighbour.
    Go(Step),
    /// Draw the heatmap of this label.
    MapLabel(LabelId),
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
    /// Which values the ends of the colours stand for.
    UseScale(Scale),
    /// One scale for all labels, or one for each.
    ToggleSameScale,
    /// Smooth heatmaps, or cells.
    ToggleSmooth,
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
    /// Look at pictures, or teach.
    UseMode(Mode),
    /// Something about training.
    Train(TrainCommand),
    /// Load a model.
    LoadModel(ModelChoice),
    /// Fetch a model from the Hub, and open it.
    FetchModel(String),
    /// Stop fetching.
    StopFetching,
    /// Ask whether a model shall be deleted; none withdraws the question.
    AskToRemove(Option<String>),
    /// Delete a model from the cache.
    RemoveModel(String),
    /// Compute elsewhere.
    UseDevice(DeviceChoice),
    /// Compute in other numbers on the GPU.
    UsePrecision(Precision),
    /// Ask whether everything shall be forgotten; false withdraws the question.
    AskToForget(bool),
    /// Forget all about pictures, labels and settings.
    ForgetEverything,
    /// Light or dark.
    UseTheme(ThemeChoice),
    /// Everything larger or smaller.
    Scale(f32),
    /// Open a dialog.
    OpenDialog(Dialog),
    /// Close the dialog.
    CloseDialog,
    /// Something of the window's own failed.
    Report(String),
    /// Put a message away.
    Dismiss(usize),
    /// Put the note about the starter away.
    HideStarterNote,
    /// Put the keyboard into the field for new labels.
    FocusNewLabel,
    /// Put the keyboard into the filter.
    FocusFilter,
    /// Write the predictions that are shown to a file.
    ExportCsv(PathBuf),
}
