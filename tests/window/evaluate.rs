//! The evaluating mode over a stand-in: from a folder to numbers, and from every number to its pictures.

use std::sync::Arc;

use clipsight::app::command::Command;
use clipsight::app::evaluate::{EvaluateCommand, MapColour, MatrixLook};
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::ModelChoice;
use clipsight::engine::evaluation::{
    Answer, Class, Evaluation, EvaluationEvent, EvaluationRequest, Explained, GroundTruth, Judged, MapKind, ModelRef,
    Part, Picture, Projection, Ranked, Setup, Slice, SliceBy, Source, TemplateSet, Wanted,
};
use clipsight::engine::protocol::{Event, Request, ScreenImage};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::stand_in::{StandIn, window};

pub use clipsight::app::evaluate::Page;

pub const CLASSES: [&str; 6] = ["apple", "bicycle", "cat", "dog", "lamp", "zebra"];

/// Pictures of six classes; every fifth is answered with the class after its own.
pub fn evaluation(pictures: usize) -> Evaluation {
    let ranked = |class: usize, probability: f32| Ranked {
        class,
        cosine: 0.2 + 0.1 * probability,
        probability,
    };
    let judged = |n: usize| {
        let truth = n * CLASSES.len() / pictures;
        let wrong = n % 5 == 3;
        let other = (truth + 1) % CLASSES.len();
        let sure = 0.35 + 0.6 * ((n * 37 % 100) as f32 / 100.0);
        let (first, second) = if wrong { (other, truth) } else { (truth, other) };
        Judged {
            path: format!("/pictures/{}/{n}.jpg", CLASSES[truth]).into(),
            side: None,
            content: String::new(),
            answer: Answer {
                truth,
                best: vec![ranked(first, sure), ranked(second, 1.0 - sure)],
                of_truth: ranked(truth, if wrong { 1.0 - sure } else { sure }),
                rank: usize::from(wrong),
                margin: 0.05,
                entropy: 0.4,
                none_cosine: 0.1,
            },
        }
    };
    let setup = Setup {
        folder: "/pictures".into(),
        wanted: Wanted::to_measure(),
        part: Part::All,
        templates: TemplateSet::One,
        preset: None,
        model: ModelRef {
            name: "Starter".into(),
            precision: "CPU, f32".into(),
            ..ModelRef::default()
        },
        data: "a".into(),
        date: "2026-11-26T17:05:00Z".into(),
        version: "0.1.0".into(),
    };
    let classes = CLASSES.map(Class::of_folder).to_vec();
    let mut evaluation = Evaluation::of_answers(setup, classes, (0..pictures).map(judged).collect());
    evaluation.id = "first".into();
    evaluation.name = "Starter on pictures".into();
    evaluation
}

fn grey() -> ScreenImage {
    ScreenImage {
        width: 8,
        height: 8,
        rgb: vec![120; 192],
    }
}

/// Says that this evaluation is opened.
pub fn say_evaluation(engine: &StandIn, evaluation: &Evaluation) {
    engine.say(Event::Evaluation(EvaluationEvent::List(vec![evaluation.listed()])));
    engine.say(Event::Evaluation(EvaluationEvent::Evaluated {
        generation: None,
        evaluation: Ok(Arc::new(evaluation.clone())),
    }));
}

