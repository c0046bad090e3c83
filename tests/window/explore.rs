//! Exploring: what is shown is what is sorted, filtered and counted; one picture large; several at once.

use std::time::Duration;

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::explore::{Compare, ExploreCommand, Mark};
use clipsight::app::settings::{LabelRow, Measure, Settings, Sort, TileText};
use clipsight::clip::ModelInfo;
use clipsight::engine::protocol::{
    Dab, Event, InferenceRequest, LabelId, LibraryRequest, PictureFile, PictureId, Request,
};
use clipsight::heatmap::HeatmapMethod;
use clipsight::zero_shot::{Label, TemplateSet};
use egui::{Key, Modifiers, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::settle;
use crate::stand_in::{StandIn, advance, answered, question, reader, starter, window, window_of};

pub const NAMES: [&str; 6] = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"];

pub fn exploring() -> (StandIn, Harness<'static, App>) {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&NAMES);
    harness.run_steps(6);
    (engine, harness)
}

fn labelled(names: &[&str]) -> Settings {
    Settings {
        labels: names.iter().map(|name| LabelRow::new(Label::named(*name), 0)).collect(),
        ..Settings::default()
    }
}

fn order(harness: &Harness<App>) -> Vec<PictureId> {
    harness.state().state().explore().order().to_vec()
}

fn row(harness: &Harness<App>, place: usize) -> LabelId {
    harness.state().state().settings().labels[place].id
}

/// Presses and lets go in one frame: what is queued takes a frame, a quarter of a second, for each event.
fn press(harness: &mut Harness<App>, pos: egui::Pos2, modifiers: Modifiers) {
    let events = &mut harness.input_mut().events;
    events.push(egui::Event::PointerMoved(pos));
    for pressed in [true, false] {
        events.push(egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers,
        });
    }
}

fn click_with(harness: &mut Harness<App>, name: &str, modifiers: Modifiers) {
    let pos = harness.get_by_label(name).rect().center();
    press(harness, pos, modifiers);
    harness.run_steps(4);
}

#[test]
fn one_label_alone_is_shown_by_cosine_and_rank_and_never_as_a_certainty() {
    let (engine, mut harness) = window(labelled(&["dog on a beach"]));
    engine.load(&NAMES);
    harness.run_steps(6);
    assert!(harness.query_by_label_contains("100.0 %").is_none());
    assert!(harness.query_by_label_contains("rank 1 of 6").is_some());
    assert!(harness.query_by_label("Cosine: any").is_some());
    // The best is selected, and stands first.
    assert_eq!(
        order(&harness)[0],
        harness.state().state().explore().selected().unwrap()
    );
}

#[test]
fn a_pinned_label_is_told_released_by_a_click_and_by_escape() {
    let (_engine, mut harness) = exploring();
    let pinned = "This label's map stays for every picture; click to release it (Esc)";
    let second = row(&harness, 1);
    for release in [true, false] {
        harness
            .state_mut()
            .execute(Command::Explore(ExploreCommand::MapLabel(second)));
        harness.run_steps(3);
        assert_eq!(harness.state().state().explore().pinned(), Some(second));
        if release {
            harness.get_by_label(pinned).click();
        } else {
            harness.key_press(Key::Escape);
        }
        harness.run_steps(3);
        assert_eq!(harness.state().state().explore().pinned(), None);
        assert!(harness.query_by_label(pinned).is_none());
    }
}

#[test]
fn none_of_these_has_a_map_of_its_own_and_can_be_hidden() {
    let (_engine, mut harness) = exploring();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::MapLabel(LabelId::NONE_OF_THESE)));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("Heatmap: none of these").is_some());
    let all = |harness: &Harness<App>| harness.state().state().explore().wins().values().sum::<usize>();
    assert_eq!(all(&harness), 5, "it wins the fifth picture");
    harness.get_by_label("Include \"none of these\"").click();
    harness.run_steps(3);
    assert_eq!(all(&harness), 6);
    assert!(harness.query_by_label_contains("Heatmap: none of these").is_none());
    assert!(
        harness.query_all_by_label_contains("none of these").count() == 1,
        "only the switch is left"
    );
}

