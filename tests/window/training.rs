//! Teaching a model in the window: set up, watch, hold, stop, use, compare, delete and bring back.

use std::path::Path;

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::app::train::{Page, TrainCommand};
use clipsight::clip::{ModelInfo, TowerKind};
use clipsight::engine::ModelChoice;
use clipsight::engine::protocol::{Event, InferenceRequest, Request};
use clipsight::engine::training::{
    BlendPoint, Board, Choice, ClassCount, Contradiction, Estimate, FineTuneMethod, Flip, KShot, METHODS, Preview,
    RunConfig, RunEvent, RunRecord, RunState, Tested, TrainingEvent, TrainingRequest,
};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::stand_in::{StandIn, starter, window};
use crate::{real_window, run_until};

/// Pictures of plain colours in folders: easy to tell apart.
pub fn colours(folder: &Path, count: usize) {
    for (class, base) in [
        ("red", [200u8, 40, 40]),
        ("green", [40, 200, 40]),
        ("blue", [40, 40, 200]),
    ] {
        std::fs::create_dir_all(folder.join(class)).unwrap();
        for n in 0..count {
            let mut random = fastrand::Rng::with_seed(n as u64 * 31 + u64::from(base[0]));
            let picture = image::RgbImage::from_fn(64, 64, |x, y| {
                let block = ((x / 8 * 13 + y / 8 * 7 + n as u32 * 5) % 11) as u8 * 4;
                image::Rgb(base.map(|value| value.saturating_add(block).saturating_sub(random.u8(0..30))))
            });
            picture.save(folder.join(class).join(format!("{n}.png"))).unwrap();
        }
    }
}

fn asked(engine: &StandIn) -> Option<TrainingRequest> {
    engine.newest(|request| match request {
        Request::Training(TrainingRequest::List) => None,
        Request::Training(request) => Some(request.clone()),
        _ => None,
    })
}

/// Answers to so many test pictures, of which so many are right before and after; as few as can be change.
fn tested(before: usize, after: usize, of: usize) -> Tested {
    let digits = |right: usize| "2".repeat(right) + &"0".repeat(of - right);
    Tested {
        pictures: format!("{of} pictures"),
        before: digits(before),
        after: digits(after),
    }
}

fn record(run: &str, method: FineTuneMethod, state: RunState, tested: Option<Tested>) -> RunRecord {
    let compared = tested.as_ref().and_then(Tested::compared);
    let control = tested.as_ref().and_then(|_| self::tested(90, 74, 100).compared());
    RunRecord {
        data: Default::default(),
        chosen: Vec::new(),
        run: run.into(),
        name: format!("{}, colours", method.title()),
        note: String::new(),
        config: RunConfig::new(method, "/pictures/colours".into()),
        state,
        base_name: "Starter".into(),
        base_identity: "a0203d363266da5d".into(),
        data_hash: "5e1f00d5".repeat(8),
        device: "CPU".into(),
        started_s: 1_700_000_000,
        worked_s: 12.5,
        step: 40,
        steps: 40,
        classes: ["red", "green", "blue"].map(String::from).to_vec(),
        n_train: 24,
        n_test: compared.map_or(6, |compared| compared.count),
        zero_shot_accuracy: compared.map(|compared| compared.before.mean as f32),
        accuracy: compared.map(|compared| compared.after.mean as f32),
        control: compared.map(|_| (0.9, 0.74)),
        control_compared: control,
        model: compared.map(|_| format!("/runs/{run}/learnt").into()),
        tested,
        compared,
        blend: 1.0,
        error: None,
    }
}

/// The interrupted run tries four rates, ten steps each.
fn trial(run: &str, step: usize) -> Vec<(String, f64)> {
    let rate = [1e-6, 1e-5, 1e-4, 1e-3][(step - 1) / 10];
    let tries = run.starts_with("prolip");
    tries.then(|| ("learning-rate".into(), rate)).into_iter().collect()
}

