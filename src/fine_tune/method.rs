//! The methods by name, and which can teach which model.

use serde::{Deserialize, Serialize};

use crate::clip::TowerKind;

/// A way to learn from one's own pictures. What each does is told by its file in [`super::methods`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FineTuneMethod {
    /// A linear classifier on features.
    LinearProbe,
    /// A cache of the shots.
    TipAdapter,
    /// Tip-Adapter with its keys trained.
    TipAdapterF,
    /// The visual projection alone.
    #[serde(rename = "prolip")]
    ProLip,
    /// Low-rank changes of the attention.
    Lora,
    /// The whole model, or a part of it, from pairs.
    Contrastive,
    /// A new model from nothing.
    Scratch,
}

impl FineTuneMethod {
    /// The quickest first.
    pub const ALL: [Self; 7] = [
        Self::LinearProbe,
        Self::TipAdapter,
        Self::TipAdapterF,
        Self::ProLip,
        Self::Lora,
        Self::Contrastive,
        Self::Scratch,
    ];

    /// The method's name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::LinearProbe => "linear-probe",
            Self::TipAdapter => "tip-adapter",
            Self::TipAdapterF => "tip-adapter-f",
            Self::ProLip => "prolip",
            Self::Lora => "lora",
            Self::Contrastive => "contrastive",
            Self::Scratch => "scratch",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::LinearProbe => "Linear probe",
            Self::TipAdapter => "Tip-Adapter",
            Self::TipAdapterF => "Tip-Adapter-F",
            Self::ProLip => "ProLIP",
            Self::Lora => "LoRA",
            Self::Contrastive => "Contrastive",
            Self::Scratch => "From scratch",
        }
    }

    /// What it follows, and what differs from that here.
    pub fn about(self) -> &'static str {
        match self {
            Self::LinearProbe => {
                "Logistic regression on the features, as in CLIP's paper (appendix A.3), its strength by validation. \
                 Ours: it is drawn to the texts of the classes, not to zero, so that its answers stand beside those of other \
                 labels."
            }
            Self::TipAdapter => {
                "Tip-Adapter (arXiv 2207.09519): the examples vote beside the texts, alpha and beta chosen by validation. \
                 Ours: each example is seen once, as it is; the authors average ten augmented views."
            }
            Self::TipAdapterF => {
                "Tip-Adapter-F (arXiv 2207.09519): AdamW with an epsilon of 1e-4, 20 epochs of 256. Ours: no augmented views; \
                 alpha and beta are searched for after each epoch."
            }
            Self::ProLip => {
                "ProLIP (arXiv 2410.05270): Adam with an epsilon of 1e-4, 300 steps on all examples, nothing shortened, biases \
                 frozen. Ours: each example is seen as it is, not in augmented views; with the starter, steps are a hundred times as \
                 long as the learning rate says."
            }
            Self::Lora => {
                "CLIP-LoRA (arXiv 2405.18541): 500 steps of 32 for each example of a class, alpha / sqrt(rank). Ours: no \
                 augmented views; dropout drops inputs for a whole batch; 16 examples of a class count at most."
            }
            Self::Contrastive => {
                "CLIP's own training (arXiv 2103.00020) at the rates of fine-tuning (FLYP, arXiv 2212.00638; LiT, 2111.07991). \
                 Ours: pictures of one class are no negatives of each other; batch normalisation stays as it is."
            }
            Self::Scratch => {
                "CLIP's own training (arXiv 2103.00020) of a small new model. Ours: a vocabulary of 12,000; a ResNet without \
                 batch statistics."
            }
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether a model with this image tower can learn by the method.
    ///
    /// # Errors
    /// The reason why it cannot.
    pub fn fits(self, tower: TowerKind) -> Result<(), &'static str> {
        match self {
            Self::Scratch => Ok(()),
            _ if tower.is_taught() => Err("this model is already trained on classes: switch to its base model"),
            Self::ProLip if !tower.has_projection() => Err("SigLIP has no projection after its image tower"),
            _ => Ok(()),
        }
    }
}
