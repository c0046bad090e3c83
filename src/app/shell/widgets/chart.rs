//! A chart: lines over steps, trials, blends or shares, with named axes, bands of uncertainty, a level to compare with,
//! names below and the value under the pointer.

use std::borrow::Cow;

use egui::accesskit::Role;
use egui::{Color32, Rangef, Sense, Stroke, Ui, Vec2b, WidgetInfo, vec2};
use egui_plot::{FilledArea, GridMark, HLine, HoverPosition, Line, LineStyle, Plot, PlotPoints, PlotUi, Points};

use super::{note, section, swatch_ui};
use crate::app::shell::status::thousands;
use crate::app::shell::theme;

/// Room for the numbers on the left, so that charts below each other align.
const NUMBERS: f32 = 52.0;

/// Lines of the grid are hidden when closer than the first, in points, and full from the second on.
const GRID: Rangef = Rangef { min: 18.0, max: 36.0 };

/// Numbers along an axis at most.
const TICKS: f64 = 6.0;

/// Points of a line that are drawn.
const MAX_POINTS: usize = 1_000;
/// Length of a dash of a level in the legend, and of the gap after it.
const DASH: f32 = 4.0;

/// How a line is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// As a line.
    #[default]
    Plain,
    /// As a line whose points are marked.
    Marked,
    /// As pale points alone.
    PalePoints,
    /// As a thin, pale line behind the others.
    Faint,
}

/// A line of a chart.
#[derive(Debug, Clone, Default)]
pub struct ChartLine<'a> {
    /// What it is; lines of the same name are named once below.
    pub name: String,
    /// Its colour.
    pub colour: Color32,
    /// Its points.
    pub points: Cow<'a, [[f64; 2]]>,
    /// Places with the lower and upper end of the value's interval.
    pub band: Vec<[f64; 3]>,
    /// How it is drawn.
    pub look: Look,
}

/// What a chart shows.
#[derive(Debug, Clone, Default)]
pub struct Chart<'a> {
    /// Its title, by which it is told from others.
    pub title: &'a str,
    /// What it tells, for pointers that rest on the title.
    pub about: &'a str,
    /// What runs from left to right.
    pub across: &'a str,
    /// What runs from bottom to top.
    pub up: &'a str,
    /// Its height.
    pub height: f32,
    /// Whether its values are shares, from 0 to 1.
    pub shares: bool,
    /// Whether only whole numbers are named from left to right.
    pub whole: bool,
    /// Its lines; the first lies on top.
    pub lines: Vec<ChartLine<'a>>,
    /// Levels to compare with.
    pub levels: Vec<(String, Color32, f64)>,
}

/// Draws a chart.
pub fn chart_ui(ui: &mut Ui, chart: &Chart<'_>) {
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
    });
    let told = format!("{}: {} over {}", chart.title, chart.up, chart.across);
    shown
        .response
        .widget_info(|| WidgetInfo::labeled(Role::Image, true, &told));
    legend_ui(ui, chart);
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
    if let [[at, low, high]] = line.band[..] {
        let whisker = PlotPoints::from(vec![[at, low], [at, high]]);
        plot.line(
            Line::new(line.name.clone(), whisker)
                .color(line.colour)
                .width(1.5)
                .allow_hover(false),
        );
    } else if !line.band.is_empty() {
        let [across, low, high] = [0, 1, 2].map(|at| line.band.iter().map(|ends| ends[at]).collect::<Vec<f64>>());
        let area = FilledArea::new(format!("{}, 95 % interval", line.name), &across, &low, &high);
        plot.add(area.fill_color(line.colour.gamma_multiply(0.18)).allow_hover(false));
    }
    let (colour, width) = match line.look {
        Look::Faint | Look::PalePoints => (pale(line.colour), 1.0),
        _ => (line.colour, 2.0),
    };
    if line.look != Look::PalePoints {
        plot.line(Line::new(line.name.clone(), points()).color(colour).width(width));
    }
    let marked = matches!(line.look, Look::Marked | Look::PalePoints) || line.points.len() == 1;
    if marked {
        plot.points(Points::new(line.name.clone(), points()).color(colour).radius(3.5));
    }
}

fn pale(colour: Color32) -> Color32 {
    colour.gamma_multiply(0.35)
}

fn legend_ui(ui: &mut Ui, chart: &Chart<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
        let mut named: Vec<&str> = Vec::new();
        for line in &chart.lines {
            if named.contains(&line.name.as_str()) {
                continue;
            }
            named.push(&line.name);
            let is_pale = matches!(line.look, Look::Faint | Look::PalePoints);
            swatch_ui(ui, if is_pale { pale(line.colour) } else { line.colour });
            let band = if !line.band.is_empty() {
                ", with its 95 % interval"
            } else {
                ""
            };
            ui.label(note(ui, format!("{}{band}", line.name)));
            ui.add_space(theme::GAP_SMALL);
        }
        for (name, colour, _) in &chart.levels {
            dashes_ui(ui, *colour);
            ui.label(note(ui, name.clone()));
            ui.add_space(theme::GAP_SMALL);
        }
    });
}