fn events(run: &str, steps: usize) -> Vec<RunEvent> {
    let mut events = vec![RunEvent::Started {
        run: run.into(),
        steps: 40,
        step: 1,
        n_train: 24,
        n_validation: 60,
        n_test: 62,
        zero_shot: Some(0.667),
        control: Some(0.9),
    }];
    for step in 1..=steps {
        let share = step as f32 / 40.0;
        events.push(RunEvent::Step {
            run: run.into(),
            step,
            steps: 40,
            loss: 1.1 * (-2.0 * share).exp() + 0.05 * (step % 3) as f32,
            learning_rate: Some(1e-4 * f64::from(1.0 - share)),
            logit_scale: Some(20.0 + 4.0 * share),
            gradient_norm: Some(0.5),
            pictures_per_s: 31.0,
            seconds_left: 12.0 * (1.0 - share),
        });
        let search = run.starts_with("prolip");
        if step % if search { 5 } else { 10 } == 0 {
            // The second trial is the best one.
            let best = !search || step <= 20;
            let lost = if best { 0.0 } else { 0.3 };
            events.push(RunEvent::Validation {
                trial: trial(run, step),
                run: run.into(),
                step,
                loss: Some(1.2 * (-1.5 * share).exp()),
                accuracy: Some(0.667 + 0.3 * share - lost),
                control: Some(0.9 - 0.05 * share),
                recall: None,
                board: Some(
                    (0..3)
                        .map(|r| (0..3).map(|c| if r == c { 0.3 + 0.4 * share } else { 0.25 }).collect())
                        .collect(),
                ),
                board_pairs: ["red", "green", "blue"]
                    .map(|class| (format!("/pictures/colours/{class}/1.png").into(), class.into()))
                    .into(),
                flips: vec![Flip {
                    path: "/pictures/colours/red/3.png".into(),
                    class: "red".into(),
                    before: "blue".into(),
                    after: "red".into(),
                }],
                best,
            });
        }
    }
    events
}

/// Pretends that a folder was looked through.
pub fn say_preview(engine: &StandIn, app: &App) {
    let class = |name: &str, train| ClassCount {
        name: name.into(),
        train,
        validation: 3,
        test: 3,
        samples: (0..4)
            .map(|n| format!("/pictures/colours/{name}/{n}.png").into())
            .collect(),
    };
    let preview = Preview {
        leaked: 0,
        classes: vec![class("red", 24), class("green", 2), class("blue", 24)],
        warnings: vec![
            "Classes differ much in size (2 to 24 for training): the large ones will be guessed more often".into(),
        ],
        problems: vec![("/pictures/colours/red/cut.png".into(), "the file is cut".into())],
        duplicates: 2,
        pairs: vec![
            (
                "/pictures/colours/red/a.png".into(),
                "/pictures/colours/red/a (copy).png".into(),
            ),
            (
                "/pictures/colours/red/b.png".into(),
                "/pictures/colours/green/b.png".into(),
            ),
        ],
        contradictions: vec![Contradiction {
            paths: (
                "/pictures/colours/red/b.png".into(),
                "/pictures/colours/green/b.png".into(),
            ),
            classes: ("red".into(), "green".into()),
        }],
        left_aside: vec![(
            "/pictures/colours/notes.csv".into(),
            "it names no picture of this folder".into(),
        )],
        captions: Vec::new(),
    };
    let training = &app.state().training;
    engine.say(Event::Training(TrainingEvent::Previewed {
        generation: training.asked()[0],
        previewed: Ok(Box::new(preview)),
    }));
    engine.say(Event::Training(TrainingEvent::Idle));
    engine.say(Event::Training(TrainingEvent::Estimated {
        generation: training.asked()[1],
        estimate: Estimate {
            seconds: 42.0,
            steps: 40,
            memory_mb: Some(310.0),
        },
    }));
}

