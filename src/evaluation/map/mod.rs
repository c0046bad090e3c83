//! The map of the embeddings: many numbers a picture become two.

mod neighbours;
mod pca;
mod tsne;

use serde::{Deserialize, Serialize};

use super::answers::Embedded;

pub use pca::{Directions, directions};
pub use tsne::tsne;

/// Pictures that a class's text lies among, on a map that has no room for texts.
const AMONG: usize = 10;

/// The place of a picture that is not on the map.
pub const NOWHERE: [f32; 2] = [f32::NAN; 2];

/// How the map is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MapKind {
    /// The two directions in which pictures differ most. At once.
    Pca,
    /// Neighbours stay neighbours. In the background.
    Tsne,
}

/// A place on the map for each picture, and for each class's text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// How it was made.
    pub kind: MapKind,
    /// The share that is done; t-SNE is shown on the way.
    pub done: f32,
    /// Pictures, from -1 to 1 both ways; [`NOWHERE`] for those that have no vector any more.
    pub pictures: Vec<[f32; 2]>,
    /// The classes' texts: along the same directions from their own middle for PCA, since texts lie apart from pictures;
    /// among the pictures that are nearest to them for t-SNE.
    pub classes: Vec<[f32; 2]>,
    /// The share of the pictures' variance that both directions have, for PCA.
    pub explained: Option<f32>,
}

impl Projection {
    /// The two directions in which pictures differ most.
    pub fn pca(embedded: &Embedded) -> Self {
        let found = directions(&embedded.pictures, embedded.dim);
        let (labels, dim) = embedded.classes.label_values();
        let middle = pca::mean(labels, dim);
        Self {
            kind: MapKind::Pca,
            done: 1.0,
            pictures: fitted(found.project(&embedded.pictures)),
            classes: fitted(found.project_from(labels, &middle)),
            explained: Some(found.explained as f32),
        }
    }

    /// Neighbours stay neighbours; `show` hears of better and better maps, and ends the work by saying no.
    pub fn tsne(embedded: &Embedded, mut show: impl FnMut(Self) -> bool) -> Option<()> {
        let start = Self::pca(embedded).pictures;
        tsne(&embedded.pictures, embedded.dim, &start, |places, done| {
            let pictures = fitted(places);
            show(Self {
                kind: MapKind::Tsne,
                done,
                classes: texts_among(embedded, &pictures),
                pictures,
                explained: None,
            })
        })
    }
}

/// The same places from -1 to 1, with the middle at 0.
fn fitted(mut places: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    let count = places.len().max(1) as f32;
    let middle = [0, 1].map(|axis| places.iter().map(|place| place[axis]).sum::<f32>() / count);
    let far = |place: &[f32; 2]| (place[0] - middle[0]).abs().max((place[1] - middle[1]).abs());
    let farthest = places.iter().map(far).fold(f32::MIN_POSITIVE, f32::max);
    for place in &mut places {
        *place = [0, 1].map(|axis| (place[axis] - middle[axis]) / farthest);
    }
    places
}

/// Each class's text in the middle of the pictures that are nearest to it.
fn texts_among(embedded: &Embedded, places: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let classes = embedded.classes.labels();
    let rows = embedded.each(|_, cosines| cosines[..classes].to_vec());
    let of = |class: usize| {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let nearest = AMONG.min(order.len());
        if nearest < order.len() {
            order.select_nth_unstable_by(nearest, |a, b| rows[*b][class].total_cmp(&rows[*a][class]));
        }
        order.truncate(nearest);
        let count = nearest.max(1) as f32;
        [0, 1].map(|axis| order.iter().map(|place| places[*place][axis]).sum::<f32>() / count)
    };
    (0..classes).map(of).collect()
}
