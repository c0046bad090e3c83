//! `clipsight heatmap --evaluate`: how far heatmaps can be trusted, on labelled pictures.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::Common;
use super::args::HeatmapArgs;
use super::output::{Output, say};
use super::pictures::{find, session, templates};
use super::preview::say_aside;
use super::progress::Bar;
use crate::evaluation::{Class, labels_for};
use crate::fine_tune::subsample::stratified;
use crate::heatmap::HeatmapMethod;
use crate::heatmap::trust::evaluate::{Labelled, TestResult, deletion_tests, mosaic_test};
use crate::heatmap::trust::mosaic::TILES;
use crate::library::labelled::{Dataset, Wanted, few};
use crate::library::{decode_fitted, labels_by_name};

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
    let (names, labelled) = labelled(folder, output)?;
    let mut session = session(common)?;
    let taught = &session.loaded.model.info().taught_classes;
    let classes: Vec<Class> = names.iter().map(Class::of_folder).collect();
    let classes = session.classes(&labels_for(&classes, taught), &templates)?;
    let (texts, _) = classes.label_values();
    let pictures = read(spread(&labelled, args.limit), output);
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

/// Classes, and pictures with the places of theirs.
type ByClass = (Vec<String>, Vec<(PathBuf, usize)>);

/// The classes of a folder, and its pictures with the places of theirs: by folders or lists, or, where pictures lie side by
/// side, by their own names.
fn labelled(folder: &Path, output: &mut Output) -> Result<ByClass> {
    let dataset = Dataset::read_as(folder, &Wanted::to_measure());
    let (names, pictures) = match dataset {
        Ok(dataset) if dataset.has_classes() => {
            for (path, reason) in &dataset.problems {
                output.path_failure(path, reason);
            }
            say_aside(&dataset.left_aside);
            let placed = dataset.examples.into_iter();
            let placed = placed.filter_map(|example| Some((example.path, example.class?)));
            (dataset.classes, placed.collect())
        }
        _ => by_name(find(&[folder.to_path_buf()], output)),
    };
    if names.len() < TILES {
        bail!(
            "{} holds pictures of {} ({}); the tests need {TILES} classes or more, one folder per class",
            folder.display(),
            count(names.len()),
            few(&names)
        );
    }
    Ok((names, pictures))
}

fn count(classes: usize) -> String {
    match classes {
        1 => "1 class".into(),
        classes => format!("{classes} classes"),
    }
}

fn by_name(pictures: Vec<PathBuf>) -> ByClass {
    let labelled = labels_by_name(&pictures);
    let mut names: Vec<String> = labelled.iter().map(|(_, label)| label.clone()).collect();
    names.sort();
    names.dedup();
    let placed = labelled
        .into_iter()
        .map(|(path, name)| (path, names.binary_search(&name).unwrap_or(0)));
    let placed = placed.collect();
    (names, placed)
}

/// So many of the pictures, about as many of each class, in their own order.
fn spread(pictures: &[(PathBuf, usize)], limit: usize) -> Vec<(PathBuf, usize)> {
    let all: Vec<usize> = (0..pictures.len()).collect();
    let mut chosen = stratified(&all, |place| Some(pictures[place].1), limit, 0);
    chosen.truncate(limit);
    chosen.sort_unstable();
    chosen.into_iter().map(|place| pictures[place].clone()).collect()
}

fn read(pictures: Vec<(PathBuf, usize)>, output: &mut Output) -> Vec<Labelled> {
    let mut read = Vec::new();
    for (path, label) in pictures {
        match decode_fitted(&path, MAX_SIDE) {
            Ok(picture) => read.push(Labelled { picture, label }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_tested_however_few_pictures_it_has() {
        let counts = [300, 300, 300, 3];
        let of_class = |(class, count): (usize, usize)| (0..count).map(move |n| (format!("{class}/{n}").into(), class));
        let pictures: Vec<(PathBuf, usize)> = counts.into_iter().enumerate().flat_map(of_class).collect();
        let chosen = spread(&pictures, 40);
        let count = |class| chosen.iter().filter(|(_, own)| *own == class).count();
        assert_eq!((chosen.len(), count(3)), (40, 3));
        assert!((0..3).all(|class| (12..=13).contains(&count(class))));
        // No more than was asked for, whatever the number of classes.
        assert_eq!(spread(&pictures, 2).len(), 2);
        assert_eq!(spread(&pictures, 5_000), pictures);
    }
}
