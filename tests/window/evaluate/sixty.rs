//! The accuracy on a folder without labels.

use std::sync::Arc;

use clipsight::app::command::Command;
use clipsight::app::evaluate::{EvaluateCommand, SixtyCommand};
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::evaluation::{EvaluationEvent, EvaluationRequest};
use clipsight::engine::protocol::{Event, LibraryRequest, Request};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::made::{CLASSES, grey, guessed, labelled_settings};
use super::{asked, want};
use crate::stand_in::{StandIn, window};

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
    let sixty = harness.state().state().evaluating().sixty().unwrap();
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

/// A window in which the accuracy without labels is estimated.
fn estimating(settings: Settings) -> (StandIn, Harness<'static, clipsight::app::App>) {
    let (engine, mut harness) = window(settings);
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    want(&mut harness, EvaluateCommand::Sixty(SixtyCommand::Begin));
    engine.say(Event::Evaluation(EvaluationEvent::Guessed {
        generation: 1,
        guessed: Ok(Arc::new(guessed())),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Idle));
    harness.run_steps(4);
    (engine, harness)
}

#[test]
fn a_picture_that_is_asked_about_is_shown_as_sharp_as_its_place() {
    let (engine, mut harness) = estimating(labelled_settings());
    let asked = || {
        engine.newest(|request| match request {
            Request::SharpPicture { path, side } => Some((path.clone(), *side)),
            _ => None,
        })
    };
    let is_sharp = |harness: &Harness<'static, clipsight::app::App>| {
        let sharp = harness.state().state().evaluating().sharp();
        sharp.is_some_and(|sharp| sharp.image.is_some())
    };
    let (path, side) = asked().expect("the small picture is not sharp enough");
    assert!(side > 256 && !is_sharp(&harness));
    let say = |path: std::path::PathBuf| {
        let image = Ok(grey());
        engine.say(Event::SharpPicture { path, side, image });
    };
    say(path.clone());
    harness.run_steps(4);
    assert!(is_sharp(&harness));
    want(&mut harness, EvaluateCommand::Sixty(SixtyCommand::Confirm));
    let (next, _) = asked().unwrap();
    assert_ne!(next, path);
    say(path);
    harness.run_steps(4);
    assert!(!is_sharp(&harness), "that was the picture before");
}

#[test]
fn every_answer_is_kept_as_it_is_given_and_gone_on_with_later() {
    let (engine, mut harness) = estimating(labelled_settings());
    for command in [SixtyCommand::Confirm, SixtyCommand::Say(None), SixtyCommand::Confirm] {
        want(&mut harness, EvaluateCommand::Sixty(command));
    }
    let kept = || {
        engine.newest(|request| match request {
            Request::Evaluation(EvaluationRequest::KeepGiven { folder, labels, given }) => {
                Some((folder.clone(), labels.clone(), given.clone()))
            }
            _ => None,
        })
    };
    let (folder, labels, given) = kept().expect("every answer is kept");
    assert_eq!(
        (folder, labels.len(), given.len()),
        ("/photos".into(), CLASSES.len(), 3)
    );
    assert_eq!(given[1].label, None);
    want(&mut harness, EvaluateCommand::Sixty(SixtyCommand::TakeBack));
    assert_eq!(kept().unwrap().2, given[..2]);

    // The same folder on another day.
    let mut again = guessed();
    again.given = given;
    want(&mut harness, EvaluateCommand::Sixty(SixtyCommand::Begin));
    engine.say(Event::Evaluation(EvaluationEvent::Guessed {
        generation: 2,
        guessed: Ok(Arc::new(again)),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Idle));
    harness.run_steps(4);
    let answers =
        |harness: &Harness<'static, clipsight::app::App>| harness.state().state().evaluating().sixty().unwrap().asked();
    assert_eq!(answers(&harness), 3);
    // Beginning anew is asked about first.
    harness.get_by_label("Begin anew\u{2026}").click_accesskit();
    harness.run_steps(4);
    assert_eq!(answers(&harness), 3);
    harness.get_by_label("Forget them and begin anew").click_accesskit();
    harness.run_steps(4);
    assert_eq!(answers(&harness), 0);
    assert_eq!(kept().unwrap().2, []);
}

#[test]
fn labels_that_were_given_are_saved_in_the_style_of_the_settings_too() {
    let (engine, mut harness) = estimating(Settings {
        csv_bom: true,
        ..labelled_settings()
    });
    want(&mut harness, EvaluateCommand::Sixty(SixtyCommand::Confirm));
    let save = SixtyCommand::Save("/photos/labels.csv".into());
    want(&mut harness, EvaluateCommand::Sixty(save));
    let content = engine.newest(|request| match request {
        Request::Library(LibraryRequest::Export { content, .. }) => Some(content.clone()),
        _ => None,
    });
    assert!(content.unwrap().starts_with("\u{feff}file_name,label"));
}
