//! Runs side by side: what they came to, their curves over each other, their settings in a table.

use std::borrow::Cow;

use egui::{Color32, Grid, RichText, ScrollArea, Ui};

use super::run::facts;
use super::run_charts::{kept_trial, trial_length};
use crate::app::shell::theme;
use crate::app::shell::widgets::{Chart, ChartLine, Look, chart_ui, note, section, swatch_ui};
use crate::app::train::panels::{card, percent};
use crate::app::train::{Curves, Training, by_trial};
use crate::engine::training::{Comparison, FineTuneMethod, Interval, RunRecord};

const CHART_HEIGHT: f32 = 240.0;

/// Draws the page.
pub fn compare_ui(ui: &mut Ui, training: &Training) {
    ui.label(RichText::new("Runs side by side").font(theme::strong(theme::SIZE_HEADING)));
    ui.add_space(theme::GAP_SMALL);
    let runs: Vec<&RunRecord> = training
        .compared
        .iter()
        .filter_map(|run| training.record(run))
        .collect();
    if runs.is_empty() {
        ui.label(note(
            ui,
            "Choose two runs or more on the left, with the scales beside their names: their results and curves stand here, \
             and the settings in which they differ.",
        ));
        return;
    }
    card(ui, |ui| results_ui(ui, training, &runs));
    card(ui, |ui| {
        curves_ui(
            ui,
            training,
            &runs,
            ("Accuracy on validation", "accuracy on validation"),
            true,
            |curves| &curves.accuracy,
        )
    });
    card(ui, |ui| {
        if !runs.iter().all(|record| is_probe(record)) {
            curves_ui(ui, training, &runs, ("Training loss", "loss"), false, |curves| {
                &curves.loss
            });
        }
        if runs.iter().any(|record| is_probe(record)) {
            let words =
                "A linear probe is solved anew at each strength: its losses are no curve, and stand on its own page.";
            ui.label(note(ui, words));
        }
    });
    card(ui, |ui| table_ui(ui, &runs));
}

fn is_probe(record: &RunRecord) -> bool {
    record.config.method == FineTuneMethod::LinearProbe
}

fn curves_ui(
    ui: &mut Ui,
    training: &Training,
    runs: &[&RunRecord],
    (title, up): (&str, &str),
    shares: bool,
    of: fn(&Curves) -> &Vec<[f64; 2]>,
) {
    let mut lines = Vec::new();
    for (place, record) in runs.iter().enumerate() {
        let Some(curves) = training.curves.get(&record.run) else {
            continue;
        };
        if is_probe(record) && !shares {
            continue;
        }
        lines.extend(run_lines(record, curves, of(curves), theme::label_colour(place)));
    }
    // What is kept lies on top, whichever run it is of.
    lines.sort_by_key(|line| line.look == Look::Faint);
    let chart = Chart {
        title,
        across: "step",
        up,
        height: CHART_HEIGHT,
        shares,
        lines,
        ..Chart::default()
    };
    chart_ui(ui, &chart);
}

/// A run's curve; of a search, the trial that is kept, and the others pale.
fn run_lines<'a>(record: &RunRecord, curves: &Curves, points: &'a [[f64; 2]], colour: Color32) -> Vec<ChartLine<'a>> {
    let line = |name: String, points: Cow<'a, [[f64; 2]]>, look| ChartLine {
        name,
        colour,
        points,
        look,
        ..ChartLine::default()
    };
    let Some(length) = trial_length(curves, record) else {
        return vec![line(record.name.clone(), points.into(), Look::Plain)];
    };
    let kept = kept_trial(curves, length);
    let of_trial = |(trial, points): (usize, Vec<[f64; 2]>)| {
        if kept == Some(trial) {
            line(format!("{}, kept trial", record.name), points.into(), Look::Plain)
        } else {
            line(format!("{}, other trials", record.name), points.into(), Look::Faint)
        }
    };
    by_trial(points, length).into_iter().map(of_trial).collect()
}

