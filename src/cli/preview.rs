//! `clipsight fine-tune DIR --preview`: what would be learnt from, and what would not.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::output::{self, Output};
use super::pictures::shown;
use super::progress::Bar;
use crate::escape::{path_bytes, visible, visible_path};
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::data::Preview;
use crate::fine_tune::run::{self, DataReport};

/// Files that people are told of; JSON has all.
const NAMED: usize = 20;
/// Of the table: a line a class, then a line each of what is counted over all.
const COLUMNS: [&str; 6] = ["class", "train", "validation", "test", "measure", "count"];

/// Prints a line a class, and at last what repeats and what is left aside.
pub fn run(config: &RunConfig, output: &mut Output) -> Result<()> {
    let preview = run::preview(config, &Bar::counted("Looking through the pictures"))?;
    for (path, reason) in &preview.problems {
        output.failure(&shown(path), reason);
    }
    for class in &preview.classes {
        let counts = [class.train, class.validation, class.test];
        let line = json!({
            "class": class.name, "train": class.train, "validation": class.validation, "test": class.test,
        });
        let cells = || {
            let counts = counts.iter().map(ToString::to_string);
            let cells = std::iter::once(class.name.clone()).chain(counts);
            vec![cells.chain([String::new(), String::new()]).collect()]
        };
        output.result(&line, &COLUMNS, cells, || {
            let [train, validation, test] = counts;
            format!(
                "{train:>5} training {validation:>5} validation {test:>5} test  {}",
                visible(&class.name)
            )
        })?;
    }
    for warning in &preview.warnings {
        output::say(warning);
    }
    say_aside(&preview.left_aside);
    output.result(&line(&preview), &COLUMNS, || sums(&preview), || table(&preview))
}

/// What is no class, as rows of the table: how many of each, by the name of a column of JSON.
fn sums(preview: &Preview) -> Vec<Vec<String>> {
    let of = |name: &str, count: usize| {
        let mut cells = vec![String::new(); COLUMNS.len()];
        cells[COLUMNS.len() - 2] = name.into();
        cells[COLUMNS.len() - 1] = count.to_string();
        cells
    };
    vec![
        of("near_duplicates", preview.duplicates),
        of("on_two_sides", preview.leaked),
        of("left_aside", preview.unused()),
        of("contradictions", preview.contradictions.len()),
    ]
}

fn line(preview: &Preview) -> Value {
    let pairs: Vec<_> = preview.pairs.iter().map(|(a, b)| json!([shown(a), shown(b)])).collect();
    let contradictions = preview.contradictions.iter().map(|found| {
        json!({
            "paths": [shown(&found.paths.0), shown(&found.paths.1)], "classes": [found.classes.0, found.classes.1],
        })
    });
    json!({
        "event": "preview",
        "near_duplicates": preview.duplicates,
        "on_two_sides": preview.leaked,
        "left_aside": preview.unused(),
        "contradictions": preview.contradictions.len(),
        "pairs": pairs,
        "files_left_aside": reasons(preview.problems.iter().chain(&preview.left_aside)),
        "contradicting": contradictions.collect::<Vec<_>>(),
        "warnings": preview.warnings,
    })
}

/// The same as pairs, as events have them; the bytes of a path that is not UTF-8 come third.
pub fn pairs(files: &[(PathBuf, String)]) -> Value {
    let each = files.iter().map(|(path, reason)| match path_bytes(path) {
        None => json!([shown(path), reason]),
        Some(bytes) => json!([shown(path), reason, bytes]),
    });
    each.collect()
}

/// Files with the reasons why they are not used.
pub fn reasons<'a>(files: impl IntoIterator<Item = &'a (PathBuf, String)>) -> Vec<Value> {
    let each = files.into_iter().map(|(path, reason)| {
        let mut line = json!({ "path": shown(path), "reason": reason });
        if let Some(bytes) = path_bytes(path) {
            line["path_bytes"] = json!(bytes);
        }
        line
    });
    each.collect()
}

fn table(preview: &Preview) -> String {
    let mut text = format!(
        "{} near-duplicates, {} left aside, {} contradictions",
        preview.duplicates,
        preview.unused(),
        preview.contradictions.len()
    );
    for (a, b) in preview.pairs.iter().take(NAMED) {
        text += &format!("\n  one picture: {}, {}", visible_path(a), visible_path(b));
    }
    text += &more(preview.pairs.len());
    for found in preview.contradictions.iter().take(NAMED) {
        let (first, second) = &found.classes;
        let (first, second) = (visible(first), visible(second));
        let (path, other) = (visible_path(&found.paths.0), visible_path(&found.paths.1));
        text += &format!("\n  {path} is a {first}, and its copy {other} a {second}");
    }
    text + &more(preview.contradictions.len())
}

fn more(count: usize) -> String {
    match count.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    }
}

/// Names what lies in a folder and is not used.
pub fn say_aside(files: &[(PathBuf, String)]) {
    for (path, reason) in files.iter().take(NAMED) {
        output::say(&format!("left aside: {}: {reason}", visible_path(path)));
    }
    if files.len() > NAMED {
        output::say(&format!(
            "left aside: {} more; --format json lists all",
            files.len() - NAMED
        ));
    }
}

/// What became of copies: that they are on both sides is a warning of its own.
fn copies_and_sides(leaked: usize) -> &'static str {
    if leaked == 0 { "; copies stay on one side" } else { "" }
}

/// Says before a run what it does not learn from.
pub fn say(report: &DataReport) {
    if report.left_aside > 0 {
        output::say(&format!("{} files or rows are not learnt from:", report.left_aside));
        for (path, reason) in report.files.iter().take(NAMED) {
            output::say(&format!("  {}: {reason}", visible_path(path)));
        }
        let more = report.left_aside.saturating_sub(report.files.len().min(NAMED));
        if more > 0 {
            output::say(&format!("  and {more} more; --preview --format json lists all"));
        }
    }
    if report.near_duplicates > 0 {
        let sides = copies_and_sides(report.leaked);
        output::say(&format!("{} near-duplicates{sides}", report.near_duplicates));
    }
    if report.contradictions > 0 {
        let count = report.contradictions;
        output::say(&format!(
            "{count} pictures have a copy in another class: one of the two classes is wrong"
        ));
    }
    for warning in &report.warnings {
        output::say(warning);
    }
}
