//! What is asked of an evaluation after it was made: other names, pictures of something else, another evaluation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::appraise::{Appraised, Result, embed};
use crate::engine::session::Session;
use crate::evaluation::{
    Answer, Calibration, Class, Confusion, DataError, Embedded, Evaluation, Judged, Measures, Negatives, SideBySide,
    labels_for,
};
use crate::library::scan;
use crate::progress::Progress;

/// Calls a class otherwise, and measures anew. Only prompts that were not seen before are embedded.
///
/// # Errors
/// There is no such class, or the device failed.
pub fn call(session: &mut Session, appraised: &mut Appraised, class: Class) -> Result<()> {
    let evaluation = &mut appraised.evaluation;
    let place = evaluation.classes.iter().position(|own| own.folder == class.folder);
    let place = place.ok_or_else(|| DataError(format!("there is no class {}", class.folder)))?;
    evaluation.classes[place] = class;
    let labels = labels_for(&evaluation.classes, &session.loaded.model.info().taught_classes);
    appraised.embedded.classes = session.classes(&labels, &evaluation.setup.templates)?;
    let truth: Vec<usize> = evaluation.answers().map(|answer| answer.truth).collect();
    let answers = appraised.embedded.answers(&truth);
    let count = evaluation.classes.len();
    if let Some(measures) = Measures::of(&answers, count) {
        evaluation.measures = measures;
    }
    evaluation.confusion = Confusion::of(&answers, count);
    evaluation.calibration = Calibration::of(&appraised.embedded, &answers);
    evaluation
        .pictures
        .iter_mut()
        .zip(answers)
        .for_each(|(picture, answer)| picture.answer = answer);
    Ok(())
}

/// "None of these" against the pictures of a folder; and those of them that cannot be read.
///
/// # Errors
/// The device failed, it was stopped, or there is no picture.
pub fn against_negatives(
    session: &mut Session,
    appraised: &mut Appraised,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<(PathBuf, String)>> {
    let scanned = scan(folder, progress);
    let mut problems = scanned.unreadable;
    let paths: Vec<PathBuf> = scanned.pictures.into_iter().map(|found| found.path).collect();
    let rows = embed(session, &paths, progress)?;
    let mut vectors = Vec::new();
    for (path, row) in paths.into_iter().zip(rows) {
        match row {
            Ok(vector) => vectors.extend(vector),
            Err(reason) => problems.push((path, reason)),
        }
    }
    let others = Embedded {
        pictures: vectors,
        ..appraised.embedded.clone()
    };
    let lead = |_: usize, cosines: &[f32]| {
        let (none, labels) = cosines.split_last().unwrap_or((&0.0, &[]));
        f64::from(labels.iter().copied().fold(f32::NEG_INFINITY, f32::max) - none)
    };
    let found = Negatives::of(&appraised.embedded.each(lead), &others.each(lead));
    let missing = || DataError(format!("{} holds no picture that can be read", folder.display()));
    appraised.evaluation.negatives = Some(found.ok_or_else(missing)?);
    Ok(problems)
}

/// The second against the first, picture by picture. Copies count together where both or either know them.
///
/// # Errors
/// They are not of the same pictures.
pub fn side_by_side(first: &Evaluation, second: &Evaluation) -> std::result::Result<SideBySide, String> {
    let by_path: BTreeMap<&Path, &Answer> = second
        .pictures
        .iter()
        .map(|one| (one.path.as_path(), &one.answer))
        .collect();
    let by_content: BTreeMap<&str, &Answer> = second
        .pictures
        .iter()
        .filter(|one| !one.content.is_empty())
        .map(|one| (one.content.as_str(), &one.answer))
        .collect();
    let of = |one: &Judged| {
        by_path
            .get(one.path.as_path())
            .or_else(|| by_content.get(one.content.as_str()))
            .copied()
    };
    let folders = |evaluation: &Evaluation| -> Vec<String> {
        evaluation.classes.iter().map(|class| class.folder.clone()).collect()
    };
    let others: Option<Vec<&Answer>> = first.pictures.iter().map(of).collect();
    let others = others.filter(|others| {
        let (own, theirs) = (folders(first), folders(second));
        first.pictures.len() == second.pictures.len()
            && first
                .pictures
                .iter()
                .zip(others)
                .all(|(one, other)| own[one.answer.truth] == theirs[other.truth])
    });
    let others = others.ok_or("they are not of the same pictures with the same classes, and cannot be compared")?;
    let facts = if first.facts.is_empty() {
        &second.facts
    } else {
        &first.facts
    };
    let groups: Vec<usize> = match facts.len() == first.pictures.len() {
        true => facts.iter().map(|facts| facts.group).collect(),
        false => (0..first.pictures.len()).collect(),
    };
    let before: Vec<bool> = first.answers().map(Answer::right).collect();
    let after: Vec<bool> = others.iter().map(|answer| answer.right()).collect();
    let truth: Vec<usize> = first.answers().map(|answer| answer.truth).collect();
    SideBySide::of(&before, &after, &truth, &groups).ok_or_else(|| "there is no picture to compare".into())
}
