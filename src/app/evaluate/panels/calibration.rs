//! Whether a probability is as often right as it says.

use egui::{Align2, Ui, vec2};
use egui_plot::{Bar, BarChart, Line, Plot, PlotPoint, PlotPoints, Text, uniform_grid_spacer};

use super::{Sheet, card, of_all_ui, pictures};
use crate::app::evaluate::{Door, EvaluateCommand};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::app::state::State;
use crate::engine::evaluation::{Bin, Evaluation, Fitted, Reliability, bin_of};

const HEIGHT: f32 = 260.0;

pub fn calibration_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let Some(shown) = state.evaluating.shown() else { return };
    let Some(all) = state.evaluating.figures().map(|figures| figures.reliability) else {
        return;
    };
    card(ui, |ui| {
        ui.label(section("Reliability"));
        let words = "Each bar: of the answers with about this probability, the share that is right. On the line, \
                     probabilities say what they mean. Click a bar for its pictures.";
        ui.label(note(ui, words));
        ui.label(format!(
            "Expected calibration error {:.1} % (15 equal bins)",
            100.0 * all.ece
        ));
        if let Some(bin) = diagram_ui(ui, "reliability", all) {
            page.want(EvaluateCommand::Enter(Some(door_to(shown, bin, all.bins.len()))));
        }
    });
    let Some(fitted) = &shown.calibration.fitted else {
        return;
    };
    card(ui, |ui| {
        ui.label(section("With another temperature"));
        let words = format!(
            "On half of the pictures ({}) a temperature of {:.2} was fitted by likelihood. On the other half the expected \
             calibration error is {:.1} % before and {:.1} % after. Answers stay the same.",
            pictures(fitted.fitted_on),
            fitted.temperature,
            100.0 * fitted.before.ece,
            100.0 * fitted.after.ece
        );
        ui.label(note(ui, words));
        of_all_ui(ui, state);
        if let Some(bin) = diagram_ui(ui, "reliability after", &fitted.after) {
            page.want(EvaluateCommand::Enter(Some(door_after(fitted, bin))));
        }
    });
}

/// To the pictures of the other half whose probability lies there once the temperature is fitted.
fn door_after(fitted: &Fitted, bin: usize) -> std::sync::Arc<Door> {
    let inside = fitted
        .after_each
        .iter()
        .filter(|(_, confidence)| bin_of(f64::from(*confidence)) == bin);
    let places = inside.map(|(place, _)| *place).collect();
    Door::new(
        format!("{} at the fitted temperature", range(bin, fitted.after.bins.len())),
        places,
    )
}

fn range(bin: usize, bins: usize) -> String {
    let edge = |n: usize| 100.0 * n as f32 / bins as f32;
    format!("probability {:.0} to {:.0} %", edge(bin), edge(bin + 1))
}

fn door_to(shown: &Evaluation, bin: usize, bins: usize) -> std::sync::Arc<Door> {
    let inside = |place: &usize| bin_of(f64::from(shown.pictures[*place].answer.confidence())) == bin;
    let places = (0..shown.pictures.len()).filter(inside).collect();
    Door::new(range(bin, bins), places)
}

/// Draws the diagram; the bin that was clicked.
fn diagram_ui(ui: &mut Ui, id: &str, found: &Reliability) -> Option<usize> {
    let palette = theme::palette(ui);
    let count = found.bins.len();
    let width = 1.0 / count as f64;
    let middle = |bin: usize| (bin as f64 + 0.5) * width;
    let bars = bars(found, width, palette.accent);
    let axis = |text: &str| note(ui, text);
    let plot = Plot::new(id.to_owned())
        .height(HEIGHT)
        .width(ui.available_width().min(640.0))
        .grid_color(palette.line)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .set_margin_fraction(vec2(0.02, 0.04))
        .include_x(0.0)
        .include_x(1.0)
        .include_y(0.0)
        .include_y(1.08)
        .x_axis_label(axis("probability of the answer"))
        .y_axis_label(axis("share that is right"))
        .x_grid_spacer(uniform_grid_spacer(|_| [0.2, 0.2, 1.0]))
        .y_grid_spacer(uniform_grid_spacer(|_| [0.2, 0.2, 1.0]))
        .x_axis_formatter(|mark, _| format!("{:.0} %", 100.0 * mark.value))
        .y_axis_formatter(|mark, _| format!("{:.0} %", 100.0 * mark.value));
    let drawn = plot.show(ui, |plot| {
        plot.bar_chart(BarChart::new("answers", bars));
        let level = PlotPoints::from(vec![[0.0, 0.0], [1.0, 1.0]]);
        plot.line(Line::new("as it says", level).color(palette.text_weak).width(1.5));
        for (n, bin) in found.bins.iter().enumerate() {
            if let Some(share) = bin.accuracy {
                let ends = PlotPoints::from(vec![[middle(n), share.low], [middle(n), share.high]]);
                plot.line(Line::new("interval", ends).color(palette.text).width(1.5));
            }
        }
        for (n, bin) in found.bins.iter().enumerate().filter(|(_, bin)| bin.count > 0) {
            let top = bin.accuracy.map_or(0.0, |share| share.high.max(share.mean));
            let count = note_text(bin.count, palette.text_weak);
            let text = Text::new("answers", PlotPoint::new(middle(n), top), count);
            plot.text(text.anchor(Align2::CENTER_BOTTOM));
        }
        plot.pointer_coordinate()
    });
    let at = drawn.inner.filter(|_| drawn.response.clicked())?;
    let bin = (at.x / width).floor();
    (bin >= 0.0 && (bin as usize) < count && found.bins[bin as usize].count > 0).then_some(bin as usize)
}

/// A bar for each bin that has answers.
fn bars(found: &Reliability, width: f64, colour: egui::Color32) -> Vec<Bar> {
    let filled = found.bins.iter().enumerate().filter(|(_, bin)| bin.count > 0);
    let bar = |(n, bin): (usize, &Bin)| {
        let right = bin.accuracy.map_or(0.0, |share| share.mean);
        let name = format!("{}, right: {}", pictures(bin.count), super::share(bin.accuracy));
        Bar::new((n as f64 + 0.5) * width, right)
            .width(0.92 * width)
            .name(name)
            .fill(colour)
    };
    filled.map(bar).collect()
}

/// The number of answers over a bar.
fn note_text(count: usize, colour: egui::Color32) -> egui::RichText {
    egui::RichText::new(super::thousands(count)).small().color(colour)
}

#[cfg(test)]
mod tests {
    use super::super::super::state::tests::evaluation;
    use super::*;

    #[test]
    fn a_bar_leads_to_as_many_pictures_as_it_counts() {
        let shown = evaluation(&[(0, 0), (0, 1), (1, 1)]);
        let bins = &shown.calibration.all.bins;
        let mut found = 0;
        for (n, bin) in bins.iter().enumerate() {
            assert_eq!(door_to(&shown, n, bins.len()).places.len(), bin.count, "bin {n}");
            found += bin.count;
        }
        assert_eq!(found, 3);
    }
}
