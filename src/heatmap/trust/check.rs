//! Whether a map marks what a score rests on: its deletion curve beside those of the same shape in other places, and of an
//! unrelated label's map.

use image::RgbImage;

use super::baselines::{blobs, moved};
use super::deletion::{Curve, Curves, Direction, Order};
use crate::clip::{Model, Result};
use crate::heatmap::HeatMap;

/// Places to which the map is moved, and random blobs of its shape.
const MOVED: usize = 4;
const BLOBS: usize = 4;
/// A fall of the mean cosine that means nothing.
const NO_FALL: f32 = 1e-3;

/// A check that is being made.
pub struct Check {
    curves: Curves,
    text: Vec<f32>,
    unrelated: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The cosine while what the map marks is erased.
    pub marked: Curve,
    /// While the same shape is erased elsewhere, the mean of all places.
    pub elsewhere: Curve,
    /// In how many other places the score fell less.
    pub falls_less: usize,
    /// How many other places were tried.
    pub places: usize,
    /// While what an unrelated label's map marks is erased.
    pub unrelated: Option<Curve>,
}

impl Check {
    /// Prepares the check of a map on its picture; `text` is the label's unit vector.
    pub fn new(picture: RgbImage, map: &HeatMap, unrelated: Option<&HeatMap>, text: Vec<f32>) -> Self {
        let mut random = fastrand::Rng::with_seed(0);
        let mut orders = vec![Order::of(map)];
        orders.extend((0..MOVED).map(|_| Order::of(&moved(map, &mut random))));
        orders.extend((0..BLOBS).map(|_| Order::of(&blobs(map, &mut random))));
        orders.extend(unrelated.map(Order::of));
        let ways = orders.into_iter().map(|order| (Direction::Deletion, order)).collect();
        Self {
            curves: Curves::new(picture, ways),
            text,
            unrelated: unrelated.is_some(),
        }
    }

    /// Goes on by at most so many passes; the share that is done.
    ///
    /// # Errors
    /// The device failed.
    pub fn advance(&mut self, model: &Model, passes: usize) -> Result<f32> {
        self.curves.advance(model, passes)
    }

    /// The verdict, once everything is done.
    pub fn verdict(&self) -> Option<Verdict> {
        let mut curves = self.curves.curves(&self.text);
        if curves.len() < 1 + MOVED + BLOBS + usize::from(self.unrelated) {
            return None;
        }
        let unrelated = if self.unrelated { curves.pop() } else { None };
        let marked = curves.swap_remove(0);
        Some(Verdict::new(marked, &curves, unrelated))
    }
}

impl Verdict {
    /// What follows from the curve of a map, those of the same shape elsewhere, and that of an unrelated label's map.
    pub fn new(marked: Curve, elsewhere: &[Curve], unrelated: Option<Curve>) -> Self {
        Self {
            falls_less: elsewhere.iter().filter(|other| fall(other) < fall(&marked)).count(),
            places: elsewhere.len(),
            elsewhere: mean(elsewhere),
            marked,
            unrelated,
        }
    }

    /// What it means, in plain words, and no more than the curves say.
    pub fn sentence(&self) -> String {
        let (less, places) = (self.falls_less, self.places);
        let falls = fall(&self.marked) > NO_FALL;
        let verdict = if !falls && fall(&self.elsewhere) <= NO_FALL {
            "Erasing parts of the picture does not lower this score: there is little here for a map to explain.".into()
        } else if less == places && falls {
            format!(
                "Erasing what this map marks lowers the score more than erasing the same shape in each of {places} other \
                 places: on this picture it matters where the map points. Chance alone comes out first once in {}.",
                places + 1
            )
        } else if less * 2 > places {
            format!(
                "Erasing what this map marks lowers the score more than erasing the same shape in {less} of {places} other \
                 places: it may be where the map points, or chance."
            )
        } else {
            format!(
                "Erasing what this map marks lowers the score more than erasing the same shape in only {less} of {places} \
                 other places: this test does not tell the map from chance."
            )
        };
        match &self.unrelated {
            Some(unrelated) if falls && fall(unrelated) >= 0.9 * fall(&self.marked) => {
                format!(
                    "{verdict} An unrelated label's map does as well: it may mark the main object rather than this label."
                )
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

    fn verdict(marked: [f32; 3], elsewhere: &[[f32; 3]], unrelated: Option<[f32; 3]>) -> String {
        let curve = |cosines: [f32; 3]| Curve {
            cosines: cosines.to_vec(),
        };
        let elsewhere: Vec<Curve> = elsewhere.iter().copied().map(curve).collect();
        Verdict::new(curve(marked), &elsewhere, unrelated.map(curve)).sentence()
    }

    #[test]
    fn the_sentence_follows_the_curves_and_claims_no_more() {
        const FAST: [f32; 3] = [0.3, 0.1, 0.1];
        const SLOW: [f32; 3] = [0.3, 0.25, 0.1];
        const NEVER: [f32; 3] = [0.3, 0.3, 0.3];
        let good = verdict(FAST, &[SLOW; 8], Some([0.3, 0.28, 0.1]));
        assert!(good.contains("each of 8 other places"), "{good}");
        assert!(good.contains("once in 9") && !good.contains("unrelated"), "{good}");
        let most = verdict([0.3, 0.2, 0.1], &[FAST, SLOW, SLOW, SLOW, SLOW, SLOW, SLOW, SLOW], None);
        assert!(most.contains("7 of 8") && most.contains("or chance"), "{most}");
        let bad = verdict(SLOW, &[FAST, FAST, FAST, SLOW], None);
        assert!(
            bad.contains("only 0 of 4") && bad.contains("not tell the map from chance"),
            "{bad}"
        );
        // Where it rises, no map is praised, though the same shape elsewhere makes it rise more.
        let rising = verdict([0.3, 0.3, 0.4], &[[0.3, 0.5, 0.5], [0.3, 0.1, 0.1]], None);
        assert!(!rising.contains("matters where"), "{rising}");
        assert!(verdict(NEVER, &[NEVER; 8], None).contains("little here"));
        assert!(verdict(FAST, &[SLOW; 8], Some(FAST)).contains("unrelated label"));
    }
}
