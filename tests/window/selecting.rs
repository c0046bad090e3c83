//! Selecting pictures, and what is done with one or several of them: by key, and in windows of every size.

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::explore::ExploreCommand;
use clipsight::app::settings::{Settings, Sort};
use clipsight::engine::protocol::PictureId;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::explore::{NAMES, exploring};
use crate::stand_in::window_of;

#[test]
fn what_can_be_done_with_the_selection_is_in_sight_at_every_size() {
    for size in [[1_280.0, 800.0], [1_024.0, 700.0], [853.0, 533.0]] {
        let (engine, mut harness) = window_of(Settings::default(), size);
        engine.load(&NAMES);
        harness.run_steps(6);
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.run_steps(8);
        let left = harness.get_by_label("Paste or edit the list").rect().right();
        let right = harness.get_by_label("Opacity").rect().left() - 12.0;
        for name in [
            "Clear selection (Esc)",
            "Save CSV\u{2026}",
            "Copy paths",
            "Train on their folder",
        ] {
            let button = harness.get_by_label(name).rect();
            assert!(
                button.left() > left && button.right() < right,
                "{size:?}: {name} {button:?}"
            );
            assert!(button.bottom() < size[1] - 34.0, "{size:?}: {name} {button:?}");
        }
    }
}

#[test]
fn a_selection_has_gaps_by_key_too() {
    let (_engine, mut harness) = exploring();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SortBy(Sort::Name)));
    harness.state_mut().execute(Command::Explore(ExploreCommand::Select(0)));
    harness.run_steps(3);
    let marked = |harness: &Harness<App>| -> Vec<PictureId> {
        harness.state().state().explore().marked().iter().copied().collect()
    };
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Space);
    harness.run_steps(2);
    for _ in 0..2 {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::ArrowRight);
        harness.run_steps(2);
    }
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Space);
    harness.run_steps(2);
    assert_eq!(marked(&harness), [0, 2]);
    assert_eq!(harness.state().state().explore().selected(), Some(2));
    // The same where Tab has reached a picture.
    harness.get_by_label("e.jpg").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Space);
    harness.run_steps(2);
    assert_eq!(marked(&harness), [0, 2, 4]);
    assert!(harness.state().state().explore().large().is_none());
    harness.key_press(Key::Space);
    harness.run_steps(3);
    assert!(harness.state().state().explore().large().is_some());
}

#[test]
fn the_large_picture_is_zoomed_and_moved_by_key() {
    let (_engine, mut harness) = exploring();
    let side = harness.state().state().settings().thumbnail_side;
    harness.key_press(Key::Space);
    harness.run_steps(3);
    harness.key_press(Key::Z);
    harness.run_steps(3);
    let large = |harness: &Harness<App>| harness.state().state().explore().large().unwrap();
    let selected = harness.state().state().explore().selected();
    for _ in 0..4 {
        harness.key_press(Key::Plus);
        harness.run_steps(3);
    }
    let zoom = large(&harness).zoom.unwrap();
    assert!((zoom - 1.25_f32.powi(4)).abs() < 0.01, "{zoom}");
    for (key, moved) in [
        (Key::ArrowRight, (1, 0)),
        (Key::ArrowDown, (0, 1)),
        (Key::ArrowLeft, (-1, 0)),
        (Key::ArrowUp, (0, -1)),
    ] {
        let before = large(&harness).middle;
        harness.key_press_modifiers(Modifiers::SHIFT, key);
        harness.run_steps(3);
        let after = large(&harness).middle;
        let sign = |by: f32| if by.abs() < 1e-4 { 0 } else { by.signum() as i32 };
        assert_eq!((sign(after.0 - before.0), sign(after.1 - before.1)), moved, "{key:?}");
    }
    harness.key_press(Key::Minus);
    harness.run_steps(3);
    assert!(large(&harness).zoom.unwrap() < zoom);
    assert_eq!(harness.state().state().explore().selected(), selected);
    assert_eq!(harness.state().state().settings().thumbnail_side, side);
    assert!(harness.state().state().explore().marked().is_empty());
}

#[test]
fn the_menu_of_a_picture_copies_it_and_leads_to_its_folder() {
    let (_engine, mut harness) = exploring();
    harness.key_press_modifiers(Modifiers::SHIFT, Key::F10);
    harness.run_steps(4);
    harness.get_by_label("Show in folder");
    harness.get_by_label("Copy picture").click();
    harness.run_steps(4);
    harness.get_by_label("The picture is copied");
}
