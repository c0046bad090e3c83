//! Accuracy against the number of shots: how much do a few examples help a model that knows the words?

use egui::{Button, Color32, RichText, Ui, vec2};
use egui_plot::{FilledArea, HLine, Line, LineStyle, MarkerShape, Plot, PlotPoints, Points};

use crate::app::command::{Command, FileDialog};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section, swatch_ui};
use crate::app::state::State;
use crate::app::train::panels::{card, progress_ui};
use crate::app::train::{AtWork, TrainCommand};
use crate::engine::training::{FineTuneMethod, KShot, METHODS, PEOPLE};

const HEIGHT: f32 = 360.0;

/// Draws the page.
pub fn shots_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let training = &state.training;
    ui.label(RichText::new("Few-shot against zero-shot").font(theme::strong(theme::SIZE_HEADING)));
    let words = "The star is the model without any example, knowing only the names. The curves learn from 1 to 16 \
                 examples of each class, on several random splits: the bands reach from the worst to the best.";
    ui.label(note(ui, words));
    ui.add_space(theme::GAP_SMALL);
    card(ui, |ui| {
        ui.horizontal(|ui| {
            if ui.button(format!("{}  Choose folder ..", icon::FOLDER_OPEN)).clicked() {
                commands.push(Command::Choose(FileDialog::TrainingFolder));
            }
            let folder = training.draft.folder.display().to_string();
            let ready = !folder.is_empty() && training.at_work.is_none();
            let measure = Button::new(format!("{}  Measure", icon::CHART_LINE_UP));
            if ui.add_enabled(ready, measure).clicked() {
                commands.push(Command::Train(TrainCommand::MeasureShots));
            }
            let shown = if folder.is_empty() {
                "one folder a class".into()
            } else {
                folder
            };
            ui.add(egui::Label::new(note(ui, shown)).truncate());
        });
        if let Some(AtWork::Other(what, done)) = &training.at_work {
            commands.extend(progress_ui(ui, what, *done).map(Command::Train));
        }
    });
    if !training.shots.is_empty() {
        card(ui, |ui| {
            chart_ui(ui, &training.shots);
            people_ui(ui);
        });
    }
}

fn people_ui(ui: &mut Ui) {
    let [none, one] = PEOPLE.map(|share| format!("{:.1} %", 100.0 * share));
    let words = format!(
        "For reference: people who named breeds of Oxford Pets went from {none} without an example to {one} with one of \
         each (Radford et al. 2021, table 2)."
    );
    ui.label(note(ui, words));
}

fn colour(method: FineTuneMethod) -> Color32 {
    let place = METHODS.iter().position(|known| *known == method).unwrap_or(0);
    theme::label_colour(place)
}

/// Shots are drawn at the logarithm of their number, after zero.
fn across(shots: usize) -> f64 {
    (shots as f64).log2() + 1.0
}

fn chart_ui(ui: &mut Ui, points: &[KShot]) {
    let palette = theme::palette(ui);
    ui.label(section("Accuracy on pictures it never saw"));
    let star: Vec<f64> = of(points, None).into_iter().map(|(_, accuracy)| accuracy).collect();
    let zero_shot = star.iter().sum::<f64>() / star.len().max(1) as f64;
    let plot = Plot::new("k-shot")
        .height(HEIGHT)
        .grid_color(palette.line)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .set_margin_fraction(vec2(0.04, 0.06))
        .include_x(0.0)
        .include_x(across(16))
        .include_y(0.0)
        .include_y(1.0)
        .x_axis_label("examples of each class")
        .x_axis_formatter(|mark, _| match mark.value {
            at if at <= 0.0 => "0".into(),
            at if at.fract().abs() < 1e-6 => format!("{:.0}", (at - 1.0).exp2()),
            _ => String::new(),
        })
        .y_axis_formatter(|mark, _| format!("{:.0} %", 100.0 * mark.value));
    plot.show(ui, |plot| {
        let level = HLine::new("zero-shot", zero_shot).color(palette.text_weak);
        plot.hline(level.style(LineStyle::dashed_dense()));
        for method in METHODS {
            let band = band(points, method);
            let colour = colour(method);
            let (xs, lows): (Vec<f64>, Vec<f64>) = band.iter().map(|at| (at.x, at.low)).unzip();
            let highs: Vec<f64> = band.iter().map(|at| at.high).collect();
            if band.len() > 1 {
                let area = FilledArea::new(format!("{} band", method.title()), &xs, &lows, &highs);
                plot.add(area.fill_color(colour.gamma_multiply(0.2)));
            }
            let means = || PlotPoints::from(band.iter().map(|at| [at.x, at.mean]).collect::<Vec<_>>());
            plot.line(Line::new(method.title(), means()).color(colour).width(2.0));
            plot.points(Points::new(method.title(), means()).color(colour).radius(4.0));
        }
        let star = Points::new("zero-shot", PlotPoints::from(vec![[0.0, zero_shot]]));
        plot.points(star.shape(MarkerShape::Asterisk).radius(9.0).color(palette.text));
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
        ui.label(note(
            ui,
            format!("{}  zero-shot {:.1} %", icon::STAR, 100.0 * zero_shot),
        ));
        for method in METHODS {
            swatch_ui(ui, colour(method));
            ui.label(note(ui, method.title()));
        }
    });
}

fn of(points: &[KShot], method: Option<FineTuneMethod>) -> Vec<(usize, f64)> {
    let these = points.iter().filter(|point| point.method == method);
    these.map(|point| (point.shots, f64::from(point.accuracy))).collect()
}

/// What the seeds made of a number of shots.
struct Band {
    x: f64,
    low: f64,
    mean: f64,
    high: f64,
}

fn band(points: &[KShot], method: FineTuneMethod) -> Vec<Band> {
    let these = of(points, Some(method));
    let mut shots: Vec<usize> = these.iter().map(|(shots, _)| *shots).collect();
    shots.sort_unstable();
    shots.dedup();
    let at = |shots: usize| {
        let values: Vec<f64> = these
            .iter()
            .filter(|(known, _)| *known == shots)
            .map(|(_, value)| *value)
            .collect();
        Band {
            x: across(shots),
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            mean: values.iter().sum::<f64>() / values.len() as f64,
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    };
    shots.into_iter().map(at).collect()
}
