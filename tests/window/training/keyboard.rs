//! Training by key alone: the keys of the mode, and the way of Tab through its pages.

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::app::train::{Page, TrainCommand};
use clipsight::engine::training::TrainingRequest;
use egui::{Key, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::made::{say_blends, say_board_and_shots, say_preview, say_run_at_work, say_runs};
use super::{open, teaching};
use crate::focus::{all_seen, in_rows, way};
use crate::stand_in::window_of;

const RUN: &str = "linear-probe-1";
/// So high that nothing is scrolled.
const HIGH: [f32; 2] = [1_280.0, 3_000.0];
const SMALL: [f32; 2] = [1_024.0, 700.0];

/// A page with all that it can show.
fn full(page: Page, size: [f32; 2]) -> Harness<'static, App> {
    let (engine, mut harness) = window_of(Settings::default(), size);
    engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
    harness.run_steps(6);
    let folder = TrainCommand::UseFolder("/pictures/colours".into());
    harness.state_mut().execute(Command::Train(folder));
    say_runs(&engine);
    open(&mut harness, page.clone());
    say_preview(&engine, harness.state());
    if matches!(page, Page::Board | Page::Shots) {
        say_board_and_shots(&engine, harness.state());
    }
    if page == Page::Run(RUN.into()) {
        say_blends(&engine);
    }
    harness.run_steps(6);
    harness
}

/// The rail, the runs, the page, what is under it, and the bar at the bottom.
fn part(rect: &Rect, runs_end: f32, page_end: f32, bar: f32) -> usize {
    match rect.center() {
        at if at.y > bar => 4,
        at if at.x < 56.0 => 0,
        at if at.x < runs_end => 1,
        at if at.y < page_end => 2,
        _ => 3,
    }
}

fn tab_through(page: Page, size: [f32; 2], least: usize) {
    let mut harness = full(page.clone(), size);
    let runs_end = 56.0 + harness.state().state().settings().runs_width;
    let bar = size[1] - 34.0;
    let start = harness
        .query_by_label("\u{E3D0}  Start")
        .map(|start| start.rect().top());
    let page_end = start.map_or(bar, |top| top - 12.0);
    let mut way = way(&mut harness);
    // The edge of the list of runs, which can be dragged.
    way.retain(|(rect, _)| rect.width() > 20.0 || rect.height() < 100.0);
    assert!(way.len() > least, "{page:?}: {}", way.len());
    let part = |rect: &Rect| part(rect, runs_end, page_end, bar);
    all_seen(&way, part);
    if size == HIGH {
        in_rows(&way, part);
    }
    let mut parts: Vec<usize> = way.iter().map(|(rect, _)| part(rect)).collect();
    parts.dedup();
    let whole = if start.is_some() {
        vec![0, 1, 2, 3, 4]
    } else {
        vec![0, 1, 2, 4]
    };
    assert_eq!(parts, whole, "{page:?}");
}

#[test]
fn tab_reaches_the_start_of_a_run_after_its_settings() {
    for size in [SMALL, [1_280.0, 800.0], HIGH] {
        tab_through(Page::Setup, size, 40);
    }
}

#[test]
fn tab_goes_through_a_run_as_one_reads() {
    for size in [SMALL, HIGH] {
        tab_through(Page::Run(RUN.into()), size, 25);
    }
}

#[test]
fn tab_goes_through_the_other_pages_of_training_as_one_reads() {
    for page in [Page::Shots, Page::Board] {
        for size in [SMALL, HIGH] {
            tab_through(page.clone(), size, 20);
        }
    }
}

#[test]
fn n_sets_up_a_run_and_escape_leads_back_to_it() {
    let (_engine, mut harness) = teaching();
    let page = |harness: &Harness<App>| harness.state().state().training().page().clone();
    open(&mut harness, Page::Board);
    harness.key_press(Key::N);
    harness.run_steps(3);
    assert_eq!(page(&harness), Page::Setup);
    open(&mut harness, Page::Shots);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert_eq!(page(&harness), Page::Setup);
    harness.key_press(Key::T);
    harness.run_steps(3);
    assert_eq!(harness.state().state().mode(), Mode::Explore);
}

#[test]
fn the_bar_at_the_bottom_says_that_a_run_is_paused() {
    let (engine, mut harness) = teaching();
    say_runs(&engine);
    say_run_at_work(&engine);
    harness.run_steps(4);
    let pause = TrainCommand::Send(TrainingRequest::Pause(true));
    harness.state_mut().execute(Command::Train(pause));
    harness.state_mut().execute(Command::UseMode(Mode::Explore));
    harness.run_steps(4);
    harness.get_by_label_contains("LoRA, colours: 55 %, paused");
    let resume = TrainCommand::Send(TrainingRequest::Pause(false));
    harness.state_mut().execute(Command::Train(resume));
    harness.run_steps(4);
    harness.get_by_label_contains("LoRA, colours: 55 %, 5 s left");
}
