//! The map that takes long: one after the other on a thread of its own, and only the newest to its end.

use std::sync::Arc;

use super::EvaluationEvent;
use super::appraise::Vectors;
use super::lane::Orders;
use crate::engine::Events;
use crate::engine::protocol::Event;
use crate::evaluation::{MapKind, NOWHERE, Projection};

/// A map that is to be drawn.
pub struct MapJob {
    /// Which of all jobs it is.
    pub number: u64,
    pub id: String,
    pub vectors: Vectors,
    /// Pictures of the evaluation, those without a vector among them.
    pub count: usize,
}

/// Draws a map, and shows it on the way, until it is done or not wanted any more.
pub fn draw(events: &Events, orders: &Orders, job: &MapJob) {
    if !orders.is_newest_map(job.number) {
        return;
    }
    Projection::tsne(&job.vectors.embedded, |mut map| {
        map.pictures = job.vectors.spread(map.pictures, job.count, NOWHERE);
        let wanted = orders.is_newest_map(job.number);
        if wanted {
            events.send(Event::Evaluation(EvaluationEvent::Mapped(
                job.id.clone(),
                Arc::new(map),
            )));
        }
        wanted
    });
}

/// The map that is there at once.
pub fn directions_of(vectors: &Vectors, count: usize) -> Projection {
    let mut map = Projection::pca(&vectors.embedded);
    map.pictures = vectors.spread(map.pictures, count, NOWHERE);
    debug_assert_eq!(map.kind, MapKind::Pca);
    map
}
