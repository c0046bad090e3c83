//! The whole way over the real engine.

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::train::{Page, TrainCommand};
use clipsight::engine::training::{RunState, TrainingRequest};
use egui_kittest::Harness;

use super::made::colours;
use crate::{real_window, run_until};

#[test]
fn the_real_engine_teaches_and_its_model_predicts_at_once() {
    let data_dir = tempfile::tempdir().unwrap();
    let pictures = tempfile::tempdir().unwrap();
    colours(pictures.path(), 12);
    let mut harness = real_window(data_dir.path());
    run_until(&mut harness, "a model", |app| app.state().model().is_some());
    let train = |harness: &mut Harness<App>, command| harness.state_mut().execute(Command::Train(command));
    let send = TrainCommand::Send;
    train(&mut harness, TrainCommand::Open(Page::Setup));
    train(&mut harness, TrainCommand::UseFolder(pictures.path().into()));
    run_until(&mut harness, "a preview", |app| {
        matches!(app.state().training().previewed(), Some(Ok(_)))
    });
    run_until(&mut harness, "rest", |app| app.state().training().at_work().is_none());
    train(&mut harness, TrainCommand::Estimate);
    run_until(&mut harness, "an estimate", |app| {
        app.state().training().estimate().is_some()
    });
    train(&mut harness, TrainCommand::Start);
    run_until(&mut harness, "the end of the run", |app| {
        let training = app.state().training();
        training.at_work().is_none()
            && training
                .record("linear-probe-1")
                .is_some_and(|run| run.state == RunState::Done)
    });
    let run = || "linear-probe-1".to_owned();
    let training = harness.state().state().training();
    assert!(training.record("linear-probe-1").unwrap().accuracy.unwrap() > 0.8);
    assert!(!training.curves("linear-probe-1").unwrap().loss.is_empty());

    train(&mut harness, send(TrainingRequest::MeasureBlends(run())));
    run_until(&mut harness, "blends", |app| {
        app.state().training().blends().is_some() && app.state().training().at_work().is_none()
    });
    let probed = harness
        .state()
        .state()
        .training()
        .record("linear-probe-1")
        .unwrap()
        .clone();
    assert!(probed.compared.is_some() && probed.control_compared.is_some());
    let blends = harness.state().state().training().blends().unwrap().to_vec();
    assert_eq!(blends[0].compared.unwrap().difference.mean, 0.0);
    train(&mut harness, send(TrainingRequest::UseBlend { run: run(), blend: 0.0 }));
    run_until(&mut harness, "the blend", |app| {
        let training = app.state().training();
        training.at_work().is_none() && training.record("linear-probe-1").is_some_and(|run| run.blend == 0.0)
    });
    let blended = harness.state().state().training().record("linear-probe-1").unwrap();
    assert_eq!(blended.accuracy, probed.zero_shot_accuracy, "0 is the model as it was");
    assert_eq!(blended.compared.unwrap().difference.mean, 0.0);
    train(&mut harness, send(TrainingRequest::UseBlend { run: run(), blend: 1.0 }));
    run_until(&mut harness, "what was learnt", |app| {
        let training = app.state().training();
        training.at_work().is_none() && training.record("linear-probe-1").is_some_and(|run| run.blend == 1.0)
    });
    let learnt = harness.state().state().training().record("linear-probe-1").unwrap();
    assert_eq!((learnt.accuracy, &learnt.tested), (probed.accuracy, &probed.tested));

    train(&mut harness, send(TrainingRequest::Delete(run())));
    run_until(&mut harness, "an empty list", |app| {
        app.state().training().runs().is_empty()
    });
    train(&mut harness, TrainCommand::Undelete);
    run_until(&mut harness, "the run again", |app| {
        app.state().training().record("linear-probe-1").is_some()
    });
    train(&mut harness, TrainCommand::Use(run()));
    run_until(&mut harness, "the taught model", |app| {
        app.state()
            .model()
            .as_ref()
            .is_some_and(|model| model.taught_classes.contains(&"red".to_owned()))
    });
    run_until(&mut harness, "its predictions", |app| {
        app.state()
            .explore()
            .pictures()
            .iter()
            .all(|picture| picture.scores.is_some())
    });
}
