//! The window, driven as a user drives it: over a stand-in for the engine, and over the real one.

mod evaluate;
mod explore;
mod focus;
mod identity;
mod looking;
mod models;
mod selecting;
mod shell;
#[path = "../skips/mod.rs"]
mod skips;
mod snapshots;
mod stand_in;
mod training;

use std::time::{Duration, Instant};

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::explore::ExploreCommand;
use clipsight::app::models::ModelsCommand;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::clip::Precision;
use clipsight::engine::ModelChoice;
use clipsight::engine::protocol::{
    CachedModel, Download, Event, FetchOutcome, HubRequest, InferenceRequest, LibraryRequest, Request, Severity,
};
use clipsight::engine::{DeviceChoice, Engine, EngineOptions};
use clipsight::heatmap::HeatmapMethod;
use clipsight::zero_shot::TemplateSet;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use stand_in::{StandIn, advance, answered, question, window};

/// Longer than the pause after which typing is answered.
const DEBOUNCE: Duration = Duration::from_millis(80);

fn settle(harness: &mut Harness<App>) {
    harness.run_steps(3);
    advance(DEBOUNCE);
    harness.run_steps(3);
}

#[test]
fn the_first_launch_opens_the_samples_and_asks_about_its_labels() {
    let (engine, mut harness) = window(Settings::default());
    harness.run_steps(2);
    let requests = engine.requests();
    assert!(
        requests
            .iter()
            .any(|request| matches!(request, Request::Library(LibraryRequest::OpenSamples { .. })))
    );
    assert!(
        question(&requests)
            .unwrap()
            .labels
            .iter()
            .any(|asked| asked.label.name == "cat")
    );
}

#[test]
fn a_typed_label_becomes_a_row_and_a_question_and_can_be_undone() {
    let (engine, mut harness) = window(Settings::default());
    harness.run_steps(2);
    harness.key_press(Key::A);
    harness.run_steps(2);
    harness.event(egui::Event::Text("zebra, striped".into()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    settle(&mut harness);
    let names = |engine: &StandIn| -> Vec<String> {
        let asked = question(&engine.requests()).unwrap();
        asked.labels.into_iter().map(|asked| asked.label.name).collect()
    };
    assert_eq!(names(&engine).last().unwrap(), "zebra, striped");
    // As long as the field has the keyboard, that is its own.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    settle(&mut harness);
    assert_eq!(names(&engine).last().unwrap(), "zebra, striped");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    settle(&mut harness);
    assert!(!names(&engine).contains(&"zebra, striped".to_string()));
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    settle(&mut harness);
    assert_eq!(names(&engine).last().unwrap(), "zebra, striped");
}

#[test]
fn what_is_typed_as_a_new_label_is_asked_about_before_it_is_one() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg"]);
    harness.run_steps(4);
    let before = harness.state().state().settings().clone();
    let asked = |engine: &StandIn| question(&engine.requests()).unwrap();
    let first = asked(&engine);
    harness.key_press(Key::A);
    harness.run_steps(2);
    harness.event(egui::Event::Text("zeb".into()));
    harness.run_steps(3);
    assert_eq!(asked(&engine).generation, first.generation, "not before a pause");
    settle(&mut harness);
    let typed = asked(&engine);
    assert_eq!(typed.labels.len(), first.labels.len() + 1);
    assert_eq!(typed.labels.last().unwrap().label.name, "zeb");
    let answered = |harness: &Harness<App>| {
        let asking = harness.state().state().explore().asking().clone();
        asking.answer.unwrap().labels.len()
    };
    assert_eq!(answered(&harness), typed.labels.len(), "and answered");
    // It is no label: neither kept nor a change that could be undone.
    assert_eq!(harness.state().state().settings().labels, before.labels);
    assert!(harness.query_by_label_contains("Nothing to undo").is_some());
    harness.event(egui::Event::Text("ra".into()));
    settle(&mut harness);
    let longer = asked(&engine);
    assert_eq!(longer.labels.last().unwrap().label.name, "zebra");
    assert_eq!(longer.labels.last().unwrap().id, typed.labels.last().unwrap().id);
    // An empty field removes it.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(2);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    assert_eq!(asked(&engine).labels, first.labels);
    assert_eq!(answered(&harness), first.labels.len());
    // Entered, it stays the label that it is.
    harness.event(egui::Event::Text("zebra".into()));
    settle(&mut harness);
    let id = asked(&engine).labels.last().unwrap().id;
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert_eq!(harness.state().state().settings().labels.last().unwrap().id, id);
    assert_eq!(asked(&engine).labels.len(), first.labels.len() + 1);
    assert!(harness.query_by_label_contains("Undo adding \"zebra\"").is_some());
}

#[test]
fn a_name_that_is_there_is_not_asked_about_twice_while_it_is_typed() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg"]);
    harness.run_steps(4);
    let first = question(&engine.requests()).unwrap();
    harness.key_press(Key::A);
    harness.run_steps(2);
    harness.event(egui::Event::Text("cat".into()));
    settle(&mut harness);
    assert_eq!(question(&engine.requests()).unwrap().generation, first.generation);
}

