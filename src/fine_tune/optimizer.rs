//! AdamW over leaves, with a learning rate that warms up and falls along a cosine.
//!
//! Burn's own AdamW does the arithmetic; on a GPU, where each of its operations is a launch, a kernel does a leaf's in one.
//! Its module-wide wrapper keys its state by ids that differ from process to process and restores it on a default device,
//! which cannot be named; here state is kept by the leaves' names.

use std::collections::BTreeMap;

use burn::optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer as _};
use burn::tensor::{Device, Tensor, TensorData};

use super::leaves::{Leaves, Tracked};
use super::rows::vector;
use super::{Error, Result};
use crate::clip::kernels::gpu::adamw;
use crate::clip::{Flat, Flats, numbers};

/// Steps of a leaf, as far as a file is believed: after so many no moment is corrected any more.
const MOST_STEPS: f32 = 1e9;

/// Moments and steps of every leaf.
pub struct Optimizer {
    decaying: AdamW,
    steady: AdamW,
    moments: Moments,
    weight_decay: f64,
    states: BTreeMap<String, AdamWState<1>>,
}

/// What AdamW is made of besides its learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Decay of the mean of gradients.
    pub beta_1: f32,
    /// Decay of the mean of their squares.
    pub beta_2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
}

impl Moments {
    /// PyTorch's defaults.
    pub const USUAL: Self = Self {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
    };
    /// Those of Tip-Adapter-F and ProLIP: with so large an epsilon, small gradients make small steps.
    pub const FEW_SHOT: Self = Self {
        epsilon: 1e-4,
        ..Self::USUAL
    };
    /// The paper's, for Vision Transformers (table 18).
    pub const CLIP: Self = Self {
        beta_1: 0.9,
        beta_2: 0.98,
        epsilon: 1e-6,
    };
}

impl Optimizer {
    /// No steps yet. Gains, biases and single numbers do not decay, as in the paper.
    pub fn new(moments: Moments, weight_decay: f64) -> Self {
        let with = |decay: f64| {
            AdamWConfig::new()
                .with_beta_1(moments.beta_1)
                .with_beta_2(moments.beta_2)
                .with_epsilon(moments.epsilon)
                .with_weight_decay(decay as f32)
                .build()
        };
        Self {
            decaying: with(weight_decay),
            steady: with(0.0),
            moments,
            weight_decay,
            states: BTreeMap::new(),
        }
    }

    /// One step; gradients longer than `clip` together (`norm` is their length) are shortened to it, unless it is 0.
    pub fn step(&mut self, leaves: &mut Leaves, gradients: Tracked, learning_rate: f64, (norm, clip): (f64, f64)) {
        let shorten = if clip > 0.0 && norm > clip { clip / norm } else { 1.0 };
        for (name, gradient) in gradients {
            let Some(leaf) = leaves.0.get_mut(&name) else { continue };
            let decays = leaf.shape.len() >= 2;
            let adam = if decays { &self.decaying } else { &self.steady };
            let state = self.states.remove(&name);
            let keep = if decays {
                1.0 - learning_rate * self.weight_decay
            } else {
                1.0
            };
            let how = [learning_rate, keep, shorten];
            let (value, state) = match self.in_one_launch(&leaf.value, &gradient, state.as_ref(), how) {
                Some((value, state)) => (value, Some(state)),
                None => adam.step(learning_rate, leaf.value.clone(), gradient.mul_scalar(shorten), state),
            };
            leaf.value = value;
            if let Some(state) = state {
                self.states.insert(name, state);
            }
        }
    }

