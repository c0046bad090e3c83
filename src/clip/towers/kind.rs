//! What an image tower is made of, as facts; which methods fit which facts is decided by those who have methods.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TowerKind {
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

    /// Whether it has blocks of self-attention over patches.
    pub fn has_blocks(self) -> bool {
        matches!(self, Self::Vit | Self::VitWithHead)
    }

    /// Whether it ends in residual stages under an attention pool.
    pub fn is_residual(self) -> bool {
        self == Self::ModifiedResNet
    }

    /// Whether its embedding is a mixture of class embeddings.
    pub fn mixes_classes(self) -> bool {
        self == Self::EfficientNetLite
    }

    /// Whether a projection follows the image tower.
    pub fn has_projection(self) -> bool {
        self != Self::VitWithHead
    }

    /// Whether it answers for classes that it was taught.
    pub fn is_taught(self) -> bool {
        self == Self::Classifier
    }
}
