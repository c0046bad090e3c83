//! Copies among pictures: saved again, resized, or cropped a little.
//!
//! Candidates are found by their hashes, in a tree that leaves most pairs out; each is then verified
//! ([`Fingerprint::is_copy_of`]), so that pictures that are merely alike stay apart.

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::fingerprint::Fingerprint;
use crate::progress::Progress;

/// Bits in which the hashes of nearly all copies differ at most, with up to a twentieth cropped off.
const NEAR_BITS: u32 = 12;
/// Candidates of one picture that are verified, the nearest first: more would be one scene, taken over and over.
const MAX_CANDIDATES: usize = 24;

/// Which pictures are copies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// For each picture the first one that it is a copy of, or that has a copy in common with it; itself, mostly.
    pub groups: Vec<usize>,
    /// Pairs that were verified, the earlier first: enough to hold each group together.
    pub pairs: Vec<(usize, usize)>,
}

/// Finds the copies, or those that were found when it was called off.
pub fn find_copies(pictures: &[Fingerprint], progress: &(dyn Progress + Sync)) -> Copies {
    let mut tree = Tree::default();
    let mut candidates = Vec::new();
    for (place, picture) in pictures.iter().enumerate() {
        if place % 64 == 0 && !progress.counted(place, pictures.len()) {
            break;
        }
        let mut near = tree.near(picture.hash, NEAR_BITS);
        near.sort_unstable();
        candidates.extend(
            near.into_iter()
                .take(MAX_CANDIDATES)
                .map(|(_, earlier)| (earlier, place)),
        );
        tree.insert(picture.hash, place);
    }
    let verified = candidates
        .par_iter()
        .filter(|(a, b)| !progress.cancelled() && pictures[*a].is_copy_of(&pictures[*b]));
    let mut copies = Copies {
        groups: (0..pictures.len()).collect(),
        pairs: Vec::new(),
    };
    for (earlier, place) in verified.copied().collect::<Vec<_>>() {
        let (a, b) = (first_of(&copies.groups, earlier), first_of(&copies.groups, place));
        if a != b {
            copies.groups[a.max(b)] = a.min(b);
            copies.pairs.push((earlier, place));
        }
    }
    for place in 0..pictures.len() {
        copies.groups[place] = first_of(&copies.groups, place);
    }
    copies
}

fn first_of(groups: &[usize], mut place: usize) -> usize {
    while groups[place] != place {
        place = groups[place];
    }
    place
}

/// A tree of hashes by their distance from each other (Burkhard and Keller 1973): what lies near a hash is found without
/// looking at all.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
}

struct Node {
    hash: u64,
    /// Pictures of this very hash.
    places: Vec<usize>,
    /// The node that follows at each distance.
    next: [Option<u32>; 65],
}

impl Tree {
    fn insert(&mut self, hash: u64, place: usize) {
        let new = Node {
            hash,
            places: vec![place],
            next: [None; 65],
        };
        let mut at = 0;
        while at < self.nodes.len() {
            let distance = (self.nodes[at].hash ^ hash).count_ones() as usize;
            if distance == 0 {
                return self.nodes[at].places.push(place);
            }
            match self.nodes[at].next[distance] {
                Some(next) => at = next as usize,
                None => {
                    self.nodes[at].next[distance] = Some(self.nodes.len() as u32);
                    break;
                }
            }
        }
        self.nodes.push(new);
    }

    /// Places whose hash differs in so many bits or fewer, with the number of bits.
    fn near(&self, hash: u64, bits: u32) -> Vec<(u32, usize)> {
        let mut found = Vec::new();
        let mut waiting = if self.nodes.is_empty() { Vec::new() } else { vec![0] };
        while let Some(at) = waiting.pop() {
            let node: &Node = &self.nodes[at];
            let distance = (node.hash ^ hash).count_ones();
            if distance <= bits {
                found.extend(node.places.iter().map(|place| (distance, *place)));
            }
            let range = distance.saturating_sub(bits) as usize..=((distance + bits) as usize).min(64);
            waiting.extend(node.next[range].iter().flatten().map(|next| *next as usize));
        }
        found
    }
}
