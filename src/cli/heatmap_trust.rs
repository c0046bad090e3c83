//! `clipsight heatmap --evaluate`: how far heatmaps can be trusted, on labelled pictures.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::Common;
use super::args::HeatmapArgs;
use super::output::{Output, say};
use super::pictures::{find, session, templates};
use super::progress::Bar;
use crate::heatmap::HeatmapMethod;
use crate::heatmap::trust::evaluate::{Labelled, TestResult, deletion_tests, mosaic_test};
use crate::heatmap::trust::mosaic::TILES;
use crate::library::{decode_fitted, in_words, labels_of};
use crate::zero_shot::Label;

/// Longest side of the copy from which is erased, in pixels.
const MAX_SIDE: u32 = 1_024;
const COLUMNS: [&str; 9] = [
    "method",
    "test",
    "value",
    "low",
    "high",
    "baseline",
    "difference",
    "difference_low",
    "difference_high",
];

/// Runs the tests of every method that was asked for.
pub fn run(folder: &Path, args: &HeatmapArgs, common: &Common, output: &mut Output) -> Result<()> {
    let templates = templates(&args.templates)?;
    let found = find(&[folder.to_path_buf()], output);
    let labelled = labels_of(folder, &found, TILES);
    let mut names: Vec<String> = labelled.iter().map(|(_, label)| label.clone()).collect();
    names.sort();
    names.dedup();
    if names.len() < TILES {
        bail!(
            "{} holds pictures of {} classes; the tests need {TILES} or more, one folder a class",
            folder.display(),
            names.len()
        );
    }
    let mut session = session(common)?;
    let classes = session.classes(
        &names
            .iter()
            .map(|name| Label::named(in_words(name)))
            .collect::<Vec<_>>(),
        &templates,
    )?;
    let (texts, _) = classes.label_values();
    let pictures = read(spread(labelled, args.limit), &names, output);
    let tower = session.loaded.model.info().tower;
    let methods = match args.methods.as_slice() {
        [] => HeatmapMethod::fitting(tower).collect(),
        some => some.to_vec(),
    };
    for method in methods {
        let bar = |test: &str| Bar::counted(&format!("{}: {test}", method.name()));
        let (results, warning) = session.loaded.with_fallback(|model| {
            let mosaic = mosaic_test(model, method, &pictures, texts, args.limit, &bar("mosaic"))?;
            let [deletion, insertion] = deletion_tests(model, method, &pictures, texts, &bar("deletion"))?;
            Ok([mosaic, deletion, insertion])
        })?;
        if let Some(warning) = warning {
            say(&warning);
        }
        for result in results {
            print(output, method, &result)?;
        }
    }
    Ok(())
}

/// So many of the pictures, from the whole list.
fn spread(pictures: Vec<(PathBuf, String)>, limit: usize) -> Vec<(PathBuf, String)> {
    let count = pictures.len().min(limit);
    (0..count)
        .map(|n| pictures[n * pictures.len() / count].clone())
        .collect()
}

fn read(pictures: Vec<(PathBuf, String)>, names: &[String], output: &mut Output) -> Vec<Labelled> {
    let mut read = Vec::new();
    for (path, name) in pictures {
        match decode_fitted(&path, MAX_SIDE) {
            Ok(picture) => read.push(Labelled {
                picture,
                label: names.binary_search(&name).unwrap_or(0),
            }),
            Err(reason) => output.path_failure(&path, &reason.to_string()),
        }
    }
    read
}

fn print(output: &mut Output, method: HeatmapMethod, result: &TestResult) -> Result<()> {
    let baselines: serde_json::Map<String, Value> = result
        .baselines
        .iter()
        .map(|(name, value)| ((*name).to_string(), json!(value)))
        .collect();
    let (Some(value), Some(difference)) = (result.value, result.difference) else {
        output.failure(
            method.name(),
            &format!("no picture could be measured in the {} test", result.test),
        );
        return Ok(());
    };
    let line = json!({
        "method": method.name(),
        "test": result.test,
        "value": value.mean,
        "low": value.low,
        "high": value.high,
        "baseline": result.baseline,
        "difference": difference.mean,
        "difference_low": difference.low,
        "difference_high": difference.high,
        "baselines": baselines,
        "n": result.count,
    });
    let numbers = [value.mean, value.low, value.high, f64::from(result.baseline)]
        .into_iter()
        .chain([difference.mean, difference.low, difference.high])
        .map(|number| number.to_string());
    let row = || {
        let names = [method.name().to_string(), result.test.to_string()];
        vec![names.into_iter().chain(numbers).collect()]
    };
    output.result(&line, &COLUMNS, row, || {
        let baselines: Vec<String> = result
            .baselines
            .iter()
            .map(|(name, value)| format!("{name} {value:.3}"))
            .collect();
        format!(
            "{:<17} {:<10} {:.3} [{:.3}, {:.3}]  baselines: {}  beyond the strongest: {:+.3} [{:+.3}, {:+.3}]{}  n = {}",
            method.name(),
            result.test,
            value.mean,
            value.low,
            value.high,
            baselines.join(", "),
            difference.mean,
            difference.low,
            difference.high,
            if difference.low <= 0.0 && difference.high >= 0.0 {
                ", no difference shown"
            } else {
                ""
            },
            result.count
        )
    })
}