#[test]
fn typing_a_label_leaves_the_comparison_of_templates_as_it_was() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg"]);
    harness.run_steps(4);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseTemplates(TemplateSet::Bare)));
    settle(&mut harness);
    let compared = |harness: &Harness<App>| harness.query_by_label_contains("Thin bars").is_some();
    assert!(compared(&harness));
    harness.key_press(Key::A);
    harness.run_steps(2);
    harness.event(egui::Event::Text("zebra".into()));
    settle(&mut harness);
    assert!(!compared(&harness), "shares among other labels cannot be compared");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(2);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    assert!(compared(&harness));
    harness.get_by_label_contains("Every picture has the same answer");
}

#[test]
fn a_pasted_list_becomes_rows() {
    let (engine, mut harness) = window(Settings::default());
    harness.run_steps(2);
    harness.key_press(Key::A);
    harness.run_steps(2);
    harness.event(egui::Event::Paste("crab\nzebra\tlike a horse, striped\n".into()));
    settle(&mut harness);
    let labels = question(&engine.requests()).unwrap().labels;
    assert_eq!(labels[labels.len() - 2].label.name, "crab");
    assert_eq!(labels[labels.len() - 1].label.descriptions, ["like a horse, striped"]);
}

#[test]
fn removing_a_label_asks_again_without_it() {
    let (engine, mut harness) = window(Settings::default());
    harness.run_steps(2);
    harness.get_by_label("Remove banana").click();
    settle(&mut harness);
    let labels = question(&engine.requests()).unwrap().labels;
    assert!(!labels.is_empty() && labels.iter().all(|asked| asked.label.name != "banana"));
}

#[test]
fn pictures_are_sorted_selected_and_walked_by_key() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
    harness.run_steps(4);
    // The stand-in scores the last picture highest, and the gallery starts sorted by score.
    assert_eq!(harness.state().state().explore().order(), [2, 1, 0]);
    assert_eq!(harness.state().state().explore().selected(), Some(2));
    harness.key_press(Key::ArrowRight);
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().selected(), Some(1));
    harness.key_press(Key::End);
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().selected(), Some(0));
    harness.get_by_label("c.jpg").click();
    harness.run_steps(3);
    assert!(matches!(
        engine.requests().last(),
        Some(Request::Inspect { picture: Some(2), .. })
    ));
}

#[test]
fn keys_choose_the_heatmaps_label_and_turn_it_off() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg"]);
    harness.run_steps(4);
    harness.key_press_modifiers(Modifiers::ALT, Key::Num3);
    harness.run_steps(3);
    let third = harness.state().state().settings().labels[2].id;
    assert_eq!(harness.state().state().shown_label(), Some(third));
    harness.key_press(Key::H);
    harness.run_steps(3);
    assert!(!harness.state().state().settings().heatmap);
    assert!(harness.query_by_label("The heatmap is off (H)").is_some());
}

#[test]
fn a_heatmap_is_made_by_another_method_and_stopped() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg"]);
    harness.run_steps(4);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseMethod(Some(
            HeatmapMethod::Occlusion,
        ))));
    harness.run_steps(3);
    assert_eq!(
        engine.requests().last(),
        Some(&Request::Inference(InferenceRequest::UseHeatmap(Some(
            HeatmapMethod::Occlusion
        ))))
    );
    // Until the new maps are there, the old ones are not shown as if they were new.
    assert!(harness.state().state().explore().inspected().maps.is_none());
    harness.get_by_label("Stop").click();
    harness.run_steps(3);
    assert_eq!(
        engine.requests().last(),
        Some(&Request::Inference(InferenceRequest::HoldHeatmaps(true)))
    );
    harness.get_by_label("Resume").click();
    harness.run_steps(3);
    assert_eq!(
        engine.requests().last(),
        Some(&Request::Inference(InferenceRequest::HoldHeatmaps(false)))
    );
}

