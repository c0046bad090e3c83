//! The pages of an evaluation: what they ask for, and what follows when something changes.

use std::sync::Arc;

use clipsight::app::command::{Command, Dialog};
use clipsight::app::evaluate::{EvaluateCommand, MapColour, MatrixLook, Page};
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::evaluation::{
    EvaluationEvent, EvaluationRequest, ExportKind, FailureOrder, MapKind, Mark, Marked, Projection, SliceBy,
};
use clipsight::engine::protocol::{Event, Request};
use clipsight::table::Style;
use egui_kittest::kittest::Queryable;

use super::made::{CLASSES, captioned, complete, evaluation, grey, say_evaluation, say_everything};
use super::{asked, count, open, want};
use crate::stand_in::window;

#[test]
fn pages_ask_for_what_they_need_and_files_on_screen_are_asked_for_once() {
    let (engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Map));
    assert!(asked(&engine, |request| *request
        == EvaluationRequest::Map("first".into(), MapKind::Pca)));
    want(&mut harness, EvaluateCommand::Open(Page::Groups));
    assert!(asked(&engine, |request| *request
        == EvaluationRequest::Slices("first".into(), SliceBy::Folder)));
    let files: Vec<_> = engine
        .requests()
        .into_iter()
        .filter_map(|request| match request {
            Request::FilePictures(files) => Some(files),
            _ => None,
        })
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].contains(&shown.pictures[3].path));
    for path in &files[0] {
        engine.say(Event::FilePicture {
            path: path.clone(),
            image: Ok(grey()),
        });
    }
    harness.run_steps(4);
    want(&mut harness, EvaluateCommand::ColourMap(MapColour::Score));
    want(
        &mut harness,
        EvaluateCommand::UseMatrix(MatrixLook {
            most: Some(3),
            ..MatrixLook::default()
        }),
    );
    let grid = harness.state().state().evaluating().matrix();
    assert_eq!(grid.most, Some(3));
}

#[test]
fn a_deleted_evaluation_comes_back() {
    let (engine, mut harness, _) = open(30);
    want(&mut harness, EvaluateCommand::Delete("first".into()));
    assert!(harness.state().state().evaluating().shown().is_none());
    harness.state_mut().execute(Command::Undo);
    harness.run_steps(2);
    assert!(asked(&engine, |request| *request
        == EvaluationRequest::Restore("first".into())));
}

#[test]
fn another_evaluation_on_the_same_page_has_what_the_page_needs() {
    let (engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::OrderBy(FailureOrder::Margin));
    want(&mut harness, EvaluateCommand::Open(Page::Map));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    let mut second = evaluation(30);
    second.id = "second".into();
    say_evaluation(&engine, &second);
    harness.run_steps(4);
    assert!(asked(&engine, |request| *request
        == EvaluationRequest::Map("second".into(), MapKind::Pca)));
    assert!(asked(&engine, |request| *request
        == EvaluationRequest::Order("second".into(), FailureOrder::Margin)));
    want(&mut harness, EvaluateCommand::Open(Page::Groups));
    let mut third = evaluation(45);
    third.id = "third".into();
    say_evaluation(&engine, &third);
    harness.run_steps(4);
    assert!(asked(&engine, |request| *request
        == EvaluationRequest::Slices("third".into(), SliceBy::Folder)));
}

#[test]
fn what_captions_find_is_counted_without_the_marked_pictures() {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    let mut shown = captioned();
    let marked = Marked {
        mark: Mark::WrongLabel,
        note: String::new(),
    };
    shown.marks.insert(3, marked);
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    assert!(harness.query_by_label("4 pictures with 8 captions").is_some());
    want(&mut harness, EvaluateCommand::LeaveOutMarked(true));
    let measure = engine.newest(|request| match request {
        Request::Evaluation(EvaluationRequest::Measure { generation, places, .. }) => {
            Some((*generation, places.clone()))
        }
        _ => None,
    });
    let (generation, places) = measure.expect("it is measured without the marked one");
    engine.say(Event::Evaluation(EvaluationEvent::Measured {
        id: shown.id.clone(),
        generation,
        measures: shown.remeasured(&places).map(Box::new),
    }));
    harness.run_steps(4);
    assert!(harness.query_by_label("3 pictures with 6 captions").is_some());
    // Of their captions one does not find its picture first.
    assert!(harness.query_by_label("R@1 100.0 %").is_some());
    assert!(harness.query_by_label("R@1 83.3 %").is_some());
}

