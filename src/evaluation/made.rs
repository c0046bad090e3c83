//! Evaluations that no model made, for benchmarks and tests.

use super::answers::{Answer, answer};
use super::record::{Evaluation, Judged, ModelRef, Setup};
use super::truth::{Class, Part};
use crate::library::labelled::Wanted;
use crate::zero_shot::TemplateSet;

/// Classes that are ranked for a picture; of more classes the others do not count.
const RANKED: usize = 3;
/// The cosine of what is answered. The others have less, and each another one.
const ANSWERED: f32 = 0.3;
const OTHERS: f32 = 0.1;
const STEP: f32 = 0.02;
/// The scale at which cosines become probabilities.
const SCALE: f32 = 20.0;

/// An evaluation of the classes `class 0`, `class 1` and so on, with a picture for each pair: the class that it shows, and
/// the one that it is answered with.
pub(crate) fn made(classes: usize, answers: impl IntoIterator<Item = (usize, usize)>) -> Evaluation {
    let judged = |(n, (truth, answered)): (usize, (usize, usize))| Judged {
        path: format!("/set/class {truth}/{n}.jpg").into(),
        side: None,
        content: n.to_string(),
        answer: answer_to(truth, answered, classes),
    };
    let pictures = answers.into_iter().enumerate().map(judged).collect();
    let classes = (0..classes).map(|n| Class::of_folder(format!("class {n}")));
    let mut evaluation = Evaluation::of_answers(setup(), classes.collect(), pictures);
    evaluation.id = "20261126-1".into();
    evaluation.name = "made".into();
    evaluation
}

fn answer_to(truth: usize, answered: usize, classes: usize) -> Answer {
    let after = (truth + 1..truth + classes).map(|class| class % classes);
    let others = after.filter(|class| *class != answered);
    let mut ranked: Vec<usize> = [truth]
        .into_iter()
        .chain((truth != answered).then_some(answered))
        .collect();
    ranked.extend(others.take(RANKED - ranked.len()));
    ranked.sort_unstable();
    let place = |class: usize| ranked.partition_point(|one| *one < class);
    let mut cosines: Vec<f32> = (0..ranked.len()).map(|n| OTHERS + STEP * n as f32).collect();
    cosines[place(answered)] = ANSWERED;
    // Last, that of "none of these".
    cosines.push(0.0);
    let mut found = answer(place(truth), &cosines, SCALE);
    found.truth = truth;
    found.of_truth.class = truth;
    found.best.iter_mut().for_each(|best| best.class = ranked[best.class]);
    found
}

fn setup() -> Setup {
    Setup {
        folder: "/set".into(),
        wanted: Wanted::to_measure(),
        part: Part::All,
        templates: TemplateSet::One,
        preset: None,
        model: ModelRef::default(),
        data: "d".into(),
        date: "2026-11-26T17:05:00Z".into(),
        version: "0".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::checked::check;

    #[test]
    fn pictures_show_and_are_answered_what_is_said_however_many_classes_there_are() {
        for classes in [2, 3, 40] {
            let last = classes - 1;
            let pairs = [(0, 0), (0, last), (last, 0), (last, last), (1, 1)];
            let evaluation = made(classes, pairs);
            assert_eq!(check(&evaluation), Ok(()), "{classes}");
            let found: Vec<_> = evaluation
                .answers()
                .map(|found| (found.truth, found.answered()))
                .collect();
            assert_eq!(found, pairs, "{classes}");
            let right: Vec<bool> = evaluation.answers().map(Answer::right).collect();
            assert_eq!(right, [true, false, false, true, true], "{classes}");
        }
    }
}
