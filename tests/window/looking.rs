//! Looking closely at one picture: heatmaps side by side, the model's square moved, parts erased, maps taken away.

use clipsight::app::App;
use clipsight::app::command::{Command, FileDialog};
use clipsight::app::explore::shown_map::shown_maps;
use clipsight::app::explore::{Compare, ExploreCommand};
use clipsight::app::settings::{LabelRow, Settings};
use clipsight::engine::ModelChoice;
use clipsight::engine::protocol::{Dab, Fill, InferenceRequest, LibraryRequest, PictureId, Probe, Request, Shift};
use clipsight::heatmap::{HeatmapMethod, Ramp};
use clipsight::zero_shot::Label;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::stand_in::{StandIn, window};
use crate::{real_window, run_until};

fn looking() -> (StandIn, Harness<'static, App>) {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
    harness.run_steps(6);
    assert!(harness.state().state().explore().selected().is_some());
    (engine, harness)
}

fn probe(engine: &StandIn) -> Option<Probe> {
    engine.newest(|request| match request {
        Request::Inference(InferenceRequest::Probe(probe)) => Some(probe.clone()),
        _ => None,
    })?
}

fn dab(x: f32) -> Dab {
    Dab { x, y: 0.5, radius: 0.1 }
}

#[test]
fn two_heatmaps_stand_side_by_side_until_one_is_put_away() {
    let (engine, mut harness) = looking();
    let compare = Compare::Method(HeatmapMethod::Occlusion);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(compare))));
    harness.run_steps(6);
    let compared = engine.newest(|request| match request {
        Request::Inference(InferenceRequest::Compare(compared)) => Some(compared.clone()),
        _ => None,
    });
    assert_eq!(compared.unwrap().unwrap().method, Some(HeatmapMethod::Occlusion));
    assert!(harness.state().state().explore().inspected().compared_maps.is_some());
    assert!(
        harness.query_all_by_label_contains("by Occlusion").next().is_some(),
        "the second map says how it was made"
    );
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(None)));
    harness.run_steps(3);
    assert!(harness.state().state().explore().inspected().compared_maps.is_none());
}

#[test]
fn alt_with_arrows_moves_what_the_model_sees_and_r_takes_it_back() {
    let (engine, mut harness) = looking();
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowRight);
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowRight);
    harness.run_steps(3);
    let asked = probe(&engine).unwrap();
    assert!((asked.shift.x - 0.2).abs() < 1e-6 && asked.shift.y == 0.0);
    assert_eq!(harness.state().state().explore().probe().number, asked.number);
    harness.key_press(Key::R);
    harness.run_steps(3);
    assert!(probe(&engine).is_none(), "the picture is shown as it is");
    assert_eq!(harness.state().state().explore().probe().shift, Shift::default());
}

#[test]
fn what_needs_the_inspector_shows_it() {
    let (engine, mut harness) = looking();
    let label = harness.state().state().settings().labels[1].id;
    let compare = Compare::Method(HeatmapMethod::Occlusion);
    let wants = [
        Command::Explore(ExploreCommand::Compare(Some(compare))),
        Command::Explore(ExploreCommand::ToggleHeatmap),
        Command::Explore(ExploreCommand::ToggleModelView),
        Command::Explore(ExploreCommand::ToggleBrush),
        Command::Explore(ExploreCommand::MapLabel(label)),
        Command::Explore(ExploreCommand::TestMap),
        Command::Explore(ExploreCommand::UseMethod(Some(HeatmapMethod::Occlusion))),
    ];
    for command in wants {
        harness
            .state_mut()
            .execute(Command::Explore(ExploreCommand::ToggleInspector));
        harness.run_steps(2);
        assert!(!harness.state().state().settings().inspector_shown);
        harness.state_mut().execute(command.clone());
        harness.run_steps(3);
        let state = harness.state().state();
        assert!(state.settings().inspector_shown, "{command:?}");
        assert!(state.settings().heatmap, "{command:?}");
    }
    assert_eq!(harness.state().state().explore().pinned(), Some(label));
    drop(engine);
}

#[test]
fn two_maps_on_other_scales_have_a_legend_each() {
    let (_engine, mut harness) = looking();
    let second = |harness: &Harness<App>| harness.query_all_by_label_contains("· Occlusion").count();
    assert_eq!(second(&harness), 0);
    let compare = Compare::Method(HeatmapMethod::Occlusion);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(compare))));
    harness.run_steps(6);
    assert_eq!(second(&harness), 1, "a fall of the cosine is no evidence");
    // On one scale, one legend is for both.
    let other = harness.state().state().settings().labels[1].id;
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(Compare::Label(other)))));
    harness.run_steps(6);
    assert_eq!(second(&harness), 0);
}

