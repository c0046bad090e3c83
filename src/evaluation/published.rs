//! What others measured: figures that may stand beside one's own, never instead of them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::interval::Interval;
use super::measures::Measures;
use super::preset::Preset;
use super::truth::Class;

const TABLE: &str = include_str!("../../assets/published/zero_shot.csv");
/// Where they come from.
const SOURCE: &str = "OpenCLIP's results table (mlfoundations/open_clip, docs/openclip_results.csv)";
const DATE: &str = "November 2026";
/// A column of the table: how CLIP_benchmark and the table call a set, how many classes it has, and what the figure is.
struct Column {
    set: &'static str,
    title: &'static str,
    classes: usize,
    measure: PublishedMeasure,
}

const fn accuracy(set: &'static str, title: &'static str, classes: usize) -> Column {
    let measure = PublishedMeasure::Accuracy;
    Column {
        set,
        title,
        classes,
        measure,
    }
}

const fn recall(set: &'static str, title: &'static str, classes: usize) -> Column {
    let measure = PublishedMeasure::MeanRecall;
    Column {
        set,
        title,
        classes,
        measure,
    }
}

/// Sets with classes. As the table's source measures them: mean recall where the sets' own papers do, else accuracy. Those
/// that it measures by worst groups, or by scores that no evaluation has, are left out.
const COLUMNS: [Column; 23] = [
    accuracy("imagenet1k", "ImageNet 1k", 1000),
    accuracy("cifar10", "CIFAR-10", 10),
    accuracy("cifar100", "CIFAR-100", 100),
    accuracy("clevr_count_all", "CLEVR Counts", 8),
    accuracy("clevr_closest_object_distance", "CLEVR Distance", 6),
    accuracy("country211", "Country211", 211),
    accuracy("dtd", "Describable Textures", 47),
    accuracy("eurosat", "EuroSAT", 10),
    accuracy("food101", "Food-101", 101),
    accuracy("gtsrb", "GTSRB", 43),
    accuracy("kitti_closest_vehicle_distance", "KITTI Vehicle Distance", 4),
    accuracy("mnist", "MNIST", 10),
    accuracy("pcam", "PatchCamelyon", 2),
    accuracy("renderedsst2", "Rendered SST2", 2),
    accuracy("resisc45", "RESISC45", 45),
    accuracy("cars", "Stanford Cars", 196),
    accuracy("stl10", "STL-10", 10),
    accuracy("svhn", "SVHN", 10),
    recall("caltech101", "Caltech-101", 102),
    recall("caltech101_vtab", "Caltech-101", 102),
    recall("fgvc_aircraft", "FGVC Aircraft", 100),
    recall("flowers", "Oxford Flowers-102", 102),
    recall("pets", "Oxford-IIIT Pet", 37),
];

/// What a published figure is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishedMeasure {
    /// Top-1 accuracy.
    #[default]
    Accuracy,
    /// The mean of the classes' recalls.
    MeanRecall,
}

impl PublishedMeasure {
    /// As it is called in the window and in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::MeanRecall => "mean recall",
        }
    }

    /// As it is called in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "top1",
            Self::MeanRecall => "macro_recall",
        }
    }

    /// The same measure of one's own pictures.
    pub fn of(self, measures: &Measures) -> Option<Interval> {
        match self {
            Self::Accuracy => Some(measures.top1),
            Self::MeanRecall => measures.macro_recall_interval(),
        }
    }
}

/// A published figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// The model as the Hub calls it.
    pub model: String,
    /// The set as the table calls it.
    pub set: String,
    /// What it is.
    #[serde(default)]
    pub measure: PublishedMeasure,
    /// The figure, a share.
    #[serde(alias = "top1")]
    pub share: f64,
    /// Who measured it, to be cited.
    pub source: String,
    /// When the source was read.
    pub date: String,
}

/// What was published of a model, by its folder or its name on the Hub, on a set with these classes. None where they are
/// not all classes of the set: by their names, or by their number where the names are not known here.
pub fn published(model: &Path, preset: &Preset, classes: &[Class]) -> Option<Published> {
    let name = hub_name(model)?;
    let column = COLUMNS.iter().find(|column| column.set == preset.name)?;
    let same_task = match preset.names.is_empty() {
        true => classes.len() == column.classes,
        false => preset.has_all_of(classes),
    };
    if !same_task {
        return None;
    }
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    let place = reader
        .headers()
        .ok()?
        .iter()
        .position(|header| header == column.title)?;
    let row = reader
        .records()
        .filter_map(Result::ok)
        .find(|row| row.get(0) == Some(name.as_str()))?;
    Some(Published {
        share: row.get(place)?.parse().ok()?,
        measure: column.measure,
        model: name,
        set: column.title.into(),
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

    const CLIP: &str = "openai/clip-vit-base-patch32";

    /// The classes of a set: by their names where they are known here, else so many.
    fn classes(column: &Column) -> Vec<Class> {
        let preset = Preset::named(column.set).unwrap();
        if preset.names.is_empty() {
            return (0..column.classes).map(|n| Class::of_folder(format!("{n}"))).collect();
        }
        preset.names.iter().map(Class::of_folder).collect()
    }

    #[test]
    fn every_column_has_a_figure_for_all_classes_of_its_set_and_for_no_fewer() {
        for column in &COLUMNS {
            let preset = Preset::named(column.set).unwrap();
            let mut all = classes(column);
            assert_eq!(all.len(), column.classes, "{}", column.set);
            let found = published(Path::new(CLIP), preset, &all).unwrap();
            assert!((0.0..=1.0).contains(&found.share), "{found:?}");
            all.pop();
            assert_eq!(published(Path::new(CLIP), preset, &all), None, "{}", column.set);
        }
    }

    #[test]
    fn a_figure_is_shown_only_of_a_model_and_a_set_that_the_table_knows() {
        let cached = Path::new("/home/a/.cache/huggingface/hub/models--openai--clip-vit-base-patch32/snapshots/3d74");
        let imagenet = Preset::named("imagenet1k").unwrap();
        let all = classes(&COLUMNS[0]);
        let found = published(cached, imagenet, &all).unwrap();
        assert_eq!((found.model.as_str(), found.set.as_str()), (CLIP, "ImageNet 1k"));
        assert!((found.share - 0.63).abs() < 0.02, "{found:?}");
        let fer = Preset::named("fer2013").unwrap();
        let known: Vec<Class> = fer.names.iter().map(Class::of_folder).collect();
        assert_eq!(published(cached, fer, &known), None);
        assert_eq!(published(Path::new("/models/clip"), imagenet, &all), None);
        assert_eq!(published(Path::new("somebody/else"), imagenet, &all), None);
    }

    #[test]
    fn a_recall_stands_beside_a_recall() {
        let pets = COLUMNS.iter().find(|column| column.set == "pets").unwrap();
        let found = published(Path::new(CLIP), Preset::named("pets").unwrap(), &classes(pets)).unwrap();
        assert_eq!(found.measure, PublishedMeasure::MeanRecall);
        let own = crate::evaluation::made(2, [(0, 0), (0, 0), (0, 0), (1, 0)]).measures;
        assert_eq!(found.measure.of(&own).unwrap().mean, 0.5);
        assert_eq!(PublishedMeasure::Accuracy.of(&own).unwrap().mean, 0.75);
        // As it was kept before there were two measures.
        let kept = r#"{"model": "a/b", "set": "ImageNet 1k", "top1": 0.63, "source": "", "date": ""}"#;
        let kept: Published = serde_json::from_str(kept).unwrap();
        assert_eq!((kept.measure, kept.share), (PublishedMeasure::Accuracy, 0.63));
    }
}
