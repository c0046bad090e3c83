//! Known pictures, answered once more.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Appraised, Result, appraise};
use crate::engine::choice::ModelChoice;
use crate::engine::evaluation::EvaluationConfig;
use crate::engine::session::Session;
use crate::evaluation::{Evaluation, GroundTruth, Picture};
use crate::progress::Progress;

/// Known pictures as they are answered now: those of an evaluation at these places, with what was marked on them.
///
/// # Errors
/// The device failed, no picture can be read, or it was stopped.
pub fn appraise_again(
    session: &mut Session,
    kept: &Evaluation,
    here: &[usize],
    model: ModelChoice,
    progress: &dyn Progress,
) -> Result<Appraised> {
    let mut captions: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for caption in &kept.captions {
        captions.entry(caption.picture).or_default().push(caption.text.clone());
    }
    let picture = |place: &usize| {
        let picture = &kept.pictures[*place];
        Picture {
            path: picture.path.clone(),
            class: (!kept.is_of_captions()).then_some(picture.answer.truth),
            side: picture.side,
            captions: captions.get(place).cloned().unwrap_or_default(),
        }
    };
    let truth = GroundTruth {
        root: kept.setup.folder.clone(),
        classes: kept.classes.clone(),
        pictures: here.iter().map(picture).collect(),
        source: kept.source,
        problems: kept.problems.clone(),
        notes: kept.notes.clone(),
        ..GroundTruth::default()
    };
    let config = EvaluationConfig {
        folder: kept.setup.folder.clone(),
        wanted: kept.setup.wanted.clone(),
        part: kept.setup.part,
        preset: kept.setup.preset.clone(),
        model,
        ..EvaluationConfig::default()
    };
    let mut now = appraise(session, &config, truth, kept.setup.templates.clone(), progress)?;
    let places: BTreeMap<&Path, usize> = now
        .evaluation
        .pictures
        .iter()
        .enumerate()
        .map(|(place, picture)| (picture.path.as_path(), place))
        .collect();
    let marks = kept.marks.iter().filter(|(place, _)| here.contains(place));
    let marks = marks.filter_map(|(place, mark)| {
        let now = places.get(kept.pictures[*place].path.as_path())?;
        Some((*now, mark.clone()))
    });
    now.evaluation.marks = marks.collect();
    now.evaluation.slices.clone_from(&kept.slices);
    Ok(now)
}
