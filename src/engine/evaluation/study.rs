//! Which words do better, and whether better than nonsense.

use std::collections::BTreeMap;

use super::appraise::{Appraised, Result, STOPPED};
use crate::engine::session::Session;
use crate::evaluation::{
    Class, Comparison, DataError, Embedded, Nonsense, Preset, PromptRow, PromptStudy, accuracy_interval, ensembles,
    kinds, labels_for, nonsense,
};
use crate::progress::Progress;
use crate::zero_shot::{ClassEmbeddings, TemplateSet, class_embedding};

/// Seeds the templates of nonsense: the same in every study.
const NONSENSE: u64 = 230_607_282;

/// The same answers with other class embeddings.
fn with_classes(embedded: &Embedded, classes: ClassEmbeddings) -> Embedded {
    Embedded {
        classes,
        ..embedded.clone()
    }
}

/// Which words do better, and whether better than nonsense.
///
/// # Errors
/// The device failed, or it was stopped.
pub fn study_prompts(session: &mut Session, appraised: &Appraised, progress: &dyn Progress) -> Result<PromptStudy> {
    let Appraised { evaluation, embedded } = appraised;
    let truth: Vec<usize> = evaluation.answers().map(|answer| answer.truth).collect();
    let taught = session.loaded.model.info().taught_classes.clone();
    let undescribed = evaluation.classes.iter().map(|class| Class {
        descriptions: Vec::new(),
        ..class.clone()
    });
    let named = labels_for(&undescribed.collect::<Vec<_>>(), &taught);
    let described = labels_for(&evaluation.classes, &taught);
    let right = |classes: ClassEmbeddings| -> Vec<f64> {
        let answers = with_classes(embedded, classes).answers(&truth);
        answers
            .iter()
            .map(|answer| f64::from(u8::from(answer.right())))
            .collect()
    };
    let preset = evaluation.setup.preset.as_deref().and_then(Preset::named);
    let preset = preset.or_else(|| Preset::recognised(&evaluation.classes));
    let of_set = preset.map(|preset| (preset.name.as_str(), preset.templates()));
    let of_set = of_set.map(|(name, set)| (name, set.templates().iter().map(ToString::to_string).collect()));
    let mut kinds = kinds(of_set, &evaluation.setup.templates);
    let has_descriptions = described.iter().any(|label| !label.descriptions.is_empty());
    if has_descriptions && kinds.last().is_none_or(|(name, _)| name != "yours") {
        kinds.push(("yours".into(), evaluation.setup.templates.clone()));
    }
    let like: Vec<&str> = kinds.iter().flat_map(|(_, set)| set.templates()).collect();
    let drawn = nonsense(&like, NONSENSE);
    let steps = kinds.len() + drawn.len();
    let mut measured: Vec<Vec<f64>> = Vec::new();
    for (n, (name, set)) in kinds.iter().enumerate() {
        if !progress.at("Trying prompts", n, steps) {
            return Err(STOPPED);
        }
        let labels = if name == "yours" { &described } else { &named };
        measured.push(right(session.classes(labels, set)?));
    }
    let mut garbled: Vec<ClassEmbeddings> = Vec::new();
    for (n, template) in drawn.into_iter().enumerate() {
        if !progress.at("Trying nonsense", kinds.len() + n, steps) {
            return Err(STOPPED);
        }
        garbled.push(session.classes(&named, &TemplateSet::Own(vec![template]))?);
    }
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len().max(1) as f64;
    let first = measured.first().cloned().unwrap_or_default();
    let mut bands: BTreeMap<usize, Option<Nonsense>> = BTreeMap::new();
    let mut rows = Vec::new();
    for (n, ((name, templates), scores)) in kinds.into_iter().zip(&measured).enumerate() {
        let count = templates.templates().len();
        let band = bands.entry(count).or_insert_with(|| {
            let gains = ensembles(count, NONSENSE)
                .into_iter()
                .map(|draw| mean(&right(ensemble(&garbled, &draw))) - mean(&first));
            Nonsense::of(gains.collect())
        });
        rows.push(PromptRow {
            name,
            top1: accuracy_interval(scores).ok_or_else(|| DataError("there is no picture".into()))?,
            gain: if n == 0 { None } else { Comparison::of(&first, scores) },
            nonsense: band.clone(),
            templates,
        });
    }
    Ok(PromptStudy { rows })
}

/// Classes from several templates' classes: the mean of each, normalised again.
fn ensemble(classes: &[ClassEmbeddings], draw: &[usize]) -> ClassEmbeddings {
    if let [only] = draw {
        return classes[*only].clone();
    }
    let rows = classes.first().map_or(0, |classes| classes.labels() + 1);
    let mut means: Vec<Vec<f32>> = (0..rows)
        .map(|row| class_embedding(draw.iter().map(|place| classes[*place].row(row))))
        .collect();
    let none = means.pop().unwrap_or_default();
    ClassEmbeddings::new(&means, &none)
}
