//! Runs, and all that the engine says of them, as the stand-in says it.

use std::path::Path;

use clipsight::app::App;
use clipsight::engine::protocol::Event;
use clipsight::engine::training::{
    BlendPoint, Board, Choice, ClassCount, Contradiction, Estimate, FineTuneMethod, Flip, KShot, METHODS, Preview,
    RunConfig, RunEvent, RunRecord, RunState, Tested, TrainingEvent,
};

use crate::stand_in::StandIn;

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

/// Answers to so many test pictures, of which so many are right before and after; as few as can be change.
pub fn tested(before: usize, after: usize, of: usize) -> Tested {
    let digits = |right: usize| "2".repeat(right) + &"0".repeat(of - right);
    Tested {
        pictures: format!("{of} pictures"),
        before: digits(before),
        after: digits(after),
    }
}

pub fn record(run: &str, method: FineTuneMethod, state: RunState, tested: Option<Tested>) -> RunRecord {
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
    let training = app.state().training();
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
pub fn runs() -> Vec<RunRecord> {
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

/// Pretends that a search was worked through: four rates, the second one kept, and no better than before on few pictures.
pub fn say_search(engine: &StandIn) {
    let mut search = record(
        "prolip-2",
        FineTuneMethod::ProLip,
        RunState::Done,
        Some(tested(41, 46, 62)),
    );
    search.config.search = vec![Choice {
        name: "learning-rate".into(),
        values: vec![1e-6, 1e-5, 1e-4, 1e-3],
    }];
    search.chosen = vec![("learning-rate".into(), 1e-5)];
    let run = search.run.clone();
    let events = events(&run, 40);
    engine.say(Event::Training(TrainingEvent::Runs(vec![search])));
    engine.say(Event::Training(TrainingEvent::Events { run, events }));
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
    let training = app.state().training();
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

pub fn say_shots(
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
