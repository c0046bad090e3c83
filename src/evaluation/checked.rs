//! Whether an evaluation that comes from a file is one: places lead somewhere, and what belongs together is as long.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::answers::{Answer, KEPT};
use super::calibration::{BINS, Reliability};
use super::confusion::Confusion;
use super::measures::Measures;
use super::negatives::Negatives;
use super::record::Evaluation;
use super::retrieval::Retrieval;
use crate::files::check_local;
use crate::zero_shot::TemplateSet;

/// Texts longer than this are no names.
const MOST_LETTERS: usize = 10_000;

/// How far a number may be from itself after it was read from a text.
const LAST_DIGITS: f64 = 1e-6;

/// Refuses what cannot be shown.
///
/// # Errors
/// What does not fit, in a sentence.
pub fn check(evaluation: &Evaluation) -> Result<(), String> {
    fits(!evaluation.pictures.is_empty(), "it has no picture")?;
    check_answers(evaluation)?;
    check_measures(evaluation)?;
    check_counted(evaluation)?;
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

/// Refuses one of somebody else's that leads to another machine, to which Windows would log on as soon as a path is looked
/// at.
///
/// # Errors
/// Which path it is, and what to do.
pub fn check_paths(evaluation: &Evaluation) -> Result<(), String> {
    let setup = &evaluation.setup;
    let own = [&setup.folder].into_iter().chain(&setup.model.path);
    let pictures = evaluation.pictures.iter().map(|picture| &picture.path);
    let negatives = evaluation.negatives.iter().flat_map(|negatives| &negatives.files);
    own.chain(pictures)
        .chain(negatives)
        .try_for_each(|path| check_local(path))
}

/// Whether what is counted is what the answers say: the file may be damaged, or somebody may have changed a figure.
fn check_counted(evaluation: &Evaluation) -> Result<(), String> {
    let (answers, classes) = (|| evaluation.answers(), evaluation.classes.len());
    let measures = Measures::of(answers(), classes);
    let counted = measures.is_some_and(|measures| is_same(&measures, &evaluation.measures));
    fits(counted, "its measures are not those of its answers")?;
    let confused = evaluation.confusion == Confusion::of(answers(), classes);
    fits(confused, "its confusion matrix is not that of its answers")?;
    let reliability = Reliability::of_answers(answers());
    fits(
        is_same(&reliability, &evaluation.calibration.all),
        "its calibration is not that of its answers",
    )?;
    let found = evaluation.retrieval.as_ref();
    let found = found.filter(|found| !found.caption_ranks.is_empty());
    let as_ranked = found.is_none_or(|found| is_counted(found, evaluation));
    fits(as_ranked, "what it found is not what its ranks say")
}

/// Whether the shares that were found are those of the ranks.
fn is_counted(found: &Retrieval, evaluation: &Evaluation) -> bool {
    let owners: Vec<usize> = evaluation.captions.iter().map(|caption| caption.picture).collect();
    let all: Vec<usize> = (0..evaluation.pictures.len()).collect();
    found
        .of_some(&all, &owners)
        .is_some_and(|counted| is_same(&counted, found))
}

/// Whether two are the same but for the last digits, which change on their way through a text.
fn is_same(a: &impl Serialize, b: &impl Serialize) -> bool {
    let (a, b) = (serde_json::to_value(a), serde_json::to_value(b));
    matches!((a, b), (Ok(a), Ok(b)) if is_same_value(&a, &b))
}

fn is_same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= LAST_DIGITS * a.abs().max(1.0)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same_value(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let same = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| is_same_value(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => a == b,
    }
}

/// Whether answers are classes, or captions, that there are.
fn check_answers(evaluation: &Evaluation) -> Result<(), String> {
    let classes = evaluation.classes.len();
    let texts = if evaluation.is_of_captions() {
        fits(classes == 0, "it has both classes and captions")?;
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
    let sound = evaluation.negatives.as_ref().is_none_or(Negatives::is_sound);
    fits(sound, "its negatives are not those that it counts")?;
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
    use crate::evaluation::{Class, Mark, Marked, Source};

    #[test]
    fn what_does_not_fit_is_refused_in_a_sentence() {
        let good = || made(&[0, 1, 2], &[0, 1, 1]);
        assert_eq!(check(&good()), Ok(()));
        type Change = fn(&mut Evaluation);
        let changes: [(Change, &str); 15] = [
            (|e| e.measures.top1.mean += 0.01, "not those of its answers"),
            (|e| e.measures.per_class[1].f1 -= 1e-4, "not those of its answers"),
            (|e| e.pictures[2].answer.rank = 0, "not those of its answers"),
            (|e| e.calibration.all.ece += 0.1, "not that of its answers"),
            (|e| e.source = Source::Captions, "both classes and captions"),
            (
                |e| {
                    e.negatives = Negatives::of(&[0.1], &[0.0]);
                    e.negatives.as_mut().unwrap().fpr95 = 5.0;
                },
                "its negatives",
            ),
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

    #[test]
    fn last_digits_change_on_their_way_through_a_text_and_nothing_else_may() {
        let good = made(&[0, 1, 2, 0, 0, 1, 2], &[0, 1, 1, 0, 2, 1, 2]);
        let text = serde_json::to_string(&good).unwrap();
        assert_eq!(check(&serde_json::from_str(&text).unwrap()), Ok(()));
        let counts = |e: &Evaluation| serde_json::to_string(&e.confusion).unwrap();
        let moved = counts(&good).replacen("[2,0,1", "[1,1,1", 1);
        assert_ne!(moved, counts(&good));
        let changed = text.replace(&counts(&good), &moved);
        let reason = check(&serde_json::from_str(&changed).unwrap()).unwrap_err();
        assert!(reason.contains("confusion matrix"), "{reason}");
    }

    #[test]
    fn paths_of_somebody_else_that_lead_to_another_machine_are_refused() {
        let good = || made(&[0, 1, 2], &[0, 1, 1]);
        assert_eq!(check_paths(&good()), Ok(()));
        const ELSEWHERE: &str = "\\\\machine\\share\\a";
        type Change = fn(&mut Evaluation);
        let changes: [Change; 4] = [
            |e| e.setup.folder = ELSEWHERE.into(),
            |e| e.setup.model.path = Some(ELSEWHERE.into()),
            |e| e.pictures[2].path = ELSEWHERE.into(),
            |e| {
                let mut negatives = Negatives::of(&[0.1], &[0.0]).unwrap();
                negatives.files.push(ELSEWHERE.into());
                e.negatives = Some(negatives);
            },
        ];
        for change in changes {
            let mut foreign = good();
            change(&mut foreign);
            let reason = check_paths(&foreign).unwrap_err();
            assert!(reason.contains("another machine"), "{reason}");
        }
    }
}
