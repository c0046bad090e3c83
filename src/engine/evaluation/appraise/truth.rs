//! What a folder says of its pictures, as it is to be measured by.

use std::collections::BTreeSet;
use std::path::Path;

use super::Result;
use crate::engine::evaluation::EvaluationConfig;
use crate::evaluation::{Class, DataError, GroundTruth, Part, Preset};
use crate::zero_shot::TemplateSet;

/// What a folder says of its pictures, its classes called as the config has it, and only the pictures that are wanted.
///
/// # Errors
/// Nothing can be measured by it.
pub fn ground_truth(config: &EvaluationConfig, labels_file: Option<&str>) -> Result<(GroundTruth, TemplateSet)> {
    let mut truth = GroundTruth::read(&config.folder, &config.wanted)?;
    let templates = match &config.preset {
        Some(name) => call_as_published(&mut truth, name)?,
        None => TemplateSet::One,
    };
    if let Some(text) = labels_file {
        truth.call(text)?;
    }
    call_as_edited(&mut truth, &config.classes);
    keep_side(&mut truth, config.part);
    check(&truth, &config.folder)?;
    Ok((truth, config.templates.clone().unwrap_or(templates)))
}

/// Calls the classes as a published set does; its templates.
fn call_as_published(truth: &mut GroundTruth, name: &str) -> Result<TemplateSet> {
    let preset = Preset::named(name).ok_or_else(|| {
        DataError(format!(
            "there is no preset {name}; there are {}",
            Preset::all().join(", ")
        ))
    })?;
    let called = truth.call_as(&preset.names);
    if called < truth.classes.len() && !preset.names.is_empty() {
        let note = format!(
            "{called} of {} folders are called like a class of {}",
            truth.classes.len(),
            preset.name
        );
        truth.notes.push(note);
    }
    Ok(preset.templates())
}

/// Calls and describes the classes as somebody edited them.
fn call_as_edited(truth: &mut GroundTruth, edited: &[Class]) {
    for class in edited {
        match truth.classes.iter_mut().find(|own| own.folder == class.folder) {
            Some(own) => {
                // One that was only described is called as the set calls it.
                own.name = class.name.clone().or_else(|| own.name.take());
                own.descriptions.clone_from(&class.descriptions);
            }
            // No picture shows it; it competes all the same.
            None => truth.classes.push(class.clone()),
        }
    }
}

/// Leaves out the pictures of other splits.
fn keep_side(truth: &mut GroundTruth, part: Part) {
    let places = truth.on(part);
    if places.len() < truth.pictures.len() {
        let note = format!(
            "{} of {} pictures are used; the others belong to another split",
            places.len(),
            truth.pictures.len()
        );
        truth.notes.push(note);
    }
    truth.keep(&places);
}

/// Whether anything can be measured by what is left.
fn check(truth: &GroundTruth, folder: &Path) -> Result<()> {
    if truth.pictures.is_empty() {
        return Err(DataError(format!(
            "{} has no picture in the split that was asked for",
            folder.display()
        ))
        .into());
    }
    let shown: BTreeSet<usize> = truth.pictures.iter().filter_map(|picture| picture.class).collect();
    if let (Some(only), 1) = (shown.first(), shown.len()) {
        return Err(DataError(format!(
            "every picture of {} that was asked for shows {}: a measure needs two classes or more; choose another split",
            folder.display(),
            truth.classes[*only].folder
        ))
        .into());
    }
    Ok(())
}
