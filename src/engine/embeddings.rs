//! The embeddings of the open list, row by row in one piece of memory.

use super::protocol::PictureId;

/// Unit vectors of pictures, in the order in which they came.
#[derive(Default)]
pub struct Embeddings {
    pictures: Vec<PictureId>,
    vectors: Vec<f32>,
    dim: usize,
}

impl Embeddings {
    /// Adds a picture.
    pub fn push(&mut self, picture: PictureId, vector: &[f32]) {
        self.dim = vector.len();
        self.pictures.push(picture);
        self.vectors.extend_from_slice(vector);
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// The pictures from a row on, and their vectors.
    pub fn from(&self, first: usize) -> (&[PictureId], &[f32]) {
        (&self.pictures[first..], &self.vectors[first * self.dim..])
    }
}
