//! A new run: what it would learn from, its settings, its start.

use std::path::Path;

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::state::Mode;
use clipsight::app::train::{Page, TrainCommand};
use clipsight::clip::{ModelInfo, TowerKind};
use clipsight::engine::ModelChoice;
use clipsight::engine::protocol::{Event, Request};
use clipsight::engine::training::{FineTuneMethod, TrainingEvent, TrainingRequest};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::made::{say_preview, say_runs};
use super::{asked, teaching};
use crate::stand_in::{StandIn, starter};

#[test]
fn a_folder_is_looked_through_before_a_run_and_a_method_that_does_not_fit_says_why() {
    let (engine, mut harness) = teaching();
    harness.get_by_label_contains("Choose a folder first");
    harness
        .state_mut()
        .execute(Command::Drop(vec!["/pictures/colours".into()]));
    harness.run_steps(3);
    let Some(TrainingRequest::Preview { config, .. }) = asked(&engine) else {
        panic!("a dropped folder is looked through")
    };
    assert_eq!(config.folder, Path::new("/pictures/colours"));
    assert_eq!(config.method, FineTuneMethod::LinearProbe);
    say_preview(&engine, harness.state());
    harness.run_steps(4);
    harness.get_by_label_contains("Classes differ much in size");
    harness.get_by_label_contains("about 310 MB");
    harness.get_by_label("8").click();
    harness.run_steps(3);
    let Some(TrainingRequest::Preview { config, .. }) = asked(&engine) else {
        panic!("another split is looked through")
    };
    assert_eq!(config.shots, Some(8));
    let taught = ModelInfo {
        tower: TowerKind::Classifier,
        identity: "taught".into(),
        ..starter()
    };
    engine.say(Event::ModelReady(Box::new(taught)));
    harness.run_steps(3);
    assert!(harness.query_all_by_label_contains("Not for this model").count() > 1);
}

#[test]
fn a_folder_that_is_chosen_in_another_mode_is_shown_where_a_run_is_set_up() {
    let (engine, mut harness) = teaching();
    let train = Command::Train;
    let drop = || train(TrainCommand::Drop("/pictures/colours".into()));
    harness.state_mut().execute(train(TrainCommand::Open(Page::Shots)));
    // Few-shot learns from the folder, too.
    harness.state_mut().execute(drop());
    assert_eq!(harness.state().state().training().page(), &Page::Shots);
    harness.state_mut().execute(Command::UseMode(Mode::Explore));
    harness.state_mut().execute(drop());
    assert_eq!(harness.state().state().mode(), Mode::Train);
    assert_eq!(harness.state().state().training().page(), &Page::Setup);
    assert!(matches!(asked(&engine), Some(TrainingRequest::Preview { .. })));
}

/// What would be learnt from this folder, as the engine answers a request.
fn say_nothing_in(engine: &StandIn, generation: u64, folder: &str) {
    engine.say(Event::Training(TrainingEvent::Previewed {
        generation,
        previewed: Err(format!("nothing in {folder}")),
    }));
}

#[test]
fn the_preview_of_a_folder_that_is_not_chosen_any_more_is_not_shown() {
    let (engine, mut harness) = teaching();
    let mut generations = Vec::new();
    for folder in ["/pictures/slow", "/pictures/colours"] {
        harness
            .state_mut()
            .execute(Command::Train(TrainCommand::UseFolder(folder.into())));
        // The first one is still being looked through when the second one is chosen.
        engine.say(Event::Training(TrainingEvent::Working {
            what: "Looking through the pictures".into(),
            done: 0.1,
        }));
        harness.run_steps(2);
        let Some(TrainingRequest::Preview { generation, config }) = asked(&engine) else {
            panic!("{folder} is looked through")
        };
        assert_eq!(config.folder, Path::new(folder));
        generations.push(generation);
    }
    say_nothing_in(&engine, generations[0], "slow");
    harness.run_steps(2);
    assert!(harness.state().state().training().previewed().is_none());
    say_nothing_in(&engine, generations[1], "colours");
    harness.run_steps(2);
    assert!(matches!(harness.state().state().training().previewed(), Some(Err(text)) if text == "nothing in colours"));
}

#[test]
fn a_run_is_started_once_however_often_start_is_pressed() {
    let (engine, mut harness) = teaching();
    harness
        .state_mut()
        .execute(Command::Train(TrainCommand::UseFolder("/pictures/colours".into())));
    say_preview(&engine, harness.state());
    harness.run_steps(2);
    for _ in 0..2 {
        harness.state_mut().execute(Command::Train(TrainCommand::Start));
    }
    let requests = engine.requests();
    let starts = requests
        .iter()
        .filter(|request| matches!(request, Request::Training(TrainingRequest::Start(_))));
    assert_eq!(starts.count(), 1);
}

