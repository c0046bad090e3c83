//! Pictures of every screen in both themes, compared with those beside this file.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test window` makes them anew; look at them before they are committed.

use std::path::PathBuf;

use clipsight::app::App;
use clipsight::app::command::{Command, Dialog};
use clipsight::app::evaluate::{Door, EvaluateCommand};
use clipsight::app::explore::{Compare, ExploreCommand, Mark};
use clipsight::app::settings::{Settings, Sort, ThemeChoice, TileText};
use clipsight::app::state::{About, Mode};
use clipsight::app::train::{Page, TrainCommand};
use clipsight::clip::{Layout, ModelInfo};
use clipsight::engine::adapters;
use clipsight::engine::protocol::{CachedModel, Dab, Event, FetchOutcome, Severity};
use clipsight::engine::training::{Choice, FineTuneMethod, RunConfig};
use clipsight::heatmap::{HeatmapMethod, Scale};
use clipsight::zero_shot::TemplateSet;
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};

use crate::stand_in::{StandIn, advance, now, starter};
use crate::{DEBOUNCE, evaluate, training};

const NAMES: [&str; 14] = [
    "apple.jpg",
    "bridge.jpg",
    "cat-on-a-sofa.jpg",
    "dog.jpg",
    "eagle.jpg",
    "forest.jpg",
    "glass.jpg",
    "harbour.jpg",
    "island.jpg",
    "jacket.jpg",
    "kite.jpg",
    "lamp.jpg",
    "mountain.jpg",
    "a-very-long-name-of-a-picture-indeed.jpg",
];

/// Software renderers differ a little in how they smooth edges.
const THRESHOLD: f32 = 1.0;
const FAILED_PIXELS: usize = 400;

fn can_draw() -> bool {
    if !adapters().is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "no graphics adapter, not even a software one: install one (see .ci/run)"
    );
    crate::skips::not_checked("no graphics adapter, not even a software one, so no screen was compared");
    false
}

/// On every machine the same.
fn elsewhere() -> About {
    let folder = |name: &str| Some(PathBuf::from("/home/ada/.local").join(name));
    About {
        version: "1.0.0 (a commit; GPU: Vulkan through wgpu; CPU: Burn's flex)".into(),
        data_folder: folder("share/clipsight"),
        log_folder: folder("state/clipsight"),
    }
}

/// A screen at every size.
fn screen(name: &str, pictures: &[&str], prepare: impl Fn(&mut App)) {
    screen_of(name, pictures, |app, _| prepare(app));
}

fn screen_of(name: &str, pictures: &[&str], prepare: impl Fn(&mut App, &StandIn)) {
    at_every_size(name, pictures, prepare).unwrap();
}

fn at_every_size(name: &str, pictures: &[&str], prepare: impl Fn(&mut App, &StandIn)) -> SnapshotResults {
    let mut results = SnapshotResults::new();
    for (suffix, size) in SIZES {
        results.extend(compared(&format!("{name}{suffix}"), pictures, size, &prepare));
    }
    results
}

fn compared(name: &str, pictures: &[&str], size: [f32; 2], prepare: impl Fn(&mut App, &StandIn)) -> SnapshotResults {
    compared_then(name, pictures, size, prepare, |_, _| {})
}

/// The same, with something that is done once the window knows what it was told at first.
fn compared_then(
    name: &str,
    pictures: &[&str],
    size: [f32; 2],
    prepare: impl Fn(&mut App, &StandIn),
    then: impl Fn(&mut App, &StandIn),
) -> SnapshotResults {
    pictured(name, pictures, size, prepare, |harness, engine| {
        then(harness.state_mut(), engine);
    })
}

/// The same, with something that is done to the window itself.
fn pictured(
    name: &str,
    pictures: &[&str],
    size: [f32; 2],
    prepare: impl Fn(&mut App, &StandIn),
    then: impl Fn(&mut Harness<'_, App>, &StandIn),
) -> SnapshotResults {
    let mut results = SnapshotResults::new();
    if !can_draw() {
        return results;
    }
    for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let settings = Settings {
            theme,
            ..Settings::default()
        };
        let engine = StandIn::default();
        let backend = engine.clone();
        let mut harness: Harness<App> = Harness::builder().with_size(size).wgpu().build_eframe(move |cc| {
            let app = App::new(&cc.egui_ctx, settings, Box::new(backend));
            app.with_clock(Box::new(now)).with_about(elsewhere())
        });
        harness.run_steps(2);
        engine.load(pictures);
        harness.run_steps(8);
        prepare(harness.state_mut(), &engine);
        harness.run_steps(4);
        then(&mut harness, &engine);
        advance(DEBOUNCE);
        harness.run_steps(12);
        let options = SnapshotOptions::new()
            .threshold(THRESHOLD)
            .max_failed_pixels(FAILED_PIXELS)
            .output_path("tests/window/pictures");
        results.add(harness.try_snapshot_options(format!("{name}-{suffix}"), &options));
    }
    results
}

