//! The shell: keys, focus, messages, dialogs, the palette.

use std::time::Duration;

use clipsight::app::App;
use clipsight::app::command::{Command, Dialog};
use clipsight::app::explore::ExploreCommand;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::app::train::TrainCommand;
use clipsight::clip::Precision;
use clipsight::engine::protocol::{Event, FetchOutcome, HubRequest, LibraryRequest, ModelSpeed, Request};
use clipsight::engine::training::{TrainingEvent, TrainingRequest};
use clipsight::engine::{DeviceChoice, DeviceInfo, ModelChoice};
use clipsight::zero_shot::TemplateSet;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::stand_in::{StandIn, advance, window};
use crate::training;

fn names(harness: &Harness<App>) -> Vec<String> {
    let labels = &harness.state().state().settings().labels;
    labels.iter().map(|row| row.label.name.clone()).collect()
}

fn execute(harness: &mut Harness<App>, command: Command) {
    harness.state_mut().execute(command);
    harness.run_steps(3);
}

fn press(harness: &mut Harness<App>, key: Key) {
    harness.key_press(key);
    harness.run_steps(3);
}

fn press_with_ctrl(harness: &mut Harness<App>, key: Key) {
    harness.key_press_modifiers(Modifiers::COMMAND, key);
    harness.run_steps(3);
}

fn type_text(harness: &mut Harness<App>, text: &str) {
    harness.event(egui::Event::Text(text.into()));
    harness.run_steps(3);
}

fn looking() -> (StandIn, Harness<'static, App>) {
    let (engine, mut harness) = window(Settings::default());
    engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
    harness.run_steps(4);
    (engine, harness)
}

fn opened(dialog: Dialog) -> (StandIn, Harness<'static, App>) {
    let (engine, mut harness) = looking();
    execute(&mut harness, Command::OpenDialog(dialog));
    (engine, harness)
}

#[test]
fn a_list_of_labels_can_be_cleared_and_a_tab_is_a_tab() {
    let (_engine, mut harness) = opened(Dialog::LabelList);
    // The field has the keyboard as soon as the dialog is open.
    press_with_ctrl(&mut harness, Key::A);
    press(&mut harness, Key::Delete);
    let typed = |harness: &Harness<App>| harness.state().state().draft().map(str::to_owned);
    assert_eq!(typed(&harness).as_deref(), Some(""), "it stays empty");
    harness.get_by_label_contains("0 labels");
    type_text(&mut harness, "zebra");
    press(&mut harness, Key::Tab);
    type_text(&mut harness, "like a horse");
    assert_eq!(typed(&harness).as_deref(), Some("zebra\tlike a horse"));
    harness.get_by_label_contains("1 label, 1 with a description");
    press_with_ctrl(&mut harness, Key::Enter);
    assert_eq!(names(&harness), ["zebra"]);
    assert_eq!(harness.state().state().dialog(), None);
    let row = &harness.state().state().settings().labels[0];
    assert_eq!(row.label.descriptions, ["like a horse"]);
}

