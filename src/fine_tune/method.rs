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
    /// The same with its keys trained.
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
    /// Every method, the quickest first.
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

    /// The method's name for people.
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

    /// The method with this name.
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
            _ if tower.is_taught() => Err("it was taught classes already; choose the model that it was taught from"),
            Self::ProLip if !tower.has_projection() => Err("SigLIP has no projection after its image tower"),
            _ => Ok(()),
        }
    }
}
