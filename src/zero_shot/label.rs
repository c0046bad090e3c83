//! Labels: one a row, commas and all, each by its name or by its own descriptions.

use serde::{Deserialize, Serialize};

use super::TemplateSet;

/// The most characters of a label's name, and of each of its descriptions. Towers read a fifteenth of it; millions of them
/// would only be drawn and tokenized.
pub const MAX_LABEL_CHARACTERS: usize = crate::escape::MAX_NAME_CHARACTERS;
/// So much of what is too long is shown to name it.
const NAMED_CHARACTERS: usize = 40;

/// Which label is meant, whatever it is called and wherever it stands: the same through renaming, moving and undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelId(u64);

impl LabelId {
    /// The id of a label that comes with Clipsight.
    pub const fn known(number: u64) -> Self {
        Self(number)
    }

    /// That of "none of these", which is no row of the user's.
    pub const NONE_OF_THESE: Self = Self((1 << 63) - 1);

    /// An id that no other label has.
    pub fn fresh() -> Self {
        // 2^63 of them: two labels of one user never meet, and those that come with Clipsight are below.
        Self(fastrand::u64(1 << 63..))
    }
}

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

    /// Why this label is refused, by its name; none where it is not.
    pub fn too_long(&self) -> Option<String> {
        let texts =
            std::iter::once(("", &self.name)).chain(self.descriptions.iter().map(|text| ("a description of ", text)));
        let (what, text, count) = texts
            .map(|(what, text)| (what, text, text.chars().count()))
            .find(|(.., count)| *count > MAX_LABEL_CHARACTERS)?;
        let start = |text: &str| -> String {
            let short: String = text.chars().take(NAMED_CHARACTERS).collect();
            if short.len() < text.len() { short + "…" } else { short }
        };
        let named = if what.is_empty() { text } else { &self.name };
        Some(format!(
            "{what}\"{}\" has {count} characters; a label has at most {MAX_LABEL_CHARACTERS}",
            start(named)
        ))
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

/// Parses a labels file or a pasted list: one label a line, whatever ends a line; empty lines, and what cannot be seen, are
/// left out.
pub fn parse_labels(text: &str) -> Vec<Label> {
    text.split(['\n', '\r'])
        .filter_map(|line| Label::parse(&visible(line)))
        .collect()
}

/// Labels without those that are too long, and why these are refused.
pub fn of_fair_length(labels: Vec<Label>) -> (Vec<Label>, Vec<String>) {
    let mut refused = Vec::new();
    let kept = labels.into_iter().filter(|label| match label.too_long() {
        None => true,
        Some(reason) => {
            refused.push(reason);
            false
        }
    });
    (kept.collect(), refused)
}

/// A line without characters that cannot be seen and that no tokenizer knows: zeros, marks of byte order, spaces without
/// width. Those that join emoji and Persian letters stay.
pub fn visible(line: &str) -> String {
    let unseen = |c: char| c.is_control() && c != '\t' || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}');
    line.chars().filter(|c| !unseen(*c)).collect()
}

/// Labels of one name become one, with the descriptions of all; and the names that were there more than once.
pub fn merged(labels: Vec<Label>) -> (Vec<Label>, Vec<String>) {
    let (mut single, mut repeated): (Vec<Label>, Vec<String>) = (Vec::new(), Vec::new());
    let mut told = std::collections::HashSet::new();
    let mut places = std::collections::HashMap::new();
    for label in labels {
        let place = *places.entry(label.name.clone()).or_insert(single.len());
        let Some(first) = single.get_mut(place) else {
            single.push(label);
            continue;
        };
        for description in label.descriptions {
            if !first.descriptions.contains(&description) {
                first.descriptions.push(description);
            }
        }
        if told.insert(label.name.clone()) {
            repeated.push(label.name);
        }
    }
    (single, repeated)
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
    fn lines_end_in_any_way_and_hold_nothing_unseen() {
        let names = |text: &str| {
            parse_labels(text)
                .into_iter()
                .map(|label| label.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names("cat\rdog\r\nrocket\n"), ["cat", "dog", "rocket"]);
        assert_eq!(names("c\u{200b}at\n\u{200b}\ndo\0g\n\u{feff}x"), ["cat", "dog", "x"]);
        assert_eq!(
            names("👩\u{200d}🚀\nمی\u{200c}خواهم"),
            ["👩\u{200d}🚀", "می\u{200c}خواهم"]
        );
    }

    #[test]
    fn labels_of_one_name_become_one_with_all_descriptions() {
        let (labels, repeated) = merged(parse_labels("cat\ndog\ncat\tfurry\ncat\tfurry\tsoft\nCat"));
        assert_eq!(
            labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>(),
            ["cat", "dog", "Cat"]
        );
        assert_eq!(
            (labels[0].descriptions.as_slice(), repeated),
            (&["furry".to_string(), "soft".into()][..], vec!["cat".to_string()])
        );
    }

    #[test]
    fn what_is_too_long_is_refused_by_its_name() {
        let long = "é".repeat(MAX_LABEL_CHARACTERS);
        assert_eq!(Label::named(&long).too_long(), None);
        let reason = Label::named(format!("{long}x")).too_long().unwrap();
        assert!(
            reason.starts_with("\"éé") && reason.contains("…\" has 1001 characters"),
            "{reason}"
        );
        let described = Label {
            name: "cat".into(),
            descriptions: vec!["soft".into(), "x".repeat(5_000)],
        };
        let (kept, refused) = of_fair_length(vec![Label::named("dog"), described]);
        assert_eq!(kept, [Label::named("dog")]);
        assert_eq!(refused.len(), 1);
        assert!(
            refused[0].starts_with("a description of \"cat\" has 5000"),
            "{refused:?}"
        );
    }

    #[test]
    fn descriptions_go_through_no_template() {
        let label = Label::parse("zebra\tlike a horse").unwrap();
        assert_eq!(label.prompts(&TemplateSet::One), ["like a horse"]);
        assert_eq!(Label::named("cat").prompts(&TemplateSet::One), ["a photo of a cat."]);
    }
}