#[test]
fn a_heatmap_is_tested_and_the_verdict_stays_with_its_label() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg"]);
    harness.run_steps(4);
    harness.get_by_label("Test this heatmap").click();
    harness.run_steps(4);
    let tested = |harness: &Harness<App>| harness.query_by_label_contains("each of 5 other places").is_some();
    assert!(tested(&harness));
    harness.key_press_modifiers(Modifiers::ALT, Key::Num3);
    harness.run_steps(3);
    assert!(!tested(&harness), "another label's map was not tested");
}

#[test]
fn keys_do_not_act_while_text_is_typed() {
    let (_engine, mut harness) = window(Settings::default());
    harness.run_steps(2);
    harness.key_press(Key::A);
    harness.run_steps(2);
    harness.key_press(Key::H);
    harness.run_steps(2);
    assert!(harness.state().state().settings().heatmap);
}

#[test]
fn a_model_is_fetched_shown_opened_and_removed_only_when_asked_twice() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg"]);
    harness.run_steps(4);
    harness.state_mut().execute(Command::UseMode(Mode::Models));
    harness.run_steps(4);
    assert!(engine.requests().contains(&Request::Hub(HubRequest::ListModels)));
    let name = "openai/clip-vit-base-patch32".to_string();
    harness.state_mut().execute(Command::FetchModel(name.clone()));
    engine.say(Event::Fetching {
        name: name.clone(),
        progress: Download {
            done_bytes: 100_000_000,
            total_bytes: 600_000_000,
            bytes_per_s: 10e6,
        },
    });
    harness.run_steps(4);
    assert!(
        harness
            .query_by_label("100 MB of 600 MB, 10.0 MB/s, 50 s left")
            .is_some()
    );
    harness.get_by_label("Stop").click();
    harness.run_steps(4);
    assert!(engine.requests().contains(&Request::Hub(HubRequest::StopFetching)));

    let folder = std::path::PathBuf::from("/cache/snapshots/a");
    engine.say(Event::Fetched {
        name: name.clone(),
        outcome: FetchOutcome::Here(folder.clone()),
    });
    engine.say(Event::LocalModels(vec![CachedModel {
        name: name.clone(),
        folder: folder.clone(),
        bytes: 605_000_000,
    }]));
    harness.run_steps(4);
    assert!(
        engine
            .requests()
            .contains(&Request::Inference(InferenceRequest::LoadModel(ModelChoice::Path(
                folder
            ))))
    );

    harness
        .state_mut()
        .execute(Command::Models(ModelsCommand::AskToRemove(Some(name.clone()))));
    harness.run_steps(4);
    assert!(
        !engine
            .requests()
            .contains(&Request::Hub(HubRequest::RemoveModel(name.clone())))
    );
    harness.state_mut().execute(Command::RemoveModel(name.clone()));
    assert!(engine.requests().contains(&Request::Hub(HubRequest::RemoveModel(name))));
}

#[test]
fn answers_to_older_questions_are_dropped() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg"]);
    harness.run_steps(4);
    let before = harness.state().state().explore().pictures()[0].scores.clone();
    let mut older = question(&engine.requests()).unwrap();
    older.generation -= 1;
    let labels = older.labels.len();
    engine.predict(0, &older, &vec![0.9; labels + 1]);
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().pictures()[0].scores, before);
}

#[test]
fn skipped_files_are_listed_with_their_reason_and_can_be_tried_again() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "broken.jpg"]);
    let library = harness.state().state().explore().library();
    engine.say(Event::Skipped {
        library,
        picture: 1,
        reason: "the file is cut short".into(),
    });
    harness.run_steps(4);
    harness.get_by_label_contains("1 skipped").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("the file is cut short").is_some());
    harness.get_by_label_contains("Try all again").click();
    harness.run_steps(3);
    let retried = engine
        .requests()
        .into_iter()
        .any(|request| matches!(request, Request::Library(LibraryRequest::Retry { pictures, .. }) if pictures == [1]));
    assert!(retried);
}

#[test]
fn the_inspector_says_why_its_picture_was_skipped() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg"]);
    harness.run_steps(4);
    harness.state_mut().execute(Command::Explore(ExploreCommand::Select(1)));
    harness.run_steps(4);
    let library = harness.state().state().explore().library();
    engine.say(Event::Skipped {
        library,
        picture: 1,
        reason: "the file is cut short".into(),
    });
    harness.run_steps(4);
    assert_eq!(harness.state().state().explore().selected(), Some(1));
    assert!(harness.query_by_label("the file is cut short").is_some());
}

