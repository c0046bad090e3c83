//! A chart over steps, shots or blends: lines, a reference line, names below, the value under the pointer.

use egui::{Color32, Rangef, Ui, Vec2b, vec2};
use egui_plot::{HLine, HoverPosition, Line, LineStyle, Plot, PlotPoints, Points};

use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section, swatch_ui};

/// Room for the numbers on the left, so that charts below each other align.
const NUMBERS: f32 = 52.0;

/// Lines of the grid are hidden when closer than the first, in points, and full from the second on.
const GRID: Rangef = Rangef { min: 18.0, max: 36.0 };

/// Points of a line that are drawn.
const MAX_POINTS: usize = 1_000;

/// A line of a chart.
pub struct ChartLine<'a> {
    /// What it is.
    pub name: String,
    /// Its colour.
    pub colour: Color32,
    /// Its points.
    pub points: &'a [[f64; 2]],
    /// Whether each point is marked.
    pub marked: bool,
}

/// What a chart shows.
pub struct Chart<'a> {
    /// Its title, by which it is told from others.
    pub title: &'a str,
    /// What runs from left to right.
    pub across: &'a str,
    /// Its height.
    pub height: f32,
    /// Whether its values are shares, from 0 to 1.
    pub shares: bool,
    /// Its lines; the first lies on top.
    pub lines: Vec<ChartLine<'a>>,
    /// Levels to compare with.
    pub levels: Vec<(String, Color32, f64)>,
}

/// Draws a chart.
pub fn chart_ui(ui: &mut Ui, chart: &Chart<'_>) {
    ui.label(section(chart.title));
    let number = move |value: f64| {
        if chart.shares {
            format!("{:.0} %", 100.0 * value)
        } else {
            short(value)
        }
    };
    let across = chart.across;
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
        .grid_color(theme::palette(ui).line)
        .y_axis_formatter(move |mark, _| number(mark.value))
        .label_formatter(move |at| match at {
            HoverPosition::NearDataPoint {
                plot_name, position, ..
            } => Some(format!(
                "{plot_name}\n{across} {}: {}",
                short(position.x),
                if chart.shares {
                    format!("{:.1} %", 100.0 * position.y)
                } else {
                    short(position.y)
                }
            )),
            HoverPosition::Elsewhere { .. } => None,
        });
    if chart.shares {
        let quarters = egui_plot::uniform_grid_spacer(|_| [0.25, 0.5, 1.0]);
        plot = plot.include_y(0.0).include_y(1.0).y_grid_spacer(quarters);
    } else if let Some(level) = level_of(&chart.lines) {
        plot = plot.include_y(0.9 * level).include_y(1.1 * level);
    }
    plot.show(ui, |plot| {
        for (name, colour, level) in &chart.levels {
            plot.hline(
                HLine::new(name.clone(), *level)
                    .color(*colour)
                    .style(LineStyle::dashed_dense()),
            );
        }
        for line in chart.lines.iter().rev() {
            let points = || PlotPoints::from(thinned(line.points));
            plot.line(Line::new(line.name.clone(), points()).color(line.colour).width(2.0));
            if line.marked || line.points.len() == 1 {
                plot.points(Points::new(line.name.clone(), points()).color(line.colour).radius(3.5));
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
        let lines = chart.lines.iter().map(|line| (&line.name, line.colour));
        for (name, colour) in lines.chain(chart.levels.iter().map(|(name, colour, _)| (name, *colour))) {
            swatch_ui(ui, colour);
            ui.label(note(ui, name.clone()));
            ui.add_space(theme::GAP_SMALL);
        }
    });
}

/// The value that every point has, where nothing moves: an axis fitted to such lines would show rounding, or nothing.
fn level_of(lines: &[ChartLine<'_>]) -> Option<f64> {
    let values = || lines.iter().flat_map(|line| line.points).map(|point| point[1]);
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
        size if !(1e-3..1e5).contains(&size) => format!("{value:.1e}").replace(".0e", "e"),
        size if size >= 100.0 => format!("{value:.0}"),
        _ => {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').into()
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::Color32;

    use super::{ChartLine, MAX_POINTS, level_of, short, thinned};

    #[test]
    fn long_curves_are_thinned_and_keep_their_end() {
        let points: Vec<[f64; 2]> = (0..12_345).map(|n| [f64::from(n), 0.0]).collect();
        let drawn = thinned(&points);
        assert!(drawn.len() <= MAX_POINTS + 1 && drawn.len() > MAX_POINTS / 2);
        assert_eq!((drawn.first(), drawn.last()), (points.first(), points.last()));
        assert_eq!(thinned(&points[..5]), &points[..5]);
    }

    #[test]
    fn rounding_is_no_movement() {
        let level = |points: &[[f64; 2]]| {
            level_of(&[ChartLine {
                name: String::new(),
                colour: Color32::BLACK,
                points,
                marked: false,
            }])
        };
        assert_eq!(level(&[[0.0, 20.0], [1.0, 20.000_001]]), Some(20.000_001));
        assert_eq!(level(&[[0.0, 20.0], [1.0, 20.5]]), None);
        assert_eq!(level(&[]), None);
    }

    #[test]
    fn numbers_are_short() {
        let told: Vec<String> = [0.0, 2e-5, 0.25, 3.0, 123.4].map(short).into();
        assert_eq!(told, ["0", "2e-5", "0.25", "3", "123"]);
    }
}
