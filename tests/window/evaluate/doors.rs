//! Doors from numbers, rows and colours, and what is behind them.

use clipsight::app::command::Command;
use clipsight::app::evaluate::{Door, EvaluateCommand, MapColour, Page};
use clipsight::app::explore::Compare;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::evaluation::{EvaluationEvent, EvaluationRequest, FailureOrder, KeptSlice, SliceBy};
use clipsight::engine::protocol::{Event, LibraryRequest, Request};
use egui_kittest::kittest::Queryable;

use super::made::{CLASSES, captioned, complete, say_changed, say_evaluation, say_everything};
use super::setup::type_into;
use super::{asked, count, open, shown_places, want};
use crate::stand_in::window;

#[test]
fn precision_leads_to_the_pictures_that_are_answered_with_a_class() {
    let (_engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Classes));
    harness.get_by_label("precision of bananas").click();
    harness.run_steps(4);
    let bananas = |place: &usize| shown.pictures[*place].answer.answered() == 1;
    let answered: Vec<usize> = (0..60).filter(bananas).collect();
    assert_eq!(shown_places(&harness), answered);
    let door = harness.state().state().evaluating().door().cloned().unwrap();
    assert_eq!(door.words, "answered bananas");
}

#[test]
fn an_entry_of_the_legend_hides_what_has_its_colour() {
    let (engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Map));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    want(&mut harness, EvaluateCommand::ColourMap(MapColour::Answer));
    harness.get_by_label("bananas").click();
    harness.run_steps(4);
    let evaluating = harness.state().state().evaluating();
    for picture in &shown.pictures {
        let answer = &picture.answer;
        assert_eq!(
            evaluating.is_on_map(answer),
            answer.answered() != 1,
            "{}",
            picture.content
        );
    }
    want(&mut harness, EvaluateCommand::ColourMap(MapColour::Truth));
    let evaluating = harness.state().state().evaluating();
    let hidden = |picture: &clipsight::engine::evaluation::Judged| !evaluating.is_on_map(&picture.answer);
    assert!(
        shown
            .pictures
            .iter()
            .all(|picture| hidden(picture) == (picture.answer.truth == 1))
    );
}

#[test]
fn a_kept_slice_has_the_name_that_is_typed_and_is_listed_at_once() {
    let (engine, mut harness, mut shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Groups));
    want(&mut harness, EvaluateCommand::Slice(SliceBy::Kept));
    let asked_for_kept = || {
        count(&engine, |request| {
            matches!(request, EvaluationRequest::Slices(_, SliceBy::Kept))
        })
    };
    let before = asked_for_kept();
    let door = Door::new("selected on the map", vec![1, 2]);
    want(&mut harness, EvaluateCommand::Enter(Some(door)));
    type_into(&mut harness, 0, &[" by", " hand"]);
    harness.get_by_label("Keep as slice").click();
    harness.run_steps(4);
    let kept = engine.newest(|request| match request {
        Request::Evaluation(EvaluationRequest::KeepSlice { name, .. }) => Some(name.clone()),
        _ => None,
    });
    let kept = kept.expect("it was kept");
    assert_eq!(kept, "selected on the map by hand");
    // One that replaces another of the same name is another list, though it is as long.
    let slice = |contents: [&str; 2]| KeptSlice {
        name: kept.clone(),
        contents: contents.map(String::from).to_vec(),
    };
    shown.slices = vec![slice(["1", "2"])];
    say_changed(&engine, &shown);
    harness.run_steps(4);
    let listed = EvaluationEvent::Sliced("first".into(), SliceBy::Kept, Default::default());
    engine.say(Event::Evaluation(listed));
    harness.run_steps(4);
    shown.slices = vec![slice(["3", "4"])];
    say_changed(&engine, &shown);
    harness.run_steps(4);
    assert_eq!(asked_for_kept(), before + 2);
}

