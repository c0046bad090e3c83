//! A new evaluation: its pictures, the names of its classes, its start; and one that comes from a file.

use clipsight::app::command::Command;
use clipsight::app::evaluate::EvaluateCommand;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::ModelChoice;
use clipsight::engine::evaluation::{Class, Columns, EvaluationEvent, EvaluationRequest, GroundTruth, Picture, Source};
use clipsight::engine::protocol::{Event, Request};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::made::{CLASSES, two_classes};
use super::{asked, count, open, want};
use crate::stand_in::{StandIn, window};

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

/// Types into the field of this number on the page, and leaves it.
pub fn type_into(harness: &mut Harness<'static, clipsight::app::App>, field: usize, texts: &[&str]) {
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
    let draft = harness.state().state().evaluating().draft().clone();
    assert_eq!(draft.classes.len(), 1, "{draft:?}");
    assert_eq!(draft.classes[0].descriptions, ["a cat on a sofa", "a cat"]);
    assert_eq!(draft.classes[0].name, None, "it is called as before");
    type_into(&mut harness, 2, &["  "]);
    let draft = harness.state().state().evaluating().draft().clone();
    assert_eq!(draft.classes.len(), 1, "an empty name is no name: {draft:?}");
}

#[test]
fn a_labels_file_names_the_classes_of_what_is_set_up() {
    let (_engine, mut harness) = looked(Ok(two_classes(["n1", "n2"])), Vec::new());
    let text = "folder\tname\tdescription\nn1\ttabby cat\nn2\tdog\ta dog at home\n";
    want(&mut harness, EvaluateCommand::UseNames(text.into()));
    let draft = harness.state().state().evaluating().draft().clone();
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
    let mut config = harness.state().state().evaluating().draft().clone();
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
