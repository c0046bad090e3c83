//! Groups of mistakes across classes that have too few of their own.

use std::collections::BTreeMap;

use super::k_means::{grouped, nearest};
use super::{Cluster, ClusterOf, LEAST, Search};
use crate::zero_shot::class_embedding;

impl Search<'_> {
    /// By how each picture differs from the right answers of its class, so that what is common to them is not what they show.
    pub(super) fn of_several(&self, classes: &[Vec<usize>]) -> Vec<Cluster> {
        let apart = self.apart(classes);
        let vector = |place: usize| apart.get(&place).map_or(&[][..], Vec::as_slice);
        let is_wrong = |place: &usize| self.found_on[*place] && !self.is_right(*place);
        let wrong: Vec<usize> = apart.keys().copied().filter(is_wrong).collect();
        if wrong.len() < LEAST {
            return Vec::new();
        }
        let middles = grouped(&vector, &wrong, Self::count_of_groups(wrong.len()));
        // As near as half of those that a group was made of.
        let mut near: Vec<Vec<f32>> = vec![Vec::new(); middles.len()];
        for place in &wrong {
            let (group, cosine) = nearest(&middles, vector(*place));
            near[group].push(cosine);
        }
        let least: Vec<f32> = near.into_iter().map(middle_of).collect();
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); middles.len()];
        for place in apart.keys() {
            let (group, cosine) = nearest(&middles, vector(*place));
            if cosine >= least[group] {
                members[group].push(*place);
            }
        }
        let cluster = |(way, members): (&Vec<f32>, Vec<usize>)| self.cluster(ClusterOf::Several, way, members, vector);
        middles.iter().zip(members).filter_map(cluster).collect()
    }

    /// For each picture, the unit vector from the usual picture of its class to it.
    fn apart(&self, classes: &[Vec<usize>]) -> BTreeMap<usize, Vec<f32>> {
        let mut apart = BTreeMap::new();
        for places in classes {
            let seen: Vec<usize> = places.iter().copied().filter(|place| self.found_on[*place]).collect();
            let right: Vec<usize> = seen.iter().copied().filter(|place| self.is_right(*place)).collect();
            let usual = self.middle(if right.is_empty() { &seen } else { &right });
            if usual.is_empty() {
                continue;
            }
            for place in places {
                let own = self.embedded.picture(*place).iter();
                let way: Vec<f32> = own.zip(&usual).map(|(own, usual)| own - usual).collect();
                apart.insert(*place, class_embedding([way.as_slice()]));
            }
        }
        apart
    }
}

/// The middle one of some cosines.
fn middle_of(mut cosines: Vec<f32>) -> f32 {
    cosines.sort_by(f32::total_cmp);
    cosines.get(cosines.len() / 2).copied().unwrap_or(f32::INFINITY)
}
