//! A run's curves. A search is shown as its trials: the one that is kept in front, the others pale.

use egui::{Color32, Ui};

use crate::app::shell::theme;
use crate::app::shell::widgets::{Chart, ChartLine, Look, chart_ui};
use crate::app::train::panels::card;
use crate::app::train::{Curves, by_trial};
use crate::engine::training::{FineTuneMethod, RunRecord, trials};
use crate::evaluation::share_interval;

const HEIGHT: f32 = 190.0;
/// From this width on, charts stand side by side.
const TWO_COLUMNS: f32 = 720.0;

/// Draws them.
pub fn charts_ui(ui: &mut Ui, curves: &Curves, record: &RunRecord) {
    if curves.loss.is_empty() {
        return;
    }
    let zero_shot = theme::palette(ui).text_weak;
    let charts = match trial_length(curves, record) {
        Some(length) => search_charts(curves, record, length, zero_shot),
        None => plain_charts(curves, record, zero_shot),
    };
    let columns = if ui.available_width() >= TWO_COLUMNS { 2 } else { 1 };
    for row in charts.chunks(columns) {
        ui.columns(columns, |places| {
            for (place, chart) in places.iter_mut().zip(row) {
                card(place, |ui| chart_ui(ui, chart));
            }
        });
    }
}

/// Steps of a trial, where several settings are tried.
pub fn trial_length(curves: &Curves, record: &RunRecord) -> Option<usize> {
    let count = trials(&record.config).ok()?.len();
    (count > 1).then(|| (curves.step.1 / count).max(1))
}

fn plain_charts<'a>(curves: &'a Curves, record: &RunRecord, zero_shot: Color32) -> Vec<Chart<'a>> {
    let method = record.config.method;
    let mut charts = Vec::new();
    // Where nothing is trained, one dot says nothing.
    if method != FineTuneMethod::TipAdapter {
        charts.push(loss_chart(curves, method));
    }
    charts.push(accuracy_chart(curves, record, zero_shot));
    charts.extend(setting_chart("Learning rate", "learning rate", &curves.learning_rate));
    charts.extend(setting_chart("Logit scale", "exp(logit_scale)", &curves.logit_scale));
    charts
}

/// What runs from left to right: a probe is solved anew in every step, at another strength.
fn across(method: FineTuneMethod) -> &'static str {
    match method {
        FineTuneMethod::LinearProbe => "strength tried, in order",
        _ => "step",
    }
}

fn loss_chart(curves: &Curves, method: FineTuneMethod) -> Chart<'_> {
    if method == FineTuneMethod::LinearProbe {
        return strengths_chart(curves);
    }
    let title = match method {
        FineTuneMethod::Contrastive | FineTuneMethod::Scratch => "Contrastive loss",
        _ => "Loss",
    };
    let mut lines = vec![line("training, batch by batch", 0, &curves.loss)];
    if !curves.validation_loss.is_empty() {
        lines.push(line(
            "validation, the same pictures each time",
            1,
            &curves.validation_loss,
        ));
    }
    chart(title, "loss", lines)
}

/// What a probe ended with at each strength that it tried: points, for one has nothing to do with the next.
fn strengths_chart(curves: &Curves) -> Chart<'_> {
    let kept = curves.kept.as_ref().map(|(_, step)| *step as f64);
    let (first, others): (Vec<[f64; 2]>, Vec<[f64; 2]>) = curves.loss.iter().partition(|point| Some(point[0]) == kept);
    let mut others = marked("other strengths", 0, others);
    others.look = Look::PalePoints;
    Chart {
        across: across(FineTuneMethod::LinearProbe),
        whole: true,
        ..chart(
            "Training loss per regularisation strength",
            "training loss",
            vec![marked("kept", 0, first), others],
        )
    }
}

fn accuracy_chart<'a>(curves: &'a Curves, record: &RunRecord, zero_shot: Color32) -> Chart<'a> {
    let (captions, method) = (record.classes.is_empty(), record.config.method);
    let (title, up) = if captions {
        ("Recall at 1 on validation", "recall on validation")
    } else {
        ("Accuracy on validation", "accuracy on validation")
    };
    let name = match method {
        _ if captions => "both ways",
        FineTuneMethod::LinearProbe => "validation, best so far",
        _ => "validation",
    };
    let mut validation = line(name, 2, &curves.accuracy);
    if !captions {
        validation.band = band(&curves.accuracy, curves.n_validation);
    }
    let mut lines = vec![validation];
    if !curves.control.is_empty() {
        lines.push(line("control set", 3, &curves.control));
    }
    if !curves.recall.0.is_empty() {
        lines.push(line("picture to text", 4, &curves.recall.0));
        lines.push(line("text to picture", 5, &curves.recall.1));
    }
    Chart {
        across: across(method),
        shares: true,
        levels: zero_shot_level(curves, zero_shot),
        ..chart(title, up, lines)
    }
}