const SMALL: [f32; 2] = [1_280.0, 800.0];
/// The sizes that every screen has to fit, with the ends of their pictures' names.
const SIZES: [(&str, [f32; 2]); 3] = [
    ("", SMALL),
    ("-projector", [1_024.0, 700.0]),
    ("-large", [1_920.0, 1_080.0]),
];
/// What is left of the small one at 150 %.
const ZOOMED: [f32; 2] = [853.0, 533.0];

#[test]
fn explore() {
    let mut results = SnapshotResults::new();
    results.extend(compared("explore", &NAMES, SMALL, |_, _| {}));
    results.extend(compared("explore-zoomed", &NAMES, ZOOMED, |_, _| {}));
    results.unwrap();
}

const SMALLEST: [f32; 2] = [1_024.0, 700.0];
const LARGE: [f32; 2] = [1_920.0, 1_080.0];

#[test]
fn explore_on_a_small_and_on_a_large_screen() {
    let mut results = SnapshotResults::new();
    results.extend(compared("explore-small", &NAMES, SMALLEST, |_, _| {}));
    results.extend(compared("explore-large", &NAMES, LARGE, |_, _| {}));
    results.unwrap();
}

#[test]
fn what_the_model_sees() {
    screen("model-view", &NAMES, |app| {
        app.execute(Command::Explore(ExploreCommand::ToggleModelView))
    });
}

#[test]
fn a_picture_large() {
    let mut results = SnapshotResults::new();
    for (name, size) in [
        ("picture-small", SMALLEST),
        ("picture", SMALL),
        ("picture-large", LARGE),
    ] {
        results.extend(compared(name, &NAMES, size, |app, _| {
            app.execute(Command::Explore(ExploreCommand::OpenLarge(None)))
        }));
    }
    results.unwrap();
}

#[test]
fn the_gallery_in_its_other_looks() {
    let mut results = at_every_size("pictures-only", &NAMES, |app, _| {
        app.execute(Command::Explore(ExploreCommand::TileText(TileText::Nowhere)));
        app.execute(Command::Explore(ExploreCommand::ToggleRows));
        app.execute(Command::Explore(ExploreCommand::ToggleLabels));
        app.execute(Command::Explore(ExploreCommand::Mark(Mark::These(vec![1, 2, 3]))));
    });
    results.extend(at_every_size("text-on-pictures", &NAMES, |app, _| {
        app.execute(Command::Explore(ExploreCommand::TileText(TileText::Over)));
        app.execute(Command::Explore(ExploreCommand::ToggleInspector));
        app.execute(Command::Explore(ExploreCommand::SortBy(Sort::Margin)));
    }));
    results.unwrap();
}

#[test]
fn two_templates_beside_each_other() {
    screen("two-templates", &NAMES, |app| {
        let label = app.state().settings().labels[1].id;
        app.execute(Command::Explore(ExploreCommand::MapLabel(label)));
        app.execute(Command::Explore(ExploreCommand::UseTemplates(TemplateSet::Bare)));
    });
}

#[test]
fn one_label_alone() {
    screen("one-label", &NAMES, |app| {
        let labels = app.state().settings().labels[..1].to_vec();
        app.execute(Command::Explore(ExploreCommand::EditLabels(labels)));
        app.execute(Command::Explore(ExploreCommand::UseScale(Some(Scale::Absolute))));
    });
}

#[test]
fn two_heatmaps_with_a_divider() {
    screen("divided", &NAMES, |app| {
        app.execute(Command::Explore(ExploreCommand::Compare(Some(Compare::Method(
            HeatmapMethod::Occlusion,
        )))));
        app.execute(Command::Explore(ExploreCommand::Divide(Some(0.5))));
    });
}

