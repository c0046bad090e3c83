//! The numbers of a chart: which stand along an axis, how they are written, how many are drawn.

use egui_plot::GridMark;

use super::ChartLine;
use crate::app::shell::status::thousands;

/// Numbers along an axis at most.
const TICKS: f64 = 6.0;
/// Points of a line that are drawn.
const MAX_POINTS: usize = 1_000;

/// A few round places between two ends. Powers of ten alone would leave many a small chart with one number, or none.
pub(super) fn ticks((low, high): (f64, f64), whole: bool) -> Vec<GridMark> {
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
pub(super) fn level_of(lines: &[ChartLine<'_>]) -> Option<f64> {
    let values = || lines.iter().flat_map(|line| line.points.iter()).map(|point| point[1]);
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    (low <= high && high - low <= 1e-3 * high.abs()).then_some(high)
}

/// No more points than a screen can show, the last one among them: long runs have many, and every frame draws them.
pub(super) fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let step = points.len().div_ceil(MAX_POINTS).max(1);
    let mut kept: Vec<[f64; 2]> = points.iter().copied().step_by(step).collect();
    if let Some(last) = points.last().filter(|last| kept.last() != Some(*last)) {
        kept.push(*last);
    }
    kept
}

/// A number in as few characters as its size needs.
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
