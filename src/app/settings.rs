//! What the window remembers between two launches.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::DeviceChoice;
use crate::engine::ModelChoice;
use crate::engine::protocol::{HeatmapMethod, Precision, SettingChange, StoredSetting};
use crate::heatmap::{Ramp, Scale, Style};
use crate::lossless::Lossless;
use crate::zero_shot::{Label, LabelId, TemplateSet};

/// Recent folders and models that are remembered.
const MAX_RECENT: usize = 8;
/// Where the divider may be, so that both heatmaps can be seen.
pub const DIVIDER: (f32, f32) = (0.02, 0.98);
const LABELS: &str = "labels";
/// What people made: of these, nothing is replaced that this window has not seen.
const PRECIOUS: [&str; 2] = [LABELS, "templates"];

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
    /// How opaque the heatmap is.
    pub opacity: f32,
    /// The heatmap's colours.
    pub ramp: Ramp,
    /// How heatmaps are made; the model's own default where it is none or does not fit.
    pub heatmap_method: Option<HeatmapMethod>,
    /// Which values the ends of the colours stand for; none for what fits each map.
    pub heatmap_scale: Option<Scale>,
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
            runs_width: 264.0,
            inspector_width: None,
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
            heatmap_scale: None,
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
    /// From what the store kept, field by field. What is missing is as on the first launch; so is what cannot be read, which
    /// is named, and stays in the store until it is changed here.
    pub fn from_stored(stored: &[StoredSetting]) -> (Self, Vec<String>) {
        let mut settings = Self::default();
        let mut misread = Vec::new();
        for one in stored {
            if !settings.read(&one.name, one.value.as_deref()) {
                misread.push(one.name.clone());
            }
        }
        settings.tell_labels_apart();
        (settings, misread)
    }

    /// Takes one field; false where it is not (wholly) understood. One that only another version has is none of ours.
    fn read(&mut self, name: &str, json: Option<&str>) -> bool {
        let Ok(mut fields) = self.fields() else { return false };
        if !fields.contains_key(name) {
            return true;
        }
        let Some(value) = json.and_then(|json| serde_json::from_str::<Value>(json).ok()) else {
            return false;
        };
        if name == LABELS {
            let (labels, all) = readable_labels(value);
            self.labels = labels.unwrap_or_else(first_labels);
            return all;
        }
        fields.insert(name.into(), value);
        let Ok(read) = serde_json::from_value::<Self>(Value::Object(fields)) else {
            return false;
        };
        if let TemplateSet::Own(own) = &read.templates
            && TemplateSet::own(own.clone()).is_err()
        {
            return false;
        }
        *self = read;
        self.keep_within_bounds();
        true
    }

    fn fields(&self) -> Result<Map<String, Value>, String> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err("they have no fields".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What was changed since other settings, for the store; and which of that cannot be written so that it could be read
    /// again, and is left as it is stored.
    pub fn changes_since(&self, before: &Self) -> (Vec<SettingChange>, Vec<String>) {
        let (now, mut known) = match (self.fields(), before.fields()) {
            (Ok(now), Ok(known)) => (now, known),
            (Err(reason), _) | (_, Err(reason)) => {
                tracing::error!("settings cannot be written: {reason}");
                return (Vec::new(), vec!["all of them".into()]);
            }
        };
        let (mut changes, mut refused) = (Vec::new(), Vec::new());
        for (name, value) in now {
            let before = known.remove(&name).unwrap_or(Value::Null);
            if value == before {
                continue;
            }
            let value = value.to_string();
            if !Self::default().read(&name, Some(&value)) {
                refused.push(name);
                continue;
            }
            changes.push(SettingChange {
                precious: PRECIOUS.contains(&name.as_str()),
                before: before.to_string(),
                name,
                value,
            });
        }
        (changes, refused)
    }

    /// Numbers that only somebody else can have written become such as can be set here.
    fn keep_within_bounds(&mut self) {
        let first = Self::default();
        let bounded = |value: &mut f32, low: f32, high: f32, first: f32| {
            *value = if value.is_finite() {
                value.clamp(low, high)
            } else {
                first
            };
        };
        bounded(&mut self.scale, 0.5, 3.0, first.scale);
        bounded(&mut self.window_size.0, 400.0, 16_000.0, first.window_size.0);
        bounded(&mut self.window_size.1, 300.0, 16_000.0, first.window_size.1);
        bounded(&mut self.labels_width, 100.0, 4_000.0, first.labels_width);
        bounded(&mut self.runs_width, 100.0, 4_000.0, first.runs_width);
        if let Some(width) = &mut self.inspector_width {
            bounded(width, 100.0, 4_000.0, 372.0);
        }
        bounded(&mut self.thumbnail_side, 80.0, 320.0, first.thumbnail_side);
        bounded(&mut self.opacity, 0.0, 1.0, first.opacity);
        bounded(&mut self.none_bias, -2.0, 2.0, first.none_bias);
        if let Some(divider) = &mut self.divider {
            bounded(divider, DIVIDER.0, DIVIDER.1, 0.5);
        }
    }

    /// Takes out labels that are too long to be drawn, as only somebody else can have written them, and names them.
    pub fn refuse_long_labels(&mut self) -> Vec<String> {
        let mut refused = Vec::new();
        self.labels.retain(|row| match row.label.too_long() {
            None => true,
            Some(reason) => {
                refused.push(reason);
                false
            }
        });
        refused
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

/// The labels that can be read, and whether that is all of them; none where it is no list.
fn readable_labels(value: Value) -> (Option<Vec<LabelRow>>, bool) {
    let Value::Array(rows) = value else {
        return (None, false);
    };
    let count = rows.len();
    let rows: Vec<LabelRow> = rows
        .into_iter()
        .filter_map(|row| serde_json::from_value(row).ok())
        .collect();
    let all = rows.len() == count;
    (Some(rows), all)
}

fn remember(recent: &mut Vec<PathBuf>, path: &PathBuf) {
    recent.retain(|known| known != path);
    recent.insert(0, path.clone());
    recent.truncate(MAX_RECENT);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the store would give them back.
    fn stored(settings: &Settings) -> Vec<StoredSetting> {
        let fields = settings.fields().unwrap();
        fields
            .iter()
            .map(|(name, value)| one(name, &value.to_string()))
            .collect()
    }

    fn one(name: &str, value: &str) -> StoredSetting {
        StoredSetting {
            name: name.into(),
            value: Some(value.into()),
        }
    }

    fn own_settings() -> Settings {
        Settings {
            scale: 1.5,
            sort: Sort::Margin,
            theme: ThemeChoice::Dark,
            labels: vec![
                LabelRow::new(Label::named("heron"), 3),
                LabelRow::new(Label::named("stork"), 4),
            ],
            folders: vec!["/birds".into()],
            ..Settings::default()
        }
    }

    #[test]
    fn settings_survive_the_store_and_other_versions_of_themselves() {
        let settings = own_settings();
        assert_eq!(Settings::from_stored(&stored(&settings)), (settings, Vec::new()));
        let other = [one("scale", "2.0"), one("of another version", "{\"x\": 1}")];
        let (read, misread) = Settings::from_stored(&other);
        assert_eq!((read.scale, misread.len()), (2.0, 0));
        assert_eq!(Settings::from_stored(&[]).0, Settings::default());
    }

    #[test]
    fn a_field_that_cannot_be_read_costs_no_other() {
        let settings = own_settings();
        let long = format!("{{\"own\":[\"{{}}{}\"]}}", "x".repeat(1_000));
        let bad = [
            ("templates", long.as_str()),
            ("theme", "\"sepia\""),
            ("heatmap_method", "\"super-cam\""),
            ("opacity", "\"x\""),
            ("opacity", "null"),
            ("window_size", "[1]"),
            ("folders", "7"),
            ("labels", "{}"),
            ("labels", ""),
            ("model", "[]"),
        ];
        for (name, value) in bad {
            let mut stored = stored(&settings);
            stored.retain(|one| one.name != name);
            stored.push(one(name, value));
            let (read, misread) = Settings::from_stored(&stored);
            assert_eq!(misread, [name]);
            let differing: Vec<String> = read
                .changes_since(&settings)
                .0
                .into_iter()
                .map(|change| change.name)
                .collect();
            let default = Settings::default().fields().unwrap()[name] == settings.fields().unwrap()[name];
            assert_eq!(differing.is_empty(), default, "{name}: {differing:?}");
            assert!(
                differing.iter().all(|differing| differing == name),
                "{name}: {differing:?}"
            );
        }
        let damaged = StoredSetting {
            name: "theme".into(),
            value: None,
        };
        assert_eq!(Settings::from_stored(&[damaged]).1, ["theme"]);
    }

    #[test]
    fn a_bad_row_costs_no_other_label() {
        let rows = r#"[{"label": {"name": "a", "descriptions": []}, "colour": 0}, {"label": 7},
            {"label": {"name": "b", "descriptions": []}, "colour": 1}]"#;
        let (settings, misread) = Settings::from_stored(&[one("labels", rows)]);
        let names: Vec<&str> = settings.labels.iter().map(|row| row.label.name.as_str()).collect();
        assert_eq!((names, misread), (vec!["a", "b"], vec!["labels".to_string()]));
    }

    #[test]
    fn only_what_was_changed_is_stored_and_never_what_could_not_be_read_again() {
        let before = own_settings();
        let mut after = before.clone();
        after.labels.pop();
        after.opacity = 0.25;
        let (changes, _) = after.changes_since(&before);
        let named: Vec<_> = changes
            .iter()
            .map(|change| (change.name.as_str(), change.precious))
            .collect();
        assert_eq!(named, [("labels", true), ("opacity", false)]);
        assert!(changes[0].before.contains("stork") && !changes[0].value.contains("stork"));
        after.scale = f32::NAN;
        let (changes, refused) = after.changes_since(&before);
        assert_eq!((changes.len(), refused), (2, vec!["scale".to_string()]));
    }

    #[test]
    fn numbers_out_of_any_bounds_become_such_as_can_be_set() {
        let wild = [
            one("scale", "1e39"),
            one("opacity", "-7"),
            one("thumbnail_side", "1e30"),
            one("divider", "7e9"),
            one("window_size", "[1e300, 0]"),
        ];
        let (settings, _) = Settings::from_stored(&wild);
        let first = Settings::default();
        assert_eq!(
            (settings.scale, settings.opacity, settings.thumbnail_side),
            (first.scale, 0.0, 320.0)
        );
        assert_eq!(settings.window_size, (first.window_size.0, 300.0));
        assert_eq!(settings.divider, Some(DIVIDER.1));
    }

    #[cfg(unix)]
    #[test]
    fn folders_that_are_not_utf_8_come_back_as_they_were() {
        use std::os::unix::ffi::OsStringExt;
        let latin = PathBuf::from(std::ffi::OsString::from_vec(b"/disk/Fl\xfcge".to_vec()));
        let settings = Settings {
            folders: vec![latin.clone(), "/plain".into()],
            recent_folders: vec![latin.clone()],
            training_folder: Some(latin.clone()),
            model: ModelChoice::Path(latin.clone()),
            recent_models: vec![latin],
            ..own_settings()
        };
        let changes = settings.changes_since(&Settings::default()).0;
        let stored: Vec<_> = changes.iter().map(|change| one(&change.name, &change.value)).collect();
        assert_eq!(Settings::from_stored(&stored), (settings, Vec::new()));
    }

    #[test]
    fn every_label_has_an_id_of_its_own_that_survives_the_store() {
        let old = r#"[{"label": {"name": "a", "descriptions": []}, "colour": 0}, {"id": 7, "label":
            {"name": "b", "descriptions": []}, "colour": 1}, {"id": 7, "label": {"name": "c", "descriptions": []},
            "colour": 2}]"#;
        let (settings, _) = Settings::from_stored(&[one("labels", old)]);
        let ids: Vec<LabelId> = settings.labels.iter().map(|row| row.id).collect();
        assert_eq!(ids[1], LabelId::known(7));
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
        assert_eq!(Settings::from_stored(&stored(&settings)).0, settings);
    }

    #[test]
    fn the_latest_folder_is_the_first_and_only_once() {
        let mut settings = Settings::default();
        settings.remember_folders(&["/a".into(), "/b".into(), "/a".into()]);
        assert_eq!(settings.recent_folders, [PathBuf::from("/a"), PathBuf::from("/b")]);
    }
}
