//! Between the model as it was and what was learnt (WiSE-FT).

use egui::{Button, Grid, RichText, Slider, Ui};

use super::run_charts::{chart, marked};
use super::run_result::numbers;
use crate::app::shell::theme;
use crate::app::shell::widgets::{Chart, chart_ui, note, section};
use crate::app::train::panels::{card, progress_ui, share};
use crate::app::train::{AtWork, TrainCommand, Training};
use crate::engine::training::{BlendPoint, Comparison, RunRecord, TrainingRequest};

/// Blends that are this near are one.
const SAME: f32 = 0.005;

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
    Grid::new("blends")
        .num_columns(4)
        .spacing([18.0, 3.0])
        .striped(true)
        .show(ui, |ui| {
            for heading in [
                "Blend",
                "On validation",
                "Difference to 0",
                "Control set, difference to 0",
            ] {
                ui.label(note(ui, heading));
            }
            ui.end_row();
            for point in points {
                ui.label(format!("{:.2}", point.blend));
                let validation = |c: &Comparison| c.after.share_words();
                ui.label(point.compared.as_ref().map_or("-".into(), validation));
                for compared in [&point.compared, &point.control_compared] {
                    ui.label(match compared {
                        Some(compared) if point.blend > 0.0 => {
                            format!("{}: {}", numbers(compared), compared.verdict().title())
                        }
                        _ => "-".into(),
                    });
                }
                ui.end_row();
            }
        });
}
