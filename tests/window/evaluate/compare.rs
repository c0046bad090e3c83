//! Two evaluations beside each other: what follows when one changes, and the pictures behind every number.

use clipsight::app::evaluate::{Door, EvaluateCommand, Page};
use clipsight::engine::evaluation::EvaluationRequest;
use egui_kittest::kittest::Queryable;

use super::made::{say_changed, say_everything};
use super::{asked, count, open, shown_places, want};

#[test]
fn a_renamed_class_is_compared_again_and_keeps_the_door_to_its_pictures() {
    let (engine, mut harness, mut shown) = open(60);
    want(&mut harness, EvaluateCommand::Compare("before".into()));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    want(&mut harness, EvaluateCommand::Open(Page::Classes));
    harness.get_by_label("asparagus, 10 pictures").click();
    harness.run_steps(4);
    assert!(harness.query_by_label("The model reads asparagus as").is_some());

    shown.classes[0].name = Some("green asparagus".into());
    say_changed(&engine, &shown);
    harness.run_steps(4);
    let evaluating = harness.state().state().evaluating();
    let (first, found) = evaluating.compared().unwrap();
    assert_eq!(
        (first.as_str(), found.is_none()),
        ("before", true),
        "it is of answers before"
    );
    assert_eq!(evaluating.door().unwrap().words, "pictures of green asparagus");
    assert_eq!(shown_places(&harness).len(), 10);
    assert!(harness.query_by_label("The model reads asparagus as").is_some());
    assert_eq!(
        count(
            &engine,
            |request| matches!(request, EvaluationRequest::Compare { first, .. } if first == "before")
        ),
        2
    );
    say_everything(&engine, &shown);
    harness.run_steps(4);
    assert!(matches!(
        harness.state().state().evaluating().compared(),
        Some((_, Some(Ok(_))))
    ));
}

#[test]
fn a_door_whose_number_may_be_another_one_now_is_closed() {
    let (engine, mut harness, mut shown) = open(60);
    let door = Door::new("answered asparagus", vec![1, 2]);
    want(&mut harness, EvaluateCommand::Enter(Some(door)));
    shown.classes[0].name = Some("green asparagus".into());
    say_changed(&engine, &shown);
    harness.run_steps(4);
    assert!(harness.state().state().evaluating().door().is_none());
}

#[test]
fn an_open_card_has_the_heatmaps_of_both_models_once_they_are_compared() {
    let (engine, mut harness, mut shown) = open(60);
    want(&mut harness, EvaluateCommand::Look(Some(3)));
    let explained = |beside: Option<&str>| {
        count(
            &engine,
            |request| matches!(request, EvaluationRequest::Explain { place: 3, beside: own, .. } if own.as_deref() == beside),
        )
    };
    assert_eq!((explained(None), explained(Some("before"))), (1, 0));
    want(&mut harness, EvaluateCommand::Compare("before".into()));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    assert_eq!((explained(None), explained(Some("before"))), (1, 1));
    // On every page, and for the next picture, too.
    want(&mut harness, EvaluateCommand::Open(Page::Summary));
    want(&mut harness, EvaluateCommand::Look(Some(8)));
    assert!(asked(&engine, |request| matches!(
        request,
        EvaluationRequest::Explain { place: 8, beside: Some(beside), .. } if beside == "before"
    )));
    // What is answered may be another class now: the card asks again.
    shown.classes[0].name = Some("green asparagus".into());
    say_changed(&engine, &shown);
    harness.run_steps(4);
    assert_eq!(
        count(&engine, |request| matches!(
            request,
            EvaluationRequest::Nearest { place: 8, .. }
        )),
        2
    );
}

#[test]
fn what_was_fixed_and_broken_of_a_class_leads_to_its_pictures() {
    let (engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Compare));
    want(&mut harness, EvaluateCommand::Compare("before".into()));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    let links: Vec<_> = harness.get_all_by_label("3 fixed").collect();
    links[0].click_accesskit();
    drop(links);
    harness.run_steps(4);
    let evaluating = harness.state().state().evaluating();
    let door = evaluating.door().cloned().unwrap();
    assert!(door.words.ends_with(", fixed"), "{}", door.words);
    assert_eq!(door.places.len(), 3);
    let truth = |place: &usize| shown.pictures[*place].answer.truth;
    assert!(door.places.iter().all(|place| truth(place) == truth(&door.places[0])));
}

#[test]
fn the_difference_of_both_matrices_is_walked_by_keys() {
    let (engine, mut harness, shown) = open(60);
    want(&mut harness, EvaluateCommand::Open(Page::Compare));
    want(&mut harness, EvaluateCommand::Compare("before".into()));
    say_everything(&engine, &shown);
    harness.run_steps(4);
    harness.get_by_label("Difference of the confusion matrices").focus();
    harness.run_steps(4);
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(4);
    let door = harness.state().state().evaluating().door().cloned().unwrap();
    assert_eq!(door.words, "asparagus answered bananas before or after");
    // Before, every fourth from the second on was answered so; now it is every fifth from the fourth on.
    assert_eq!(door.places, [1, 3, 5, 8, 9]);
}