#[test]
fn sets_without_a_label_are_counted_and_are_the_least_sure() {
    let (engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Groups));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    let words = "15 pictures have no label in their set";
    assert!(harness.query_by_label_contains(words).is_some());
    assert!(harness.query_by_label("Least sure first").is_some());
}

#[test]
fn measures_follow_every_mark_while_marked_pictures_are_left_out() {
    let (engine, mut harness, mut shown) = open(60);
    let marked = || Marked {
        mark: Mark::Ambiguous,
        note: String::new(),
    };
    shown.marks.insert(3, marked());
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    want(&mut harness, EvaluateCommand::LeaveOutMarked(true));
    shown.marks.insert(8, marked());
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    let measured = |left: usize| {
        count(
            &engine,
            |request| matches!(request, EvaluationRequest::Measure { places, .. } if places.len() == left),
        )
    };
    assert_eq!((measured(59), measured(58)), (1, 1));
    // The classes' page draws the same numbers.
    let places: Vec<usize> = (0..60).filter(|place| !shown.marks.contains_key(place)).collect();
    engine.say(Event::Evaluation(EvaluationEvent::Measured {
        id: "first".into(),
        generation: 2,
        measures: shown.remeasured(&places).map(Box::new),
    }));
    harness.run_steps(4);
    let figures = harness.state().state().evaluating().figures().unwrap();
    assert_eq!(figures.measures.count, 58);
    want(&mut harness, EvaluateCommand::Open(Page::Classes));
    assert!(harness.query_by_label("asparagus, 8 pictures").is_some());
}

#[test]
fn a_map_on_its_way_can_be_stopped() {
    let (engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Map));
    want(&mut harness, EvaluateCommand::Project(MapKind::Tsne));
    let map = Projection {
        kind: MapKind::Tsne,
        done: 0.45,
        pictures: vec![[0.0, 0.0]; shown.pictures.len()],
        classes: vec![[0.0, 0.0]; CLASSES.len()],
        explained: None,
    };
    engine.say(Event::Evaluation(EvaluationEvent::Mapped(
        "first".into(),
        Arc::new(map),
    )));
    harness.run_steps(4);
    harness.get_by_label_contains("Stop").click();
    harness.run_steps(4);
    assert!(asked(&engine, |request| *request == EvaluationRequest::StopMap));
    assert!(harness.query_by_label_contains("stopped at 45 %").is_some());
}

#[test]
fn tables_are_saved_in_the_style_of_the_settings() {
    let (engine, mut harness, _) = open(30);
    let usual = Style { bom: false, safe: true };
    assert_eq!(harness.state().state().settings().csv_style(), usual);
    harness.state_mut().execute(Command::OpenDialog(Dialog::Settings));
    harness.run_steps(4);
    harness.get_by_label("For Excel").click();
    harness.run_steps(4);
    harness.get_by_label("Neutralise formulas").click();
    harness.run_steps(4);
    let style = Style { bom: true, safe: false };
    assert_eq!(harness.state().state().settings().csv_style(), style);
    // Without a frame between both, the platform is not asked for a file.
    for command in [
        EvaluateCommand::AskWhereTo(ExportKind::Csv),
        EvaluateCommand::Export("/tables/evaluation.csv".into()),
    ] {
        harness.state_mut().execute(Command::Evaluate(command));
    }
    let written = engine.newest(|request| match request {
        Request::Evaluation(EvaluationRequest::Export { style, .. }) => Some(*style),
        _ => None,
    });
    assert_eq!(written, Some(style));
}

#[test]
fn a_published_accuracy_is_set_beside_the_interval_of_the_measured_one() {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    let mut shown = complete(60);
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    // 80.0 % of 60 pictures: 68.2 to 88.2 %, and 63.3 % were published.
    assert!(
        harness
            .query_by_label_contains("it lies outside the interval")
            .is_some()
    );
    shown.published.as_mut().unwrap().share = 0.75;
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    assert!(
        harness
            .query_by_label_contains("no difference shown: it lies within")
            .is_some()
    );
}