#[test]
fn a_label_is_not_added_twice() {
    let (engine, mut harness) = exploring();
    let before = harness.state().state().settings().labels.len();
    harness.key_press(Key::A);
    harness.run_steps(2);
    harness.event(egui::Event::Paste("Cat\ncrab\ncat".into()));
    settle(&mut harness);
    let labels = question(&engine.requests()).unwrap().labels;
    let names: Vec<&str> = labels.iter().map(|asked| asked.label.name.as_str()).collect();
    assert_eq!(names[before..], ["Cat", "crab"], "names are names; cat was there");
}

#[test]
fn results_under_two_templates_stand_beside_each_other() {
    let (_engine, mut harness) = exploring();
    assert!(harness.query_by_label_contains("Thin bars").is_none());
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseTemplates(TemplateSet::Bare)));
    settle(&mut harness);
    let baseline = harness.state().state().explore().baseline().unwrap();
    assert_eq!(
        (baseline.question.templates.clone(), baseline.changed),
        (TemplateSet::One, Some(0))
    );
    assert!(
        harness
            .query_by_label_contains("Every picture has the same answer")
            .is_some()
    );
    // Other labels cannot be compared.
    harness.get_by_label("Remove banana").click();
    settle(&mut harness);
    assert!(harness.state().state().explore().baseline().is_none());
}

#[test]
fn a_picture_is_shown_large_by_key_and_double_click_and_the_arrows_walk_on() {
    let (_engine, mut harness) = exploring();
    let first = order(&harness)[0];
    harness.key_press(Key::Space);
    harness.run_steps(3);
    assert!(harness.query_by_label("f.jpg, large").is_some());
    harness.key_press(Key::ArrowRight);
    harness.run_steps(3);
    let second = order(&harness)[1];
    assert_eq!(harness.state().state().explore().selected(), Some(second));
    assert_ne!(first, second);
    harness.key_press(Key::Z);
    harness.run_steps(2);
    assert_eq!(harness.state().state().explore().large().unwrap().zoom, Some(1.0));
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.state().state().explore().large().is_none());
    let tile = harness.get_by_label("a.jpg").rect().center();
    press(&mut harness, tile, Modifiers::NONE);
    press(&mut harness, tile, Modifiers::NONE);
    harness.run_steps(3);
    assert!(harness.query_by_label("a.jpg, large").is_some());
}

#[test]
fn the_wheel_zooms_the_large_picture_at_the_pointer() {
    let (_engine, mut harness) = exploring();
    harness.key_press(Key::Space);
    harness.run_steps(3);
    let at = harness.get_by_label("f.jpg, large").rect().center() + egui::vec2(60.0, 20.0);
    harness.event(egui::Event::PointerMoved(at));
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 200.0),
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    });
    harness.run_steps(20);
    let large = harness.state().state().explore().large().unwrap();
    assert!(large.zoom.is_some() && large.middle.0 > 0.5, "{large:?}");
}

#[test]
fn several_pictures_are_marked_and_saved_alone() {
    let (engine, mut harness) = exploring();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().marked().len(), 6);
    assert!(harness.query_by_label("6 selected").is_some());
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    click_with(&mut harness, "a.jpg", Modifiers::NONE);
    click_with(&mut harness, "c.jpg", Modifiers::COMMAND);
    let marked: Vec<PictureId> = harness.state().state().explore().marked().iter().copied().collect();
    assert_eq!(marked, [0, 2]);
    harness.state_mut().execute(Command::Explore(ExploreCommand::ExportCsv(
        "/nowhere/marked.csv".into(),
    )));
    let csv = engine.newest(|request| match request {
        Request::Library(LibraryRequest::Export { content, .. }) => Some(content.clone()),
        _ => None,
    });
    assert_eq!(csv.unwrap().lines().count(), 3);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Mark(Mark::Nothing)));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SortBy(Sort::Name)));
    harness.run_steps(3);
    click_with(&mut harness, "b.jpg", Modifiers::NONE);
    click_with(&mut harness, "e.jpg", Modifiers::SHIFT);
    let marked: Vec<PictureId> = harness.state().state().explore().marked().iter().copied().collect();
    assert_eq!(marked, [1, 2, 3, 4]);
}

