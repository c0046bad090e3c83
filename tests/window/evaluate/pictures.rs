//! From every number to its pictures, and what can be done with them.

use clipsight::app::command::Command;
use clipsight::app::evaluate::{Door, EvaluateCommand, Page};
use clipsight::app::explore::Compare;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::evaluation::{EvaluationRequest, FailureOrder};
use clipsight::engine::protocol::{InferenceRequest, LibraryRequest, Request};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::made::{CLASSES, captioned, say_evaluation, say_everything};
use super::{asked, open, shown_places, want};
use crate::DEBOUNCE;
use crate::stand_in::{advance, window};

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
    let mut gallery = (**harness.state().state().evaluating().gallery()).clone();
    gallery.sort_unstable();
    assert_eq!(gallery.len(), shown.confusion.at(0, 1) as usize);
    assert!(gallery.iter().all(|n| n % 5 == 3 && *n < 10), "{gallery:?}");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(4);
    assert!(harness.state().state().evaluating().door().is_none());
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
    assert_eq!(harness.state().state().evaluating().looked_at(), None);
}

#[test]
fn a_door_with_an_order_keeps_it_until_another_one_is_asked_for() {
    let (_engine, mut harness, _) = open(60);
    let door = Door::ordered("largest label sets", vec![9, 3, 20], "largest sets first");
    want(&mut harness, EvaluateCommand::Enter(Some(door)));
    let gallery =
        |harness: &Harness<'static, clipsight::app::App>| (**harness.state().state().evaluating().gallery()).clone();
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
fn a_cell_of_the_matrix_is_reached_by_arrows() {
    let (_engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Matrix));
    harness.get_by_label("Confusion matrix").focus();
    harness.run_steps(4);
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(4);
    let door = harness.state().state().evaluating().door().cloned().unwrap();
    assert_eq!(door.words, "asparagus answered bananas");
    assert_eq!(door.places.len(), shown.confusion.at(0, 1) as usize);
}

#[test]
fn erasing_begins_between_both_labels_and_yours_come_back() {
    let (engine, mut harness, shown) = open(60);
    let names = |harness: &Harness<'static, clipsight::app::App>| -> Vec<String> {
        let labels = &harness.state().state().settings().labels;
        labels.iter().map(|row| row.label.name.clone()).collect()
    };
    let before = names(&harness);
    want(&mut harness, EvaluateCommand::Look(Some(3)));
    harness
        .get_by_label("Erase and see: this picture in Explore, with both labels")
        .click();
    harness.run_steps(4);
    assert_eq!(names(&harness), ["asparagus", "bananas"]);
    let state = harness.state().state();
    assert_eq!(state.mode(), Mode::Explore);
    let [truth, answered] = [0, 1].map(|place| state.settings().labels[place].id);
    assert_eq!(state.explore().pinned(), Some(truth));
    assert_eq!(state.explore().compare(), Some(&Compare::Label(answered)));
    assert!(state.explore().brush().is_some());
    let opened = engine.newest(|request| match request {
        Request::Library(LibraryRequest::OpenFolders { paths, .. }) => Some(paths.clone()),
        _ => None,
    });
    assert_eq!(opened, Some(vec![shown.pictures[3].path.clone()]));
    harness.state_mut().execute(Command::Undo);
    harness.run_steps(4);
    assert_eq!(names(&harness), before);
}

#[test]
fn the_heatmap_of_a_card_is_tested_in_explore_once_it_is_there() {
    let (engine, mut harness, _) = open(60);
    engine.load(&["asparagus/3.jpg", "asparagus/4.jpg"]);
    harness.run_steps(4);
    want(&mut harness, EvaluateCommand::Look(Some(3)));
    harness.get_by_label("Test").click_accesskit();
    harness.run_steps(4);
    assert_eq!(harness.state().state().mode(), Mode::Explore);
    let tested = || {
        engine.newest(|request| match request {
            Request::Inference(InferenceRequest::TestMap(Some(test))) => Some(test.label),
            _ => None,
        })
    };
    assert_eq!(tested(), None, "its heatmap is not there yet");
    advance(DEBOUNCE);
    harness.run_steps(4);
    engine.explain();
    harness.run_steps(4);
    let truth = &harness.state().state().settings().labels[0];
    assert_eq!(truth.label.name, "asparagus");
    assert_eq!(tested(), Some(truth.id));
}

#[test]
fn a_right_answer_is_erased_between_the_best_two_and_captions_between_themselves() {
    let labels = |harness: &Harness<'static, clipsight::app::App>| -> Vec<(String, usize)> {
        let labels = &harness.state().state().settings().labels;
        let told = labels
            .iter()
            .map(|row| (row.label.name.clone(), row.label.descriptions.len()));
        told.collect()
    };
    let (_engine, mut harness, _) = open(60);
    want(&mut harness, EvaluateCommand::Look(Some(0)));
    want(&mut harness, EvaluateCommand::EraseInExplore);
    assert_eq!(labels(&harness), [("asparagus".into(), 0), ("bananas".into(), 0)]);

    let (engine, mut harness) = window(Settings::default());
    harness.state_mut().execute(Command::UseMode(Mode::Evaluate));
    say_evaluation(&engine, &captioned());
    harness.run_steps(4);
    want(&mut harness, EvaluateCommand::Look(Some(3)));
    want(&mut harness, EvaluateCommand::EraseInExplore);
    // A caption goes through no template.
    let told = labels(&harness);
    assert!(told[0].0.starts_with("cat in the market"), "{told:?}");
    assert!(told[1].0.starts_with("asparagus in the market"), "{told:?}");
    assert!(told.iter().all(|(_, descriptions)| *descriptions == 1), "{told:?}");
}
