//! Between the model as it was and what was learnt (WiSE-FT).

use egui::{Button, Grid, RichText, Slider, Ui};

use super::run_charts::{chart, marked};
use super::run_result::numbers;
use crate::app::shell::theme;
use crate::app::shell::widgets::{Chart, chart_ui, note, section};
use crate::app::train::panels::{card, cell_ui, progress_ui, share};
use crate::app::train::{AtWork, TrainCommand, Training};
use crate::engine::training::{BlendPoint, Comparison, RunRecord, TrainingRequest};

/// Blends that are this near are one.
const SAME: f32 = 0.005;
/// The table's headings.
const HEADINGS: [&str; 4] = [
    "Blend",
    "On validation",
    "Difference from 0",
    "Control set, difference from 0",
];
/// Room for a blend and for an accuracy, between columns, and for a difference at most.
const BLEND_WIDTH: f32 = 44.0;
const SHARE_WIDTH: f32 = 160.0;
const COLUMN_GAP: f32 = 18.0;
const DIFFERENCE_WIDTH: f32 = 420.0;

pub fn blend_ui(ui: &mut Ui, training: &Training, record: &RunRecord, commands: &mut Vec<TrainCommand>) {
    if record.model.is_none() {
        return;
    }
    card(ui, |ui| {
        ui.label(section("Blend original and fine-tuned"));
        let words = "A blend of both models often keeps most of what was learnt and most of what was known (WiSE-FT). \
                     0 is the model as it was, 1 is what was learnt.";
        ui.label(note(ui, words));
        slider_ui(ui, training, record, commands);
        in_use_ui(ui, record);
        // The row is there in any case, so that nothing moves when work begins and ends.
        ui.allocate_ui(egui::vec2(ui.available_width(), theme::ROW_HEIGHT), |ui| {
            if let Some(AtWork::Other(what, done)) = &training.at_work {
                commands.extend(progress_ui(ui, what, *done));
            }
        });
        if let Some((_, points)) = training.blends.as_ref().filter(|(of, _)| *of == record.run) {
            points_ui(ui, points);
        }
    });
}

fn slider_ui(ui: &mut Ui, training: &Training, record: &RunRecord, commands: &mut Vec<TrainCommand>) {
    let idle = training.at_work.is_none();
    let mut blend = training.blend_of(record);
    ui.horizontal_wrapped(|ui| {
        if ui.add(Slider::new(&mut blend, 0.0..=1.0).fixed_decimals(2)).changed() {
            commands.push(TrainCommand::SlideBlend(record.run.clone(), blend));
        }
        let in_use = (blend - record.blend).abs() < SAME;
        let apply = ui.add_enabled(idle && !in_use, Button::new("Use this blend"));
        let apply = apply
            .on_hover_text("The run's model becomes this blend, and is measured again")
            .on_disabled_hover_text(if in_use {
                "This blend is in use"
            } else {
                "Something else is running"
            });
        if apply.clicked() {
            commands.push(TrainCommand::Send(TrainingRequest::UseBlend {
                run: record.run.clone(),
                blend,
            }));
        }
        if ui.add_enabled(idle, Button::new("Measure all")).clicked() {
            commands.push(TrainCommand::Send(TrainingRequest::MeasureBlends(record.run.clone())));
        }
    });
}

/// What the run's model is now, with its own numbers.
fn in_use_ui(ui: &mut Ui, record: &RunRecord) {
    let measured = record.accuracy.map_or(String::new(), |accuracy| {
        format!(": {} on the test pictures", share(accuracy, record.accuracy_interval()))
    });
    let now = format!("In use: {:.2}, {}{measured}.", record.blend, record.mixture());
    ui.label(RichText::new(now));
}

fn points_ui(ui: &mut Ui, points: &[BlendPoint]) {
    let at = |share: f32| f64::from(share);
    let task = points.iter().filter_map(|p| Some([at(p.blend), at(p.validation?)]));
    let control = points.iter().filter_map(|p| Some([at(p.blend), at(p.control?)]));
    let control: Vec<[f64; 2]> = control.collect();
    let band = |of: fn(&BlendPoint) -> Option<Comparison>| -> Vec<[f64; 3]> {
        let ends = |p: &BlendPoint| of(p).map(|c| [at(p.blend), c.after.low, c.after.high]);
        points.iter().filter_map(ends).collect()
    };
    let mut lines = vec![marked("this task, on validation", 2, task.collect())];
    lines[0].band = band(|point| point.compared);
    if !control.is_empty() {
        lines.push(marked("control set", 3, control));
        lines[1].band = band(|point| point.control_compared);
    }
    let chart = Chart {
        across: "blend",
        shares: true,
        ..chart("Accuracy of blends", "accuracy", lines)
    };
    chart_ui(ui, &chart);
    table_ui(ui, points);
}

/// Each blend beside the model as it was.
fn table_ui(ui: &mut Ui, points: &[BlendPoint]) {
    ui.add_space(theme::GAP_SMALL);
    let room = ui.available_width() - BLEND_WIDTH - SHARE_WIDTH - 3.0 * COLUMN_GAP;
    let difference = (room / 2.0).min(DIFFERENCE_WIDTH);
    let widths = [BLEND_WIDTH, SHARE_WIDTH, difference, difference];
    Grid::new("blends")
        .num_columns(widths.len())
        .spacing([COLUMN_GAP, 3.0])
        .striped(true)
        .show(ui, |ui| {
            for (heading, width) in HEADINGS.into_iter().zip(widths) {
                let heading = note(ui, heading);
                cell_ui(ui, width, heading);
            }
            ui.end_row();
            for point in points {
                for (text, width) in cells(point).into_iter().zip(widths) {
                    cell_ui(ui, width, RichText::new(text));
                }
                ui.end_row();
            }
        });
}

/// A row of the table.
fn cells(point: &BlendPoint) -> [String; 4] {
    let difference = |compared: &Option<Comparison>| match compared {
        Some(compared) if point.blend > 0.0 => format!("{}: {}", numbers(compared), compared.verdict().title()),
        _ => "-".into(),
    };
    [
        format!("{:.2}", point.blend),
        point
            .compared
            .as_ref()
            .map_or("-".into(), |compared| compared.after.share_words()),
        difference(&point.compared),
        difference(&point.control_compared),
    ]
}
