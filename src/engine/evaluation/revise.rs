//! What is asked of an evaluation after it was made: other names, pictures of something else, another evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::appraise::{Result, Vectors, embed};
use crate::engine::session::Session;
use crate::evaluation::{
    Answer, Calibration, Class, Confusion, DataError, Embedded, Evaluation, Judged, Measures, Negatives, SideBySide,
    labels_for,
};
use crate::library::scan;
use crate::progress::Progress;

/// What follows where a class is called otherwise: the classes, what they are measured by, and their vectors.
pub struct Called {
    classes: Vec<Class>,
    answers: Vec<Answer>,
    measures: Measures,
    confusion: Confusion,
    calibration: Calibration,
}

impl Called {
    /// Takes it over. What was measured with the words of before is left out, and that is noted.
    pub fn apply(self, evaluation: &mut Evaluation) {
        evaluation.classes = self.classes;
        evaluation.measures = self.measures;
        evaluation.confusion = self.confusion;
        evaluation.calibration = self.calibration;
        let pictures = evaluation.pictures.iter_mut().zip(self.answers);
        pictures.for_each(|(picture, answer)| picture.answer = answer);
        let studied = evaluation.prompts.take().is_some();
        let had_negatives = evaluation.negatives.take().is_some();
        if studied || had_negatives {
            let (what, them) = match (studied, had_negatives) {
                (true, true) => ("the prompt study and the negatives were", "them"),
                (true, false) => ("the prompt study was", "it"),
                _ => ("the negatives were", "them"),
            };
            let note = format!("{what} measured before a class was renamed or described: measure {them} again");
            evaluation.notes.retain(|other| *other != note);
            evaluation.notes.push(note);
        }
        // A published figure is of the names that were published.
        evaluation.published = None;
    }
}

/// Calls a class otherwise, and measures anew. Only prompts that were not seen before are embedded.
///
/// # Errors
/// There is no such class, pictures went away since, or the device failed.
pub fn called(session: &mut Session, evaluation: &Evaluation, vectors: &mut Vectors, class: Class) -> Result<Called> {
    let mut classes = evaluation.classes.clone();
    let place = classes.iter().position(|own| own.folder == class.folder);
    let place = place.ok_or_else(|| DataError(format!("there is no class {}", class.folder)))?;
    let gone = evaluation.pictures.len() - vectors.here.len();
    if gone > 0 {
        let text = format!(
            "{gone} pictures are not what and where they were, and cannot be answered with other words: measure those that \
             are here as a new evaluation"
        );
        return Err(DataError(text).into());
    }
    classes[place] = class;
    let labels = labels_for(&classes, &session.loaded.model.info().taught_classes);
    vectors.embedded.classes = session.classes(&labels, &evaluation.setup.templates)?;
    let truth: Vec<usize> = evaluation.answers().map(|answer| answer.truth).collect();
    let answers = vectors.embedded.answers(&truth);
    let count = classes.len();
    Ok(Called {
        measures: Measures::of(&answers, count).unwrap_or_else(|| Measures::none(count)),
        confusion: Confusion::of(&answers, count),
        calibration: Calibration::of(&vectors.embedded, &answers),
        answers,
        classes,
    })
}

