//! ProLIP (Fahes et al. 2024, arXiv 2410.05270): only the visual projection learns, on features that are computed once.
//!
//! Cross-entropy against the class texts, the whole training side in every step, plus `lambda |W - W_0|^2` with `lambda
//! = pull / shots`: without it, one shot ruins the model. By Adam with the authors' epsilon and nothing that shortens
//! gradients; a ResNet's projection has a bias, which stays as it is. The paper's learning rate suits projections of
//! CLIP's size; the starter's projection, class embeddings of length 1, takes steps a hundred times as long. The
//! authors draw their features from 300 augmented views of each picture; here each picture is seen as it is.

use super::towers::{Objective, Recipe, TowerLearner, Trained};
use crate::clip::{Flats, ImageTower, Precision};
use crate::fine_tune::Result;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::context::Context;
use crate::fine_tune::optimizer::Moments;

/// How much longer the starter's steps are than CLIP's.
const STARTER_STEPS: f64 = 100.0;

/// The names of the projection that follows an image tower's features.
pub fn projection(tower: &ImageTower) -> &'static [&'static str] {
    match tower {
        ImageTower::ModifiedResNet(_) => &["visual.attnpool.c_proj.weight", "visual.attnpool.c_proj.bias"],
        ImageTower::Vit(tower) if !tower.has_projection() => &[],
        ImageTower::Vit(_) | ImageTower::EfficientNetLite(_) => &["visual_projection.weight"],
    }
}

/// Before its first step.
///
/// # Errors
/// The device failed.
pub fn learner(config: &RunConfig, context: &Context) -> Result<TowerLearner> {
    let names = projection(context.model.image_tower());
    let frozen = |name: &str| name.ends_with(".bias");
    let mut values = context.model.parameter_values()?;
    values.retain(|name, _| names.contains(&name.as_str()) && !frozen(name));
    let mut hyper = config.hyper.clone();
    hyper.batch = context.train.len();
    hyper.weight_decay = 0.0;
    hyper.clip = 0.0;
    let starter = matches!(context.model.image_tower(), ImageTower::EfficientNetLite(_));
    let shots = (context.train.len() as f64 / context.classes.len().max(1) as f64).max(1.0);
    let recipe = Recipe {
        objective: Objective::Classes,
        trained: Trained::Parameters,
        image_locked: true,
        text_locked: true,
        pull: hyper.pull / shots,
        moments: Moments::FEW_SHOT,
        precision: Precision::Full,
    };
    let learner = TowerLearner::new(recipe, &hyper, config.seed, values, Flats::new(), context);
    Ok(learner.stretched(if starter { STARTER_STEPS } else { 1.0 }))
}
