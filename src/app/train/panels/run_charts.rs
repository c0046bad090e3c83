//! A run's curves. A search is shown as its trials: the one that is kept in front, the others pale.

use egui::{Color32, Ui};

use crate::app::shell::theme;
use crate::app::shell::widgets::{Chart, ChartLine, Look, chart_ui};
use crate::app::train::panels::{card, share};
use crate::app::train::{Curves, by_trial};
use crate::engine::training::{FineTuneMethod, Interval, RunRecord, trials};
use crate::evaluation::share_interval;

const HEIGHT: f32 = 190.0;
/// From this width on, charts stand side by side.
const TWO_COLUMNS: f32 = 720.0;

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
    charts.chunks(columns).for_each(|row| row_ui(ui, row));
}

/// Charts side by side, in cards of one height; one that is alone has the whole width.
fn row_ui(ui: &mut Ui, row: &[Chart<'_>]) {
    let id = ui.make_persistent_id(("row of charts", row[0].title));
    let least: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(0.0);
    let mut highest = 0.0f32;
    ui.columns(row.len(), |places| {
        for (place, chart) in places.iter_mut().zip(row) {
            card(place, |ui| {
                let drawn = ui.scope(|ui| chart_ui(ui, chart)).response.rect.height();
                highest = highest.max(drawn);
                ui.add_space((least - drawn).max(0.0));
            });
        }
    });
    if (highest - least).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, highest));
        ui.ctx().request_repaint();
    }
}

/// Where the curves of a run will stand.
pub fn coming_charts_ui(ui: &mut Ui) {
    let coming = Chart {
        shares: true,
        whole: true,
        ..chart("Accuracy on validation", "accuracy on validation", Vec::new())
    };
    chart_ui(ui, &coming);
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
        let mut control = line("control set", 3, &curves.control);
        // How many pictures it has is known once the run is done.
        let count = record.control_compared.map_or(0, |compared| compared.count);
        control.band = band(&curves.control, count);
        lines.push(control);
    }
    if !curves.recall.0.is_empty() {
        lines.push(line("picture to text", 4, &curves.recall.0));
        lines.push(line("text to picture", 5, &curves.recall.1));
    }
    Chart {
        across: across(method),
        shares: true,
        levels: zero_shot_level(curves, captions, zero_shot),
        ..chart(title, up, lines)
    }
}

/// The level that a run starts from, with its interval; recall for captions is the mean of two shares, and has another.
fn zero_shot_level(curves: &Curves, captions: bool, colour: Color32) -> Vec<(String, Color32, f64)> {
    let Some(level) = curves.zero_shot else {
        return Vec::new();
    };
    let interval = share_of(level, curves.n_validation).filter(|_| !captions);
    let name = format!("zero-shot, on validation: {}", share(level as f32, interval));
    vec![(name, colour, level)]
}

/// Wilson's interval around an accuracy of so many pictures.
fn share_of(share: f64, count: usize) -> Option<Interval> {
    share_interval((share * count as f64).round() as usize, count)
}

/// The same around each of them.
pub fn band(points: &[[f64; 2]], count: usize) -> Vec<[f64; 3]> {
    let ends = |&[at, share]: &[f64; 2]| share_of(share, count).map(|interval| [at, interval.low, interval.high]);
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
        levels: zero_shot_level(curves, captions, zero_shot),
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
