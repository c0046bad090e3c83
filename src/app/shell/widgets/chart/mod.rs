//! A chart: lines over steps, trials, blends or shares, with named axes, bands of uncertainty, a level to compare with,
//! names below and the value under the pointer.

mod legend;
mod numbers;

use std::borrow::Cow;

use egui::accesskit::Role;
use egui::{Color32, Rangef, Ui, Vec2b, WidgetInfo, vec2};
use egui_plot::{FilledArea, HLine, HoverPosition, Line, LineStyle, Plot, PlotPoints, PlotUi, Points};

use super::{note, section};
use crate::app::shell::theme;

use legend::legend_ui;
use numbers::{level_of, thinned, ticks};

pub use numbers::short;

/// Room for the numbers on the left, so that charts below each other align.
const NUMBERS: f32 = 52.0;
/// Lines of the grid are hidden when closer than the first, in points, and full from the second on.
const GRID: Rangef = Rangef { min: 18.0, max: 36.0 };

/// How a line is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    #[default]
    Plain,
    /// As a line whose points are marked.
    Marked,
    /// As pale points alone.
    PalePoints,
    /// As a thin, pale line behind the others.
    Faint,
}

#[derive(Debug, Clone, Default)]
pub struct ChartLine<'a> {
    /// Lines of the same name have one entry in the legend.
    pub name: String,
    pub colour: Color32,
    pub points: Cow<'a, [[f64; 2]]>,
    /// A 95 % interval: place, lower end, upper end.
    pub band: Vec<[f64; 3]>,
    pub look: Look,
}

#[derive(Debug, Clone, Default)]
pub struct Chart<'a> {
    /// The heading, which also tells charts on one page apart.
    pub title: &'a str,
    /// The tooltip of the title.
    pub about: &'a str,
    /// The name of the horizontal axis.
    pub across: &'a str,
    /// The name of the vertical axis.
    pub up: &'a str,
    /// In points.
    pub height: f32,
    /// Whether values are shares from 0 to 1, written as percentages.
    pub shares: bool,
    /// Whether only whole numbers are written along the horizontal axis.
    pub whole: bool,
    /// The first lies on top.
    pub lines: Vec<ChartLine<'a>>,
    /// Levels to compare with.
    pub levels: Vec<(String, Color32, f64)>,
}

/// Draws it.
pub fn chart_ui(ui: &mut Ui, chart: &Chart<'_>) {
    clicked_chart_ui(ui, chart);
}

/// Draws it; the place that was clicked, across and up.
pub fn clicked_chart_ui(ui: &mut Ui, chart: &Chart<'_>) -> Option<[f64; 2]> {
    let title = ui.label(section(chart.title));
    if !chart.about.is_empty() {
        title.on_hover_text(chart.about);
    }
    let shown = plot(ui, chart).show(ui, |plot| {
        for (name, colour, level) in &chart.levels {
            let level = HLine::new(name.clone(), *level).color(*colour);
            plot.hline(level.style(LineStyle::dashed_dense()));
        }
        for line in chart.lines.iter().rev() {
            line_ui(plot, line);
        }
        plot.pointer_coordinate()
    });
    let told = format!("{}: {} over {}", chart.title, chart.up, chart.across);
    shown
        .response
        .widget_info(|| WidgetInfo::labeled(Role::Image, true, &told));
    legend_ui(ui, chart);
    let at = shown.inner.filter(|_| shown.response.clicked())?;
    Some([at.x, at.y])
}

/// A value as the chart tells it.
fn told(chart: &Chart<'_>, value: f64) -> String {
    if chart.shares {
        format!("{:.1} %", 100.0 * value)
    } else {
        short(value)
    }
}

fn plot<'a>(ui: &Ui, chart: &'a Chart<'a>) -> Plot<'a> {
    let axis = |text: &str| note(ui, text);
    let mut plot = Plot::new(chart.title)
        .height(chart.height)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_boxed_zoom(true)
        .set_margin_fraction(vec2(0.02, 0.08))
        .y_axis_min_width(NUMBERS)
        .show_grid(Vec2b::new(false, true))
        .grid_spacing(GRID)
        .x_grid_spacer(|input| ticks(input.bounds, chart.whole))
        .y_grid_spacer(|input| ticks(input.bounds, false))
        .grid_color(theme::palette(ui).line)
        .x_axis_label(axis(chart.across))
        .y_axis_label(axis(chart.up))
        .x_axis_formatter(|mark, _| short(mark.value))
        .y_axis_formatter(|mark, _| match chart.shares {
            true => format!("{:.0} %", 100.0 * mark.value),
            false => short(mark.value),
        })
        .label_formatter(|at| match at {
            HoverPosition::NearDataPoint {
                plot_name, position, ..
            } => {
                let value = told(chart, position.y);
                Some(format!("{plot_name}\n{} {}: {value}", chart.across, short(position.x)))
            }
            HoverPosition::Elsewhere { .. } => None,
        });
    if chart.lines.iter().all(|line| line.points.is_empty()) {
        // What will stand there begins at zero.
        plot = plot.include_x(0.0).include_x(1.0);
    }
    if chart.shares {
        let quarters = egui_plot::uniform_grid_spacer(|_| [0.25, 0.5, 1.0]);
        plot = plot.include_y(0.0).include_y(1.0).y_grid_spacer(quarters);
    } else if let Some(level) = level_of(&chart.lines) {
        plot = plot.include_y(0.9 * level).include_y(1.1 * level);
    }
    plot
}

fn line_ui(plot: &mut PlotUi<'_>, line: &ChartLine<'_>) {
    let points = || PlotPoints::from(thinned(&line.points));
    let own = theme::themed(plot.ctx(), line.colour);
    if let [[at, low, high]] = line.band[..] {
        let whisker = PlotPoints::from(vec![[at, low], [at, high]]);
        plot.line(
            Line::new(line.name.clone(), whisker)
                .color(own)
                .width(1.5)
                .allow_hover(false),
        );
    } else if !line.band.is_empty() {
        let [across, low, high] = [0, 1, 2].map(|at| line.band.iter().map(|ends| ends[at]).collect::<Vec<f64>>());
        let area = FilledArea::new(format!("{}, 95 % interval", line.name), &across, &low, &high);
        plot.add(area.fill_color(own.gamma_multiply(0.18)).allow_hover(false));
    }
    let (colour, width) = match line.look {
        Look::Faint | Look::PalePoints => (pale(own), 1.0),
        _ => (own, 2.0),
    };
    if line.look != Look::PalePoints {
        plot.line(Line::new(line.name.clone(), points()).color(colour).width(width));
    }
    let marked = matches!(line.look, Look::Marked | Look::PalePoints) || line.points.len() == 1;
    if marked {
        plot.points(Points::new(line.name.clone(), points()).color(colour).radius(3.5));
    }
}

pub(super) fn pale(colour: Color32) -> Color32 {
    colour.gamma_multiply(0.35)
}