#[test]
fn nothing_moves_in_the_gallery_while_it_is_pointed_at() {
    let (engine, mut harness) = exploring();
    let before = order(&harness);
    let tile = harness.get_by_label("c.jpg").rect().center();
    harness.event(egui::Event::PointerMoved(tile));
    harness.run_steps(3);
    let asked = question(&engine.requests()).unwrap();
    let mut cosines = vec![0.1; asked.labels.len() + 1];
    cosines[0] = 0.99;
    engine.predict(0, &asked, &cosines);
    advance(Duration::from_secs(1));
    harness.run_steps(3);
    assert_eq!(order(&harness), before);
    harness.get_by_label("Reorder").click();
    harness.run_steps(3);
    assert_eq!(order(&harness)[0], 0);
}

#[test]
fn looking_at_the_folders_again_keeps_what_is_selected_and_a_new_folder_does_not() {
    let (engine, mut harness) = exploring();
    harness.state_mut().execute(Command::Explore(ExploreCommand::Select(2)));
    harness.key_press(Key::F5);
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().selected(), Some(2));
    assert_eq!(order(&harness).len(), 6, "what is shown stays until all is looked at");
    engine.load(&NAMES[..5]);
    harness.run_steps(6);
    assert_eq!(harness.state().state().explore().selected(), Some(2));
    assert_eq!(order(&harness).len(), 5);
    let library = harness.state().state().explore().library();
    let read_again = Request::Inspect {
        library,
        picture: Some(2),
    };
    assert!(engine.requests().contains(&read_again));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Open(vec!["/pictures".into()])));
    harness.run_steps(3);
    engine.load(&NAMES);
    harness.run_steps(6);
    assert_eq!(
        harness.state().state().explore().selected(),
        Some(5),
        "the first by its number"
    );
}

#[test]
fn looking_at_the_folders_again_leaves_a_long_gallery_where_it_is() {
    let names: Vec<String> = (0..500).map(|n| format!("{n:03}.jpg")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (engine, mut harness) = window(Settings::default());
    engine.load(&names);
    harness.run_steps(6);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SortBy(Sort::Name)));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Select(299)));
    harness.key_press(Key::ArrowRight);
    harness.run_steps(30);
    let place = |harness: &Harness<App>| {
        let mut tiles = harness.query_all_by_label("300.jpg").map(|node| node.rect());
        tiles.find(|rect| rect.height() > 60.0)
    };
    let before = place(&harness);
    assert!(
        before.is_some_and(|tile| tile.top() > 100.0 && tile.bottom() < 766.0),
        "{before:?}"
    );
    harness.key_press(Key::F5);
    harness.run_steps(3);
    let library = harness.state().state().explore().library();
    engine.say(Event::Pictures {
        library,
        pictures: Vec::new(),
    });
    harness.run_steps(3);
    assert_eq!(place(&harness), before);
    engine.load(&names);
    harness.run_steps(10);
    assert_eq!(place(&harness), before);
}

#[test]
fn what_is_skipped_is_said_and_its_neighbour_is_selected_and_undo_brings_it_back() {
    let (engine, mut harness) = exploring();
    let before = order(&harness);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Select(before[1])));
    harness.run_steps(3);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Skip(vec![before[1]])));
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().selected(), Some(before[2]));
    assert_eq!(order(&harness).len(), 5);
    harness.get_by_label("Skipped d.jpg");
    harness.get_by_label("Undo").click();
    harness.run_steps(3);
    assert_eq!(order(&harness), before);
    let tried = engine
        .requests()
        .iter()
        .any(|request| matches!(request, Request::Library(LibraryRequest::Retry { pictures, .. }) if pictures == &[before[1]]));
    assert!(tried);
    // The last one has one neighbour, several are skipped as one.
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Select(before[5])));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Skip(vec![before[4], before[5]])));
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().selected(), Some(before[3]));
    harness.get_by_label("Skipped 2 pictures");
}

