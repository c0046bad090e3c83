//! What settings are called.

use crate::engine::training::{Field, FineTuneMethod};

/// What a setting is called where it is set.
pub fn title(method: FineTuneMethod, field: &Field) -> &'static str {
    let usual = match field.name {
        "epochs" => "Epochs",
        "steps-a-shot" => "Steps per example",
        "learning-rate" => "Learning rate",
        "weight-decay" => "Weight decay",
        "batch" => "Batch size",
        "micro-batch" => "Micro-batch size",
        "warm-up" => "Warm-up",
        "clip" => "Gradient clipping",
        "patience" => "Early stopping",
        "rank" => "Rank",
        "alpha" => "Alpha",
        "rank-power" => "Power of the rank",
        "dropout" => "Dropout",
        "pull" => "Pull to the start",
        "image-size" => "Image size",
        "width" => "Width",
        "layers" => "Layers",
        other => other,
    };
    field.title_for(method).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_name_of_its_own_and_every_method_something_basic() {
        for method in FineTuneMethod::all() {
            let fields: Vec<&Field> = Field::of(method).collect();
            let mut titles: Vec<&str> = fields.iter().map(|field| title(method, field)).collect();
            assert!(
                titles.iter().all(|title| title.starts_with(char::is_uppercase)),
                "{titles:?}"
            );
            titles.sort_unstable();
            titles.dedup();
            assert_eq!(titles.len(), fields.len());
            assert!(fields.is_empty() || fields.iter().any(|field| field.is_basic_for(method)));
        }
    }
}
