//! The models worth offering that this version can open (Hugging Face `CLIPModel` layout).
//!
//! ImageNet accuracies are zero-shot top-1 as published (`openclip_results.csv` of open_clip; TinyCLIP's model cards).

use std::sync::LazyLock;

use serde::Deserialize;

static CATALOGUE: &str = include_str!("catalogue.json");

/// A published model.
#[derive(Debug, Clone, Deserialize)]
pub struct CatalogueEntry {
    /// Its name on the Hugging Face Hub.
    pub name: String,
    /// Number of weights, rounded.
    pub parameters: usize,
    /// Zero-shot top-1 accuracy on ImageNet, in per cent.
    pub imagenet_top1: f32,
    /// Licence of the weights.
    pub licence: String,
    /// Whom it suits.
    pub good_for: String,
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
    }
}