#[test]
fn more_pictures_are_selected_by_key_and_their_menu_is_for_all_of_them() {
    let (_engine, mut harness) = exploring();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SortBy(Sort::Name)));
    harness.state_mut().execute(Command::Explore(ExploreCommand::Select(0)));
    harness.run_steps(3);
    let marked = |harness: &Harness<App>| -> Vec<PictureId> {
        harness.state().state().explore().marked().iter().copied().collect()
    };
    for _ in 0..3 {
        harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
        harness.run_steps(2);
    }
    assert_eq!(marked(&harness), [0, 1, 2, 3]);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowLeft);
    harness.run_steps(2);
    assert_eq!(marked(&harness), [0, 1, 2]);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::F10);
    harness.run_steps(4);
    harness.get_by_label("Copy the paths of 3 pictures");
    harness.get_by_label("Skip 3 pictures").click();
    harness.run_steps(4);
    assert_eq!(order(&harness), [3, 4, 5]);
}

#[test]
fn the_filter_by_name_is_reached_from_the_large_picture() {
    let (_engine, mut harness) = exploring();
    harness.key_press(Key::Space);
    harness.run_steps(3);
    harness.key_press(Key::Slash);
    harness.run_steps(3);
    assert!(harness.state().state().explore().large().is_none());
    harness.event(egui::Event::Text("c.j".into()));
    harness.run_steps(3);
    assert_eq!(order(&harness), [2]);
}

#[test]
fn a_filter_at_rest_says_so_and_follows_what_is_sorted_by() {
    let (_engine, mut harness) = exploring();
    harness.get_by_label("Probability: any");
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SortBy(Sort::Margin)));
    harness.run_steps(3);
    harness.get_by_label("Lead: any");
    let before = order(&harness);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::FilterScore(Some(0.2))));
    harness.run_steps(3);
    harness.get_by_label("Lead \u{2264} +0.200");
    let closest = order(&harness);
    assert!(!closest.is_empty() && closest.len() < before.len(), "{closest:?}");
    assert_eq!(closest, before[..closest.len()], "the closest calls stay");
    // A lead is no bound of a probability.
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SortBy(Sort::Score)));
    harness.run_steps(3);
    assert_eq!(order(&harness).len(), before.len());
}

#[test]
fn answers_under_two_templates_are_counted_as_they_are_shown() {
    let (engine, mut harness) = exploring();
    engine.answer_at_once(false);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseTemplates(TemplateSet::Bare)));
    settle(&mut harness);
    let asked = question(&engine.requests()).unwrap();
    engine.reply(&asked);
    // The same label is the nearest, and "none of these" wins now.
    let mut cosines = vec![0.1; asked.labels.len() + 1];
    (cosines[0], cosines[asked.labels.len()]) = (0.5, 0.9);
    engine.predict(0, &asked, &cosines);
    engine.say(Event::Answered {
        question: answered(&asked),
        lost_words: Vec::new(),
        untaught: Vec::new(),
        latency_ms: 1.0,
    });
    harness.run_steps(3);
    harness.get_by_label_contains("1 picture has another answer");
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::ShowNone(false)));
    harness.run_steps(3);
    harness.get_by_label_contains("Every picture has the same answer");
}

#[test]
fn pictures_of_kinds_that_are_not_read_are_counted() {
    let (engine, mut harness) = exploring();
    let library = harness.state().state().explore().library();
    let unread = |name: &str| (name.into(), "HEIC is not read".to_owned());
    engine.say(Event::Scanned {
        library,
        unreadable: vec![unread("/p/1.HEIC"), unread("/p/2.avif"), unread("/p/folder")],
    });
    harness.run_steps(3);
    assert!(
        harness
            .query_by_label("2 pictures of kinds that are not read yet")
            .is_some()
    );
}

#[test]
fn more_like_this_sorts_by_likeness_until_all_are_shown_again() {
    let (engine, mut harness) = exploring();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::MoreLike(1)));
    let library = harness.state().state().explore().library();
    assert_eq!(
        engine.requests().last(),
        Some(&Request::Inference(InferenceRequest::Alike { library, picture: 1 }))
    );
    let rows = (0..).zip([0.2, 1.0, 0.9, 0.3, 0.4, 0.5]).collect();
    engine.say(Event::Alike {
        library,
        picture: 1,
        rows,
    });
    harness.run_steps(3);
    assert_eq!(order(&harness), [1, 2, 5, 4, 3, 0]);
    // What is sorted by is what is bounded.
    harness.get_by_label("Likeness: any");
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::FilterScore(Some(0.45))));
    harness.run_steps(3);
    assert_eq!(order(&harness), [1, 2, 5]);
    harness.get_by_label("Likeness \u{2265} 0.450");
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SortBy(Sort::Score)));
    harness.run_steps(3);
    assert_eq!(order(&harness).len(), 6, "a likeness is no bound of a score");
    harness.get_by_label("Probability: any");
    assert_eq!(order(&harness)[0], 5);
}