#[test]
fn an_edit_survives_a_click_beside_the_dialog_and_a_hasty_cancel() {
    let (_engine, mut harness) = opened(Dialog::LabelList);
    type_text(&mut harness, "owl");
    let outside = egui::pos2(4.0, 400.0);
    harness.hover_at(outside);
    for pressed in [true, false] {
        harness.event(egui::Event::PointerButton {
            pos: outside,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        harness.run_steps(2);
    }
    assert_eq!(harness.state().state().dialog(), Some(Dialog::LabelList));
    let typed = harness.state().state().draft().unwrap().to_owned();
    assert!(typed.contains("owl"));
    execute(&mut harness, Command::CancelDialog);
    assert_eq!(harness.state().state().dialog(), None);
    harness.get_by_label("Restore").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state().dialog(), Some(Dialog::LabelList));
    assert_eq!(harness.state().state().draft(), Some(typed.as_str()));
}

#[test]
fn undo_belongs_to_the_mode_and_says_what_it_takes_back() {
    let (engine, mut harness) = looking();
    let first = names(&harness);
    harness.get_by_label("Remove banana").click();
    harness.run_steps(3);
    let templates = TemplateSet::PRESETS[1].clone();
    execute(
        &mut harness,
        Command::Explore(ExploreCommand::UseTemplates(templates.clone())),
    );
    // In another mode, labels and templates stay as they are.
    press(&mut harness, Key::T);
    press_with_ctrl(&mut harness, Key::Z);
    assert_eq!(harness.state().state().settings().templates, templates);
    assert_eq!(names(&harness).len(), first.len() - 1);
    harness.get_by_label("There is nothing to undo here");
    // There, a deleted run is brought back.
    training::say_runs(&engine);
    harness.run_steps(2);
    let delete = TrainCommand::Send(TrainingRequest::Delete("linear-probe-1".into()));
    execute(&mut harness, Command::Train(delete));
    press_with_ctrl(&mut harness, Key::Z);
    let restored = Request::Training(TrainingRequest::Restore("linear-probe-1".into()));
    assert!(engine.requests().contains(&restored));
    press(&mut harness, Key::T);
    harness.get_by_label_contains("Undo the change of template");
    press_with_ctrl(&mut harness, Key::Z);
    assert_ne!(harness.state().state().settings().templates, templates);
    harness.get_by_label_contains("Undo removing \"banana\"").click();
    harness.run_steps(3);
    assert_eq!(names(&harness), first);
    assert!(harness.query_by_label_contains("Redo removing \"banana\"").is_some());
}

#[test]
fn undo_is_the_text_fields_own_while_text_is_typed() {
    let (_engine, mut harness) = looking();
    harness.get_by_label("Remove banana").click();
    harness.run_steps(3);
    let before = names(&harness);
    press(&mut harness, Key::Slash);
    type_text(&mut harness, "dog");
    press_with_ctrl(&mut harness, Key::Z);
    assert_eq!(names(&harness), before);
}

#[test]
fn a_focused_slider_keeps_the_arrows_to_itself() {
    let (_engine, mut harness) = looking();
    let selected = harness.state().state().explore().selected();
    harness.get_by_label("Offset of none of these").focus();
    harness.run_steps(2);
    press(&mut harness, Key::ArrowRight);
    assert!(harness.state().state().settings().none_bias > 0.0);
    assert_eq!(harness.state().state().explore().selected(), selected);
}

#[test]
fn the_palette_finds_and_runs_what_a_key_would() {
    let (_engine, mut harness) = looking();
    press_with_ctrl(&mut harness, Key::K);
    assert_eq!(harness.state().state().dialog(), Some(Dialog::Palette));
    type_text(&mut harness, "new run");
    press(&mut harness, Key::Enter);
    assert_eq!(harness.state().state().dialog(), None);
    assert_eq!(harness.state().state().mode(), Mode::Train);
    harness.get_by_label("New run");
}

#[test]
fn a_dialog_gives_the_keyboard_back_to_what_had_it() {
    let (_engine, mut harness) = looking();
    harness.get_by_label("Paste or edit the list").focus();
    harness.run_steps(2);
    let focused = |harness: &Harness<App>| harness.ctx.memory(|memory| memory.focused());
    let before = focused(&harness);
    assert!(before.is_some());
    press(&mut harness, Key::Enter);
    assert_eq!(harness.state().state().dialog(), Some(Dialog::LabelList));
    assert_ne!(focused(&harness), before);
    execute(&mut harness, Command::CancelDialog);
    assert_eq!(focused(&harness), before);
}

#[test]
fn the_page_of_shortcuts_is_searched() {
    let (_engine, mut harness) = opened(Dialog::Shortcuts);
    harness.get_by_label("Rescan folders");
    type_text(&mut harness, "indexing");
    harness.get_by_label("Pause or resume indexing");
    assert!(harness.query_by_label("Rescan folders").is_none());
}

#[test]
fn saving_is_one_message_and_a_failed_download_can_be_tried_again() {
    let (engine, mut harness) = looking();
    execute(
        &mut harness,
        Command::Explore(ExploreCommand::ExportCsv("/nowhere/a.csv".into())),
    );
    harness.get_by_label("Saving /nowhere/a.csv\u{2026}");
    engine.say(Event::Saved("/nowhere/a.csv".into()));
    harness.run_steps(3);
    harness.get_by_label("Saved /nowhere/a.csv");
    assert!(harness.query_by_label_contains("Saving").is_none());
    harness.get_by_label("Show");
    advance(Duration::from_secs(30));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("Saved").is_none());
    let name = "openai/clip-vit-base-patch32".to_owned();
    engine.say(Event::Fetched {
        name: name.clone(),
        outcome: FetchOutcome::Failed("no network".into()),
    });
    harness.run_steps(3);
    harness.get_by_label("Retry").click();
    harness.run_steps(3);
    assert!(engine.requests().contains(&Request::Hub(HubRequest::Fetch(name))));
    assert!(harness.query_by_label_contains("could not be downloaded").is_none());
}

