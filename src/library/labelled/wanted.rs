//! What is wanted of a folder, and what was found there.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What pictures are wanted for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To learn from them: captions come before classes, and something must be given to learn from.
    #[default]
    Learn,
    /// To measure answers by them: classes come before captions, and every side counts.
    Measure,
}

/// What says what pictures show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// One folder a class.
    #[default]
    Folders,
    /// Lists with classes.
    Labels,
    /// Lists with captions, or texts beside pictures.
    Captions,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::Folders, Self::Labels, Self::Captions];

    /// How it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Folders => "folders",
            Self::Labels => "labels",
            Self::Captions => "captions",
        }
    }
}

/// What is wanted, and what is decided beforehand; whatever is not is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    pub purpose: Purpose,
    /// What says what pictures show.
    pub source: Option<Source>,
    /// The column with the picture's file.
    pub file_column: Option<String>,
    /// The column with its class.
    pub label_column: Option<String>,
    /// Which folder on the way to a picture names its class: 0 is the first one below the folder (or below `train`, `val`
    /// and `test`).
    pub level: usize,
}

impl Wanted {
    /// Ground truth to measure by.
    pub fn to_measure() -> Self {
        Self {
            purpose: Purpose::Measure,
            ..Self::default()
        }
    }
}

/// The columns of a list that were used, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    pub list: PathBuf,
    /// The column with the picture's file.
    pub file: String,
    /// The column with its class or its captions; none where columns have no names.
    pub said: Option<String>,
    pub all: Vec<String>,
    pub rows: usize,
}
