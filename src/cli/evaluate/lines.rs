//! What `evaluate` prints.

use anyhow::Result;
use serde_json::{Value, json};

use super::classes::last_of_classes;
use crate::cli::figures::{add_difference, add_interval};
use crate::cli::output::Output;
use crate::cli::pictures::shown;
use crate::escape::visible;
use crate::evaluation::{AMONG, Evaluation, Interval, Negatives, PromptRow, PromptStudy, Retrieval, SideBySide};

/// A row a measure, in CSV.
pub const COLUMNS: [&str; 6] = ["measure", "of", "value", "low", "high", "n"];

/// A row of them.
pub fn cells(measure: &str, of: &str, value: f64, interval: Option<&Interval>, count: usize) -> Vec<String> {
    let end = |end: Option<f64>| end.map_or(String::new(), |end| end.to_string());
    vec![
        measure.into(),
        of.into(),
        value.to_string(),
        end(interval.map(|interval| interval.low)),
        end(interval.map(|interval| interval.high)),
        count.to_string(),
    ]
}

/// A second model against the first.
pub fn compare(output: &mut Output, model: &str, found: &SideBySide, evaluation: &Evaluation) -> Result<()> {
    let overall = &found.overall;
    let titles = evaluation.titles();
    let mut line = json!({ "event": "compare", "model": model, "n": overall.count, "top1": overall.after.mean });
    add_interval(&mut line, "top1", Some(&overall.after));
    add_difference(&mut line, "", Some(overall));
    line["low"] = json!(overall.difference.low);
    line["high"] = json!(overall.difference.high);
    let changes = found.classes.iter().map(|change| {
        let fields = json!({
            "n": change.count, "before": change.before, "after": change.after, "fixed": change.fixed,
            "broken": change.broken, "p_holm": change.p, "verdict": change.verdict().title(),
        });
        (titles[change.class].clone(), fields)
    });
    line["per_class"] = Value::Object(changes.collect());
    let row = || {
        vec![cells(
            "difference",
            model,
            overall.difference.mean,
            Some(&overall.difference),
            overall.count,
        )]
    };
    output.result(&line, &COLUMNS, row, || {
        format!(
            "{}: {}\n  difference: {}\n  {} fixed, {} broken",
            visible(model),
            overall.after.share_words(),
            overall.words(),
            overall.fixed,
            overall.broken
        )
    })
}

/// Which words do better, on so many pictures.
pub fn prompts(output: &mut Output, study: &PromptStudy, count: usize) -> Result<()> {
    for row in &study.rows {
        let gain = row.gain.map(|gain| gain.difference);
        let band = row.nonsense.as_ref();
        let number = |value: Option<f64>| json!(value.unwrap_or(0.0));
        let mut line = json!({
            "event": "prompts", "name": row.name, "templates": row.templates.templates().len(), "top1": row.top1.mean,
            "gain": number(gain.map(|gain| gain.mean)), "low": number(gain.map(|gain| gain.low)),
            "high": number(gain.map(|gain| gain.high)), "nonsense_low": band.map(|band| band.low),
            "nonsense_high": band.map(|band| band.high), "luck": row.is_luck(),
            "beside_nonsense": row.beside_nonsense().map(|beside| beside.title()),
            "verdict": row.gain.map(|gain| gain.verdict().title()),
        });
        add_interval(&mut line, "top1", Some(&row.top1));
        let row_cells = || {
            let mut rows = vec![cells("top1", &row.name, row.top1.mean, Some(&row.top1), count)];
            rows.extend(gain.map(|gain| cells("gain", &row.name, gain.mean, Some(&gain), count)));
            rows.extend(
                row.gain
                    .and_then(|gain| Some(cells("gain_p", &row.name, gain.p?, None, count))),
            );
            // A band has no value of its own.
            rows.extend(band.map(|band| {
                let ends = [band.low, band.high].map(|end| end.to_string());
                let [low, high] = ends;
                vec![
                    "nonsense".into(),
                    row.name.clone(),
                    String::new(),
                    low,
                    high,
                    count.to_string(),
                ]
            }));
            rows
        };
        output.result(&line, &COLUMNS, row_cells, || prompt_words(row))?;
    }
    Ok(())
}