/// Accuracies with their intervals, and each run beside the first.
fn results_ui(ui: &mut Ui, training: &Training, runs: &[&RunRecord]) {
    ui.label(section("Results on the test pictures"));
    let first = runs.first().map_or("", |record| record.name.as_str());
    ScrollArea::horizontal().id_salt("results").show(ui, |ui| {
        Grid::new("results")
            .num_columns(runs.len() + 1)
            .spacing([24.0, 4.0])
            .striped(true)
            .show(ui, |ui| {
                names_ui(ui, runs);
                let accuracy = |record: &&RunRecord| share(record.accuracy, record.accuracy_interval());
                row_ui(ui, "Accuracy", runs.iter().map(accuracy));
                let before = |record: &&RunRecord| share(record.zero_shot_accuracy, record.zero_shot_interval());
                row_ui(ui, "Zero-shot", runs.iter().map(before));
                let gain = |record: &&RunRecord| record.compared.as_ref().map_or("-".into(), Comparison::words);
                row_ui(ui, "Difference to zero-shot", runs.iter().map(gain));
                let against = (0..runs.len()).map(|place| against_first(training, runs, place));
                row_ui(ui, &format!("Difference to {first}"), against);
                row_ui(
                    ui,
                    "Control set, before",
                    runs.iter().map(|record| control(record, false)),
                );
                row_ui(
                    ui,
                    "Control set, after",
                    runs.iter().map(|record| control(record, true)),
                );
            });
    });
}

/// The runs' names over their columns.
fn names_ui(ui: &mut Ui, runs: &[&RunRecord]) {
    ui.label("");
    for (place, record) in runs.iter().enumerate() {
        ui.horizontal(|ui| {
            swatch_ui(ui, theme::label_colour(place));
            ui.label(&record.name);
        });
    }
    ui.end_row();
}

/// Accuracy on the control set; after the run with what can be said of forgetting.
fn control(record: &RunRecord, after: bool) -> String {
    match (&record.control_compared, record.control) {
        (Some(compared), _) if after => {
            let verdict = compared.verdict().title();
            format!("{}: {verdict}", compared.after.share_words())
        }
        (Some(compared), _) => compared.before.share_words(),
        (None, Some(shares)) => percent(if after { shares.1 } else { shares.0 }),
        (None, None) => "-".into(),
    }
}

fn share(share: Option<f32>, interval: Option<Interval>) -> String {
    match (share, interval) {
        (_, Some(interval)) => interval.share_words(),
        (Some(share), None) => percent(share),
        (None, None) => "-".into(),
    }
}

/// What the answers to the same pictures say of a run and the first one.
fn against_first(training: &Training, runs: &[&RunRecord], place: usize) -> String {
    let (first, record) = (runs[0], runs[place]);
    if place == 0 || record.accuracy.is_none() || first.accuracy.is_none() {
        return "-".into();
    }
    let found = training.contrasts.iter().find(|(run, _)| *run == record.run);
    match (found, &first.tested, &record.tested) {
        (Some((_, Some(compared))), ..) => compared.words(),
        (_, Some(a), Some(b)) if a.pictures != b.pictures => "not comparable: tested on other pictures".into(),
        (_, None, _) | (_, _, None) => "not comparable: answers were not kept picture by picture".into(),
        _ => "\u{2026}".into(),
    }
}

fn table_ui(ui: &mut Ui, runs: &[&RunRecord]) {
    ui.label(section("Settings"));
    ScrollArea::horizontal().show(ui, |ui| {
        Grid::new("compared")
            .num_columns(runs.len() + 1)
            .spacing([24.0, 4.0])
            .striped(true)
            .show(ui, |ui| {
                names_ui(ui, runs);
                let known: Vec<Vec<(String, String)>> = runs.iter().map(|record| facts(record)).collect();
                for name in names(&known) {
                    let value = |facts: &Vec<(String, String)>| {
                        let found = facts.iter().find(|(known, _)| *known == name);
                        found.map_or("-".into(), |(_, value)| value.clone())
                    };
                    let values: Vec<String> = known.iter().map(value).collect();
                    let differ = values.windows(2).any(|pair| pair[0] != pair[1]);
                    setting_ui(ui, &name, &values, differ);
                }
            });
    });
}

/// A setting of each run; where they differ, it stands out.
fn setting_ui(ui: &mut Ui, name: &str, values: &[String], differ: bool) {
    let shown = |text: &str| {
        if differ {
            RichText::new(text).font(theme::strong(theme::SIZE_BODY))
        } else {
            RichText::new(text)
        }
    };
    let name = if differ {
        format!("{name} (differs)")
    } else {
        name.to_owned()
    };
    ui.label(note(ui, name));
    values.iter().for_each(|value| {
        ui.label(shown(value));
    });
    ui.end_row();
}

fn row_ui(ui: &mut Ui, name: &str, values: impl Iterator<Item = String>) {
    ui.label(note(ui, name));
    values.for_each(|value| {
        ui.label(value);
    });
    ui.end_row();
}

/// Every setting that one of the runs has, once.
fn names(known: &[Vec<(String, String)>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in known.iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}