#[test]
fn a_bound_goes_with_the_measure_and_the_model_that_it_was_set_for() {
    let (engine, mut harness) = window(labelled(&["cat", "dog"]));
    engine.load(&NAMES);
    harness.run_steps(6);
    let bound = |harness: &mut Harness<App>, at| {
        harness
            .state_mut()
            .execute(Command::Explore(ExploreCommand::FilterScore(Some(at))));
        harness.run_steps(3);
    };
    bound(&mut harness, 0.9);
    assert_eq!(harness.state().state().explore().filter().bound, Some(0.9));
    harness.get_by_label("Remove dog").click();
    settle(&mut harness);
    // One label alone is read by its cosine.
    harness.get_by_label("Cosine: any");
    assert_eq!(order(&harness).len(), 6);
    assert!(harness.query_by_label("No pictures match").is_none());
    bound(&mut harness, 0.6);
    let other = ModelInfo {
        identity: "beef".repeat(8),
        ..starter()
    };
    engine.say(Event::ModelReady(Box::new(other)));
    harness.run_steps(3);
    assert!(harness.state().state().explore().filter().is_off());
}

#[test]
fn names_that_repeat_are_shown_with_their_folders() {
    let (engine, mut harness) = exploring();
    let library = harness.state().state().explore().library();
    engine.say(Event::Pictures {
        library,
        pictures: vec![PictureFile {
            id: 99,
            path: "/elsewhere/a.jpg".into(),
        }],
    });
    advance(Duration::from_secs(1));
    harness.run_steps(4);
    assert!(harness.query_by_label("pictures/a.jpg").is_some());
    assert!(harness.query_by_label("elsewhere/a.jpg").is_some());
    assert!(harness.query_by_label("b.jpg").is_some());
}

#[test]
fn every_control_is_in_its_panel_at_every_size() {
    // The second is what 150 % leaves of 1280 x 800.
    for size in [[1_024.0, 700.0], [853.0, 533.0], [1_920.0, 1_080.0]] {
        let settings = Settings {
            // As they were on a larger screen.
            labels_width: 420.0,
            inspector_width: Some(900.0),
            ..Settings::default()
        };
        let (engine, mut harness) = window_of(settings, size);
        engine.load(&NAMES);
        harness.run_steps(8);
        let left = |name: &str| harness.get_by_label_contains(name).rect();
        let [labels, gallery, inspector] = ["Paste or edit the list", "Rescan folders", "Fold the inspector"].map(left);
        let save = left("Save predictions as CSV");
        assert!(labels.right() < gallery.left(), "{size:?}: {labels:?} {gallery:?}");
        let controls = [
            left("Open"),
            left("View"),
            gallery,
            save,
            left("Only pictures whose best label"),
            left("Probability: any"),
            left("6 of 6"),
        ];
        for (place, one) in controls.iter().enumerate() {
            for other in &controls[..place] {
                assert!(
                    !one.shrink(1.0).intersects(*other),
                    "{size:?}: {one:?} lies on {other:?}"
                );
            }
        }
        let heatmap = left("Opacity of the heatmap");
        assert!(save.right() < heatmap.left(), "{size:?}: {save:?} {heatmap:?}");
        let screen = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(size[0], size[1]));
        assert!(screen.contains_rect(inspector), "{size:?}: {inspector:?}");
        let panel = harness.get_by_label("Opacity").rect().left() - 12.0;
        for name in NAMES {
            let mut tiles = harness.query_all_by_label(name).map(|node| node.rect());
            let Some(tile) = tiles.find(|rect| rect.height() > 60.0) else {
                continue;
            };
            assert!(
                tile.left() > labels.right() && tile.right() < panel,
                "{size:?}: {tile:?}"
            );
        }
        assert!(left("Hide this note").right() < panel, "{size:?}");
    }
}