#[test]
fn messages_can_be_dismissed_and_go_by_themselves_unless_something_failed() {
    let (engine, mut harness) = window(Settings::default());
    let message = |severity, text: &str| Event::Message {
        severity,
        topic: None,
        text: text.into(),
    };
    engine.say(message(Severity::Warning, "The GPU was lost: going on with the CPU"));
    harness.run_steps(4);
    let shown = |harness: &Harness<App>, text: &str| harness.query_by_label_contains(text).is_some();
    assert!(shown(&harness, "The GPU was lost"));
    harness.get_by_label("Dismiss").click();
    harness.run_steps(4);
    assert!(!shown(&harness, "The GPU was lost"));
    engine.say(message(Severity::Info, "Saved a.csv"));
    engine.say(message(Severity::Error, "The disk is full"));
    harness.run_steps(4);
    assert!(shown(&harness, "Saved a.csv"));
    advance(Duration::from_secs(60));
    harness.run_steps(4);
    assert!(!shown(&harness, "Saved a.csv"));
    assert!(shown(&harness, "The disk is full"));
}

#[test]
fn what_the_model_does_not_read_and_was_not_taught_is_shown_at_its_label() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg"]);
    harness.run_steps(3);
    let asked = question(&engine.requests()).unwrap();
    engine.say(Event::Answered {
        lost_words: vec![(asked.labels[0].id, "the lost words".into())],
        question: answered(&asked),
        untaught: vec![(asked.labels[1].id, "Not taught: did you mean \"dress\"?".into())],
        latency_ms: 1.0,
    });
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("the lost words").is_some());
    assert!(harness.query_by_label_contains("did you mean \"dress\"").is_some());
}

#[test]
fn settings_are_kept_after_a_change() {
    let (engine, mut harness) = window(Settings::default());
    harness.run_steps(2);
    harness.key_press(Key::C);
    harness.run_steps(2);
    advance(Duration::from_millis(700));
    harness.run_steps(2);
    assert!(
        !engine
            .requests()
            .iter()
            .any(|request| matches!(request, Request::Library(LibraryRequest::SaveSettings(_))))
    );
    advance(Duration::from_millis(200));
    harness.run_steps(2);
    let kept = engine.requests().into_iter().rev().find_map(|request| match request {
        Request::Library(LibraryRequest::SaveSettings(changes)) => Some(changes),
        _ => None,
    });
    let kept: Vec<_> = kept
        .unwrap()
        .into_iter()
        .map(|change| (change.name, change.value))
        .collect();
    assert!(kept.contains(&("measure".into(), "\"cosine\"".into())), "{kept:?}");
    assert!(kept.iter().all(|(name, _)| name != "labels"), "{kept:?}");
}

#[test]
fn the_size_of_everything_is_what_was_chosen_last_by_click_or_by_key() {
    let (_engine, mut harness) = window(Settings::default());
    harness.run_steps(2);
    // Something else changed a moment ago, and is not saved yet.
    harness.key_press(Key::C);
    harness.run_steps(2);
    harness.state_mut().execute(Command::Scale(1.25));
    harness.run_steps(4);
    assert_eq!(harness.state().state().settings().scale, 1.25);
    assert_eq!(harness.ctx.zoom_factor(), 1.25);
    // As Ctrl and + do.
    harness.ctx.set_zoom_factor(1.5);
    harness.run_steps(4);
    assert_eq!(harness.state().state().settings().scale, 1.5);
    harness.state_mut().execute(Command::Scale(1.0));
    harness.run_steps(4);
    assert_eq!(
        (harness.state().state().settings().scale, harness.ctx.zoom_factor()),
        (1.0, 1.0)
    );
}

#[test]
fn filtering_by_name_keeps_what_matches_and_says_when_nothing_does() {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["cat.jpg", "dog.jpg"]);
    harness.run_steps(4);
    harness.key_press(Key::Slash);
    harness.run_steps(2);
    harness.event(egui::Event::Text("DOG".into()));
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().order(), [1]);
    harness.event(egui::Event::Text("xyz".into()));
    harness.run_steps(3);
    harness.get_by_label("Show all pictures").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().order().len(), 2);
}

/// The real engine with the starter on the CPU.
fn real_window(data_dir: &std::path::Path) -> Harness<'static, App> {
    let options = EngineOptions {
        data_dir: Some(data_dir.to_path_buf()),
        model: ModelChoice::Starter,
        device: DeviceChoice::Cpu,
        precision: Precision::Full,
    };
    Harness::builder().with_size([1_280.0, 800.0]).build_eframe(move |cc| {
        let engine = Engine::start(options, std::sync::Arc::new(|| {}));
        App::new(&cc.egui_ctx, Settings::default(), Box::new(engine))
    })
}

