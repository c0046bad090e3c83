//! The settings with a few choices: the theme, the measure, the order of the gallery, where its captions go.

use serde::{Deserialize, Serialize};

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
    pub const ALL: [Self; 3] = [Self::Probability, Self::Cosine, Self::Logit];

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
    pub const ALL: [Self; 4] = [Self::Name, Self::Label, Self::Score, Self::Margin];

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
    pub const ALL: [Self; 3] = [Self::Below, Self::Over, Self::Nowhere];

    pub fn title(self) -> &'static str {
        match self {
            Self::Below => "Text below",
            Self::Over => "Text on pictures",
            Self::Nowhere => "Pictures only",
        }
    }
}
