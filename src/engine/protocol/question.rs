//! What is asked about every picture, which every answer carries.

use super::{Generation, Label, LabelId, TemplateSet};

/// A label of a question, as it read when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedLabel {
    pub id: LabelId,
    /// How it read.
    pub label: Label,
}

/// What is asked about every picture. Every answer carries it: numbers and maps are in the order of its labels, and are
/// shown under the names that these had.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The newest generation wins.
    pub generation: Generation,
    /// The labels, in order.
    pub labels: Vec<AskedLabel>,
    pub templates: TemplateSet,
    /// Added to the cosine of "none of these".
    pub none_bias: f32,
    /// The identity of the model that answers; none before one does.
    pub model: Option<String>,
}

impl Question {
    /// Where a label stands in it.
    pub fn place(&self, id: LabelId) -> Option<usize> {
        self.labels.iter().position(|asked| asked.id == id)
    }

    /// Where a label's class stands; that of "none of these" is the last.
    pub fn class(&self, id: LabelId) -> Option<usize> {
        if id == LabelId::NONE_OF_THESE {
            return Some(self.labels.len());
        }
        self.place(id)
    }

    /// Which label stands at a place.
    pub fn id(&self, place: usize) -> Option<LabelId> {
        self.labels.get(place).map(|asked| asked.id)
    }

    /// How a label read when this was asked.
    pub fn label(&self, id: LabelId) -> Option<&Label> {
        Some(&self.labels[self.place(id)?].label)
    }

    /// The labels alone.
    pub fn words(&self) -> Vec<Label> {
        self.labels.iter().map(|asked| asked.label.clone()).collect()
    }

    /// The same question, with the model that answers it.
    pub fn to_model(&self, identity: &str) -> Self {
        Self {
            model: Some(identity.into()),
            ..self.clone()
        }
    }

    /// Whether an answer to this one, by the same model, is an answer to the other.
    pub fn is(&self, other: &Self) -> bool {
        self.generation == other.generation && self.model == other.model
    }
}