fn run_until(harness: &mut Harness<App>, what: &str, mut done: impl FnMut(&App) -> bool) {
    let started = Instant::now();
    while !done(harness.state()) {
        assert!(
            started.elapsed() < Duration::from_secs(120),
            "waited in vain for {what}"
        );
        harness.run_steps(1);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What the samples show of the labels of the first launch; all others show none of them.
const SHOWN: [(&str, &str); 22] = [
    ("cat.jpg", "cat"),
    ("coffee.jpg", "cup of coffee"),
    ("bananas.jpg", "banana"),
    ("lemons.jpg", "lemon"),
    ("oranges.jpg", "orange"),
    ("bell-peppers.jpg", "bell pepper"),
    ("shoes-1.jpg", "shoes"),
    ("shoes-2.jpg", "shoes"),
    ("jeans-1.jpg", "jeans"),
    ("jeans-2.jpg", "jeans"),
    ("t-shirt-1.jpg", "t-shirt"),
    ("t-shirt-with-a-word.jpg", "t-shirt"),
    ("woolly-hat.jpg", "woolly hat"),
    ("zucchini.jpg", "zucchini"),
    ("cello.jpg", "cello"),
    ("bicycle.jpg", "bicycle"),
    ("aeroplane.jpg", "aeroplane"),
    ("car.jpg", "car"),
    ("lighthouse.jpg", "lighthouse"),
    ("owl.jpg", "owl"),
    ("penguin.jpg", "penguin"),
    ("rocket.jpg", "rocket"),
];

/// The first screen succeeds: what is there is found, and nearly everything else is none of these.
fn first_answers(app: &App) {
    let state = app.state();
    let mut mistaken = Vec::new();
    for picture in state.explore().pictures().iter() {
        let name = picture.name();
        let scores = picture.scores.as_ref().unwrap();
        let said = scores
            .best
            .filter(|_| !scores.none_won)
            .map(|best| state.settings().labels[best].label.name.as_str());
        let shown = SHOWN.iter().find(|(file, _)| *file == name).map(|(_, label)| *label);
        if shown.is_some() {
            assert_eq!(said, shown, "{name}");
        } else if said.is_some() {
            mistaken.push(name);
        }
    }
    assert!(mistaken.len() <= 2, "{mistaken:?} show none of the labels");
}

#[test]
fn the_real_engine_predicts_on_the_samples_and_remembers_them() {
    let data_dir = tempfile::tempdir().unwrap();
    let mut harness = real_window(data_dir.path());
    run_until(&mut harness, "predictions", |app| {
        let state = app.state();
        state.explore().is_scanned()
            && !state.explore().pictures().is_empty()
            && state
                .explore()
                .pictures()
                .iter()
                .all(|picture| picture.scores.is_some())
    });
    first_answers(harness.state());
    let state = harness.state().state();
    let cat = state
        .explore()
        .pictures()
        .iter()
        .find(|picture| picture.name() == "cat.jpg")
        .unwrap();
    let scores = cat.scores.as_ref().unwrap();
    assert_eq!(state.settings().labels[scores.best.unwrap()].label.name, "cat");
    assert!(!scores.none_won);
    run_until(&mut harness, "heatmaps", |app| {
        app.state()
            .explore()
            .inspected()
            .maps
            .as_ref()
            .is_some_and(|set| set.maps.len() == app.state().settings().labels.len() + 1)
    });
    harness.state_mut().execute(Command::Explore(ExploreCommand::TestMap));
    run_until(&mut harness, "a verdict", |app| {
        app.state()
            .explore()
            .inspected()
            .tested
            .as_ref()
            .is_some_and(|tested| tested.verdict.is_some())
    });
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseMethod(Some(
            HeatmapMethod::Occlusion,
        ))));
    run_until(&mut harness, "occlusion", |app| {
        let maps = app.state().explore().inspected().maps.as_ref();
        maps.is_some_and(|set| set.method == HeatmapMethod::Occlusion && !set.maps.is_empty())
    });
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseMethod(None)));
    let first: Vec<_> = harness
        .state()
        .state()
        .explore()
        .pictures()
        .iter()
        .map(|p| p.scores.clone())
        .collect();
    drop(harness);

    // A second opening shows the same scores, and embeds nothing: the store has it all at once.
    let mut harness = real_window(data_dir.path());
    run_until(&mut harness, "stored predictions", |app| {
        let state = app.state();
        !state.explore().pictures().is_empty()
            && state
                .explore()
                .pictures()
                .iter()
                .all(|picture| picture.scores.is_some())
    });
    let second: Vec<_> = harness
        .state()
        .state()
        .explore()
        .pictures()
        .iter()
        .map(|p| p.scores.clone())
        .collect();
    assert_eq!(first, second);
    assert_eq!(harness.state().state().explore().speed(), None);
}
