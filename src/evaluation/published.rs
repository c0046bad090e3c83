//! What others measured: figures that may stand beside one's own, never instead of them.

use std::path::Path;

use serde::{Deserialize, Serialize};

const TABLE: &str = include_str!("../../assets/published/zero_shot.csv");
/// Where they come from.
const SOURCE: &str = "OpenCLIP's results table (mlfoundations/open_clip, docs/openclip_results.csv)";
const DATE: &str = "November 2026";
/// The sets of CLIP_benchmark whose classes the table measures by accuracy, and their columns. Those that it measures
/// otherwise (mean recall per class, worst groups) are left out: they are no accuracy.
const COLUMNS: [(&str, &str); 17] = [
    ("imagenet1k", "ImageNet 1k"),
    ("cifar10", "CIFAR-10"),
    ("cifar100", "CIFAR-100"),
    ("clevr_count_all", "CLEVR Counts"),
    ("clevr_closest_object_distance", "CLEVR Distance"),
    ("country211", "Country211"),
    ("dtd", "Describable Textures"),
    ("eurosat", "EuroSAT"),
    ("food101", "Food-101"),
    ("gtsrb", "GTSRB"),
    ("kitti_closest_vehicle_distance", "KITTI Vehicle Distance"),
    ("mnist", "MNIST"),
    ("pcam", "PatchCamelyon"),
    ("renderedsst2", "Rendered SST2"),
    ("resisc45", "RESISC45"),
    ("cars", "Stanford Cars"),
    ("stl10", "STL-10"),
];

/// A published figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// The model as the Hub calls it.
    pub model: String,
    /// The set as the table calls it.
    pub set: String,
    /// Top-1 accuracy, a share.
    pub top1: f64,
    /// Who measured it, to be cited.
    pub source: String,
    /// When the source was read.
    pub date: String,
}

/// What was published of a model, by its folder or its name on the Hub, on a set, by its name in CLIP_benchmark.
pub fn published(model: &Path, set: &str) -> Option<Published> {
    let name = hub_name(model)?;
    let (_, column) = COLUMNS.into_iter().find(|(known, _)| *known == set)?;
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    let place = reader.headers().ok()?.iter().position(|header| header == column)?;
    let row = reader
        .records()
        .filter_map(Result::ok)
        .find(|row| row.get(0) == Some(name.as_str()))?;
    Some(Published {
        top1: row.get(place)?.parse().ok()?,
        model: name,
        set: column.into(),
        source: SOURCE.into(),
        date: DATE.into(),
    })
}

/// The name on the Hub: of a folder `models--ORG--NAME` in the cache that tools share, or as it stands.
pub fn hub_name(model: &Path) -> Option<String> {
    let parts = || model.iter().map(|part| part.to_string_lossy());
    if let Some(folder) = parts().find_map(|part| part.strip_prefix("models--").map(String::from)) {
        return Some(folder.replacen("--", "/", 1));
    }
    let text = model.to_str()?;
    (text.matches('/').count() == 1 && model.is_relative()).then(|| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_shown_only_of_a_model_and_a_set_that_the_table_knows() {
        let cached = Path::new("/home/a/.cache/huggingface/hub/models--openai--clip-vit-base-patch32/snapshots/3d74");
        let found = published(cached, "imagenet1k").unwrap();
        assert_eq!(
            (found.model.as_str(), found.set.as_str()),
            ("openai/clip-vit-base-patch32", "ImageNet 1k")
        );
        assert!((found.top1 - 0.63).abs() < 0.02, "{found:?}");
        assert_eq!(published(cached, "grocery"), None);
        assert_eq!(published(Path::new("/models/clip"), "imagenet1k"), None);
        assert_eq!(published(Path::new("somebody/else"), "imagenet1k"), None);
        for (set, _) in COLUMNS {
            assert!(
                published(Path::new("openai/clip-vit-base-patch32"), set).is_some(),
                "{set}"
            );
        }
    }
}
