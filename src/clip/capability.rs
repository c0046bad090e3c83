//! Which methods fit which image tower, and why the others do not.

use serde::{Deserialize, Serialize};

/// The kind of an image tower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TowerKind {
    /// A Vision Transformer.
    Vit,
    /// The paper's modified ResNet.
    ModifiedResNet,
    /// The starter's EfficientNet-Lite0 with class embeddings.
    EfficientNetLite,
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
            Self::ModifiedResNet => "Modified ResNet",
            Self::EfficientNetLite => "EfficientNet-Lite0",
        }
    }

    /// The method that is used where none is named.
    pub fn default_heatmap(self) -> HeatmapMethod {
        match self {
            Self::Vit => HeatmapMethod::ClearClip,
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
        let (needed, reason) = match method {
            Method::ClearClip | Method::NaClip | Method::GradEclip | Method::LeGrad | Method::Patch => {
                (Self::Vit, "it needs the blocks of a Vision Transformer")
            }
            Method::ValueAttention => (Self::ModifiedResNet, "it needs the attention pool of a ResNet"),
            Method::GradCam => (Self::ModifiedResNet, "it needs the last stage of a ResNet"),
            Method::ClassActivation => (
                Self::EfficientNetLite,
                "it needs class embeddings, which only the starter's tower has",
            ),
            Method::Occlusion => return Ok(()),
        };
        if self == needed { Ok(()) } else { Err(reason) }
    }
}
