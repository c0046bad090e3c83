//! Whether an evaluation that comes from a file is one: places lead somewhere, and what belongs together is as long.

use std::collections::BTreeSet;

use super::answers::{Answer, KEPT};
use super::calibration::{BINS, Reliability};
use super::record::Evaluation;
use crate::zero_shot::TemplateSet;

/// Texts longer than this are no names.
const MOST_LETTERS: usize = 10_000;

/// Refuses what cannot be shown.
///
/// # Errors
/// What does not fit, in a sentence.
pub fn check(evaluation: &Evaluation) -> Result<(), String> {
    fits(!evaluation.pictures.is_empty(), "it has no picture")?;
    check_answers(evaluation)?;
    check_measures(evaluation)?;
    check_places(evaluation)?;
    fits(has_places(&evaluation.setup.templates), "a template has no {}")?;
    let short = [
        &evaluation.id,
        &evaluation.name,
        &evaluation.note,
        &evaluation.setup.date,
    ];
    fits(
        short.into_iter().all(|text| text.len() <= MOST_LETTERS),
        "its name is too long",
    )
}

/// Whether answers are classes, or captions, that there are.
fn check_answers(evaluation: &Evaluation) -> Result<(), String> {
    let classes = evaluation.classes.len();
    let texts = if evaluation.is_of_captions() {
        evaluation.captions.len()
    } else {
        classes
    };
    let answered = evaluation.answers().all(|answer| is_answer(answer, texts));
    fits(answered, "an answer is none of its classes")?;
    let count = evaluation.pictures.len();
    fits(
        evaluation.captions.iter().all(|caption| caption.picture < count),
        "a caption is of no picture",
    )?;
    let folders: BTreeSet<&str> = evaluation.classes.iter().map(|class| class.folder.as_str()).collect();
    fits(folders.len() == classes, "two of its classes are the same")
}

/// Whether numbers are of as many pictures and classes as there are.
fn check_measures(evaluation: &Evaluation) -> Result<(), String> {
    let (count, classes) = (evaluation.pictures.len(), evaluation.classes.len());
    let measures = &evaluation.measures;
    let measured = measures.count == count && measures.per_class.len() == classes;
    fits(measured, "its measures are of other pictures or classes")?;
    let counted = if evaluation.is_of_captions() { 0 } else { count as u64 };
    fits(
        evaluation.confusion.is_of(classes) && evaluation.confusion.total() == counted,
        "its confusion matrix is of other classes or pictures",
    )?;
    let calibration = &evaluation.calibration;
    let fitted = calibration
        .fitted
        .iter()
        .flat_map(|fitted| [&fitted.before, &fitted.after]);
    let binned = fitted.chain([&calibration.all]).all(is_reliability);
    fits(binned, "its calibration has other bins")?;
    let found = evaluation.retrieval.as_ref().is_none_or(|found| {
        found.ranks.len() == count
            && (found.caption_ranks.is_empty() || found.caption_ranks.len() == evaluation.captions.len())
    });
    fits(found, "what it found is of other pictures or captions")
}

/// Whether places lead to pictures.
fn check_places(evaluation: &Evaluation) -> Result<(), String> {
    let count = evaluation.pictures.len();
    let fitted = &evaluation.calibration.fitted;
    let mut after = fitted.iter().flat_map(|fitted| &fitted.after_each);
    fits(
        after.all(|(place, _)| *place < count),
        "its calibration is of other pictures",
    )?;
    let studied = evaluation.prompts.iter().flat_map(|study| &study.rows);
    let mut wrong = studied.flat_map(|row| &row.wrong);
    fits(
        wrong.all(|place| *place < count),
        "its prompt study is of other pictures",
    )?;
    let facts = &evaluation.facts;
    let known = facts.is_empty() || facts.len() == count && facts.iter().all(|facts| facts.group < count);
    fits(known, "what it knows of its pictures is of others")?;
    fits(
        evaluation.marks.keys().all(|place| *place < count),
        "a mark is on no picture",
    )
}

fn fits(fits: bool, otherwise: &str) -> Result<(), String> {
    if fits {
        Ok(())
    } else {
        Err(format!("it is damaged: {otherwise}"))
    }
}

fn is_answer(answer: &Answer, texts: usize) -> bool {
    let best = &answer.best;
    answer.truth < texts
        && answer.of_truth.class < texts
        && answer.rank < texts
        && !best.is_empty()
        && best.len() <= KEPT
        && best.iter().all(|best| best.class < texts)
}

fn is_reliability(found: &Reliability) -> bool {
    found.bins.len() == BINS
}

fn has_places(templates: &TemplateSet) -> bool {
    match templates {
        TemplateSet::Own(own) => TemplateSet::own(own.clone()).is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::tests::made;
    use crate::evaluation::{Class, Mark, Marked};

    #[test]
    fn what_does_not_fit_is_refused_in_a_sentence() {
        let good = || made(&[0, 1, 2], &[0, 1, 1]);
        assert_eq!(check(&good()), Ok(()));
        type Change = fn(&mut Evaluation);
        let changes: [(Change, &str); 9] = [
            (|e| e.pictures[0].answer.truth = 3, "none of its classes"),
            (|e| e.pictures[1].answer.best[0].class = 99, "none of its classes"),
            (|e| e.pictures[1].answer.best.clear(), "none of its classes"),
            (|e| e.pictures[2].answer.rank = usize::MAX, "none of its classes"),
            (|e| e.pictures.clear(), "no picture"),
            (|e| e.classes[0] = Class::of_folder("class 1"), "are the same"),
            (
                |e| {
                    let mark = Mark::Other;
                    let note = String::new();
                    e.marks.insert(3, Marked { mark, note });
                },
                "on no picture",
            ),
            (|e| e.calibration.all.bins.truncate(3), "other bins"),
            (
                |e| e.setup.templates = TemplateSet::Own(vec!["a photo".into()]),
                "no {}",
            ),
        ];
        for (change, says) in changes {
            let mut damaged = good();
            change(&mut damaged);
            let reason = check(&damaged).unwrap_err();
            assert!(reason.contains(says), "{reason}");
        }
    }
}
