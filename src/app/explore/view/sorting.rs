//! Sorting by numbers that some pictures do not have.

use std::cmp::Ordering;

use crate::engine::protocol::PictureId;

/// Compared as sort keys are: numbers in their total order.
pub(super) trait Key {
    fn order(&self, other: &Self) -> Ordering;
}

impl Key for f32 {
    fn order(&self, other: &Self) -> Ordering {
        self.total_cmp(other)
    }
}

impl<T: Ord> Key for (T, f32) {
    fn order(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0).then(self.1.total_cmp(&other.1))
    }
}

/// Sorted by a key that is computed once a picture, those without one last.
pub(super) fn by_key<K: Key>(order: Vec<PictureId>, key: impl Fn(PictureId) -> Option<K>) -> Vec<PictureId> {
    let mut keyed: Vec<(Option<K>, PictureId)> = order.into_iter().map(|id| (key(id), id)).collect();
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => a.order(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    keyed.into_iter().map(|(_, id)| id).collect()
}
