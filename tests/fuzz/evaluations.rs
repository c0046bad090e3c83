//! Evaluations that come from another machine: what is read can also be shown, counted and written.

use clipsight::engine::evaluation::{Class, Judged, ModelRef, Part, Setup, Wanted, side_by_side};
use clipsight::evaluation::out::{Row, clip_benchmark, csv, json_lines, latex, markdown, report};
use clipsight::evaluation::{
    Caption, Confusion, Evaluation, FailureOrder, Mark, Marked, Measures, Retrieval, SliceBy, Source, answer, ordered,
    read_evaluation, share_interval, slices, worst, written,
};
use clipsight::table::Style;
use clipsight::zero_shot::TemplateSet;

use crate::harness::fuzz;
use crate::place::Place;

#[test]
fn evaluations() {
    let seeds = [of_classes(), of_captions()].map(|seed| written(&seed).unwrap());
    let place = Place::new();
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
        latex(std::slice::from_ref(&row)),
        markdown(&[row]),
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
    evaluation
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
    (evaluation.measures, evaluation.confusion) = (measures, confusion);
    let share = || share_interval(1, 3).unwrap();
    evaluation.retrieval = Some(Retrieval {
        pictures: 3,
        captions: 3,
        to_captions: [share(), share(), share()],
        to_pictures: [share(), share(), share()],
        ranks: vec![0, 1, 2],
        caption_ranks: vec![0, 1, 2],
    });
    evaluation
}
