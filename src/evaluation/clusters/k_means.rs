//! Groups on the sphere.

use crate::evaluation::metrics::dot;
use crate::evaluation::random::Random;
use crate::zero_shot::class_embedding;

const ROUNDS: usize = 50;

/// The nearest of some middles, and its cosine.
pub(super) fn nearest(middles: &[Vec<f32>], vector: &[f32]) -> (usize, f32) {
    let cosines = middles.iter().map(|middle| dot(middle, vector)).enumerate();
    cosines
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((0, f32::NEG_INFINITY))
}

/// Middles of so many groups (k-means on the sphere): from pictures that lie far from each other, the same every time.
pub(super) fn grouped<'a>(of: &impl Fn(usize) -> &'a [f32], places: &[usize], count: usize) -> Vec<Vec<f32>> {
    let vector = |place: &usize| of(*place);
    let mut random = Random::seeded(places.len() as u64);
    let mut middles = vec![vector(&places[random.below(places.len())]).to_vec()];
    while middles.len() < count {
        let farthest = places.iter().min_by(|a, b| {
            nearest(&middles, vector(a))
                .1
                .total_cmp(&nearest(&middles, vector(b)).1)
        });
        middles.extend(farthest.map(|place| vector(place).to_vec()));
    }
    for _ in 0..ROUNDS {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); middles.len()];
        places
            .iter()
            .for_each(|place| members[nearest(&middles, vector(place)).0].push(*place));
        let next: Vec<Vec<f32>> = members
            .iter()
            .zip(&middles)
            .map(|(members, before)| {
                if members.is_empty() {
                    before.clone()
                } else {
                    class_embedding(members.iter().map(vector))
                }
            })
            .collect();
        if next == middles {
            break;
        }
        middles = next;
    }
    middles
}
