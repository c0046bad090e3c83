//! Few-shot against zero-shot, and the board of pictures and texts.

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::explore::ExploreCommand;
use clipsight::app::settings::Settings;
use clipsight::app::train::{Page, TrainCommand};
use clipsight::engine::protocol::{Event, PictureId};
use clipsight::engine::training::{Board, TrainingEvent, TrainingRequest};
use egui::Rect;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::made::{say_blends, say_board_and_shots, say_preview, say_runs, say_shots, tested};
use super::{asked, open, teaching};
use crate::stand_in::{StandIn, window, window_of};

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
fn a_picture_that_is_none_of_these_is_no_example_of_a_label() {
    let (engine, mut harness) = window(Settings::default());
    // Of the fifth, the stand-in says that it is none of these; its nearest label has no other picture.
    engine.load(&["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]);
    harness.run_steps(6);
    open(&mut harness, Page::Board);
    let names = |harness: &Harness<App>| -> Vec<String> {
        let pairs = harness.state().state().training().pairs().iter();
        pairs.map(|(path, _)| path.display().to_string()).collect()
    };
    let shown = ["a", "b", "c", "d"].map(|name| format!("/pictures/{name}.jpg"));
    assert_eq!(names(&harness), shown);
    // Where "none of these" does not compete, its nearest label is the answer.
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::ShowNone(false)));
    harness.run_steps(4);
    harness.state_mut().execute(Command::Train(TrainCommand::FillBoard));
    harness.run_steps(4);
    assert_eq!(names(&harness).len(), 5);
}

#[test]
fn the_board_takes_so_many_pictures_from_the_gallery_and_says_what_it_left_out() {
    let (engine, mut harness) = window(Settings::default());
    let names: Vec<String> = (0..20).map(|n| format!("{n:02}.jpg")).collect();
    engine.load(&names.iter().map(String::as_str).collect::<Vec<_>>());
    harness.run_steps(6);
    let pairs = |harness: &Harness<App>| harness.state().state().training().pairs().len();
    let mut use_as_examples = |pictures: Vec<PictureId>| {
        let command = ExploreCommand::UseAsExamples(pictures);
        harness.state_mut().execute(Command::Explore(command));
        harness.run_steps(4);
        pairs(&harness)
    };
    assert_eq!(use_as_examples(vec![3]), 1);
    assert_eq!(use_as_examples((0..20).collect()), 12);
    harness.get_by_label_contains(
        "Added 11 pictures to the board under Train; 1 is there already; 8 pictures were left out, as the board takes 12",
    );
    harness.get_by_label("Show").click();
    harness.run_steps(4);
    assert_eq!(harness.state().state().training().page(), &Page::Board);
    // What the board has is what the engine takes.
    harness.state_mut().execute(Command::Train(TrainCommand::ShowBoard(0)));
    assert!(matches!(asked(&engine), Some(TrainingRequest::Board { pairs, .. }) if pairs.len() == 12));
}

#[test]
fn few_shot_says_what_is_in_the_way_and_measures_on_the_samples() {
    let (engine, mut harness) = teaching();
    open(&mut harness, Page::Shots);
    harness.get_by_label("Choose a folder first, with one folder per class in it.");
    harness.get_by_label_contains("Measure").click();
    harness.run_steps(3);
    assert_eq!(asked(&engine), None, "it is off");
    harness.get_by_label("Use the samples").click();
    harness.run_steps(3);
    let Some(TrainingRequest::Preview { config, generation }) = asked(&engine) else {
        panic!("the samples are looked through")
    };
    assert!(config.folder.ends_with("samples"), "{:?}", config.folder);
    assert!(harness.query_by_label("Use the samples").is_none());
    // Of a folder that nothing can be measured on, too.
    let previewed = Err("The folder is empty.".to_owned());
    engine.say(Event::Training(TrainingEvent::Previewed { generation, previewed }));
    harness.run_steps(3);
    harness.get_by_label("The folder is empty.");
    say_preview(&engine, harness.state());
    harness.run_steps(3);
    assert!(harness.query_by_label("The folder is empty.").is_none());
    harness.get_by_label_contains("Measure").click();
    harness.run_steps(3);
    let Some(TrainingRequest::KShot { config, .. }) = asked(&engine) else {
        panic!("it is measured")
    };
    assert!(config.folder.ends_with("samples"), "{:?}", config.folder);
}

#[test]
fn at_a_projectors_size_no_column_of_few_shots_or_blends_is_cut() {
    for (page, cells) in [
        (Page::Shots, ["in any split", "improved in 3 of 3 splits"]),
        (Page::Run("linear-probe-1".into()), ["points (", "improved"]),
    ] {
        let (engine, mut harness) = window_of(Settings::default(), [1_024.0, 700.0]);
        engine.load(&["a.jpg"]);
        say_runs(&engine);
        harness.run_steps(4);
        open(&mut harness, page.clone());
        say_board_and_shots(&engine, harness.state());
        say_blends(&engine);
        harness.run_steps(6);
        for part in cells {
            let rects: Vec<Rect> = harness
                .query_all_by_label_contains(part)
                .map(|node| node.rect())
                .collect();
            assert!(rects.len() > 1, "{page:?}: {part}");
            let cut = rects.iter().find(|rect| rect.right() > 1_024.0 - 24.0);
            assert_eq!(cut, None, "{page:?}: {part}");
        }
    }
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