/// One at work, one that helped, one that shows nothing, and a search that was interrupted.
fn runs() -> Vec<RunRecord> {
    let mut search = record("prolip-1", FineTuneMethod::ProLip, RunState::Interrupted, None);
    search.config.search = vec![Choice {
        name: "learning-rate".into(),
        values: vec![1e-6, 1e-5, 1e-4, 1e-3],
    }];
    let (probe, cache) = (FineTuneMethod::LinearProbe, FineTuneMethod::TipAdapter);
    vec![
        record("lora-1", FineTuneMethod::Lora, RunState::Running, None),
        record("linear-probe-1", probe, RunState::Done, Some(tested(41, 60, 62))),
        record("tip-adapter-1", cache, RunState::Done, Some(tested(5, 6, 9))),
        search,
    ]
}

/// Pretends that there are runs, one of them at work.
pub fn say_runs(engine: &StandIn) {
    engine.say(Event::Training(TrainingEvent::Runs(runs())));
    for run in ["linear-probe-1", "prolip-1"] {
        let events = events(run, if run == "prolip-1" { 28 } else { 40 });
        let run = run.into();
        engine.say(Event::Training(TrainingEvent::Events { run, events }));
    }
}

/// Pretends that a run goes on.
pub fn say_run_at_work(engine: &StandIn) {
    for event in events("lora-1", 22) {
        engine.say(Event::Training(TrainingEvent::Run(event)));
    }
}

/// Pretends that blends of the run that helped were measured.
pub fn say_blends(engine: &StandIn) {
    let point = |(number, (after, control)): (usize, (usize, usize))| {
        let (compared, control) = (tested(40, after, 60).compared(), tested(90, control, 100).compared());
        BlendPoint {
            blend: number as f32 / 4.0,
            validation: compared.map(|compared| compared.after.mean as f32),
            control: control.map(|control| control.after.mean as f32),
            compared,
            control_compared: control,
        }
    };
    let points = [(40, 90), (43, 90), (50, 88), (56, 83), (58, 74)]
        .into_iter()
        .enumerate()
        .map(point);
    let run = "linear-probe-1".into();
    let points = points.collect();
    engine.say(Event::Training(TrainingEvent::Blends { run, points }));
}

/// Pretends that a board and a curve over shots were measured.
pub fn say_board_and_shots(engine: &StandIn, app: &App) {
    let cosines = (0..3).map(|r| {
        (0..3)
            .map(|c| 0.2 + 0.03 * (r + c) as f32 + if r == c { 0.2 } else { 0.0 })
            .collect()
    });
    let board = Board {
        cosines: cosines.collect(),
        loss: 0.81,
        steps: 1,
    };
    let training = &app.state().training;
    engine.say(Event::Training(TrainingEvent::Board {
        pairs: training.pairs().to_vec(),
        board: Box::new(board),
    }));
    let generation = training.asked()[2];
    for seed in 0..3 {
        let zero_shot = 38 + seed as usize;
        say_shots(engine, generation, (None, 0), seed, tested(zero_shot, zero_shot, 62));
        // No class has 16.
        for (place, shots) in [1, 2, 4, 8, 16].into_iter().enumerate() {
            let after = 25 + 7 * place + 2 * seed as usize;
            say_shots(
                engine,
                generation,
                (Some(METHODS[0]), shots),
                seed,
                tested(zero_shot, after, 62),
            );
            let after = 39 + 4 * place + seed as usize;
            say_shots(
                engine,
                generation,
                (Some(METHODS[1]), shots),
                seed,
                tested(zero_shot, after, 62),
            );
        }
    }
}

fn say_shots(
    engine: &StandIn,
    generation: u64,
    (method, shots): (Option<FineTuneMethod>, usize),
    seed: u64,
    tested: Tested,
) {
    let compared = tested.compared().unwrap();
    let point = KShot {
        method,
        shots,
        examples: shots.min(12),
        seed,
        accuracy: compared.after.mean as f32,
        interval: Some(compared.after),
        compared: method.map(|_| compared),
    };
    engine.say(Event::Training(TrainingEvent::KShot { generation, point }));
}

