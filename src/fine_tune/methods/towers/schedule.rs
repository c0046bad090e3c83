//! How long a run is, and which pictures its steps see.

use super::TowerLearner;
use crate::fine_tune::config::Hyper;

/// Shots of the largest few-shot sets that are published: more pictures of a class make no more steps.
const MOST_SHOTS: f64 = 16.0;

/// How many steps a run has that learns from so many pictures of so many classes.
pub fn steps(hyper: &Hyper, pictures: usize, classes: usize) -> usize {
    if hyper.steps_a_shot == 0 {
        return hyper.epochs * steps_an_epoch(hyper, pictures);
    }
    let shots = (pictures as f64 / classes.max(1) as f64).clamp(1.0, MOST_SHOTS);
    (hyper.steps_a_shot as f64 * shots).round() as usize
}

/// A part of an epoch that is left over is dropped: a smaller batch would be an easier one.
fn steps_an_epoch(hyper: &Hyper, pictures: usize) -> usize {
    (pictures / hyper.batch.clamp(1, pictures.max(1))).max(1)
}

impl TowerLearner {
    fn batch_size(&self) -> usize {
        self.hyper.batch.clamp(1, self.pictures.max(1))
    }

    pub(super) fn steps_an_epoch(&self) -> usize {
        steps_an_epoch(&self.hyper, self.pictures)
    }

    /// Chance that follows from the seed, what it is for (`salt`) and a number: a run that is restored draws the same.
    pub(super) fn random(&self, salt: u64, number: usize) -> fastrand::Rng {
        let mixed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xd1b5_4a32_d192_ed03);
        fastrand::Rng::with_seed(mixed.wrapping_add(number as u64))
    }

    /// The pictures of a step, as places in the training side.
    pub(super) fn places(&self, step: usize) -> Vec<usize> {
        let (epoch, part) = (step / self.steps_an_epoch(), step % self.steps_an_epoch());
        let mut order: Vec<usize> = (0..self.pictures).collect();
        self.random(1, epoch).shuffle(&mut order);
        let size = self.batch_size();
        order.into_iter().skip(part * size).take(size).collect()
    }
}