#[test]
fn a_run_at_work_is_seen_from_every_mode() {
    let (engine, mut harness) = looking();
    training::say_runs(&engine);
    training::say_run_at_work(&engine);
    harness.run_steps(4);
    assert_eq!(harness.state().state().mode(), Mode::Explore);
    let shown = "LoRA, colours: 55 %, 5 s left";
    harness.get_by_label_contains(shown);
    execute(&mut harness, Command::UseMode(Mode::Models));
    harness.get_by_label_contains(shown).click();
    harness.run_steps(4);
    assert_eq!(harness.state().state().mode(), Mode::Train);
    engine.say(Event::Training(TrainingEvent::Idle));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains(shown).is_none());
}

#[test]
fn a_model_that_is_here_is_measured_when_asked() {
    let (engine, mut harness) = looking();
    execute(&mut harness, Command::UseMode(Mode::Models));
    execute(&mut harness, Command::MeasureModel(ModelChoice::Starter));
    harness.get_by_label("measuring");
    let asked = |request: &Request| matches!(request, Request::MeasureModel(ModelChoice::Starter));
    assert!(engine.requests().iter().any(asked));
    engine.say(Event::Measured(Some(ModelSpeed {
        model: "Starter".into(),
        device: "CPU".into(),
        pictures_per_s: 43.7,
    })));
    engine.say(Event::Device {
        info: DeviceInfo::cpu(),
        preparing: None,
    });
    harness.run_steps(3);
    assert!(harness.query_by_label("measuring").is_none());
    harness.get_by_label("44/s, measured");
}

#[test]
fn a_gpu_that_answers_in_another_precision_than_was_chosen_says_so_in_the_settings() {
    let (engine, mut harness) = looking();
    execute(&mut harness, Command::UsePrecision(Precision::Half));
    execute(&mut harness, Command::OpenDialog(Dialog::Settings));
    let says_so = |harness: &Harness<App>| harness.query_by_label("Now: f32").is_some();
    assert!(!says_so(&harness), "the CPU computes in no other");
    engine.say(Event::Device {
        info: DeviceInfo {
            name: "Card".into(),
            gpu: true,
        },
        preparing: None,
    });
    harness.run_steps(3);
    assert!(says_so(&harness));
    execute(&mut harness, Command::UsePrecision(Precision::Full));
    assert!(!says_so(&harness), "it is what was chosen");
}

#[test]
fn a_list_is_for_evaluate_and_opens_nothing_elsewhere() {
    let (engine, mut harness) = looking();
    let list = || Command::Drop(vec!["/data/labels.csv".into()]);
    let opened = |engine: &StandIn| {
        let requests = engine.requests();
        requests
            .iter()
            .any(|request| matches!(request, Request::Library(LibraryRequest::OpenFolders { .. })))
    };
    for mode in [Mode::Explore, Mode::Train, Mode::Models] {
        execute(&mut harness, Command::UseMode(mode));
        execute(&mut harness, list());
        harness.get_by_label_contains("labels.csv is not a picture, folder or model. A list");
        assert_eq!(harness.state().state().mode(), mode);
        harness.get_by_label("Dismiss").click();
        harness.run_steps(3);
    }
    assert!(!opened(&engine));
    execute(&mut harness, Command::UseMode(Mode::Evaluate));
    execute(&mut harness, list());
    assert!(harness.query_by_label_contains("not a picture").is_none());
    assert!(harness.query_all_by_label_contains("labels.csv").count() > 0);
}