#[test]
fn what_is_below_the_labels_stays_above_the_bar_at_the_bottom() {
    for size in [[1_280.0, 800.0], [1_024.0, 700.0], [853.0, 533.0]] {
        let (engine, mut harness) = window_of(Settings::default(), size);
        engine.load(&NAMES);
        harness.run_steps(6);
        harness
            .state_mut()
            .execute(Command::Explore(ExploreCommand::UseTemplates(TemplateSet::Bare)));
        settle(&mut harness);
        harness.run_steps(4);
        let last = harness.get_by_label("Reset the offset to 0").rect();
        assert!(last.bottom() < size[1] - 34.0, "{size:?}: {last:?}");
        let more = harness.get_by_label("Stop comparing").rect();
        assert!(more.bottom() < last.top(), "{size:?}: {more:?} {last:?}");
        assert!(harness.get_by_label("Remove cat").rect().bottom() < more.top());
    }
}

#[test]
fn a_large_picture_has_the_labels_room_where_the_window_is_small() {
    for (size, has_room) in [([1_280.0, 800.0], true), ([1_024.0, 700.0], false)] {
        let (engine, mut harness) = window_of(Settings::default(), size);
        engine.load(&NAMES);
        harness.run_steps(6);
        harness.key_press(Key::Space);
        harness.run_steps(4);
        assert_eq!(harness.query_by_label("Remove cat").is_some(), has_room, "{size:?}");
        let large = harness.get_by_label_contains(", large").rect();
        let small = harness.get_by_label_contains("Heatmap: ").rect();
        assert!(large.width() > small.width(), "{size:?}: {large:?} {small:?}");
        harness.key_press(Key::Escape);
        harness.run_steps(4);
        harness.get_by_label("Remove cat");
    }
}

#[test]
fn panels_fold_by_key_and_come_back() {
    let (_engine, mut harness) = exploring();
    for (key, folded, shown) in [
        (Key::L, "Show the labels (L)", "Fold the labels (L)"),
        (Key::I, "Show the inspector (I)", "Fold the inspector (I)"),
    ] {
        assert!(harness.query_by_label(shown).is_some());
        harness.key_press(key);
        harness.run_steps(3);
        assert!(harness.query_by_label(shown).is_none());
        harness.get_by_label(folded).click();
        harness.run_steps(3);
        assert!(harness.query_by_label(shown).is_some());
    }
}

#[test]
fn twenty_pictures_fit_on_a_small_screen() {
    let names: Vec<String> = (0..60).map(|n| format!("{n:02}.jpg")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let settings = Settings {
        starter_note_hidden: true,
        ..Settings::default()
    };
    for text in TileText::ALL {
        let (engine, mut harness) = window(Settings {
            tile_text: text,
            ..settings.clone()
        });
        engine.load(&names);
        harness.run_steps(8);
        let above = 800.0 - 34.0;
        let is_whole = |name: &&&str| {
            let mut nodes = harness.query_all_by_label(name);
            nodes.any(|node| node.rect().height() > 60.0 && node.rect().bottom() <= above)
        };
        let whole = names.iter().filter(is_whole).count();
        assert!(whole >= 20, "{text:?}: {whole}");
    }
}

#[test]
fn the_filter_follows_the_measure() {
    let (_engine, mut harness) = exploring();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Show(Measure::Cosine)));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::FilterScore(Some(0.8))));
    harness.run_steps(3);
    // 0.5 + 0.4 * (n + 1) / 6; "none of these" wins the fifth.
    assert_eq!(order(&harness), [5]);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Show(Measure::Logit)));
    harness.run_steps(3);
    assert_eq!(order(&harness).len(), 6, "another measure has another scale");
}

#[test]
fn only_a_model_that_can_read_may_have_read_and_both_answers_are_told() {
    let (engine, mut harness) = window(Settings::default());
    engine.say(Event::ModelReady(Box::new(reader())));
    harness.run_steps(2);
    engine.load(&NAMES);
    harness.run_steps(6);
    let dab = Dab {
        x: 0.5,
        y: 0.5,
        radius: 0.1,
    };
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Erase { dab, begins: true }));
    harness.run_steps(6);
    let told = harness.query_all_by_label_contains("The model may have read it");
    assert_eq!(told.count(), 1);
    let answers = harness.query_all_by_label_contains("the answer changed from \"");
    assert_eq!(answers.count(), 1);
    // Where the answer is the same, nothing was read.
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::ResetProbe));
    let dab = Dab { radius: 0.02, ..dab };
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Erase { dab, begins: true }));
    harness.run_steps(6);
    assert!(harness.query_by_label_contains("The model may have read it").is_none());
}