#[test]
fn a_tested_heatmap() {
    screen("tested", &NAMES, |app| {
        app.execute(Command::Explore(ExploreCommand::TestMap))
    });
}

#[test]
fn a_slow_heatmap() {
    screen("slow-heatmap", &NAMES, |app| {
        app.execute(Command::Explore(ExploreCommand::UseMethod(Some(
            HeatmapMethod::Occlusion,
        ))))
    });
}

#[test]
fn an_empty_folder() {
    screen("empty", &[], |_| {});
}

#[test]
fn a_filter_that_nothing_passes() {
    screen("nothing-passes", &NAMES, |app| {
        app.execute(Command::Explore(ExploreCommand::FilterName("zzz".into())))
    });
}

#[test]
fn no_labels() {
    screen("no-labels", &NAMES, |app| {
        app.execute(Command::Explore(ExploreCommand::EditLabels(Vec::new())))
    });
}

#[test]
fn the_models() {
    let mut results = SnapshotResults::new();
    let sizes = SIZES.into_iter().chain([("-zoomed", ZOOMED)]);
    for (suffix, size) in sizes {
        results.extend(compared(&format!("models{suffix}"), &NAMES, size, |app, engine| {
            app.execute(Command::UseMode(Mode::Models));
            engine.say(Event::MachineMemory(2_000_000_000));
            engine.say(Event::LocalModels(vec![CachedModel {
                name: "openai/clip-vit-base-patch32".into(),
                folder: "/models/base".into(),
                bytes: 605_000_000,
            }]));
            engine.say(Event::Speed(212.0));
        }));
    }
    results.unwrap();
}

#[test]
fn a_model_that_is_fetched() {
    screen("models-fetching", &NAMES, |app| {
        app.execute(Command::UseMode(Mode::Models));
        app.execute(Command::FetchModel("openai/clip-vit-base-patch32".into()));
    });
}

#[test]
fn heatmaps_side_by_side() {
    screen("compared", &NAMES, |app| {
        let compare = Compare::Method(HeatmapMethod::Occlusion);
        app.execute(Command::Explore(ExploreCommand::Compare(Some(compare))));
    });
}

#[test]
fn what_was_erased() {
    screen("erased", &NAMES, |app| {
        app.execute(Command::Explore(ExploreCommand::ToggleBrush));
        let dab = Dab {
            x: 0.5,
            y: 0.5,
            radius: 0.1,
        };
        app.execute(Command::Explore(ExploreCommand::Erase { dab, begins: true }));
    });
}

#[test]
fn every_page_of_training() {
    let mut results = SnapshotResults::new();
    let run = || Page::Run("linear-probe-1".into());
    let pages = [
        ("train-setup", Page::Setup),
        ("train-run", run()),
        ("train-compare", Page::Compare),
        ("train-shots", Page::Shots),
        ("train-board", Page::Board),
        ("train-interrupted", Page::Run("prolip-1".into())),
    ];
    let mut sized: Vec<(String, Page, [f32; 2])> = Vec::new();
    for (name, page) in pages {
        let each = SIZES.map(|(suffix, size)| (format!("{name}{suffix}"), page.clone(), size));
        sized.extend(each);
    }
    sized.push(("train-setup-zoomed".into(), Page::Setup, ZOOMED));
    for (name, page, size) in sized {
        results.extend(compared(&name, &NAMES, size, |app, engine| {
            app.execute(Command::Train(TrainCommand::UseFolder("/pictures/colours".into())));
            app.execute(Command::Train(TrainCommand::Open(page.clone())));
            training::say_runs(engine);
            training::say_preview(engine, app);
            if page == Page::Board || page == Page::Shots {
                training::say_board_and_shots(engine, app);
            }
            app.execute(Command::Train(TrainCommand::Compare("linear-probe-1".into())));
            app.execute(Command::Train(TrainCommand::Compare("prolip-1".into())));
        }));
    }
    results.unwrap();
}

#[test]
fn pages_of_training_before_anything_is_there() {
    let mut results = SnapshotResults::new();
    for (name, page) in [("train-empty-shots", Page::Shots), ("train-empty-board", Page::Board)] {
        results.extend(at_every_size(name, &[], |app, _| {
            app.execute(Command::Train(TrainCommand::Open(page.clone())))
        }));
    }
    results.unwrap();
}

