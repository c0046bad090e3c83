//! The evaluating mode over a stand-in: from a folder to numbers, and from every number to its pictures.

use std::path::Path;
use std::sync::Arc;

use clipsight::app::command::Command;
use clipsight::app::evaluate::{Door, EvaluateCommand, MapColour, MatrixLook, SixtyCommand};
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::ModelChoice;
use clipsight::engine::evaluation::{
    Answer, Caption, Class, Cluster, ClusterOf, Columns, Comparison, Conformal, Evaluation, EvaluationEvent,
    EvaluationRequest, Explained, FailureOrder, Fitted, GroundTruth, Guess, Guessed, Judged, MapKind, Mark, Marked,
    ModelRef, Negatives, Nonsense, Part, Picture, Projection, PromptRow, PromptStudy, Published, Ranked, Retrieval,
    Setup, SideBySide, Slice, SliceBy, Source, TemplateSet, Wanted,
};
use clipsight::engine::protocol::{Event, LibraryRequest, Request, ScreenImage};
use clipsight::evaluation::share_interval;
use clipsight::heatmap::Ramp;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::stand_in::{StandIn, window};

pub use clipsight::app::evaluate::Page;

pub const CLASSES: [&str; 6] = ["asparagus", "bananas", "carrots", "cat", "lemons", "oranges"];

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
        let sure = 0.5 + 0.45 * ((n * 37 % 100) as f32 / 100.0);
        let (first, second) = if wrong { (other, truth) } else { (truth, other) };
        let next = 0.7 * (1.0 - sure);
        let others = (0..CLASSES.len()).filter(|class| *class != first && *class != second);
        let rest = others.take(3).map(|class| ranked(class, 0.1 * (1.0 - sure)));
        let best: Vec<Ranked> = [ranked(first, sure), ranked(second, next)]
            .into_iter()
            .chain(rest)
            .collect();
        Judged {
            path: format!("/pictures/{}/{n}.jpg", CLASSES[truth]).into(),
            side: None,
            content: format!("{n}"),
            answer: Answer {
                truth,
                of_truth: best[usize::from(wrong)],
                best,
                rank: usize::from(wrong),
                margin: 0.1 * (sure - next),
                entropy: 1.0 - sure,
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

/// One of the samples, at most so large.
fn sample(class: usize, side: u32) -> ScreenImage {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
    let picture = image::open(folder.join(format!("{}.jpg", CLASSES[class]))).unwrap();
    let small = picture.thumbnail(side, side).to_rgb8();
    ScreenImage {
        width: small.width() as usize,
        height: small.height() as usize,
        rgb: small.into_raw(),
    }
}

/// The same under a heatmap around a place.
fn heated(class: usize, side: u32, at: [f32; 2]) -> ScreenImage {
    let mut image = sample(class, side);
    let (width, height) = (image.width, image.height);
    for (n, pixel) in image.rgb.chunks_exact_mut(3).enumerate() {
        let (x, y) = ((n % width) as f32 / width as f32, (n / width) as f32 / height as f32);
        let heat = (-12.0 * ((x - at[0]).powi(2) + (y - at[1]).powi(2))).exp();
        let colour = Ramp::Viridis.colour(heat);
        for (channel, ink) in pixel.iter_mut().zip(colour) {
            *channel = (0.4 * f32::from(*channel) + 0.6 * f32::from(ink)) as u8;
        }
    }
    image
}

/// Says the small pictures of an evaluation.
pub fn say_pictures(engine: &StandIn, evaluation: &Evaluation) {
    let samples: Vec<ScreenImage> = (0..CLASSES.len()).map(|class| sample(class, 128)).collect();
    for picture in &evaluation.pictures {
        engine.say(Event::FilePicture {
            path: picture.path.clone(),
            image: Ok(samples[picture.answer.truth % samples.len()].clone()),
        });
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

/// The same with all that can be known of one: marks, prompts, negatives, a temperature, a published figure.
pub fn complete(pictures: usize) -> Evaluation {
    let mut evaluation = evaluation(pictures);
    let share = |hits: usize, of: usize| share_interval(hits, of).unwrap();
    let right =
        |of: &dyn Fn(usize) -> bool| -> Vec<f64> { (0..pictures).map(|n| f64::from(u8::from(of(n)))).collect() };
    let first = right(&|n| n % 5 != 3);
    let row = |name: &str, templates: TemplateSet, scores: Vec<f64>, first_row: bool| PromptRow {
        name: name.into(),
        templates,
        top1: share(scores.iter().filter(|score| **score == 1.0).count(), pictures),
        gain: (!first_row).then(|| Comparison::of(&first, &scores).unwrap()),
        nonsense: Nonsense::of((0..100).map(|n| f64::from(n) / 1_000.0 - 0.06).collect()),
        wrong: Vec::new(),
    };
    evaluation.prompts = Some(PromptStudy {
        rows: vec![
            row("bare name", TemplateSet::Bare, first.clone(), true),
            row(
                "one template",
                TemplateSet::One,
                right(&|n| n % 5 != 3 || n % 3 == 0),
                false,
            ),
            row(
                "7 templates",
                TemplateSet::Seven,
                right(&|n| n % 5 != 3 || n % 10 == 3),
                false,
            ),
            row(
                "80 templates",
                TemplateSet::Eighty,
                right(&|n| n % 5 != 3 && n % 7 != 1),
                false,
            ),
        ],
    });
    let own: Vec<f64> = (0..100).map(|n| 0.02 + 0.001 * f64::from(n)).collect();
    let others: Vec<f64> = (0..60).map(|n| 0.05 - 0.001 * f64::from(n)).collect();
    evaluation.negatives = Negatives::of(&own, &others);
    let reliability = evaluation.calibration.all.clone();
    evaluation.calibration.fitted = Some(Fitted {
        temperature: 1.31,
        fitted_on: pictures / 2,
        before: reliability.clone(),
        after: reliability,
        after_each: Vec::new(),
    });
    evaluation.published = Some(Published {
        model: "openai/clip-vit-base-patch32".into(),
        set: "ImageNet 1k".into(),
        top1: 0.633,
        source: "OpenCLIP's results table".into(),
        date: "November 2026".into(),
    });
    let mark = Mark::TwoThings;
    let note = "a bowl of both".into();
    evaluation.marks.insert(3, Marked { mark, note });
    evaluation
}

/// What was found in a folder with a list.
pub fn say_found(app: &mut clipsight::app::App, engine: &StandIn) {
    let folder = EvaluateCommand::UseFolder("/pictures/market".into());
    app.execute(Command::Evaluate(folder));
    let columns = Columns {
        list: "/pictures/market/list.csv".into(),
        file: "file_name".into(),
        said: Some("label".into()),
        all: ["file_name", "label", "split", "weight"].map(String::from).to_vec(),
        rows: 2,
    };
    let truth = GroundTruth {
        source: Source::Labels,
        problems: vec![("/pictures/market/x.jpg".into(), "it is not there".into())],
        notes: vec!["the folders' names are not used".into()],
        columns: vec![columns.clone()],
        ..two_classes(["n02123045", "n02124075"])
    };
    engine.say(Event::Evaluation(EvaluationEvent::Looked {
        generation: 1,
        truth: Ok((Box::new(truth), None)),
        columns: vec![columns],
    }));
}

/// An accuracy without labels that is under way.
pub fn say_sixty(app: &mut clipsight::app::App, engine: &StandIn) {
    app.execute(Command::Open(vec!["/photos".into()]));
    app.execute(Command::EditLabels(labelled_settings().labels));
    app.execute(Command::Evaluate(EvaluateCommand::Sixty(SixtyCommand::Begin)));
    let guessed = guessed();
    for (n, guess) in guessed.pictures.iter().enumerate() {
        engine.say(Event::FilePicture {
            path: guess.path.clone(),
            image: Ok(sample(n % CLASSES.len(), 256)),
        });
    }
    engine.say(Event::Evaluation(EvaluationEvent::Guessed {
        generation: 1,
        guessed: Ok(Arc::new(guessed)),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Idle));
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
    let before: Vec<bool> = (0..count).map(|n| n % 4 != 1).collect();
    let after: Vec<bool> = evaluation
        .pictures
        .iter()
        .map(|picture| picture.answer.right())
        .collect();
    let truth: Vec<usize> = evaluation.pictures.iter().map(|picture| picture.answer.truth).collect();
    let alone: Vec<usize> = (0..count).collect();
    let compared = SideBySide::of(&before, &after, &truth, &alone).unwrap();
    let mut listed = evaluation.listed();
    (listed.id, listed.name) = ("before".into(), "Starter, bare names".into());
    let list = vec![evaluation.listed(), listed];
    engine.say(Event::Evaluation(EvaluationEvent::List(list)));
    engine.say(Event::Evaluation(EvaluationEvent::Compared(
        "before".into(),
        id(),
        Ok(Arc::new(compared)),
    )));
    let cluster = Cluster {
        of: ClusterOf::Class(1),
        places: (0..count).filter(|n| n % 5 == 3).take(5).collect(),
        members: (0..8).collect(),
        words: vec![("a plastic bag".into(), 0.1), ("a price tag".into(), 0.08)],
        held_out: share_interval(1, 4),
    };
    engine.say(Event::Evaluation(EvaluationEvent::Clustered(
        id(),
        Arc::new(vec![cluster]),
    )));
    let sets = Conformal {
        level: 0.9,
        threshold: 0.1,
        fitted_on: count / 2,
        coverage: share_interval(count * 9 / 20, count / 2).unwrap(),
        mean_size: 1.7,
        sizes: (0..count).map(|n| 1 + n % 3).collect(),
    };
    engine.say(Event::Evaluation(EvaluationEvent::Conformal(id(), Box::new(sets))));
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
    engine.say(Event::Evaluation(EvaluationEvent::Explained {
        id: id(),
        place: 3,
        explained: Ok(Arc::new(explained())),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Nearest {
        id: id(),
        place: 3,
        nearest: vec![(0, 0.91), (1, 0.88), (2, 0.7)],
    }));
}

pub fn explained() -> Explained {
    Explained {
        picture: sample(0, 400),
        truth: heated(0, 300, [0.4, 0.5]),
        answer: heated(0, 300, [0.7, 0.3]),
        method: "Class activation".into(),
        beside: None,
    }
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
        columns: Vec::new(),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Looked {
        generation: 1,
        truth: Ok((Box::new(truth), None)),
        columns: Vec::new(),
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
    assert!(harness.query_by_label("asparagus, answered bananas").is_some());
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

fn count(engine: &StandIn, wanted: impl Fn(&EvaluationRequest) -> bool) -> usize {
    let requests = engine.requests();
    let of = requests
        .iter()
        .filter(|request| matches!(request, Request::Evaluation(request) if wanted(request)));
    of.count()
}

/// A folder with two classes, looked through.
fn looked(
    truth: Result<GroundTruth, String>,
    columns: Vec<Columns>,
) -> (StandIn, Harness<'static, clipsight::app::App>) {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    want(&mut harness, EvaluateCommand::UseFolder("/pictures".into()));
    engine.say(Event::Evaluation(EvaluationEvent::Looked {
        generation: 1,
        truth: truth.map(|truth| (Box::new(truth), None)),
        columns,
    }));
    harness.run_steps(4);
    (engine, harness)
}

pub fn two_classes(folders: [&str; 2]) -> GroundTruth {
    let picture = |class: usize| Picture {
        path: format!("/pictures/{}/a.jpg", folders[class]).into(),
        class: Some(class),
        side: None,
        captions: Vec::new(),
    };
    GroundTruth {
        root: "/pictures".into(),
        classes: folders.map(Class::of_folder).to_vec(),
        pictures: (0..2).map(picture).collect(),
        source: Source::Folders,
        ..GroundTruth::default()
    }
}

/// Types into the field of this number on the page, and leaves it.
fn type_into(harness: &mut Harness<'static, clipsight::app::App>, field: usize, texts: &[&str]) {
    let fields: Vec<_> = harness.get_all_by_role(egui::accesskit::Role::TextInput).collect();
    fields[field].focus();
    drop(fields);
    harness.run_steps(2);
    for text in texts {
        let fields: Vec<_> = harness.get_all_by_role(egui::accesskit::Role::TextInput).collect();
        fields[field].type_text(text);
        drop(fields);
        harness.run_steps(2);
    }
    harness.key_press(egui::Key::Tab);
    harness.run_steps(4);
}

#[test]
fn a_description_is_typed_with_its_spaces_and_a_name_of_nothing_is_none() {
    let (_engine, mut harness) = looked(Ok(two_classes(["n1", "n2"])), Vec::new());
    type_into(&mut harness, 1, &["a cat ", "on a sofa | ", "a cat"]);
    let draft = harness.state().state().evaluating.draft().clone();
    assert_eq!(draft.classes.len(), 1, "{draft:?}");
    assert_eq!(draft.classes[0].descriptions, ["a cat on a sofa", "a cat"]);
    assert_eq!(draft.classes[0].name, None, "it is called as before");
    type_into(&mut harness, 2, &["  "]);
    let draft = harness.state().state().evaluating.draft().clone();
    assert_eq!(draft.classes.len(), 1, "an empty name is no name: {draft:?}");
}

#[test]
fn a_labels_file_names_the_classes_of_what_is_set_up() {
    let (_engine, mut harness) = looked(Ok(two_classes(["n1", "n2"])), Vec::new());
    let text = "folder\tname\tdescription\nn1\ttabby cat\nn2\tdog\ta dog at home\n";
    want(&mut harness, EvaluateCommand::UseNames(text.into()));
    let draft = harness.state().state().evaluating.draft().clone();
    let named: Vec<_> = draft
        .classes
        .iter()
        .map(|class| (class.title(), class.descriptions.len()))
        .collect();
    assert_eq!(named, [("tabby cat", 0), ("dog", 1)]);
    want(&mut harness, EvaluateCommand::UseNames("x\ny\nz".into()));
    assert!(
        harness
            .query_by_label_contains("no label of the labels file names a class")
            .is_some()
    );
}

#[test]
fn a_wrong_first_guess_can_be_corrected() {
    let columns = Columns {
        list: "/pictures/list.csv".into(),
        all: vec!["where".into(), "kind".into()],
        ..Columns::default()
    };
    let (engine, mut harness) = looked(Err("/pictures holds no ground truth".into()), vec![columns]);
    assert!(harness.query_by_label("/pictures holds no ground truth").is_some());
    let mut config = harness.state().state().evaluating.draft().clone();
    assert!(harness.query_by_label("label column").is_some());
    config.wanted.label_column = Some("kind".into());
    want(&mut harness, EvaluateCommand::Configure(Box::new(config)));
    assert!(asked(&engine, |request| matches!(
        request,
        EvaluationRequest::Look { generation: 2, wanted, .. } if wanted.label_column.as_deref() == Some("kind")
    )));
}

#[test]
fn a_name_is_written_once_it_is_left() {
    let (engine, mut harness, _) = open(30);
    type_into(&mut harness, 0, &[" A", "B", "C"]);
    let told = |request: &EvaluationRequest| match request {
        EvaluationRequest::Describe { name, .. } => Some(name.clone()),
        _ => None,
    };
    let requests = engine.requests();
    let names: Vec<String> = requests
        .iter()
        .filter_map(|request| match request {
            Request::Evaluation(request) => told(request),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["Starter on pictures ABC"]);
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
    let figures = harness.state().state().evaluating.figures().unwrap();
    assert_eq!(figures.measures.count, 58);
    want(&mut harness, EvaluateCommand::Open(Page::Classes));
    assert!(harness.query_by_label("asparagus, 8 pictures").is_some());
}

#[test]
fn a_door_with_an_order_keeps_it_until_another_one_is_asked_for() {
    let (_engine, mut harness, _) = open(60);
    let door = Door::ordered("largest label sets", vec![9, 3, 20], "largest sets first");
    want(&mut harness, EvaluateCommand::Enter(Some(door)));
    let gallery =
        |harness: &Harness<'static, clipsight::app::App>| (**harness.state().state().evaluating.gallery()).clone();
    assert_eq!(gallery(&harness), [9, 3, 20]);
    assert!(
        harness.query_by_label("largest sets first").is_some()
            || harness.query_by_value("largest sets first").is_some()
    );
    want(&mut harness, EvaluateCommand::OrderBy(FailureOrder::Disagreement));
    assert_eq!(gallery(&harness)[0], 3, "the mistake comes first now");
}

#[test]
fn what_is_behind_a_door_is_kept_as_a_slice() {
    let (engine, mut harness, _) = open(60);
    want(
        &mut harness,
        EvaluateCommand::Enter(Some(Door::new("dark ones", vec![1, 2]))),
    );
    harness.get_by_label("Keep as slice").click();
    harness.run_steps(4);
    assert!(asked(&engine, |request| matches!(
        request,
        EvaluationRequest::KeepSlice { name, places, .. } if name == "dark ones" && *places == [1, 2]
    )));
}

#[test]
fn an_evaluation_is_opened_from_a_file_and_the_folder_of_its_pictures() {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    want(&mut harness, EvaluateCommand::ImportFrom("/pictures".into()));
    assert_eq!(
        count(&engine, |request| matches!(request, EvaluationRequest::Import { .. })),
        0
    );
    harness
        .state_mut()
        .execute(Command::Evaluate(EvaluateCommand::Import("/a.evaluation".into())));
    harness
        .state_mut()
        .execute(Command::Evaluate(EvaluateCommand::ImportFrom("/pictures".into())));
    assert!(asked(&engine, |request| *request
        == EvaluationRequest::Import {
            file: "/a.evaluation".into(),
            pictures: "/pictures".into(),
            model: ModelChoice::Starter,
        }));
}

/// What a model answers to forty pictures that nobody has labelled.
pub fn guessed() -> Guessed {
    let guess = |n: usize| {
        let sure = 0.4 + 0.5 * ((n * 37 % 100) as f32 / 100.0);
        let class = n % CLASSES.len();
        let others = (1..5).map(|k| ((class + k) % CLASSES.len(), (1.0 - sure) / 4.0));
        Guess {
            path: format!("/photos/{n}.jpg").into(),
            best: [(class, sure)].into_iter().chain(others).collect(),
        }
    };
    Guessed {
        folder: "/photos".into(),
        labels: CLASSES.map(String::from).to_vec(),
        pictures: (0..300).map(guess).collect(),
        unreadable: 0,
    }
}

/// A window with a folder and labels, in which the accuracy without labels is estimated.
pub fn labelled_settings() -> Settings {
    let label =
        |(n, name): (usize, &str)| clipsight::app::settings::LabelRow::new(clipsight::zero_shot::Label::named(name), n);
    Settings {
        folders: vec!["/photos".into()],
        labels: CLASSES.into_iter().enumerate().map(label).collect(),
        ..Settings::default()
    }
}

#[test]
fn an_accuracy_is_estimated_without_labels_by_one_key_a_picture() {
    let (engine, mut harness) = window(labelled_settings());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    harness.run_steps(4);
    harness.get_by_label("Estimate without labels").click();
    harness.run_steps(4);
    assert!(asked(&engine, |request| matches!(
        request,
        EvaluationRequest::Guess { generation: 1, labels, .. } if labels.len() == CLASSES.len()
    )));
    engine.say(Event::Evaluation(EvaluationEvent::Guessed {
        generation: 1,
        guessed: Ok(Arc::new(guessed())),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Idle));
    harness.run_steps(4);
    for n in 0..20 {
        harness.key_press(if n % 4 == 0 { egui::Key::Num2 } else { egui::Key::Enter });
        harness.run_steps(2);
    }
    harness.key_press(egui::Key::Backspace);
    harness.run_steps(2);
    let sixty = harness.state().state().evaluating.sixty().unwrap();
    assert_eq!(sixty.asked(), 19);
    assert!(sixty.estimate().unwrap().holds(0.75), "{:?}", sixty.estimate());
    let save = EvaluateCommand::Sixty(SixtyCommand::Save("/photos/labels.csv".into()));
    want(&mut harness, save);
    let written = engine.requests().into_iter().find_map(|request| match request {
        Request::Library(LibraryRequest::Export { content, .. }) => Some(content),
        _ => None,
    });
    assert_eq!(written.unwrap().lines().count(), 20);
}

/// Four pictures with two captions each; one of them finds another's first.
pub fn captioned() -> Evaluation {
    let mut evaluation = evaluation(12);
    evaluation.source = Source::Captions;
    evaluation.pictures.truncate(4);
    evaluation.captions = (0..8)
        .map(|n| Caption {
            text: format!("{} in the market, caption {n}", CLASSES[n / 2]),
            picture: n / 2,
        })
        .collect();
    for (n, picture) in evaluation.pictures.iter_mut().enumerate() {
        let wrong = n == 3;
        let ranked = |class: usize, probability: f32| Ranked {
            class,
            cosine: 0.3 * probability,
            probability,
        };
        let (first, second) = if wrong { (0, 2 * n) } else { (2 * n, (2 * n + 2) % 8) };
        picture.answer.truth = 2 * n;
        picture.answer.best = vec![ranked(first, 0.7), ranked(second, 0.2)];
        picture.answer.of_truth = ranked(2 * n, if wrong { 0.2 } else { 0.7 });
        picture.answer.rank = usize::from(wrong);
    }
    let share = |hits: usize, of: usize| share_interval(hits, of).unwrap();
    evaluation.retrieval = Some(Retrieval {
        pictures: 4,
        captions: 8,
        to_captions: [share(3, 4), share(4, 4), share(4, 4)],
        to_pictures: [share(5, 8), share(8, 8), share(8, 8)],
        ranks: vec![0, 0, 0, 1],
        caption_ranks: vec![0, 0, 0, 2, 0, 0, 3, 3],
    });
    evaluation.classes.clear();
    let answers: Vec<&Answer> = evaluation.pictures.iter().map(|picture| &picture.answer).collect();
    evaluation.measures = clipsight::evaluation::Measures::of(answers.iter().copied(), 0).unwrap();
    evaluation.confusion = clipsight::evaluation::Confusion::of(answers, 0);
    evaluation.id = "captions".into();
    evaluation.name = "Starter on captions".into();
    evaluation
}

#[test]
fn captions_have_pictures_behind_their_numbers() {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    let shown = captioned();
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    assert!(harness.query_by_label("Starter on 4 pictures").is_some());
    assert!(harness.query_by_label("Confusion").is_none(), "there are no classes");
    assert_eq!(shown_places(&harness), [3]);
    let figures: Vec<_> = harness.get_all_by_label("R@1 62.5 %").collect();
    figures[0].click();
    drop(figures);
    harness.run_steps(4);
    assert_eq!(shown_places(&harness), [1, 3], "captions that do not find these");
    want(&mut harness, EvaluateCommand::Look(Some(3)));
    for page in [Page::Map, Page::Groups, Page::Compare, Page::Summary] {
        want(&mut harness, EvaluateCommand::Open(page));
    }
    assert!(harness.query_by_label_contains("carrots in the market").is_none());
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
fn a_cell_of_the_matrix_is_reached_by_arrows() {
    let (_engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Matrix));
    harness.get_by_label("Confusion matrix").focus();
    harness.run_steps(4);
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(4);
    let door = harness.state().state().evaluating.door().cloned().unwrap();
    assert_eq!(door.words, "asparagus answered bananas");
    assert_eq!(door.places.len(), shown.confusion.at(0, 1) as usize);
}
