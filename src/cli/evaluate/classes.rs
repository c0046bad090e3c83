//! The last line of an evaluation of classes: all measures.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::lines::{COLUMNS, add_setup, cells};
use crate::cli::figures::add_interval;
use crate::cli::output::Output;
use crate::escape::visible;
use crate::evaluation::{Evaluation, SliceBy, slices, worst};

/// Confused pairs that people are shown.
const CONFUSED: usize = 10;
/// Classes that people are shown: the worst ones.
const CLASSES: usize = 10;

/// Prints the measures over all pictures and those of each class.
pub fn last_of_classes(output: &mut Output, evaluation: &Evaluation) -> Result<()> {
    let titles = evaluation.titles();
    let line = line(evaluation, &titles);
    output.result(
        &line,
        &COLUMNS,
        || rows(evaluation, &titles),
        || words(evaluation, &titles),
    )
}

fn line(evaluation: &Evaluation, titles: &[String]) -> Value {
    let measures = &evaluation.measures;
    let calibration = &evaluation.calibration;
    let fitted = calibration.fitted.as_ref();
    let confusion: Vec<&[u32]> = (0..titles.len()).map(|class| evaluation.confusion.row(class)).collect();
    let mut line = json!({
        "n": measures.count, "top1": measures.top1.mean, "top5": measures.top5.mean,
        "macro_recall": measures.macro_recall, "macro_precision": measures.macro_precision, "macro_f1": measures.macro_f1,
        "ece": calibration.all.ece, "temperature": fitted.map(|fitted| fitted.temperature),
        "ece_before": fitted.map(|fitted| fitted.before.ece), "ece_after": fitted.map(|fitted| fitted.after.ece),
        "published": evaluation.published.as_ref().map(|published| published.share),
        "per_class": per_class(evaluation, titles), "confusion": confusion, "labels": titles,
    });
    add_interval(&mut line, "top1", Some(&measures.top1));
    add_interval(&mut line, "top5", Some(&measures.top5));
    if let Some(published) = &evaluation.published {
        line["published_source"] = json!(format!("{}, {}", published.source, published.date));
        line["published_set"] = json!(published.set);
        line["published_measure"] = json!(published.measure.name());
    }
    add_setup(&mut line, evaluation);
    let folders = slices(evaluation, SliceBy::Folder);
    if let Some(slice) = worst(&folders) {
        let mut worst =
            json!({ "folder": slice.name, "n": slice.places.len(), "top1": slice.accuracy.map(|share| share.mean) });
        add_interval(&mut worst, "top1", slice.accuracy.as_ref());
        line["worst_folder"] = worst;
    }
    line
}

fn per_class(evaluation: &Evaluation, titles: &[String]) -> Map<String, Value> {
    let per_class = titles
        .iter()
        .zip(&evaluation.classes)
        .zip(&evaluation.measures.per_class)
        .map(|((title, class), found)| {
            let mut fields = json!({
                "folder": class.folder, "n": found.count, "recall": found.recall.map(|share| share.mean),
                "precision": found.precision.map(|share| share.mean), "f1": found.f1,
            });
            add_interval(&mut fields, "recall", found.recall.as_ref());
            add_interval(&mut fields, "precision", found.precision.as_ref());
            (title.clone(), fields)
        });
    per_class.collect()
}

fn rows(evaluation: &Evaluation, titles: &[String]) -> Vec<Vec<String>> {
    let measures = &evaluation.measures;
    let n = measures.count;
    let mut rows = vec![
        cells("top1", "", measures.top1.mean, Some(&measures.top1), n),
        cells("top5", "", measures.top5.mean, Some(&measures.top5), n),
        cells("macro_recall", "", measures.macro_recall, None, n),
        cells("macro_precision", "", measures.macro_precision, None, n),
        cells("macro_f1", "", measures.macro_f1, None, n),
        cells("ece", "", evaluation.calibration.all.ece, None, n),
    ];
    for (title, class) in titles.iter().zip(&measures.per_class) {
        if let Some(recall) = &class.recall {
            rows.push(cells("recall", title, recall.mean, Some(recall), class.count));
        }
    }
    rows
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
            "\n  published         {} {:.1} % on {} ({}, {})",
            published.measure.title(),
            100.0 * published.share,
            published.set,
            published.source,
            published.date
        );
    }
    text + &recall_words(evaluation, titles) + &confused_words(evaluation, titles)
}

fn recall_words(evaluation: &Evaluation, titles: &[String]) -> String {
    let measures = &evaluation.measures;
    let mut order: Vec<usize> = (0..titles.len())
        .filter(|class| measures.per_class[*class].recall.is_some())
        .collect();
    let recall = |class: usize| measures.per_class[class].recall.map_or(0.0, |share| share.mean);
    order.sort_by(|a, b| recall(*a).total_cmp(&recall(*b)));
    let mut text = String::from(if order.len() > CLASSES {
        "\n  recall, the worst classes:"
    } else {
        "\n  recall:"
    });
    for class in order.into_iter().take(CLASSES) {
        if let Some(share) = measures.per_class[class].recall {
            text += &format!("\n    {:<24} {}", visible(&titles[class]), share.share_words());
        }
    }
    text
}

fn confused_words(evaluation: &Evaluation, titles: &[String]) -> String {
    let mut text = String::new();
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