/// What the engine would say to the pages of an evaluation.
pub fn say_everything(engine: &StandIn, evaluation: &Evaluation) {
    let id = || evaluation.id.clone();
    let count = evaluation.pictures.len();
    let point = |n: usize| {
        let class = evaluation.pictures[n].answer.truth as f32;
        let turn = n as f32 * 2.399_963;
        let far = 0.16 * ((n * 53 % 97) as f32 / 97.0).sqrt();
        let angle = class * std::f32::consts::TAU / CLASSES.len() as f32;
        [
            0.65 * angle.cos() + far * turn.cos(),
            0.65 * angle.sin() + far * turn.sin(),
        ]
    };
    let map = Projection {
        kind: MapKind::Pca,
        done: 1.0,
        pictures: (0..count).map(point).collect(),
        classes: (0..CLASSES.len())
            .map(|class| {
                let angle = class as f32 * std::f32::consts::TAU / CLASSES.len() as f32;
                [0.65 * angle.cos(), 0.65 * angle.sin()]
            })
            .collect(),
        explained: Some(0.31),
    };
    engine.say(Event::Evaluation(EvaluationEvent::Mapped(id(), Arc::new(map))));
    let slice = |class: usize| {
        let places: Vec<usize> = (0..count)
            .filter(|n| evaluation.pictures[*n].answer.truth == class)
            .collect();
        Slice {
            name: CLASSES[class].into(),
            accuracy: evaluation.accuracy_of(&places),
            places,
        }
    };
    let slices = Arc::new((0..CLASSES.len()).map(slice).collect());
    engine.say(Event::Evaluation(EvaluationEvent::Sliced(
        id(),
        SliceBy::Folder,
        slices,
    )));
    let picture = |side: usize| ScreenImage {
        width: side,
        height: side,
        rgb: (0..side * side)
            .flat_map(|n| [(n % 251) as u8, (n / side % 251) as u8, 90])
            .collect(),
    };
    engine.say(Event::Evaluation(EvaluationEvent::Explained {
        id: id(),
        place: 3,
        explained: Ok(Arc::new(Explained {
            picture: picture(240),
            truth: picture(200),
            answer: picture(200),
            method: "Class activation".into(),
        })),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Nearest {
        id: id(),
        place: 3,
        nearest: vec![(0, 0.91), (1, 0.88), (2, 0.7)],
    }));
}

fn open(pictures: usize) -> (StandIn, Harness<'static, clipsight::app::App>, Evaluation) {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    let shown = evaluation(pictures);
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    (engine, harness, shown)
}

fn want(harness: &mut Harness<'static, clipsight::app::App>, command: EvaluateCommand) {
    harness.state_mut().execute(Command::Evaluate(command));
    harness.run_steps(4);
}

fn asked(engine: &StandIn, wanted: impl Fn(&EvaluationRequest) -> bool) -> bool {
    engine
        .requests()
        .iter()
        .any(|request| matches!(request, Request::Evaluation(request) if wanted(request)))
}

/// The pictures of the gallery, by their places.
fn shown_places(harness: &Harness<'static, clipsight::app::App>) -> Vec<usize> {
    let mut places = (**harness.state().state().evaluating.gallery()).clone();
    places.sort_unstable();
    places
}

#[test]
fn a_folder_is_looked_through_corrected_and_evaluated() {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    harness.run_steps(4);
    assert!(asked(&engine, |request| *request == EvaluationRequest::List));
    assert!(harness.query_by_label("Choose the pictures first").is_some());
    want(&mut harness, EvaluateCommand::UseFolder("/pictures".into()));
    assert!(asked(&engine, |request| matches!(
        request,
        EvaluationRequest::Look { generation: 1, .. }
    )));
    want(&mut harness, EvaluateCommand::Start);
    assert!(
        !asked(&engine, |request| matches!(request, EvaluationRequest::Evaluate { .. })),
        "nothing is known yet"
    );

    let picture = |class: usize| Picture {
        path: format!("/pictures/{}/a.jpg", CLASSES[class]).into(),
        class: Some(class),
        side: None,
        captions: Vec::new(),
    };
    let truth = GroundTruth {
        root: "/pictures".into(),
        classes: CLASSES.map(Class::of_folder).to_vec(),
        pictures: (0..CLASSES.len()).map(picture).collect(),
        source: Source::Folders,
        ..GroundTruth::default()
    };
    // An answer to an older look is dropped.
    let old = Err("it holds nothing".to_string());
    engine.say(Event::Evaluation(EvaluationEvent::Looked {
        generation: 0,
        truth: old,
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Looked {
        generation: 1,
        truth: Ok((Box::new(truth), None)),
    }));
    harness.run_steps(4);
    assert!(harness.query_by_label("6 pictures of 6 classes").is_some());
    harness.get_by_label("Start the evaluation").click();
    harness.run_steps(4);
    let started = engine.requests().into_iter().rev().find_map(|request| match request {
        Request::Evaluation(EvaluationRequest::Evaluate { config, .. }) => Some(config),
        _ => None,
    });
    let started = started.expect("it was started");
    assert_eq!(
        (started.model.clone(), started.folder.display().to_string()),
        (ModelChoice::Starter, "/pictures".into())
    );

    engine.say(Event::Evaluation(EvaluationEvent::Evaluated {
        generation: Some(1),
        evaluation: Err("no picture of /pictures can be read".into()),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Idle));
    harness.run_steps(4);
    assert!(harness.query_by_label("no picture of /pictures can be read").is_some());
}

#[test]
fn a_number_leads_to_exactly_its_pictures_and_esc_leads_back() {
    let (_engine, mut harness, shown) = open(60);
    let wrong: Vec<usize> = (0..60).filter(|n| n % 5 == 3).collect();
    assert_eq!(shown_places(&harness), wrong);
    want(&mut harness, EvaluateCommand::Open(Page::Matrix));
    let words = format!("{} answered {}", CLASSES[0], CLASSES[1]);
    let button = format!("{}  {words}", shown.confusion.at(0, 1));
    harness.get_by_label(&button).click();
    harness.run_steps(4);
    let mut gallery = (**harness.state().state().evaluating.gallery()).clone();
    gallery.sort_unstable();
    assert_eq!(gallery.len(), shown.confusion.at(0, 1) as usize);
    assert!(gallery.iter().all(|n| n % 5 == 3 && *n < 10), "{gallery:?}");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(4);
    assert!(harness.state().state().evaluating.door().is_none());
    assert_eq!(shown_places(&harness), wrong);
}

#[test]
fn a_failure_is_looked_at_marked_and_left_again() {
    let (engine, mut harness, mut shown) = open(60);
    want(&mut harness, EvaluateCommand::Look(Some(3)));
    assert!(asked(&engine, |request| matches!(
        request,
        EvaluationRequest::Explain { place: 3, .. }
    )));
    assert!(asked(&engine, |request| matches!(
        request,
        EvaluationRequest::Nearest { place: 3, .. }
    )));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    assert!(harness.query_by_label("apple, answered bicycle").is_some());
    assert!(harness.query_by_label("Class activation, both on one scale").is_some());
    harness.get_by_label("ambiguous").click();
    harness.run_steps(4);
    let marked = engine.requests().into_iter().rev().find_map(|request| match request {
        Request::Evaluation(EvaluationRequest::Mark { place, mark, .. }) => Some((place, mark)),
        _ => None,
    });
    let (place, mark) = marked.expect("it was marked");
    assert_eq!(place, 3);
    shown.marks.insert(3, mark.expect("with a mark"));
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    want(&mut harness, EvaluateCommand::LeaveOutMarked(true));
    let left: Vec<usize> = (0..60).filter(|n| n % 5 == 3 && *n != 3).collect();
    assert_eq!(shown_places(&harness), left);
    assert!(asked(
        &engine,
        |request| matches!(request, EvaluationRequest::Measure { places, .. } if places.len() == 59)
    ));
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(4);
    harness.key_press(egui::Key::Escape);
    harness.run_steps(4);
    assert_eq!(harness.state().state().evaluating.looked_at(), None);
}

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
    let grid = harness.state().state().evaluating.matrix();
    assert_eq!(grid.most, Some(3));
}

#[test]
fn a_deleted_evaluation_comes_back() {
    let (engine, mut harness, _) = open(30);
    want(&mut harness, EvaluateCommand::Delete("first".into()));
    assert!(harness.state().state().evaluating.shown().is_none());
    harness.state_mut().execute(Command::Undo);
    harness.run_steps(2);
    assert!(asked(&engine, |request| *request
        == EvaluationRequest::Restore("first".into())));
}