/// A level as it is drawn in the plot.
fn dashes_ui(ui: &mut Ui, colour: Color32) {
    let (area, _) = ui.allocate_exact_size(vec2(5.0 * DASH, theme::SWATCH), Sense::hover());
    for n in [0.0, 2.0, 4.0] {
        let left = area.left() + n * DASH;
        let dash = Rangef::new(left, left + DASH);
        ui.painter().hline(dash, area.center().y, Stroke::new(1.5, colour));
    }
}

/// A few round places between two ends. Powers of ten alone would leave many a small chart with one number, or none.
fn ticks((low, high): (f64, f64), whole: bool) -> Vec<GridMark> {
    let span = (high - low).max(f64::MIN_POSITIVE);
    let power = 10f64.powf((span / TICKS).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let step = steps
        .into_iter()
        .find(|step| span / step <= TICKS)
        .unwrap_or(10.0 * power);
    let step = if whole { step.max(1.0) } else { step };
    let mark = |n: i64| GridMark {
        value: n as f64 * step,
        // All of them are as important, and shown.
        step_size: span,
    };
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(mark).collect()
}

/// The value that every point has, where nothing moves: an axis fitted to such lines would show rounding, or nothing.
fn level_of(lines: &[ChartLine<'_>]) -> Option<f64> {
    let values = || lines.iter().flat_map(|line| line.points.iter()).map(|point| point[1]);
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    (low <= high && high - low <= 1e-3 * high.abs()).then_some(high)
}

/// No more points than a screen can show, the last one among them: long runs have many, and every frame draws them.
fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let step = points.len().div_ceil(MAX_POINTS).max(1);
    let mut kept: Vec<[f64; 2]> = points.iter().copied().step_by(step).collect();
    if let Some(last) = points.last().filter(|last| kept.last() != Some(*last)) {
        kept.push(*last);
    }
    kept
}

/// A number in as few signs as tell it.
pub fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if !(1e-3..1e7).contains(&size) => format!("{value:.1e}").replace(".0e", "e"),
        size if size >= 100.0 => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{}", thousands(size.round() as usize))
        }
        _ => {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ChartLine, MAX_POINTS, level_of, short, thinned, ticks};

    #[test]
    fn long_curves_are_thinned_and_keep_their_end() {
        let points: Vec<[f64; 2]> = (0..12_345).map(|n| [f64::from(n), 0.0]).collect();
        let drawn = thinned(&points);
        assert!(drawn.len() <= MAX_POINTS + 1 && drawn.len() > MAX_POINTS / 2);
        assert_eq!((drawn.first(), drawn.last()), (points.first(), points.last()));
        assert_eq!(thinned(&points[..5]), &points[..5]);
    }

    #[test]
    fn every_axis_has_a_few_round_numbers() {
        let told = |ends, whole| -> Vec<String> { ticks(ends, whole).iter().map(|mark| short(mark.value)).collect() };
        assert_eq!(told((0.25, 1.15), false), ["0.4", "0.6", "0.8", "1"]);
        assert_eq!(told((0.9, 3.1), true), ["1", "2", "3"]);
        assert_eq!(told((0.0, 41.0), false), ["0", "10", "20", "30", "40"]);
        assert_eq!(told((-1e-5, 1.1e-4), false).last().map(String::as_str), Some("1e-4"));
        for span in 1..200 {
            let count = told((0.0, f64::from(span) * 0.37), false).len();
            assert!((3..=7).contains(&count), "{span}: {count}");
        }
    }

    #[test]
    fn rounding_is_no_movement() {
        let level = |points: &[[f64; 2]]| {
            level_of(&[ChartLine {
                points: points.into(),
                ..ChartLine::default()
            }])
        };
        assert_eq!(level(&[[0.0, 20.0], [1.0, 20.000_001]]), Some(20.000_001));
        assert_eq!(level(&[[0.0, 20.0], [1.0, 20.5]]), None);
        assert_eq!(level(&[]), None);
    }

    #[test]
    fn numbers_are_short() {
        let told: Vec<String> = [0.0, 2e-5, 0.25, 3.0, 123.4, 1e5, -1_204.0].map(short).into();
        assert_eq!(told, ["0", "2e-5", "0.25", "3", "123", "100,000", "-1,204"]);
    }
}