fn zero_shot_level(curves: &Curves, colour: Color32) -> Vec<(String, Color32, f64)> {
    let level = curves
        .zero_shot
        .map(|level| ("zero-shot, on validation".to_owned(), colour, level));
    level.into_iter().collect()
}

/// Wilson's interval around each accuracy of so many pictures.
fn band(points: &[[f64; 2]], count: usize) -> Vec<[f64; 3]> {
    let ends = |&[at, share]: &[f64; 2]| {
        let interval = share_interval((share * count as f64).round() as usize, count)?;
        Some([at, interval.low, interval.high])
    };
    points.iter().filter_map(ends).collect()
}

/// The place of the trial that is kept, among trials of so many steps.
pub fn kept_trial(curves: &Curves, length: usize) -> Option<usize> {
    let (_, step) = curves.kept.as_ref()?;
    Some(step.saturating_sub(1) / length)
}

/// The trials of a search.
fn search_charts<'a>(curves: &'a Curves, record: &RunRecord, length: usize, zero_shot: Color32) -> Vec<Chart<'a>> {
    let kept = kept_trial(curves, length);
    let captions = record.classes.is_empty();
    let loss = trial_lines(&curves.loss, length, kept, 0);
    vec![
        trials_chart(curves, captions, zero_shot),
        Chart {
            across: "step of the trial",
            ..chart("Training loss of each trial", "loss", loss)
        },
    ]
}

/// The best accuracy of each trial, the kept one in front.
fn trials_chart(curves: &Curves, captions: bool, zero_shot: Color32) -> Chart<'_> {
    let kept = curves.kept_trial();
    let points = |wanted: bool| -> Vec<[f64; 2]> {
        let trials = curves.trials.iter().enumerate();
        let these = trials.filter(|(place, _)| (kept == Some(*place)) == wanted);
        these
            .map(|(place, trial)| [place as f64 + 1.0, trial.accuracy])
            .collect()
    };
    let mut first = marked("kept", 2, points(true));
    if !captions {
        first.band = band(&first.points, curves.n_validation);
    }
    let mut others = marked("other trials", 2, points(false));
    others.look = Look::PalePoints;
    let (title, up) = if captions {
        ("Best recall of each trial", "recall on validation")
    } else {
        ("Best accuracy of each trial", "accuracy on validation")
    };
    Chart {
        across: "trial",
        whole: true,
        shares: true,
        levels: zero_shot_level(curves, zero_shot),
        ..chart(title, up, vec![first, others])
    }
}

/// The curve of each trial over its own steps.
fn trial_lines(points: &[[f64; 2]], length: usize, kept: Option<usize>, colour: usize) -> Vec<ChartLine<'_>> {
    let mut lines: Vec<ChartLine<'_>> = Vec::new();
    for (trial, points) in by_trial(points, length) {
        let is_kept = kept == Some(trial);
        let line = ChartLine {
            name: if is_kept { "kept trial" } else { "other trials" }.into(),
            colour: theme::label_colour(colour),
            points: points.into(),
            look: if is_kept { Look::Plain } else { Look::Faint },
            ..ChartLine::default()
        };
        // The first one lies on top.
        let at = if is_kept { 0 } else { lines.len() };
        lines.insert(at, line);
    }
    lines
}

fn setting_chart<'a>(title: &'a str, up: &'a str, points: &'a [[f64; 2]]) -> Option<Chart<'a>> {
    (points.len() > 1).then(|| chart(title, up, vec![line(up, 6, points)]))
}

/// A chart over steps.
pub fn chart<'a>(title: &'a str, up: &'a str, lines: Vec<ChartLine<'a>>) -> Chart<'a> {
    Chart {
        title,
        across: "step",
        up,
        height: HEIGHT,
        lines,
        ..Chart::default()
    }
}

fn line<'a>(name: &str, colour: usize, points: &'a [[f64; 2]]) -> ChartLine<'a> {
    ChartLine {
        name: name.into(),
        colour: theme::label_colour(colour),
        points: points.into(),
        ..ChartLine::default()
    }
}

/// A line whose points are marked.
pub fn marked(name: &str, colour: usize, points: Vec<[f64; 2]>) -> ChartLine<'static> {
    ChartLine {
        name: name.into(),
        colour: theme::label_colour(colour),
        points: points.into(),
        look: Look::Marked,
        ..ChartLine::default()
    }
}
