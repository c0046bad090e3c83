//! Which methods fit which image tower, and why the others do not.

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

/// A way to show where a score comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeatmapMethod {
    /// ClearCLIP (Lan et al. 2024, arXiv 2407.12442).
    #[serde(rename = "clearclip")]
    ClearClip,
    /// Value-value attention in a ResNet's attention pool (CLIP Surgery, Li et al. 2023, arXiv 2304.05653).
    ValueAttention,
    /// Class activation for towers that mix class embeddings.
    ClassActivation,
}

impl HeatmapMethod {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::ClearClip, Self::ValueAttention, Self::ClassActivation];

    /// The method's name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClearClip => "clearclip",
            Self::ValueAttention => "value-attention",
            Self::ClassActivation => "class-activation",
        }
    }

    /// The method's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::ClearClip => "ClearCLIP",
            Self::ValueAttention => "Value attention",
            Self::ClassActivation => "Class activation",
        }
    }

    /// What the map says and what it cannot say, in one sentence each.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::ClearClip => {
                "Each cell shows how close its own features are to the label. It says where, not why: a cell can \
                 match without having moved the score."
            }
            Self::ValueAttention => {
                "Each cell gathers from cells like it and shows how close that is to the label. It says where, not \
                 why, and a ResNet's cells are coarse."
            }
            Self::ClassActivation => {
                "Each cell shows how much its evidence moves the picture towards the label. It knows 1,000 classes; \
                 what none of them resembles stays blank."
            }
        }
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

    /// Whether a heatmap method fits this tower.
    ///
    /// # Errors
    /// The reason why it does not.
    pub fn supports(self, method: HeatmapMethod) -> Result<(), &'static str> {
        if method == self.default_heatmap() {
            return Ok(());
        }
        Err(match method {
            HeatmapMethod::ClearClip => "clearclip needs the blocks of a Vision Transformer",
            HeatmapMethod::ValueAttention => "value-attention needs the attention pool of a ResNet",
            HeatmapMethod::ClassActivation => {
                "class-activation needs class embeddings, which only the starter's tower has"
            }
        })
    }
}
