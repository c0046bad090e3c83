//! What the window remembers between two launches.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::DeviceChoice;
use crate::engine::ModelChoice;
use crate::engine::protocol::{HeatmapMethod, Precision};
use crate::heatmap::{Ramp, Scale, Style};
use crate::zero_shot::{Label, LabelId, TemplateSet};

/// Recent folders and models that are remembered.
const MAX_RECENT: usize = 8;

/// Light, dark, or as the system has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    System,
    /// Dark text on light ground, for bright rooms.
    Light,
    /// Light text on dark ground.
    Dark,
}

/// Which number stands beside a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Softmax over the labels.
    #[default]
    Probability,
    /// Cosine of picture and label.
    Cosine,
    /// Cosine times the model's scale.
    Logit,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 3] = [Self::Probability, Self::Cosine, Self::Logit];

    /// The measure's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Probability => "Probability",
            Self::Cosine => "Cosine",
            Self::Logit => "Logit",
        }
    }
}

/// The order of the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// By path.
    Name,
    /// By best label, the surest first.
    Label,
    /// The highest score first.
    #[default]
    Score,
    /// The closest decisions first.
    Margin,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::Name, Self::Label, Self::Score, Self::Margin];

    /// The order's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Label => "Label",
            Self::Score => "Score",
            Self::Margin => "Closest call",
        }
    }
}

/// Where a tile of the gallery says what its picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TileText {
    /// Below it.
    #[default]
    Below,
    /// On it.
    Over,
    /// Nowhere: only the pictures.
    Nowhere,
}

impl TileText {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Below, Self::Over, Self::Nowhere];

    /// The choice's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Below => "Text below",
            Self::Over => "Text on pictures",
            Self::Nowhere => "Pictures only",
        }
    }
}

/// A label with its colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRow {
    /// Which label this is, whatever it is called.
    #[serde(default = "LabelId::fresh")]
    pub id: LabelId,
    /// The label.
    pub label: Label,
    /// Its place in the theme's list of label colours.
    pub colour: usize,
}

impl LabelRow {
    /// A label that was not there before.
    pub fn new(label: Label, colour: usize) -> Self {
        Self {
            id: LabelId::fresh(),
            label,
            colour,
        }
    }
}

/// Everything that persists.
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
    /// Width of the inspector, in points.
    pub inspector_width: f32,
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
    /// The labels.
    pub labels: Vec<LabelRow>,
    /// The templates.
    pub templates: TemplateSet,
    /// The user's own, also while others are used.
    pub own_templates: Option<TemplateSet>,
    /// Whether "none of these" competes, or is hidden.
    pub show_none: bool,
    /// Added to the cosine of "none of these".
    pub none_bias: f32,
    /// The open folders; none means the samples.
    pub folders: Vec<PathBuf>,
    /// Folders opened lately.
    pub recent_folders: Vec<PathBuf>,
    /// The folder that runs learn from.
    pub training_folder: Option<PathBuf>,
    /// The model.
    pub model: ModelChoice,
    /// Models opened lately.
    pub recent_models: Vec<PathBuf>,
    /// Pictures a second that models were seen to do, by model and device.
    pub speeds: BTreeMap<String, f32>,
    /// Where the model computes.
    pub device: DeviceChoice,
    /// In which numbers a GPU computes.
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
    /// How opaque the heatmap is.
    pub opacity: f32,
    /// The heatmap's colours.
    pub ramp: Ramp,
    /// How heatmaps are made; the model's own default where it is none or does not fit.
    pub heatmap_method: Option<HeatmapMethod>,
    /// Which values the ends of the colours stand for.
    pub heatmap_scale: Scale,
    /// Whether all labels share these ends.
    pub same_scale: bool,
    /// Whether the values of a heatmap run into each other.
    pub smooth: bool,
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
            inspector_width: 372.0,
            thumbnail_side: 96.0,
            tile_text: TileText::Below,
            rows: false,
            labels_shown: true,
            inspector_shown: true,
            labels: first_labels(),
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
            heatmap_scale: Scale::Absolute,
            same_scale: true,
            smooth: true,
            starter_note_hidden: false,
        }
    }
}

/// The labels of the first launch: what the starter finds in the samples. The rest of them fits none, and shows that.
const FIRST_LABELS: [&str; 16] = [
    "cat",
    "cup of coffee",
    "banana",
    "lemon",
    "orange",
    "bell pepper",
    "shoes",
    "jeans",
    "t-shirt",
    "woolly hat",
    "aeroplane",
    "car",
    "lighthouse",
    "owl",
    "penguin",
    "rocket",
];

fn first_labels() -> Vec<LabelRow> {
    FIRST_LABELS
        .into_iter()
        .enumerate()
        .map(|(place, name)| LabelRow {
            id: LabelId::known(place as u64),
            label: Label::named(name),
            colour: place,
        })
        .collect()
}

impl Settings {
    /// From what the store kept; what is missing or broken is as on the first launch.
    pub fn from_json(json: Option<&str>) -> Self {
        let mut settings: Self = json
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
        settings.scale = settings.scale.clamp(0.5, 3.0);
        settings.thumbnail_side = settings.thumbnail_side.clamp(64.0, 320.0);
        settings.tell_labels_apart();
        settings
    }

    /// Two rows of one id, which only somebody else can have written, become two labels.
    fn tell_labels_apart(&mut self) {
        let mut seen = std::collections::HashSet::new();
        for row in &mut self.labels {
            while !seen.insert(row.id) {
                row.id = LabelId::fresh();
            }
        }
    }

    /// For the store.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

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
    fn settings_survive_the_store_and_older_versions_of_themselves() {
        let settings = Settings {
            scale: 1.5,
            sort: Sort::Margin,
            ..Settings::default()
        };
        assert_eq!(Settings::from_json(Some(&settings.to_json())), settings);
        assert_eq!(Settings::from_json(Some("{\"scale\": 2.0, \"gone\": 1}")).scale, 2.0);
        assert_eq!(Settings::from_json(Some("nonsense")), Settings::default());
    }

    #[test]
    fn every_label_has_an_id_of_its_own_that_survives_the_store() {
        let old = r#"{"labels": [{"label": {"name": "a", "descriptions": []}, "colour": 0}, {"id": 7, "label":
            {"name": "b", "descriptions": []}, "colour": 1}, {"id": 7, "label": {"name": "c", "descriptions": []},
            "colour": 2}]}"#;
        let settings = Settings::from_json(Some(old));
        let ids: Vec<LabelId> = settings.labels.iter().map(|row| row.id).collect();
        assert_eq!(ids[1], LabelId::known(7));
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
        assert_eq!(Settings::from_json(Some(&settings.to_json())), settings);
    }

    #[test]
    fn the_latest_folder_is_the_first_and_only_once() {
        let mut settings = Settings::default();
        settings.remember_folders(&["/a".into(), "/b".into(), "/a".into()]);
        assert_eq!(settings.recent_folders, [PathBuf::from("/a"), PathBuf::from("/b")]);
    }
}
