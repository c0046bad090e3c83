//! Whether to trust one map: its deletion curve beside that of a random order and of an unrelated label's map.

use image::RgbImage;

use super::deletion::{Curve, Curves, Direction, Order};
use crate::clip::{Model, Result};
use crate::heatmap::HeatMap;

/// Random orders, of which the mean is shown.
const RANDOM_ORDERS: usize = 3;
/// From this many times the random order's fall on, a map is well founded.
const WELL_FOUNDED: f32 = 1.5;
/// Below this many times it is worth nothing.
const WORTHLESS: f32 = 1.1;
/// A fall of the mean cosine that means nothing.
const NO_FALL: f32 = 1e-3;

/// A check that is being made.
pub struct Check {
    curves: Curves,
    text: Vec<f32>,
    unrelated: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The cosine while what the map marks is erased.
    pub marked: Curve,
    /// While cells are erased at random, the mean of several orders.
    pub random: Curve,
    /// While what an unrelated label's map marks is erased.
    pub unrelated: Option<Curve>,
}

impl Check {
    /// Prepares the check of a map on its picture; `text` is the label's unit vector.
    pub fn new(picture: RgbImage, map: &HeatMap, unrelated: Option<&HeatMap>, text: Vec<f32>) -> Self {
        let marked = Order::of(map);
        let mut random = fastrand::Rng::with_seed(0);
        let mut orders = vec![marked.clone()];
        orders.extend((0..RANDOM_ORDERS).map(|_| marked.shuffled(&mut random)));
        orders.extend(unrelated.map(Order::of));
        let ways = orders.into_iter().map(|order| (Direction::Deletion, order)).collect();
        Self {
            curves: Curves::new(picture, ways),
            text,
            unrelated: unrelated.is_some(),
        }
    }

    /// Goes on for a moment; the share that is done.
    ///
    /// # Errors
    /// The device failed.
    pub fn advance(&mut self, model: &Model) -> Result<f32> {
        self.curves.advance(model)
    }

    /// The verdict, once everything is done.
    pub fn verdict(&self) -> Option<Verdict> {
        let mut curves = self.curves.curves(&self.text);
        let orders = 1 + RANDOM_ORDERS + usize::from(self.unrelated);
        if curves.len() < orders {
            return None;
        }
        let unrelated = if self.unrelated { curves.pop() } else { None };
        let random = mean(&curves[1..]);
        Some(Verdict {
            marked: curves.swap_remove(0),
            random,
            unrelated,
        })
    }
}

impl Verdict {
    /// How many times as fast the score falls as at random; none where it does not fall at random.
    pub fn times_random(&self) -> Option<f32> {
        let random = fall(&self.random);
        (random > NO_FALL).then(|| fall(&self.marked) / random)
    }

    /// What it means, in plain words.
    pub fn sentence(&self) -> String {
        let verdict = match self.times_random() {
            None if fall(&self.marked) > NO_FALL => {
                "Erasing what this map marks lowers the score; erasing at random does not. The map shows what the \
                 score rests on."
                    .to_string()
            }
            None => {
                "Erasing parts of the picture does not lower this score: there is little here for a map to explain."
                    .to_string()
            }
            Some(times) if times >= WELL_FOUNDED => format!(
                "Erasing what this map marks lowers the score {times:.1} times as fast as erasing at random: the map \
                 shows what the score rests on."
            ),
            Some(times) if times >= WORTHLESS => format!(
                "Erasing what this map marks lowers the score only {times:.1} times as fast as erasing at random: trust \
                 it a little."
            ),
            Some(_) => {
                "Erasing what this map marks lowers the score no faster than erasing at random: do not trust this map."
                    .to_string()
            }
        };
        match &self.unrelated {
            Some(unrelated) if fall(&self.marked) > NO_FALL && fall(unrelated) >= 0.9 * fall(&self.marked) => {
                format!("{verdict} An unrelated label's map does as well: it may mark the thing, not this label.")
            }
            _ => verdict,
        }
    }
}

/// How far the score lies below its start, on the mean of the way.
fn fall(curve: &Curve) -> f32 {
    curve.cosines.first().map_or(0.0, |start| start - curve.area())
}

fn mean(curves: &[Curve]) -> Curve {
    let steps = curves.first().map_or(0, |curve| curve.cosines.len());
    let at = |step: usize| curves.iter().map(|curve| curve.cosines[step]).sum::<f32>() / curves.len() as f32;
    Curve {
        cosines: (0..steps).map(at).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(marked: [f32; 3], random: [f32; 3], unrelated: Option<[f32; 3]>) -> Verdict {
        let curve = |cosines: [f32; 3]| Curve {
            cosines: cosines.to_vec(),
        };
        Verdict {
            marked: curve(marked),
            random: curve(random),
            unrelated: unrelated.map(curve),
        }
    }

    #[test]
    fn the_sentence_follows_the_curves() {
        let good = verdict([0.3, 0.1, 0.1], [0.3, 0.25, 0.1], Some([0.3, 0.28, 0.1]));
        assert!(good.sentence().contains("2.0 times as fast"), "{}", good.sentence());
        assert!(!good.sentence().contains("unrelated"));
        let bad = verdict([0.3, 0.28, 0.1], [0.3, 0.25, 0.1], None);
        assert!(bad.sentence().contains("do not trust"));
        let idle = verdict([0.3, 0.3, 0.3], [0.3, 0.3, 0.3], None);
        assert!(idle.sentence().contains("little here"));
        let object = verdict([0.3, 0.1, 0.1], [0.3, 0.25, 0.1], Some([0.3, 0.1, 0.1]));
        assert!(object.sentence().contains("unrelated label"));
    }
}
