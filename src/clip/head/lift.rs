//! Pictures like those that were taught, lifted to where they win against "none of these".

use crate::clip::checkpoint::weights::Flat;

/// Up to where pictures that are like those that were taught are lifted against "none of these".
#[derive(Debug, Clone, PartialEq)]
pub struct Lift {
    /// Unit means of the features of each class, `[classes, features]`.
    pub means: Flat,
    /// The least cosine of the best class of a picture like these.
    pub floor: f32,
    /// The cosine with the nearest mean below which nothing is lifted, and that from which on everything is.
    pub between: (f32, f32),
    /// How much of what was learnt the model is (its blend), and so of the way to the floor.
    pub share: f32,
}

impl Lift {
    /// Lifts the classes of a picture that has these cosines with the means, all by as much.
    pub fn apply(&self, cosines: &mut [f32], near: &[f32]) {
        let (low, high) = self.between;
        let alike = ((highest(near) - low) / (high - low).max(f32::EPSILON)).clamp(0.0, 1.0);
        let lifted = self.share * alike * (self.floor - highest(cosines)).max(0.0);
        cosines.iter_mut().for_each(|cosine| *cosine += lifted);
    }
}

pub fn highest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}