#[test]
fn values_on_both_sides_of_zero_are_drawn_in_two_colours_until_somebody_chooses_others() {
    let (_engine, mut harness) = looking();
    let signed = |harness: &Harness<App>| {
        let (shown, _) = shown_maps(harness.state().state());
        shown.unwrap().overlay.signed
    };
    assert!(signed(&harness));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseRamp(Ramp::Magma)));
    assert!(!signed(&harness));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseScale(None)));
    assert!(signed(&harness));
}

#[test]
fn a_test_scrolls_and_is_closed_by_escape() {
    let (engine, mut harness) = looking();
    harness.state_mut().execute(Command::Explore(ExploreCommand::TestMap));
    harness.run_steps(8);
    // What is below it is reached, and brought into sight.
    let last = harness.query_all_by_label_contains("none of these ").last().unwrap();
    last.focus();
    harness.run_steps(12);
    let last = harness
        .query_all_by_label_contains("none of these ")
        .last()
        .unwrap()
        .rect();
    assert!(last.bottom() < 766.0, "{last:?}");
    // The first lets go of the focus.
    for _ in 0..2 {
        harness.key_press(Key::Escape);
        harness.run_steps(3);
    }
    assert!(harness.state().state().explore().inspected().tested.is_none());
    assert!(
        engine
            .requests()
            .contains(&Request::Inference(InferenceRequest::TestMap(None)))
    );
}

#[test]
fn what_is_below_the_picture_stands_still_while_a_map_is_made() {
    let (engine, mut harness) = looking();
    let bar = |harness: &Harness<App>| {
        harness
            .query_all_by_label_contains("none of these ")
            .last()
            .unwrap()
            .rect()
    };
    let before = bar(&harness);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseMethod(Some(
            HeatmapMethod::Occlusion,
        ))));
    harness.run_steps(6);
    assert!(harness.state().state().explore().inspected().maps.is_none());
    assert_eq!(bar(&harness), before);
    engine.explain();
    harness.run_steps(6);
    assert!(harness.state().state().explore().inspected().maps.is_some());
    assert_eq!(bar(&harness), before);
}

#[test]
fn strokes_erase_are_told_and_are_undone_one_by_one() {
    let (engine, mut harness) = looking();
    harness.key_press(Key::B);
    harness.run_steps(3);
    assert!(harness.state().state().explore().brush().is_some());
    for (x, begins) in [(0.4, true), (0.45, false), (0.7, true)] {
        harness
            .state_mut()
            .execute(Command::Explore(ExploreCommand::Erase { dab: dab(x), begins }));
    }
    harness.run_steps(6);
    assert_eq!(probe(&engine).unwrap().dabs, [dab(0.4), dab(0.45), dab(0.7)]);
    assert!(harness.state().state().probed().unwrap().read_the_word);
    // The starter cannot read.
    assert!(harness.query_by_label_contains("may have read").is_none());

    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseFill(Fill::Blur)));
    assert_eq!(probe(&engine).unwrap().fill, Fill::Blur);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    assert_eq!(probe(&engine).unwrap().dabs.len(), 2, "a stroke goes as a whole");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    assert!(probe(&engine).is_none());
}

#[test]
fn the_next_picture_is_shown_as_it_is() {
    let (_, mut harness) = looking();
    harness.state_mut().execute(Command::Explore(ExploreCommand::Erase {
        dab: dab(0.5),
        begins: true,
    }));
    harness.run_steps(3);
    harness.key_press(Key::ArrowRight);
    harness.run_steps(3);
    assert!(!harness.state().state().explore().is_probing());
    assert!(harness.state().state().explore().inspected().probed.is_none());
}