fn teaching() -> (StandIn, Harness<'static, App>) {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
    harness.run_steps(6);
    harness.key_press(Key::T);
    harness.run_steps(3);
    assert_eq!(harness.state().state().mode, Mode::Train);
    (engine, harness)
}

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
    assert!(harness.state().state().training.previewed().is_none());
    say_nothing_in(&engine, generations[1], "colours");
    harness.run_steps(2);
    assert!(matches!(harness.state().state().training.previewed(), Some(Err(text)) if text == "nothing in colours"));
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
    assert_eq!(harness.state().state().settings.model, ModelChoice::Starter);
    assert!(harness.state().state().settings.recent_models.is_empty());
    assert_eq!(base(&engine, &mut harness), None);

    let well = ModelChoice::Path("/models/well".into());
    harness.state_mut().execute(Command::LoadModel(well.clone()));
    engine.say(Event::ModelOpened(well.clone()));
    harness.run_steps(3);
    assert_eq!(harness.state().state().settings.model, well);
    assert_eq!(
        harness.state().state().settings.recent_models,
        [Path::new("/models/well")]
    );
    assert_eq!(base(&engine, &mut harness).as_deref(), Some(Path::new("/models/well")));
    // The engine falls back to the starter by itself: the next launch tries the user's model again.
    engine.say(Event::ModelOpened(ModelChoice::Starter));
    harness.run_steps(3);
    assert_eq!(harness.state().state().settings.model, well);
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
fn a_run_is_started_watched_held_and_stopped() {
    let (engine, mut harness) = teaching();
    harness
        .state_mut()
        .execute(Command::Train(TrainCommand::UseFolder("/pictures/colours".into())));
    harness.run_steps(3);
    say_preview(&engine, harness.state());
    harness.run_steps(2);
    harness.get_by_label("\u{E3D0}  Start").click();
    harness.run_steps(3);
    assert!(matches!(asked(&engine), Some(TrainingRequest::Start(_))));
    say_runs(&engine);
    say_run_at_work(&engine);
    harness.run_steps(4);
    assert_eq!(
        harness.state().state().training.page(),
        &Page::Run("lora-1".into()),
        "the run that was started is shown"
    );
    harness.get_by_label_contains("Step 22 of 40");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    harness.run_steps(3);
    assert_eq!(asked(&engine), Some(TrainingRequest::Pause(true)));
    harness.get_by_label("\u{E3D0}  Resume").click();
    harness.run_steps(3);
    assert_eq!(asked(&engine), Some(TrainingRequest::Pause(false)));
    harness.get_by_label_contains("Stop and keep").click();
    harness.run_steps(3);
    assert_eq!(asked(&engine), Some(TrainingRequest::Stop));
}

#[test]
fn runs_are_opened_compared_used_deleted_and_brought_back() {
    let (engine, mut harness) = teaching();
    say_runs(&engine);
    harness.run_steps(4);
    harness.get_by_label("Compare Linear probe, colours").click();
    harness.run_steps(2);
    harness.get_by_label("Compare ProLIP, colours").click();
    harness.run_steps(2);
    harness.get_by_label_contains("Compare 2").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state().training.page(), &Page::Compare);
    harness.get_by_label("Results on the test pictures");
    let contrast = TrainingRequest::Contrast(vec!["linear-probe-1".into(), "prolip-1".into()]);
    assert!(asked_ever(&engine, &contrast), "runs are compared picture by picture");

    let open = |run: &str| Command::Train(TrainCommand::Open(Page::Run(run.into())));
    harness.state_mut().execute(open("prolip-1"));
    harness.run_steps(3);
    harness.get_by_label_contains("Resume");
    harness.state_mut().execute(open("linear-probe-1"));
    harness.run_steps(3);
    harness.get_by_label("96.8 %");
    harness.get_by_label_contains("test accuracy after, 89.0 to 99.1 %");
    harness.get_by_label_contains("Better on this task, worse on other pictures: +30.6 points");
    harness.get_by_label_contains("Delete").click();
    harness.run_steps(3);
    assert_eq!(asked(&engine), Some(TrainingRequest::Delete("linear-probe-1".into())));
    harness.get_by_label("Undo").click();
    harness.run_steps(3);
    assert_eq!(asked(&engine), Some(TrainingRequest::Restore("linear-probe-1".into())));
    harness
        .state_mut()
        .execute(Command::Train(TrainCommand::Use("linear-probe-1".into())));
    harness.run_steps(3);
    let loaded = engine.newest(|request| match request {
        Request::Inference(InferenceRequest::LoadModel(choice)) => Some(choice.clone()),
        _ => None,
    });
    assert_eq!(loaded, Some(ModelChoice::Path("/runs/linear-probe-1/learnt".into())));
    assert_eq!(harness.state().state().mode, Mode::Explore);
}

