//! What `evaluate` prints.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::figures::{add_difference, add_interval};
use super::output::Output;
use super::pictures::shown;
use crate::escape::visible;
use crate::evaluation::{
    AMONG, Evaluation, Interval, Negatives, PromptRow, PromptStudy, Retrieval, SideBySide, SliceBy, slices, worst,
};

/// Confused pairs that people are shown.
const CONFUSED: usize = 10;
/// Classes that people are shown: the worst ones.
const CLASSES: usize = 10;
const COLUMNS: [&str; 6] = ["measure", "of", "value", "low", "high", "n"];

fn cells(measure: &str, of: &str, value: f64, interval: Option<&Interval>, count: usize) -> Vec<String> {
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

fn last_of_classes(output: &mut Output, evaluation: &Evaluation) -> Result<()> {
    let measures = &evaluation.measures;
    let titles = evaluation.titles();
    let calibration = &evaluation.calibration;
    let per_class = titles
        .iter()
        .zip(&evaluation.classes)
        .zip(&measures.per_class)
        .map(|((title, class), found)| {
            let mut fields = json!({
                "folder": class.folder, "n": found.count, "recall": found.recall.map(|share| share.mean),
                "precision": found.precision.map(|share| share.mean), "f1": found.f1,
            });
            add_interval(&mut fields, "recall", found.recall.as_ref());
            add_interval(&mut fields, "precision", found.precision.as_ref());
            (title.clone(), fields)
        });
    let per_class: Map<String, Value> = per_class.collect();
    let confusion: Vec<&[u32]> = (0..titles.len()).map(|class| evaluation.confusion.row(class)).collect();
    let fitted = calibration.fitted.as_ref();
    let mut line = json!({
        "n": measures.count, "top1": measures.top1.mean, "top5": measures.top5.mean,
        "macro_recall": measures.macro_recall, "macro_precision": measures.macro_precision, "macro_f1": measures.macro_f1,
        "ece": calibration.all.ece, "temperature": fitted.map(|fitted| fitted.temperature),
        "ece_before": fitted.map(|fitted| fitted.before.ece), "ece_after": fitted.map(|fitted| fitted.after.ece),
        "published": evaluation.published.as_ref().map(|published| published.top1),
        "per_class": per_class, "confusion": confusion, "labels": titles,
    });
    add_interval(&mut line, "top1", Some(&measures.top1));
    add_interval(&mut line, "top5", Some(&measures.top5));
    if let Some(published) = &evaluation.published {
        line["published_source"] = json!(format!("{}, {}", published.source, published.date));
        line["published_set"] = json!(published.set);
    }
    add_setup(&mut line, evaluation);
    let folders = slices(evaluation, SliceBy::Folder);
    if let Some(slice) = worst(&folders) {
        let mut worst =
            json!({ "folder": slice.name, "n": slice.places.len(), "top1": slice.accuracy.map(|share| share.mean) });
        add_interval(&mut worst, "top1", slice.accuracy.as_ref());
        line["worst_folder"] = worst;
    }
    let rows = || {
        let n = measures.count;
        let mut rows = vec![
            cells("top1", "", measures.top1.mean, Some(&measures.top1), n),
            cells("top5", "", measures.top5.mean, Some(&measures.top5), n),
            cells("macro_recall", "", measures.macro_recall, None, n),
            cells("macro_precision", "", measures.macro_precision, None, n),
            cells("macro_f1", "", measures.macro_f1, None, n),
            cells("ece", "", calibration.all.ece, None, n),
        ];
        for (title, class) in titles.iter().zip(&measures.per_class) {
            if let Some(recall) = &class.recall {
                rows.push(cells("recall", title, recall.mean, Some(recall), class.count));
            }
        }
        rows
    };
    output.result(&line, &COLUMNS, rows, || words(evaluation, &titles))
}

fn add_setup(line: &mut Value, evaluation: &Evaluation) {
    let setup = &evaluation.setup;
    line["folder"] = json!(shown(&setup.folder));
    line["model"] = json!(setup.model.name);
    line["model_identity"] = json!(setup.model.identity);
    line["templates"] = json!(setup.templates.templates());
    line["preset"] = json!(setup.preset);
    line["data"] = json!(setup.data);
    line["date"] = json!(setup.date);
}

fn words(evaluation: &Evaluation, titles: &[String]) -> String {
    let measures = &evaluation.measures;
    let mut text = format!(
        "{}: {} pictures of {} classes\n  accuracy          {}\n  among the best 5  {}\n  mean recall       {:.1} %, \
         precision {:.1} %, F1 {:.1} %\n  calibration error {:.3}",
        visible(&evaluation.name),
        measures.count,
        titles.len(),
        measures.top1.share_words(),
        measures.top5.share_words(),
        100.0 * measures.macro_recall,
        100.0 * measures.macro_precision,
        100.0 * measures.macro_f1,
        evaluation.calibration.all.ece
    );
    if let Some(fitted) = &evaluation.calibration.fitted {
        text += &format!(
            "; on one half {:.3}, and {:.3} with the temperature {:.3} fitted on the other",
            fitted.before.ece, fitted.after.ece, fitted.temperature
        );
    }
    if let Some(published) = &evaluation.published {
        text += &format!(
            "\n  published         {:.1} % on {} ({}, {})",
            100.0 * published.top1,
            published.set,
            published.source,
            published.date
        );
    }
    let mut order: Vec<usize> = (0..titles.len())
        .filter(|class| measures.per_class[*class].recall.is_some())
        .collect();
    let recall = |class: usize| measures.per_class[class].recall.map_or(0.0, |share| share.mean);
    order.sort_by(|a, b| recall(*a).total_cmp(&recall(*b)));
    text += if order.len() > CLASSES {
        "\n  recall, the worst classes:"
    } else {
        "\n  recall:"
    };
    for class in order.into_iter().take(CLASSES) {
        if let Some(share) = measures.per_class[class].recall {
            text += &format!("\n    {:<24} {}", visible(&titles[class]), share.share_words());
        }
    }
    let confused = evaluation.confusion.confused(CONFUSED);
    if !confused.is_empty() {
        text += "\n  most confused:";
    }
    for cell in confused {
        text += &format!(
            "\n    {:>4} {} taken for {}",
            cell.count,
            visible(&titles[cell.truth]),
            visible(&titles[cell.answer])
        );
    }
    text
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
