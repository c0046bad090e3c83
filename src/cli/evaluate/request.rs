//! What an evaluation is asked to be, by the arguments.

use anyhow::Result;

use crate::cli::args::EvaluateArgs;
use crate::cli::pictures::model;
use crate::cli::{Common, Usage};
use crate::engine::evaluation::{EvaluationConfig, Part, Wanted};
use crate::escape::visible;
use crate::evaluation::{Preset, Purpose, Side};
use crate::zero_shot::TemplateSet;

/// What can be refused before the work is.
pub fn config(args: &EvaluateArgs, common: &Common) -> Result<EvaluationConfig> {
    if let Some(name) = args.preset.as_deref().filter(|name| Preset::named(name).is_none()) {
        return Err(Usage(format!(
            "there is no preset {name}; there are {}",
            Preset::all().join(", ")
        ))
        .into());
    }
    let templates: Vec<String> = args
        .templates
        .iter()
        .map(|template| template.replace("{c}", "{}"))
        .collect();
    let templates = match templates.is_empty() {
        true => None,
        false => Some(TemplateSet::own(templates).map_err(|error| Usage(visible(&error.to_string())))?),
    };
    Ok(EvaluationConfig {
        folder: args.folder.clone(),
        wanted: Wanted {
            purpose: Purpose::Measure,
            source: args.truth,
            file_column: args.path_column.clone(),
            label_column: args.label_column.clone(),
            level: args.level,
        },
        part: args.split,
        templates,
        preset: args.preset.clone(),
        model: model(common)?,
        ..EvaluationConfig::default()
    })
}

/// What needs classes.
pub fn refuse_of_captions(args: &EvaluateArgs) -> Result<()> {
    let wanted = [
        (args.prompt_study, "--prompt-study"),
        (args.negatives.is_some(), "--negatives"),
        (args.labels_file.is_some(), "--labels-file"),
    ];
    match wanted.into_iter().find(|(wanted, _)| *wanted) {
        Some((_, name)) => Err(Usage(format!(
            "{name} needs classes, and these pictures have captions: leave it out, or name the classes' list with --truth labels"
        ))
        .into()),
        None => Ok(()),
    }
}

/// How a part is called on the command line.
pub fn part(text: &str) -> Result<Part, String> {
    match text {
        "held-out" => Ok(Part::HeldOut),
        "all" => Ok(Part::All),
        side => Side::of_folder(side)
            .map(Part::Side)
            .ok_or_else(|| "there are held-out, all, train, validation and test".into()),
    }
}
