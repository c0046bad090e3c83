//! Runs that there are: watched, used, compared, deleted and brought back.

use std::path::Path;

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::settings::Settings;
use clipsight::app::state::Mode;
use clipsight::app::train::{Page, TrainCommand};
use clipsight::engine::ModelChoice;
use clipsight::engine::protocol::{Event, InferenceRequest, Request};
use clipsight::engine::training::{FineTuneMethod, RunState, TrainingEvent, TrainingRequest};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::made::{record, runs, say_blends, say_preview, say_run_at_work, say_runs, tested};
use super::{asked, asked_ever, open, say, teaching};
use crate::stand_in::{StandIn, window_of};

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
        harness.state().state().training().page(),
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
    assert_eq!(harness.state().state().training().page(), &Page::Compare);
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
    assert_eq!(harness.state().state().mode(), Mode::Explore);
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
    // In the list of runs, too, no accuracy stands without its interval.
    harness.get_by_label("accuracy 66.7 % (35.4 to 87.9)");
    harness.get_by_label("zero-shot 55.6 % (26.7 to 81.1)");
    harness.get_by_label("no difference shown");
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
        let labels = &harness.state().state().settings().labels;
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
    let training = harness.state().state().training();
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
    harness.get_by_label("Difference from Linear probe, colours");
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
fn at_a_projectors_size_no_column_of_two_runs_is_cut() {
    let (engine, mut harness) = window_of(Settings::default(), [1_024.0, 700.0]);
    engine.load(&["a.jpg"]);
    say_runs(&engine);
    harness.run_steps(4);
    for run in ["linear-probe-1", "tip-adapter-1"] {
        harness
            .state_mut()
            .execute(Command::Train(TrainCommand::Compare(run.into())));
    }
    open(&mut harness, Page::Compare);
    harness.run_steps(4);
    let differences: Vec<egui::Rect> = harness
        .query_all_by_label_contains(" points (")
        .map(|node| node.rect())
        .collect();
    assert_eq!(differences.len(), 2);
    assert!(differences.iter().all(|cell| cell.right() < 1_012.0), "{differences:?}");
    let text = harness.get_by_label("accuracy 96.8 % (89.0 to 99.1)").rect().height();
    assert!(differences[0].height() > 1.5 * text, "the text wraps: {differences:?}");
}
