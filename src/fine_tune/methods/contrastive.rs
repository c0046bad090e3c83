//! Contrastive training of both towers from pairs, as CLIP itself was trained (paper, section 2.3 and figure 3), for
//! fine-tuning (FLYP, Goyal et al. 2022, arXiv 2212.00638) or of a part alone (LiT).
//!
//! Symmetric InfoNCE over a batch of pictures and texts with a learnt scale, no more than 100; SigLIP's loss for a model
//! with a bias. AdamW, warm-up and cosine. Batch normalisation stays as it is: its statistics are folded into the
//! convolutions. Pictures with the same text, or of the same class, are no false negatives.

use super::prolip::projection;
use super::towers::{LOGIT_BIAS, LOGIT_SCALE, Objective, Recipe, TowerLearner, Trained};
use crate::clip::Flats;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::Result;
use crate::fine_tune::config::{RunConfig, TrainedPart};
use crate::fine_tune::context::Context;
use crate::fine_tune::optimizer::Moments;

/// Whether a parameter belongs to the text tower.
fn is_text(name: &str) -> bool {
    name.starts_with("text_model.") || name.starts_with("text_projection.")
}

fn is_text_projection(name: &str) -> bool {
    name.starts_with("text_projection.") || name.starts_with("text_model.head.")
}

/// Before its first step.
///
/// # Errors
/// The device failed.
pub fn learner(config: &RunConfig, context: &Context) -> Result<TowerLearner> {
    let part = if config.method == FineTuneMethod::Scratch {
        TrainedPart::Whole
    } else {
        config.hyper.part
    };
    let visual = projection(context.model.image_tower());
    let learns = |name: &str| match part {
        _ if name == LOGIT_SCALE || name == LOGIT_BIAS => true,
        TrainedPart::Whole => true,
        TrainedPart::LockedImage => is_text(name) || visual.contains(&name),
        TrainedPart::Text => is_text(name),
        TrainedPart::Projections => is_text_projection(name) || visual.contains(&name),
    };
    let mut leaves = context.model.parameter_values()?;
    leaves.retain(|name, _| learns(name));
    let recipe = Recipe {
        objective: Objective::Pairs,
        trained: Trained::Parameters,
        image_locked: part != TrainedPart::Whole,
        text_locked: false,
        pull: 0.0,
        moments: Moments::CLIP,
        precision: config.precision,
    };
    Ok(TowerLearner::new(
        recipe,
        &config.hyper,
        config.seed,
        leaves,
        Flats::new(),
        context,
    ))
}