/// The blends of a run, once they were measured, down to the end of their table.
#[test]
fn the_blends_of_a_run() {
    let mut results = SnapshotResults::new();
    let open = |app: &mut App, engine: &StandIn| {
        training::say_runs(engine);
        app.execute(Command::Train(TrainCommand::Open(Page::Run("linear-probe-1".into()))));
        training::say_blends(engine);
    };
    for (suffix, size) in SIZES {
        let name = format!("train-blends{suffix}");
        results.extend(pictured(&name, &NAMES, size, open, |harness, _| {
            let cells = harness.query_all_by_label_contains(" points (");
            cells.last().unwrap().scroll_to_me();
        }));
    }
    results.unwrap();
}

#[test]
fn a_run_at_work() {
    screen_of("train-at-work", &NAMES, |app, engine| {
        app.execute(Command::UseMode(Mode::Train));
        training::say_runs(engine);
        training::say_run_at_work(engine);
    });
}

/// Several values of each setting: set up, and once they were tried.
#[test]
fn a_search_and_its_trials() {
    let mut results = SnapshotResults::new();
    let set_up = |app: &mut App, engine: &StandIn| {
        app.execute(Command::Train(TrainCommand::UseFolder("/pictures/colours".into())));
        app.execute(Command::Train(TrainCommand::Open(Page::Setup)));
        let mut config = RunConfig::new(FineTuneMethod::ProLip, "/pictures/colours".into());
        config.search = Choice::usual(FineTuneMethod::ProLip);
        app.execute(Command::Train(TrainCommand::Configure(Box::new(config))));
        training::say_preview(engine, app);
    };
    let tried = |app: &mut App, engine: &StandIn| {
        app.execute(Command::UseMode(Mode::Train));
        training::say_search(engine);
        app.execute(Command::Train(TrainCommand::Open(Page::Run("prolip-2".into()))));
    };
    for (suffix, size) in SIZES {
        results.extend(compared(&format!("train-search{suffix}"), &NAMES, size, set_up));
        let name = format!("train-trials{suffix}");
        results.extend(pictured(&name, &NAMES, size, tried, |harness, _| {
            harness.get_by_label("Trials").scroll_to_me();
        }));
    }
    // High enough for every setting.
    results.extend(compared("train-search-high", &NAMES, [1_280.0, 1_400.0], set_up));
    results.unwrap();
}

#[test]
fn every_dialog() {
    let mut results = SnapshotResults::new();
    for (dialog, name) in [
        (Dialog::Palette, "palette"),
        (Dialog::Shortcuts, "shortcuts"),
        (Dialog::Settings, "settings"),
        (Dialog::LabelList, "label-list"),
        (Dialog::Templates, "templates"),
        (Dialog::Skipped, "skipped"),
        (Dialog::About, "about"),
    ] {
        for (suffix, size) in SIZES {
            results.extend(compared(&format!("{name}{suffix}"), &NAMES, size, |app, _| {
                app.execute(Command::OpenDialog(dialog))
            }));
        }
    }
    results.unwrap();
}

#[test]
fn messages() {
    screen_of("messages", &NAMES, |_, engine| {
        engine.say(Event::Saved("/pictures/predictions.csv".into()));
        engine.say(Event::Message {
            severity: Severity::Warning,
            topic: None,
            text: "The GPU was lost: going on with the CPU".into(),
        });
        engine.say(Event::Fetched {
            name: "openai/clip-vit-base-patch32".into(),
            outcome: FetchOutcome::Failed("the Hub did not answer; check the network and try again".into()),
        });
    });
}

/// A folder that is still read, while a run is at work: the bar at the bottom has the most to say.
#[test]
fn indexing_beside_a_run() {
    screen_of("indexing", &NAMES, |app, engine| {
        training::say_runs(engine);
        training::say_run_at_work(engine);
        let library = app.state().explore().library();
        engine.say(Event::Speed(1.5));
        engine.say(Event::Indexed { library, done: 5 });
    });
}

