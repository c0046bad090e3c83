//! The measures against those of scikit-learn, statsmodels, cleanlab and plain numpy (`tests/reference/make_evaluation.py`).

use serde_json::Value;

use super::*;
use crate::clip::Scoring;
use crate::zero_shot::ClassEmbeddings;

const REFERENCE: &str = include_str!("../../tests/fixtures/measures.json");
/// What closed forms may differ by.
const NEAR: f64 = 1e-9;

fn reference() -> Value {
    serde_json::from_str(REFERENCE).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn places(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|number| number as usize).collect()
}

fn table(value: &Value) -> Vec<Vec<f32>> {
    let row = |row: &Value| numbers(row).into_iter().map(|v| v as f32).collect();
    value.as_array().unwrap().iter().map(row).collect()
}

fn near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < NEAR, "{what}: {found} instead of {expected}");
}

fn scale(reference: &Value) -> f32 {
    reference["scale"].as_f64().unwrap() as f32
}

/// Vectors whose cosines with the classes are these rows.
fn embedded(rows: &[Vec<f32>], scale: f32) -> Embedded {
    let columns = rows[0].len();
    let unit = |place: usize| {
        (0..columns)
            .map(|n| f32::from(u8::from(n == place)))
            .collect::<Vec<f32>>()
    };
    let labels: Vec<Vec<f32>> = (0..columns - 1).map(unit).collect();
    Embedded {
        pictures: rows.concat().into(),
        dim: columns,
        classes: ClassEmbeddings::new(&labels, &unit(columns - 1)),
        scoring: Scoring {
            logit_scale: scale,
            logit_bias: None,
        },
    }
}

#[test]
fn accuracies_and_what_each_class_has_are_those_of_scikit_learn() {
    let reference = reference();
    let (truth, rows) = (places(&reference["truth"]), table(&reference["cosines"]));
    let answers = embedded(&rows, scale(&reference)).answers(&truth);
    let found = Measures::of(&answers, rows[0].len() - 1).unwrap();
    let expected = &reference["measures"];
    let value = |name: &str| expected[name].as_f64().unwrap();
    near(found.top1.mean, value("top1"), "top1");
    near(found.top5.mean, value("top5"), "top5");
    near(found.macro_recall, value("macro_recall"), "recall");
    near(found.macro_precision, value("macro_precision"), "precision");
    near(found.macro_f1, value("macro_f1"), "f1");
    let shown = places(&expected["shown"]);
    assert!(shown.len() < found.per_class.len());
    for (n, class) in shown.into_iter().enumerate() {
        let class = found.per_class[class];
        near(class.recall.unwrap().mean, numbers(&expected["recall"])[n], "recall");
        near(
            class.precision.map_or(0.0, |share| share.mean),
            numbers(&expected["precision"])[n],
            "precision",
        );
        near(class.f1, numbers(&expected["f1"])[n], "f1");
    }
    let confusion = Confusion::of(&answers, rows[0].len() - 1);
    for (truth, row) in expected["confusion"].as_array().unwrap().iter().enumerate() {
        let row: Vec<u32> = places(row).into_iter().map(|count| count as u32).collect();
        assert_eq!(confusion.row(truth), row);
    }
}

#[test]
fn calibration_is_that_of_a_second_implementation() {
    let reference = reference();
    let expected = &reference["calibration"];
    let confidence = numbers(&expected["confidence"]);
    let right: Vec<bool> = expected["right"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_bool().unwrap())
        .collect();
    let found = Reliability::of(confidence.iter().copied().zip(right.iter().copied()));
    near(found.ece, expected["ece"].as_f64().unwrap(), "ece");
    assert_eq!(
        found.bins.iter().map(|bin| bin.count).collect::<Vec<_>>(),
        places(&expected["counts"])
    );

    let (truth, rows) = (places(&reference["truth"]), table(&reference["cosines"]));
    let scale = scale(&reference);
    let answers = embedded(&rows, scale).answers(&truth);
    for (answer, (confidence, right)) in answers.iter().zip(confidence.iter().zip(right)) {
        assert!((f64::from(answer.confidence()) - confidence).abs() < 1e-6);
        assert_eq!(answer.right(), right);
    }
    let logits = rows.iter().zip(&truth).map(|(row, truth)| {
        let labels = &row[..row.len() - 1];
        (labels.iter().map(|cosine| scale * cosine).collect::<Vec<f32>>(), *truth)
    });
    let fitted = temperature(&logits.collect::<Vec<_>>()).unwrap();
    let expected = expected["temperature"].as_f64().unwrap();
    assert!((fitted - expected).abs() < 1e-4, "{fitted} {expected}");
}

