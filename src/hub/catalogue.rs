//! The models worth offering.
//!
//! ImageNet accuracies are zero-shot top-1 as published: `openclip_results.csv` of open_clip for OpenAI's and LAION's
//! models, the model cards for TinyCLIP and SigLIP2. Operations for a picture: `model_profile.csv` of open_clip; for
//! TinyCLIP and SigLIP2 counted from their layers. `bytes` is the size of the weights at four bytes a parameter,
//! which is what most of them are published in; the exact size is shown before anything is fetched.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

static CATALOGUE: &str = include_str!("catalogue.json");

/// How long a picture takes, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpeedClass {
    /// Tens of pictures a second on a laptop's CPU.
    Fast,
    /// About ten pictures a second on a laptop's CPU.
    Medium,
    /// A few pictures a second or fewer on a CPU: for a GPU.
    Slow,
}

impl SpeedClass {
    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Medium => "medium",
            Self::Slow => "slow without a GPU",
        }
    }
}

/// A published model.
#[derive(Debug, Clone, Deserialize)]
pub struct CatalogueEntry {
    /// Its name on the Hugging Face Hub.
    pub name: String,
    /// Number of weights, rounded.
    pub parameters: usize,
    /// Billions of floating-point operations that the image tower takes for a picture (a product and its sum are two).
    pub image_gflops: f32,
    /// Zero-shot top-1 accuracy on ImageNet, in per cent.
    pub imagenet_top1: f32,
    /// Where that number is published.
    pub source: String,
    pub licence: String,
    pub languages: String,
    /// How long a picture takes.
    pub speed: SpeedClass,
    /// Whom it suits.
    pub good_for: String,
}

impl CatalogueEntry {
    /// About what the weights take, in bytes.
    pub fn bytes(&self) -> u64 {
        4 * self.parameters as u64
    }
}

/// Every entry, smallest first.
pub fn catalogue() -> &'static [CatalogueEntry] {
    static PARSED: LazyLock<Vec<CatalogueEntry>> =
        LazyLock::new(|| serde_json::from_str(CATALOGUE).unwrap_or_default());
    &PARSED
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_catalogue_parses_and_grows_in_size() {
        let entries = super::catalogue();
        assert!(!entries.is_empty());
        assert!(entries.is_sorted_by_key(|entry| entry.parameters));
        assert!(entries.iter().all(|entry| super::super::valid_name(&entry.name)));
    }
}