fn asked_ever(engine: &StandIn, wanted: &TrainingRequest) -> bool {
    let wanted = Request::Training(wanted.clone());
    engine.requests().contains(&wanted)
}

fn say(engine: &StandIn, records: Vec<RunRecord>) {
    engine.say(Event::Training(TrainingEvent::Runs(records)));
}

fn open(harness: &mut Harness<App>, page: Page) {
    harness.state_mut().execute(Command::Train(TrainCommand::Open(page)));
    harness.run_steps(4);
}

#[test]
fn six_of_nine_instead_of_five_is_no_difference_shown() {
    let (engine, mut harness) = teaching();
    say_runs(&engine);
    open(&mut harness, Page::Run("tip-adapter-1".into()));
    harness.get_by_label("66.7 %");
    harness.get_by_label_contains(
        "No difference shown: +11.1 points (0.0 to +33.3), p = 1.00. Measured on 9 test pictures",
    );
    assert!(harness.query_by_label_contains("It helped").is_none());
    harness.get_by_label_contains("66.7 %, zero-shot 55.6 %, no difference shown");
}

#[test]
fn a_run_of_before_answers_were_kept_opens_and_says_that_it_has_no_test() {
    let (engine, mut harness) = teaching();
    let mut old = record("lora-2", FineTuneMethod::Lora, RunState::Done, Some(tested(41, 60, 62)));
    (old.tested, old.compared, old.control_compared) = (None, None, None);
    say(&engine, vec![old]);
    open(&mut harness, Page::Run("lora-2".into()));
    harness.get_by_label_contains("test accuracy after, 89.0 to 99.1 %");
    harness.get_by_label_contains("whether the difference is chance cannot be told");
    assert!(harness.query_by_label_contains("It helped").is_none());
}

#[test]
fn a_run_without_test_pictures_shows_no_number() {
    let (engine, mut harness) = teaching();
    let mut empty = record("lora-2", FineTuneMethod::Lora, RunState::Done, None);
    empty.model = Some("/runs/lora-2/learnt".into());
    say(&engine, vec![empty]);
    open(&mut harness, Page::Run("lora-2".into()));
    harness.get_by_label_contains("No picture was left to test with");
    assert!(harness.query_by_label_contains("NaN").is_none());
}

#[test]
fn a_taught_model_brings_its_classes_and_one_click_leads_back() {
    let (engine, mut harness) = teaching();
    let names = |harness: &Harness<App>| -> Vec<String> {
        let labels = &harness.state().state().settings.labels;
        labels.iter().map(|row| row.label.name.clone()).collect()
    };
    let before = names(&harness);
    say_runs(&engine);
    open(&mut harness, Page::Run("linear-probe-1".into()));
    harness.get_by_label_contains("Use this model").click();
    harness.run_steps(4);
    assert_eq!(names(&harness), ["red", "green", "blue"]);
    harness.get_by_label_contains("It was taught 3 classes: red, green, blue. They are the labels now");
    // The run's name is the model's, in the list of recent models, too.
    let learnt = Path::new("/runs/linear-probe-1/learnt");
    assert_eq!(harness.state().state().name_at(learnt), "Linear probe, colours");
    assert_eq!(
        harness.state().state().name_at(Path::new("/data/runs/lora-9/learnt")),
        "lora-9"
    );
    harness.state_mut().execute(Command::Undo);
    harness.run_steps(4);
    assert_eq!(names(&harness), before);
    harness.get_by_label("Use its classes as labels").click();
    harness.run_steps(4);
    assert_eq!(names(&harness), ["red", "green", "blue"]);
    harness.get_by_label("Back to Starter").click();
    harness.run_steps(4);
    let loaded = engine.newest(|request| match request {
        Request::Inference(InferenceRequest::LoadModel(choice)) => Some(choice.clone()),
        _ => None,
    });
    assert_eq!(loaded, Some(ModelChoice::Starter));
    assert!(harness.query_by_label("Back to Starter").is_none());
}

