//! Numbers and maps belong to the labels that they were made for: on screen, in files and in comparisons, also while the
//! labels change under them.

use clipsight::app::App;
use clipsight::app::command::Command;
use clipsight::app::explore::{Compare, ExploreCommand};
use clipsight::app::settings::{LabelRow, Settings, Sort};
use clipsight::engine::protocol::{LabelId, LibraryRequest, Request};
use clipsight::zero_shot::{Label, TemplateSet};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::settle;
use crate::stand_in::{StandIn, question, window};

const NAMES: [&str; 3] = ["cat", "dog", "owl"];

/// Three pictures, of which each label wins one, the last one selected; from now on the model does not answer.
fn answered_once() -> (StandIn, Harness<'static, App>) {
    let settings = Settings {
        labels: NAMES
            .iter()
            .enumerate()
            .map(|(place, name)| LabelRow::new(Label::named(*name), place))
            .collect(),
        sort: Sort::Name,
        ..Settings::default()
    };
    let (engine, mut harness) = window(settings);
    engine.load(&["a.jpg", "b.jpg", "c.jpg"]);
    harness.run_steps(6);
    harness.state_mut().execute(Command::Explore(ExploreCommand::Select(2)));
    harness.run_steps(4);
    engine.answer_at_once(false);
    (engine, harness)
}

fn rows(harness: &Harness<App>) -> Vec<LabelRow> {
    harness.state().state().settings().labels.clone()
}

fn edit(harness: &mut Harness<App>, change: impl FnOnce(&mut Vec<LabelRow>)) {
    let mut labels = rows(harness);
    change(&mut labels);
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::EditLabels(labels)));
}

fn saved_csv(engine: &StandIn, harness: &mut Harness<App>) -> String {
    harness.state_mut().execute(Command::Explore(ExploreCommand::ExportCsv(
        "/nowhere/predictions.csv".into(),
    )));
    let written = engine.newest(|request| match request {
        Request::Library(LibraryRequest::Export { content, .. }) => Some(content.clone()),
        _ => None,
    });
    written.unwrap()
}

/// Name and number of the best label of the first picture, as the file has them.
fn first_line(csv: &str) -> (String, String) {
    let line: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    (line[1].to_owned(), line[3].to_owned())
}

#[test]
fn removing_the_last_label_while_two_maps_are_compared_draws_what_is_left() {
    for compared in [0, 2] {
        let (_engine, mut harness) = answered_once();
        let label = rows(&harness)[compared].id;
        harness
            .state_mut()
            .execute(Command::Explore(ExploreCommand::Compare(Some(Compare::Label(label)))));
        harness.run_steps(3);
        // The selected picture's best label is the last one.
        harness.get_by_label("Remove owl").click();
        harness.run_steps(4);
        settle(&mut harness);
        assert_eq!(rows(&harness).len(), 2);
        assert!(
            harness.query_all_by_label_contains("Heatmap: owl").next().is_some(),
            "until it is answered again, the old map stands under its old name"
        );
    }
}

#[test]
fn undo_after_adding_a_label_while_two_maps_are_compared_goes_back() {
    let (engine, mut harness) = answered_once();
    engine.answer_at_once(true);
    edit(&mut harness, |labels| {
        labels.push(LabelRow::new(Label::named("zebra"), 5))
    });
    settle(&mut harness);
    engine.explain();
    harness.run_steps(3);
    engine.answer_at_once(false);
    let added = rows(&harness)[3].id;
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::Compare(Some(Compare::Label(added)))));
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::MapLabel(added)));
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(4);
    settle(&mut harness);
    let state = harness.state().state();
    assert_eq!(rows(&harness).len(), 3);
    assert_eq!((state.explore().pinned(), state.explore().compare()), (None, None));
}

#[test]
fn swapped_labels_keep_their_numbers_and_maps() {
    let (engine, mut harness) = answered_once();
    let (best, number) = first_line(&saved_csv(&engine, &mut harness));
    assert_eq!(best, "cat");
    let wins = harness.state().state().explore().wins().clone();
    edit(&mut harness, |labels| labels.swap(0, 2));
    settle(&mut harness);
    assert_eq!(question(&engine.requests()).unwrap().labels[0].label.name, "owl");
    assert_eq!(first_line(&saved_csv(&engine, &mut harness)), ("cat".into(), number));
    assert_eq!(harness.state().state().explore().wins(), &wins);
    let owl = rows(&harness)[0].id;
    assert_eq!(harness.state().state().shown_label(), Some(owl));
    harness.get_by_label_contains("Heatmap: owl");
    // A filter by a label keeps that label's pictures, wherever the label stands.
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::FilterLabel(Some(Some(owl)))));
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().order(), [2]);
}

