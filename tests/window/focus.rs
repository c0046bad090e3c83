//! The way of Tab: everything that can be done is reached, in the order in which it is read, and in sight.

use clipsight::app::App;
use clipsight::app::command::{Command, Dialog};
use clipsight::app::explore::{Compare, ExploreCommand};
use clipsight::app::settings::{LabelRow, Settings};
use clipsight::app::state::Mode;
use clipsight::heatmap::HeatmapMethod;
use clipsight::zero_shot::Label;
use egui::accesskit::Role;
use egui::{Key, Order, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::stand_in::{window, window_of};

/// Tab goes round the window in fewer steps than this.
const MOST_STEPS: usize = 200;

/// What has the focus: where it lies, and how much of it is seen.
fn focused(harness: &Harness<App>) -> Option<(Rect, Rect)> {
    let id = harness.ctx.memory(|memory| memory.focused())?;
    let response = harness.ctx.read_response(id)?;
    Some((response.rect, response.interact_rect))
}

/// Where Tab goes until it is where it began: where each control lies, and how much of it is seen.
pub fn way(harness: &mut Harness<App>) -> Vec<(Rect, Rect)> {
    let mut way: Vec<(Rect, Rect)> = Vec::new();
    for _ in 0..MOST_STEPS {
        harness.key_press(Key::Tab);
        harness.run_steps(4);
        let Some(now) = focused(harness) else { continue };
        if way.first().is_some_and(|first| first.0 == now.0) {
            return way;
        }
        way.push(now);
    }
    panic!("Tab never came back to {:?}", way.first());
}

/// Everything on the way is seen, and the parts of the window come one after the other.
pub fn all_seen(way: &[(Rect, Rect)], part: impl Fn(&Rect) -> usize) {
    for (place, (rect, seen)) in way.iter().enumerate() {
        let before = &way[place.saturating_sub(3)..place];
        assert!(
            seen.is_positive(),
            "{rect:?} has the focus out of sight, after {before:?}"
        );
    }
    for pair in way.windows(2) {
        let (a, b) = (pair[0].0, pair[1].0);
        assert!(part(&a) <= part(&b), "{a:?}, then {b:?}");
    }
}

/// What lies in one row of a part comes from left to right; for windows so high that nothing is scrolled on the way.
pub fn in_rows(way: &[(Rect, Rect)], part: impl Fn(&Rect) -> usize) {
    for pair in way.windows(2) {
        let (a, b) = (pair[0].0, pair[1].0);
        let same_row = (a.center().y - b.center().y).abs() < 3.0 && part(&a) == part(&b);
        assert!(!same_row || a.left() <= b.left(), "{a:?}, then {b:?}");
    }
}

#[test]
fn tab_goes_as_one_reads_and_everything_it_reaches_is_seen() {
    for size in [[1_280.0, 800.0], [1_024.0, 700.0]] {
        // So few labels that their list needs no scrolling, which would move what was passed.
        let mut settings = Settings::default();
        settings.labels.truncate(6);
        let (engine, mut harness) = window_of(settings, size);
        engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
        harness.run_steps(8);
        // The rail, the labels, the gallery, the inspector, the bar at the bottom.
        let margin = 12.0;
        let gallery = harness.get_by_label_contains("Open").rect().left() - margin;
        let inspector = harness.get_by_label("Opacity").rect().left() - margin;
        let labels = harness.get_by_label("Labels").rect().left() - margin;
        let bottom = size[1] - 34.0;
        let part = |rect: &Rect| match rect.center() {
            at if at.y > bottom => 4,
            at if at.x < labels => 0,
            at if at.x < gallery => 1,
            at if at.x < inspector => 2,
            _ => 3,
        };
        let mut way = way(&mut harness);
        // The edges of panels, which can be dragged.
        way.retain(|(rect, _)| rect.width() > 20.0 || rect.height() < 100.0);
        assert!(way.len() > 40, "{}", way.len());
        for (place, (rect, seen)) in way.iter().enumerate() {
            let before = &way[place.saturating_sub(3)..place];
            assert!(
                seen.is_positive(),
                "{size:?}: {rect:?} has the focus out of sight, after {before:?}"
            );
        }
        let mut parts: Vec<usize> = way.iter().map(|(rect, _)| part(rect)).collect();
        parts.dedup();
        assert_eq!(parts, [0, 1, 2, 3, 4], "{size:?}");
        for pair in way.windows(2) {
            let (a, b) = (pair[0].0, pair[1].0);
            let same_row = (a.center().y - b.center().y).abs() < 3.0 && part(&a) == part(&b);
            // A list that scrolled has its next row where the one before was.
            assert!(!same_row || a.left() <= b.left(), "{size:?}: {a:?}, then {b:?}");
        }
    }
}

#[test]
fn a_label_below_the_fold_comes_into_sight_with_the_focus() {
    let labels = (0..60).map(|n| LabelRow::new(Label::named(format!("label {n}")), n));
    let (engine, mut harness) = window(Settings {
        labels: labels.collect(),
        ..Settings::default()
    });
    engine.load(&["a.jpg"]);
    harness.run_steps(6);
    harness.get_by_label("Remove label 50").focus();
    harness.run_steps(20);
    let (_, seen) = focused(&harness).unwrap();
    assert!(seen.height() > 20.0, "{seen:?}");
}

#[test]
fn the_divider_between_two_heatmaps_moves_by_key() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg"]);
    harness.run_steps(6);
    let compare = Compare::Method(HeatmapMethod::Occlusion);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(compare))));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Divide(Some(0.5))));
    harness.run_steps(6);
    let selected = harness.state().state().explore().selected();
    harness.get_by_label("Divider between the heatmaps").focus();
    harness.run_steps(3);
    for key in [Key::ArrowRight, Key::ArrowRight, Key::ArrowLeft] {
        harness.key_press(key);
        harness.run_steps(3);
    }
    let at = harness.state().state().settings().divider.unwrap();
    assert!((at - 0.52).abs() < 1e-4, "{at}");
    assert_eq!(harness.state().state().explore().selected(), selected);
}