fn prompt_words(row: &PromptRow) -> String {
    let mut text = format!("{:<24} {}", visible(&row.name), row.top1.share_words());
    if let Some(gain) = &row.gain {
        text += &format!("\n  gain: {}", gain.words());
    }
    if let Some(band) = row.nonsense.as_ref().filter(|_| row.gain.is_some()) {
        let [low, high] = [band.low, band.high].map(|share| 100.0 * share);
        let beside = row.beside_nonsense().map_or("", |beside| beside.title());
        text += &format!("\n  nonsense of the same length: {low:+.1} to {high:+.1} points: {beside}");
    }
    text
}

/// "None of these" against pictures of none.
pub fn negatives(output: &mut Output, found: &Negatives) -> Result<()> {
    let curve: Vec<[f64; 3]> = found
        .curve
        .iter()
        .map(|point| [point.lead, point.kept, point.mistaken])
        .collect();
    let mut line = json!({
        "event": "negatives", "n": found.count, "auroc": found.auroc, "fpr95": found.fpr95,
        "threshold95": found.threshold95, "curve": curve,
    });
    let mistaken = found.mistaken();
    add_interval(&mut line, "fpr95", mistaken.as_ref());
    let rows = || {
        vec![
            cells("auroc", "negatives", found.auroc, None, found.count),
            cells("fpr95", "negatives", found.fpr95, mistaken.as_ref(), found.count),
        ]
    };
    output.result(&line, &COLUMNS, rows, || {
        format!(
            "{} pictures of none of these: AUROC {:.3}; where 95 % of the classes' own pictures stay, {} of these are \
             taken for a class",
            found.count,
            found.auroc,
            mistaken.map_or(String::new(), |share| share.share_words())
        )
    })
}

/// The last line: all measures.
pub fn last(output: &mut Output, evaluation: &Evaluation) -> Result<()> {
    match &evaluation.retrieval {
        Some(retrieval) => last_of_captions(output, evaluation, retrieval),
        None => last_of_classes(output, evaluation),
    }
}

/// Adds what was measured, and how.
pub fn add_setup(line: &mut Value, evaluation: &Evaluation) {
    let setup = &evaluation.setup;
    line["folder"] = json!(shown(&setup.folder));
    line["model"] = json!(setup.model.name);
    line["model_identity"] = json!(setup.model.identity);
    line["templates"] = json!(setup.templates.templates());
    line["preset"] = json!(setup.preset);
    line["data"] = json!(setup.data);
    line["date"] = json!(setup.date);
}

fn last_of_captions(output: &mut Output, evaluation: &Evaluation, found: &Retrieval) -> Result<()> {
    let mut line = json!({ "n": found.pictures, "captions": found.captions });
    let ways = [("text", &found.to_captions), ("image", &found.to_pictures)];
    for (way, shares) in ways {
        for (among, share) in AMONG.iter().zip(shares) {
            let name = format!("{way}_recall_{among}");
            line[&name] = json!(share.mean);
            add_interval(&mut line, &name, Some(share));
        }
    }
    add_setup(&mut line, evaluation);
    let rows = || {
        let of = |(way, shares): (&str, &[Interval; 3]), count: usize| -> Vec<Vec<String>> {
            let each = AMONG.iter().zip(shares);
            each.map(|(among, share)| cells(&format!("{way}_recall_{among}"), "", share.mean, Some(share), count))
                .collect()
        };
        [of(ways[0], found.pictures), of(ways[1], found.captions)].concat()
    };
    output.result(&line, &COLUMNS, rows, || {
        let words = |shares: &[Interval; 3]| {
            let each = AMONG.iter().zip(shares).map(|(among, share)| format!("\n    among {among:<2} {}", share.share_words()));
            each.collect::<String>()
        };
        format!(
            "{}: {} pictures, {} captions\n  pictures that find a caption of theirs{}\n  captions that find their picture{}",
            visible(&evaluation.name),
            found.pictures,
            found.captions,
            words(&found.to_captions),
            words(&found.to_pictures)
        )
    })
}