#[test]
fn negatives_are_told_apart_as_scikit_learn_counts() {
    let expected = &reference()["negatives"];
    let found = Negatives::of(&numbers(&expected["own"]), &numbers(&expected["others"])).unwrap();
    near(found.auroc, expected["auroc"].as_f64().unwrap(), "auroc");
    near(found.fpr95, expected["fpr95"].as_f64().unwrap(), "fpr95");
    let (first, last) = (found.curve[0], found.curve[found.curve.len() - 1]);
    assert_eq!((first.kept, first.mistaken), (1.0, 1.0));
    assert!(last.kept < 0.02 && last.mistaken < 0.02, "{last:?}");
    assert_eq!(Negatives::of(&[], &[1.0]), None);
}

#[test]
fn captions_are_found_as_coco_counts_them() {
    let expected = &reference()["retrieval"];
    let values = |name: &str| -> Vec<f32> { numbers(&expected[name]).into_iter().map(|v| v as f32).collect() };
    let dim = expected["dim"].as_u64().unwrap() as usize;
    let found = Retrieval::of(
        &values("pictures"),
        &values("captions"),
        &places(&expected["owners"]),
        dim,
    )
    .unwrap();
    for n in 0..AMONG.len() {
        near(
            found.to_captions[n].mean,
            numbers(&expected["to_captions"])[n],
            "to captions",
        );
        near(
            found.to_pictures[n].mean,
            numbers(&expected["to_pictures"])[n],
            "to pictures",
        );
    }
}

#[test]
fn suspect_labels_are_those_of_cleanlab() {
    let reference = reference();
    let expected = &reference["suspects"];
    let (truth, rows) = (places(&expected["truth"]), table(&expected["cosines"]));
    let embedded = embedded(&rows, scale(&reference));
    let answers = embedded.answers(&truth);
    let found = suspects(&embedded, &answers.iter().collect::<Vec<_>>());
    let mut sorted: Vec<usize> = found.iter().map(|suspect| suspect.place).collect();
    sorted.sort_unstable();
    assert_eq!(sorted, places(&expected["found"]));
    assert!(found.windows(2).all(|pair| pair[0].lead >= pair[1].lead));
}

#[test]
fn holms_correction_is_that_of_statsmodels() {
    let expected = &reference()["holm"];
    let found = holm(&numbers(&expected["p"]));
    for (found, expected) in found.iter().zip(numbers(&expected["corrected"])) {
        near(*found, expected, "p");
    }
}

#[test]
fn the_map_lies_along_the_directions_of_scikit_learn() {
    let reference = reference();
    let expected = &reference["pca"];
    let rows = table(&expected["rows"]);
    let found = directions(&rows.concat(), rows[0].len());
    assert!((found.explained - expected["explained"].as_f64().unwrap()).abs() < 1e-6);
    let coordinates = table(&expected["coordinates"]);
    let places = found.project(&rows.concat());
    for axis in 0..2 {
        // Which way a direction points says nothing.
        let sign = if places[0][axis] * coordinates[0][axis] < 0.0 {
            -1.0
        } else {
            1.0
        };
        for (place, coordinates) in places.iter().zip(&coordinates) {
            assert!(
                (sign * place[axis] - coordinates[axis]).abs() < 1e-4,
                "{place:?} {coordinates:?}"
            );
        }
    }
}

/// Written by `tests/reference/make_guarantees.py` from plain numpy.
const GUARANTEES: &str = include_str!("../../tests/fixtures/guarantees.json");

#[test]
fn thresholds_of_label_sets_are_those_of_a_second_implementation() {
    let reference: Value = serde_json::from_str(GUARANTEES).unwrap();
    let cases = reference["conformal"].as_array().unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let (own, level) = (numbers(&case["own"]), case["level"].as_f64().unwrap());
        let found = conformal::threshold(&own, level).unwrap();
        near(found, case["threshold"].as_f64().unwrap(), "threshold");
    }
}

#[test]
fn ends_over_groups_of_copies_lie_where_numpys_do() {
    let reference: Value = serde_json::from_str(GUARANTEES).unwrap();
    for case in reference["grouped"].as_array().unwrap() {
        let (mut before, mut after, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for (size, change) in places(&case["sizes"]).into_iter().zip(numbers(&case["changes"])) {
            let first = before.len();
            before.extend(vec![change < 0.0; size]);
            after.extend(vec![change > 0.0; size]);
            groups.extend(vec![first; size]);
        }
        let found = SideBySide::of(&before, &after, &vec![0; before.len()], &groups).unwrap();
        let difference = found.overall.difference;
        let value = |name: &str| case[name].as_f64().unwrap();
        near(difference.mean, value("mean"), "mean");
        // Both draw at random, each its own.
        assert!((difference.low - value("low")).abs() < 0.012, "{difference:?} {case}");
        assert!((difference.high - value("high")).abs() < 0.012, "{difference:?} {case}");
    }
}