#[test]
fn tab_goes_from_the_rail_over_the_page_to_the_bar_in_other_modes_too() {
    for mode in [Mode::Models, Mode::Train] {
        let (engine, mut harness) = window(Settings::default());
        engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
        harness.run_steps(6);
        harness.state_mut().execute(Command::UseMode(mode));
        harness.run_steps(6);
        let rail = 60.0;
        let bottom = 800.0 - 34.0;
        let part = |rect: &Rect| match rect.center() {
            at if at.y > bottom => 2,
            at if at.x < rail => 0,
            _ => 1,
        };
        let mut way = way(&mut harness);
        way.retain(|(rect, _)| rect.width() > 20.0 || rect.height() < 100.0);
        let mut parts: Vec<usize> = way.iter().map(|(rect, _)| part(rect)).collect();
        parts.dedup();
        assert_eq!(parts, [0, 1, 2], "{mode:?}");
        for (rect, seen) in &way {
            assert!(seen.is_positive(), "{mode:?}: {rect:?} has the focus out of sight");
        }
    }
}

#[test]
fn tab_stays_in_the_dialog_that_is_open() {
    for dialog in [Dialog::Settings, Dialog::LabelList, Dialog::Shortcuts] {
        let (engine, mut harness) = window(Settings::default());
        engine.load(&["a.jpg"]);
        harness.run_steps(4);
        harness.state_mut().execute(Command::OpenDialog(dialog));
        harness.run_steps(4);
        for _ in 0..40 {
            harness.key_press(Key::Tab);
            harness.run_steps(2);
            let focused = harness.ctx.memory(|memory| memory.focused());
            let response = focused.and_then(|id| harness.ctx.read_response(id));
            let layer = response.map(|response| response.layer_id.order);
            assert!(layer.is_none_or(|layer| layer == Order::Foreground), "{dialog:?}");
        }
    }
}

#[test]
fn what_has_the_focus_is_explained_as_to_the_pointer() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg"]);
    harness.run_steps(6);
    let told = |harness: &Harness<App>, words: &str| harness.query_by_label_contains(words).is_some();
    for (name, words) in [
        ("Cosine", "does not depend on the other labels"),
        ("Include \"none of these\"", "stands beside your labels"),
        ("Test this heatmap", "compares the drop with erasing"),
    ] {
        assert!(!told(&harness, words), "{name}");
        harness.get_by_label(name).focus();
        harness.run_steps(4);
        assert!(told(&harness, words), "{name}");
    }
    // The note on the method.
    let lists = harness.get_all_by_role(Role::ComboBox).count();
    let note = "What it cannot tell";
    let mut found = false;
    for place in 0..lists {
        harness.get_all_by_role(Role::ComboBox).nth(place).unwrap().focus();
        harness.run_steps(4);
        found |= told(&harness, note);
    }
    assert!(found);
}
