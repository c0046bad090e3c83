//! Random weights.

use crate::clip::{Flat, Flats};

/// Weights by name, as they are drawn one after the other: another order would be another model of the same seed.
pub(super) struct Weights {
    pub(super) flats: Flats,
    random: fastrand::Rng,
}

impl Weights {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            flats: Flats::new(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Normally distributed (Box and Muller 1958).
    pub(super) fn normal(&mut self, name: &str, shape: &[usize], deviation: f32) {
        let count: usize = shape.iter().product();
        let values = (0..count).map(|_| {
            let (u, v) = (self.random.f32().max(f32::MIN_POSITIVE), self.random.f32());
            deviation * (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()
        });
        let values = values.collect();
        self.put(name, shape, values);
    }

    pub(super) fn constant(&mut self, name: &str, shape: &[usize], value: f32) {
        self.put(name, shape, vec![value; shape.iter().product()]);
    }

    fn put(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        let shape = shape.to_vec();
        self.flats.insert(name.into(), Flat { shape, values });
    }

    pub(super) fn norm(&mut self, prefix: &str, width: usize) {
        self.constant(&format!("{prefix}.weight"), &[width], 1.0);
        self.constant(&format!("{prefix}.bias"), &[width], 0.0);
    }

    pub(super) fn linear(&mut self, prefix: &str, shape: [usize; 2], deviation: f32) {
        self.normal(&format!("{prefix}.weight"), &shape, deviation);
        self.constant(&format!("{prefix}.bias"), &[shape[0]], 0.0);
    }

    /// The blocks of a transformer in Hugging Face's names.
    pub(super) fn blocks(&mut self, tower: &str, width: usize, layers: usize) {
        let attention = (width as f32).powf(-0.5);
        let last = attention * (2.0 * layers as f32).powf(-0.5);
        let first = (2.0 * width as f32).powf(-0.5);
        for n in 0..layers {
            let block = format!("{tower}.encoder.layers.{n}");
            for part in ["q_proj", "k_proj", "v_proj"] {
                self.linear(&format!("{block}.self_attn.{part}"), [width, width], attention);
            }
            self.linear(&format!("{block}.self_attn.out_proj"), [width, width], last);
            self.linear(&format!("{block}.mlp.fc1"), [4 * width, width], first);
            self.linear(&format!("{block}.mlp.fc2"), [width, 4 * width], last);
            self.norm(&format!("{block}.layer_norm1"), width);
            self.norm(&format!("{block}.layer_norm2"), width);
        }
    }
}