#[test]
fn a_run_learns_from_the_model_that_is_open_and_not_from_one_that_could_not_be_opened() {
    let (engine, mut harness) = teaching();
    let base = |engine: &StandIn, harness: &mut Harness<App>| {
        let train = |harness: &mut Harness<App>, command| harness.state_mut().execute(Command::Train(command));
        train(harness, TrainCommand::UseFolder("/pictures/colours".into()));
        train(harness, TrainCommand::Estimate);
        match asked(engine) {
            Some(TrainingRequest::Estimate { config, .. }) => config.base,
            other => panic!("{other:?}"),
        }
    };
    let broken = ModelChoice::Path("/models/broken".into());
    harness.state_mut().execute(Command::LoadModel(broken));
    engine.say(Event::ModelReady(Box::new(starter())));
    harness.run_steps(3);
    assert_eq!(harness.state().state().settings().model, ModelChoice::Starter);
    assert!(harness.state().state().settings().recent_models.is_empty());
    assert_eq!(base(&engine, &mut harness), None);

    let well = ModelChoice::Path("/models/well".into());
    harness.state_mut().execute(Command::LoadModel(well.clone()));
    engine.say(Event::ModelOpened(well.clone()));
    harness.run_steps(3);
    assert_eq!(harness.state().state().settings().model, well);
    assert_eq!(
        harness.state().state().settings().recent_models,
        [Path::new("/models/well")]
    );
    assert_eq!(base(&engine, &mut harness).as_deref(), Some(Path::new("/models/well")));
    // The engine falls back to the starter by itself: the next launch tries the user's model again.
    engine.say(Event::ModelOpened(ModelChoice::Starter));
    harness.run_steps(3);
    assert_eq!(harness.state().state().settings().model, well);
    assert_eq!(base(&engine, &mut harness), None);
}

#[test]
fn several_values_are_tried_and_the_trials_are_shown() {
    let (engine, mut harness) = teaching();
    let folder = "/pictures/colours".into();
    for command in [
        TrainCommand::UseFolder(folder),
        TrainCommand::UseMethod(FineTuneMethod::Lora),
    ] {
        harness.state_mut().execute(Command::Train(command));
    }
    say_preview(&engine, harness.state());
    // High enough for every setting.
    harness.set_size(egui::vec2(1_280.0, 1_600.0));
    harness.run_steps(3);
    harness.get_by_label("Try several values").click();
    harness.run_steps(3);
    harness.get_by_label_contains("3 trials");
    harness.get_by_label("Rank: several values").click();
    harness.run_steps(3);
    harness.get_by_label("Rank: values to try").focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text(", 4".into()));
    harness.run_steps(3);
    harness.get_by_label_contains("6 trials");
    harness.get_by_label("\u{E3D0}  Start").click();
    harness.run_steps(3);
    let Some(TrainingRequest::Start(config)) = asked(&engine) else {
        panic!("the search is started")
    };
    let searched: Vec<(&str, usize)> = config
        .search
        .iter()
        .map(|choice| (choice.name.as_str(), choice.values.len()))
        .collect();
    assert_eq!(searched, [("learning-rate", 3), ("rank", 2)]);

    say_runs(&engine);
    harness
        .state_mut()
        .execute(Command::Train(TrainCommand::Open(Page::Run("prolip-1".into()))));
    harness.run_steps(4);
    harness.get_by_label("Learning rate 1e-6");
    harness.get_by_label("Learning rate 1e-5");
    harness.get_by_label("Best accuracy of each trial: accuracy on validation over trial");
    harness.get_by_label("Training loss of each trial: loss over step of the trial");
    assert!(
        harness.query_by_label("Accuracy on validation").is_none(),
        "a search is not one curve"
    );
}

#[test]
fn a_run_that_must_fail_is_not_started_by_its_key_either() {
    let (engine, mut harness) = teaching();
    harness
        .state_mut()
        .execute(Command::Train(TrainCommand::UseFolder("/pictures/colours".into())));
    harness.run_steps(2);
    harness.get_by_label_contains("still being looked through");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run_steps(3);
    let started = |request: &Request| matches!(request, Request::Training(TrainingRequest::Start(_)));
    assert!(!engine.requests().iter().any(started));
    say_preview(&engine, harness.state());
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run_steps(3);
    assert!(engine.requests().iter().any(started));
}
