//! Labels: one a row, commas and all, each by its name or by its own descriptions.

use serde::{Deserialize, Serialize};

use super::TemplateSet;

/// A class as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The name that is shown.
    pub name: String,
    /// Texts that stand for the class instead of its name; they go through no template.
    pub descriptions: Vec<String>,
}

impl Label {
    /// A label by its name alone.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            descriptions: Vec::new(),
        }
    }

    /// Parses `name`, or `name<TAB>description` with further tabs for further descriptions.
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split('\t').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?.to_string();
        let descriptions = parts.filter(|text| !text.is_empty()).map(String::from).collect();
        Some(Self { name, descriptions })
    }

    /// The texts whose embeddings form this class.
    pub fn prompts(&self, templates: &TemplateSet) -> Vec<String> {
        if self.descriptions.is_empty() {
            templates.prompts(&self.name)
        } else {
            self.descriptions.clone()
        }
    }
}

/// Parses a labels file or a pasted list: one label a line, empty lines left out.
pub fn parse_labels(text: &str) -> Vec<Label> {
    text.trim_start_matches('\u{feff}')
        .lines()
        .filter_map(Label::parse)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_splits_nothing_and_a_tab_starts_a_description() {
        let labels = parse_labels("\u{feff}red, green\n\nzebra\tlike a horse, striped\tin Africa\r\n");
        assert_eq!(labels[0], Label::named("red, green"));
        assert_eq!(labels[1].name, "zebra");
        assert_eq!(labels[1].descriptions, ["like a horse, striped", "in Africa"]);
        assert_eq!(labels.len(), 2);
    }

    #[test]
    fn descriptions_go_through_no_template() {
        let label = Label::parse("zebra\tlike a horse").unwrap();
        assert_eq!(label.prompts(&TemplateSet::One), ["like a horse"]);
        assert_eq!(Label::named("cat").prompts(&TemplateSet::One), ["a photo of a cat."]);
    }
}
