//! What a user can want of pictures, labels and heatmaps. [`super::update`] carries it out.

use std::path::PathBuf;

use super::state::Large;
use crate::app::command::Command;
use crate::app::settings::{LabelRow, Measure, Sort, TileText};
use crate::engine::ModelChoice;
use crate::engine::protocol::{Dab, Fill, HeatmapMethod, LabelId, PictureId, Shift};
use crate::heatmap::{Ramp, Scale, Style};
use crate::zero_shot::TemplateSet;

/// What stands beside the heatmap.
#[derive(Debug, Clone, PartialEq)]
pub enum Compare {
    /// The same method's map for another label.
    Label(LabelId),
    /// The map of the same label by another method.
    Method(HeatmapMethod),
    /// The map of the same label by another model.
    Model(ModelChoice),
}

/// A step through the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Left,
    Right,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
}

/// What a key does to the large picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Nudge {
    /// Zooms by this factor, about the middle.
    Zoom(f32),
    /// Shows what lies in this direction.
    Pan(Step),
}

/// A change to the set of selected pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Every picture that is shown.
    All,
    Nothing,
    These(Vec<PictureId>),
    /// Adds this one, or removes it.
    Toggle(PictureId),
    /// All from the selected one to this one.
    UpTo(PictureId),
    /// Extends the range by a step in this direction, or shortens it.
    Extend(Step),
    /// Inspects the picture a step away, and leaves the set as it is.
    Pass(Step),
}

/// What a user can want in this mode.
#[derive(Debug, Clone, PartialEq)]
pub enum ExploreCommand {
    /// Open folders and pictures.
    Open(Vec<PathBuf>),
    OpenSamples,
    /// Scan the open folders again.
    Rescan,
    /// Try these skipped pictures again; none means all of them.
    Retry(Option<Vec<PictureId>>),
    /// Pause indexing, or resume it.
    PauseIndexing(bool),
    /// Replace the labels, as one step of undo.
    EditLabels(Vec<LabelRow>),
    /// Replace the labels while somebody types: all of the typing is one step of undo.
    TypeLabel(Vec<LabelRow>),
    UseTemplates(TemplateSet),
    /// The offset of "none of these": how easily it wins.
    SetNoneBias(f32),
    /// Show scores as probabilities, cosines or logits.
    Show(Measure),
    SortBy(Sort),
    /// Show only pictures whose name contains this text.
    FilterName(String),
    /// Show only pictures with this best label; `None` inside is "none of these".
    FilterLabel(Option<Option<LabelId>>),
    /// Show only pictures whose number (the one that the gallery is sorted by) is within this bound.
    FilterScore(Option<f32>),
    /// Show all pictures again.
    ClearFilters,
    /// Sort the gallery by the newest scores.
    Reorder,
    /// The pointer entered the gallery, or left it.
    PointAtGallery(bool),
    /// The gallery was laid out with this many columns, and rows on screen.
    LayOut {
        columns: usize,
        rows: usize,
    },
    /// The gallery was scrolled to the selected picture.
    Scrolled,
    /// Let "none of these" compete, or not.
    ShowNone(bool),
    /// Stop comparing with the answers under the previous templates.
    ForgetBaseline,
    /// The side of a thumbnail, in points.
    SizeThumbnails(f32),
    /// What a tile of the gallery says.
    TileText(TileText),
    /// Rows of whole pictures, or squares.
    ToggleRows,
    /// Panels were dragged to these widths.
    SizePanels {
        /// The width of the labels.
        labels: Option<f32>,
        /// The width of the inspector.
        inspector: Option<f32>,
    },
    /// Fold the labels panel, or unfold it.
    ToggleLabels,
    /// Fold the inspector, or unfold it.
    ToggleInspector,
    /// Inspect a picture.
    Select(PictureId),
    /// Inspect a picture that the window chose by itself.
    ShowFirst(PictureId),
    /// Read the inspected picture again: its file may have changed.
    ReadAgain(PictureId),
    Mark(Mark),
    /// Show a picture large; none means the selected one.
    OpenLarge(Option<PictureId>),
    /// Back to the gallery.
    CloseLarge,
    /// Zoom or pan the large picture.
    LookAt(Large),
    /// The same by key, as far as the picture goes on there.
    Nudge(Nudge),
    /// One level back, as Esc does.
    Back,
    /// Open the menu of the picture that has the focus, or of the selected one.
    ShowMenu,
    /// That menu is open.
    MenuShown,
    /// Sort the gallery by similarity to this picture.
    MoreLike(PictureId),
    /// Copy a text, such as the path of a picture.
    CopyPath(String),
    CopyPicture(PictureId),
    /// Skip pictures.
    Skip(Vec<PictureId>),
    /// Add pictures and their best labels to the board of examples, as far as it has room.
    UseAsExamples(Vec<PictureId>),
    /// The text in the field for new labels.
    TypeNewLabel(String),
    /// Open a label's descriptions, or close them.
    ExpandLabel(Option<LabelId>),
    /// The pointer is over a label.
    HoverLabel(Option<LabelId>),
    /// Inspect the picture a step away.
    Go(Step),
    /// Pin this label: its heatmap is shown for every picture, until it is asked for again.
    MapLabel(LabelId),
    /// Stop computing heatmaps of this picture, or resume.
    HoldHeatmap(bool),
    /// Show the heatmap, or hide it.
    ToggleHeatmap,
    /// Show what the model sees, or the picture.
    ToggleModelView,
    /// The heatmap's opacity, 0 to 1.
    SetOpacity(f32),
    UseRamp(Ramp),
    /// The heatmap method; none means the model's default.
    UseMethod(Option<HeatmapMethod>),
    /// Which values the ends of the colour ramp stand for; none means whatever fits the map.
    UseScale(Option<Scale>),
    /// One scale for all labels, or one for each label.
    ToggleSameScale,
    /// Smooth between the cells of a heatmap, or not.
    ToggleSmooth,
    /// How a heatmap lies over its picture.
    UseStyle(Style),
    /// Draw a contour at half of the maximum, or not.
    ToggleContour,
    /// Two heatmaps on one picture with a divider at this place, 0 to 1; none means side by side.
    Divide(Option<f32>),
    /// Test how far the heatmap can be trusted.
    TestMap,
    StopTestingMap,
    /// Show another heatmap beside the first; none means no longer.
    Compare(Option<Compare>),
    /// Move the crop that the model sees.
    ShiftView(Shift),
    /// Pick up the brush that erases, or put it away.
    ToggleBrush,
    /// Erase a dab. Undo takes back a whole stroke: from the dab that began it.
    Erase {
        dab: Dab,
        /// Whether this dab begins a stroke.
        begins: bool,
    },
    /// Take back the last stroke.
    UndoStroke,
    /// Show the model the unchanged picture again.
    ResetProbe,
    /// What erased pixels are filled with.
    UseFill(Fill),
    /// The radius of the brush, as a fraction of the picture's longer side.
    SizeBrush(f32),
    /// Copy the heatmap with its legend.
    CopyHeatmap,
    /// Save the heatmap with its legend.
    SaveHeatmap(PathBuf),
    /// Save the values of every label's heatmap.
    SaveGrid(PathBuf),
    /// Hide the note about the starter.
    HideStarterNote,
    /// Focus the field for new labels.
    FocusNewLabel,
    /// Focus the filter by name.
    FocusFilter,
    /// The field has the focus that was asked for.
    Focused,
    /// Save the predictions that are shown as CSV.
    ExportCsv(PathBuf),
}

impl From<ExploreCommand> for Command {
    fn from(command: ExploreCommand) -> Self {
        Self::Explore(command)
    }
}
