//! Runs side by side: what they came to, their curves over each other, their settings in a table.

use std::borrow::Cow;

use egui::{Color32, Grid, Label, RichText, ScrollArea, Ui};

use super::run_charts::{band, kept_trial, trial_length};
use super::run_facts::facts;
use crate::app::shell::theme;
use crate::app::shell::widgets::{Chart, ChartLine, Look, chart_ui, note, section, swatch_ui};
use crate::app::train::panels::{card, cell_ui, percent, share};
use crate::app::train::{Curves, Training, by_trial};
use crate::engine::training::{Comparison, FineTuneMethod, Interval, RunRecord};

const CHART_HEIGHT: f32 = 240.0;
/// Room for the names of rows, between columns, and for the scroll bar.
const NAMES: f32 = 140.0;
const GAP: f32 = 20.0;
const BAR: f32 = 12.0;
/// A run's column is no narrower, and no wider.
const LEAST: f32 = 150.0;
const MOST: f32 = 420.0;

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
            "Choose two runs or more on the left, with the scales beside their names: their results and curves will \
             appear here, and the settings in which they differ.",
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
            let words = "A linear probe is solved anew at each strength: its losses do not form a curve; they are on \
                 its own page.";
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
        let mut own = run_lines(record, curves, of(curves), theme::label_colour(place));
        // Recall for captions is the mean of two shares, and has another interval.
        if shares && !record.classes.is_empty() {
            let kept = own.iter_mut().filter(|line| line.look != Look::Faint);
            kept.for_each(|line| line.band = band(&line.points, curves.n_validation));
        }
        lines.extend(own);
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
    columns_ui(ui, "results", runs, |ui, width| {
        let mut row = |name: &str, value: &dyn Fn(usize) -> String| {
            let title = note(ui, name);
            cell_ui(ui, NAMES, title);
            (0..runs.len()).for_each(|place| cell_ui(ui, width, RichText::new(value(place))));
            ui.end_row();
        };
        row("Accuracy", &|place| {
            told(runs[place].accuracy, runs[place].accuracy_interval())
        });
        row("Zero-shot", &|place| {
            told(runs[place].zero_shot_accuracy, runs[place].zero_shot_interval())
        });
        row("Difference from zero-shot", &|place| {
            runs[place].compared.as_ref().map_or("-".into(), Comparison::words)
        });
        row(&format!("Difference from {first}"), &|place| {
            against_first(training, runs, place)
        });
        row("Control set, before", &|place| control(runs[place], false));
        row("Control set, after", &|place| control(runs[place], true));
    });
}

/// A table with a column a run under its name. Columns share the room that there is, and their texts wrap; only so many that
/// none could be read are scrolled.
fn columns_ui(ui: &mut Ui, name: &str, runs: &[&RunRecord], rows_ui: impl FnOnce(&mut Ui, f32)) {
    let room = ui.available_width() - NAMES - BAR;
    let width = (room / runs.len() as f32 - GAP).clamp(LEAST, MOST);
    ScrollArea::horizontal().id_salt(name).show(ui, |ui| {
        Grid::new(name)
            .num_columns(runs.len() + 1)
            .spacing([GAP, 4.0])
            .striped(true)
            .show(ui, |ui| {
                names_ui(ui, runs, width);
                rows_ui(ui, width);
            });
    });
}

/// The runs' names over their columns.
fn names_ui(ui: &mut Ui, runs: &[&RunRecord], width: f32) {
    ui.label("");
    for (place, record) in runs.iter().enumerate() {
        ui.scope(|ui| {
            ui.set_width(width);
            swatch_ui(ui, theme::label_colour(place));
            ui.add(Label::new(&record.name).wrap());
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

fn told(accuracy: Option<f32>, interval: Option<Interval>) -> String {
    accuracy.map_or("-".into(), |accuracy| share(accuracy, interval))
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
    columns_ui(ui, "compared", runs, |ui, width| {
        let known: Vec<Vec<(String, String)>> = runs.iter().map(|record| facts(record)).collect();
        for name in names(&known) {
            let value = |facts: &Vec<(String, String)>| {
                let found = facts.iter().find(|(known, _)| *known == name);
                found.map_or("-".into(), |(_, value)| value.clone())
            };
            let values: Vec<String> = known.iter().map(value).collect();
            setting_ui(ui, &name, &values, width);
        }
    });
}

/// A setting of each run; where they differ, it stands out.
fn setting_ui(ui: &mut Ui, name: &str, values: &[String], width: f32) {
    let differ = values.windows(2).any(|pair| pair[0] != pair[1]);
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
    let title = note(ui, name);
    cell_ui(ui, NAMES, title);
    values.iter().for_each(|value| cell_ui(ui, width, shown(value)));
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
