//! The part of the question that can be undone: labels, templates, and how easily "none of these" wins.

use std::collections::HashSet;

use crate::app::settings::{LabelRow, Settings};
use crate::zero_shot::{LabelId, TemplateSet};

/// The words of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Wording {
    pub labels: Vec<LabelRow>,
    pub templates: TemplateSet,
    /// Added to the cosine of "none of these".
    pub none_bias: f32,
}

impl Wording {
    /// As the settings have it.
    pub fn of(settings: &Settings) -> Self {
        Self {
            labels: settings.labels.clone(),
            templates: settings.templates.clone(),
            none_bias: settings.none_bias,
        }
    }

    /// Puts it into the settings.
    pub fn put_into(self, settings: &mut Settings) {
        settings.labels = self.labels;
        settings.templates = self.templates;
        settings.none_bias = self.none_bias;
    }

    /// Whether the two differ in the offset of "none of these" alone.
    pub fn differs_in_offset_alone(&self, other: &Self) -> bool {
        self.labels == other.labels && self.templates == other.templates && self.none_bias != other.none_bias
    }

    /// What changed between this and a later one, in a few words.
    pub fn change_to(&self, later: &Self) -> String {
        if self.templates != later.templates {
            return "the change of template".into();
        }
        if self.labels == later.labels {
            return "the offset of \"none of these\"".into();
        }
        let gone = only_in(&self.labels, &later.labels);
        let came = only_in(&later.labels, &self.labels);
        match (gone.as_slice(), came.as_slice()) {
            ([], [one]) => format!("adding \"{}\"", one.label.name),
            ([one], []) => format!("removing \"{}\"", one.label.name),
            ([], [_, _, ..]) => format!("adding {} labels", came.len()),
            ([_, _, ..], []) => format!("removing {} labels", gone.len()),
            ([], []) => "the change of a label".into(),
            _ => "the change of the labels".into(),
        }
    }
}

fn only_in<'a>(rows: &'a [LabelRow], others: &[LabelRow]) -> Vec<&'a LabelRow> {
    let known: HashSet<LabelId> = others.iter().map(|row| row.id).collect();
    rows.iter().filter(|row| !known.contains(&row.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_undone_is_told() {
        let before = Wording::of(&Settings::default());
        let changed = |change: fn(&mut Wording)| {
            let mut later = before.clone();
            change(&mut later);
            (before.change_to(&later), later.change_to(&before))
        };
        let removed = changed(|later| drop(later.labels.remove(0)));
        assert_eq!(removed, ("removing \"cat\"".into(), "adding \"cat\"".into()));
        let cleared = changed(|later| later.labels.clear());
        assert_eq!(cleared.0, "removing 19 labels");
        assert_eq!(
            changed(|later| later.templates = TemplateSet::Bare).0,
            "the change of template"
        );
        assert_eq!(
            changed(|later| later.none_bias = 0.1).0,
            "the offset of \"none of these\""
        );
        assert_eq!(changed(|later| later.labels[0].colour = 5).0, "the change of a label");
    }
}