#[test]
fn renamed_labels_show_the_old_numbers_under_the_old_name_until_they_are_answered() {
    let (engine, mut harness) = answered_once();
    edit(&mut harness, |labels| labels[2].label = Label::named("penguin"));
    settle(&mut harness);
    // In the inspector's bars and on its map; the row itself has the new name.
    assert!(harness.query_all_by_label_contains("owl").count() >= 2);
    assert!(harness.query_by_label_contains("Heatmap: penguin").is_none());
    let csv = saved_csv(&engine, &mut harness);
    assert!(csv.lines().next().unwrap().contains("owl (probability)"), "{csv}");
    assert!(!csv.contains("penguin"), "{csv}");
    assert!(
        harness
            .state()
            .state()
            .messages()
            .iter()
            .any(|m| m.text.contains("has not answered yet"))
    );

    let asked = question(&engine.requests()).unwrap();
    engine.answer_at_once(true);
    engine.reply(&asked);
    harness.run_steps(3);
    let csv = saved_csv(&engine, &mut harness);
    assert!(csv.contains("penguin (probability)") && !csv.contains("owl"), "{csv}");
    // The map is still that of the old words, and no number of the new ones stands beside it.
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::SaveHeatmap(
            "/nowhere/heatmap.png".into(),
        )));
    let drawn = engine.newest(|request| match request {
        Request::Library(LibraryRequest::DrawHeatmap { picture, .. }) => Some(picture.maps[0].clone()),
        _ => None,
    });
    let drawn = drawn.unwrap();
    assert_eq!((drawn.label.as_str(), drawn.score.as_str()), ("owl", ""));
}

#[test]
fn maps_saved_as_numbers_have_the_names_that_they_were_made_for() {
    let (engine, mut harness) = answered_once();
    edit(&mut harness, |labels| {
        labels.remove(0);
        labels[0].label = Label::named("wolf");
    });
    settle(&mut harness);
    harness.state_mut().execute(Command::Explore(ExploreCommand::SaveGrid(
        "/nowhere/heatmap.json".into(),
    )));
    let written = engine.newest(|request| match request {
        Request::Library(LibraryRequest::Export { content, .. }) => Some(content.clone()),
        _ => None,
    });
    let grids: serde_json::Value = serde_json::from_str(&written.unwrap()).unwrap();
    let names: Vec<&str> = grids
        .as_array()
        .unwrap()
        .iter()
        .map(|grid| grid["label"].as_str().unwrap())
        .collect();
    assert_eq!(names, NAMES);
}

#[test]
fn answers_of_another_model_or_to_other_templates_are_not_mixed_with_new_ones() {
    let (engine, mut harness) = answered_once();
    harness
        .state_mut()
        .execute(Command::Explore(ExploreCommand::UseTemplates(TemplateSet::Bare)));
    settle(&mut harness);
    let mut foreign = question(&engine.requests()).unwrap();
    let labels = foreign.labels.len();
    let before = harness.state().state().explore().pictures()[0].scores.clone();
    foreign.model = Some("another model".into());
    engine.predict_as(0, &foreign, &vec![0.1; labels + 1]);
    harness.run_steps(3);
    assert_eq!(harness.state().state().explore().pictures()[0].scores, before);

    let asked = question(&engine.requests()).unwrap();
    engine.predict(0, &asked, &vec![0.1; labels + 1]);
    harness.run_steps(3);
    let scored = |picture: i64| harness.state().state().answer(picture).is_some();
    assert!(
        scored(0) && !scored(1),
        "all numbers that are shown answer one question"
    );
    // An answer of another number of labels than were asked about is none.
    engine.predict(1, &asked, &[0.1, 0.2]);
    harness.run_steps(3);
    assert!(harness.state().state().answer(1).is_none());
}

#[test]
fn a_list_that_is_edited_as_text_keeps_the_labels_that_stay() {
    let (_engine, mut harness) = answered_once();
    let before: Vec<LabelId> = rows(&harness).iter().map(|row| row.id).collect();
    harness
        .state_mut()
        .execute(Command::OpenDialog(clipsight::app::command::Dialog::LabelList));
    harness.run_steps(3);
    harness.get_by_label("Use these labels").click();
    harness.run_steps(3);
    let after: Vec<LabelId> = rows(&harness).iter().map(|row| row.id).collect();
    assert_eq!(before, after);
}
