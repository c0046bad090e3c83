//! The page of models: what is on it at every size, what passes its filters, and the way there by key.

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::models::{ModelsCommand, Only};
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::engine::ModelChoice;
use clipsight::engine::protocol::{CachedModel, Event, HubRequest, Request};
use egui::{Key, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::focus::{all_seen, in_rows, way};
use crate::stand_in::{StandIn, window_of};

const BASE: &str = "openai/clip-vit-base-patch32";
/// Not in the catalogue.
const OTHER: &str = "somebody/a-clip";

fn cached(name: &str, folder: &str) -> CachedModel {
    CachedModel {
        name: name.into(),
        folder: folder.into(),
        bytes: 605_000_000,
    }
}

/// The page with the starter in use, one model of the catalogue and one that was fetched by name.
fn choosing(size: [f32; 2]) -> (StandIn, Harness<'static, App>) {
    let (engine, mut harness) = window_of(Settings::default(), size);
    engine.load(&["a.jpg"]);
    harness.run_steps(4);
    harness.state_mut().execute(Command::UseMode(Mode::Models));
    engine.say(Event::MachineMemory(2_000_000_000));
    engine.say(Event::LocalModels(vec![
        cached(BASE, "/models/base"),
        cached(OTHER, "/models/other"),
    ]));
    harness.run_steps(6);
    (engine, harness)
}

fn execute(harness: &mut Harness<App>, command: Command) {
    harness.state_mut().execute(command);
    harness.run_steps(4);
}

/// Every button of this name.
fn all(harness: &Harness<App>, name: &str) -> Vec<Rect> {
    harness.query_all_by_label(name).map(|node| node.rect()).collect()
}

/// Where the list ends: at the model in use where that stands beside it, else at the window's edge.
fn right_of_list(harness: &Harness<App>, width: f32) -> f32 {
    let list = harness.get_by_label("Models to choose from").rect();
    let in_use = harness.get_by_label("In use: Starter").rect();
    if in_use.left() > list.right() {
        in_use.left() - 24.0
    } else {
        width - 12.0
    }
}

#[test]
fn every_control_of_a_model_is_in_the_list_at_every_size() {
    // The last is what 150 % leaves of 1280 x 800.
    for size in [[1_920.0, 1_080.0], [1_280.0, 800.0], [1_024.0, 700.0], [853.0, 533.0]] {
        let (_engine, mut harness) = choosing(size);
        let end = right_of_list(&harness, size[0]);
        let inside = |rects: &[Rect], count: usize, what: &str| {
            assert_eq!(rects.len(), count, "{size:?}: {what}");
            assert!(
                rects.iter().all(|rect| rect.right() <= end),
                "{size:?}: {what} beyond {end}: {rects:?}"
            );
        };
        // The starter, and what is here.
        for name in ["Use", "Compare", "Measure"] {
            inside(&all(&harness, name), 3, name);
        }
        let delete = |name: &str| format!("Delete {name}: frees 605 MB");
        for name in [BASE, OTHER] {
            inside(&all(&harness, &delete(name)), 1, name);
        }
        execute(
            &mut harness,
            Command::MeasureModel(ModelChoice::Path("/models/base".into())),
        );
        inside(&all(&harness, &delete(BASE)), 1, "while it is measured");
        let ask = ModelsCommand::AskToRemove(Some(BASE.into()));
        execute(&mut harness, Command::Models(ask));
        for name in ["Delete for all programs", "Cancel"] {
            inside(&all(&harness, name), 1, name);
        }
    }
}

#[test]
fn a_model_outside_the_catalogue_is_not_listed_as_multilingual_or_under_a_licence() {
    let (_engine, mut harness) = choosing([1_280.0, 800.0]);
    let listed = |harness: &Harness<App>, name: &str| harness.query_by_label(name).is_some();
    assert!(listed(&harness, OTHER) && listed(&harness, BASE));
    harness.get_by_label("Downloaded").click();
    harness.run_steps(4);
    assert!(listed(&harness, OTHER) && listed(&harness, BASE));
    harness.get_by_label("Multilingual").click();
    harness.run_steps(4);
    assert!(!listed(&harness, OTHER) && !listed(&harness, BASE));
    harness.get_by_label("No models match.");
    let licence = Some("MIT".into());
    let only = Only {
        licence,
        ..Only::default()
    };
    execute(&mut harness, Command::Models(ModelsCommand::List(only)));
    assert!(!listed(&harness, OTHER) && listed(&harness, BASE));
    assert!(!listed(&harness, "No models match."));
}

#[test]
fn the_link_to_a_small_clip_leads_to_where_it_comes_first() {
    let (_engine, mut harness) = choosing([1_280.0, 800.0]);
    let top = |harness: &Harness<App>, size: &str| harness.get_by_label(size).rect().top();
    assert!(
        top(&harness, "96 MB") > top(&harness, "332 MB"),
        "by what fits, it is not"
    );
    // A filter from before hides it.
    let only = Only {
        here: true,
        ..Only::default()
    };
    execute(&mut harness, Command::Models(ModelsCommand::List(only)));
    assert!(harness.query_by_label("96 MB").is_none());
    execute(&mut harness, Command::UseMode(Mode::Explore));
    harness.get_by_label("Get a real CLIP (96 MB)").click();
    harness.run_steps(4);
    assert_eq!(harness.state().state().mode(), Mode::Models);
    let least = top(&harness, "96 MB");
    for size in ["332 MB", "408 MB", "600 MB"] {
        assert!(least < top(&harness, size), "{size}");
    }
}

#[test]
fn the_page_is_opened_by_its_key() {
    let (engine, mut harness) = window_of(Settings::default(), [1_280.0, 800.0]);
    engine.load(&["a.jpg"]);
    harness.run_steps(4);
    harness.key_press(Key::M);
    harness.run_steps(4);
    assert_eq!(harness.state().state().mode(), Mode::Models);
    assert!(engine.requests().contains(&Request::Hub(HubRequest::ListModels)));
}

#[test]
fn tab_goes_through_the_models_as_one_reads_and_everything_it_reaches_is_seen() {
    // The first two are so high that nothing is scrolled.
    for size in [[1_920.0, 1_080.0], [1_024.0, 2_000.0], [1_024.0, 700.0]] {
        let (_engine, mut harness) = choosing(size);
        let rail = harness.get_by_label("Models to choose from").rect().left() - 24.0;
        // Where the model in use stands beside the list, it is read after it.
        let end = right_of_list(&harness, size[0]);
        let part = |rect: &Rect| match rect.center() {
            at if at.y > size[1] - 34.0 => 3,
            at if at.x < rail => 0,
            at if at.x < end => 1,
            _ => 2,
        };
        let way = way(&mut harness);
        assert!(way.len() > 25, "{size:?}: {}", way.len());
        all_seen(&way, part);
        if size[1] > 1_000.0 {
            in_rows(&way, part);
        }
    }
}