/// The model of a run, with what it was taught from.
#[test]
fn the_model_of_a_run() {
    let mut results = SnapshotResults::new();
    for (suffix, size) in SIZES {
        let open = |app: &mut App, engine: &StandIn| {
            training::say_runs(engine);
            app.execute(Command::UseMode(Mode::Models));
        };
        let use_it = |app: &mut App, engine: &StandIn| {
            let run = app.state().training().record("linear-probe-1").unwrap();
            let model = ModelInfo {
                path: run.model.clone(),
                layout: Layout::Adapter,
                identity: "7e57".repeat(8),
                ..starter()
            };
            app.execute(Command::Train(TrainCommand::Use("linear-probe-1".into())));
            app.execute(Command::UseMode(Mode::Models));
            engine.say(Event::ModelReady(Box::new(model)));
        };
        results.extend(compared_then(
            &format!("models-taught{suffix}"),
            &NAMES,
            size,
            open,
            use_it,
        ));
    }
    results.unwrap();
}

/// A page of Evaluate: whether its card is open, and the pictures behind a number.
struct Shown {
    name: &'static str,
    page: evaluate::Page,
    card: bool,
    door: bool,
}

const EVALUATED: [Shown; 8] = [
    Shown {
        name: "summary",
        page: evaluate::Page::Summary,
        card: true,
        door: false,
    },
    Shown {
        name: "matrix",
        page: evaluate::Page::Matrix,
        card: false,
        door: false,
    },
    Shown {
        name: "cell",
        page: evaluate::Page::Matrix,
        card: true,
        door: true,
    },
    Shown {
        name: "classes",
        page: evaluate::Page::Classes,
        card: false,
        door: false,
    },
    Shown {
        name: "calibration",
        page: evaluate::Page::Calibration,
        card: false,
        door: false,
    },
    Shown {
        name: "groups",
        page: evaluate::Page::Groups,
        card: false,
        door: false,
    },
    Shown {
        name: "map",
        page: evaluate::Page::Map,
        card: false,
        door: false,
    },
    Shown {
        name: "compare",
        page: evaluate::Page::Compare,
        card: false,
        door: false,
    },
];

#[test]
fn every_page_of_evaluating() {
    let mut results = SnapshotResults::new();
    let shown = evaluate::complete(240);
    for (suffix, size) in SIZES {
        for Shown { name, page, card, door } in EVALUATED {
            let open = |app: &mut App, engine: &StandIn| {
                app.execute(Command::UseMode(Mode::Evaluate));
                evaluate::say_evaluation(engine, &shown);
                evaluate::say_pictures(engine, &shown);
            };
            let look = |app: &mut App, engine: &StandIn| {
                let mut want = |command| app.execute(Command::Evaluate(command));
                want(EvaluateCommand::Open(page));
                if page == evaluate::Page::Compare {
                    want(EvaluateCommand::Compare("before".into()));
                }
                if door {
                    let words = "asparagus answered bananas";
                    want(EvaluateCommand::Enter(Some(Door::ordered(
                        words,
                        shown.cell(0, 1),
                        "smallest margin first",
                    ))));
                }
                if card {
                    want(EvaluateCommand::Look(Some(3)));
                }
                evaluate::say_everything(engine, &shown);
            };
            results.extend(compared_then(
                &format!("evaluate-{name}{suffix}"),
                &NAMES,
                size,
                open,
                look,
            ));
        }
    }
    results.unwrap();
}

#[test]
fn pages_of_evaluating_before_and_beside_an_evaluation() {
    let mut results = SnapshotResults::new();
    let mut page = |name: &str, prepare: &dyn Fn(&mut App, &StandIn)| {
        let open = |app: &mut App, engine: &StandIn| {
            app.execute(Command::UseMode(Mode::Evaluate));
            prepare(app, engine);
        };
        for (suffix, size) in SIZES {
            results.extend(compared(&format!("evaluate-{name}{suffix}"), &NAMES, size, open));
        }
    };
    page("setup", &|_, _| {});
    page("found", &|app, engine| evaluate::say_found(app, engine));
    page("prompts", &|app, engine| {
        let shown = evaluate::complete(240);
        app.execute(Command::Evaluate(EvaluateCommand::Open(evaluate::Page::Prompts)));
        evaluate::say_evaluation(engine, &shown);
        evaluate::say_pictures(engine, &shown);
    });
    page("captions", &|_, engine| {
        let shown = evaluate::captioned();
        evaluate::say_evaluation(engine, &shown);
        evaluate::say_pictures(engine, &shown);
    });
    page("sixty", &|app, engine| evaluate::say_sixty(app, engine));
    results.unwrap();
}