/// "None of these" against the pictures of a folder; and those of them that cannot be read.
///
/// # Errors
/// The device failed, it was stopped, or there is no picture.
pub fn against_negatives(
    session: &mut Session,
    vectors: &Vectors,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(Negatives, Vec<(PathBuf, String)>)> {
    let scanned = scan(folder, progress);
    let mut problems = scanned.unreadable;
    let paths: Vec<PathBuf> = scanned.pictures.into_iter().map(|found| found.path).collect();
    let rows = embed(session, &paths, progress)?;
    let (mut own, mut found) = (Vec::new(), Vec::new());
    for (path, row) in paths.into_iter().zip(rows) {
        match row {
            Ok(vector) => {
                found.extend(vector);
                own.push(path);
            }
            Err(reason) => problems.push((path, reason)),
        }
    }
    let others = Embedded {
        pictures: found.into(),
        ..vectors.embedded.clone()
    };
    let lead = |_: usize, cosines: &[f32]| {
        let (none, labels) = cosines.split_last().unwrap_or((&0.0, &[]));
        f64::from(labels.iter().copied().fold(f32::NEG_INFINITY, f32::max) - none)
    };
    let found = Negatives::of(&vectors.embedded.each(lead), &others.each(lead));
    let missing = || DataError(format!("{} holds no picture that can be read", folder.display()));
    let mut found = found.ok_or_else(missing)?;
    found.files = own;
    Ok((found, problems))
}

/// The second against the first, by the places of the second. Copies count together where either knows them; pictures of
/// the second at `left_out` do not count.
///
/// # Errors
/// They are not of the same pictures, or nothing is left.
pub fn side_by_side(
    first: &Evaluation,
    second: &Evaluation,
    left_out: &BTreeSet<usize>,
) -> std::result::Result<SideBySide, String> {
    let places = same_pictures(first, second)?;
    let count = second.pictures.len();
    let groups = if second.facts.len() == count {
        first_of_each(second.facts.iter().map(|facts| facts.group))
    } else if first.facts.len() == count {
        first_of_each(places.iter().map(|place| first.facts[*place].group))
    } else {
        (0..count).collect()
    };
    let of: Vec<usize> = (0..count).filter(|place| !left_out.contains(place)).collect();
    let answer = |place: &usize| &second.pictures[*place].answer;
    let before: Vec<bool> = (of.iter())
        .map(|place| first.pictures[places[*place]].answer.right())
        .collect();
    let after: Vec<bool> = of.iter().map(|place| answer(place).right()).collect();
    let truth: Vec<usize> = of.iter().map(|place| answer(place).truth).collect();
    let groups = first_of_each(of.iter().map(|place| groups[*place]));
    let found = SideBySide::of(&before, &after, &truth, &groups);
    let mut found = found.ok_or("there is no picture to compare")?;
    if second.is_of_captions() {
        found.classes.clear();
    }
    found.answered_before = answered_before(first, second, of.iter().map(|place| places[*place]));
    found.of = of;
    Ok(found)
}

/// What the first answers to these of its pictures, by the class's place in the second; nothing where one of them is no
/// class of the second, or a caption.
fn answered_before(first: &Evaluation, second: &Evaluation, places: impl Iterator<Item = usize>) -> Vec<usize> {
    let named = second.classes.iter().enumerate();
    let named: BTreeMap<&str, usize> = named.map(|(class, own)| (own.folder.as_str(), class)).collect();
    let answered = |place: usize| {
        let class = first.classes.get(first.pictures[place].answer.answered())?;
        named.get(class.folder.as_str()).copied()
    };
    let all: Option<Vec<usize>> = places.map(answered).collect();
    all.unwrap_or_default()
}

/// For each picture of the second, the place of the same one in the first.
pub fn same_pictures(first: &Evaluation, second: &Evaluation) -> std::result::Result<Vec<usize>, String> {
    let pictures = || first.pictures.iter().enumerate();
    let by_path: BTreeMap<&Path, usize> = pictures().map(|(place, one)| (one.path.as_path(), place)).collect();
    let by_content: BTreeMap<&str, usize> = pictures()
        .filter(|(_, one)| !one.content.is_empty())
        .map(|(place, one)| (one.content.as_str(), place))
        .collect();
    let named = |evaluation: &Evaluation| -> Vec<String> {
        let folders = evaluation.classes.iter().map(|class| class.folder.clone());
        let captions = evaluation.captions.iter().map(|caption| caption.text.clone());
        folders.chain(captions).collect()
    };
    let (one, two) = (named(first), named(second));
    // Of several captions each model finds another one nearest.
    let of_captions = second.is_of_captions() && one == two;
    let same = |own: &Judged| {
        let by_path = by_path.get(own.path.as_path());
        let place = *by_path.or_else(|| by_content.get(own.content.as_str()))?;
        let truth = first.pictures[place].answer.truth;
        (of_captions || one[truth] == two[own.answer.truth]).then_some(place)
    };
    let places: Option<Vec<usize>> = second.pictures.iter().map(same).collect();
    places
        .filter(|places| places.len() == first.pictures.len() && first.is_of_captions() == second.is_of_captions())
        .ok_or_else(|| "they are not of the same pictures with the same classes, and cannot be compared".into())
}

/// For each, the place of the first that is of the same group.
fn first_of_each(groups: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut first = BTreeMap::new();
    groups
        .enumerate()
        .map(|(place, group)| *first.entry(group).or_insert(place))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::made;

    #[test]
    fn what_the_first_answers_is_told_by_the_classes_of_the_second() {
        let mut first = made(3, [(0, 1), (1, 1), (2, 0)]);
        let second = made(3, [(0, 0), (1, 2), (2, 2)]);
        let answered = |first: &Evaluation, left_out: &[usize]| {
            let left_out = left_out.iter().copied().collect();
            side_by_side(first, &second, &left_out).unwrap().answered_before
        };
        assert_eq!(answered(&first, &[]), [1, 1, 0]);
        assert_eq!(answered(&first, &[0]), [1, 0]);
        // A class that the second does not know, and that no picture shows.
        first.classes.push(Class::of_folder("class 3"));
        first.pictures[0].answer.best[0].class = 3;
        assert!(answered(&first, &[]).is_empty());
    }
}
