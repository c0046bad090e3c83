//! Pictures found by their captions, and captions by their pictures.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::interval::{Interval, share_interval};

/// How many of the best are looked at.
pub const AMONG: [usize; 3] = [1, 5, 10];

/// The share that is found among the best 1, 5 and 10, with several captions a picture as COCO counts them: a picture finds
/// one where any of its captions is among the best, and each caption has to find its picture. What is as near as what is
/// looked for stands half before it: a model that cannot tell anything apart finds nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retrieval {
    pub pictures: usize,
    pub captions: usize,
    /// Of pictures, that find one of their captions.
    pub to_captions: [Interval; 3],
    /// Of captions, that find their picture.
    pub to_pictures: [Interval; 3],
    /// For each picture, how many captions of others are before the first of its own.
    pub ranks: Vec<usize>,
    /// For each caption, how many other pictures are before its own.
    #[serde(default)]
    pub caption_ranks: Vec<usize>,
}

impl Retrieval {
    /// Of unit vectors, `[pictures, dim]` and `[captions, dim]`, and the picture that each caption is of. None where there
    /// is nothing to find.
    pub fn of(pictures: &[f32], captions: &[f32], owners: &[usize], dim: usize) -> Option<Self> {
        let count = pictures.len() / dim.max(1);
        let mut own = vec![Vec::new(); count];
        owners
            .iter()
            .enumerate()
            .for_each(|(caption, picture)| own[*picture].push(caption));
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let row = |values: &'_ [f32], place: usize| values[place * dim..(place + 1) * dim].to_vec();
        let of_picture = |place: usize| {
            let picture = row(pictures, place);
            let cosines: Vec<f32> = captions
                .chunks_exact(dim)
                .map(|caption| dot(&picture, caption))
                .collect();
            let best = own[place]
                .iter()
                .map(|caption| cosines[*caption])
                .fold(f32::NEG_INFINITY, f32::max);
            let others = cosines.iter().enumerate().filter(|(n, _)| owners[*n] != place);
            before(others.map(|(_, cosine)| *cosine), best)
        };
        let of_caption = |place: usize| {
            let caption = row(captions, place);
            let cosines: Vec<f32> = pictures
                .chunks_exact(dim)
                .map(|picture| dot(&caption, picture))
                .collect();
            let others = cosines.iter().enumerate().filter(|(n, _)| *n != owners[place]);
            before(others.map(|(_, cosine)| *cosine), cosines[owners[place]])
        };
        let ranks: Vec<usize> = (0..count).into_par_iter().map(of_picture).collect();
        let back: Vec<usize> = (0..owners.len()).into_par_iter().map(of_caption).collect();
        Some(Self {
            pictures: count,
            captions: owners.len(),
            to_captions: found(&ranks)?,
            to_pictures: found(&back)?,
            ranks,
            caption_ranks: back,
        })
    }

    /// What these pictures find and what their captions find, still among all pictures and all captions: only who asks is
    /// fewer. `owners` is the picture that each caption is of. None of nothing, and none where the captions' ranks were not
    /// kept.
    pub fn of_some(&self, places: &[usize], owners: &[usize]) -> Option<Self> {
        let wanted: BTreeSet<usize> = places.iter().copied().collect();
        let ranks: Vec<usize> = places
            .iter()
            .filter_map(|place| self.ranks.get(*place).copied())
            .collect();
        let back = self.caption_ranks.iter().zip(owners);
        let back: Vec<usize> = back
            .filter(|(_, owner)| wanted.contains(owner))
            .map(|(rank, _)| *rank)
            .collect();
        Some(Self {
            pictures: ranks.len(),
            captions: back.len(),
            to_captions: found(&ranks)?,
            to_pictures: found(&back)?,
            ranks,
            caption_ranks: back,
        })
    }
}

/// How many are nearer, and half of those that are as near.
fn before(others: impl Iterator<Item = f32>, own: f32) -> usize {
    let (mut nearer, mut as_near) = (0, 0);
    for cosine in others {
        nearer += usize::from(cosine > own);
        as_near += usize::from(cosine == own);
    }
    nearer + as_near / 2
}

fn found(ranks: &[usize]) -> Option<[Interval; 3]> {
    let share = |among: usize| share_interval(ranks.iter().filter(|rank| **rank < among).count(), ranks.len());
    let [one, five, ten] = AMONG.map(share);
    Some([one?, five?, ten?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_all_the_same_finds_nothing() {
        let same = [1.0, 0.0].repeat(40);
        let owners: Vec<usize> = (0..40).collect();
        let found = Retrieval::of(&same, &same, &owners, 2).unwrap();
        assert_eq!(found.ranks, vec![19; 40]);
        assert_eq!((found.to_captions[2].mean, found.to_pictures[0].mean), (0.0, 0.0));
    }

    #[test]
    fn some_pictures_are_counted_with_their_own_captions_alone() {
        let found = Retrieval {
            pictures: 3,
            captions: 4,
            to_captions: found(&[0, 6, 0]).unwrap(),
            to_pictures: found(&[0, 2, 0, 7]).unwrap(),
            ranks: vec![0, 6, 0],
            caption_ranks: vec![0, 2, 0, 7],
        };
        let owners = [0, 1, 1, 2];
        let some = found.of_some(&[0, 2], &owners).unwrap();
        assert_eq!(
            (some.pictures, some.captions, &some.caption_ranks[..]),
            (2, 2, &[0, 7][..])
        );
        let shares = |found: [Interval; 3]| found.map(|share| share.mean);
        assert_eq!(shares(some.to_captions), [1.0; 3]);
        assert_eq!(shares(some.to_pictures), [0.5, 0.5, 1.0]);
        assert_eq!(found.of_some(&[0, 1, 2], &owners), Some(found.clone()));
        assert_eq!(found.of_some(&[], &owners), None);
    }
}
