//! What comes of a question, beside scores: maps, probes, speeds.

use std::sync::Arc;

use super::{HeatMap, HeatmapMethod, LabelId, Question, Scores, ScreenImage, ViewRect};

/// What came of a probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    pub number: u64,
    /// The question that was asked.
    pub question: Arc<Question>,
    /// The scores of the same square without erasing.
    pub before: Arc<Scores>,
    /// The scores now.
    pub after: Arc<Scores>,
    /// The part of the picture that the model sees now.
    pub view: ViewRect,
    /// Exactly what it sees.
    pub model_view: ScreenImage,
    /// The picture as it is now; none where nothing was erased.
    pub image: Option<ScreenImage>,
    /// Whether what was erased looks like writing, and its erasing changed the answer.
    pub read_the_word: bool,
}

/// How fast a model embeds pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpeed {
    pub model: String,
    pub device: String,
    /// Pictures per second, their decoding not included.
    pub pictures_per_s: f32,
}

/// Heatmaps of the inspected picture for all labels, or how far they are.
#[derive(Debug, Clone, PartialEq)]
pub struct MapSet {
    /// The question whose labels they are for.
    pub question: Arc<Question>,
    /// How they are made.
    pub method: HeatmapMethod,
    /// The share that is done; there are no maps before 1.
    pub done: f32,
    /// In the order of the labels, and last that of "none of these".
    pub maps: Vec<HeatMap>,
}

impl MapSet {
    /// The map of a label, or of "none of these".
    pub fn of(&self, label: LabelId) -> Option<&HeatMap> {
        self.maps.get(self.question.class(label)?)
    }
}
