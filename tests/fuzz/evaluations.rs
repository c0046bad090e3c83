//! Evaluations that come from another machine: what is read can also be shown, counted and written.

use clipsight::engine::evaluation::{Class, Judged, ModelRef, Part, Setup, Wanted, side_by_side};
use clipsight::evaluation::out::{Row, clip_benchmark, csv, json_lines, latex, markdown, report};
use clipsight::evaluation::{
    Caption, Comparison, Confusion, Evaluation, Facts, FailureOrder, Fitted, Mark, Marked, Measures, Negatives,
    Nonsense, PromptRow, PromptStudy, Reliability, Retrieval, SliceBy, Source, answer, ordered, read_evaluation,
    share_interval, slices, worst, written,
};
use clipsight::table::Style;
use clipsight::zero_shot::TemplateSet;

use crate::harness::fuzz;
use crate::place::Place;

#[test]
fn evaluations() {
    let seeds = [of_classes(), of_captions()].map(|seed| written(&seed).unwrap());
    let place = Place::new();
    for seed in &seeds {
        // What is refused at once tries no reader.
        read_evaluation(&place.with("seed.evaluation", seed)).unwrap();
    }
    fuzz("evaluations", true, &seeds, |bytes| {
        if let Ok(evaluation) = read_evaluation(&place.with("a.evaluation", bytes)) {
            show(&evaluation);
        }
    });
}

/// Whatever the window and the commands do with one.
fn show(evaluation: &Evaluation) {
    let (listed, row) = (evaluation.listed(), Row::of(evaluation));
    assert_eq!(listed.count, evaluation.pictures.len());
    let tables = [
        latex(std::slice::from_ref(&row), &[]),
        markdown(&[row], &[]),
        csv(evaluation, Style::default()),
        json_lines(evaluation),
    ];
    assert!(tables.iter().all(|table| !table.is_empty()));
    clip_benchmark(evaluation);
    report(evaluation, None, false).unwrap();
    for by in SliceBy::ALL {
        worst(&slices(evaluation, by));
    }
    for order in FailureOrder::ALL {
        ordered(evaluation, order);
    }
    let all: Vec<usize> = (0..evaluation.pictures.len()).collect();
    evaluation.remeasured(&all).unwrap();
    evaluation.confusion.by_likeness();
    for cell in evaluation.confusion.folded(3).classes {
        evaluation.cell(cell, cell);
    }
    side_by_side(evaluation, evaluation, &Default::default()).unwrap();
    if let Some(negatives) = &evaluation.negatives {
        assert!(negatives.mistaken().is_some());
        assert!(negatives.mistaken_files().len() <= negatives.count);
    }
}

fn setup() -> Setup {
    Setup {
        folder: "/set".into(),
        wanted: Wanted::to_measure(),
        part: Part::All,
        templates: TemplateSet::Own(vec!["a photo of a {}.".into()]),
        preset: None,
        model: ModelRef {
            name: "Starter".into(),
            files: vec![("model.safetensors".into(), "0a".into())],
            ..ModelRef::default()
        },
        data: "d".into(),
        date: "2026-11-26T17:05:00Z".into(),
        version: "0".into(),
    }
}

fn judged(n: usize, truth: usize) -> Judged {
    let cosines = [0.1, 0.12, 0.14, 0.0].map(|cosine| cosine + 0.05 * ((n * 7 % 5) as f32));
    Judged {
        path: format!("/set/{truth}/{n}.jpg").into(),
        side: None,
        content: format!("{n}"),
        answer: answer(truth, &cosines, 20.0),
    }
}

fn of_classes() -> Evaluation {
    let classes = (0..3).map(|n| Class::of_folder(format!("class {n}"))).collect();
    let mut evaluation = Evaluation::of_answers(setup(), classes, (0..6).map(|n| judged(n, n % 3)).collect());
    evaluation.id = "20261126-1".into();
    let mark = Mark::Ambiguous;
    let note = "a bowl".into();
    evaluation.marks.insert(2, Marked { mark, note });
    measured_further(&mut evaluation);
    evaluation
}

/// With negatives, a prompt study, facts and a temperature.
fn measured_further(evaluation: &mut Evaluation) {
    let mut negatives = Negatives::of(&[0.1, 0.2, 0.3], &[0.0, 0.15]).unwrap();
    negatives.files = vec!["/none/a.jpg".into(), "/none/b.jpg".into()];
    evaluation.negatives = Some(negatives);
    let row = |name: &str, gain| PromptRow {
        name: name.into(),
        templates: TemplateSet::One,
        top1: share_interval(4, 6).unwrap(),
        gain,
        nonsense: Nonsense::of(vec![-0.1, 0.0, 0.1], 1),
        wrong: vec![0, 1],
    };
    let gain = Comparison::of(&[0.0, 1.0, 1.0, 0.0, 1.0, 1.0], &[1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    let rows = vec![row("one", None), row("another", gain)];
    evaluation.prompts = Some(PromptStudy { rows });
    let fact = |place: usize| Facts {
        content: format!("{place}"),
        size: (64, 48),
        brightness: 0.1 * place as f32,
        sharpness: 10.0,
        group: place,
    };
    evaluation.facts = (0..evaluation.pictures.len()).map(fact).collect();
    let part = || Reliability::of([(0.5, true), (0.75, false)]);
    evaluation.calibration.fitted = Some(Fitted {
        temperature: 1.25,
        fitted_on: 4,
        before: part(),
        after: part(),
        after_each: vec![(0, 0.5), (2, 0.75)],
    });
}

fn of_captions() -> Evaluation {
    let mut evaluation = of_classes();
    evaluation.source = Source::Captions;
    evaluation.classes.clear();
    evaluation.pictures.truncate(3);
    evaluation.captions = (0..3)
        .map(|picture| Caption {
            text: format!("caption {picture}"),
            picture,
        })
        .collect();
    let answers = || evaluation.pictures.iter().map(|picture| &picture.answer);
    let (measures, confusion) = (Measures::of(answers(), 0).unwrap(), Confusion::of(answers(), 0));
    let reliability = Reliability::of_answers(answers());
    (evaluation.measures, evaluation.confusion) = (measures, confusion);
    evaluation.calibration.all = reliability;
    evaluation.facts.truncate(3);
    let share = |hits| share_interval(hits, 3).unwrap();
    evaluation.retrieval = Some(Retrieval {
        pictures: 3,
        captions: 3,
        to_captions: [share(1), share(3), share(3)],
        to_pictures: [share(1), share(3), share(3)],
        ranks: vec![0, 1, 2],
        caption_ranks: vec![0, 1, 2],
    });
    evaluation
}
