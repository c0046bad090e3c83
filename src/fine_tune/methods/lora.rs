//! LoRA (Hu et al. 2021, arXiv 2106.09685), as CLIP-LoRA does it (Zanella and Ben Ayed 2024, arXiv 2405.18541):
//! low-rank changes of the queries, keys and values of both towers, trained by cross-entropy against the class texts.
//!
//! Burn's own LoRA gives its factors ids that differ from process to process, so that an optimiser's state could not be
//! restored, and has no dropout; here the factors are leaves like any other. Dropout drops inputs of a factor for a
//! whole batch and not picture by picture, since the factors are merged into the weights before the pass. A ResNet has
//! one attention, in its pool; the starter has none in its image tower, so that only its texts learn.
//!
//! As published: 500 steps of 32 pictures for each shot, however many classes there are, at 2e-4 along a cosine; the
//! product is scaled by `alpha / sqrt(rank)`. Ours: the paper's largest number of shots is 16, and with more pictures
//! of a class it stays at that number of steps; pictures are not augmented, and one template is drawn for each step.

use super::towers::{Objective, Recipe, TowerLearner, Trained};
use crate::clip::{Flat, Flats, ImageTower, Parameter};
use crate::fine_tune::Result;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::context::Context;
use crate::fine_tune::optimizer::Moments;

const ADAPTED: [&str; 3] = [".q_proj.weight", ".k_proj.weight", ".v_proj.weight"];

/// Before its first step.
///
/// # Errors
/// The device failed.
pub fn learner(config: &RunConfig, context: &Context) -> Result<TowerLearner> {
    let adapted = |parameter: &&Parameter| ADAPTED.iter().any(|end| parameter.name.ends_with(end));
    let names: Vec<&str> = context
        .model
        .parameters()
        .iter()
        .filter(adapted)
        .map(|parameter| parameter.name.as_str())
        .collect();
    let mut bases = context.model.parameter_values()?;
    bases.retain(|name, _| names.contains(&name.as_str()));
    let rank = config.hyper.rank;
    let leaves = factors(&bases, rank, config.seed);
    let recipe = Recipe {
        objective: Objective::Classes,
        trained: Trained::LowRank {
            scale: (config.hyper.lora_alpha / (rank as f64).powf(config.hyper.rank_power)) as f32,
            dropout: config.hyper.dropout,
        },
        image_locked: matches!(context.model.image_tower(), ImageTower::EfficientNetLite(_)),
        text_locked: false,
        pull: 0.0,
        moments: Moments::USUAL,
        precision: config.precision,
    };
    Ok(TowerLearner::new(
        recipe,
        &config.hyper,
        config.seed,
        leaves,
        bases,
        context,
    ))
}

/// Two factors beside each parameter, `[inputs, rank]` and `[rank, outputs]`: the first uniform as PyTorch starts a linear
/// layer, the other zero, so that nothing changes at first.
fn factors(bases: &Flats, rank: usize, seed: u64) -> Flats {
    let mut factors = Flats::new();
    for (number, (name, base)) in bases.iter().enumerate() {
        let (inputs, outputs) = (base.shape[0], base.shape[1]);
        let mut random = fastrand::Rng::with_seed(seed.wrapping_mul(7_919).wrapping_add(number as u64));
        let reach = 1.0 / (inputs as f32).sqrt();
        let a = (0..inputs * rank).map(|_| (2.0 * random.f32() - 1.0) * reach);
        let a = Flat {
            shape: vec![inputs, rank],
            values: a.collect(),
        };
        let b = Flat {
            shape: vec![rank, outputs],
            values: vec![0.0; rank * outputs],
        };
        factors.insert(format!("{name}.lora_a"), a);
        factors.insert(format!("{name}.lora_b"), b);
    }
    factors
}