#[test]
fn a_blend_in_use_is_shown_with_its_own_numbers_and_the_slider_stays() {
    let (engine, mut harness) = teaching();
    say_runs(&engine);
    harness.set_size(egui::vec2(1_280.0, 2_400.0));
    let run = || "linear-probe-1".to_owned();
    open(&mut harness, Page::Run(run()));
    harness.get_by_label_contains("In use: 1.00, what was learnt, unblended: 96.8 %");
    say_blends(&engine);
    harness.run_steps(3);
    harness.get_by_label("Accuracy of blends: accuracy over blend");
    harness.get_by_label_contains("+30.0 points (");
    harness.get_by_label_contains("0.0 points (0.0 to 0.0), p = 1.00: no difference shown");
    let slide = TrainCommand::SlideBlend(run(), 0.03);
    harness.state_mut().execute(Command::Train(slide));
    harness.run_steps(3);
    harness.get_by_label("Use this blend").click();
    harness.run_steps(3);
    let wanted = TrainingRequest::UseBlend {
        run: run(),
        blend: 0.03,
    };
    assert_eq!(asked(&engine), Some(wanted));
    // The model is in use, so that it is opened again once it is another.
    harness.state_mut().execute(Command::Train(TrainCommand::Use(run())));
    let loads = |engine: &StandIn| {
        let requests = engine.requests();
        requests
            .iter()
            .filter(|request| matches!(request, Request::Inference(InferenceRequest::LoadModel(_))))
            .count()
    };
    let before = loads(&engine);
    let mut blended = record(
        &run(),
        FineTuneMethod::LinearProbe,
        RunState::Done,
        Some(tested(41, 43, 62)),
    );
    blended.blend = 0.03;
    say(&engine, vec![blended]);
    harness.run_steps(4);
    assert_eq!(loads(&engine), before + 1);
    harness.get_by_label_contains("a blend: 3 % fine-tuned, 97 % original");
    open(&mut harness, Page::Run(run()));
    harness.get_by_label("69.4 %");
    harness.get_by_label_contains("In use: 0.03, a blend: 3 % fine-tuned, 97 % original: 69.4 %");
    harness.get_by_label_contains("No difference shown");
    let training = &harness.state().state().training;
    assert_eq!(training.blend_of(training.record(&run()).unwrap()), 0.03);
}

