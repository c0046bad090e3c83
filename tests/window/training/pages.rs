//! Few-shot against zero-shot, and the board of pictures and texts.

use clipsight::app::command::Command;
use clipsight::app::train::{Page, TrainCommand};
use clipsight::engine::protocol::Event;
use clipsight::engine::training::{Board, TrainingEvent, TrainingRequest};
use egui_kittest::kittest::Queryable;

use super::made::{say_board_and_shots, say_shots, tested};
use super::{asked, open, teaching};
use crate::stand_in::StandIn;

#[test]
fn a_long_name_gives_way_in_its_middle_and_is_told_whole() {
    let (_engine, mut harness) = teaching();
    let name = format!("{}.jpg", "a-name-that-nobody-can-read-at-once-".repeat(3));
    let pairs = vec![(format!("/pictures/{name}").into(), "a cat".to_owned())];
    harness
        .state_mut()
        .execute(Command::Train(TrainCommand::SetPairs(pairs)));
    open(&mut harness, Page::Board);
    let told = harness.get_by_label(&name);
    assert!(told.rect().width() <= 200.0, "{:?}", told.rect());
}

#[test]
fn the_bands_of_few_shots_name_their_splits_and_stand_where_the_examples_are() {
    let (engine, mut harness) = teaching();
    harness.set_size(egui::vec2(1_280.0, 1_200.0));
    open(&mut harness, Page::Shots);
    say_board_and_shots(&engine, harness.state());
    harness.run_steps(4);
    harness.get_by_label_contains("from the lowest to the highest of 3 splits");
    assert_eq!(
        harness.query_all_by_label("12").count(),
        2,
        "16 were asked for, 12 are there"
    );
    assert!(harness.query_by_label("16").is_none());
    assert!(
        harness
            .query_all_by_label_contains("no difference shown in any split")
            .count()
            > 0
    );
    assert!(harness.query_all_by_label_contains("improved in 3 of 3 splits").count() > 0);
}

#[test]
fn the_board_takes_pictures_with_their_labels_and_one_step() {
    let (engine, mut harness) = teaching();
    harness
        .state_mut()
        .execute(Command::Train(TrainCommand::Open(Page::Board)));
    harness.run_steps(3);
    assert_eq!(
        harness.state().state().training().pairs().len(),
        3,
        "one of each label that is the best somewhere"
    );
    harness.get_by_label_contains("Compare").click();
    harness.run_steps(3);
    let steps = |engine: &StandIn| match asked(engine) {
        Some(TrainingRequest::Board { steps, .. }) => steps,
        other => panic!("{other:?}"),
    };
    assert_eq!(steps(&engine), 0);
    say_board_and_shots(&engine, harness.state());
    harness.run_steps(3);
    harness.get_by_label("One contrastive step").click();
    harness.run_steps(3);
    assert_eq!(steps(&engine), 2);
}

#[test]
fn nothing_that_was_measured_for_another_question_is_shown() {
    let (engine, mut harness) = teaching();
    open(&mut harness, Page::Board);
    let pairs = |n: usize| -> Vec<_> {
        let pair = |n| (format!("/pictures/{n}.png").into(), format!("text {n}"));
        (0..n).map(pair).collect()
    };
    harness
        .state_mut()
        .execute(Command::Train(TrainCommand::SetPairs(pairs(3))));
    let board = |loss| Board {
        cosines: vec![vec![0.1; 3]; 3],
        loss,
        steps: 0,
    };
    let say = |pairs, loss| {
        engine.say(Event::Training(TrainingEvent::Board {
            pairs,
            board: Box::new(board(loss)),
        }));
    };
    // A pair was taken away while the board was computed.
    say(pairs(4), 0.25);
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("Contrastive loss").is_none());
    say(pairs(3), 0.5);
    harness.run_steps(3);
    harness.get_by_label_contains("Contrastive loss 0.500");

    open(&mut harness, Page::Shots);
    let measure = || Command::Train(TrainCommand::MeasureShots);
    harness.state_mut().execute(measure());
    let before = harness.state().state().training().asked()[2];
    harness.state_mut().execute(measure());
    say_shots(&engine, before, (None, 0), 0, tested(3, 3, 60));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("zero-shot 5.0 %").is_none());
}