#[test]
fn captions_are_offered_no_order_that_says_nothing_of_them() {
    let (engine, mut harness, _) = open(60);
    want(&mut harness, EvaluateCommand::OrderBy(FailureOrder::SuspectLabels));
    say_evaluation(&engine, &captioned());
    harness.run_steps(4);
    assert_eq!(harness.state().state().evaluating().order(), FailureOrder::Disagreement);
    assert!(!asked(&engine, |request| *request
        == EvaluationRequest::Order("captions".into(), FailureOrder::SuspectLabels)));
}

#[test]
fn a_row_of_the_prompt_chart_leads_to_its_mistakes() {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    let mut shown = complete(60);
    shown.prompts.as_mut().unwrap().rows[1].wrong = vec![4, 7];
    say_evaluation(&engine, &shown);
    want(&mut harness, EvaluateCommand::Open(Page::Prompts));
    harness.get_by_label("gain of one template").click_accesskit();
    harness.run_steps(4);
    let door = harness.state().state().evaluating().door().cloned().unwrap();
    assert_eq!(
        (door.words.as_str(), door.places.as_slice()),
        ("wrong with one template", &[4, 7][..])
    );
}

#[test]
fn negatives_that_are_mistaken_are_behind_their_number_and_open_in_explore() {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    let mut shown = complete(60);
    let negatives = shown.negatives.as_mut().unwrap();
    negatives.files = (0..60).map(|n| format!("/others/{n}.jpg").into()).collect();
    let mistaken: Vec<_> = negatives
        .mistaken_files()
        .into_iter()
        .map(|file| file.to_path_buf())
        .collect();
    assert!(mistaken.len() > 12, "{}", mistaken.len());
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    let button = format!("{}  negatives are taken for a class", mistaken.len());
    harness.get_by_label(&button).click_accesskit();
    harness.run_steps(4);
    let door = harness.state().state().evaluating().door().cloned().unwrap();
    assert_eq!(door.files, mistaken);
    assert!(
        harness
            .query_by_label_contains("negatives that are taken for a class")
            .is_some()
    );
    want(&mut harness, EvaluateCommand::ShowInExplore(mistaken[0].clone()));
    assert_eq!(harness.state().state().mode(), Mode::Explore);
    let opened = engine.newest(|request| match request {
        Request::Library(LibraryRequest::OpenFolders { paths, .. }) => Some(paths.clone()),
        _ => None,
    });
    assert_eq!(opened, Some(vec![mistaken[0].clone()]));
}

#[test]
fn a_group_of_mistakes_is_erased_from_its_first_mistake_on() {
    let (engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Groups));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    harness.get_by_label("Erase it\u{2026}").click_accesskit();
    harness.run_steps(4);
    let state = harness.state().state();
    assert_eq!(state.mode(), Mode::Explore);
    assert_eq!(state.evaluating().looked_at(), Some(3));
    let names: Vec<&str> = state
        .settings()
        .labels
        .iter()
        .map(|row| row.label.name.as_str())
        .collect();
    assert_eq!(names, CLASSES[..2]);
    assert_eq!(
        state.explore().compare(),
        Some(&Compare::Label(state.settings().labels[1].id))
    );
}

#[test]
fn what_was_measured_is_told_so_that_it_can_be_measured_again() {
    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    let mut shown = complete(60);
    let setup = &mut shown.setup;
    setup.model.identity = "0123abcd".into();
    setup.model.files = vec![("model.safetensors".into(), "fedc9876".into())];
    setup.data = "d47a".into();
    setup.preset = Some("imagenet1k".into());
    say_evaluation(&engine, &shown);
    harness.run_steps(4);
    for value in [
        "0123abcd",
        "model.safetensors fedc9876",
        "d47a",
        "imagenet1k",
        "all pictures",
        "0.1.0",
    ] {
        assert!(harness.query_by_label(value).is_some(), "{value}");
    }
    harness.get_by_label("Copy Data hash").click_accesskit();
    let is_copy =
        |command: &egui::OutputCommand| matches!(command, egui::OutputCommand::CopyText(text) if text == "d47a");
    let copied = (0..3).any(|_| {
        harness.step();
        harness.output().platform_output.commands.iter().any(is_copy)
    });
    assert!(copied);
}