#[test]
fn the_full_screen_is_left_by_the_window_manager_and_by_escape() {
    let (_engine, mut harness) = looking();
    let is_full = |harness: &Harness<App>| harness.state().state().full_screen();
    let say = |harness: &mut Harness<App>, full: bool| {
        let viewports = &mut harness.input_mut().viewports;
        viewports.entry(egui::ViewportId::ROOT).or_default().fullscreen = Some(full);
        harness.run_steps(3);
    };
    press(&mut harness, Key::F);
    say(&mut harness, true);
    assert!(is_full(&harness));
    say(&mut harness, false);
    assert!(!is_full(&harness));
    for mode in [Mode::Explore, Mode::Models] {
        execute(&mut harness, Command::UseMode(mode));
        press(&mut harness, Key::F);
        assert!(is_full(&harness));
        press(&mut harness, Key::Escape);
        assert!(!is_full(&harness), "{mode:?}");
    }
}

#[test]
fn indexing_that_is_paused_is_said_in_the_bar() {
    let (engine, mut harness) = looking();
    let library = harness.state().state().explore().library();
    engine.say(Event::Indexed { library, done: 1 });
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("paused").is_none());
    press_with_ctrl(&mut harness, Key::Period);
    assert!(harness.state().state().explore().is_paused());
    harness.get_by_label_contains("paused");
    assert!(engine.requests().contains(&Request::PauseIndexing(true)));
    press_with_ctrl(&mut harness, Key::Period);
    assert!(harness.query_by_label_contains("paused").is_none());
}

#[test]
fn keys_change_how_the_window_looks_and_lead_through_it() {
    let (_engine, mut harness) = looking();
    let settings = |harness: &Harness<App>| harness.state().state().settings().clone();
    press(&mut harness, Key::D);
    let first = settings(&harness).theme;
    press(&mut harness, Key::D);
    assert_ne!(settings(&harness).theme, first);
    for (key, opacity) in [(Key::OpenBracket, 0.7), (Key::CloseBracket, 0.8)] {
        press(&mut harness, key);
        assert!((settings(&harness).opacity - opacity).abs() < 1e-4, "{key:?}");
    }
    for (key, side) in [(Key::Plus, 116.0), (Key::Minus, 96.0)] {
        press(&mut harness, key);
        assert_eq!(settings(&harness).thumbnail_side, side, "{key:?}");
    }
    let seen = "What the model sees: 224 x 224 pixels";
    press(&mut harness, Key::E);
    harness.get_by_label(seen);
    press(&mut harness, Key::E);
    assert!(harness.query_by_label(seen).is_none());
    press(&mut harness, Key::Space);
    assert!(harness.state().state().explore().large().is_some());
    press(&mut harness, Key::G);
    assert!(harness.state().state().explore().large().is_none());
    for key in [Key::F1, Key::Questionmark] {
        press(&mut harness, key);
        assert_eq!(harness.state().state().dialog(), Some(Dialog::Shortcuts), "{key:?}");
        execute(&mut harness, Command::CloseDialog);
    }
    press(&mut harness, Key::M);
    assert_eq!(harness.state().state().mode(), Mode::Models);
}

#[test]
fn page_up_and_page_down_go_a_screen_at_a_time() {
    let names: Vec<String> = (0..200).map(|n| format!("{n:03}.jpg")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (engine, mut harness) = window(Settings::default());
    engine.load(&names);
    harness.run_steps(6);
    let place = |harness: &Harness<App>| {
        let explore = harness.state().state().explore();
        let selected = explore.selected();
        explore.order().iter().position(|id| Some(*id) == selected).unwrap()
    };
    press(&mut harness, Key::Home);
    press(&mut harness, Key::PageDown);
    let page = place(&harness);
    assert!(page > 8, "{page}");
    press(&mut harness, Key::PageDown);
    assert_eq!(place(&harness), 2 * page);
    press(&mut harness, Key::PageUp);
    assert_eq!(place(&harness), page);
}

#[test]
fn settings_are_changed_from_the_palette() {
    let (engine, mut harness) = looking();
    for wanted in ["compute on: cpu", "gpu precision: half", "interface size: 125"] {
        press_with_ctrl(&mut harness, Key::K);
        type_text(&mut harness, wanted);
        press(&mut harness, Key::Enter);
    }
    let settings = harness.state().state().settings();
    assert_eq!((settings.device, settings.scale), (DeviceChoice::Cpu, 1.25));
    assert!(engine.requests().contains(&Request::UseDevice(DeviceChoice::Cpu)));
    assert!(engine.requests().contains(&Request::UsePrecision(Precision::Half)));
}
