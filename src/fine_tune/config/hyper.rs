//! The settings of a method, and the published default of each.

use serde::{Deserialize, Serialize};

use crate::fine_tune::FineTuneMethod;

/// Which part of the model learns, in contrastive training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainedPart {
    /// Everything.
    #[default]
    Whole,
    /// The text tower and both projections; the image tower is locked (LiT, Zhai et al. 2021, arXiv 2111.07991).
    LockedImage,
    /// The text tower alone.
    Text,
    /// Both projections alone.
    Projections,
}

impl TrainedPart {
    pub const ALL: [Self; 4] = [Self::Whole, Self::LockedImage, Self::Text, Self::Projections];

    /// The part's name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::LockedImage => "locked-image",
            Self::Text => "text",
            Self::Projections => "projections",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Whole => "The whole model",
            Self::LockedImage => "Text tower and projections",
            Self::Text => "Text tower",
            Self::Projections => "Projections",
        }
    }
}

/// The shape of a model that is trained from nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    #[default]
    Vit,
    /// The modified ResNet of CLIP's paper (section 2.4).
    #[serde(rename = "resnet")]
    ModifiedResNet,
}

impl Architecture {
    pub const ALL: [Self; 2] = [Self::Vit, Self::ModifiedResNet];

    /// The shape's name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vit => "vit",
            Self::ModifiedResNet => "resnet",
        }
    }
}

/// Settings of every method; each reads those that it has ([`super::Field::of`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hyper {
    /// Passes over what is learnt from; iterations of the solver, for a linear probe.
    pub epochs: usize,
    /// Steps for each shot, as CLIP-LoRA counts them; where it is 0, epochs say how long a run is.
    #[serde(default)]
    pub steps_a_shot: usize,
    /// The learning rate after the warm-up; it falls along a cosine from there.
    pub learning_rate: f64,
    /// Decoupled weight decay (AdamW), before it is multiplied by the learning rate.
    pub weight_decay: f64,
    /// Pictures in one step: with a contrastive loss each is told from all others of its batch.
    pub batch: usize,
    /// Pictures in memory at a time; larger batches are computed in parts.
    pub micro_batch: usize,
    /// The share of steps in which the learning rate rises.
    pub warm_up: f64,
    /// Gradients longer than this are shortened; 0 leaves them alone.
    pub clip: f64,
    /// Validations without improvement after which the run stops early; 0 never stops.
    pub patience: usize,
    pub rank: usize,
    /// What LoRA's product is scaled by, times a power of the rank.
    pub lora_alpha: f64,
    /// That power: 1/2 in CLIP-LoRA, 1 in LoRA.
    #[serde(default = "whole_rank")]
    pub rank_power: f64,
    /// The share of LoRA's inputs that is dropped in each step.
    pub dropout: f64,
    /// ProLIP's pull towards the start, times the number of shots.
    pub pull: f64,
    /// Side of the input square of a new model, in pixels.
    pub image_size: usize,
    /// Channels of a new model's text tower and of its embeddings; its image tower is as wide, or follows from it.
    pub width: usize,
    /// Blocks of each tower of a new model.
    pub layers: usize,
    /// Of contrastive training alone.
    pub part: TrainedPart,
    pub architecture: Architecture,
}

/// The power of runs that were started before it could be chosen.
fn whole_rank() -> f64 {
    1.0
}

impl Hyper {
    /// A method's published defaults; where they depend on the model, those that hold for most.
    pub fn of(method: FineTuneMethod) -> Self {
        (method.row().defaults)(Self::base())
    }

    /// What methods have in common; each changes what its paper says.
    fn base() -> Self {
        Self {
            epochs: 20,
            steps_a_shot: 0,
            learning_rate: 1e-3,
            weight_decay: 1e-2,
            batch: 32,
            micro_batch: 16,
            warm_up: 0.0,
            clip: 1.0,
            patience: 0,
            rank: 2,
            lora_alpha: 1.0,
            rank_power: 0.5,
            dropout: 0.25,
            pull: 1.0,
            image_size: 64,
            width: 128,
            layers: 4,
            part: TrainedPart::Whole,
            architecture: Architecture::Vit,
        }
    }
}
