//! Which methods fit which image tower, and why the others do not.

use serde::{Deserialize, Serialize};

/// The kind of an image tower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TowerKind {
    /// A Vision Transformer.
    Vit,
    /// A Vision Transformer with a pooling head instead of a projection: SigLIP.
    VitWithHead,
    /// The paper's modified ResNet.
    ModifiedResNet,
    /// The starter's EfficientNet-Lite0 with class embeddings.
    EfficientNetLite,
    /// Any of them under a classifier that was taught classes of its own.
    Classifier,
}

/// A way to show where or why a score comes about. What each computes is told by its file in [`crate::heatmap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeatmapMethod {
    /// ClearCLIP.
    #[serde(rename = "clearclip")]
    ClearClip,
    /// NACLIP.
    #[serde(rename = "naclip")]
    NaClip,
    /// Grad-ECLIP.
    #[serde(rename = "grad-eclip")]
    GradEclip,
    /// LeGrad.
    #[serde(rename = "legrad")]
    LeGrad,
    /// Plain similarity of patch and text.
    Patch,
    /// Value-value attention in a ResNet's attention pool.
    ValueAttention,
    /// Grad-CAM on a ResNet's last stage.
    GradCam,
    /// Class activation for towers that mix class embeddings.
    ClassActivation,
    /// A grey square slid over the picture.
    Occlusion,
}

impl HeatmapMethod {
    /// Every method, in the order in which they are offered.
    pub const ALL: [Self; 9] = [
        Self::ClearClip,
        Self::NaClip,
        Self::ValueAttention,
        Self::ClassActivation,
        Self::GradEclip,
        Self::LeGrad,
        Self::GradCam,
        Self::Occlusion,
        Self::Patch,
    ];

    /// The method's name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClearClip => "clearclip",
            Self::NaClip => "naclip",
            Self::GradEclip => "grad-eclip",
            Self::LeGrad => "legrad",
            Self::Patch => "patch",
            Self::ValueAttention => "value-attention",
            Self::GradCam => "grad-cam",
            Self::ClassActivation => "class-activation",
            Self::Occlusion => "occlusion",
        }
    }

    /// The method with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

impl TowerKind {
    /// The tower's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Vit => "Vision Transformer",
            Self::VitWithHead => "Vision Transformer with attention pooling",
            Self::Classifier => "Taught classifier",
            Self::ModifiedResNet => "Modified ResNet",
            Self::EfficientNetLite => "EfficientNet-Lite0",
        }
    }

    /// The method that is used where none is named.
    pub fn default_heatmap(self) -> HeatmapMethod {
        match self {
            Self::Vit | Self::VitWithHead => HeatmapMethod::ClearClip,
            Self::Classifier => HeatmapMethod::Occlusion,
            Self::ModifiedResNet => HeatmapMethod::ValueAttention,
            Self::EfficientNetLite => HeatmapMethod::ClassActivation,
        }
    }

    /// The methods that fit this tower.
    pub fn heatmaps(self) -> impl Iterator<Item = HeatmapMethod> {
        HeatmapMethod::ALL
            .into_iter()
            .filter(move |method| self.supports(*method).is_ok())
    }

    /// Whether a heatmap method fits this tower.
    ///
    /// # Errors
    /// The reason why it does not.
    pub fn supports(self, method: HeatmapMethod) -> Result<(), &'static str> {
        use HeatmapMethod as Method;
        if method == Method::Occlusion {
            return Ok(());
        }
        if self == Self::Classifier {
            return Err("the classes that a run taught are explained by occlusion only");
        }
        let (fits, reason) = match method {
            Method::ValueAttention => (self == Self::ModifiedResNet, "it needs the attention pool of a ResNet"),
            Method::GradCam => (self == Self::ModifiedResNet, "it needs the last stage of a ResNet"),
            Method::ClassActivation => (
                self == Self::EfficientNetLite,
                "it needs class embeddings, which only the starter's tower has",
            ),
            _ => (
                matches!(self, Self::Vit | Self::VitWithHead),
                "it needs the blocks of a Vision Transformer",
            ),
        };
        if fits { Ok(()) } else { Err(reason) }
    }

    /// Whether a model with this tower can learn by a method.
    ///
    /// # Errors
    /// The reason why it cannot.
    pub fn can_learn(self, method: FineTuneMethod) -> Result<(), &'static str> {
        match (self, method) {
            (_, FineTuneMethod::Scratch) => Ok(()),
            (Self::Classifier, _) => Err("it was taught classes already; choose the model that it was taught from"),
            (Self::VitWithHead, FineTuneMethod::ProLip) => Err("SigLIP has no projection after its image tower"),
            _ => Ok(()),
        }
    }
}

/// A way to learn from one's own pictures. What each does is told by its file in [`crate::fine_tune`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum FineTuneMethod {
    /// A linear classifier on features.
    LinearProbe,
    /// A cache of the shots.
    TipAdapter,
    /// The same with its keys trained.
    TipAdapterF,
    /// The visual projection alone.
    #[value(name = "prolip")]
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
}
