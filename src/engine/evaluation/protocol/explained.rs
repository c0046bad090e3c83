//! What speaks in a picture for an answer.

use crate::engine::protocol::ScreenImage;

/// A picture, and what speaks in it for what it shows and for what is answered, both on one scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    pub picture: ScreenImage,
    /// With the heatmap of its class.
    pub truth: ScreenImage,
    /// With the heatmap of the answer.
    pub answer: ScreenImage,
    /// How the heatmaps were made, for people.
    pub method: String,
    /// What another model says.
    pub beside: Option<Beside>,
}

/// What the model of another evaluation says of the same picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// What the evaluation is called.
    pub name: String,
    pub answered: String,
    /// Whether that is right.
    pub right: bool,
    /// The picture with the heatmap of its class.
    pub truth: ScreenImage,
    /// With the heatmap of what it answers.
    pub answer: ScreenImage,
}
