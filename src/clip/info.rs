//! Facts about a model, and how it scores.

use std::path::PathBuf;

use super::checkpoint::layout::Layout;
use super::precision::Precision;
use super::towers::kind::TowerKind;

/// How a model turns a cosine into a probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scoring {
    /// The factor from cosine to logit (already exponentiated).
    pub logit_scale: f32,
    /// For a model trained with SigLIP's loss: what is added to the logit before its sigmoid. Without one, the logits
    /// of all labels share a softmax.
    pub logit_bias: Option<f32>,
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            logit_scale: 1.0,
            logit_bias: None,
        }
    }
}

impl Scoring {
    /// The logit of a cosine.
    pub fn logit(&self, cosine: f32) -> f32 {
        self.logit_scale * cosine + self.logit_bias.unwrap_or(0.0)
    }
}

/// One file of a model's weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightsFile {
    pub name: String,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

/// Facts about a loaded model, for people and for caches.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// A short name: `Starter`, the folder's name, or that of a single file.
    pub name: String,
    /// The folder or file it came from; none for the starter.
    pub path: Option<PathBuf>,
    /// How its files were laid out.
    pub layout: Layout,
    /// The image tower in a few words, such as `ViT-B/32: 12 blocks of 768`.
    pub image_tower: String,
    /// The text tower in a few words.
    pub text_tower: String,
    pub files: Vec<WeightsFile>,
    pub tower: TowerKind,
    pub parameters: usize,
    /// Size of the weights on disk, in bytes.
    pub size_bytes: u64,
    /// Type of the weights on disk.
    pub dtype: String,
    /// Side of the input square, in pixels; of a square of as many patches where pictures keep their aspect ratio.
    pub image_size: usize,
    /// What it sees of a picture, in a few words.
    pub sees: String,
    /// Tokens that a text may have, start and end included.
    pub context_length: usize,
    /// Width of the shared space.
    pub projection_dim: usize,
    /// From cosine to probability.
    pub scoring: Scoring,
    pub precision: Precision,
    /// What was decided for want of a file, in sentences for people; empty for most models.
    pub notes: Vec<String>,
    /// The classes that it was taught beyond its texts; empty for most models.
    pub taught_classes: Vec<String>,
    /// The hash that keys cached embeddings.
    pub identity: String,
    /// The same hash as it is in f32.
    pub full_identity: String,
}

impl ModelInfo {
    /// Whether this is the embedded starter, which is no CLIP.
    pub fn is_starter(&self) -> bool {
        self.layout == Layout::Starter
    }

    /// Whether it is known to read words in pictures, as CLIP does; the starter, and what was taught from it, cannot.
    pub fn can_read(&self) -> bool {
        matches!(
            self.tower,
            TowerKind::Vit | TowerKind::VitWithHead | TowerKind::ModifiedResNet
        )
    }
}