    /// A leaf's step on a GPU; none elsewhere.
    fn in_one_launch(
        &self,
        value: &Tensor<1>,
        gradient: &Tensor<1>,
        state: Option<&AdamWState<1>>,
        [rate, keep, shorten]: [f64; 3],
    ) -> Option<(Tensor<1>, AdamWState<1>)> {
        if value.device() == Device::flex() {
            return None;
        }
        let (first, second, time) = match state {
            Some(AdamWState { momentum }) => (momentum.moment_1.clone(), momentum.moment_2.clone(), momentum.time),
            None => (value.zeros_like(), value.zeros_like(), 0),
        };
        let how = adamw::Step {
            beta_1: self.moments.beta_1,
            beta_2: self.moments.beta_2,
            epsilon: self.moments.epsilon,
            keep: keep as f32,
            rate: rate as f32,
            shorten: shorten as f32,
            time: time + 1,
        };
        let [value, moment_1, moment_2] = adamw::step(value, gradient, [&first, &second], &how)?;
        let momentum = AdaptiveMomentumState {
            time: how.time,
            moment_1,
            moment_2,
            max_moment_2: None,
        };
        Some((value, AdamWState::new(momentum)))
    }

    /// The state, for a checkpoint: `first.NAME`, `second.NAME` and `time.NAME`.
    ///
    /// # Errors
    /// The device failed.
    pub fn to_flats(&self) -> Result<Flats> {
        let mut flats = Flats::new();
        let mut put = |name: String, values: Vec<f32>| flats.insert(name, vector(values));
        for (name, state) in &self.states {
            put(format!("first.{name}"), numbers(state.momentum.moment_1.clone())?);
            put(format!("second.{name}"), numbers(state.momentum.moment_2.clone())?);
            put(format!("time.{name}"), vec![state.momentum.time as f32]);
        }
        Ok(flats)
    }

    /// Takes the state of these leaves from a checkpoint.
    ///
    /// # Errors
    /// A part of it is missing, or is not as long as its leaf.
    pub fn load(&mut self, flats: &Flats, leaves: &Leaves, device: &Device) -> Result<()> {
        self.states.clear();
        for (name, first) in flats
            .iter()
            .filter_map(|(name, flat)| Some((name.strip_prefix("first.")?, flat)))
        {
            let part = |part: &str| {
                let missing = || Error::Run(format!("the checkpoint lacks the optimiser's {part} of {name}"));
                flats.get(&format!("{part}.{name}")).ok_or_else(missing)
            };
            let second = part("second")?;
            let length = leaves.0.get(name).map(|leaf| leaf.shape.iter().product::<usize>());
            if [first, second].iter().any(|flat| Some(flat.values.len()) != length) {
                return Err(Error::Run(format!(
                    "the checkpoint is damaged: its moments of {name} are of another run"
                )));
            }
            let tensor =
                |flat: &Flat| Tensor::<1>::from_data(TensorData::new(flat.values.clone(), [flat.values.len()]), device);
            let momentum = AdaptiveMomentumState {
                time: part("time")?
                    .values
                    .first()
                    .map_or(0, |time| time.min(MOST_STEPS) as usize),
                moment_1: tensor(first),
                moment_2: tensor(second),
                max_moment_2: None,
            };
            self.states.insert(name.into(), AdamWState::new(momentum));
        }
        Ok(())
    }
}

