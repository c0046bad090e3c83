//! What the window remembers between launches.

mod choices;
mod labels;
mod stored;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::DeviceChoice;
use crate::engine::ModelChoice;
use crate::engine::protocol::{HeatmapMethod, Precision};
use crate::heatmap::{Ramp, Scale, Style};
use crate::lossless::Lossless;
use crate::table;
use crate::zero_shot::TemplateSet;

pub use choices::{Measure, Sort, ThemeChoice, TileText};
pub use labels::LabelRow;

/// Recent folders and models that are remembered.
const MAX_RECENT: usize = 8;
/// Where the divider may be, so that both heatmaps can be seen.
pub const DIVIDER: (f32, f32) = (0.02, 0.98);
/// The smallest and the largest side of a gallery cell, in points.
pub const THUMBNAIL_SIDES: (f32, f32) = (64.0, 320.0);
/// The smallest and the largest interface.
pub const SCALES: (f32, f32) = (0.5, 3.0);

/// Everything that persists; each field is stored on its own, under its name.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Everything larger or smaller.
    pub scale: f32,
    /// Size of the window, in points.
    pub window_size: (f32, f32),
    /// Width of the labels panel, in points.
    pub labels_width: f32,
    /// Width of the list of runs, in points.
    pub runs_width: f32,
    /// Width of the inspector, in points; none until somebody drags it.
    pub inspector_width: Option<f32>,
    /// Side of a gallery cell, in points.
    pub thumbnail_side: f32,
    /// What a tile of the gallery says.
    pub tile_text: TileText,
    /// Whether pictures keep their shape and fill rows, or are squares.
    pub rows: bool,
    /// Whether the labels are shown, or folded.
    pub labels_shown: bool,
    /// Whether the inspector is shown, or folded.
    pub inspector_shown: bool,
    pub labels: Vec<LabelRow>,
    pub templates: TemplateSet,
    /// The user's own, also while others are used.
    pub own_templates: Option<TemplateSet>,
    /// Whether "none of these" competes, or is hidden.
    pub show_none: bool,
    /// Added to the cosine of "none of these".
    pub none_bias: f32,
    /// The open folders; none means the samples.
    #[serde_as(as = "Vec<Lossless>")]
    pub folders: Vec<PathBuf>,
    /// Folders opened lately.
    #[serde_as(as = "Vec<Lossless>")]
    pub recent_folders: Vec<PathBuf>,
    /// The folder that runs learn from.
    #[serde_as(as = "Option<Lossless>")]
    pub training_folder: Option<PathBuf>,
    /// The model.
    pub model: ModelChoice,
    /// Models opened lately.
    #[serde_as(as = "Vec<Lossless>")]
    pub recent_models: Vec<PathBuf>,
    /// Pictures a second that models were seen to do, by model and device.
    pub speeds: BTreeMap<String, f32>,
    /// Where the model computes.
    pub device: DeviceChoice,
    /// The precision in which a GPU computes.
    pub precision: Precision,
    /// Which number is shown.
    pub measure: Measure,
    /// The gallery's order.
    pub sort: Sort,
    /// Whether the heatmap is drawn.
    pub heatmap: bool,
    /// Whether it lets the picture through where its values are high, or tints it.
    pub heatmap_style: Style,
    /// Whether a line goes around what is above half of its maximum.
    pub contour: bool,
    /// Where the divider of two heatmaps on one picture is, 0 to 1; none where they are side by side.
    pub divider: Option<f32>,
    /// The heatmap's opacity, 0 to 1.
    pub opacity: f32,
    pub ramp: Ramp,
    /// How heatmaps are made; the model's own default where it is none or does not fit.
    pub heatmap_method: Option<HeatmapMethod>,
    /// Which values the ends of the colour ramp stand for; none means whatever fits the map.
    pub heatmap_scale: Option<Scale>,
    /// Whether all labels share these ends.
    pub same_scale: bool,
    /// Whether the values of a heatmap run into each other.
    pub smooth: bool,
    /// Whether tables begin with a byte order mark, by which Excel knows UTF-8.
    pub csv_bom: bool,
    /// Whether no text of a table is taken for a formula.
    pub csv_safe: bool,
    /// Whether the note about the starter was put away.
    pub starter_note_hidden: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            scale: 1.0,
            window_size: (1_280.0, 800.0),
            labels_width: 264.0,
            runs_width: 264.0,
            inspector_width: None,
            thumbnail_side: 96.0,
            tile_text: TileText::Below,
            rows: false,
            labels_shown: true,
            inspector_shown: true,
            labels: labels::first_labels(),
            templates: TemplateSet::One,
            own_templates: None,
            show_none: true,
            none_bias: 0.0,
            folders: Vec::new(),
            recent_folders: Vec::new(),
            training_folder: None,
            model: ModelChoice::Starter,
            recent_models: Vec::new(),
            speeds: BTreeMap::new(),
            device: DeviceChoice::Auto,
            precision: Precision::Full,
            measure: Measure::Probability,
            sort: Sort::Score,
            heatmap: true,
            heatmap_style: Style::default(),
            contour: true,
            divider: None,
            opacity: 0.8,
            ramp: Ramp::Viridis,
            heatmap_method: None,
            heatmap_scale: None,
            same_scale: true,
            smooth: true,
            csv_bom: false,
            csv_safe: true,
            starter_note_hidden: false,
        }
    }
}

impl Settings {
    /// How everything looks and computes as on the first launch; what the user made and opened stays.
    pub fn as_on_first_launch(&self) -> Self {
        Self {
            window_size: self.window_size,
            labels: self.labels.clone(),
            templates: self.templates.clone(),
            own_templates: self.own_templates.clone(),
            show_none: self.show_none,
            folders: self.folders.clone(),
            recent_folders: self.recent_folders.clone(),
            training_folder: self.training_folder.clone(),
            model: self.model.clone(),
            recent_models: self.recent_models.clone(),
            speeds: self.speeds.clone(),
            // The engine computes there until it is told otherwise.
            device: self.device,
            precision: self.precision,
            none_bias: self.none_bias,
            heatmap_method: self.heatmap_method,
            ..Self::default()
        }
    }

    /// How tables are saved.
    pub fn csv_style(&self) -> table::Style {
        table::Style {
            bom: self.csv_bom,
            safe: self.csv_safe,
        }
    }

    /// Remembers folders as opened lately.
    pub fn remember_folders(&mut self, paths: &[PathBuf]) {
        paths.iter().for_each(|path| remember(&mut self.recent_folders, path));
    }

    /// Remembers a model as opened lately.
    pub fn remember_model(&mut self, path: &PathBuf) {
        remember(&mut self.recent_models, path);
    }
}

fn remember(recent: &mut Vec<PathBuf>, path: &PathBuf) {
    recent.retain(|known| known != path);
    recent.insert(0, path.clone());
    recent.truncate(MAX_RECENT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_folder_is_the_first_and_only_once() {
        let mut settings = Settings::default();
        settings.remember_folders(&["/a".into(), "/b".into(), "/a".into()]);
        assert_eq!(settings.recent_folders, [PathBuf::from("/a"), PathBuf::from("/b")]);
    }
}