#[test]
fn heatmaps_are_copied_saved_and_written_as_numbers() {
    let (engine, mut harness) = looking();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::CopyHeatmap));
    harness.run_steps(4);
    assert!(
        harness
            .state()
            .state()
            .messages()
            .iter()
            .any(|message| message.text.contains("copied"))
    );
    let target = std::path::PathBuf::from("/nowhere/heatmap.png");
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SaveHeatmap(target.clone())));
    let drawn = engine.newest(|request| match request {
        Request::Library(LibraryRequest::DrawHeatmap {
            picture,
            path: Some(path),
        }) => Some((picture.clone(), path.clone())),
        _ => None,
    });
    let (picture, path) = drawn.unwrap();
    assert_eq!(path, target);
    assert_eq!(picture.maps.len(), 1);
    harness.state_mut().execute(Command::Explore(ExploreCommand::SaveGrid(
        "/nowhere/heatmap.json".into(),
    )));
    let written = engine.newest(|request| match request {
        Request::Library(LibraryRequest::Export { content, .. }) => Some(content.clone()),
        _ => None,
    });
    let grid: serde_json::Value = serde_json::from_str(&written.unwrap()).unwrap();
    assert!(grid.to_string().contains("class-activation"));
    harness.key_press(Key::P);
    harness.run_steps(1);
    assert_ne!(harness.state().state().wanted_dialog(), Some(FileDialog::Csv));
}

/// Presses on the picture at one place and lets go at another, both in fractions of its pane.
fn drag(harness: &mut Harness<App>, from: egui::Vec2, to: egui::Vec2) {
    let pane = harness.get_by_label_contains("Heatmap: ").rect();
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let (from, to) = (pane.min + from * pane.size(), pane.min + to * pane.size());
    harness.event(egui::Event::PointerMoved(from));
    harness.run_steps(1);
    harness.event(button(from, true));
    harness.run_steps(1);
    for step in 1..=4 {
        harness.event(egui::Event::PointerMoved(from + (to - from) * (step as f32 / 4.0)));
        harness.run_steps(1);
    }
    harness.event(button(to, false));
    harness.run_steps(3);
}

#[test]
fn the_pointer_drags_what_the_model_sees_and_paints_with_the_brush() {
    let (engine, mut harness) = looking();
    drag(&mut harness, egui::vec2(0.4, 0.5), egui::vec2(0.45, 0.5));
    let dragged = probe(&engine).unwrap();
    assert!(dragged.shift.x > 0.0 && dragged.dabs.is_empty());
    harness.key_press(Key::R);
    harness.key_press(Key::B);
    harness.run_steps(3);
    drag(&mut harness, egui::vec2(0.3, 0.5), egui::vec2(0.6, 0.5));
    let painted = probe(&engine).unwrap();
    assert!(painted.dabs.len() > 1 && painted.shift == Shift::default());
    assert_eq!(
        harness.state().state().explore().strokes(),
        [0],
        "one stroke, undone as one"
    );
}

#[test]
fn a_saved_comparison_of_two_models_names_each_with_its_own_map() {
    let (engine, mut harness) = looking();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(Compare::Model(
            ModelChoice::Path("/models/other".into()),
        )))));
    harness.run_steps(3);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SaveHeatmap(
            "/nowhere/both.png".into(),
        )));
    let picture = engine.newest(|request| match request {
        Request::Library(LibraryRequest::DrawHeatmap { picture, .. }) => Some(picture.clone()),
        _ => None,
    });
    let maps = picture.unwrap().maps;
    let told: Vec<(&str, bool)> = maps
        .iter()
        .map(|map| (map.model.as_str(), map.score.is_empty()))
        .collect();
    assert_eq!(
        told,
        [("Starter", false), ("Other", true)],
        "no number stands beside a model that it is not of"
    );
}

#[test]
fn the_real_engine_compares_labels_and_models_and_saves_what_is_seen() {
    let data_dir = tempfile::tempdir().unwrap();
    let mut harness = real_window(data_dir.path());
    run_until(&mut harness, "a heatmap", |app| {
        app.state()
            .explore()
            .inspected()
            .maps
            .as_ref()
            .is_some_and(|set| set.done >= 1.0)
    });
    let second = harness.state().state().settings().labels[1].id;
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(Compare::Label(second)))));
    harness.run_steps(3);
    assert_eq!(harness.query_all_by_label_contains("Heatmap: ").count(), 2);

    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clip-f16");
    let labels = ["a photo of a cat", "a zebra"].map(|name| LabelRow::new(Label::named(name), 0));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::EditLabels(labels.to_vec())));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(Compare::Model(
            ModelChoice::Path(other.into()),
        )))));
    run_until(&mut harness, "the other model's heatmap", |app| {
        let state = app.state();
        let asked = state.explore().asking().generation;
        state.explore().compared_model().is_some()
            && state
                .explore()
                .inspected()
                .maps
                .as_ref()
                .is_some_and(|set| set.question.generation == asked && set.done >= 1.0)
            && state
                .explore()
                .inspected()
                .compared_maps
                .as_ref()
                .is_some_and(|set| set.question.generation == asked && set.done >= 1.0)
    });
    let target = data_dir.path().join("both.png");
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SaveHeatmap(target.clone())));
    run_until(&mut harness, "the saved picture", |app| {
        app.state()
            .messages()
            .iter()
            .any(|message| message.text.starts_with("Saved"))
    });
    let saved = image::open(&target).unwrap();
    assert!(
        saved.width() > 2 * 348 && saved.height() > 348,
        "two pictures with their legends"
    );
}