#[test]
fn runs_beside_each_other_are_compared_only_on_the_same_pictures() {
    let (engine, mut harness) = teaching();
    say_runs(&engine);
    harness.run_steps(2);
    for run in ["linear-probe-1", "tip-adapter-1"] {
        harness
            .state_mut()
            .execute(Command::Train(TrainCommand::Compare(run.into())));
    }
    open(&mut harness, Page::Compare);
    harness.get_by_label("Difference to Linear probe, colours");
    harness.get_by_label("not comparable: tested on other pictures");
    harness.get_by_label("66.7 % (35.4 to 87.9)");
    let mut records = runs();
    records[2].tested = Some(tested(41, 45, 62));
    let contrast = records[2]
        .tested
        .as_ref()
        .unwrap()
        .against(records[1].tested.as_ref().unwrap());
    say(&engine, records);
    engine.say(Event::Training(TrainingEvent::Contrasts {
        compared: ["linear-probe-1", "tip-adapter-1"].map(String::from).into(),
        contrasts: vec![("tip-adapter-1".into(), contrast)],
    }));
    harness.run_steps(3);
    harness.get_by_label_contains("-24.2 points (");
    harness.get_by_label_contains("p < 0.001: worsened");
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
        harness.state().state().training.pairs().len(),
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
fn the_real_engine_teaches_and_its_model_predicts_at_once() {
    let data_dir = tempfile::tempdir().unwrap();
    let pictures = tempfile::tempdir().unwrap();
    colours(pictures.path(), 12);
    let mut harness = real_window(data_dir.path());
    run_until(&mut harness, "a model", |app| app.state().model.is_some());
    let train = |harness: &mut Harness<App>, command| harness.state_mut().execute(Command::Train(command));
    let send = TrainCommand::Send;
    train(&mut harness, TrainCommand::Open(Page::Setup));
    train(&mut harness, TrainCommand::UseFolder(pictures.path().into()));
    run_until(&mut harness, "a preview", |app| {
        matches!(app.state().training.previewed(), Some(Ok(_)))
    });
    run_until(&mut harness, "rest", |app| app.state().training.at_work().is_none());
    train(&mut harness, TrainCommand::Estimate);
    run_until(&mut harness, "an estimate", |app| {
        app.state().training.estimate().is_some()
    });
    train(&mut harness, TrainCommand::Start);
    run_until(&mut harness, "the end of the run", |app| {
        let training = &app.state().training;
        training.at_work().is_none()
            && training
                .record("linear-probe-1")
                .is_some_and(|run| run.state == RunState::Done)
    });
    let run = || "linear-probe-1".to_owned();
    let training = &harness.state().state().training;
    assert!(training.record("linear-probe-1").unwrap().accuracy.unwrap() > 0.8);
    assert!(!training.curves("linear-probe-1").unwrap().loss.is_empty());

    train(&mut harness, send(TrainingRequest::MeasureBlends(run())));
    run_until(&mut harness, "blends", |app| {
        app.state().training.blends().is_some() && app.state().training.at_work().is_none()
    });
    let probed = harness
        .state()
        .state()
        .training
        .record("linear-probe-1")
        .unwrap()
        .clone();
    assert!(probed.compared.is_some() && probed.control_compared.is_some());
    let blends = harness.state().state().training.blends().unwrap().to_vec();
    assert_eq!(blends[0].compared.unwrap().difference.mean, 0.0);
    train(&mut harness, send(TrainingRequest::UseBlend { run: run(), blend: 0.0 }));
    run_until(&mut harness, "the blend", |app| {
        let training = &app.state().training;
        training.at_work().is_none() && training.record("linear-probe-1").is_some_and(|run| run.blend == 0.0)
    });
    let blended = harness.state().state().training.record("linear-probe-1").unwrap();
    assert_eq!(blended.accuracy, probed.zero_shot_accuracy, "0 is the model as it was");
    assert_eq!(blended.compared.unwrap().difference.mean, 0.0);
    train(&mut harness, send(TrainingRequest::UseBlend { run: run(), blend: 1.0 }));
    run_until(&mut harness, "what was learnt", |app| {
        let training = &app.state().training;
        training.at_work().is_none() && training.record("linear-probe-1").is_some_and(|run| run.blend == 1.0)
    });
    let learnt = harness.state().state().training.record("linear-probe-1").unwrap();
    assert_eq!((learnt.accuracy, &learnt.tested), (probed.accuracy, &probed.tested));

    train(&mut harness, send(TrainingRequest::Delete(run())));
    run_until(&mut harness, "an empty list", |app| {
        app.state().training.runs().is_empty()
    });
    train(&mut harness, TrainCommand::Undelete);
    run_until(&mut harness, "the run again", |app| {
        app.state().training.record("linear-probe-1").is_some()
    });
    train(&mut harness, TrainCommand::Use(run()));
    run_until(&mut harness, "the taught model", |app| {
        app.state()
            .model
            .as_ref()
            .is_some_and(|model| model.taught_classes.contains(&"red".to_owned()))
    });
    run_until(&mut harness, "its predictions", |app| {
        app.state()
            .explore
            .pictures()
            .iter()
            .all(|picture| picture.scores.is_some())
    });
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
    let before = harness.state().state().training.asked()[2];
    harness.state_mut().execute(measure());
    say_shots(&engine, before, (None, 0), 0, tested(3, 3, 60));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("zero-shot 5.0 %").is_none());
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
