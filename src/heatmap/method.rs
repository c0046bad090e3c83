//! The methods by name, and which fits which image tower: a new one is a file in [`super::methods`], a variant, and a row.

use serde::{Deserialize, Serialize};

use super::methods::{self, Method};
use crate::clip::TowerKind;

/// A way to show where or why a score comes about. What each computes is told by its file in [`super::methods`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeatmapMethod {
    #[serde(rename = "clearclip")]
    ClearClip,
    #[serde(rename = "naclip")]
    NaClip,
    #[serde(rename = "grad-eclip")]
    GradEclip,
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

/// What a method needs of an image tower.
enum Needs {
    Nothing,
    Blocks,
    AttentionPool,
    LastStage,
    ClassEmbeddings,
}

/// Every method, in the order in which they are offered: its name on the command line and in files, what it needs, and
/// what it does.
static TABLE: [(HeatmapMethod, &str, Needs, &dyn Method); 9] = [
    (
        HeatmapMethod::ClearClip,
        "clearclip",
        Needs::Blocks,
        &methods::ClearClip,
    ),
    (HeatmapMethod::NaClip, "naclip", Needs::Blocks, &methods::NaClip),
    (
        HeatmapMethod::ValueAttention,
        "value-attention",
        Needs::AttentionPool,
        &methods::ValueAttention,
    ),
    (
        HeatmapMethod::ClassActivation,
        "class-activation",
        Needs::ClassEmbeddings,
        &methods::ClassActivation,
    ),
    (
        HeatmapMethod::GradEclip,
        "grad-eclip",
        Needs::Blocks,
        &methods::GradEclip,
    ),
    (HeatmapMethod::LeGrad, "legrad", Needs::Blocks, &methods::LeGrad),
    (HeatmapMethod::GradCam, "grad-cam", Needs::LastStage, &methods::GradCam),
    (
        HeatmapMethod::Occlusion,
        "occlusion",
        Needs::Nothing,
        &methods::Occlusion,
    ),
    (HeatmapMethod::Patch, "patch", Needs::Blocks, &methods::Patch),
];

impl HeatmapMethod {
    /// Every method, in the order in which they are offered.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(method, ..)| *method)
    }

    /// The methods that fit a tower.
    pub fn fitting(tower: TowerKind) -> impl Iterator<Item = Self> {
        Self::all().filter(move |method| method.fits(tower).is_ok())
    }

    /// The method that is used where none is named.
    pub fn default_for(tower: TowerKind) -> Self {
        Self::fitting(tower).next().unwrap_or(Self::Occlusion)
    }

    /// The method's name on the command line and in files.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|method| method.name() == name)
    }

    /// Whether the method fits an image tower.
    ///
    /// # Errors
    /// The reason why it does not.
    pub fn fits(self, tower: TowerKind) -> Result<(), &'static str> {
        let (fits, reason) = match self.row().2 {
            Needs::Nothing => return Ok(()),
            _ if tower.is_taught() => (false, "the classes that a run taught are explained by occlusion only"),
            Needs::Blocks => (tower.has_blocks(), "it needs the blocks of a Vision Transformer"),
            Needs::AttentionPool => (tower.is_residual(), "it needs the attention pool of a ResNet"),
            Needs::LastStage => (tower.is_residual(), "it needs the last stage of a ResNet"),
            Needs::ClassEmbeddings => (
                tower.mixes_classes(),
                "it needs class embeddings, which only the starter's tower has",
            ),
        };
        if fits { Ok(()) } else { Err(reason) }
    }

    /// Whether a cell of its maps is a patch of a Vision Transformer.
    pub(super) fn shows_patches(self) -> bool {
        matches!(self.row().2, Needs::Blocks)
    }

    pub(super) fn method(self) -> &'static dyn Method {
        self.row().3
    }

    fn row(self) -> &'static (Self, &'static str, Needs, &'static dyn Method) {
        // Every variant has its row: a test asks for each.
        let row = TABLE.iter().find(|(method, ..)| *method == self);
        row.unwrap_or(&TABLE[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_its_row_and_is_found_by_its_name() {
        use HeatmapMethod::{ClassActivation, ClearClip, GradCam, GradEclip, LeGrad};
        use HeatmapMethod::{NaClip, Occlusion, Patch, ValueAttention};
        let methods = [
            ClearClip,
            NaClip,
            GradEclip,
            LeGrad,
            Patch,
            ValueAttention,
            GradCam,
            ClassActivation,
            Occlusion,
        ];
        assert_eq!(methods.len(), TABLE.len());
        for method in methods {
            assert_eq!(method.row().0, method);
            assert_eq!(HeatmapMethod::from_name(method.name()), Some(method));
            let quoted = format!("\"{}\"", method.name());
            assert_eq!(serde_json::to_string(&method).unwrap(), quoted);
        }
    }

    #[test]
    fn every_tower_has_a_default_and_occlusion_fits_all() {
        use HeatmapMethod::{ClassActivation, ClearClip, Occlusion, ValueAttention};
        let defaults = [
            (TowerKind::Vit, ClearClip),
            (TowerKind::VitWithHead, ClearClip),
            (TowerKind::ModifiedResNet, ValueAttention),
            (TowerKind::EfficientNetLite, ClassActivation),
            (TowerKind::Classifier, Occlusion),
        ];
        for (tower, method) in defaults {
            assert_eq!(HeatmapMethod::default_for(tower), method);
            assert_eq!(Occlusion.fits(tower), Ok(()));
        }
    }
}