/// Which of the samples comes first depends on which are scored by then.
fn show_the_cat(harness: &mut Harness<App>) {
    run_until(harness, "a score of the cat", |app| {
        app.state().explore().is_scanned()
            && cat(app).is_some_and(|cat| app.state().explore().pictures()[cat].scores.is_some())
    });
    let cat = cat(harness.state()).unwrap();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Select(cat)));
}

fn cat(app: &App) -> Option<PictureId> {
    let mut pictures = app.state().explore().pictures().iter();
    let cat = pictures.find(|picture| picture.name() == "cat.jpg")?;
    Some(cat.file.id)
}

#[test]
fn the_real_engine_answers_what_is_erased_and_moved_and_compared() {
    let data_dir = tempfile::tempdir().unwrap();
    let mut harness = real_window(data_dir.path());
    show_the_cat(&mut harness);
    run_until(&mut harness, "a heatmap", |app| {
        app.state()
            .explore()
            .inspected()
            .maps
            .as_ref()
            .is_some_and(|set| set.done >= 1.0)
    });
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(Compare::Method(
            HeatmapMethod::Occlusion,
        )))));
    run_until(&mut harness, "a second heatmap", |app| {
        app.state()
            .explore()
            .inspected()
            .compared_maps
            .as_ref()
            .is_some_and(|set| set.done >= 1.0)
    });
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(None)));
    for x in [0.3, 0.5, 0.7] {
        let dab = Dab {
            x,
            y: 0.5,
            radius: 0.25,
        };
        harness
            .state_mut()
            .execute(Command::Explore(ExploreCommand::Erase { dab, begins: true }));
    }
    let number = harness.state().state().explore().probe().number;
    run_until(&mut harness, "an answer", |app| {
        app.state().probed().is_some_and(|probed| probed.number == number)
    });
    let probed = harness.state().state().probed().unwrap().clone();
    let best = probed.before.best.unwrap();
    assert!(
        probed.after.cosines[best] < probed.before.cosines[best],
        "what was recognised is gone"
    );
    assert!(probed.image.is_some());
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::ResetProbe));
    run_until(&mut harness, "the picture as it is", |app| {
        app.state().probed().is_none()
    });
}

/// A page of writing is a web site to the starter, and plain paper an envelope: here, erasing writing does flip the answer.
#[test]
fn the_real_engine_says_when_it_read_the_word() {
    let data_dir = tempfile::tempdir().unwrap();
    let mut harness = real_window(data_dir.path());
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures/writing.png");
    let labels = ["web site", "envelope"].map(|name| LabelRow::new(Label::named(name), 0));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::EditLabels(labels.to_vec())));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SetNoneBias(-0.5)));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Open(vec![page.into()])));
    run_until(&mut harness, "a heatmap", |app| {
        let state = app.state();
        let set = state.explore().inspected().maps.as_ref();
        state.explore().asking().changed_at.is_none()
            && set.is_some_and(|set| set.done >= 1.0 && set.question.generation == state.explore().asking().generation)
    });
    for row in 0..5 {
        for column in 0..5 {
            let at = |n: i32| 0.14 + 0.18 * n as f32;
            let dab = Dab {
                x: at(column),
                y: at(row),
                radius: 0.15,
            };
            let begins = (row, column) == (0, 0);
            harness
                .state_mut()
                .execute(Command::Explore(ExploreCommand::Erase { dab, begins }));
        }
    }
    let number = harness.state().state().explore().probe().number;
    run_until(&mut harness, "an answer", |app| {
        app.state().probed().is_some_and(|probed| probed.number == number)
    });
    let probed = harness.state().state().probed().unwrap();
    assert_eq!((probed.before.best, probed.after.best), (Some(0), Some(1)));
    assert!(probed.read_the_word);
}
