//! Settings to and from the store: each field on its own, so that one that cannot be read does not cost the others.

use serde_json::{Map, Value};

use super::labels::{first_labels, readable_labels};
use super::{DIVIDER, SCALES, Settings, THUMBNAIL_SIDES};
use crate::engine::protocol::{SettingChange, StoredSetting};
use crate::zero_shot::TemplateSet;

const LABELS: &str = "labels";
/// What people made: of these, nothing is replaced that this window has not seen.
const PRECIOUS: [&str; 3] = [LABELS, "templates", "own_templates"];

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
        bounded(&mut self.scale, SCALES.0, SCALES.1, first.scale);
        bounded(&mut self.window_size.0, 400.0, 16_000.0, first.window_size.0);
        bounded(&mut self.window_size.1, 300.0, 16_000.0, first.window_size.1);
        bounded(&mut self.labels_width, 100.0, 4_000.0, first.labels_width);
        bounded(&mut self.runs_width, 100.0, 4_000.0, first.runs_width);
        if let Some(width) = &mut self.inspector_width {
            bounded(width, 100.0, 4_000.0, 372.0);
        }
        bounded(
            &mut self.thumbnail_side,
            THUMBNAIL_SIDES.0,
            THUMBNAIL_SIDES.1,
            first.thumbnail_side,
        );
        bounded(&mut self.opacity, 0.0, 1.0, first.opacity);
        bounded(&mut self.none_bias, -2.0, 2.0, first.none_bias);
        if let Some(divider) = &mut self.divider {
            bounded(divider, DIVIDER.0, DIVIDER.1, 0.5);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::app::settings::{LabelRow, Sort, ThemeChoice};
    use crate::engine::ModelChoice;
    use crate::zero_shot::{Label, LabelId};

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

    #[test]
    fn the_smallest_and_largest_thumbnails_that_can_be_chosen_survive_the_store() {
        for side in [THUMBNAIL_SIDES.0, THUMBNAIL_SIDES.1] {
            let (settings, _) = Settings::from_stored(&[one("thumbnail_side", &side.to_string())]);
            assert_eq!(settings.thumbnail_side, side);
        }
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
}
