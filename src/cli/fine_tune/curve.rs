//! `--k-shot-curve`: accuracy against the number of shots.

use std::sync::atomic::Ordering;

use anyhow::Result;
use serde_json::json;

use super::{Workshop, data, stop_on_interrupt};
use crate::cli::output::Output;
use crate::cli::progress::Bar;
use crate::cli::{Common, figures};
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::k_shot::{CurveEvent, KShot, bands, k_shot_curve};
use crate::fine_tune::{FineTuneMethod, base_model};

const COLUMNS: [&str; 4] = ["method", "shots", "seed", "accuracy"];

/// Measures it, and prints each point as it comes.
pub fn curve(config: &RunConfig, workshop: &Workshop, common: &Common, output: &mut Output) -> Result<()> {
    let control = stop_on_interrupt();
    let environment = workshop.environment();
    let mut written = Ok(());
    let open = || base_model(config.base.as_deref(), environment.device);
    let bar = Bar::share("Measuring shots").while_wanted(move || !control.stop.load(Ordering::Relaxed));
    let mut points = Vec::new();
    k_shot_curve(config, open, &bar, |found| {
        if written.is_ok() {
            written = match found {
                CurveEvent::Data(report) => data(&report, common, output),
                CurveEvent::Point(point) => {
                    points.push(point);
                    print_point(&point, output)
                }
            };
        }
    })?;
    written?;
    print_bands(&points, output)
}

fn method_name(method: Option<FineTuneMethod>) -> &'static str {
    method.map_or("zero-shot", FineTuneMethod::name)
}

fn print_point(point: &KShot, output: &mut Output) -> Result<()> {
    let method = method_name(point.method);
    let (shots, seed) = (point.shots, point.seed);
    let mut line = json!({
        "event": "k-shot", "method": method, "shots": shots, "seed": seed, "accuracy": point.accuracy,
        "examples": point.examples,
    });
    figures::add_interval(&mut line, "accuracy", point.interval.as_ref());
    figures::add_difference(&mut line, "", point.compared.as_ref());
    let columns = [&COLUMNS[..], &figures::COLUMNS, &["examples"]].concat();
    let cells = || {
        let mut cells = vec![
            method.into(),
            shots.to_string(),
            seed.to_string(),
            point.accuracy.to_string(),
        ];
        cells.extend(figures::cells(point.interval.as_ref(), point.compared.as_ref()));
        cells.push(point.examples.to_string());
        vec![cells]
    };
    output.result(&line, &columns, cells, || {
        let accuracy = figures::share(Some(point.accuracy), point.interval.as_ref());
        let gain = point
            .compared
            .map_or(String::new(), |compared| format!(", {}", compared.words()));
        let fewer = if point.examples < shots {
            format!(" (no class has more than {})", point.examples)
        } else {
            String::new()
        };
        format!("{method:<13} {shots:>2} shots{fewer}, seed {seed}: {accuracy}{gain}")
    })
}

/// For people, what the seeds made of each number of shots.
fn print_bands(points: &[KShot], output: &mut Output) -> Result<()> {
    for band in bands(points) {
        let method = method_name(band.method);
        output.table(|| {
            let [low, mean, high] = [band.low, band.mean, band.high].map(|share| 100.0 * share);
            let shown = if band.method.is_none() {
                String::new()
            } else {
                format!("; better than zero-shot in {} of {}", band.improved, band.seeds)
            };
            let (examples, seeds) = (band.examples, band.seeds);
            format!(
                "{method:<13} {examples:>2} examples: {mean:.1} % ({low:.1} to {high:.1} over {seeds} splits){shown}"
            )
        })?;
    }
    Ok(())
}