#[test]
fn a_divider_shares_one_picture_between_two_maps() {
    let (_engine, mut harness) = exploring();
    let compare = Compare::Method(HeatmapMethod::Occlusion);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(compare))));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Divide(Some(0.5))));
    harness.run_steps(6);
    let divider = harness.get_by_label("Divider between the heatmaps").rect();
    let picture = harness.get_by_label_contains("Heatmap: ").rect();
    assert!((divider.center().x - picture.center().x).abs() < 1.0);
    let to = divider.center() + egui::vec2(60.0, 0.0);
    harness.event(egui::Event::PointerMoved(divider.center()));
    harness.run_steps(1);
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.event(button(divider.center(), true));
    harness.run_steps(1);
    harness.event(egui::Event::PointerMoved(to));
    harness.run_steps(2);
    harness.event(button(to, false));
    harness.run_steps(2);
    let moved = harness.get_by_label("Divider between the heatmaps").rect();
    assert!((moved.center().x - to.x).abs() < 2.0, "{moved:?} {to:?}");
}

#[test]
fn a_band_marks_what_it_touches() {
    let (_engine, mut harness) = exploring();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SortBy(Sort::Name)));
    harness.run_steps(4);
    let [first, second] = ["a.jpg", "b.jpg"].map(|name| harness.get_by_label(name).rect());
    let (from, to) = (first.left_bottom() - egui::vec2(-4.0, 4.0), second.center());
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.event(egui::Event::PointerMoved(from));
    harness.run_steps(1);
    harness.event(button(from, true));
    harness.run_steps(1);
    for part in [0.3, 0.6, 1.0] {
        harness.event(egui::Event::PointerMoved(from + part * (to - from)));
        harness.run_steps(2);
    }
    harness.event(button(to, false));
    harness.run_steps(2);
    let marked: Vec<PictureId> = harness.state().state().explore().marked().iter().copied().collect();
    assert_eq!(marked, [0, 1]);
}

#[test]
fn a_new_folder_starts_at_the_top() {
    let names: Vec<String> = (0..500).map(|n| format!("{n:03}.jpg")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (engine, mut harness) = window(Settings {
        sort: Sort::Name,
        ..Settings::default()
    });
    engine.load(&names);
    harness.run_steps(6);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Select(299)));
    harness.key_press(Key::ArrowRight);
    harness.run_steps(30);
    let tile = |harness: &Harness<App>, name: &str| {
        let mut tiles = harness.query_all_by_label(name).map(|node| node.rect());
        tiles.find(|rect| rect.height() > 60.0)
    };
    assert_eq!(tile(&harness, "000.jpg"), None, "it is scrolled out of sight");
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Open(vec!["/elsewhere".into()])));
    harness.run_steps(3);
    engine.load(&names);
    harness.run_steps(10);
    let first = tile(&harness, "000.jpg").unwrap();
    assert!(first.top() > 60.0 && first.top() < 300.0, "{first:?}");
}

#[test]
fn the_offset_of_none_of_these_is_reset() {
    let (engine, mut harness) = exploring();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SetNoneBias(0.05)));
    settle(&mut harness);
    assert_eq!(question(&engine.requests()).unwrap().none_bias, 0.05);
    harness.get_by_label("Reset the offset to 0").click();
    settle(&mut harness);
    assert_eq!(harness.state().state().settings().none_bias, 0.0);
    assert_eq!(question(&engine.requests()).unwrap().none_bias, 0.0);
}

#[test]
fn a_label_that_reads_as_one_above_it_is_marked() {
    let (_engine, mut harness) = exploring();
    let words = "The same as a label above";
    assert!(harness.query_by_label_contains(words).is_none());
    let rows = ["owl", "cat", "Owl"].map(|name| LabelRow::new(Label::named(name), 0));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::EditLabels(rows.into())));
    settle(&mut harness);
    assert_eq!(harness.query_all_by_label_contains(words).count(), 1);
}
