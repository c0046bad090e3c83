//! The embeddings of the open list, row by row in one piece of memory.

use std::collections::HashSet;

use super::protocol::PictureId;

/// Unit vectors of pictures, in the order in which they came.
#[derive(Default)]
pub struct Embeddings {
    pictures: Vec<PictureId>,
    known: HashSet<PictureId>,
    vectors: Vec<f32>,
    dim: usize,
}

impl Embeddings {
    /// Adds a picture; one that is there already stays as it is.
    pub fn push(&mut self, picture: PictureId, vector: &[f32]) {
        if !self.known.insert(picture) {
            return;
        }
        self.dim = vector.len();
        self.pictures.push(picture);
        self.vectors.extend_from_slice(vector);
    }

    /// Whether a picture is there.
    pub fn has(&self, picture: PictureId) -> bool {
        self.known.contains(&picture)
    }

    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// The cosine of every picture with one of them; empty where that one is not there.
    pub fn alike(&self, picture: PictureId) -> Vec<(PictureId, f32)> {
        let Some(row) = self.pictures.iter().position(|&known| known == picture) else {
            return Vec::new();
        };
        let rows = || self.vectors.chunks_exact(self.dim);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let Some(one) = rows().nth(row) else { return Vec::new() };
        let length = dot(one, one).sqrt();
        let cosines = rows().map(|other| dot(one, other) / (length * dot(other, other).sqrt()).max(f32::MIN_POSITIVE));
        self.pictures.iter().copied().zip(cosines).collect()
    }

    /// The pictures from a row on, and their vectors.
    pub fn from(&self, first: usize) -> (&[PictureId], &[f32]) {
        (&self.pictures[first..], &self.vectors[first * self.dim..])
    }
}

#[cfg(test)]
mod tests {
    use super::Embeddings;

    #[test]
    fn a_picture_is_most_like_itself() {
        let mut embeddings = Embeddings::default();
        for (picture, vector) in [(4, [1.0, 0.0]), (2, [0.6, 0.8]), (9, [0.0, 1.0])] {
            embeddings.push(picture, &vector);
        }
        assert_eq!(embeddings.alike(2), [(4, 0.6), (2, 1.0), (9, 0.8)]);
        assert!(embeddings.alike(7).is_empty());
    }

    #[test]
    fn a_picture_that_comes_twice_is_there_once() {
        let mut embeddings = Embeddings::default();
        for (picture, value) in [(3, 0.5), (1, 1.0), (3, 0.7)] {
            embeddings.push(picture, &[value, 0.0]);
        }
        assert_eq!(embeddings.len(), 2);
        assert_eq!(embeddings.from(0), ([3, 1].as_slice(), [0.5, 0.0, 1.0, 0.0].as_slice()));
    }
}
