//! The map of the embeddings: many numbers a picture become two.

use serde::{Deserialize, Serialize};

/// How the map is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MapKind {
    /// The two directions in which pictures differ most. At once.
    Pca,
    /// Neighbours stay neighbours. In the background.
    Tsne,
}

/// A place on the map for each picture, and for each class's text where the map has room for texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// How it was made.
    pub kind: MapKind,
    /// Pictures, from -1 to 1 both ways.
    pub pictures: Vec<[f32; 2]>,
    /// The classes' texts.
    pub classes: Vec<[f32; 2]>,
    /// The share of the pictures' variance that both directions have, for PCA.
    pub explained: Option<f32>,
}
