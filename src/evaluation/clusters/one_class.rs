//! Groups of the mistakes of one class: those that lie nearer to each other than to its right answers.

use super::k_means::{grouped, nearest};
use super::{Cluster, ClusterOf, LEAST, Search};
use crate::evaluation::metrics::dot;

impl Search<'_> {
    /// None where a class has too few mistakes for a group, or no right answer to tell them from.
    pub(super) fn of_class(&self, class: usize, places: &[usize]) -> Option<Vec<Cluster>> {
        let vector = |place: usize| self.embedded.picture(place);
        let (right, wrong): (Vec<usize>, Vec<usize>) = places
            .iter()
            .copied()
            .filter(|place| self.found_on[*place])
            .partition(|place| self.is_right(*place));
        if wrong.len() < LEAST || right.is_empty() {
            return None;
        }
        let middles = grouped(&vector, &wrong, Self::count_of_groups(wrong.len()));
        let right = self.middle(&right);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); middles.len()];
        for place in places {
            let (group, cosine) = nearest(&middles, vector(*place));
            // What the right answers are nearer to is in no group.
            if cosine > dot(&right, vector(*place)) {
                members[group].push(*place);
            }
        }
        let cluster = |(middle, members): (&Vec<f32>, Vec<usize>)| {
            let way: Vec<f32> = middle.iter().zip(&right).map(|(to, from)| to - from).collect();
            self.cluster(ClusterOf::Class(class), &way, members, vector)
        };
        Some(middles.iter().zip(members).filter_map(cluster).collect())
    }
}
