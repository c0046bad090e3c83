//! Prompt templates: sentences with `{}` where the class name goes.

use serde::{Deserialize, Serialize};

use crate::escape::check_name;

/// The template that is used where none is named.
pub const DEFAULT_TEMPLATE: &str = "a photo of a {}.";

const SEVEN: &str = include_str!("../../assets/templates/clip-7.txt");
const EIGHTY: &str = include_str!("../../assets/templates/clip-80.txt");
const HOLE: &str = "{}";

/// A template that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// No name can be put into it.
    #[error("the template \"{0}\" has no {{}} for the class name")]
    NoHole(String),
    /// Longer than any text that a model reads.
    #[error("{0}")]
    TooLong(String),
}

/// Which templates make the prompts; several form an ensemble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateSet {
    /// The bare name.
    Bare,
    /// `a photo of a {}.`
    One,
    /// The seven that CLIP's authors found to matter most on ImageNet (openai/CLIP, Prompt_Engineering notebook).
    Seven,
    /// CLIP's eighty for ImageNet (same source).
    Eighty,
    /// The user's own.
    Own(Vec<String>),
}

impl TemplateSet {
    /// The sets that come with Clipsight.
    pub const PRESETS: [Self; 4] = [Self::One, Self::Bare, Self::Seven, Self::Eighty];

    /// A set of the user's own, checked.
    ///
    /// # Errors
    /// The first template without `{}`, or that is too long.
    pub fn own(templates: Vec<String>) -> Result<Self, TemplateError> {
        let lengths = templates.iter().map(|template| check_name("the template", template));
        lengths.collect::<Result<(), _>>().map_err(TemplateError::TooLong)?;
        match templates.iter().find(|template| !template.contains(HOLE)) {
            Some(template) => Err(TemplateError::NoHole(template.clone())),
            None => Ok(Self::Own(templates)),
        }
    }

    /// A short name for menus.
    pub fn title(&self) -> String {
        match self {
            Self::Bare => "Name only".into(),
            Self::One => DEFAULT_TEMPLATE.into(),
            Self::Seven => "CLIP's 7 templates".into(),
            Self::Eighty => "CLIP's 80 templates".into(),
            Self::Own(own) if own.len() == 1 => own[0].clone(),
            Self::Own(own) => format!("{} own templates", own.len()),
        }
    }

    /// The templates, each with at least one `{}`.
    pub fn templates(&self) -> Vec<&str> {
        match self {
            Self::Bare => vec![HOLE],
            Self::One => vec![DEFAULT_TEMPLATE],
            Self::Seven => SEVEN.lines().collect(),
            Self::Eighty => EIGHTY.lines().collect(),
            Self::Own(own) if own.is_empty() => vec![HOLE],
            Self::Own(own) => own.iter().map(String::as_str).collect(),
        }
    }

    /// The prompts for a class name, one a template.
    pub fn prompts(&self, name: &str) -> Vec<String> {
        self.templates()
            .iter()
            .map(|template| template.replace(HOLE, name))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_have_as_many_templates_as_their_names_say() {
        assert_eq!(TemplateSet::Seven.templates().len(), 7);
        assert_eq!(TemplateSet::Eighty.templates().len(), 80);
        for set in TemplateSet::PRESETS {
            assert!(set.templates().iter().all(|template| template.contains("{}")));
        }
    }

    #[test]
    fn a_template_without_a_hole_is_refused_by_name() {
        let error = TemplateSet::own(vec!["a {}".into(), "a photo".into()]).unwrap_err();
        assert_eq!(error, TemplateError::NoHole("a photo".into()));
    }

    #[test]
    fn a_template_of_a_million_letters_is_refused_by_its_beginning() {
        let error = TemplateSet::own(vec!["{} ".repeat(500_000)]).unwrap_err().to_string();
        assert!(error.contains("1500000 characters") && error.len() < 200, "{error}");
    }

    #[test]
    fn prompts_put_the_name_into_the_hole() {
        assert_eq!(TemplateSet::One.prompts("cat"), ["a photo of a cat."]);
        assert_eq!(TemplateSet::Bare.prompts("red, green"), ["red, green"]);
    }
}
