//! Numbers left to chance that are the same in every version, on every machine: an interval that is printed today is
//! printed tomorrow. (SplitMix64, Steele et al. 2014; the crates that we have may change their sequences.)

/// A generator at a place of its sequence.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// At the beginning of a sequence.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `count`, which is not 0. For `count` below 2^32, none is likelier by more than 2^-32.
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.number()) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_sequence_never_changes_and_every_place_is_hit_as_often() {
        let mut random = Random::seeded(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.number()).collect();
        // As published with the reference implementation.
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
        let mut hits = [0usize; 7];
        (0..70_000).for_each(|_| hits[random.below(7)] += 1);
        assert!(hits.iter().all(|hits| (9_600..10_400).contains(hits)), "{hits:?}");
    }
}
