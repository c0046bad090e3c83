//! The types that the state of the mode is made of.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::engine::protocol::{
    Generation, InspectedPicture, LabelId, MapSet, PictureId, Probed, Question, Scores, Verdict,
};

#[derive(Debug, Clone, Default)]
pub struct Inspected {
    /// Its pixels and the part that the model sees.
    pub picture: Option<Arc<InspectedPicture>>,
    /// One map a label, for the labels of a question, or how far they are.
    pub maps: Option<Arc<MapSet>>,
    /// The maps that stand beside them, of another method or model.
    pub compared_maps: Option<Arc<MapSet>>,
    /// A test of one of the maps.
    pub tested: Option<TestedMap>,
    /// What came of showing the picture to the model in another way.
    pub probed: Option<Arc<Probed>>,
}

/// How far a heatmap can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct TestedMap {
    /// The label of the map.
    pub label: LabelId,
    /// The name of the label whose map is tested beside it.
    pub beside: Option<String>,
    /// The share of the test that is done.
    pub done: f32,
    /// The result; none while the test goes on.
    pub verdict: Option<Arc<Verdict>>,
}

impl Inspected {
    /// The maps will be others.
    pub fn forget_maps(&mut self) {
        self.maps = None;
        self.compared_maps = None;
        self.tested = None;
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brush {
    /// Its radius, as a fraction of the picture's longer side.
    pub radius: f32,
}

/// The radius of a brush that is taken for the first time.
pub const BRUSH_RADIUS: f32 = 0.06;
/// The smallest and the largest radius.
pub const BRUSH_SIZES: std::ops::RangeInclusive<f32> = 0.01..=0.25;

/// The question to the model, and its answer.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    /// The newest question.
    pub generation: Generation,
    /// Since when the labels differ from it.
    pub changed_at: Option<Instant>,
    /// The question that the pictures' scores answer: all of them the same one, perhaps an older one than the newest.
    pub answer: Option<Arc<Question>>,
    /// The newest question that is answered for every picture.
    pub answered: Generation,
    /// Labels of which words were cut, and which.
    pub lost_words: Vec<(LabelId, String)>,
    /// Labels that the model was not taught, and what is to be known of each.
    pub untaught: Vec<(LabelId, String)>,
    /// How long the last answer took, in milliseconds.
    pub latency_ms: Option<f32>,
}

/// The answers under the templates before, kept beside those of now.
#[derive(Debug, Clone)]
pub struct Baseline {
    pub question: Arc<Question>,
    /// The scores of every picture.
    pub scores: HashMap<PictureId, Arc<Scores>>,
    /// How many pictures have another answer now; none until that is known.
    pub changed: Option<usize>,
}

/// The picture that fills the gallery's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Large {
    /// Points on the screen for a pixel of the picture; none where it fills the room there is.
    pub zoom: Option<f32>,
    /// What is in the middle, 0 to 1 across and down the picture.
    pub middle: (f32, f32),
}

impl Large {
    /// The whole picture, as large as fits.
    pub const WHOLE: Self = Self {
        zoom: None,
        middle: (0.5, 0.5),
    };

    /// A pixel of the picture on a pixel of the screen.
    pub fn one_to_one(pixels_per_point: f32) -> Self {
        Self {
            zoom: Some(1.0 / pixels_per_point),
            ..Self::WHOLE
        }
    }
}

/// The gallery sorted by how like its pictures are to one of them.
#[derive(Debug, Clone, Default)]
pub struct Alike {
    /// The picture that the others are compared with.
    pub to: PictureId,
    /// The cosine of every picture with it, as far as they are known.
    pub cosines: HashMap<PictureId, f32>,
}

/// Where the keyboard is to go in the next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The field for new labels.
    NewLabel,
    /// The filter by name.
    Filter,
}