/// The learning rate at a step: rises in a straight line, then falls along half a cosine to zero (the paper's schedule).
pub fn learning_rate(highest: f64, step: usize, steps: usize, warm_up: f64) -> f64 {
    let rising = (steps as f64 * warm_up).round();
    let step = step as f64;
    if step < rising {
        return highest * (step + 1.0) / rising;
    }
    let done = (step - rising) / (steps as f64 - rising).max(1.0);
    highest * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls() {
        let rate = |step| learning_rate(1.0, step, 100, 0.1);
        assert!((rate(0) - 0.1).abs() < 1e-9 && (rate(9) - 1.0).abs() < 1e-9 && (rate(10) - 1.0).abs() < 1e-9);
        assert!((rate(55) - 0.5).abs() < 1e-9 && rate(99) < 0.01);
        assert_eq!(learning_rate(1.0, 0, 10, 0.0), 1.0);
    }

    fn leaves() -> Leaves {
        let flat = |shape: &[usize]| Flat {
            shape: shape.to_vec(),
            values: vec![1.0, -2.0],
        };
        let flats = [("bias".to_string(), flat(&[2])), ("weight".to_string(), flat(&[1, 2]))];
        Leaves::from_flats(&flats.into_iter().collect(), &Device::flex())
    }

    fn gradients(step: usize) -> Tracked {
        let gradient = || Tensor::<1>::from_data([0.5 + step as f32, -0.25], &Device::flex());
        ["bias", "weight"]
            .map(|name| (name.to_string(), gradient()))
            .into_iter()
            .collect()
    }

    fn run(optimizer: &mut Optimizer, leaves: &mut Leaves, steps: std::ops::Range<usize>) {
        for step in steps {
            optimizer.step(leaves, gradients(step), 0.1, (1.0, 0.0));
        }
    }

    #[test]
    fn a_restored_optimizer_goes_on_to_the_same_numbers() {
        let (mut whole, mut unbroken) = (Optimizer::new(Moments::USUAL, 0.1), leaves());
        run(&mut whole, &mut unbroken, 0..6);
        let (mut first, mut broken) = (Optimizer::new(Moments::USUAL, 0.1), leaves());
        run(&mut first, &mut broken, 0..3);
        let mut second = Optimizer::new(Moments::USUAL, 0.1);
        let mut state = first.to_flats().unwrap();
        second.load(&state, &broken, &Device::flex()).unwrap();
        run(&mut second, &mut broken, 3..6);
        assert_eq!(unbroken.to_flats().unwrap(), broken.to_flats().unwrap());
        state.insert("second.bias".into(), vector(vec![0.5]));
        assert!(second.load(&state, &broken, &Device::flex()).is_err());
        state.remove("second.bias");
        assert!(second.load(&state, &broken, &Device::flex()).is_err());
    }

    fn gradient_of(values: [f32; 2]) -> Tracked {
        let gradient = || Tensor::<1>::from_data(values, &Device::flex());
        ["bias", "weight"]
            .map(|name| (name.to_string(), gradient()))
            .into_iter()
            .collect()
    }

    #[test]
    fn only_matrices_decay() {
        let mut still = leaves();
        Optimizer::new(Moments::USUAL, 0.5).step(&mut still, gradient_of([0.0, 0.0]), 0.1, (0.0, 1.0));
        let flats = still.to_flats().unwrap();
        assert_eq!(flats["bias"].values, [1.0, -2.0]);
        assert!((flats["weight"].values[0] - 0.95).abs() < 1e-6);
    }

    #[test]
    fn gradients_longer_than_the_clip_are_shortened_to_it_and_shorter_ones_are_left_alone() {
        // A large epsilon makes a step grow with its gradient: Adam alone would hide the shortening.
        let moments = Moments {
            epsilon: 10.0,
            ..Moments::USUAL
        };
        let after = |gradient: [f32; 2], norm: f64, clip: f64| {
            let mut leaves = leaves();
            Optimizer::new(moments, 0.0).step(&mut leaves, gradient_of(gradient), 0.1, (norm, clip));
            leaves.to_flats().unwrap()["weight"].values.clone()
        };
        // Two leaves of (3, 4) are sqrt(50) long together.
        let norm = 50f64.sqrt();
        let (clipped, free) = (after([3.0, 4.0], norm, 1.0), after([3.0, 4.0], norm, 0.0));
        let factor = (1.0 / norm) as f32;
        let by_hand = after([3.0 * factor, 4.0 * factor], 1.0, 0.0);
        assert!(
            clipped.iter().zip(&by_hand).all(|(a, b)| (a - b).abs() < 1e-6),
            "{clipped:?} {by_hand:?}"
        );
        assert!((clipped[0] - free[0]).abs() > 1e-3, "{clipped:?} {free:?}");
        assert_eq!(after([3.0, 4.0], norm, 100.0), free);
    }

    #[test]
    fn a_large_epsilon_makes_small_steps_of_small_gradients() {
        let moved = |moments| {
            let mut leaves = leaves();
            Optimizer::new(moments, 0.0).step(&mut leaves, gradient_of([1e-5, 1e-5]), 0.1, (1.0, 0.0));
            1.0 - leaves.to_flats().unwrap()["bias"].values[0]
        };
        // The first step of Adam is rate * g / (|g| + epsilon).
        assert!((moved(Moments::USUAL) - 0.0999).abs() < 1e-4);
        assert!((moved(Moments::FEW_SHOT) - 0.1 / 11.0).abs() < 1e-4);
    }
}
